"""Tests of conditional independence by the covariance of residuals, clustered."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import holm, p_value

Array = NDArray[np.float64]


class Independence(NamedTuple):
    """The strongest of the pairs: partial correlation, its standard error, df, and p after Holm over pairs."""

    correlation: float
    std_error: float
    df: float
    p_value: float


def conditional_independence(A: Array, B: Array, Z: Array, clusters: NDArray[np.int64]) -> Independence | None:
    """Test whether A and B are uncorrelated given Z: generalised covariance measure with residuals of least squares.

    Parameters
    ----------
    A, B : ndarray, shape (n, a) and (n, b)
        Columns of both sides; a variable of several levels has several.
    Z : ndarray, shape (n, q)
        What is given, with a constant.
    clusters : ndarray of int, shape (n,)

    Returns
    -------
    Independence or None
        None where nothing of A or of B is left given Z. ρ = Σ e_a e_b / √(Σ e_a² Σ e_b²) and its standard error is
        that of the sums of e_a e_b by cluster; df = G − 1.

    References
    ----------
    Shah & Peters (2020), doi:10.1214/19-AOS1857.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> z = rng.normal(size=(500, 1))
    >>> a, b, one = z + rng.normal(size=(500, 1)), z + rng.normal(size=(500, 1)), np.ones((500, 1))
    >>> alone, given = (conditional_independence(a, b, Z, np.arange(500)) for Z in (one, np.hstack([one, z])))
    >>> alone.p_value < 1e-6, given.p_value > 0.05
    (True, True)
    """
    left, right = (_residuals(values, Z) for values in (A, B))
    if not (left.shape[1] and right.shape[1]):
        return None
    _, code = np.unique(clusters, return_inverse=True)
    G = int(code.max()) + 1
    found = []
    for a in left.T:
        for b in right.T:
            product, size = a * b, np.sqrt((a @ a) * (b @ b))
            sums = np.bincount(code, weights=product - product.mean(), minlength=G)
            found.append((product.sum() / size, np.sqrt(sums @ sums * G / (G - 1)) / size))
    rho, error = np.array(found).T
    p = holm(p_value(rho / error, G - 1))
    best = int(np.argmin(p))
    return Independence(float(rho[best]), float(error[best]), float(G - 1), float(p[best]))


def _residuals(values: Array, Z: Array) -> Array:
    """Residuals of least squares on Z; columns that Z determines are left out."""
    left = values - Z @ np.linalg.lstsq(Z, values, rcond=None)[0]
    return np.asarray(left[:, left.std(axis=0) > 1e-8 * np.maximum(values.std(axis=0), 1e-300)])
