"""Many series with the same regressors: their restricted likelihoods integrated over a fixed grid of (ρ, φ).

Nothing is searched for, so that a series costs some matrix products: for scouting over many series, and where a search
does not come to rest. Given (ρ, φ) a coefficient is t-distributed; over the grid it is a mixture, given here by its
mean and covariance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.persistence import persistence
from coresponder_causal.core.reml_points import Points

Array = NDArray[np.float64]
_RHO = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.94, 0.97)
_PHI = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0)


class Mixture(NamedTuple):
    """Means over the grid of r outcomes.

    ``shift`` (r, k) and ``vcov`` (r, k, k) of coefficients, ``sigma2`` (r,) and ``places`` (ρ, φ), (r, 2); ``loglik``
    (r,) is the highest log-likelihood on the grid.
    """

    shift: Array
    vcov: Array
    sigma2: Array
    places: Array
    loglik: Array


class Grid(NamedTuple):
    """Points with the weights of a flat prior over the box, and roots H of the covariances s²HH', (g, k, k).

    ``modes`` (rn, n) are the eigenvectors of R(ρ) at each of r values of ρ, and ``inverses`` (r, n, p) the eigenvalues
    of K⁻¹ at each of p values of φ.
    """

    points: Points
    prior: Array
    halves: Array
    modes: Array
    inverses: Array

    def integrate(self, units: Array) -> Mixture:
        """Average over the grid, for standardised outcomes (rows of ``units``); coefficients are shifts from OLS."""
        k = self.halves.shape[1]
        spare = units.shape[1] - k
        explained = self.points.explained(units)
        rss = self._whole(units) - np.sum(explained**2, axis=2)
        loglik = self.points.of_rss(rss)
        weights = self.prior * np.exp(loglik - loglik.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        spread = weights * rss / spare
        shifts = np.einsum("gab,jgb->jga", self.halves, explained, optimize=True)
        shift = (weights[:, None, :] @ shifts)[:, 0]
        squares = (self.halves @ self.halves.transpose(0, 2, 1)).reshape(-1, k * k)
        vcov = spare / (spare - 2) * (spread @ squares).reshape(-1, k, k)
        away = shifts - shift[:, None]
        vcov += (weights[:, :, None] * away).transpose(0, 2, 1) @ away
        return Mixture(shift, vcov, spread.sum(axis=1), weights @ self.points.places, loglik.max(axis=1))

    def _whole(self, units: Array) -> Array:
        """z'K⁻¹z of every outcome at every point, shape (J, g)."""
        squares = (self.modes @ units.T).reshape(len(self.inverses), -1, len(units)) ** 2
        inside = (squares.transpose(2, 0, 1)[:, :, None] @ self.inverses).reshape(len(units), -1)
        return np.column_stack([np.sum(units**2, axis=1), inside])


def grid(gaps: Array, basis: Array, inverse_triangle: Array, *, nugget: bool) -> Grid:
    """Prepare for one set of regressors X = BT: ``basis`` B, ``inverse_triangle`` T⁻¹."""
    phis = _PHI if nugget else (1.0,)
    points = Points.over(_RHO, phis, gaps, basis)
    of_rho = _shares((0.0, *_RHO))
    prior = np.append(of_rho[0], np.outer(of_rho[1:], _shares(phis)))
    time = np.append(0.0, np.cumsum(gaps))
    eigenvalues, vectors = np.linalg.eigh(np.array([persistence(rho, time) for rho in _RHO]))
    inverses = 1 / (eigenvalues[:, :, None] * phis + 1 - np.array(phis))
    halves = inverse_triangle @ np.linalg.inv(points.root).transpose(0, 2, 1)
    return Grid(points, prior, halves, vectors.transpose(0, 2, 1).reshape(-1, len(time)), inverses)


def _shares(values: tuple[float, ...]) -> Array:
    """Share of the whole range that lies nearest to each value."""
    if len(values) == 1:
        return np.ones(1)
    ends = np.array([values[0], *np.add(values[1:], values[:-1]) / 2, values[-1]])
    return np.diff(ends) / (values[-1] - values[0])
