"""Limits of the correlation ρ of a series' errors, from the likelihood profiled over a grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.reml_points import Points
from coresponder_causal.core.reml_search import PHI_MIN, RHO_MAX

Array = NDArray[np.float64]
_RHO = (*np.arange(0.05, 0.96, 0.05).round(2).tolist(), RHO_MAX)
_PHI = (PHI_MIN, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def limit_grid(gaps: Array, basis: Array, *, nugget: bool) -> Points:
    """Factorise on the grid, once for all outcomes; without a nugget φ is 1."""
    return Points.over(_RHO, _PHI if nugget else (1.0,), gaps, basis)


def rho_limits(points: Points, unit: Array, share: float) -> tuple[float, float]:
    """Find where the profile falls by half a squared quantile below its top; ``unit`` has shape (1, n)."""
    values = points.loglik(unit)[0]
    profile = np.append(values[0], values[1:].reshape(len(_RHO), -1).max(axis=1))
    cut = profile.max() - float(inference.critical(np.inf, 2 * share - 1)) ** 2 / 2
    rho = np.array([0.0, *_RHO])
    return _crossing(rho, profile - cut), _crossing(rho[::-1], (profile - cut)[::-1])


def _crossing(rho: Array, spare: Array) -> float:
    """Where a likelihood first comes up to the cut, ``spare`` its distance above it, straight between neighbours."""
    first = int(np.argmax(spare >= 0))
    if first == 0:
        return float(rho[0])
    below, above = spare[first - 1], spare[first]
    return float(rho[first] + (rho[first - 1] - rho[first]) * above / (above - below))
