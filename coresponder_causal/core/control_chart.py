"""Is a new month what the earlier ones foretell? Standardised forecast errors of a monitored count, and two charts.

The pre-model says of Pearson's residuals r_t = (y_t − μ_t)/√μ_t that r = Wδ + u, W the regressors times √μ, δ what is
still unknown of the coefficients (a flat prior) and u with covariance s²(φR(ρ) + (1 − φ)I), R(ρ)_ij = ρ^|t_i − t_j|.
Each month's error of a forecast from all months before it, over its standard deviation, is then e_t; without a change
the e_t are independent with mean 0 and variance 1, because the variance holds what is not known of the coefficients. In
Cholesky's factor L of the covariance of r, e = L⁻¹r/s. What is not known of (ρ, φ, s²) is dealt with by simulation:
`core.null_histories` draws them from their posterior, draws months before and after, and fits every history again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.signal import lfilter

from coresponder_causal.core.inference import critical
from coresponder_causal.core.persistence import persistence
from coresponder_causal.core.series_forecast import grid

Array = NDArray[np.float64]
vague = 1e6  # prior variance of δ over s², in units in which the regressors' columns have length one
points = grid("ar1")
steepness, allowance = 0.2, 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreModel:
    """What is known of a count before it is monitored, and the regressors of the months that follow.

    Parameters
    ----------
    matrix : ndarray, shape (n + h, k)
        Regressors of the n months of the pre-model and of h months from the first monitored one on.
    mean : ndarray, shape (n + h,)
        Expected counts μ, as fitted to the n months and carried on.
    positions : ndarray, shape (n + h,)
        Integer positions in time, increasing; gaps are months left out.
    n : int
    floor : float
        Least variance of a count over its mean: 1 of counts, 1 − p of those that are a share p of others.
    """

    matrix: Array
    mean: Array
    positions: Array
    n: int
    floor: float = 1.0

    @property
    def df(self) -> float:
        """Months of the pre-model less regressors among them that vary."""
        return float(self.n - np.linalg.matrix_rank(self.matrix[: self.n]))

    def residuals(self, counts: Array) -> Array:
        """Pearson's residuals of counts of the first months, shape as given."""
        mean = self.mean[: counts.shape[-1]]
        return np.asarray((counts - mean) / np.sqrt(mean), float)

    def root(self, rho: float, phi: float, months: int) -> Array:
        """Cholesky's factor of the covariance of r over s², of the first ``months`` months."""
        basis = np.linalg.qr(np.sqrt(self.mean)[:, None] * self.matrix)[0][:months]
        covariance = phi * persistence(rho, self.positions[:months]) + vague * basis @ basis.T
        covariance[np.diag_indices(months)] += 1 - phi
        return np.asarray(np.linalg.cholesky(covariance))


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Posterior of the variance parameters of N histories over the grid of `core.series_forecast`.

    Parameters
    ----------
    weights, sigma2 : ndarray, shape (g, N)
        Weight of each point, and s² there.
    chosen : ndarray of int, shape (N,)
        Point nearest to the posterior mean of (ρ, φ).
    """

    weights: Array
    sigma2: Array
    chosen: NDArray[np.int_]


def fit_variances(model: PreModel, residuals: Array) -> Fitted:
    """Weigh every (ρ, φ) by the restricted likelihood of the months of the pre-model.

    Parameters
    ----------
    model : PreModel
    residuals : ndarray, shape (N, n)
        One history a row.

    Returns
    -------
    Fitted

    Examples
    --------
    >>> model = PreModel(matrix=np.ones((60, 1)), mean=np.full(60, 25.0), positions=np.arange(60.0), n=60)
    >>> fitted = fit_variances(model, np.random.default_rng(1).normal(size=(200, 60)))
    >>> abs(float(fitted.sigma2[fitted.chosen, np.arange(200)].mean()) - 1) < 0.1
    True
    """
    heights, sizes, df = [], [], model.df
    for rho, phi in points:
        root = model.root(rho, phi, model.n)
        errors = solve_triangular(root, residuals.T, lower=True, check_finite=False)
        sigma2 = (errors**2).sum(axis=0) / df
        heights.append(-0.5 * df * np.log(sigma2) - np.log(np.diag(root)).sum())
        sizes.append(sigma2)
    loglik = np.array(heights)
    weights = np.exp(loglik - loglik.max(axis=0))
    weights /= weights.sum(axis=0)
    away = (points[:, None, :] - (weights.T @ points)[None]) / points.std(axis=0)
    return Fitted(weights, np.array(sizes), np.asarray((away**2).sum(axis=2).argmin(axis=0)))


def forecast_errors(model: PreModel, residuals: Array, fitted: Fitted) -> Array:
    """Standardised errors of the monitored months, each forecast from all before it.

    Parameters
    ----------
    model : PreModel
    residuals : ndarray, shape (N, n + m)
        Of the months of the pre-model and of m ≤ h monitored ones.
    fitted : Fitted
        Of the same histories.

    Returns
    -------
    ndarray, shape (N, m)
        Near 0 in a month in which a regressor begins to vary: it is learned there.

    References
    ----------
    Brown, Durbin & Evans (1975), doi:10.1111/j.2517-6161.1975.tb01532.x (recursive residuals).
    """
    months = residuals.shape[1]
    found = np.empty((len(residuals), months - model.n))
    scale = _scale(model, fitted)
    for point in np.unique(fitted.chosen):
        own = fitted.chosen == point
        root = model.root(float(points[point, 0]), float(points[point, 1]), months)
        whitened = solve_triangular(root, residuals[own].T, lower=True, check_finite=False)
        found[own] = whitened[model.n :].T / scale[own, None]
    return found


def charts(errors: Array) -> tuple[Array, Array]:
    """Exponentially weighted mean and two-sided cumulative sum of standardised errors.

    Parameters
    ----------
    errors : ndarray, shape (N, m)

    Returns
    -------
    weighted : ndarray, shape (N, m)
        z_t = 0.8 z_{t−1} + 0.2 e_t from 0, over its standard deviation at t.
    summed : ndarray, shape (N, m)
        The larger of max(0, C⁺ + e_t − 0.5) and max(0, C⁻ − e_t − 0.5), with the sign of its side.

    References
    ----------
    Roberts (1959), doi:10.1080/00401706.1959.10489860; Page (1954), doi:10.1093/biomet/41.1-2.100.

    Examples
    --------
    >>> weighted, summed = charts(np.array([[2.0, -1.0]]))
    >>> weighted.round(3).tolist(), summed.tolist()
    ([[2.0, 0.469]], [[1.5, -0.5]])
    """
    spread = steepness / (2 - steepness) * (1 - (1 - steepness) ** (2 * np.arange(1, errors.shape[1] + 1)))
    weighted = lfilter([steepness], [1, steepness - 1], errors, axis=1) / np.sqrt(spread)
    summed = np.empty_like(errors)
    above = below = np.zeros(len(errors))
    for month, error in enumerate(errors.T):
        above, below = np.maximum(above + error - allowance, 0.0), np.maximum(below - error - allowance, 0.0)
        summed[:, month] = np.where(above >= below, above, -below)
    return np.asarray(weighted, float), summed


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What was to be expected of each monitored month, from all before it.

    Parameters
    ----------
    errors : ndarray, shape (m,)
        As of `forecast_errors`.
    expected, low, high : ndarray, shape (m,)
        Counts: the forecast, and the middle 95 % by its t distribution.
    """

    errors: Array
    expected: Array
    low: Array
    high: Array


