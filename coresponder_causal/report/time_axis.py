"""Where periods lie on an axis of time."""

from __future__ import annotations

import numpy as np
import pandas as pd


def positions(time: pd.Series) -> np.ndarray:
    """Numbered periods as they are, others as years and their fraction in the middle of the period.

    Examples
    --------
    >>> positions(pd.Series(pd.period_range("2020", periods=2, freq="Y"))).round(1).tolist()
    [2020.5, 2021.5]
    """
    if pd.api.types.is_numeric_dtype(time):
        return time.to_numpy(float)
    if isinstance(time.dtype, pd.PeriodDtype):
        starts, ends = time.dt.start_time, time.dt.end_time
        return np.asarray((years(starts) + years(ends)) / 2, float)
    return years(pd.to_datetime(time))


def years(moments: pd.Series) -> np.ndarray:
    """Moments as years and their fraction."""
    days = 365 + moments.dt.is_leap_year
    part = (moments.dt.day_of_year - 1 + moments.dt.hour / 24) / days
    return np.asarray(moments.dt.year + part, float)
