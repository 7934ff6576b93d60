"""Persons, events and units that stand behind numbers."""

from typing import overload

import pandas as pd


@overload
def smallest(support: pd.DataFrame) -> pd.DataFrame: ...
@overload
def smallest(support: None) -> None: ...
def smallest(support: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return one row that stands for all: the smallest count of each kind, zeros aside.

    Parameters
    ----------
    support : DataFrame or None
        Counts by row: persons, events, units.

    Returns
    -------
    DataFrame, one row, or None where nothing is known
        NaN where no row has any.

    Examples
    --------
    >>> smallest(pd.DataFrame({"term": ["a", "b", "c"], "events": [40, 0, 7]})).to_dict("records")
    [{'events': 7.0}]
    """
    if support is None:
        return None
    counts = support.select_dtypes("number").astype(float)
    return counts.where(counts > 0).min().to_frame().T


def with_least(support: pd.DataFrame | None, events: pd.Series) -> pd.DataFrame | None:
    """Return support that also stands for the smallest of further counts, zeros aside.

    Parameters
    ----------
    support : DataFrame, one row, or None where nothing is known
    events : Series

    Examples
    --------
    >>> with_least(pd.DataFrame({"events": [40.0]}), pd.Series([0, 12, 3])).to_dict("records")
    [{'events': 3.0}]
    """
    return None if support is None else smallest(pd.concat([support, pd.DataFrame({"events": events.astype(float)})]))
