"""The restricted likelihood of a series around points (ρ, φ), to second order and in closed form.

C = [B z]'K⁻¹[B z] for orthonormal regressors B and an outcome z holds all that depends on the data: its Cholesky factor
begins with that of B'K⁻¹B and ends in √RSS. With N = M⁻¹[B z], W = K⁻¹[B z] = QN and E = N − W its derivatives are

C_ρ = φN'Q_ρN, C_φ = −W'E, C_φφ = 2E'QM⁻¹E, C_ρφ = N'Q_ρN − φ(E'M⁻¹Q_ρN + its transpose),
C_ρρ = φ(N'Q_ρρN − 2(1−φ)(Q_ρN)'M⁻¹Q_ρN),

and those of log|M| follow from its pivots. Everything costs O(n).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dtrtri

from coresponder_causal.core.reml_bands import Factor, factorise, mixed, precision, recur, times

Array = NDArray[np.float64]
_ONE, _OTHER = [0, 0, 1], [0, 1, 1]  # second derivatives: ρρ, ρφ, φφ


class Surface(NamedTuple):
    """Functions of (ρ, φ) to second order around c places.

    ``value`` (c,), ``gradient`` (2, c) in ρ and φ, ``hessian`` (3, c): ρρ, ρφ, φφ.
    """

    value: Array
    gradient: Array
    hessian: Array


class Expansion(NamedTuple):
    """The restricted likelihood of one outcome at each of c places.

    ``loglik`` is −½[(n−k)(log 2πs² + 1) + λ], s² = RSS/(n − k), and ``logdet`` λ = log|K| + log|B'K⁻¹B|; ``whitener``
    T, shape (c, k + 1, k + 1), the inverse Cholesky factor of C, and ``turned`` TC_ρT' and TC_φT'. ``matrices`` Q, Q_ρ,
    Q_ρρ, ``factor`` of M and ``solved`` N, rows (k + 1, L), are kept for the information.
    """

    loglik: Surface
    logdet: Surface
    whitener: Array
    turned: Array
    matrices: Array
    factor: Factor
    solved: Array


def expand(places: Array, units: Array, gaps: Array, basis: Array) -> Expansion:
    """Expand the likelihood of each outcome at its own place.

    Parameters
    ----------
    places : ndarray, shape (c, 2)
        (ρ, φ), 0 ≤ ρ < 1, 0 < φ ≤ 1.
    units : ndarray, shape (c, n)
        Standardised outcomes.
    gaps : ndarray, shape (n − 1,)
        Distances of neighbouring rows.
    basis : ndarray, shape (n, k)
        Orthonormal regressors.
    """
    n, k = basis.shape
    phi, long_phi = places[:, 1], places[:, 1].repeat(n)
    matrices, of_R = precision(places[:, 0], gaps)
    factor = factorise(mixed(long_phi, matrices[0]))
    rows = np.empty((k + 1, *units.shape))
    rows[:-1], rows[-1] = basis.T[:, None], units
    rows = rows.reshape(k + 1, -1)
    solved = factor.solve(rows)
    C, first, second = _crosses(rows, solved, phi, matrices, factor)
    whitener = _inverse_roots(C)
    turned = whitener @ first @ whitener.transpose(0, 2, 1)
    own = np.einsum("icaa->ica", turned)
    bent = np.einsum("icab,cab->ica", whitener @ second, whitener)
    squares = turned[_ONE] * turned[_OTHER]
    scales = -2 * np.log(np.einsum("caa->ca", whitener))
    value, gradient, hessian = _log_determinant(long_phi, matrices, factor, n)
    log_rss, of_rss = scales[:, -1], own[..., -1]
    bent_rss = bent[..., -1] - 2 * squares[..., -1].sum(axis=-1) + squares[..., -1, -1]
    value += of_R[0] + scales.sum(axis=1) - log_rss
    gradient += own.sum(axis=-1) - of_rss
    gradient[0] += of_R[1]
    hessian += bent.sum(axis=-1) - squares.sum(axis=(-2, -1)) - bent_rss
    hessian[0] += of_R[2]
    loglik = Surface(
        -0.5 * ((n - k) * (np.log(2 * np.pi / (n - k)) + 1 + log_rss) + value),
        -0.5 * ((n - k) * of_rss + gradient),
        -0.5 * ((n - k) * bent_rss + hessian),
    )
    logdet = Surface(value, gradient, hessian)
    return Expansion(loglik, logdet, whitener, turned, matrices, factor, solved)


def cross(rows: Array, others: Array, n: int) -> Array:
    """Products of rows (k, L) with others (l, L) at every place, shape (c, k, l)."""
    left, right = rows.reshape(len(rows), -1, n), others.reshape(len(others), -1, n)
    return np.asarray(left.transpose(1, 0, 2) @ right.transpose(1, 2, 0))


def _crosses(rows: Array, solved: Array, phi: Array, matrices: Array, factor: Factor) -> tuple[Array, Array, Array]:
    """C, its first derivatives (ρ, φ) and its second (ρρ, ρφ, φφ)."""
    phi, n, k = phi[:, None, None], rows.shape[1] // len(phi), len(rows)
    weighted, steeper, bent = times(matrices, solved)
    new = solved - weighted
    again = factor.solve(np.concatenate([steeper, new]))
    by_rho, both = cross(solved, steeper, n), cross(new, again[:k], n)
    first, second = np.empty((2, *by_rho.shape)), np.empty((3, *by_rho.shape))
    np.multiply(phi, by_rho, out=first[0])
    np.negative(cross(weighted, new, n), out=first[1])
    second[0] = phi * (cross(solved, bent, n) - 2 * (1 - phi) * cross(steeper, again[:k], n))
    second[1] = by_rho - phi * (both + both.transpose(0, 2, 1))
    second[2] = 2 * cross(new, times(matrices[0], again[k:]), n)
    return cross(rows, weighted, n), first, second


def _inverse_roots(matrices: Array) -> Array:
    """Inverse of the lower Cholesky factor of each matrix."""
    inverse = np.empty_like(matrices)
    for own, matrix in zip(inverse, matrices, strict=True):
        own[...] = dtrtri(dpotrf(matrix, lower=1)[0], lower=1)[0]
    return inverse


def _log_determinant(phi: Array, matrices: Array, factor: Factor, n: int) -> Surface:
    """log|M|: its pivots d_t = m_t − l²_{t−1}d_{t−1} differentiated are linear recursions, all of the same weights."""
    pivots, below = factor
    slopes, bends = np.empty((2, 2, len(phi))), np.zeros((3, 2, len(phi)))
    np.multiply(1 - phi, matrices[1], out=slopes[0])
    np.negative(matrices[0], out=slopes[1])
    slopes[1, 0] += 1.0
    np.multiply(1 - phi, matrices[2], out=bends[0])
    np.negative(matrices[1], out=bends[1])
    weights, twice = below * below, 2 * below
    slopes[:, 0, 1:] -= (twice * slopes[:, 1])[:, :-1]
    first = recur(weights, slopes[:, 0])
    step = slopes[:, 1] - below * first
    bends[:, 0, 1:] -= (2 / pivots * step[_ONE] * step[_OTHER] + twice * bends[:, 1])[:, :-1]
    relative = first / pivots
    terms = np.empty((6, len(phi)))
    np.log(pivots, out=terms[0])
    terms[1:3] = relative
    terms[3:] = recur(weights, bends[:, 0]) / pivots - relative[_ONE] * relative[_OTHER]
    sums = terms.reshape(6, -1, n).sum(axis=2)
    return Surface(sums[0], sums[1:3], sums[3:])
