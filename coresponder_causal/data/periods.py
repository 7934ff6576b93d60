"""Time as designs use it: regular periods, a start inside one of them, and a start known only as an interval.

A start is a point on the calendar. A period that contains it gets the share of its days from that date on, so
15 July 2020 gives July 17/31; a start written as a period is the first day of that period, so "2020-07" gives July 1.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias, cast, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.form import form_of

Freq = Literal["int", "D", "W", "M", "Q", "Y"]
Start: TypeAlias = int | float | str | dt.date | np.integer[Any] | np.floating[Any] | np.datetime64 | pd.Period
Positions: TypeAlias = npt.NDArray[np.int64]
Shares: TypeAlias = npt.NDArray[np.float64]

_FORMS = "whole numbers, dates, Periods or ISO strings such as '2020-07' or '2020-07-15'"
_MONTH = re.compile(r"\d{4}-\d{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, eq=False)
class TimeAxis:
    """The periods of a table's rows, as whole numbers in which neighbours differ by one.

    Parameters
    ----------
    freq : {"int", "D", "W", "M", "Q", "Y"}
        Length of a period; ``"int"`` for periods that are only numbered.
    positions : ndarray of int64, shape (n_rows,)
        Period of each row: the number itself, or the ordinal of the pandas Period (months since January 1970 for "M").
    alias : str or None
        The pandas name of the frequency, e.g. ``"W-SUN"`` for weeks that start on Monday.

    Examples
    --------
    >>> axis = parse_time(["2020-06", "2020-07"])
    >>> axis.freq, axis.label(606), axis.period_days(606)
    ('M', Period('2020-07', 'M'), 31)
    """

    freq: Freq
    positions: Positions
    alias: str | None = None

    def __post_init__(self) -> None:
        positions = np.array(self.positions, dtype=np.int64)
        positions.setflags(write=False)
        object.__setattr__(self, "positions", positions)

    @property
    def plural(self) -> str:
        """The word for several periods.

        Examples
        --------
        >>> parse_time(["2020-06", "2020-07"]).plural
        'months'
        """
        return {"D": "days", "W": "weeks", "M": "months", "Q": "quarters", "Y": "years"}.get(self.freq, "periods")

    def label(self, position: int) -> int | pd.Period:
        """Return the name of one position: a Period, or the number itself.

        Parameters
        ----------
        position : int
            A position; it need not occur in the data.

        Returns
        -------
        Period or int
        """
        if self.alias is None:
            return int(position)
        return pd.Period(ordinal=int(position), freq=self.alias)

    def labels(self, positions: npt.ArrayLike) -> pd.Index:
        """Return the names of several positions.

        Parameters
        ----------
        positions : array_like of int, shape (k,)
            Positions; they need not occur in the data.

        Returns
        -------
        Index, shape (k,)
            A PeriodIndex, or an Index of int64.
        """
        wanted = np.asarray(positions, dtype=np.int64)
        if self.alias is None:
            return pd.Index(wanted)
        return _periods(wanted, self.alias)

    def period_days(self, position: int) -> int | None:
        """Return the number of days of one period, or None where periods are only numbered.

        Parameters
        ----------
        position : int
            A position; it need not occur in the data.

        Returns
        -------
        int or None
        """
        if self.alias is None:
            return None
        first, after = _edges(self, np.array([position]))
        return int(after[0] - first[0])


def parse_time(values: Iterable[object]) -> TimeAxis:
    """Read a time column.

    Dates that are all the first (or all the last) of a month are months, dates on one weekday are weeks that start on
    that weekday, other dates are days.

    Parameters
    ----------
    values : Series or iterable, shape (n_rows,)
        Whole numbers, dates, Periods (day, week, month, quarter, year), or ISO strings of months or dates.

    Returns
    -------
    TimeAxis
        One position per row, in the order of ``values``.

    Raises
    ------
    DesignError
        Missing values, clock times, mixtures, or another way of writing: rewrite them as one of the forms above.

    Examples
    --------
    >>> parse_time(pd.Series(["2020-07", "2020-09"])).positions
    array([606, 608])
    >>> parse_time(["2020-01-06", "2020-01-20"]).alias
    'W-SUN'
    >>> parse_time([202006, 202007])
    Traceback (most recent call last):
    ...
    coresponder_causal.core.errors.DesignError: time holds whole numbers that look like year and month, e.g. 202006
      mend: write months as ISO strings such as '2020-06'
    """
    series = values if isinstance(values, pd.Series) else pd.Series(list(values))
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype)
    if series.empty:
        raise DesignError("time is empty", mend="give a table with at least one row")
    if (missing := np.flatnonzero(series.isna())).size:
        rows = ", ".join(str(row) for row in missing[:5])
        raise DesignError(
            f"time is missing in {missing.size} of {len(series)} rows (rows {rows})", mend="fill or drop those rows"
        )
    kind = pd.api.types.infer_dtype(series, skipna=False)
    if kind == "integer":
        return _from_numbers(series)
    if kind == "period":
        return _from_periods(pd.PeriodIndex(series))
    if kind in {"date", "datetime", "datetime64"}:
        return _from_dates(_whole_days(pd.to_datetime(series)))
    if kind == "string":
        return _from_strings(series.astype(str))
    raise DesignError(
        f"time holds {kind} values, of the form {form_of(series.iloc[0])}", mend=f"write time as {_FORMS}"
    )


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
    first, after = _edges(axis, np.array([position]))
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
    first, after = _edges(axis, _wanted(axis, positions))
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
    first, after = _edges(axis, _wanted(axis, positions))

    def area(day: Shares) -> Shares:
        """Area under the ramp up to a day."""
        inside = np.clip(day, low, high) - low
        return inside**2 / (2 * (high - low)) + np.maximum(day - high, 0.0)

    return (area(after) - area(first)) / (after - first)


def _from_numbers(series: pd.Series) -> TimeAxis:
    """Numbered periods, unless they are dates in disguise."""
    try:
        numbers = series.astype("int64").to_numpy()
    except OverflowError as error:
        raise DesignError("time holds numbers beyond all periods", mend="number periods from 0 on") from error
    months = (numbers >= 190001) & (numbers <= 219912) & (numbers % 100 >= 1) & (numbers % 100 <= 12)
    days = (numbers >= 19000101) & (numbers <= 21991231)
    first = str(numbers[0])
    for disguised, looks, iso in (
        (months, "year and month", f"months as ISO strings such as '{first[:4]}-{first[4:6]}'"),
        (days, "dates", f"dates as ISO strings such as '{first[:4]}-{first[4:6]}-{first[6:]}'"),
    ):
        if disguised.all():
            raise DesignError(f"time holds whole numbers that look like {looks}, e.g. {first}", mend=f"write {iso}")
    return TimeAxis("int", cast(Positions, numbers))


def _from_periods(index: pd.PeriodIndex) -> TimeAxis:
    """Periods of one supported frequency."""
    alias = index.freqstr
    freq = alias.split("-")[0]
    if freq not in get_args(Freq):
        raise DesignError(f"time holds Periods of frequency {alias!r}", mend="convert them to D, W, M, Q or Y")
    return TimeAxis(cast(Freq, freq), cast(Positions, index.asi8), alias)


def _from_dates(dates: pd.Series) -> TimeAxis:
    """Dates whose spacing tells the length of a period."""
    distinct = pd.DatetimeIndex(dates.unique())
    weekdays = distinct.day_of_week.unique()
    several = len(distinct) > 1
    if several and (distinct.is_year_start.all() or distinct.is_year_end.all()):
        alias = "Y-DEC"
    elif distinct.is_month_start.all() or (several and distinct.is_month_end.all()):
        alias = "M"
    elif several and len(weekdays) == 1:
        last_day = (int(weekdays[0]) + 6) % 7
        alias = "W-" + ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")[last_day]
    else:
        alias = "D"
    return _from_periods(pd.PeriodIndex(dates, freq=alias))


def _from_strings(texts: pd.Series, name: str = "time") -> TimeAxis:
    """ISO months or ISO dates."""
    for form, layout in ((_MONTH, "%Y-%m"), (_DAY, "%Y-%m-%d")):
        if texts.map(lambda text, form=form: form.fullmatch(text) is not None).all():
            dates = pd.to_datetime(texts, format=layout, errors="coerce")
            if dates.isna().any():
                wrong = texts[dates.isna()]
                written, rows = form_of(wrong.iloc[0]), ", ".join(map(str, wrong.index[:5]))
                raise DesignError(f"{name} holds {written}, which no calendar knows (rows {rows})", mend="correct it")
            return _from_dates(dates) if form is _DAY else _from_periods(pd.PeriodIndex(dates, freq="M"))
    iso = texts.map(lambda text: bool(_MONTH.fullmatch(text) or _DAY.fullmatch(text)))
    if iso.all():
        raise DesignError("time mixes months and dates", mend="write all of them as months or all as dates")
    wrong = texts[~iso]
    raise DesignError(
        f"{name} holds strings that are not ISO dates: {len(wrong)}, of the form {form_of(wrong.iloc[0])}",
        mend=f"write {name} as {_FORMS}",
    )


def _whole_days(stamps: pd.Series, name: str = "time") -> pd.Series:
    """Dates without an offset and without a time of day, or an error."""
    if stamps.dt.tz is not None:
        raise DesignError(f"{name} holds stamps with a time zone", mend="convert them to local dates")
    if (clock := int((stamps != stamps.dt.normalize()).sum())) > 0:
        raise DesignError(
            f"{name} holds clock times: {clock} of {len(stamps)}",
            mend="give dates; count calls per period with data.panel",
        )
    return stamps


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
        return _day_number(_whole_days(pd.Series([pd.Timestamp(start)]), "start").iloc[0])
    raise DesignError(f"start is {start!r}", mend=f"write it as one of {_FORMS}")


@lru_cache(maxsize=256)
def _first_day(start: str) -> float:
    """Day number of an ISO date, or of the first day of an ISO month."""
    day = _from_strings(pd.Series([start]), "start")
    return _day_number(cast(pd.Period, day.label(int(day.positions[0]))).start_time)


def _day_number(stamp: pd.Timestamp) -> float:
    """Days since 1970-01-01."""
    return float((stamp - pd.Timestamp(1970, 1, 1)).days)


def _wanted(axis: TimeAxis, positions: npt.ArrayLike | None) -> Positions:
    """Positions asked for, or those of the rows."""
    return axis.positions if positions is None else np.asarray(positions, dtype=np.int64)


def _edges(axis: TimeAxis, positions: Positions) -> tuple[Shares, Shares]:
    """First day of each period and first day after it."""
    if axis.alias is None:
        return positions.astype(np.float64), (positions + 1).astype(np.float64)

    first, after = (_periods(positions + step, axis.alias).start_time.to_numpy() for step in (0, 1))
    return first.astype("datetime64[D]").astype(np.float64), after.astype("datetime64[D]").astype(np.float64)


def _periods(ordinals: Positions, alias: str) -> pd.PeriodIndex:
    """Periods of given ordinals."""
    make = cast(Any, pd.PeriodIndex).from_ordinals
    return cast(pd.PeriodIndex, make(ordinals, freq=alias))
