"""Restricted likelihoods of many outcomes at the same points (ρ, φ), factorised once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.reml_bands import Factor, factorise, mixed, precision, times

Array = NDArray[np.float64]
_AT_ONCE = 50_000  # numbers that stay in a processor's cache


class Points(NamedTuple):
    """Covariances K = φR(ρ) + (1−φ)I at g points for one set of orthonormal regressors B.

    ``places`` (ρ, φ), shape (g, 2); ``precision`` Q and ``factor`` of M; ``root`` the lower Cholesky factor of B'K⁻¹B;
    ``whitened`` its inverse times B'K⁻¹, shape (gk, n); ``logdet`` log|K| + log|B'K⁻¹B|.
    """

    places: Array
    precision: Array
    factor: Factor
    root: Array
    whitened: Array
    logdet: Array

    @staticmethod
    def over(rhos: Sequence[float], phis: Sequence[float], gaps: Array, basis: Array) -> Points:
        """Factorise at every ρ with every φ, after the corner (0, 1)."""
        return Points.at(np.array([(0.0, 1.0), *product(rhos, phis)]), gaps, basis)

    @staticmethod
    def at(places: Array, gaps: Array, basis: Array) -> Points:
        """Factorise at places (ρ, φ), shape (g, 2)."""
        (g, _), (n, k) = places.shape, basis.shape
        (Q, _, _), of_R = precision(places[:, 0], gaps)
        factor = factorise(mixed(places[:, 1].repeat(n), Q))
        solved = factor.solve(times(Q, np.tile(basis.T, g))).reshape(k, g, n)
        root = np.asarray(np.linalg.cholesky(solved.transpose(1, 0, 2) @ basis), float)
        whitened = np.linalg.inv(root) @ solved.transpose(1, 0, 2)
        logdet = np.log(factor.pivots).reshape(g, n).sum(axis=1) + of_R[0]
        logdet += 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        return Points(places, Q, factor, root, whitened.reshape(g * k, n), logdet)

    def loglik(self, units: Array) -> Array:
        """Log-likelihood of standardised outcomes (rows of ``units``) at every point, shape (J, g)."""
        few = max(1, _AT_ONCE // self.precision.size)
        parts = [self._whole(units[first : first + few]) for first in range(0, len(units), few)]
        return self.of_rss(np.concatenate(parts) - np.sum(self.explained(units) ** 2, axis=2))

    def of_rss(self, rss: Array) -> Array:
        """Log-likelihood of residual sums of squares z'Pz, shape (J, g)."""
        spare = self.whitened.shape[1] - self.root.shape[1]
        return np.asarray(-0.5 * (spare * (np.log(2 * np.pi / spare * rss) + 1) + self.logdet))

    def explained(self, units: Array) -> Array:
        """Return what B explains of the outcomes, whitened, shape (J, g, k)."""
        return np.asarray((units @ self.whitened.T).reshape(len(units), len(self.places), -1))

    def _whole(self, units: Array) -> Array:
        """z'K⁻¹z of every outcome at every point."""
        long = np.tile(units, len(self.places))
        products = self.factor.solve(times(self.precision, long)) * long
        return np.asarray(products.reshape(len(units), len(self.places), -1).sum(axis=2))