def forecasts(model: PreModel, counts: Array) -> Told:
    """Forecast each monitored month of one series.

    Parameters
    ----------
    model : PreModel
    counts : ndarray, shape (n + m,)

    Returns
    -------
    Told

    Examples
    --------
    >>> model = PreModel(matrix=np.ones((40, 1)), mean=np.full(40, 25.0), positions=np.arange(40.0), n=36)
    >>> counts = np.append(np.random.default_rng(1).poisson(25.0, 36), [25.0, 25.0, 60.0, 25.0])
    >>> told = forecasts(model, counts)
    >>> (counts[36:] > told.high).tolist()
    [False, False, True, False]
    """
    residuals = model.residuals(counts)[None]
    fitted = fit_variances(model, residuals[:, : model.n])
    errors = forecast_errors(model, residuals, fitted)[0]
    months, root_mean = len(counts), np.sqrt(model.mean[model.n : len(counts)])
    rho, phi = map(float, points[fitted.chosen[0]])
    scale = float(_scale(model, fitted)[0]) * np.diag(model.root(rho, phi, months))[model.n :]
    expected = counts[model.n :] - root_mean * scale * errors
    half = root_mean * scale * float(critical(model.df))
    return Told(errors, np.maximum(expected, 0.0), np.maximum(expected - half, 0.0), np.maximum(expected + half, 0.0))


def _scale(model: PreModel, fitted: Fitted) -> Array:
    """Give the standard deviation s of each history, no smaller than counting alone makes it."""
    return np.asarray(np.sqrt(np.maximum(fitted.sigma2[fitted.chosen, np.arange(len(fitted.chosen))], model.floor)))
