"""Tridiagonal algebra of an AR(1) process with white noise, at many points (ρ, φ) at once.

R(ρ)_ij = ρ^|t_i − t_j| is Markov, also over gaps, so that its inverse Q is tridiagonal, and K = φR + (1−φ)I is RM with
M = φI + (1−φ)Q: all three commute, K⁻¹ = M⁻¹Q and K⁻¹R = M⁻¹. The matrices of g points are laid on one diagonal of
length L = gn. Such a matrix is its diagonal and what is beside it, shape (2, L), where zeros part the points.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpttrf, dpttrs, dtbtrs

Array = NDArray[np.float64]


class Factor(NamedTuple):
    """LDL' of a tridiagonal matrix: the pivots D, and what stands below the ones of L, zero at the end; shape (L,)."""

    pivots: Array
    below: Array

    def solve(self, rows: Array) -> Array:
        """Solve for rows, shape (m, L)."""
        return np.asarray(dpttrs(self.pivots, self.below[:-1], rows.T)[0].T, float)


def factorise(matrix: Array) -> Factor:
    """Factorise a positive definite matrix, shape (2, L)."""
    pivots, below = np.zeros(matrix.shape)
    pivots[:], below[:-1], _ = dpttrf(matrix[0], matrix[1, :-1])
    return Factor(pivots, below)


def times(matrices: Array, rows: Array) -> Array:
    """Multiply rows (m, L) by a matrix (2, L), or by each of several, (s, 2, L).

    Returns
    -------
    ndarray, shape (m, L) or (s, m, L)
    """
    diagonal, beside = matrices[..., 0, None, :], matrices[..., 1, None, :-1]
    product = diagonal * rows
    product[..., :-1] += beside * rows[:, 1:]
    product[..., 1:] += beside * rows[:, :-1]
    return np.asarray(product)


def recur(weights: Array, given: Array) -> Array:
    """Solve x_t = given_t + weights_{t−1}·x_{t−1} for rows (m, L); weights that are zero part the points."""
    bands = np.ones((2, weights.size))
    np.negative(weights, out=bands[1])
    return np.asarray(dtbtrs(bands, given.T, uplo="L", diag="U")[0].T, float)


def steps(rho: Array, gaps: Array) -> tuple[Array, Array | float, Array | float]:
    """ρ^gap and its first two derivatives, shape (g, n − 1), or (g, 1), 1 and 0 where all gaps are 1."""
    r = rho[:, None]
    if (gaps == 1).all():
        return r, 1.0, 0.0
    return r**gaps, gaps * r ** (gaps - 1), gaps * (gaps - 1) * r ** np.maximum(gaps - 2, 0)


def precision(rho: Array, gaps: Array) -> tuple[Array, Array]:
    """Invert the AR(1) correlation at every ρ.

    Parameters
    ----------
    rho : ndarray, shape (g,)
        From 0 to below 1.
    gaps : ndarray, shape (n − 1,)
        Distances of neighbouring rows.

    Returns
    -------
    matrices : ndarray, shape (3, 2, L)
        Q and its first two derivatives in ρ.
    logdet : ndarray, shape (3, g)
        log|R| and its first two derivatives.

    Notes
    -----
    Each step r = ρ^gap adds r²/(1 − r²) to the diagonal at both its ends and −r/(1 − r²) beside it; |R| = ∏(1 − r²).
    """
    r, dr, ddr = steps(rho, gaps)
    rr = r * r
    p = 1 / (1 - rr)
    rp, pp = r * p, p * p
    added = np.empty((3, 3, *r.shape))  # to the diagonal, beside it, to the logarithm; then derivatives in r, in ρ
    np.multiply(r, rp, out=added[0, 0])
    np.negative(rp, out=added[0, 1])
    np.log(1 - rr, out=added[0, 2])
    added[1, 0] = 2 * rp * p
    added[1, 1] = -(1 + rr) * pp
    added[1, 2] = -2 * rp
    added[2, 0] = 2 * (1 + 3 * rr) * pp * p
    added[2, 1] = -2 * (3 + rr) * rp * pp
    added[2, 2] = -2 * (1 + rr) * pp
    added[2] = added[2] * (dr * dr) + added[1] * ddr
    added[1] *= dr
    matrices = np.zeros((3, 2, len(rho), len(gaps) + 1))
    matrices[:, :, :, :-1] = added[:, :2]
    matrices[:, 0, :, 1:] += added[:, 0]
    matrices[0, 0] += 1.0
    return matrices.reshape(3, 2, -1), added[:, 2].sum(axis=2) * (len(gaps) // r.shape[1])


def mixed(phi: Array, Q: Array) -> Array:
    """M = φI + (1 − φ)Q, of φ repeated along the diagonal, shape (L,)."""
    M = (1 - phi) * Q
    M[0] += phi
    return np.asarray(M)
