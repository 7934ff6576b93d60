"""The highest point of restricted likelihoods over the box of (ρ, φ): the peaks of a grid, then trust-region steps.

Each outcome climbs by itself, though all climb at once. The surfaces bend along ridges and have several peaks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from coresponder_causal.core.reml_likelihood import Surface, expand
from coresponder_causal.core.reml_points import Points

Array = NDArray[np.float64]

RHO_MAX = 0.985
PHI_MIN = 0.02
EDGE = 1e-3  # closer to a bound than this is at the bound
_GRID_RHO = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.78, 0.85, 0.9, 0.94, 0.97, RHO_MAX)
_GRID_PHI = (PHI_MIN, 0.08, 0.16, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)
_LOW = 1.0  # a peak of the grid lower than the best by this much is no start
_REACH, _GAIN, _TINY = 0.3, 1e-6, 1e-12
most_steps = 40
_PATIENCE = 3.0  # a climb is given up if this many times its next gain does not bring it to the best


class Peaks(NamedTuple):
    """Highest (ρ, φ) of every outcome, shape (J, 2), and whether the climb came to rest there, shape (J,)."""

    places: Array
    settled: NDArray[np.bool_]


class Search(NamedTuple):
    """Distances of the rows, orthonormal regressors, lowest and highest (ρ, φ), shape (2, 1), and the grid."""

    gaps: Array
    basis: Array
    low: Array
    high: Array
    grid: Points

    def peaks(self, units: Array) -> Peaks:
        """Find the highest point of every standardised outcome (rows of ``units``)."""
        owner, start = _starts(self.grid.loglik(units), columns=(len(self.grid.places) - 1) // len(_GRID_RHO))
        places, heights, settled = self._climb(units[owner], self.grid.places[start].T, owner)
        order = np.lexsort((heights, owner))
        best = order[np.flatnonzero(np.diff(owner[order], append=len(units)))]
        found = np.clip(places[:, best], self.low, self.high)
        return Peaks(np.where(found[0] >= EDGE, found, np.array([[0.0], [1.0]])).T, settled[best])

    def _climb(self, units: Array, places: Array, owner: NDArray[np.intp]) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Step inside the box, at last unseen where next to nothing is gained; climbs left behind are given up."""
        reached, heights, settled = np.empty((2, len(owner))), np.empty(len(owner)), np.zeros(len(owner), bool)
        top = np.full(owner[-1] + 1, -np.inf)
        rows, reach, here = np.arange(len(owner)), np.full(len(owner), _REACH), self._around(units, places)
        for _ in range(most_steps):
            step, gain = _uphill(here, np.maximum(self.low - places, -reach), np.minimum(self.high - places, reach))
            np.maximum.at(top, owner[rows], here.value)
            last = gain < _GAIN
            going = ~last & (here.value + _PATIENCE * gain >= top[owner[rows]])
            if not going.all():
                done = rows[~going]
                reached[:, done], heights[done] = (places + last * step)[:, ~going], here.value[~going]
                settled[done] = True
                if not going.any():
                    break
                rows, reach, gain = rows[going], reach[going], gain[going]
                places, step = places[:, going], step[:, going]
                here = Surface(*(part[..., going] for part in here))
            there = self._around(units[rows], places + step)
            ratio, size = (there.value - here.value) / gain, np.abs(step).max(axis=0)
            reach = np.where(ratio < 0.25, size / 3, np.where(ratio > 0.75, np.maximum(reach, 2 * size), reach))
            risen = ratio > 0
            places = places + risen * step
            here = there if risen.all() else Surface(*(np.where(risen, *two) for two in zip(there, here, strict=True)))
        else:
            reached[:, rows], heights[rows] = places, here.value
        return reached, heights, settled & np.isfinite(heights)

    def _around(self, units: Array, places: Array) -> Surface:
        return expand(places.T, units, self.gaps, self.basis).loglik


def search(gaps: Array, basis: Array, *, nugget: bool) -> Search:
    """Prepare the search for one set of regressors; without a nugget φ is 1."""
    low, high = np.array([[0.0], [PHI_MIN if nugget else 1.0]]), np.array([[RHO_MAX], [1.0]])
    return Search(gaps, basis, low, high, Points.over(_GRID_RHO, _GRID_PHI if nugget else (1.0,), gaps, basis))


def _starts(values: Array, columns: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Outcomes and positions of the peaks of the grid: no neighbour is higher, nor the best by far."""
    surface = np.full((len(values), len(_GRID_RHO) + 3, columns + 2), -np.inf)
    surface[:, 1, -2] = values[:, 0]
    surface[:, 2:-1, 1:-1] = values[:, 1:].reshape(len(values), -1, columns)
    inner = surface[:, 1:-1, 1:-1]
    peak = inner >= sliding_window_view(surface, (3, 3), axis=(1, 2)).max(axis=(3, 4))
    peak &= inner > values.max(axis=1)[:, None, None] - _LOW
    owner, position = np.nonzero(peak.reshape(len(values), -1)[:, columns - 1 :])
    return owner, position


def _uphill(here: Surface, low: Array, high: Array) -> tuple[Array, Array]:
    """Step to the best place of the quadratic around each place inside a rectangle, and what it should gain.

    Candidates are the stationary point and, of every edge, the best point.
    """
    (g, h), (gg, gh, hh) = here.gradient, here.hessian
    (west, south), (east, north) = low, high
    determinant = gg * hh - gh * gh
    determinant[np.abs(determinant) < _TINY] = _TINY
    in_rho, in_phi = np.minimum(gg, -_TINY), np.minimum(hh, -_TINY)
    x, y = np.empty((2, 5, len(g)))
    x[0], y[0] = (gh * h - hh * g) / determinant, (gh * g - gg * h) / determinant
    x[1], y[1] = west, -(h + gh * west) / in_phi
    x[2], y[2] = east, -(h + gh * east) / in_phi
    x[3], y[3] = -(g + gh * south) / in_rho, south
    x[4], y[4] = -(g + gh * north) / in_rho, north
    x, y = np.minimum(np.maximum(x, west), east), np.minimum(np.maximum(y, south), north)
    gain = x * (g + 0.5 * gg * x + gh * y) + y * (h + 0.5 * hh * y)
    best = gain.argmax(axis=0), np.arange(len(g))
    return np.array([x[best], y[best]]), gain[best]
