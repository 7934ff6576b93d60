"""Least squares for estimates whose covariance is known, beside which they scatter by a variance that is not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.random_effects import largest

Array = NDArray[np.float64]


class KnownNoise(NamedTuple):
    """Coefficients, their covariance and degrees of freedom; variance τ² beside the known one; (X'S⁻¹X)⁻¹X'S⁻¹."""

    beta: Array
    vcov: Array
    df: float
    tau_squared: float
    hat: Array


def known_noise(y: Array, V: Array, X: Array) -> KnownNoise:
    """Fit y = Xβ + u + e, with e of known covariance V and u of variance τ², by REML.

    Parameters
    ----------
    y : ndarray, shape (m,)
        Estimates.
    V : ndarray, shape (m, m)
        Their covariance.
    X : ndarray, shape (m, k)

    Returns
    -------
    KnownNoise
        ``vcov`` is (X'S⁻¹X)⁻¹, S = V + τ²I, times Σ r'S⁻¹r/(m − k), never less than once (Knapp & Hartung).

    Raises
    ------
    EstimationError
        As many coefficients as estimates, or coefficients that cannot be told apart.

    References
    ----------
    Berkey et al. (1995), doi:10.1002/sim.4780140406; Knapp & Hartung (2003), doi:10.1002/sim.1482.

    Examples
    --------
    >>> fit = known_noise(np.array([1.0, 2.0, 3.0, 6.0]), np.diag([1.0, 1, 1, 1]), np.ones((4, 1)))
    >>> float(fit.beta[0].round(3)), float(fit.tau_squared.__round__(3))
    (3.0, 3.667)
    """
    m, k = X.shape
    if m <= k or np.linalg.matrix_rank(X) < k:
        raise EstimationError(f"{m} estimates cannot tell {k} coefficients", mend="bring more periods")
    eye = np.eye(m)

    def loglik(values: Array) -> Array:
        return np.array([_restricted(y, V + value * eye, X) for value in values])

    tau_squared = largest(loglik, 4 * float(np.var(y)) + float(np.diag(V).max()))
    total = V + tau_squared * eye
    weighted = np.linalg.solve(total, X)
    inverse = np.linalg.inv(X.T @ weighted)
    hat = inverse @ weighted.T
    left = y - X @ (hat @ y)
    scale = max(1.0, float(left @ np.linalg.solve(total, left)) / (m - k))
    return KnownNoise(hat @ y, scale * inverse, float(m - k), tau_squared, hat)


def _restricted(y: Array, total: Array, X: Array) -> float:
    """Restricted log-likelihood up to a constant."""
    weighted = np.linalg.solve(total, X)
    inner = X.T @ weighted
    left = y - X @ np.linalg.solve(inner, weighted.T @ y)
    squares = float(left @ np.linalg.solve(total, left))
    return -0.5 * float(np.linalg.slogdet(total)[1] + np.linalg.slogdet(inner)[1] + squares)
