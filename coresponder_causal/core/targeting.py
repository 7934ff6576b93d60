"""What held-out calls say of predicted effects: the best linear prediction, groups by rank, and the worth of a ranking.

Throughout ``value`` holds doubly robust scores ν and ``tilt`` the weights t of the population, as `arm_scores` gives
them: a mean effect is Σ ν / Σ t. Influence ψ has V = ψ'ψ / n² for independent rows.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weighting = Literal["autoc", "qini"]


class Estimated(NamedTuple):
    """Estimates, shape (k,), and their influence, shape (n, k)."""

    estimate: Array
    influence: Array


def projection(value: Array, tilt: Array, regressors: Array) -> Estimated:
    """Coefficients of the linear function of regressors that is nearest to the effect: E[t (τ − z'β)²] is least.

    With indicators of groups these are the groups' mean effects; with t = 1 it is least squares of the scores.

    Parameters
    ----------
    value, tilt : ndarray, shape (n,)
    regressors : ndarray, shape (n, k)

    Returns
    -------
    Estimated
        NaN where regressors determine each other.

    References
    ----------
    Semenova & Chernozhukov (2021), doi:10.1093/ectj/utaa027.

    Examples
    --------
    >>> group = np.array([0.0, 0.0, 1.0, 1.0])
    >>> projection(np.array([1.0, 3.0, 6.0, 8.0]), np.ones(4), np.column_stack([1 - group, group])).estimate.tolist()
    [2.0, 7.0]
    """
    n, k = regressors.shape
    gram = regressors.T @ (tilt[:, None] * regressors)
    if np.linalg.matrix_rank(gram, hermitian=True) < k:
        return Estimated(np.full(k, np.nan), np.full((n, k), np.nan))
    beta = np.asarray(np.linalg.solve(gram, regressors.T @ value), float)
    residual = value - tilt * (regressors @ beta)
    return Estimated(beta, n * np.linalg.solve(gram, (regressors * residual[:, None]).T).T)


def ranking_worth(value: Array, tilt: Array, priority: Array, weighting: Weighting) -> Estimated:
    """Rank-weighted average effect: the area below TOC(q), or q TOC(q), the gain of the first q over all, q in (0, 1).

    Rows of one priority share their places. ψ counts that the ranks are estimated.

    Parameters
    ----------
    value, tilt, priority : ndarray, shape (n,)
        Rows without a tilt take the place of the next lower priority among those with one.
    weighting : {"autoc", "qini"}
        ω(h) = −log h − 1, which looks at the first, or 1/2 − h, which looks at all alike.

    Returns
    -------
    Estimated
        One estimate; 0 without any spread where all priorities are equal.

    References
    ----------
    Yadlowsky, Fleming, Shah, Brunskill & Wager (2024), doi:10.1080/01621459.2024.2393466.

    Examples
    --------
    >>> found = ranking_worth(np.array([2.0, 0.0]), np.ones(2), np.array([1.0, 0.0]), "qini")
    >>> found.estimate.tolist()
    [0.25]
    """
    n, levels = len(value), np.unique(priority[tilt > 0])
    group = len(levels) - 1 - np.maximum(np.searchsorted(levels, priority, side="right") - 1, 0)
    mass, sums = (np.bincount(group, weights=each, minlength=len(levels)) for each in (tilt, value))
    total, effects = float(mass.sum()), sums / mass
    edges = np.minimum(np.cumsum(mass) / total, 1.0)
    inner = edges[:-1]
    if weighting == "autoc":
        primitive, slopes = -edges * np.log(edges), -np.log(inner) - 1
    else:
        primitive, slopes = (edges - edges**2) / 2, 0.5 - inner
    primitive[-1] = 0.0
    worth = np.diff(primitive, prepend=0.0)
    falls = slopes * -np.diff(effects)
    below = np.append(np.cumsum(falls[::-1])[::-1], 0.0)
    own = (worth / mass)[group] * (value - tilt * effects[group])
    ranks = tilt / total * (below[group] - float(falls @ inner))
    return Estimated(np.array([float(worth @ effects)]), n * (own + ranks)[:, None])


def ranked_groups(priority: Array, tilt: Array, many: int, *, seed: int) -> NDArray[np.int64]:
    """Cut rows into groups of equal weight by priority, the highest first; ties are broken by lot.

    Examples
    --------
    >>> ranked_groups(np.array([0.1, 0.9, 0.5, 0.3]), np.ones(4), 2, seed=1).tolist()
    [1, 0, 0, 1]
    """
    order = np.lexsort((np.random.default_rng(seed).random(len(priority)), -priority))
    middle = (np.cumsum(tilt[order]) - tilt[order] / 2) / tilt.sum()
    groups = np.empty(len(priority), np.int64)
    groups[order] = np.minimum((many * middle).astype(np.int64), many - 1)
    return groups
