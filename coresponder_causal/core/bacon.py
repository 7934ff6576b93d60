"""What a two-way regression compares where units start at different times: every pair of cohorts, with its weight.

With unit and period effects in a balanced panel, the coefficient of treatment is a weighted mean of the differences in
differences of all pairs of cohorts over the time in which one of the two changes. Pairs in which the earlier cohort,
already treated, is the comparison are those that mislead where effects grow or fade.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
kinds = ("against never treated", "earlier against later", "later against earlier", "later against always treated")


def bacon_pairs(mean: Array, size: Array, start: NDArray[np.int64]) -> pd.DataFrame:
    """Decompose the coefficient of treatment into the comparisons of pairs of cohorts.

    Parameters
    ----------
    mean : ndarray, shape (G, T)
        Mean course of each cohort.
    size : ndarray, shape (G,)
        Number of units.
    start : ndarray of int, shape (G,)
        Place of the first treated period: 0 always treated, T never; in rising order.

    Returns
    -------
    DataFrame
        ``treated, comparison`` (numbers of cohorts), ``kind, estimate, weight``; weights sum to one, and the weighted
        mean of the estimates is the coefficient.

    References
    ----------
    Goodman-Bacon (2021), doi:10.1016/j.jeconom.2021.03.014, theorem 1.

    Examples
    --------
    >>> mean = np.array([[0.0, 2, 2], [0, 0, 3], [0, 0, 0]])
    >>> bacon_pairs(mean, np.ones(3), np.array([1, 2, 3]))[["kind", "estimate"]].to_dict("records")[-1]
    {'kind': 'against never treated', 'estimate': 3.0}
    """
    periods, rows = mean.shape[1], []
    share = 1 - start / periods
    for early in range(len(start)):
        for late in range(early + 1, len(start)):
            first, second = start[early], start[late]
            apart = size[early] * size[late] * (share[early] - share[late])
            if first > 0:
                kind = kinds[0] if second == periods else kinds[1]
                found = _twice(mean, early, late, slice(0, first), slice(first, second))
                rows.append((early, late, kind, found, apart * (1 - share[early])))
            if second < periods:
                kind = kinds[2] if first > 0 else kinds[3]
                found = _twice(mean, late, early, slice(first, second), slice(second, periods))
                rows.append((late, early, kind, found, apart * share[late]))
    table = pd.DataFrame(rows, columns=["treated", "comparison", "kind", "estimate", "weight"])
    return table.assign(weight=table["weight"] / table["weight"].sum())


def _twice(mean: Array, one: int, other: int, before: slice, after: slice) -> float:
    """Difference in differences of two cohorts between two spans of time."""
    change = mean[:, after].mean(axis=1) - mean[:, before].mean(axis=1)
    return float(change[one] - change[other])
