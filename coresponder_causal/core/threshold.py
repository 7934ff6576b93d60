"""Thresholds of suspicion from how often it is acted on and how often it proves right, group by group."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import approx_fprime, minimize
from scipy.special import expit, logit, ndtr, xlog1py, xlogy

from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]
prior_sd = np.array([2.0, 1.0, 0.5, 0.5, 2.0, 0.5])  # of group and place effects on base rate, signal and threshold


class Thresholds(NamedTuple):
    """Thresholds of each group.

    Parameters
    ----------
    threshold : ndarray, shape (groups,)
        Probability at which it is acted on, at the mean place.
    logit, vcov : ndarray, shape (groups,) and (groups, groups)
        The same on the logit scale, and its covariance.
    acted, right : ndarray, shape (groups, places)
        Fitted shares: acted on, and found right of those.
    """

    threshold: Array
    logit: Array
    vcov: Array
    acted: Array
    right: Array


def threshold_test(calls: ArrayLike, acted: ArrayLike, right: ArrayLike) -> Thresholds:
    """Fit thresholds by the most likely parameters under weak priors, errors by the curvature there.

    Of a group g at a place d a share φ has what is looked for; signals are N(δ, 1) of those and N(0, 1) of the others,
    and it is acted on where the probability given the signal exceeds t. Then P(act) = φ Φ(δ − x) + (1 − φ) Φ(−x) and
    P(right | act) = φ Φ(δ − x) / P(act), x = (logit t − logit φ)/δ + δ/2. logit φ, log δ and logit t are sums of an
    effect of the group and one of the place.

    Parameters
    ----------
    calls, acted, right : array_like of int, shape (groups, places)
        Calls, those acted on, and those of them found right.

    Returns
    -------
    Thresholds

    Raises
    ------
    EstimationError
        Counts that do not nest, one group, one place, or a fit that did not settle.

    Notes
    -----
    Hit rates alone mislead where groups differ in how far calls lie from the threshold (infra-marginality); this model
    allows for that at the price of its normal signals. A single place identifies nothing but the priors.

    References
    ----------
    Simoiu, Corbett-Davies & Goel (2017), doi:10.1214/17-AOAS1058; Pierson, Corbett-Davies & Goel (2018),
    arXiv:1702.08536.

    Examples
    --------
    >>> calls = np.full((2, 3), 10_000)
    >>> acted, right = [[3000, 2000, 1000], [4500, 3300, 2000]], [[1500, 1100, 600], [1500, 1200, 800]]
    >>> found = threshold_test(calls, acted, right)
    >>> bool(found.threshold[0] > found.threshold[1])
    True
    """
    n, s, h = (np.asarray(each, float) for each in (calls, acted, right))
    if n.ndim != 2 or min(n.shape) < 2 or not (n.shape == s.shape == h.shape):
        raise EstimationError("a threshold needs counts of two groups at two places or more", mend="name places")
    if ((h > s) | (s > n) | (h < 0)).any():
        raise EstimationError("of some calls more were right than acted on, or acted on than there", mend="recount")
    groups, places = n.shape
    parts = np.tile([groups, places], 3)
    scale = np.repeat(prior_sd, parts)

    def minus_log(theta: Array) -> float:
        share, hit, _ = _rates(theta, groups, places)
        told = xlogy(s, share) + xlog1py(n - s, -share) + xlogy(h, hit) + xlog1py(s - h, -hit)
        return float(-told.sum() + ((theta - centre) ** 2 / scale**2).sum() / 2)

    centre = np.zeros(int(parts.sum()))
    own, hits = slice(2 * (groups + places), 2 * (groups + places) + groups), h.sum() / max(s.sum(), 1.0)
    centre[:groups], centre[own] = logit(np.clip([hits / 2, hits / 1.5], 0.01, 0.99))
    found = minimize(minus_log, centre, method="BFGS", options={"gtol": 1e-4 * max(1.0, n.sum() / 1e4), "maxiter": 500})
    slope = approx_fprime(found.x, minus_log, 1e-6)
    if not np.isfinite(found.fun) or np.abs(slope).max() > 1e-3 * max(10.0, n.sum()):
        raise EstimationError("the thresholds did not settle", mend="merge small groups or places")
    curvature = _hessian(minus_log, found.x)
    share, hit, _ = _rates(found.x, groups, places)
    at = found.x[own] + found.x[own.stop :].mean()
    return Thresholds(expit(at), at, np.linalg.inv(curvature)[own, own], share, hit)


def _rates(theta: Array, groups: int, places: int) -> tuple[Array, Array, Array]:
    """Shares acted on and right, and logit thresholds, each of shape (groups, places)."""
    step = groups + places
    base, strength, cut = (
        theta[k * step : k * step + groups, None] + theta[None, k * step + groups : (k + 1) * step] for k in range(3)
    )
    phi, delta = expit(base), np.exp(np.clip(strength, -4, 3))
    x = (cut - base) / delta + delta / 2
    true, false = phi * ndtr(delta - x), (1 - phi) * ndtr(-x)
    share = np.clip(true + false, 1e-12, 1 - 1e-12)
    return share, np.clip(true / share, 1e-12, 1 - 1e-12), cut


def _hessian(function: Callable[[Array], float], at: Array, step: float = 1e-3) -> Array:
    """Second derivatives by central differences."""
    k, eye = len(at), np.eye(len(at)) * step
    found = np.empty((k, k))
    for i in range(k):
        for j in range(i + 1):
            corners = [function(at + a * eye[i] + b * eye[j]) * a * b for a in (1, -1) for b in (1, -1)]
            found[i, j] = found[j, i] = sum(corners) / (4 * step**2)
    return found
