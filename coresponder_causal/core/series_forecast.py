"""Forecast of a series by unobserved components, with all that is not known of them in its interval.

y_t = x_t'β + level_t + noise_t, β with a flat prior. The level is an AR(1) process around zero, or a random walk from
the first period on, so that errors have covariance V = s²(φK + (1 − φ)I): K_ij = ρ^|t_i − t_j|, or min(t_i, t_j)
counted from the first period. Given (ρ, φ) the forecast is that of universal kriging, a multivariate t once s² is
integrated out; its restricted likelihood, which for the random walk is the diffuse one of the Kalman filter, weighs
the points of a grid. The prior is flat in ρ and φ, for the random walk in √φ, which is flat in the standard deviation
of its steps. Variances at their bound, on which an expansion around the maximum of the likelihood founders, are so
dealt with like any others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.persistence import persistence

Array = NDArray[np.float64]
Component = Literal["ar1", "local"]
rho_cells, phi_cells, walk_cells = 16, 10, 40
largest_rho = 0.985


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What the m periods before the start say of all n.

    Parameters
    ----------
    mean : ndarray, shape (n,)
        Of a period before the start from all others before it, of one after it from all before it.
    spread : ndarray, shape (m,)
        Squared scale of the t distributions before the start.
    scale : ndarray, shape (n − m, n − m)
        Scale matrix of the multivariate t from the start on.
    df : float
        Periods before the start less regressors.
    rho, phi : float
        Means over the grid; ρ is NaN for a random walk.
    """

    mean: Array
    spread: Array
    scale: Array
    df: float
    rho: float
    phi: float


class Told(NamedTuple):
    """Forecast at one point (ρ, φ): restricted log-likelihood, s², and the rest as in `Forecast`."""

    loglik: float
    sigma2: float
    mean: Array
    spread: Array
    scale: Array


def forecast(y: Array, X: Array, positions: Array, *, component: Component) -> Forecast:
    """Forecast the periods that follow those of ``y``.

    Parameters
    ----------
    y : ndarray, shape (m,)
        Outcome before the start.
    X : ndarray, shape (n, k)
        Regressors of all n > m periods, a constant among them; independent in the first m rows.
    positions : ndarray, shape (n,)
        Integer positions in time, increasing; gaps are periods not observed.
    component : {"ar1", "local"}

    Returns
    -------
    Forecast

    Raises
    ------
    EstimationError
        Fewer than three periods more than regressors.

    References
    ----------
    Durbin & Koopman (2012), Time Series Analysis by State Space Methods, 2nd ed., chapter 2; Rasmussen & Williams
    (2006), sections 2.7 and 5.4.2.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> told = forecast(5 + rng.normal(size=40), np.ones((52, 1)), np.arange(52.0), component="ar1")
    >>> told.mean[40:].round(0).tolist() == [5.0] * 12, told.df
    (True, 39.0)
    """
    m, k = len(y), X.shape[1]
    if m < k + 3:
        raise EstimationError(
            f"{m} periods before the start for {k} regressors, {k + 3} are needed",
            mend="take a longer series or fewer terms",
        )
    centre, unit = float(y.mean()), float(y.std()) or 1.0
    points = grid(component)
    told = [at_point((y - centre) / unit, X, positions, rho=rho, phi=phi, component=component) for rho, phi in points]
    heights = np.array([one.loglik for one in told])
    weights = np.exp(heights - heights.max())
    weights /= weights.sum()
    means = np.array([one.mean for one in told])
    mean, df = weights @ means, float(m - k)
    apart = (means - mean) * np.sqrt(weights * (df - 2) / df)[:, None]
    spread = weights @ np.array([one.spread for one in told]) + (apart[:, :m] ** 2).sum(axis=0)
    scale = np.tensordot(weights, np.array([one.scale for one in told]), 1) + apart[:, m:].T @ apart[:, m:]
    return Forecast(
        mean=centre + unit * mean,
        spread=unit**2 * spread,
        scale=unit**2 * scale,
        df=df,
        rho=float(weights @ points[:, 0]),
        phi=float(weights @ points[:, 1]),
    )


def grid(component: Component) -> Array:
    """Points (ρ, φ) of the level, shape (g, 2): midpoints of cells that weigh alike."""
    if component == "local":
        root = (np.arange(walk_cells) + 0.5) / walk_cells
        return np.column_stack([np.full(walk_cells, np.nan), root**2])
    rho = largest_rho * (np.arange(rho_cells) + 0.5) / rho_cells
    phi = (np.arange(phi_cells) + 0.5) / phi_cells
    return np.column_stack([np.repeat(rho, phi_cells), np.tile(phi, rho_cells)])


def at_point(y: Array, X: Array, positions: Array, *, rho: float, phi: float, component: Component) -> Told:
    """Forecast with known ρ and φ; β and s² are not known.

    Parameters
    ----------
    y, X, positions, component
        As `forecast`.
    rho, phi : float
        Correlation from period to period of an AR(1) level, and the level's share of the variance; of a random walk φ
        is the variance of a step over the sum of itself and that of the noise.

    Returns
    -------
    Told
        The log-likelihood is −½[(m − k)(log 2πs² + 1) + log|V/s²| + log|X'V⁻¹X·s²|].
    """
    m, k = len(y), X.shape[1]
    since = positions - positions[0]
    kernel = np.minimum(since[:, None], since) if component == "local" else persistence(rho, since)
    V = phi * kernel
    V[np.diag_indices_from(V)] += 1 - phi
    root = np.linalg.cholesky(V[:m, :m])
    white = solve_triangular(root, np.column_stack([X[:m], y, V[:m, m:], np.eye(m)]), lower=True, check_finite=False)
    basis, triangle = np.linalg.qr(white[:, :k])
    outcome, across, inverse = white[:, k], white[:, k + 1 : -m], white[:, -m:]
    scores = basis.T @ outcome
    rest = outcome - basis @ scores
    sigma2 = float(rest @ rest) / (m - k)
    precision = (inverse**2).sum(axis=0) - ((basis.T @ inverse) ** 2).sum(axis=0)
    unknown = solve_triangular(triangle, (X[m:] - across.T @ white[:, :k]).T, trans="T", check_finite=False)
    determinant = np.log(np.diag(root)).sum() + np.log(np.abs(np.diag(triangle))).sum()
    return Told(
        loglik=-0.5 * (m - k) * (np.log(2 * np.pi * sigma2) + 1) - float(determinant),
        sigma2=sigma2,
        mean=np.append(y - inverse.T @ rest / precision, unknown.T @ scores + across.T @ outcome),
        spread=sigma2 / precision,
        scale=sigma2 * (V[m:, m:] - across.T @ across + unknown.T @ unknown),
    )
