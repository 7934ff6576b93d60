"""Months before and after in which nothing changes, drawn with what is not known of their variances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.control_chart import PreModel, fit_variances, points

Array = NDArray[np.float64]


def null_histories(model: PreModel, residuals: Array, *, draws: int, rng: np.random.Generator) -> Array:
    """Draw months before and after in which nothing changes, with what is not known of the variances.

    Parameters
    ----------
    model : PreModel
    residuals : ndarray, shape (n,)
        Of the months seen.
    draws : int
    rng : Generator

    Returns
    -------
    ndarray, shape (draws, n + h)
        Counts: a persistent AR(1) part, and counting noise of the variance left: negative binomial where it is above
        Poisson's, binomial where it is below.
    """
    fitted = fit_variances(model, residuals[None])
    drawn = rng.choice(len(points), size=draws, p=fitted.weights[:, 0])
    sigma2 = fitted.sigma2[drawn, 0] * model.df / rng.chisquare(model.df, draws)
    rho, phi = points[drawn].T
    noise = np.maximum(model.floor, (1 - phi) * sigma2)
    lasting = np.sqrt(np.maximum(sigma2 - noise, 0.0))
    steps = np.diff(model.positions, prepend=model.positions[0])
    course, state = np.empty((draws, len(model.mean))), rng.normal(size=draws)
    for month, step in enumerate(steps):
        state = rho**step * state + np.sqrt(1 - rho ** (2 * step)) * rng.normal(size=draws)
        course[:, month] = state
    mean = np.maximum(model.mean + np.sqrt(model.mean) * lasting[:, None] * course, 0.0)
    return _counts(mean, noise[:, None], rng)


def _counts(mean: Array, noise: Array, rng: np.random.Generator) -> Array:
    """Draw counts with these means and variances ``noise`` times as large."""
    more = np.broadcast_to(noise > 1.001, mean.shape)
    less = np.broadcast_to(noise < 0.999, mean.shape)
    excess = np.where(more, noise - 1, 1.0)
    rates = np.where(more, excess * rng.standard_gamma(np.maximum(mean / excess, 1e-12)), mean)
    missing = np.where(less, 1 - noise, 1.0)
    whole = mean / missing
    trials = np.floor(whole + rng.random(mean.shape)).astype(int)
    return np.where(less, rng.binomial(trials, missing), rng.poisson(rates)).astype(float)
