"""Autocorrelation of a series of residuals, and the tests that there is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import chi_square_p_value

Array = NDArray[np.float64]


def autocorrelations(values: Array, lags: int) -> Array:
    """Sample autocorrelations at lags 1 to ``lags``, each over n and the whole variance.

    Parameters
    ----------
    values : ndarray, shape (n,)
    lags : int
        Below n.

    Examples
    --------
    >>> autocorrelations(np.array([1.0, -1.0, 1.0, -1.0]), 2).tolist()
    [-0.75, 0.5]
    """
    centred = values - values.mean()
    products = [float(centred[lag:] @ centred[:-lag]) for lag in range(1, lags + 1)]
    return np.array(products) / float(centred @ centred)


def ljung_box(values: Array, lags: int) -> tuple[Array, Array]:
    """Statistics of Ljung & Box over the first 1 to ``lags`` lags, and their χ² p-values, shapes (lags,).

    References
    ----------
    Ljung & Box (1978), doi:10.1093/biomet/65.2.297.
    """
    n, count = len(values), np.arange(1, lags + 1)
    statistic = n * (n + 2) * np.cumsum(autocorrelations(values, lags) ** 2 / (n - count))
    return statistic, chi_square_p_value(statistic, count)


def breusch_godfrey(residuals: Array, X: Array, lags: int) -> tuple[Array, Array]:
    """Lagrange multipliers n·R² of residuals on regressors and 1 to ``lags`` own lags, and their χ² p-values.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
        Of a least-squares fit on X; values before the first are taken as 0, and a constant is added to X.
    X : ndarray, shape (n, k)
    lags : int

    Returns
    -------
    statistic, p_value : ndarray, shape (lags,)
        NaN where fewer than five residual degrees of freedom are left.

    References
    ----------
    Godfrey (1978), doi:10.2307/1913829; Breusch (1978), doi:10.1111/j.1467-8454.1978.tb00635.x.
    """
    n, k = X.shape
    shifted = np.column_stack([np.concatenate([np.zeros(lag), residuals[:-lag]]) for lag in range(1, lags + 1)])
    own = np.linalg.svd(np.column_stack([np.ones(n), X]), full_matrices=False)
    basis = own[0][:, own[1] > 1e-10 * own[1][0]]
    centred = residuals - basis @ (basis.T @ residuals)
    steps = np.linalg.qr(shifted - basis @ (basis.T @ shifted))[0]
    total = float(np.sum((residuals - residuals.mean()) ** 2))
    unexplained = float(centred @ centred) - np.cumsum((steps.T @ centred) ** 2)
    statistic = np.where(n - k - 1 - np.arange(1, lags + 1) >= 5, n * (1 - unexplained / total), np.nan)
    return statistic, chi_square_p_value(statistic, np.arange(1, lags + 1))
