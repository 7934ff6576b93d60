"""How the estimates of several designs move together: they were made of the same calls, weeks and cities.

- Where two results have influence functions on the same units, their correlation is that of the sums of these within
  the coarsest clusters that they share.
- Results that start from the city's own course share its noise v, of which min(v_i, v_j) is taken, and its drift: τ²
  enters once into every such row that does not hold it yet (τ²(1 + 1/m) against m cities), and into what two share.
- A ratio of covered to other hours shares no noise with a total (`plan.operating`).
- Of any other pair nothing is known: it lies between no correlation and a perfect one, and both are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.result import Result
from coresponder_causal.core.stacked import stacked
from coresponder_causal.decide.assumptions import family_of, own_course, own_hours, shared_before

Array = NDArray[np.float64]
against_others = "the city against other cities, before and after"


class Joint(NamedTuple):
    """Covariance of d estimates, shape (d, d), where unknown pairs have none, and where they are perfect; how many."""

    apart: Array
    together: Array
    unknown: int

    @property
    def choices(self) -> tuple[Array, ...]:
        """Covariances that must be looked at: one where all pairs are known."""
        return (self.apart, self.together) if self.unknown else (self.apart,)


def joint_covariance(results: Sequence[Result], errors: Sequence[float]) -> Joint:
    """Covariance of the first terms of results about one outcome.

    Parameters
    ----------
    results : sequence of Result
    errors : sequence of float
        Their standard errors on one scale, such as that of log ratios.

    Returns
    -------
    Joint
    """
    before, tau = [shared_before(result) for result in results], _drift(results)
    structural = np.array([_own_drift(result, start, tau) for result, start in zip(results, before, strict=True)])
    held = np.array(["tau" in r.extra and start == own_course for r, start in zip(results, before, strict=True)])
    noise = np.maximum(np.asarray(errors, float) ** 2 - np.where(held, structural, 0.0), 0.0)
    variance = np.where(held, np.asarray(errors, float) ** 2, noise + structural)
    apart, together, unknown = np.diag(variance), np.diag(variance), 0
    known = _by_influence(results, np.sqrt(variance))
    for i in range(len(results)):
        for j in range(i):
            shared = known[i, j] if np.isfinite(known[i, j]) else _by_law(i, j, before, noise, structural)
            unknown += np.isnan(shared)
            apart[i, j] = apart[j, i] = 0.0 if np.isnan(shared) else shared
            together[i, j] = together[j, i] = np.sqrt(variance[i] * variance[j]) if np.isnan(shared) else shared
    return Joint(possible(apart), possible(together), int(unknown))


def joint_correlation(results: Sequence[Result]) -> Joint:
    """Correlation of the first terms of results about different outcomes; unknown where they share no kind of units.

    Parameters
    ----------
    results : sequence of Result

    Returns
    -------
    Joint
    """
    known = _by_influence(results, np.ones(len(results)))
    np.fill_diagonal(known, 1.0)
    unknown = int(np.isnan(known).sum() // 2)
    return Joint(possible(np.nan_to_num(known, nan=0.0)), possible(np.nan_to_num(known, nan=1.0)), unknown)


def possible(matrix: Array) -> Array:
    """Return a matrix as it is where it can be a covariance, else the nearest correlations that can, same variances."""
    values, vectors = np.linalg.eigh(matrix)
    if values.min() >= 0:
        return matrix
    near = (vectors * np.maximum(values, 0.0)) @ vectors.T
    scale = np.sqrt(np.diag(matrix) / np.diag(near))
    return np.asarray(near * np.outer(scale, scale))


def _drift(results: Sequence[Result]) -> float:
    """Return the standard deviation of the drift of cities that a comparison of cities found; 0 without one."""
    found = (r.extra.number("tau") for r in results if "tau" in r.extra and shared_before(r) == own_course)
    return next(found, 0.0)


def _own_drift(result: Result, before: str, tau: float) -> float:
    """Variance by which drift moves a row that starts from the city's own course."""
    if before != own_course:
        return 0.0
    own = result.extra.number("tau") if "tau" in result.extra else tau
    others = result.extra.number("m") if family_of(result.method).title == against_others else np.inf
    return float(own**2 * (1 + (1 / others if others > 0 else 0.0)))


def _by_influence(results: Sequence[Result], errors: Array) -> Array:
    """Covariance of pairs with influence functions on the same kind of units, NaN of others."""
    known = np.full((len(results), len(results)), np.nan)
    kinds: dict[object, list[int]] = {}
    for place, result in enumerate(results):
        if result.influence is not None:
            kinds.setdefault(result.influence.unit.name, []).append(place)
    for places in kinds.values():
        influences = [psi for i in places if (psi := results[i].influence) is not None]
        starts = np.cumsum([0, *(psi.right.shape[1] for psi in influences[:-1])])
        sums = stacked(influences).sums[:, starts]
        spread = np.linalg.norm(sums, axis=0)
        correlation = sums.T @ sums / np.outer(spread, spread)
        known[np.ix_(places, places)] = correlation * np.outer(errors[places], errors[places])
    return known


def _by_law(i: int, j: int, before: Sequence[str], noise: Array, structural: Array) -> float:
    """Covariance of a pair of which it follows from what both count; NaN where it does not."""
    if before[i] == before[j] and before[i] in (own_course, own_hours):
        return float(min(noise[i], noise[j]) + min(structural[i], structural[j]))
    if {before[i], before[j]} == {own_course, own_hours}:
        return 0.0
    return float("nan")
