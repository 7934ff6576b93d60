"""Time as designs use it: regular periods, a start inside one of them, and a start known only as an interval.

A start is a point on the calendar. A period that contains it gets the share of its days from that date on, so
15 July 2020 gives July 17/31; a start written as a period is the first day of that period, so "2020-07" gives July 1.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.form import form_of
from coresponder_causal.data.time_axis import Freq, Positions, Shares, TimeAxis, edges
from coresponder_causal.data.time_column import forms, from_strings, parse_time, whole_days

__all__ = ["Freq", "Start", "TimeAxis", "parse_start", "parse_time", "share_after", "start_between"]

Start: TypeAlias = int | float | str | dt.date | np.integer[Any] | np.floating[Any] | np.datetime64 | pd.Period


def parse_start(start: Start, axis: TimeAxis) -> float:
    """Place a start on an axis.

    Parameters
    ----------
    start : int, date, Period or ISO string
        The first moment under the programme; a period stands for its first day.
    axis : TimeAxis
        The axis of the design.

    Returns
    -------
    float
        Position of the period that holds the start, plus the share of that period's days that lie before it.

    Raises
    ------
    DesignError
        A start of another type than the axis: write it as the time column is written.

    Examples
    --------
    >>> months = parse_time(["2020-06", "2020-07"])
    >>> parse_start("2020-07", months)
    606.0
    >>> round((parse_start("2020-07-15", months) - 606) * 31, 6)
    14.0
    """
    day = _start_day(start, axis)
    if axis.alias is None:
        return day
    date = np.datetime64(int(day), "D")
    position = int(pd.PeriodIndex(np.array([date], dtype="datetime64[s]"), freq=axis.alias).asi8[0])
    first, after = edges(axis, np.array([position]))
    return float(position + (day - first[0]) / (after[0] - first[0]))


def share_after(axis: TimeAxis, start: Start, positions: npt.ArrayLike | None = None) -> Shares:
    """Share of each period's days that lie on or after a start.

    Parameters
    ----------
    axis : TimeAxis
        The axis of the design.
    start : int, date, Period or ISO string
        The first moment under the programme; a period stands for its first day.
    positions : array_like of int, shape (k,), optional
        Periods wanted; the rows of the axis if not given.

    Returns
    -------
    ndarray of float, shape (k,)
        0 before the start, 1 after it, the share of days in the period that holds it.

    Raises
    ------
    DesignError
        A start of another type than the axis: write it as the time column is written.

    Examples
    --------
    >>> months = parse_time(["2020-06", "2020-07", "2020-08"])
    >>> share_after(months, "2020-07-15") * 31
    array([ 0., 17., 31.])
    """
    first, after = edges(axis, _wanted(axis, positions))
    day = _start_day(start, axis)
    return np.clip((after - day) / (after - first), 0.0, 1.0)


def start_between(axis: TimeAxis, earliest: Start, latest: Start, positions: npt.ArrayLike | None = None) -> Shares:
    """Dose of a start that is known only to lie between two dates.

    The dose rises linearly with the days from 0 at ``earliest`` to 1 at ``latest``; a period gets the mean of that
    ramp over its days. This equals `share_after` averaged over starts spread evenly between the two dates.

    Parameters
    ----------
    axis : TimeAxis
        The axis of the design.
    earliest, latest : int, date, Period or ISO string
        The two ends; a period stands for its first day. Equal ends give `share_after`.
    positions : array_like of int, shape (k,), optional
        Periods wanted; the rows of the axis if not given.

    Returns
    -------
    ndarray of float, shape (k,)
        Mean dose of each period, between 0 and 1.

    Raises
    ------
    DesignError
        Ends of another type than the axis, or in the wrong order: exchange them.

    Examples
    --------
    >>> start_between(parse_time([0, 1, 2, 3]), 1, 3)
    array([0.  , 0.25, 0.75, 1.  ])
    """
    low, high = _start_day(earliest, axis), _start_day(latest, axis)
    if high < low:
        raise DesignError(f"the earliest start {earliest} lies after the latest {latest}", mend="exchange the two")
    if high == low:
        return share_after(axis, earliest, positions)
    first, after = edges(axis, _wanted(axis, positions))

    def area(day: Shares) -> Shares:
        """Area under the ramp up to a day."""
        inside = np.clip(day, low, high) - low
        return inside**2 / (2 * (high - low)) + np.maximum(day - high, 0.0)

    return (area(after) - area(first)) / (after - first)


def _start_day(start: Start, axis: TimeAxis) -> float:
    """Day number of a start since 1970-01-01, or the number itself on a numbered axis."""
    numbered = isinstance(start, int | float | np.integer | np.floating) and not isinstance(start, bool)
    if numbered and axis.alias is None and float(cast(float, start)).is_integer():
        return float(cast(float, start))
    if numbered or axis.alias is None:
        written = "whole numbers" if axis.alias is None else f"periods of frequency {axis.alias}"
        raise DesignError(
            f"start is {form_of(start) if isinstance(start, str) else repr(start)} but time holds {written}",
            mend="write start as the time column is written, or as a date inside one of its periods",
        )
    if isinstance(start, pd.Period):
        return _day_number(start.start_time)
    if isinstance(start, str):
        return _first_day(start)
    if isinstance(start, dt.date | np.datetime64) and not pd.isna(start):
        return _day_number(whole_days(pd.Series([pd.Timestamp(start)]), "start").iloc[0])
    raise DesignError(f"start is {start!r}", mend=f"write it as one of {forms}")


@lru_cache(maxsize=256)
def _first_day(start: str) -> float:
    """Day number of an ISO date, or of the first day of an ISO month."""
    day = from_strings(pd.Series([start]), "start")
    return _day_number(cast(pd.Period, day.label(int(day.positions[0]))).start_time)


def _day_number(stamp: pd.Timestamp) -> float:
    """Days since 1970-01-01."""
    return float((stamp - pd.Timestamp(1970, 1, 1)).days)


def _wanted(axis: TimeAxis, positions: npt.ArrayLike | None) -> Positions:
    """Positions asked for, or those of the rows."""
    return axis.positions if positions is None else np.asarray(positions, dtype=np.int64)
