"""Persons, events and units that stand behind numbers."""

from typing import overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

least_shown = 11
counted = (
    "persons", "n_persons", "events", "calls", "count", "rows", "numerator", "denominator", "calls_without",
    "calls_with", "events_before", "events_after",
)  # fmt: skip


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


def known_counts(support: pd.DataFrame | None) -> pd.DataFrame:
    """Return the counts of a support, one column for each that is known.

    Examples
    --------
    >>> list(known_counts(pd.DataFrame({"term": ["a"], "events": [40], "units": [2]})))
    ['events']
    """
    if support is None:
        return pd.DataFrame()
    return support[[name for name in counted if name in support]].astype(float).dropna(axis="columns", how="all")


def small_rows(support: pd.DataFrame | None, threshold: int = least_shown) -> NDArray[np.bool_]:
    """Rows of a support with a count over zero and under the threshold.

    Examples
    --------
    >>> small_rows(pd.DataFrame({"events": [40, 0, 7]})).tolist()
    [False, False, True]
    """
    known = known_counts(support)
    return np.asarray(((known > 0) & (known < threshold)).any(axis=1), bool) if len(known) else np.zeros(0, bool)


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
