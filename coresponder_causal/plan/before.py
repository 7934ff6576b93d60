"""Rows that may be read before a plan is frozen: those from before the start."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.data import dictionary
from coresponder_causal.data.registers import contaminated
from coresponder_causal.plan.study import Study

known_ahead = ("cities", "schedule", "programmes", "breaks")
"""Tables without outcomes: the plan of shifts, and registers of what happened around the programme."""


def first_day(study: Study) -> pd.Timestamp | None:
    """Return the earliest day on which the programme may have begun; None where the study does not say."""
    stated = study.start or (study.start_between or (None,))[0]
    return None if stated is None else pd.Timestamp(stated)


def before_start(study: Study, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Keep the rows from before a study's start.

    How many are withheld is not said: where calls are counted, that number is an outcome. A month in which the start
    falls is withheld whole, and so are rows without a date, tables that hold neither dates nor calls, and everything
    where no start is known. Tables of `known_ahead` stay as they are.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Validated tables.

    Returns
    -------
    dict of DataFrame
    """
    start = first_day(study)
    kept = {name: table if name in known_ahead else _before(name, table, start) for name, table in tables.items()}
    calls = kept.get("calls")
    for name, table in tables.items():
        if name not in known_ahead and _date_of(name, table) is None and calls is not None and "call_id" in table:
            kept[name] = table[table["call_id"].isin(calls["call_id"])].reset_index(drop=True)
    return kept


def _before(name: str, table: pd.DataFrame, start: pd.Timestamp | None) -> pd.DataFrame:
    column = _date_of(name, table)
    if start is None or column is None:
        return table.iloc[:0]
    dates = table[column]
    limit = start.to_period("M") if isinstance(dates.dtype, pd.PeriodDtype) else start
    return table[(dates < limit).fillna(False)].reset_index(drop=True)


def _date_of(name: str, table: pd.DataFrame) -> str | None:
    """First field of a table, in the order of the dictionary, that holds dates."""
    dated = table.select_dtypes([pd.PeriodDtype, "datetime", "datetimetz"]).columns
    return next((field.name for field in dictionary.table(name).fields if field.name in dated), None)


def months_of(table: pd.DataFrame) -> pd.Series:
    """Return the month of every row of a panel of cities, or of calls."""
    return table["month"] if "month" in table else table["received_at"].dt.to_period("M")


def donors(study: Study, before: Mapping[str, pd.DataFrame], months_after: int) -> list[str]:
    """List the comparison cities of a study: those in its counts without a programme of their own.

    Parameters
    ----------
    study : Study
    before : mapping of DataFrame
        Validated tables with the rows from before the start alone.
    months_after : int
        Months after the start in which they must have none either.

    Returns
    -------
    list of str
        By name; none where the tables count nothing by month.
    """
    table, start = before.get("city_panel", before.get("calls", pd.DataFrame())), first_day(study)
    if start is None or table.empty or "city" not in table:
        return []
    others = sorted({str(name) for name in table["city"].dropna().unique()} - {str(study.city)})
    if "programmes" not in before:
        return others
    first = months_of(table).min().start_time
    last = (start.to_period("M") + months_after - 1).end_time
    with quietly():
        own = set(contaminated(before["programmes"], others, first.date(), last.date())["city"].astype(str))
    return [name for name in others if name not in own]
