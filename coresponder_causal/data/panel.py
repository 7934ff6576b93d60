"""From calls to counts: one row per city and period, zeros written out.

The span runs from the period of the first call to the period of the last call of the whole table, the same for every
city, and every period in it is kept whole: the counts add up to the number of calls. Whether the first and the last
period are complete cannot be seen in the calls, so a note says when they look as if they were not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.data.columns import SEVERAL_OFFSETS, Finding, local_clock, typed
from coresponder_causal.data.demand import asked_for, origin
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.validate import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coresponder_causal.data.dictionary import Field

PeriodName: TypeAlias = Literal["month", "week", "hour_of_week"]

dozens = 24  # calls that make a silent period strange
_FREQ = {"month": "M", "week": "W-SUN", "hour_of_week": "M"}


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
    if period not in _FREQ:
        raise DataError(f"period is {period!r}", mend="take 'month', 'week' or 'hour_of_week'")
    known = None if cities is None else _cities(cities, unit)
    counted = _count(_read(to_pandas(calls), unit, period, known), unit, period)
    full = _with_zeros(counted, unit, period)
    if known is not None:
        full["population"] = full[unit].map(known["population"]).astype("int64")
    return _with_exposure(full, period)


def _cities(cities: object, unit: str) -> pd.DataFrame:
    """Read population and time zone by city."""
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


def _read(frame: pd.DataFrame, unit: str, period: PeriodName, cities: pd.DataFrame | None) -> pd.DataFrame:
    """Read what is counted, with stamps in local clock time."""
    from coresponder_causal.data import dictionary

    table = dictionary.table("calls")
    frame = asked_for(frame).reset_index(drop=True) if unit != origin else frame.reset_index(drop=True)
    outcomes = [field for field in table.fields if field.type == "boolean" and field.stage != "pre-dispatch"]
    optional = [field for field in (table.field("time_zone"), *outcomes) if field.name in frame.columns]
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
    _say_doubts(columns, unit, period, cities)
    return columns[[name for name in columns if name not in {"call_id", "time_zone"}]]


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


def _doubt_gaps(received: pd.Series, period: PeriodName) -> None:
    """Say which whole periods have no call in any unit, though dozens are usual."""
    counted = received.dt.to_period(_FREQ[period]).value_counts()
    every = pd.period_range(counted.index.min(), counted.index.max(), freq=_FREQ[period])
    silent = [str(one) for one in every if one not in counted.index]
    if silent and counted.median() >= dozens:
        listed = ", ".join(silent[:4]) + (", …" if len(silent) > 4 else "")
        doubt(
            f"no call at all in {len(silent)} of {len(every)} {period}s ({listed}), about {counted.median():.0f} are "
            "usual: if the export has a gap there, these zeros are wrong"
        )


def whole_span(calls: pd.DataFrame, unit: str, freq: str) -> pd.DataFrame:
    """First and last period that each unit's calls span, ``first`` and ``last`` by unit.

    A period counts as spanned when the calls begin, or end, within a day of its edge, or within five mean gaps between
    the unit's calls.

    Parameters
    ----------
    calls : DataFrame
        With the unit and ``received_at``.
    unit : str
        Column of units.
    freq : str
        Kind of period, such as "M".

    Examples
    --------
    >>> stamps = pd.date_range("2020-01-01 06:00", "2020-06-05", freq="5h")
    >>> whole_span(pd.DataFrame({"city": "Davis", "received_at": stamps}), "city", "M").astype(str).values.tolist()
    [['2020-01', '2020-05']]
    """
    stamps = calls.groupby(unit)["received_at"].agg(["min", "max", "count"])
    slack = 5 * (stamps["max"] - stamps["min"]) / stamps["count"]
    slack = slack.where(slack > pd.Timedelta(days=1), pd.Timedelta(days=1))
    first, last = ((stamps["min"] - slack).dt.to_period(freq) + 1, (stamps["max"] + slack).dt.to_period(freq) - 1)
    return pd.DataFrame({"first": first, "last": last})


def _doubt_cut_periods(columns: pd.DataFrame, unit: str, period: PeriodName) -> None:
    """Say which first and last periods hold calls of a unit that do not span them."""
    freq = _FREQ[period]
    often = columns[columns.groupby(unit)["received_at"].transform("count") >= dozens]
    if often.empty:
        return
    span = whole_span(often, unit, freq)
    ends = often.groupby(unit)["received_at"].agg(["min", "max"]).apply(lambda stamps: stamps.dt.to_period(freq))
    cut = [f"{one}: {ends.loc[one, 'min']}" for one in span.index[ends["min"] < span["first"]]]
    cut += [f"{one}: {ends.loc[one, 'max']}" for one in span.index[ends["max"] > span["last"]]]
    if cut:
        listed = "; ".join(cut[:8]) + ("; …" if len(cut) > 8 else "")
        doubt(
            f"calls begin or end inside a {period} that counts as a full one ({listed}): leave these {period}s out, or "
            "the cut is taken for a low count"
        )


def _say_doubts(columns: pd.DataFrame, unit: str, period: PeriodName, cities: pd.DataFrame | None) -> None:
    """Note missing outcomes, cities without calls, and ends of the span that look incomplete."""
    for name in columns.select_dtypes("boolean"):
        if missing := int(columns[name].isna().sum()):
            note(f"{name} is missing in {missing} of {len(columns)} calls, which the counts of {name} leave out")
    if cities is not None and (silent := sorted(set(cities.index) - set(columns["city"]))):
        note(f"cities without calls, left out of the panel: {', '.join(silent)}")
    if period != "hour_of_week":
        _doubt_gaps(columns["received_at"], period)
        _doubt_cut_periods(columns, unit, period)
    first, last = columns["received_at"].min(), columns["received_at"].max()
    start = first.to_period(_FREQ[period]).start_time
    end = last.to_period(_FREQ[period]).end_time
    if first.normalize() > start:
        note(f"the first period starts {start.date()} but the first call came on {first.date()}: it may be incomplete")
    if last.normalize() < end.normalize():
        note(f"the last period ends {end.date()} but the last call came on {last.date()}: it may be incomplete")


def _count(table: pd.DataFrame, unit: str, period: PeriodName) -> pd.DataFrame:
    """Count calls and true outcomes; only combinations that occur."""
    import ibis

    seen = ibis.memtable(table)
    stamp = seen["received_at"]
    keys = [seen[unit].name(unit), stamp.truncate("W" if period == "week" else "M").name("first_moment")]
    if period == "hour_of_week":
        keys.append((stamp.day_of_week.index().cast("int64") * 24 + stamp.hour()).cast("int64").name("hour_of_week"))
    outcomes = [name for name in table if name not in {unit, "received_at"}]
    sums = [seen[name].cast("int64").sum().fill_null(0).cast("int64").name(name) for name in outcomes]
    connection = ibis.duckdb.connect()
    try:
        counted: pd.DataFrame = connection.to_pandas(seen.group_by(keys).aggregate(seen.count().name("calls"), *sums))
    finally:
        connection.disconnect()
    return counted


def _with_zeros(counted: pd.DataFrame, unit: str, period: PeriodName) -> pd.DataFrame:
    """Write out every unit and period of the span, zeros included."""
    when = "week" if period == "week" else "month"
    moments = pd.PeriodIndex(counted.pop("first_moment"), freq=_FREQ[period])
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
