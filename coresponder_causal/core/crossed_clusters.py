"""Variances of sums over calls that are not independent within clusters of one kind, or of two that cross."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.sandwich import numbered_clusters

Array = NDArray[np.float64]


class Spread(NamedTuple):
    """Covariance of k terms, the degrees of freedom of each t, and the fewest clusters of a kind."""

    vcov: Array
    df: float
    clusters: int


def spread(slopes: ArrayLike, clusters: Sequence[ArrayLike]) -> Spread:
    """Covariance of terms from what each call moves them by, summed within clusters, times G/(G − 1).

    Parameters
    ----------
    slopes : array_like, shape (n,) or (n, k)
        Derivative of each term in the weight of each call.
    clusters : sequence of one or two array_like, shape (n,)
        Labels: persons, say, or persons and weeks, which cross.

    Returns
    -------
    Spread
        Of two kinds as `crossed`; t has one degree of freedom less than there are clusters of the rarer kind.

    Raises
    ------
    EstimationError
        Labels that are missing, or fewer than two clusters of a kind.

    References
    ----------
    Cameron, Gelbach & Miller (2011), doi:10.1198/jbes.2010.07136.

    Examples
    --------
    >>> slopes = np.array([1.0, 1.0, -1.0, -1.0]) / 4
    >>> round(float(spread(slopes, [["a", "a", "b", "b"]]).vcov[0, 0]), 3)
    1.0
    >>> spread(slopes, [["a", "a", "b", "b"], [1, 2, 1, 2]]).df
    1.0
    """
    moved = np.asarray(slopes, float).reshape(len(np.asarray(slopes)), -1)
    kinds = [numbered_clusters(labels, len(moved)) for labels in clusters]
    parts = [_within(moved, labels, many) for labels, many in kinds]
    fewest = min(many for _, many in kinds)
    if len(kinds) == 1:
        return Spread(parts[0], float(fewest - 1), fewest)
    both = pd.factorize(kinds[0][0].astype(np.int64) * kinds[1][1] + kinds[1][0])[0]
    shared = _within(moved, both, int(both.max()) + 1)
    return Spread(crossed(parts[0], parts[1], shared), float(fewest - 1), fewest)


def crossed(one: Array, other: Array, shared: Array) -> Array:
    """Covariance by two kinds of clusters that cross: V₁ + V₂ − V₁₂, and never less than by one kind alone.

    The sum can fail to be a covariance, and by chance fall below the larger of both: its negative eigenvalues are set
    to 0, and it is scaled up to the larger variance of each term where it lies below.

    Parameters
    ----------
    one, other, shared : ndarray, shape (k, k)
        By clusters of the first kind, of the second, and of calls that share both.

    References
    ----------
    Cameron, Gelbach & Miller (2011), doi:10.1198/jbes.2010.07136; MacKinnon, Nielsen & Webb (2021),
    doi:10.1016/j.jeconom.2021.04.001, on the larger of the three.

    Examples
    --------
    >>> crossed(np.array([[2.0]]), np.array([[3.0]]), np.array([[1.0]])).tolist()
    [[4.0]]
    >>> crossed(np.array([[2.0]]), np.array([[3.0]]), np.array([[4.0]])).tolist()
    [[3.0]]
    """
    values, vectors = np.linalg.eigh(one + other - shared)
    vcov = (vectors * np.maximum(values, 0.0)) @ vectors.T
    least, own = np.maximum(np.diag(one), np.diag(other)), np.diag(vcov)
    scale = np.sqrt(np.maximum(least / np.where(own > 0, own, np.inf), 1.0))
    lifted = scale[:, None] * vcov * scale
    lifted[np.diag_indices(len(own))] = np.maximum(np.diag(lifted), least)
    return np.asarray(lifted, float)


def _within(moved: Array, labels: NDArray[np.intp], many: int) -> Array:
    """Sum within clusters, then multiply."""
    sums = np.zeros((many, moved.shape[1]))
    np.add.at(sums, labels, moved)
    return sums.T @ sums * many / max(many - 1, 1)
