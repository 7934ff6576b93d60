"""Counts of calls by unit and period: one expression for every engine, and the whole grid with its zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from ibis.expr.types import BooleanColumn, IntegerScalar, Scalar, Table

PeriodName: TypeAlias = Literal["month", "week", "hour_of_week"]
freq_of = {"month": "M", "week": "W-SUN", "hour_of_week": "M"}


def counts(
    calls: Table, unit: str, period: PeriodName, outcomes: Sequence[str], beside: Sequence[Scalar] = ()
) -> Table:
    """Express the counts of calls and of outcomes that are true, by unit and period; only combinations that occur.

    Parameters
    ----------
    calls : ibis Table
        With ``unit``, ``received_at`` in local clock time, and the outcomes.
    unit : str
    period : {"month", "week", "hour_of_week"}
    outcomes : sequence of str
        Yes-or-no columns.
    beside : sequence of ibis scalars
        Further numbers of each cell, each with its name.

    Returns
    -------
    ibis Table
        The unit, ``first_moment`` of the month or week, ``hour_of_week`` if asked for, ``calls`` and the sums.
    """
    stamp = calls["received_at"]
    keys = [calls[unit].name(unit), stamp.truncate("W" if period == "week" else "M").name("first_moment")]
    if period == "hour_of_week":
        keys.append((stamp.day_of_week.index().cast("int64") * 24 + stamp.hour()).cast("int64").name("hour_of_week"))
    sums = [true_rows(calls[name]).name(name) for name in outcomes]
    return calls.group_by(keys).aggregate(calls.count().name("calls"), *sums, *beside)


def true_rows(condition: BooleanColumn) -> IntegerScalar:
    """Express how many rows a condition is true for; rows for which it is unknown are not counted."""
    import ibis

    return ibis.ifelse(condition, 1, ibis.null("int8")).count()


def full_grid(counted: pd.DataFrame, unit: str, period: PeriodName, cities: pd.DataFrame | None) -> pd.DataFrame:
    """Write out every unit and period of the span, with zeros, residents and the days of each period.

    Parameters
    ----------
    counted : DataFrame
        What `counts` gave.
    unit : str
    period : {"month", "week", "hour_of_week"}
    cities : DataFrame, optional
        ``population`` by city.

    Returns
    -------
    DataFrame
        As `panel` returns it.
    """
    full = _with_zeros(counted, unit, period)
    if cities is not None:
        full["population"] = full[unit].map(cities["population"]).astype("int64")
    return _with_exposure(full, period)


def _with_zeros(counted: pd.DataFrame, unit: str, period: PeriodName) -> pd.DataFrame:
    """Write out every unit and period of the span, zeros included."""
    when = "week" if period == "week" else "month"
    moments = pd.PeriodIndex(counted.pop("first_moment"), freq=freq_of[period])
    span = pd.period_range(moments.min(), moments.max())
    counted[when] = span.get_indexer(moments)
    levels: dict[str, Any] = {unit: np.sort(counted[unit].unique()), when: np.arange(len(span))}
    if period == "hour_of_week":
        levels["hour_of_week"] = np.arange(168)
    cells: pd.MultiIndex = pd.MultiIndex.from_product(list(levels.values()), names=list(levels))
    full: pd.DataFrame = counted.set_index(list(levels)).reindex(cells, fill_value=0).reset_index()
    full[when] = span.take(full[when].to_numpy())
    return full


def _with_exposure(full: pd.DataFrame, period: PeriodName) -> pd.DataFrame:
    """Add the days of each period and, for hours of the week, how often the hour occurs."""
    if period == "week":
        return full.assign(days=7)
    months = full["month"].dt
    full["days"] = months.days_in_month
    if period == "hour_of_week":
        after_first = (full["hour_of_week"] // 24 - months.start_time.dt.day_of_week) % 7
        full["hours"] = 4 + (after_first < full["days"] - 28).astype("int64")
    return full
