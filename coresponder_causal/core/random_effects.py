"""Effects of several cities with known sampling variances: how far the true ones spread, with covariates or without."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from coresponder_causal.core import inference
from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]
Loglik = Callable[[Array], Array]


def between_cities(effects: Array, variances: Array, X: Array | None = None) -> tuple[float, float]:
    """REML variance τ² ≥ 0 of effects with known sampling variances, and tr(PP) at it.

    Parameters
    ----------
    effects, variances : ndarray, shape (m,)
    X : ndarray, shape (m, q), optional
        Regressors of the effects, a constant among them; by default the constant alone.

    Returns
    -------
    tau_squared, trace : float
        The asymptotic variance of τ̂² is 2 / trace, P = W − WX(X'WX)⁻¹X'W.

    References
    ----------
    Viechtbauer (2005), doi:10.3102/10769986030003261, equation 8.

    Examples
    --------
    >>> tau_squared, trace = between_cities(np.array([-0.3, 0.0, 0.3]), np.array([0.01, 0.01, 0.01]))
    >>> round(tau_squared, 6)
    0.08
    """
    ceiling = 4 * float(np.var(effects, ddof=1)) + float(variances.max())
    tau_squared = largest(lambda values: restricted_loglik(values, effects, variances, X), ceiling)
    return tau_squared, float(np.sum(projection(variances + tau_squared, X) ** 2))


def largest(loglik: Loglik, ceiling: float) -> float:
    """Give the τ² ≥ 0 at which a log-likelihood, a function of several τ² at once, is largest, up to a ceiling."""
    grid = np.concatenate([[0.0], np.geomspace(1e-8, 1.0, 80) * ceiling])
    best = int(np.argmax(loglik(grid)))
    if best == 0:
        return 0.0
    found = minimize_scalar(
        lambda value: -loglik(np.array([value]))[0],
        bounds=(grid[best - 1], grid[min(best + 1, len(grid) - 1)]),
        method="bounded",
        options={"xatol": 1e-13 * ceiling},
    )
    return float(found.x)


def tau_limits(
    effects: Array, variances: Array, tau_squared: float, X: Array | None = None, *, share: float = 0.8
) -> tuple[float, float]:
    """One-sided lower and upper limits of τ, each of confidence ``share``; see `likelihood_limits`.

    Parameters
    ----------
    effects, variances : ndarray, shape (m,)
    tau_squared : float
        The maximum, as `between_cities` returns it.
    X : ndarray, shape (m, q), optional
        As in `between_cities`.
    share : float
        Confidence of each limit.

    Examples
    --------
    >>> effects, variances = np.array([-0.3, 0.0, 0.3]), np.array([0.01, 0.01, 0.01])
    >>> [round(limit, 2) for limit in tau_limits(effects, variances, between_cities(effects, variances)[0])]
    [0.18, 0.48]
    """
    return likelihood_limits(
        lambda values: restricted_loglik(values, effects, variances, X), tau_squared, float(variances.max()), share
    )


def likelihood_limits(loglik: Loglik, tau_squared: float, step: float, share: float = 0.8) -> tuple[float, float]:
    """Give the ends of {τ : l(τ²) ≥ l(τ̂²) − z²/2}, z the normal quantile of ``share``; 0 where l(0) is not below.

    Parameters
    ----------
    loglik : callable
        Of several τ² at once.
    tau_squared : float
        Its maximum.
    step : float
        How far beyond it the upper end is looked for first.
    share : float
        Confidence of each limit.
    """
    top = float(loglik(np.array([tau_squared]))[0])
    cut = top - float(inference.critical(np.inf, 2 * share - 1)) ** 2 / 2

    def spare(value: float) -> float:
        return float(loglik(np.array([value]))[0]) - cut

    beyond = tau_squared + step
    while spare(beyond) > 0:
        beyond *= 4
    lower = 0.0 if spare(0.0) >= 0 else float(brentq(spare, 0.0, tau_squared))
    return float(np.sqrt(lower)), float(np.sqrt(brentq(spare, tau_squared, beyond)))


def restricted_loglik(tau_squared: Array, effects: Array, variances: Array, X: Array | None = None) -> Array:
    """Restricted log-likelihood at each τ², up to a constant."""
    total = variances[None, :] + tau_squared[:, None]
    weights = 1 / total
    if X is None:
        mean = weights @ effects / weights.sum(axis=1)
        squares = (weights * (effects[None, :] - mean[:, None]) ** 2).sum(axis=1)
        return np.asarray(-0.5 * (np.log(total).sum(axis=1) + np.log(weights.sum(axis=1)) + squares))
    inner = np.einsum("gm,mp,mq->gpq", weights, X, X)
    beta = np.linalg.solve(inner, ((weights * effects) @ X)[:, :, None])[:, :, 0]
    squares = (weights * (effects - beta @ X.T) ** 2).sum(axis=1)
    return np.asarray(-0.5 * (np.log(total).sum(axis=1) + np.linalg.slogdet(inner)[1] + squares))


def projection(total: Array, X: Array | None = None) -> Array:
    """P = W − WX(X'WX)⁻¹X'W with W the inverse of total variances; shape (m, m)."""
    weights = 1 / total
    columns = np.ones((len(total), 1)) if X is None else X
    weighted = weights[:, None] * columns
    return np.asarray(np.diag(weights) - weighted @ np.linalg.solve(columns.T @ weighted, weighted.T))


def probability_of_zero(variances: Array, tau: float, X: Array | None = None) -> float:
    """Probability that τ̂ = 0 although cities spread by τ: that the score at 0, y'PPy − tr(P), is not positive.

    Parameters
    ----------
    variances : ndarray, shape (m,)
    tau : float
    X : ndarray, shape (m, q), optional
        As in `between_cities`.

    Examples
    --------
    >>> [round(probability_of_zero(np.full(10, 0.01), tau), 2) for tau in (0.0, 0.1, 0.2)]
    [0.56, 0.12, 0.01]
    """
    P = projection(variances, X)
    root = np.sqrt(variances + tau**2)
    weights = np.linalg.eigvalsh(root[:, None] * (P @ P) * root)
    return inference.chi_square_sum_probability(float(np.trace(P)), weights)


def trait_columns(traits: Array) -> Array:
    """Give a constant and covariates of the comparison cities, about their mean; refused where they tell nothing.

    Parameters
    ----------
    traits : ndarray, shape (m, p)

    Returns
    -------
    ndarray, shape (m, 1 + p)

    Raises
    ------
    EstimationError
        When a covariate is the same in all comparison cities or follows from others, or two cities or fewer would be
        left to tell their spread.
    """
    X = np.column_stack([np.ones(len(traits)), traits - traits.mean(axis=0)])
    if np.linalg.matrix_rank(X) < X.shape[1] or len(X) - X.shape[1] < 2:
        raise EstimationError(
            f"{X.shape[1] - 1} covariates cannot be told apart in {len(X)} comparison cities",
            mend="leave some out; ten cities for each are wanted",
        )
    return X


def adjustment(effects: Array, total: Array, X: Array, away: Array) -> tuple[float, float]:
    """Give what the slopes make of a distance from the mean, and its variance after Knapp and Hartung.

    Parameters
    ----------
    effects, total : ndarray, shape (m,)
        Effects and their variances, τ² among these.
    X : ndarray, shape (m, 1 + p)
        As `trait_columns` gives it.
    away : ndarray, shape (p,)

    References
    ----------
    Knapp & Hartung (2003), doi:10.1002/sim.1482: (X'WX)⁻¹ times Σ w r² / (m − p − 1), here never less
    than once.
    """
    inverse = np.linalg.inv(X.T @ (X / total[:, None]))
    beta = inverse @ X.T @ (effects / total)
    scale = float(np.sum((effects - X @ beta) ** 2 / total)) / (len(X) - X.shape[1])
    return float(away @ beta[1:]), float(away @ inverse[1:, 1:] @ away) * max(1.0, scale)
