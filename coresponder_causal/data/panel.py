"""From calls to counts: one row per city and period, zeros written out.

The span runs from the period of the first call to the period of the last call of the whole table, the same for every
city, and every period in it is kept whole: the counts add up to the number of calls. Whether the first and the last
period are complete cannot be seen in the calls, so a note says when they look as if they were not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data.column_readers import SEVERAL_OFFSETS
from coresponder_causal.data.columns import Finding, typed
from coresponder_causal.data.demand import asked_for, origin
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.panel_counts import PeriodName, counts, freq_of, full_grid
from coresponder_causal.data.panel_spans import say_doubts, stamps_by_unit
from coresponder_causal.data.validate import refuse
from coresponder_causal.data.zones import local_clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coresponder_causal.data.dictionary import Field, Table


def panel(
    calls: object, *, unit: str = "city", period: PeriodName = "month", cities: object | None = None
) -> pd.DataFrame:
    """Count calls and their outcomes by unit and period.

    Parameters
    ----------
    calls : DataFrame or Table
        Table "calls" of the dictionary; only the columns used here are read.
    unit : str
        Column whose values are the units, e.g. ``"city"``.
    period : {"month", "week", "hour_of_week"}
        Calendar months, weeks that start on Monday, or hours of the week within months.
    cities : DataFrame or Table, optional
        Table "cities" of the dictionary: gives ``population``, and the time zone for stamps with an offset.

    Returns
    -------
    DataFrame
        Sorted by unit and period, one row for each pair: the unit; ``month`` (period[M]) or ``week`` (period[W-SUN]);
        for hours of the week also ``hour_of_week`` (0 is Monday 00:00); ``calls``; a count for every yes-or-no field of
        the calls that is known only after dispatch; ``population`` if cities are given; ``days`` of the week or month;
        for hours of the week ``hours``, how often that clock hour occurs in the month.

    Raises
    ------
    DataError
        Missing columns, missing or unreadable times, duplicated call numbers, cities without an entry in ``cities``,
        stamps with offsets whose city's time zone is not known: the message lists all of them.

    Notes
    -----
    Calls whose ``origin`` says that officers or the team started them are left out and said: they, and what came of
    them, are no demand. With ``unit="origin"`` they are counted, as their own units. The panel spans the period of the
    first to that of the last call, over all units. A missing outcome counts as nothing and is said in a note. Clock
    hours are counted, so the hour that summer time takes or repeats is one hour.

    Examples
    --------
    >>> calls = pd.DataFrame({
    ...     "call_id": ["a", "b", "c"], "city": "Davis", "arrest": [True, False, True],
    ...     "received_at": pd.to_datetime(["2020-01-01 10:00", "2020-01-31 23:59", "2020-03-31 08:00"]),
    ... })
    >>> panel(calls)[["month", "calls", "arrest", "days"]].astype(str).values.tolist()
    [['2020-01', '2', '1', '31'], ['2020-02', '0', '0', '29'], ['2020-03', '1', '1', '31']]
    """
    if period not in freq_of:
        raise DataError(f"period is {period!r}", mend="take 'month', 'week' or 'hour_of_week'")
    known = None if cities is None else known_cities(cities, unit)
    columns = _read(to_pandas(calls), unit, known)
    counted = _count(columns, unit, period)
    missing = {str(name): int(columns[name].isna().sum()) for name in columns.select_dtypes("boolean")}
    say_doubts(stamps_by_unit(columns, unit), counted, missing, period, known)
    return full_grid(counted, unit, period, known)


def known_cities(cities: object, unit: str) -> pd.DataFrame:
    """Read population and time zone by city off the table "cities"; refused where ``unit`` is another one."""
    from coresponder_causal.data import dictionary

    if unit != "city":
        raise DataError(f"cities= gives populations of cities but unit is {unit!r}", mend="leave cities= out")
    frame = to_pandas(cities).reset_index(drop=True)
    names = ["city", "population", *(["time_zone"] if "time_zone" in frame.columns else [])]
    table = dictionary.table("cities")
    columns, found = _typed(frame, [table.field(name) for name in names], "table 'cities'")
    found += _error("listed twice", "city", columns["city"].duplicated(), "keep one row per city")
    refuse("table 'cities'", found)
    return columns.set_index("city")


def _read(frame: pd.DataFrame, unit: str, cities: pd.DataFrame | None) -> pd.DataFrame:
    """Read what is counted, with stamps in local clock time."""
    from coresponder_causal.data import dictionary

    table = dictionary.table("calls")
    frame = asked_for(frame).reset_index(drop=True) if unit != origin else frame.reset_index(drop=True)
    optional = [field for field in (table.field("time_zone"), *outcome_fields(table)) if field.name in frame.columns]
    described = table.field(unit) if unit in table.names else replace(table.field("city"), privacy="restricted")
    units = replace(described, name=unit, required=True)
    fields = [table.field("call_id"), units, table.field("received_at"), *optional]
    columns, found = _typed(frame, fields, "table 'calls'")
    found = [entry for entry in found if entry.rule != SEVERAL_OFFSETS]
    found += _error("occurs again", "call_id", columns["call_id"].duplicated(), "keep one row per call")
    if cities is not None:
        stranger = columns["city"].notna() & ~columns["city"].isin(cities.index)
        found += _error("is not in cities", "city", stranger, "add the city to cities, or correct its name")
    refuse("table 'calls'", found)
    columns["received_at"] = local_stamps(columns, "received_at", cities)
    return columns[[name for name in columns if name not in {"call_id", "time_zone"}]]


def outcome_fields(table: Table) -> list[Field]:
    """Yes-or-no fields of the calls that are known only after dispatch."""
    return [field for field in table.fields if field.type == "boolean" and field.stage != "pre-dispatch"]


def _typed(frame: pd.DataFrame, fields: Sequence[Field], subject: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Read columns by the dictionary; missing ones are refused at once."""
    problems = Problems(subject)
    for field in fields:
        if field.name not in frame.columns:
            problems.add(f"column {field.name!r} is missing", mend="rename or add it")
    if frame.empty:
        problems.add("there are no rows", mend="give at least one")
    problems.raise_if_any(DataError)
    readings = {field.name: typed(frame[field.name], field) for field in fields}
    found = [entry for _, wrong in readings.values() for entry in wrong if entry.severity == "error"]
    return pd.DataFrame({name: column for name, (column, _) in readings.items()}), found


