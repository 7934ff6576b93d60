"""The shortest interval of fixed length for an event study whose courses may bend by at most M in any period."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from coresponder_causal.core.honest import EventStudy
from coresponder_causal.core.inference import critical_with_bias

Array = NDArray[np.float64]
tiny = 1e-12


def fixed_length(study: EventStudy, bend: float, *, df: float, level: float = 0.95) -> tuple[float, float]:
    """Interval l'β + u'β₋ ± cv·sd around the estimate whose weights u of the leads make it shortest.

    Parameters
    ----------
    study : EventStudy
    bend : float
        M: the largest change of the slope of δ in a period, in units of the effects.
    df : float
        Of the t law.
    level : float

    Returns
    -------
    tuple of float

    Notes
    -----
    u takes any straight course out of l'β. With a_j = Σ_{k>j} u_{−k} (k − j) the largest bias is
    M (Σ|c| + Σ_{j≥1}|a_j|), c the loading of l'δ on bends after the start, and a_j are linear in u: the least variance
    for each bias is a lasso path, walked exactly; the half-length is least at one of its corners or between two.

    References
    ----------
    Armstrong & Kolesár (2018), doi:10.3982/ECTA14434; Rambachan & Roth (2023), doi:10.1093/restud/rdad018, section 4.

    Examples
    --------
    >>> study = EventStudy(before=np.array([-2.0, -1.0]), after=np.array([4.0]), vcov=np.eye(3) / 100,
    ...                    weights=np.ones(1))
    >>> low, high = fixed_length(study, 0.0, df=1e6)  # the straight course through both leads and the base: −(−1)
    >>> round((low + high) / 2, 6)
    3.0
    """
    start, moves = _weights(study)
    path = _path(start, moves, study.vcov)
    after = float(np.abs(study.loading_of_bends).sum())

    def half(a: Array) -> float:
        weights = start + moves @ a
        std_error = float(np.sqrt(weights @ study.vcov @ weights))
        bias = bend * (after + float(np.abs(a).sum()))
        return critical_with_bias(bias / std_error, df, level) * std_error

    best = min([*path, *(_least_between(half, *pair) for pair in pairwise(path))], key=half)
    centre = float((start + moves @ best) @ study.beta)
    return centre - half(best), centre + half(best)


def _least_between(half: Callable[[Array], float], one: Array, other: Array) -> Array:
    found = optimize.minimize_scalar(lambda share: half(one + share * (other - one)), bounds=(0, 1), method="bounded")
    return np.asarray(one + found.x * (other - one))


def _weights(study: EventStudy) -> tuple[Array, Array]:
    """Weights of all effects as start + moves @ a, a = (a_1, …): those that take out any straight course."""
    q = len(study.before)
    distance = np.arange(q, 0, -1)
    sums = np.linalg.inv(np.maximum(distance[None, :] - np.arange(q)[:, None], 0))
    start = np.concatenate([sums[:, 0] * study.loading_of_bends[0], study.weights])
    return start, np.vstack([sums[:, 1:], np.zeros((len(study.after), q - 1))])


def _path(start: Array, moves: Array, vcov: Array) -> list[Array]:
    """Corners of the path of a that have the least variance for their Σ|a|, from none to the least variance of all.

    The lasso's path: derivatives of the active ones stay equal in size, and fall together until another's is as large
    or one of them meets zero (Osborne, Presnell & Turlach 2000, doi:10.1093/imanum/20.3.389).
    """
    scale = float(np.trace(moves.T @ vcov @ moves)) or 1.0
    gram, pull = moves.T @ vcov @ moves / scale, -moves.T @ vcov @ start / scale
    path, size = [np.zeros(len(pull))], np.abs(pull)
    active = size == size.max(initial=0.0)
    while size.max(initial=0.0) > tiny:
        left = pull - gram @ path[-1]
        level = float(np.abs(left[active]).max())
        step = np.zeros(len(pull))
        step[active] = np.linalg.solve(gram[np.ix_(active, active)], np.sign(left[active]))
        fall = gram @ step
        with np.errstate(divide="ignore", invalid="ignore"):
            joins = np.minimum(_ahead((level - left) / (1 - fall)), _ahead((level + left) / (1 + fall)))
            joins[active] = np.inf
            leaves = np.where(active, _ahead(-path[-1] / step), np.inf)
        first = min(level, float(joins.min()), float(leaves.min()))
        path.append(path[-1] + first * step)
        active = (active | (joins == first)) & (leaves != first)
        path[-1][~active] = 0.0
        size = np.abs(pull - gram @ path[-1])
    return path


def _ahead(steps: Array) -> Array:
    return np.where(steps > tiny, steps, np.inf)
