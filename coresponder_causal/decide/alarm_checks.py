"""What to check after an alarm, in order: the record first, then who was on duty, and only then the effect."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from coresponder_causal.data.quality import Quality
from coresponder_causal.data.quality_issues import day, label, officer, supervisor

months_back, usual_months = 3, 12
head = ["metric", "month", "order", "check", "found", "points", "who"]
changes = {"missing": "is missing more or less often", "new code": "has a code that it had not",
           "vanished code": "no longer has one of its codes", "composition": "has its codes used differently",
           "share of code": "has a code more or less often"}  # fmt: skip


def alarm_checks(
    raised: pd.DataFrame,
    *,
    fields: Mapping[str, Collection[str]],
    quality: Quality,
    tables: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Say for every alarm what to check first, and what the data say about it.

    Parameters
    ----------
    raised : DataFrame
        Of `decide.alarms`.
    fields : mapping of str to collection of str
        Fields that each metric reads, as ``table.field``.
    quality : Quality
        Of the same tables.
    tables : mapping of str to DataFrame
        Those of the city; shifts and calls are read.

    Returns
    -------
    DataFrame
        ``metric, month, order, check, found, points`` (whether the data point there) and ``who`` is to ask. A change
        of the record counts from 3 months before the alarm to the last month beyond the limits.

    Notes
    -----
    Other changes at the same time can never be ruled out by one city's record. A check that does not point is no proof
    that nothing was there.
    """
    rows = []
    for alarm in raised.to_dict("records"):
        month = pd.Period(str(alarm["month"]), "M")
        span = (month - months_back).start_time, pd.Period(str(alarm["until"]), "M").end_time
        read = fields.get(str(alarm["metric"]), ())
        steps = [
            ("A change of the record", *_changes(quality.breaks, read, span), supervisor),
            ("A change of the form or of its codes", *_changes(quality.drift, read, span), supervisor),
            ("Logs that are missing", *_gaps(tables, month), officer),
            ("Hours of the team", *_hours(tables, month), supervisor),
        ]
        pointed = [number for number, (_, _, points, _) in enumerate(steps, 1) if points]
        last = (
            f"Settle {_numbers(pointed)} first." if pointed else "Nothing above points elsewhere. Ask who works there."
        )
        steps.append(("The effect itself, or something else in the city", last, not pointed, "the evaluators"))
        for order, (check, found, points, who) in enumerate(steps, 1):
            rows.append((alarm["metric"], alarm["month"], order, check, found, points, who))
    return pd.DataFrame(rows, columns=head)


def _numbers(pointed: list[int]) -> str:
    return " and ".join(map(str, pointed))


def _changes(found: pd.DataFrame, read: Collection[str], span: tuple[pd.Timestamp, pd.Timestamp]) -> tuple[str, bool]:
    """Tell changes of recording in a time; those of the metric's own fields point."""
    dates = pd.to_datetime(found["date"])
    near = found[(dates >= span[0]) & (dates <= span[1])].drop_duplicates(["table", "field", "what", "date"])
    own = near[[f"{table}.{field}" in read for table, field in zip(near["table"], near["field"], strict=True)]]
    shown = own if len(own) else near
    said = [
        f"From {day(row['date'])} on {label(row['table'], row['field'])} {changes.get(str(row['what']), 'changes')}."
        for row in shown.head(3).to_dict("records")
    ]
    if not said:
        return "None was found.", False
    return " ".join([*([] if len(own) else ["In fields that this metric does not read:"]), *said]), bool(len(own))


def _gaps(tables: Mapping[str, pd.DataFrame], month: pd.Period) -> tuple[str, bool]:
    """Tell stretches of days of the alarm's month without any call, longer than any in the year before."""
    if "calls" not in tables:
        return "There is no table of calls to look at.", False
    moments = pd.to_datetime(tables["calls"]["received_at"]).dropna().dt.tz_localize(None)
    days = pd.date_range((month - usual_months).start_time, month.end_time.normalize())
    empty = ~days.isin(moments.dt.normalize().unique())
    runs = pd.Series(empty.astype(int), index=days).groupby((~empty).cumsum()).cumsum()
    now, before = (int(runs[part].max()) for part in (runs.index >= month.start_time, runs.index < month.start_time))
    if now > before:
        return f"{now} days in a row have no call at all; in the year before {before} at most.", True
    return "No stretch of days without calls is longer than in the year before.", False


def _hours(tables: Mapping[str, pd.DataFrame], month: pd.Period) -> tuple[str, bool]:
    """Tell delivered hours of the alarm's month against the twelve months before."""
    if "schedule" not in tables or "delivered_hours" not in tables["schedule"]:
        return "There is no schedule with delivered hours to look at.", False
    shifts = tables["schedule"]
    by_month = shifts.groupby(pd.to_datetime(shifts["shift_start"]).dt.tz_localize(None).dt.to_period("M"))
    hours = by_month["delivered_hours"].sum(min_count=1)
    usual = hours.reindex(pd.period_range(month - usual_months, month - 1, freq="M")).dropna()
    now = float(hours.reindex([month]).iloc[0])
    if np.isnan(now):
        return "No shift of this month has its delivered hours on record.", len(usual) > 0
    if usual.empty:
        return f"{now:.0f} hours were delivered; no month before tells what is usual.", False
    told = f"{now:.0f} hours were delivered; {usual.min():.0f} to {usual.max():.0f} in the months before."
    return told, bool(not usual.min() <= now <= usual.max())
