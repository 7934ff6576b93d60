"""Thresholds of suspicion from how often it is acted on and how often it proves right, group by group."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit, ndtr, xlog1py, xlogy

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import chi_square_p_value, chi_square_quantile

Array = NDArray[np.float64]
prior_sd = (2.0, 1.0, 1.0, 0.5, 2.0, 0.5)  # of groups and places: base rate, strength of the signal, threshold
still_to_gain = 0.05  # of the log likelihood, at most, where a fit stops
furthest = 6.0  # log odds between two thresholds that are looked for


class Thresholds(NamedTuple):
    """Thresholds of each group, the first being the reference.

    Parameters
    ----------
    threshold : ndarray, shape (groups,)
        Probability at which it is acted on, at the mean place.
    difference, low, high, p_value : ndarray, shape (groups,)
        Log odds of the threshold less the reference's, with interval and p-value; 0, NaN of the reference.
    acted, right : ndarray, shape (groups, places)
        Fitted shares: acted on, and found right of those.
    """

    threshold: Array
    difference: Array
    low: Array
    high: Array
    p_value: Array
    acted: Array
    right: Array


def threshold_test(
    calls: ArrayLike, acted: ArrayLike, right: ArrayLike, *, known: ArrayLike | None = None, level: float = 0.95
) -> Thresholds:
    """Fit thresholds by the most likely parameters under weak priors, and how far they can move at little loss.

    Of a group g at a place d a share φ has what is looked for; signals are N(δ, 1) of those and N(0, 1) of the others,
    and it is acted on where the probability given the signal exceeds t. Then P(act) = φ Φ(δ − x) + (1 − φ) Φ(−x) and
    P(right | act) = φ Φ(δ − x) / P(act), x = (logit t − logit φ)/δ + δ/2. logit φ, log δ and logit t are sums of an
    effect of the group and one of the place.

    Parameters
    ----------
    calls, acted, right : array_like of int, shape (groups, places)
        Calls, those acted on, and those of them found right; effective numbers need not be whole.
    known : array_like, shape (groups, places), optional
        Those acted on of which it is known whether that was right; by default all.
    level : float
        Of the intervals, by the ratio of likelihoods: the likelihood is too skewed for standard errors.

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
    n, s, h, v = (np.asarray(each, float) for each in (calls, acted, right, acted if known is None else known))
    if n.ndim != 2 or min(n.shape) < 2 or not (n.shape == s.shape == h.shape == v.shape):
        raise EstimationError("a threshold needs counts of two groups at two places or more", mend="name places")
    if ((h > v) | (v > s) | (s > n) | (h < 0)).any():
        raise EstimationError("of some calls more were right than acted on, or acted on than there", mend="recount")
    groups, places = n.shape
    scale, cuts = np.repeat(prior_sd, [groups, places] * 3), 2 * (groups + places)
    centre, hits = np.zeros(len(scale)), h.sum() / max(v.sum(), 1.0)
    centre[:groups], centre[cuts] = logit(np.clip([hits / 2, hits / 1.5], 0.01, 0.99))

    def minus_log(theta: Array) -> float:
        share, hit = _rates(theta, groups, places)
        told = xlogy(s, share) + xlog1py(n - s, -share) + xlogy(h, hit) + xlog1py(v - h, -hit)
        return float(-told.sum() + ((theta - centre) ** 2 / scale**2).sum() / 2)

    best, least = _settled(minus_log, centre, None)
    shifts = best[cuts + 1 : cuts + groups]
    ends = [_profile(minus_log, best, least, cuts + 1 + g, level) for g in range(groups - 1)]
    low, high, p = np.vstack([np.full((1, 3), np.nan), np.array(ends)]).T
    apart = np.concatenate([[0.0], shifts])
    at = best[cuts] + apart + best[cuts + groups :].mean()
    return Thresholds(expit(at), apart, low, high, p, *_rates(best, groups, places))


def _settled(function: Callable[[Array], float], start: Array, fixed: tuple[int, float] | None) -> tuple[Array, float]:
    """Minimise, one parameter held where asked."""
    free = np.ones(len(start), bool)
    whole = start.copy()
    if fixed is not None:
        free[fixed[0]], whole[fixed[0]] = False, fixed[1]

    def inner(part: Array) -> float:
        here = whole.copy()
        here[free] = part
        return function(here)

    found = minimize(inner, whole[free], method="BFGS", options={"gtol": 1e-2, "maxiter": 500})
    if not np.isfinite(found.fun) or found.jac @ found.hess_inv @ found.jac > 2 * still_to_gain:
        raise EstimationError("the thresholds did not settle", mend="merge small groups or places")
    whole[free] = found.x
    return whole, float(found.fun)


def _profile(
    function: Callable[[Array], float], best: Array, least: float, which: int, level: float
) -> tuple[float, float, float]:
    """Give the ends of the values of a parameter that the likelihood ratio does not reject, and the p-value of 0."""
    cut = chi_square_quantile(level, 1.0)

    def excess(value: float) -> float:
        return 2 * (_settled(function, best, (which, value))[1] - least) - cut

    at, ends = float(best[which]), []
    for side in (-1.0, 1.0):
        reach = 0.25
        while excess(at + side * reach) < 0 and reach < furthest:
            reach *= 2
        out = excess(at + side * reach) < 0
        ends.append(side * np.inf if out else float(brentq(excess, at, at + side * reach, xtol=0.005)))
    ratio = 2 * (_settled(function, best, (which, 0.0))[1] - least)
    return ends[0], ends[1], float(chi_square_p_value(max(ratio, 0.0), 1.0))


def _rates(theta: Array, groups: int, places: int) -> tuple[Array, Array]:
    """Shares acted on and found right, each of shape (groups, places)."""
    step = groups + places
    base, strength, cut = (
        theta[k * step : k * step + groups, None] + theta[None, k * step + groups : (k + 1) * step] for k in range(3)
    )
    cut = cut + np.where(np.arange(groups) > 0, theta[2 * step], 0.0)[:, None]
    phi, delta = expit(base), np.exp(np.clip(strength, -4, 3))
    x = (cut - base) / delta + delta / 2
    true, false = phi * ndtr(delta - x), (1 - phi) * ndtr(-x)
    share = np.clip(true + false, 1e-12, 1 - 1e-12)
    return share, np.clip(true / share, 1e-12, 1 - 1e-12)
