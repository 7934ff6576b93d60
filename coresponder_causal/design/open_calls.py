"""Calls that could have gone either way: eligible at receipt, the team on duty and free, the first of an episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data.demand import asked_for, origin
from coresponder_causal.design import columns
from coresponder_causal.design.call_rules import busy, call_id, duty, on_duty_rows
from coresponder_causal.design.call_timing import received, received_times, shifts_of, within
from coresponder_causal.design.covariates import prior_calls
from coresponder_causal.design.coverage_shifts import took_place
from coresponder_causal.design.eligibility import (
    Eligible,
    eligible_rows,
    refuse_late_eligibility,
    refuse_of_the_team,
    with_time_zero,
)

Which = Literal["first", "all"]
Counts = NDArray[np.int64]
a_day = 86_400


def open_calls(
    given: object,
    schedule: object | None,
    *,
    treatment: str,
    covariates: Sequence[str],
    person: str | None,
    eligible: Eligible | None = None,
    which: Which = "first",
    washout_days: int = 180,
    city: str | None = None,
) -> pd.DataFrame:
    """Keep the calls that are compared; how many each rule leaves out is said.

    Parameters
    ----------
    given, schedule, treatment, covariates, person, eligible, which, washout_days, city
        As in `CallDesign.from_tables`.

    Returns
    -------
    DataFrame
        The calls kept, with ``prior_calls`` where the covariates name it.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend, or that no call is left.
    """
    problems = Problems("calls")
    table = columns.rectangular(given, [received, person], problems)
    refuse_late_eligibility(eligible or {}, list(table.columns), problems)
    refuse_of_the_team(covariates, problems)
    _refuse_options(which, washout_days, person, covariates, problems)
    if origin not in table:
        note(f"no column '{origin}' says which calls officers started themselves: all count as calls of somebody")
    table = with_time_zero(asked_for(table))
    table = table.assign(**{received: received_times(table, problems)})
    problems.raise_if_any(DesignError)
    table = _with_duty(table, schedule, city)
    before = earlier_calls(table, person, days=washout_days)
    if prior_calls in covariates and prior_calls not in table:
        table = table.assign(**{prior_calls: before})
    begin = table[received].min()
    table = table[eligible_rows(table, eligible or {})]
    again = pd.Series(earlier_calls(table, person, days=washout_days) > 0, index=table.index)
    table = _free(on_duty_rows(table, treatment), treatment)
    if which == "first":
        table = _first(table, again[table.index], begin, washout_days)
    if table.empty:
        raise DesignError("no call is left that could have gone either way", mend="correct eligible= or the schedule")
    return table.reset_index(drop=True)


def earlier_calls(table: pd.DataFrame, person: str | None, *, days: int) -> Counts:
    """Count the calls of the same person in the days before each call; of a call without a person none.

    Of calls received in the same second the one with the lower id is the earlier one.

    Examples
    --------
    >>> table = pd.DataFrame({"person": ["a", "a", "b", "a", None]})
    >>> table["received_at"] = pd.to_datetime(["2020-01-01", "2020-01-20", "2020-01-05", "2020-03-30", "2020-01-01"])
    >>> earlier_calls(table, "person", days=60).tolist()
    [0, 1, 0, 0, 0]
    """
    found = np.zeros(len(table), np.int64)
    if person is None:
        return found
    code = pd.factorize(table[person])[0]
    seconds = table[received].to_numpy("datetime64[s]").astype(np.int64)
    seconds = seconds - seconds.min(initial=0)
    known = np.flatnonzero(code >= 0)
    ids = table[call_id].astype(str).to_numpy() if call_id in table else np.arange(len(table))
    rows = known[np.lexsort((ids[known], seconds[known], code[known]))]
    apart = int(seconds.max(initial=0)) + days * a_day + 1
    clock = code[rows] * apart + seconds[rows]
    found[rows] = np.arange(len(rows)) - np.searchsorted(clock, clock - days * a_day, side="left")
    return found


def _refuse_options(
    which: str, washout_days: int, person: str | None, covariates: Sequence[str], problems: Problems
) -> None:
    if which not in get_args(Which):
        problems.add(f"which={which!r} is not a choice", mend=f"choose from {', '.join(get_args(Which))}")
    if isinstance(washout_days, bool) or not isinstance(washout_days, int) or washout_days < 1:
        problems.add(f"washout_days={washout_days!r} is not a number of days", mend="give a whole number from 1 on")
    asked = {"which='first'": which == "first", prior_calls: prior_calls in covariates}
    wanted = [what for what, there in asked.items() if there]
    if person is None and wanted:
        problems.add(
            f"{' and '.join(wanted)} cannot be told without person codes",
            mend="name the column of persons, or compare all calls: which='all'",
        )


def _with_duty(table: pd.DataFrame, schedule: object | None, city: str | None) -> pd.DataFrame:
    """Take the calls of the city with the team, each with whether it was received in a shift that took place."""
    shifts = None
    if schedule is not None:
        shifts, city = shifts_of(schedule, city)
    if city is not None and "city" in table:
        own = table["city"].eq(city).fillna(False).to_numpy(bool)
        note(f"{int((~own).sum())} of {len(table)} calls are not of {city} and are left out")
        table = table[own]
    if shifts is not None:
        return table.assign(**{duty: within(pd.DatetimeIndex(table[received]), *took_place(shifts))})
    if duty not in table:
        raise DesignError(
            "nothing says when the team was on duty: calls that nobody could be sent to are no controls",
            mend=f"give schedule=, or a column '{duty}'",
        )
    unsaid = table[duty].isna()
    if unsaid.any():
        note(f"{int(unsaid.sum())} of {len(table)} calls do not say '{duty}' and are left out")
    return table[~unsaid]


def _free(table: pd.DataFrame, treatment: str) -> pd.DataFrame:
    """Leave out calls received while the team was taken."""
    if busy not in table:
        note(f"no column '{busy}' says when the team was taken: calls it could not be sent to may be untreated calls")
        return table
    taken = table[busy].eq(True).fillna(False).to_numpy(bool)
    came = int(table.loc[taken, treatment].eq(1).fillna(False).sum()) if treatment in table else 0
    besides = f", {came} of them with {treatment}" if came else ""
    note(f"{int(taken.sum())} of {len(table)} calls were received while the team was taken and are left out{besides}")
    return table[~taken]


def _first(table: pd.DataFrame, again: pd.Series, begin: pd.Timestamp, days: int) -> pd.DataFrame:
    """Leave out calls of persons with an eligible call in the days before, on duty or not."""
    kept = table[~again]
    early = int((kept[received] < begin + pd.Timedelta(days=days)).sum())
    note(
        f"{int(again.sum())} of {len(table)} calls came in the {days} days after another eligible one of the same "
        "person and are left out"
    )
    note(f"{early} of {len(kept)} calls fall into the first {days} days of the table: what came before is not known")
    return kept
