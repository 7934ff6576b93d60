"""The monthly gap between the log rates of covered and of uncovered hours, city by city."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.regressors import log_rate

Array = NDArray[np.float64]
Positions = NDArray[np.int64]


def log_gap(
    source: pd.DataFrame, positions: Positions, cities: Sequence[str], *, outcome: str, exposure: str
) -> pd.DataFrame:
    """Log rate of covered minus log rate of uncovered hours, months × cities.

    Parameters
    ----------
    source : DataFrame, n rows
        Counts by city, month and class of hours (column ``covered``).
    positions : ndarray of int, shape (n,)
        Month of each row.
    cities : sequence of str
        In the order of the columns wanted, the treated city first.
    outcome, exposure : str
        Columns of counts and of what they are divided by.

    Raises
    ------
    DesignError
        Cells without exposure, or a city without covered or uncovered hours.
    """
    months = np.unique(positions)
    counts, exposed = (_cells(source, name, positions, cities, months) for name in (outcome, exposure))
    zeros = int((counts == 0).sum())
    if zeros:
        note(f"{zeros} of {counts.size} city-month-class counts are zero: half an event was put in their place")
    empty = int((exposed <= 0).sum())
    if empty:
        raise DesignError(
            f"no '{exposure}' in {empty} of {counts.size} city-month-class cells",
            mend="use exposure='hours', or leave out the cities with few calls",
        )
    uncovered, covered = np.moveaxis(log_rate(counts, exposed), 2, 0)
    gap = pd.DataFrame(covered - uncovered, index=pd.Index(months, name="position"), columns=list(cities))
    if gap.isna().all().any():
        raise DesignError("a city has no covered or no uncovered hours", mend="bring every hour of the week")
    if gap.isna().to_numpy().any():
        doubt(f"{int(gap.isna().any(axis=1).sum())} months are not there for every city and were left out of all")
    return gap.dropna()


def _cells(source: pd.DataFrame, column: str, positions: Positions, cities: Sequence[str], months: Positions) -> Array:
    """Return a column as months × cities × (uncovered, covered), missing where there is no row."""
    cells = np.full((len(months), len(cities), 2), np.nan)
    place = pd.Index(cities).get_indexer(pd.Index(source["city"]))
    cells[np.searchsorted(months, positions), place, source["covered"].to_numpy(int)] = source[column].to_numpy(float)
    return cells
