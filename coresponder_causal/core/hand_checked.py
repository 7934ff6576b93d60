"""Shares that a machine reads in all texts and hands read in a drawn sample: its errors, and shares without them.

Numbers travel with their derivative in the weight of each text (`partial_means`), so that drawing, clusters and
estimated errors all enter a variance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import interval, wilson
from coresponder_causal.core.partial_means import Moved, mean

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


class Bounded(NamedTuple):
    """A number and its bounds."""

    value: float
    low: float
    high: float


nothing = Bounded(np.nan, np.nan, np.nan)


def corrected(machine: Array, hand: Array, chance: Array, inside: Array) -> Moved:
    """Share of texts of a group that a hand would code yes: mean of f + (R/π)(Y − f).

    Parameters
    ----------
    machine : ndarray, shape (n,)
        0 or 1, of every text.
    hand : ndarray, shape (n,)
        0 or 1 where it was drawn, else NaN.
    chance : ndarray, shape (n,)
        Of being drawn, above 0.
    inside : ndarray, shape (n,)
        1 in the group, else 0.

    References
    ----------
    Egami, Hinck, Stewart & Wei (2023), doi:10.48550/arXiv.2306.04746.

    Examples
    --------
    >>> f, y = np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, np.nan, np.nan])
    >>> corrected(f, y, np.full(4, 0.5), np.ones(4)).value
    0.0
    """
    drawn = np.isfinite(hand)
    return mean(np.where(drawn, machine + (np.where(drawn, hand, 0.0) - machine) / chance, machine), inside)


def rogan_gladen(share: Moved, sensitivity: Moved, specificity: Moved) -> Moved:
    """Share without the machine's errors if it errs in the group as it does in all: (p + sp − 1)/(se + sp − 1).

    NaN where the machine is no better than chance.

    References
    ----------
    Rogan & Gladen (1978), doi:10.1093/oxfordjournals.aje.a112510.

    Examples
    --------
    >>> still = np.zeros(1)
    >>> round(rogan_gladen(Moved(0.3, still), Moved(0.8, still), Moved(0.9, still)).value, 3)
    0.286
    """
    better = sensitivity.value + specificity.value - 1
    if not better > 0:
        return Moved(np.nan, np.zeros(len(share.slope)))
    value = (share.value + specificity.value - 1) / better
    slope = (share.slope + specificity.slope - value * (sensitivity.slope + specificity.slope)) / better
    return Moved(value, slope)


def by_cluster(found: Moved, cluster: Codes, inside: Array, checked: Array, level: float) -> Bounded:
    """Bounds by t(G − 1) of the G clusters inside, between 0 and 1.

    Where texts are all alike nothing varies: score bounds with as many trials as clusters of which hands ``checked`` a
    text, 1 for it and else 0.

    Examples
    --------
    >>> none, apart = Moved(0.0, np.zeros(20)), np.arange(20)
    >>> [round(end, 3) for end in by_cluster(none, apart, np.ones(20), np.ones(20), 0.95)]
    [0.0, 0.0, 0.161]
    """
    many = len(np.unique(cluster[inside > 0]))
    if many < 2 or np.isnan(found.value):
        return Bounded(found.value, np.nan, np.nan)
    variance, trials = _variance(found, cluster), float(len(np.unique(cluster[inside * checked > 0])))
    if variance > 1e-24:
        low, high = interval(found.value, np.sqrt(variance), many - 1.0, level)
    else:
        low, high = wilson(found.value * trials, trials, level)
    return Bounded(*(float(np.clip(part, 0.0, 1.0)) for part in (found.value, low, high)))


def rate_among(hit: Array, weights: Array, cluster: Codes, level: float) -> tuple[Moved, Bounded]:
    """Weighted share with score bounds at as many trials as its clustered variance is worth.

    Where all or none are hit that variance is 0, and trials are those that unequal weights leave, at most the clusters.
    """
    if not weights.sum() > 0:
        return Moved(np.nan, np.zeros(len(hit))), nothing
    found = mean(hit, weights)
    variance, p = _variance(found, cluster), found.value
    even = min(float(weights.sum() ** 2 / (weights**2).sum()), len(np.unique(cluster[weights > 0])))
    trials = p * (1 - p) / variance if 0 < p < 1 and variance > 0 else even
    low, high = wilson(p * trials, trials, level)
    return found, Bounded(p, float(low), float(high))


def _variance(found: Moved, cluster: Codes) -> float:
    """Sum of squares of the derivatives, added up within clusters, times G/(G − 1)."""
    sums = np.bincount(cluster, found.slope)
    many = len(np.unique(cluster[found.slope != 0]))
    return float(sums @ sums) * many / max(many - 1, 1)
