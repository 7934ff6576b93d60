"""Where the shares of some categories change in time: optimal segments by dynamic programming."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.inference import chi_square_quantile, trimmed_chi_square_mean

Array = NDArray[np.float64]
shortest = 3  # periods of a segment
size = 0.05  # nominal, over all places of a first change
_kept = 0.9


class Segments(NamedTuple):
    """First periods of the segments after the first, the overdispersion, and the deviance that each change saves."""

    starts: tuple[int, ...]
    overdispersion: float
    gains: tuple[float, ...]


def segments(counts: ArrayLike) -> Segments:
    """Cut a series of counts by category into segments of constant shares.

    The cut minimises the multinomial deviance over the overdispersion, plus for each change a penalty: the larger of
    that of the Bayesian information criterion and the χ² quantile that a change at any one of the periods exceeds with
    probability 0.05 over all of them. The overdispersion is the trimmed mean of Pearson's statistic between successive
    periods, so that changes of level hardly touch it; slow drift is not seen by it and is cut.

    Parameters
    ----------
    counts : array, shape (n_periods, n_categories)
        Rows without counts are allowed and say nothing.

    Returns
    -------
    Segments

    References
    ----------
    Jackson et al. (2005), IEEE Signal Processing Letters 12:105; Killick, Fearnhead & Eckley (2012), JASA 107:1590.

    Examples
    --------
    >>> missing = [0, 1, 0, 1, 0, 1, 0, 12, 11, 12, 13, 12, 11]
    >>> segments([[count, 20 - count] for count in missing]).starts
    (7,)
    """
    table = np.asarray(counts, float)
    periods, categories = table.shape
    if periods < 2 * shortest or categories < 2:
        return Segments((), 1.0, ())
    phi = _overdispersion(table)
    bic = (categories - 1 + 1) * np.log(max(int((table.sum(axis=1) > 0).sum()), 2))
    penalty = phi * max(float(bic), chi_square_quantile(1 - size / periods, categories - 1))
    cost = _costs(table)
    best, before = np.full(periods + 1, np.inf), np.zeros(periods + 1, int)
    best[0] = -penalty
    for end in range(shortest, periods + 1):
        starts = np.arange(0, end - shortest + 1)
        whole = best[starts] + cost[starts, end] + penalty
        before[end] = int(np.argmin(whole))
        best[end] = whole[before[end]]
    ends = [periods]
    while before[ends[-1]] > 0:
        ends.append(int(before[ends[-1]]))
    edges = [0, *ends[:0:-1], periods]
    gains = tuple(
        float(cost[first, last] - cost[first, middle] - cost[middle, last]) / phi
        for first, middle, last in zip(edges, edges[1:], edges[2:], strict=False)
    )
    return Segments(tuple(edges[1:-1]), phi, gains)


def _costs(table: Array) -> Array:
    """Deviance, up to a constant, of every run of periods taken as one segment."""
    sums = np.vstack([np.zeros(table.shape[1]), table.cumsum(axis=0)])
    inside = np.maximum(sums[None, :, :] - sums[:, None, :], 0.0)
    totals = inside.sum(axis=2)
    return np.asarray(-2 * (_entropy(inside).sum(axis=2) - _entropy(totals)), float)


def _entropy(values: Array) -> Array:
    """Give x log x, 0 at 0."""
    return values * np.log(np.where(values > 0, values, 1.0))


def _overdispersion(table: Array) -> float:
    """Trimmed mean of Pearson's statistic per degree of freedom between successive periods that have counts."""
    rows = table[table.sum(axis=1) > 0]
    first, second = rows[:-1], rows[1:]
    totals = np.stack([first.sum(axis=1), second.sum(axis=1)], axis=1)
    pooled = first + second
    share = pooled / pooled.sum(axis=1, keepdims=True)
    expected = totals[:, :, None] * share[:, None, :]
    gap = np.stack([first, second], axis=1) - expected
    statistic = np.where(expected > 0, gap**2 / np.where(expected > 0, expected, 1.0), 0.0).sum(axis=(1, 2))
    df = (pooled > 0).sum(axis=1) - 1
    known = df > 0
    if not known.any():
        return 1.0
    ratio = np.sort(statistic[known] / df[known])
    kept = ratio[: max(1, int(np.ceil(_kept * len(ratio))))]
    return float(max(1.0, kept.mean() / trimmed_chi_square_mean(float(np.median(df[known])), _kept)))