def _error(rule: str, field: str, wrong: pd.Series, mend: str) -> list[Finding]:
    """Make an error of the rows that break a rule, if there are any."""
    rows = np.flatnonzero(wrong)
    return [Finding(rule, field, "error", rows.size, tuple(map(str, rows[:5])), mend)] if rows.size else []


def local_stamps(columns: pd.DataFrame, name: str, cities: pd.DataFrame | None) -> pd.Series:
    """Local clock time of a stamp of the calls; ``cities``, indexed by name, may hold their time zones."""
    stamps = columns[name]
    zone = stamps.dt.tz
    if zone is None:
        return stamps
    if "time_zone" in columns.columns:
        zones = columns["time_zone"]
    elif cities is not None and "time_zone" in cities.columns:
        zones = columns["city"].map(cities["time_zone"])
    elif isinstance(zone, ZoneInfo) and "/" in zone.key and not zone.key.startswith("Etc/"):
        wall: pd.Series = stamps.dt.tz_localize(None)
        return wall
    else:
        zones = pd.Series(pd.NA, index=columns.index, dtype="str")
    if zones.isna().any():
        raise DataError(
            f"stamps with an offset from UTC but no known local time zone: {int(zones.isna().sum())}",
            mend="give cities= with time_zone, or fill time_zone in the calls",
        )
    return local_clock(stamps, zones)


def _count(table: pd.DataFrame, unit: str, period: PeriodName) -> pd.DataFrame:
    """Count calls and true outcomes; only combinations that occur."""
    import ibis

    outcomes = [str(name) for name in table if name not in {unit, "received_at"}]
    connection = ibis.duckdb.connect()
    try:
        counted: pd.DataFrame = connection.to_pandas(counts(ibis.memtable(table), unit, period, outcomes))
    finally:
        connection.disconnect()
    return counted
