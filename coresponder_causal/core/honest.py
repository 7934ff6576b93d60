"""What an event study says when courses were not quite parallel: intervals by conditional tests, and where they break.

The effects of an event study are τ + δ: before the start δ alone. A restriction ties δ after the start to δ before it.
"magnitudes": no change of δ from one period to the next after the start is more than M̄ times the largest one before it.
"smoothness": no change of δ's slope is more than M in any period, the ones around the start included.

Both leave l'τ after the start within moments that need no linear program. Let c be the loading of l'δ on the changes
(or changes of slope) after the start, u_j and −u_j their rows of the restriction, s_j⁺ and s_j⁻ the standard deviations
of these. Among the nonnegative weights that cancel τ but for l'τ only these are extreme: c and −c, each part taken of
the row of its sign, and each pair u_j, −u_j. Each weight is divided by the sum of s under it.

References
----------
Rambachan & Roth (2023), doi:10.1093/restud/rdad018; Andrews, Roth & Pakes (2023), doi:10.1093/restud/rdad012, on the
test (its hybrid with a least favourable first stage of size .005 for a test of .05).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import truncated_normal_quantile

Array = NDArray[np.float64]
Restriction = Literal["magnitudes", "smoothness"]
share_of_first, draws = 0.1, 20_000
"""Share of the test's size that its first stage takes by default; draws of that stage's critical value."""
widest, points, steps = 2.0**40, 257, 24


@dataclass(frozen=True, kw_only=True, eq=False)
class EventStudy:
    """Effects by period against the last period before the start, which is left out.

    Parameters
    ----------
    before : ndarray, shape (q,)
        Effects of the periods before the base, the earliest first.
    after : ndarray, shape (p,)
        Effects from the start on.
    vcov : ndarray, shape (q + p, q + p)
    weights : ndarray, shape (p,)
        Of the effects after the start in what is asked for.
    """

    before: Array
    after: Array
    vcov: Array
    weights: Array

    @property
    def beta(self) -> Array:
        """All effects, shape (q + p,)."""
        return np.concatenate([self.before, self.after])

    @property
    def estimate(self) -> float:
        """What is asked for, were courses parallel."""
        return float(self.weights @ self.after)

    @property
    def std_error(self) -> float:
        """Standard error of the estimate."""
        own = len(self.before)
        return float(np.sqrt(self.weights @ self.vcov[own:, own:] @ self.weights))

    @cached_property
    def changes(self) -> Array:
        """Changes of δ from period to period as rows over its q + p parts; q of them before the start."""
        return np.asarray(np.delete(np.diff(np.eye(len(self.beta) + 1), axis=0), len(self.before), axis=1))

    @cached_property
    def bends(self) -> Array:
        """Changes of δ's slope as rows; q − 1 of them before the start."""
        return np.asarray(np.delete(np.diff(np.eye(len(self.beta) + 1), n=2, axis=0), len(self.before), axis=1))

    @cached_property
    def loading_of_changes(self) -> Array:
        """Loading of l'δ on the changes after the start, shape (p,)."""
        return np.asarray(np.cumsum(self.weights[::-1])[::-1])

    @cached_property
    def loading_of_bends(self) -> Array:
        """Loading of l'δ on the bends from the start on, beside a straight course, shape (p,)."""
        return np.asarray(np.cumsum(self.loading_of_changes[::-1])[::-1])

    @cached_property
    def noise(self) -> Array:
        """Draws of the effects' noise, shape (draws, q + p)."""
        values, vectors = np.linalg.eigh(self.vcov)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        return np.asarray(np.random.default_rng(1).standard_normal((draws, len(values))) @ root.T)

    @property
    def largest_change(self) -> float:
        """Largest change of the effects before the start."""
        return float(np.abs(self.changes[: len(self.before)] @ self.beta).max())

    @property
    def largest_bend(self) -> float:
        """Largest change of slope before the start; NaN where there are fewer than two effects before it."""
        bends = self.bends[: len(self.before) - 1] @ self.beta
        return float(np.abs(bends).max()) if len(bends) else np.nan


@dataclass(frozen=True, slots=True)
class _Moments:
    """θ is kept where rows @ β − limit − loading·θ ≤ 0; the shapes are (m, k), (m,), (m,)."""

    rows: Array
    limit: Array
    loading: Array


def bounds(
    study: EventStudy,
    restriction: Restriction,
    size: float,
    *,
    level: float = 0.95,
    first_stage: float = share_of_first,
) -> tuple[float, float]:
    """Smallest and largest l'τ that the conditional test does not reject.

    Parameters
    ----------
    study : EventStudy
    restriction : {"magnitudes", "smoothness"}
    size : float
        M̄, or M in units of the effects.
    level : float
    first_stage : float
        Share of the test's size that a least favourable first stage takes (hybrid test); 0 is the conditional test.

    Returns
    -------
    tuple of float
        The search widens until both of its ends are rejected. The set may have gaps, which this does not show; NaN
        where nothing is left, so that the restriction is rejected itself.

    Examples
    --------
    >>> study = EventStudy(before=np.array([0.0, 0.1]), after=np.array([1.0]), vcov=np.eye(3) / 100,
    ...                    weights=np.ones(1))
    >>> low, high = bounds(study, "magnitudes", 1.0)
    >>> low < study.estimate - 1.96 * study.std_error, high > study.estimate + 1.96 * study.std_error
    (True, True)
    """
    keeps = _test(study, restriction, size, 1 - level, first_stage)
    reach = 10 * study.std_error
    while reach < widest * study.std_error:
        grid = study.estimate + np.linspace(-reach, reach, points)
        kept = keeps(grid)
        if not (kept[0] or kept[-1]):
            break
        reach *= 2
    if not kept.any():
        return np.nan, np.nan
    first, last = np.flatnonzero(kept)[[0, -1]]
    low = -np.inf if first == 0 else _edge(keeps, grid[first - 1], grid[first])
    return low, np.inf if last == points - 1 else _edge(keeps, grid[last + 1], grid[last])


