"""Proportional odds of an ordered answer, by maximum likelihood."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]
most_steps, still = 60, 1e-9


class OrderedFit(NamedTuple):
    """Coefficients β (k,), their covariance (k, k), and the log likelihood."""

    coef: Array
    vcov: Array
    log_likelihood: float


def ordered_logit(matrix: Array, y: Array) -> OrderedFit:
    """Fit log odds(Y > c) = xβ − κ_c for every cut c below the highest answer given.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Regressors without a constant.
    y : ndarray, shape (n,)
        Answers; only their order counts.

    Returns
    -------
    OrderedFit

    Raises
    ------
    EstimationError
        One answer only, or answers that the regressors tell apart without error.

    References
    ----------
    McCullagh (1980), doi:10.1111/j.2517-6161.1980.tb01109.x.

    Examples
    --------
    >>> found = ordered_logit(np.array([[0.0], [0], [0], [1], [1], [1]]), np.array([1.0, 1, 2, 1, 2, 2]))
    >>> round(float(found.coef[0]), 3)
    1.386
    """
    levels, rank = np.unique(y, return_inverse=True)
    cuts = len(levels) - 1
    if cuts < 1:
        raise EstimationError("everybody gave the same answer", mend="leave the item out")
    reached = np.array([np.mean(rank > c) for c in range(cuts)])
    centre = matrix.mean(axis=0)
    x = matrix - centre
    theta = np.concatenate([-np.log(reached / (1 - reached)), np.zeros(x.shape[1])])
    value, slope, hessian = _derivatives(theta, x, rank, cuts)
    for _ in range(most_steps):
        step = np.linalg.lstsq(hessian, slope, rcond=None)[0]
        share = 1.0
        while share > 1e-6:
            trial = _derivatives(theta + share * step, x, rank, cuts)
            if trial[0] >= value - 1e-12:
                break
            share /= 2
        theta, (value, slope, hessian) = theta + share * step, trial
        if np.abs(step).max() < still:
            vcov = np.asarray(np.linalg.inv(hessian)[cuts:, cuts:], float)
            return OrderedFit(theta[cuts:], vcov, value)
    raise EstimationError(
        f"the ordered logit of {len(y)} answers did not settle: some regressor tells answers apart",
        mend="bring more persons, or merge answers that few gave",
    )


def _derivatives(theta: Array, x: Array, rank: NDArray[np.intp], cuts: int) -> tuple[float, Array, Array]:
    """Log likelihood, its gradient and the negative of its Hessian in (κ, β)."""
    kappa, eta = theta[:cuts], x @ theta[cuts:]
    if (np.diff(kappa) <= 0).any():
        return -np.inf, np.zeros_like(theta), np.eye(len(theta))
    n = len(rank)
    upper, lower = np.append(kappa, np.inf)[rank] - eta, np.append(-np.inf, kappa)[rank] - eta
    above, below = expit(upper), expit(lower)
    share = np.maximum(above - below, 1e-300)
    a, b = above * (1 - above), below * (1 - below)  # densities at both cuts
    own = [np.zeros((n, cuts)), np.zeros((n, cuts))]
    for mark, place in zip(own, (rank, rank - 1), strict=True):
        inside = (place >= 0) & (place < cuts)
        mark[np.flatnonzero(inside), place[inside]] = 1.0
    up, down = (np.hstack([mark, -x]) for mark in own)
    first = up * (a / share)[:, None] - down * (b / share)[:, None]
    bent = (up * (a * (1 - 2 * above) / share)[:, None]).T @ up - (
        down * (b * (1 - 2 * below) / share)[:, None]
    ).T @ down
    return float(np.log(share).sum()), first.sum(axis=0), first.T @ first - bent
