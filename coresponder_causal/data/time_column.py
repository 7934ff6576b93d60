"""A time column read: numbered periods, Periods, dates, or ISO strings of months or dates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast, get_args

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.form import form_of
from coresponder_causal.data.time_axis import Freq, Positions, TimeAxis

forms = "whole numbers, dates, Periods or ISO strings such as '2020-07' or '2020-07-15'"
_MONTH = re.compile(r"\d{4}-\d{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


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
        return _from_dates(whole_days(pd.to_datetime(series)))
    if kind == "string":
        return from_strings(series.astype(str))
    raise DesignError(f"time holds {kind} values, of the form {form_of(series.iloc[0])}", mend=f"write time as {forms}")


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


def from_strings(texts: pd.Series, name: str = "time") -> TimeAxis:
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
        mend=f"write {name} as {forms}",
    )


def whole_days(stamps: pd.Series, name: str = "time") -> pd.Series:
    """Dates without an offset and without a time of day, or an error."""
    if stamps.dt.tz is not None:
        raise DesignError(f"{name} holds stamps with a time zone", mend="convert them to local dates")
    if (clock := int((stamps != stamps.dt.normalize()).sum())) > 0:
        raise DesignError(
            f"{name} holds clock times: {clock} of {len(stamps)}",
            mend="give dates; count calls per period with data.panel",
        )
    return stamps
