"""Columns of tables from arrays: text, months and local clock times."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.simulate.spells import MONTHS

STAMP = "datetime64[us]"
"""Type of all dates and times in tables."""

_PERIODS = pd.period_range(str(MONTHS[0]), periods=len(MONTHS), freq="M")
_FIRST_CALL = 10_000_001
_FIRST_PERSON = 500_001

Text = pd.api.extensions.ExtensionArray


def strings(values: Sequence[str]) -> Text:
    """Make a text column of values.

    Parameters
    ----------
    values : sequence of str
        One per row.

    Returns
    -------
    pandas string array
        Of dtype "str".

    Examples
    --------
    >>> strings(["a", "b"]).dtype == "str"
    True
    """
    return pd.array(list(values), dtype="str")


def text(names: Sequence[str], codes: NDArray[np.int64]) -> Text:
    """Make a text column of positions in a list of names.

    Parameters
    ----------
    names : sequence of str
        Names.
    codes : ndarray of int
        Position of each row's name; -1 is missing.

    Returns
    -------
    pandas string array
        One name per row.

    Examples
    --------
    >>> text(["a", "b"], np.array([1, -1])).isna().tolist()
    [False, True]
    """
    return strings(names).take(codes, allow_fill=True)


def months(position: NDArray[np.int64]) -> pd.PeriodIndex:
    """Make a column of months from their positions in `MONTHS`.

    Parameters
    ----------
    position : ndarray of int
        0 is January 2017.

    Returns
    -------
    pandas.PeriodIndex
        Monthly periods.

    Examples
    --------
    >>> str(months(np.array([42]))[0])
    '2020-07'
    """
    return _PERIODS.take(position)


def stamps(seconds: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Make a column of local clock times.

    Parameters
    ----------
    seconds : ndarray of int
        Local seconds since 1970.

    Returns
    -------
    ndarray of datetime64[us]
        Naive times.

    Examples
    --------
    >>> str(stamps(np.array([86_399]))[0])
    '1970-01-01T23:59:59.000000'
    """
    return seconds.astype("datetime64[s]").astype(STAMP)


def call_ids(position: NDArray[np.int64]) -> Text:
    """Name calls.

    Parameters
    ----------
    position : ndarray of int
        Positions of calls in the world.

    Returns
    -------
    pandas string array
        Letter and number.

    Examples
    --------
    >>> str(call_ids(np.array([0]))[0])
    'C10000001'
    """
    return numbered("C", position + _FIRST_CALL)


def person_codes(number: NDArray[np.int64]) -> Text:
    """Name persons.

    Parameters
    ----------
    number : ndarray of int
        Numbers of persons in the world.

    Returns
    -------
    pandas string array
        Letter and number.

    Examples
    --------
    >>> str(person_codes(np.array([0]))[0])
    'P500001'
    """
    return numbered("P", number + _FIRST_PERSON)


def numbered(letters: str, number: NDArray[np.int64]) -> Text:
    """Name things by letters and a number.

    Parameters
    ----------
    letters : str
        What comes first.
    number : ndarray of int
        Numbers.

    Returns
    -------
    pandas string array
        One name per number.

    Examples
    --------
    >>> str(numbered("F", np.array([7]))[0])
    'F7'
    """
    return (letters + pd.Series(number).astype("str")).array
