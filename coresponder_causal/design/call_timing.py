"""When calls fell and when the team was planned: the clock behind an instrument."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DataError, DesignError, Problems
from coresponder_causal.data import frames
from coresponder_causal.data.periods import Start
from coresponder_causal.data.validate import validate
from coresponder_causal.design import columns

Booleans = NDArray[np.bool_]
received, hours_in_week = "received_at", 168


def first_moment(start: Start | None) -> pd.Timestamp:
    """Read the start as the first moment of its day or period."""
    if isinstance(start, pd.Period):
        return start.start_time
    if isinstance(start, str | dt.date | np.datetime64):
        moment = pd.to_datetime(
            pd.Series([start]), format="ISO8601" if isinstance(start, str) else None, errors="coerce"
        )
        if not moment.isna().iloc[0]:
            return pd.Timestamp(moment.iloc[0]).normalize()
    raise DesignError(f"start={start!r} is not a date", mend="write it as '2020-07-15'")


def received_times(table: pd.DataFrame, problems: Problems) -> pd.Series:
    """When calls were received, in local clock time."""
    given = table[received]
    times = pd.to_datetime(given, format="ISO8601", errors="coerce") if _texts(given) else given
    if not pd.api.types.is_datetime64_dtype(times):
        problems.add(f"'{received}' is {times.dtype}, not local clock time", mend="give stamps without an offset")
        return times
    missing = np.flatnonzero(times.isna())
    if len(missing):
        problems.add(
            f"'{received}' cannot be read in {columns.counted(len(missing), 'row')}", mend="fill it", rows=missing
        )
    return times.astype("datetime64[us]")


def _texts(values: pd.Series) -> bool:
    return pd.api.types.is_string_dtype(values) or pd.api.types.is_object_dtype(values)


def shifts_of(schedule: object, city: str | None) -> tuple[pd.DataFrame, str]:
    """Planned shifts of the city with the team, and its name; rows that plan no hours, as of a drawn plan, are none."""
    try:
        shifts = validate(frames.to_pandas(schedule), table="schedule")
    except DataError as error:
        raise DesignError(error.what, mend=error.mend) from error
    cities = sorted(map(str, shifts["city"].unique()))
    if city is None and len(cities) != 1:
        raise DesignError(f"the schedule holds {len(cities)} cities", mend="name one with city=")
    named = cities[0] if city is None else city
    own = shifts[shifts["city"] == named]
    if own.empty:
        raise DesignError(f"the schedule has no shift in '{named}'", mend="correct the name of the city")
    own = own[~own["planned_hours"].eq(0)]
    backwards = int((own["shift_end"] <= own["shift_start"]).sum())
    if backwards:
        raise DesignError(
            f"{backwards} shifts do not end after they start", mend="write the end with the next day's date"
        )
    return own, named


def timing_of(
    calls: pd.DataFrame, shifts: pd.DataFrame, begin: pd.Timestamp, *, moved: Booleans | None
) -> tuple[pd.DataFrame, Booleans]:
    """When each call fell and what its instrument is; and the hours of the week that are planned after the start.

    ``moved`` is the instrument; without it, whether the call was received in a planned shift.
    """
    times = pd.DatetimeIndex(calls[received])
    covered = covered_hours_of(shifts, begin, times.max())
    instrument = within(times, shifts["shift_start"], shifts["shift_end"]) if moved is None else moved
    timing = clock_of(times, begin, covered)
    timing.insert(0, "instrument", instrument.astype(float))
    return timing, covered


def clock_of(times: pd.DatetimeIndex, begin: pd.Timestamp, covered: Booleans) -> pd.DataFrame:
    """Where moments fall in the hours of the week, and how long before or after the start.

    Parameters
    ----------
    times : DatetimeIndex, n moments
        Local clock time.
    begin : Timestamp
        The start.
    covered : ndarray of bool, shape (168,)
        Hours of the week, Monday 00:00 first, that the team covers.

    Returns
    -------
    DataFrame, n rows
        ``covered, after, hour_of_week, hour, weekday``; ``month`` (12 × year + month − 1); ``week`` and ``day``, whole
        ones since the start, negative before it.

    Examples
    --------
    >>> hour = np.arange(168) == 36  # Tuesday noon
    >>> clock = clock_of(pd.DatetimeIndex(["2020-07-14 12:50"]), pd.Timestamp("2020-07-15"), hour)
    >>> clock[["covered", "after", "week", "day"]].values.tolist()
    [[True, False, -1, -1]]
    """
    week_hour = times.day_of_week * 24 + times.hour
    since = (times - begin) // pd.Timedelta(days=1)
    return pd.DataFrame(
        {
            "covered": covered[week_hour],
            "after": times >= begin,
            "hour_of_week": week_hour.to_numpy(np.int64),
            "hour": times.hour.to_numpy(np.int64),
            "weekday": times.day_of_week.to_numpy(np.int64),
            "month": (times.year * 12 + times.month - 1).to_numpy(np.int64),
            "week": np.asarray(since // 7, np.int64),
            "day": np.asarray(since, np.int64),
        }
    )


def calendar_effects(timing: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return indicators of months or weekdays, the first left out."""
    return pd.get_dummies(timing[name], prefix=name, drop_first=True, dtype=float).reset_index(drop=True)


def within(times: pd.DatetimeIndex, starts: pd.Series, ends: pd.Series) -> Booleans:
    """Whether moments lie inside shifts, which may overlap."""
    moments = times.to_numpy("datetime64[us]")
    begun, over = (
        np.searchsorted(np.sort(edge.to_numpy("datetime64[us]")), moments, side="right") for edge in (starts, ends)
    )
    return np.asarray(begun > over, bool)


def covered_hours_of(shifts: pd.DataFrame, begin: pd.Timestamp, last: pd.Timestamp) -> Booleans:
    """Hours of the week that are planned in at least half of the weeks from the start to the last call."""
    middles = pd.date_range(begin + pd.Timedelta(minutes=30), max(last, begin + pd.Timedelta(days=7)), freq="h")
    planned = within(middles, shifts["shift_start"], shifts["shift_end"])
    place = (middles.day_of_week * 24 + middles.hour).to_numpy()
    times, there = (np.bincount(place, weights=w, minlength=hours_in_week) for w in (planned.astype(float), None))
    return np.asarray(times >= 0.5 * np.maximum(there, 1), bool)


def hours_a_week(shifts: pd.DataFrame, begin: pd.Timestamp, last: pd.Timestamp) -> tuple[float, float]:
    """Planned and delivered hours a week from the start to the last call."""
    used = shifts[(shifts["shift_start"] >= begin) & (shifts["shift_start"] <= last)]
    weeks = (last - begin) / pd.Timedelta(days=7)
    delivered = used["delivered_hours"].sum(skipna=False) / weeks if "delivered_hours" in used else float("nan")
    return float(used["planned_hours"].sum() / weeks), float(delivered)
