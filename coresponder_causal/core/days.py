"""Days as people write them."""

import datetime as dt

import pandas as pd

from coresponder_causal.core.errors import DataError


def day_of(value: str | dt.date, name: str) -> pd.Timestamp:
    """Read a day.

    Parameters
    ----------
    value : ISO date
    name : str
        What is dated, for the error.

    Raises
    ------
    DataError
        No day, or text that is not written as one: write it as 2020-07-15.

    Examples
    --------
    >>> day_of("2020-07-15", "start").month
    7
    """
    day = pd.to_datetime(value, format="ISO8601" if isinstance(value, str) else None, errors="coerce")
    if pd.isna(day):
        raise DataError(f"{name} is {value!r}", mend="write it as a date, e.g. '2020-07-15'")
    return pd.Timestamp(day).normalize()
