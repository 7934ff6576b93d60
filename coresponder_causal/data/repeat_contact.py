"""Repeat contact: the next call of the same person, for every horizon from one window over the calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data.panel_counts import true_rows

if TYPE_CHECKING:
    from ibis.expr.types import IntegerScalar, Table

usual_horizons = (30, 90, 365)


def refuse_horizons(horizons: Sequence[int], problems: Problems) -> None:
    """Note horizons that are no different whole numbers of days."""
    wrong = [days for days in horizons if isinstance(days, bool) or not isinstance(days, int | np.integer) or days < 1]
    if wrong or len(set(horizons)) < len(horizons):
        problems.add(f"repeat is {tuple(horizons)!r}", mend="give whole days of 1 or more, each once, such as (30, 90)")


def with_next_call(calls: Table, who: str = "person") -> Table:
    """Put beside each call the time of the next call of its person in the same city.

    Parameters
    ----------
    calls : ibis Table
        ``call_id, city, received_at`` and the persons.
    who : str
        Column of persons.

    Returns
    -------
    ibis Table
        With ``next_at``, missing where no call follows.

    Notes
    -----
    One window, ordered by time and, within a moment, by ``call_id``. A call without a person stands alone: all of them
    in one window would be one person with very many calls, and would not fit into memory.
    """
    import ibis

    alone = calls[who].isnull().ifelse(calls["call_id"], ibis.null("string"))
    window = ibis.window(group_by=[calls["city"], calls[who], alone], order_by=[calls["received_at"], calls["call_id"]])
    return calls.mutate(next_at=calls["received_at"].lead().over(window))


def with_known_until(calls: Table, until: str | pd.Timestamp | None) -> Table:
    """Put beside each call to when the calls of its city are known: to the city's last one, or to a date given.

    Parameters
    ----------
    calls : ibis Table
        ``city, received_at``.
    until : date, optional

    Returns
    -------
    ibis Table
        With ``known_until``.

    Raises
    ------
    DataError
        A date that is none.
    """
    import ibis

    if until is not None:
        date = pd.to_datetime(until, errors="coerce")
        if pd.isna(date):
            raise DataError(f"until is {until!r}", mend="write it as a date, e.g. '2022-12-31'")
        return calls.mutate(known_until=ibis.literal(date.to_pydatetime()).cast("timestamp(6)"))
    last = calls.group_by("city").aggregate(known_until=calls["received_at"].max())
    return calls.join(last, "city")


def repeat_sums(calls: Table, horizons: Sequence[int]) -> list[IntegerScalar]:
    """Express the calls followed for each horizon, and those of them with another call of the person inside it.

    Parameters
    ----------
    calls : ibis Table
        With ``person``, ``received_at``, ``next_at`` and ``known_until``, to when the city's calls are known.
    horizons : sequence of int
        Days.

    Returns
    -------
    list of ibis scalars
        ``followed_30d, again_30d, …``. A call counts as followed if its person is known and its horizon ends before
        ``known_until``: of the others nobody knows, and they are no calls without a repeat.
    """
    import ibis

    sums = []
    for days in horizons:
        ends = calls["received_at"] + ibis.interval(days=int(days))
        followed = calls["person"].notnull() & (ends <= calls["known_until"])
        again = followed & (calls["next_at"] <= ends)
        sums += [true_rows(followed).name(f"followed_{days}d"), true_rows(again).name(f"again_{days}d")]
    return sums
