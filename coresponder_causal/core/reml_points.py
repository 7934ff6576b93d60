"""Likelihoods of a series at many points (ρ, φ): the covariance K = φR(ρ) + (1−φ)I, factorised in O(n).

R is Markov, also over gaps, so Q = R⁻¹ is tridiagonal and K⁻¹ = M⁻¹Q with M = φI + (1−φ)Q tridiagonal as well. Many
points are evaluated by one factorisation, their matrices laid on one long diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpttrf, dpttrs

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Factorised covariances at g points (ρ, φ) for one set of orthonormal regressors B.

    ``diagonal`` and ``off`` hold Q = R⁻¹, shape (g, n) with the last of ``off`` zero; ``factor`` the LDL' of all M on
    one diagonal; ``solved`` K⁻¹B, shape (k, g, n); ``root`` the Cholesky factor of B'K⁻¹B; ``logdet``
    log|K| + log|B'K⁻¹B|.
    """

    rho: Array
    phi: Array
    diagonal: Array
    off: Array
    factor: tuple[Array, Array]
    solved: Array
    root: Array
    logdet: Array

    @staticmethod
    def at(rho: Array, phi: Array, gaps: Array, basis: Array) -> Points:
        """Factorise; |K| = |M|·|R|, and B'K⁻¹B is B'M⁻¹QB."""
        share = phi[:, None]
        r = rho[:, None] ** gaps if (gaps != 1).any() else np.repeat(rho[:, None], len(gaps), axis=1)
        precision = 1 / (1 - r**2)
        diagonal = np.ones((len(rho), len(gaps) + 1))
        diagonal[:, :-1] += r**2 * precision
        diagonal[:, 1:] += r**2 * precision
        off = np.zeros_like(diagonal)
        off[:, :-1] = -r * precision
        pivots, multipliers, _ = dpttrf((share + (1 - share) * diagonal).ravel(), ((1 - share) * off).ravel()[:-1])
        solved = _solve(diagonal, off, (pivots, multipliers), basis.T[:, None])
        root = np.asarray(np.linalg.cholesky(solved.transpose(1, 0, 2) @ basis), float)
        logdet = np.log(pivots).reshape(diagonal.shape).sum(axis=1) - np.log(precision).sum(axis=1)
        logdet += 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        return Points(rho, phi, diagonal, off, (pivots, multipliers), solved, root, logdet)

    def cross_own(self, units: Array) -> Array:
        """B'K⁻¹z of the outcome of every point, shape (g, k)."""
        return np.asarray(np.einsum("kgn,gn->gk", self.solved, units))

    def profile_own(self, units: Array) -> tuple[Array, Array]:
        """Log-likelihood and s² of standardised outcomes, one for each point (rows of ``units``): shapes (g,)."""
        energy = np.einsum("gn,gn->g", _solve(self.diagonal, self.off, self.factor, units[None])[0], units)
        loglik, sigma2 = self._profile(energy[:, None], self.cross_own(units)[..., None])
        return loglik[:, 0], sigma2[:, 0]

    def profile(self, units: Array) -> tuple[Array, Array]:
        """Log-likelihood and s² of standardised outcomes (rows of ``units``), each at every point: shapes (g, J)."""
        energy = np.einsum("jgn,jn->gj", _solve(self.diagonal, self.off, self.factor, units[:, None]), units)
        return self._profile(energy, (self.solved @ units.T).transpose(1, 0, 2))

    def _profile(self, energy: Array, cross: Array) -> tuple[Array, Array]:
        """Concentrate β and s² out of z'K⁻¹z, shape (g, J), and B'K⁻¹z, shape (g, k, J)."""
        spare = self.diagonal.shape[1] - len(self.solved)
        sigma2 = (energy - np.sum(np.linalg.solve(self.root, cross) ** 2, axis=1)) / spare
        return -0.5 * (spare * (np.log(2 * np.pi * sigma2) + 1) + self.logdet[:, None]), sigma2


def _solve(diagonal: Array, off: Array, factor: tuple[Array, Array], rows: Array) -> Array:
    """K⁻¹z = M⁻¹Qz at every point, of rows (m, 1, n) shared by all points or (m, g, n): shape (m, g, n)."""
    product = rows * diagonal
    product[:, :, :-1] += off[:, :-1] * rows[:, :, 1:]
    product[:, :, 1:] += off[:, :-1] * rows[:, :, :-1]
    solution, _ = dpttrs(*factor, product.reshape(len(rows), -1).T, overwrite_b=True)
    return np.asarray(solution.T, float).reshape(product.shape)
