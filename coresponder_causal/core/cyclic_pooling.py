"""Noisy numbers of the hours of the week, each drawn towards a daily and a weekly wave as far as the data ask for.

y = δ + ε, ε ~ N(0, Σ); δ = μ + Hθ + u: H holds three harmonics of the day and two of the week, θ ~ N(0, ω²/5) so that
the waves have standard deviation ω, and u ~ N(0, υ²) lets single hours depart. μ has a flat prior. The restricted
likelihood of (ω, υ) is laid out on a grid, and what follows is averaged over it: the spread of the waves is not known
either, and a choice of the best hours made as if it were would promise too much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Array = NDArray[np.float64]
harmonics = ((24, 3), (168, 2))
waves = (0.0, 0.05, 0.1, 0.2, 0.35, 0.55, 0.8, 1.2)
departures = (0.0, 0.1, 0.3, 0.7)
negligible = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledCycle:
    """What the hours are, given all of them.

    Parameters
    ----------
    mean : ndarray, shape (m,)
    covariance : ndarray, shape (m, m)
        Of δ given the data, averaged over the grid.
    wave, departure : float
        Mean standard deviation of the waves and of single hours around them.
    weights : ndarray, shape (g,)
        Of the points of the grid.
    means : ndarray, shape (g, m)
    covariances : ndarray, shape (g, m, m)
        At these points.
    """

    mean: Array
    covariance: Array
    wave: float
    departure: float
    weights: Array
    means: Array
    covariances: Array

    def draws(self, number: int, rng: np.random.Generator) -> Array:
        """Draw δ, shape (number, m)."""
        point = rng.choice(len(self.weights), size=number, p=self.weights)
        normal = rng.standard_normal((number, len(self.mean)))
        drawn = np.empty_like(normal)
        for g in np.unique(point):
            own = point == g
            drawn[own] = self.means[g] + normal[own] @ _root(self.covariances[g]).T
        return drawn


def basis(hours: NDArray[np.int64]) -> Array:
    """Cosines and sines of the day and of the week at hours of the week, shape (m, 10)."""
    angles = [2 * np.pi * k * hours / period for period, most in harmonics for k in range(1, most + 1)]
    return np.column_stack([wave(angle) for angle in angles for wave in (np.cos, np.sin)])


def pooled_cycle(estimate: Array, covariance: Array, hours: NDArray[np.int64]) -> PooledCycle:
    """Pool estimates of hours of the week.

    Parameters
    ----------
    estimate : ndarray, shape (m,)
        At least three.
    covariance : ndarray, shape (m, m)
        Σ, positive definite.
    hours : ndarray of int, shape (m,)
        Hours of the week, Monday 00:00 first.

    References
    ----------
    Harville (1977), Maximum likelihood approaches to variance component estimation, doi:10.1080/01621459.1977.10480998;
    Andrews, Kitagawa & McCloskey (2024), Inference on winners, doi:10.1093/qje/qjad043.

    Examples
    --------
    >>> hours = np.arange(168)
    >>> noise = np.random.default_rng(1).normal(size=168)
    >>> found = pooled_cycle(5 + 0.1 * np.cos(2 * np.pi * hours / 24) + noise, np.eye(168), hours)
    >>> bool(found.mean.std() < 0.3 < noise.std())
    True
    """
    f = basis(hours)
    pattern = f @ f.T / (f.shape[1] / 2)
    scale = float(np.std(estimate)) or 1.0
    grid = [(scale * wave, scale * depart) for wave in waves for depart in departures]
    priors = [wave**2 * pattern + depart**2 * np.eye(len(estimate)) for wave, depart in grid]
    fits = [_given(estimate, covariance, prior) for prior in priors]
    height = np.array([fit[0] for fit in fits])
    weights = np.exp(height - height.max())
    weights /= weights.sum()
    kept = np.flatnonzero(weights > negligible)
    w = weights[kept] / weights[kept].sum()
    means = np.array([fits[g][1] for g in kept])
    covariances = np.array([_left(covariance, priors[g]) for g in kept])
    mean = w @ means
    apart = means - mean
    spread = np.array(grid)[kept]
    return PooledCycle(
        mean=mean,
        covariance=np.tensordot(w, covariances, 1) + (w * apart.T) @ apart,
        wave=float(w @ spread[:, 0]),
        departure=float(w @ spread[:, 1]),
        weights=w,
        means=means,
        covariances=covariances,
    )


def _given(y: Array, sigma: Array, prior: Array) -> tuple[float, Array]:
    """Restricted log likelihood and mean of δ at one point of the grid."""
    factor = cho_factor(sigma + prior, lower=True)
    ones = np.ones(len(y))
    solved = cho_solve(factor, np.column_stack([ones, y]))
    information = float(solved[:, 0].sum())
    mu = float(solved[:, 1].sum()) / information
    residual = solved[:, 1] - mu * solved[:, 0]  # V⁻¹(y − μ)
    height = -np.log(np.diag(factor[0])).sum() - 0.5 * np.log(information) - 0.5 * float((y - mu) @ residual)
    return float(height), mu + prior @ residual


def _left(sigma: Array, prior: Array) -> Array:
    """Covariance of δ given the data at one point of the grid."""
    factor = cho_factor(sigma + prior, lower=True)
    ones = np.ones(len(sigma))
    solved = cho_solve(factor, np.column_stack([ones, prior]))
    left = ones - prior @ solved[:, 0]
    return np.asarray(prior - prior @ solved[:, 1:] + np.outer(left, left) / solved[:, 0].sum(), float)


def _root(covariance: Array) -> Array:
    """Symmetric square root; rounding below zero is cut off."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