def breakdown(
    study: EventStudy,
    restriction: Restriction,
    *,
    most: float,
    level: float = 0.95,
    first_stage: float = share_of_first,
) -> float:
    """Smallest size of the restriction at which no effect is not rejected; 0 at once, infinite beyond ``most``.

    Examples
    --------
    >>> study = EventStudy(before=np.array([0.0, 0.1]), after=np.array([1.0]), vcov=np.eye(3) / 100,
    ...                    weights=np.ones(1))
    >>> 1 < breakdown(study, "magnitudes", most=100.0) < 10
    True
    """

    def kept(size: float) -> bool:
        return bool(_test(study, restriction, size, 1 - level, first_stage)(np.zeros(1))[0])

    if kept(0.0):
        return 0.0
    if not kept(most):
        return np.inf
    low, high = 0.0, most
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if kept(middle) else (middle, high)
    return high


def _edge(keeps: Callable[[Array], NDArray[np.bool_]], out: float, inside: float) -> float:
    """Where a rejected value goes over into one that is not."""
    for _ in range(4):
        grid = np.linspace(out, inside, 17)
        first = int(np.argmax(keeps(grid)))
        out, inside = (grid[first - 1], grid[first]) if first else (out, grid[0])
    return float(inside)


def _test(
    study: EventStudy, restriction: Restriction, size: float, alpha: float, first_stage: float
) -> Callable[[Array], NDArray[np.bool_]]:
    """Make the test of a restriction: which values of l'τ it keeps. Magnitudes keep what any of their parts keeps."""
    if restriction == "smoothness":
        parts = [_smooth(study, size)]
    else:
        parts = [
            _magnitudes(study, size, sign * change) for change in study.changes[: len(study.before)] for sign in (1, -1)
        ]
    tests = [_conditional(study, part, alpha, first_stage * alpha) for part in parts]
    return lambda values: np.any([keeps(values) for keeps in tests], axis=0)


def _magnitudes(study: EventStudy, size: float, largest: Array) -> _Moments:
    """Moments where ``largest`` is the largest change before the start, with its sign."""
    own = study.changes[len(study.before) :]
    return _moments(study, own - size * largest, -own - size * largest, np.zeros(len(own)), study.loading_of_changes)


def _smooth(study: EventStudy, size: float) -> _Moments:
    own = study.bends[len(study.before) - 1 :]
    return _moments(study, own, -own, np.full(len(own), size), study.loading_of_bends)


def _moments(study: EventStudy, up: Array, down: Array, limit: Array, loading: Array) -> _Moments:
    """Extreme moments of rows that bound p changes from above and below by ``limit``."""
    scale_up, scale_down = (np.sqrt(np.einsum("ij,jk,ik->i", side, study.vcov, side)) for side in (up, down))
    rows, limits, loadings = [], [], []
    for sign in (1.0, -1.0):
        above = (sign * loading > 0)[:, None]
        weight = np.abs(loading)
        total = float(weight @ np.where(above[:, 0], scale_up, scale_down))
        rows.append(weight @ np.where(above, up, down) / total)
        limits.append(float(weight @ limit) / total)
        loadings.append(sign / total)
    if len(up) > 1:
        both = scale_up + scale_down
        rows += list((up + down) / both[:, None])
        limits += list(2 * limit / both)
        loadings += [0.0] * len(up)
    return _Moments(np.array(rows), np.array(limits), np.array(loadings))


def _conditional(
    study: EventStudy, moments: _Moments, alpha: float, kappa: float
) -> Callable[[Array], NDArray[np.bool_]]:
    """Test by a least favourable first stage of size κ, then the largest moment against its law where it is largest."""
    covariance = moments.rows @ study.vcov @ moments.rows.T
    covariance[np.abs(covariance) < 1e-12 * covariance.max()] = 0.0
    cap = float(np.quantile((study.noise @ moments.rows.T).max(axis=1), 1 - kappa)) if kappa else np.inf
    level = 1 - (alpha - kappa) / (1 - kappa)

    def keeps(values: Array) -> NDArray[np.bool_]:
        y = (moments.rows @ study.beta - moments.limit)[:, None] - moments.loading[:, None] * values
        top = y.argmax(axis=0)
        largest = y.max(axis=0)
        variance = covariance[top, top]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = covariance[:, top] / variance
            meets = (y - slope * largest) / (1 - slope)
        low = np.where(slope < 1 - 1e-10, meets, -np.inf).max(axis=0)
        high = np.minimum(np.where(slope > 1 + 1e-10, meets, np.inf).min(axis=0), cap)
        limit = np.maximum(truncated_normal_quantile(level, low, high, np.sqrt(variance)), 0.0)
        return np.asarray(np.where(variance > 0, (largest <= cap) & (largest <= limit), largest <= 0), bool)

    return keeps
