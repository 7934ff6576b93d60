"""Bounds on weighted means where hidden causes move everybody's odds of treatment by up to a factor Λ.

The weight of a call is s(a + r z): s its sampling weight, a 1 where its arm speaks for itself too (else 0), r its odds
of the other arm, z between 1/Λ and Λ. The marginal sensitivity model leaves z open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Contrast = Literal["ATT", "ATE", "ATC"]
Bounds = Literal["sharp", "sorted"]
most_steps, before_new, still, decided = 40, 10, 1e-7, 30.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calls:
    """Calls whose arms are compared by weights from a logistic regression.

    Parameters
    ----------
    rows : ndarray, shape (n, p)
        Regressors of the log odds of treatment, the constant among them.
    treated : ndarray of bool, shape (n,)
    y, sampling : ndarray, shape (n,)
        Outcomes and sampling weights.
    coef : ndarray, shape (p,)
        Coefficients fitted to all calls: where repeated fits start.
    contrast : {"ATT", "ATE", "ATC"}
    """

    rows: Array
    treated: Booleans
    y: Array
    sampling: Array
    coef: Array
    contrast: Contrast


def effect_bounds(calls: Calls, weights: Iterable[Array], lambdas: Array, kind: Bounds) -> Iterator[Array]:
    """Least and largest difference of the arms for each draw of weights, shape (k, 2); NaN without a fit.

    Parameters
    ----------
    calls : Calls
    weights : iterable of ndarray, shape (n,)
        Sampling weights of each draw.
    lambdas : ndarray, shape (k,)
    kind : {"sharp", "sorted"}
        ``"sharp"``: the weights z have mean 1 given covariates, used through a quantile of the outcome given them;
        ``"sorted"``: any z, the largest for the largest outcomes.

    References
    ----------
    Zhao, Small & Bhattacharya (2019), doi:10.1111/rssb.12327; Dorn & Guo (2023), doi:10.1080/01621459.2022.2069572.
    """
    p = expit(calls.rows @ calls.coef)
    inverse = _inverse_information(calls.rows, calls.sampling * p * (1 - p))
    treated, untreated = (_arm(calls, lambdas, kind, treated=side) for side in (True, False))
    for drawn in weights:
        eta = refitted(calls, drawn, inverse)
        if eta is None:
            yield np.full((len(lambdas), 2), np.nan)
            continue
        first = _arm_bounds(treated, drawn[treated.rows], np.exp(-eta[treated.rows]), lambdas)
        second = _arm_bounds(untreated, drawn[untreated.rows], np.exp(eta[untreated.rows]), lambdas)
        yield first - second[:, ::-1]


def refitted(calls: Calls, weights: Array, inverse: Array) -> Array | None:
    """Log odds of a logistic regression with weights, from the fit to all calls; None where there is none.

    Steps take the inverse information of the fit to all calls, which is nearly that of a draw and costs nothing, and
    look at it anew where that does not converge. They end where no log odds moves by 1e-7.
    """
    coef, outcome = calls.coef, calls.treated.astype(float)
    for turn in range(most_steps):
        p = expit(calls.rows @ coef)
        if turn and turn % before_new == 0:
            try:
                inverse = _inverse_information(calls.rows, weights * p * (1 - p))
            except np.linalg.LinAlgError:
                return None
        step = inverse @ (calls.rows.T @ (weights * (outcome - p)))
        coef, moved = coef + step, float(np.abs(calls.rows @ step).max())
        if moved < still:
            return np.asarray(calls.rows @ coef, float)
        if not moved < decided:
            return None
    return None


def _inverse_information(rows: Array, weights: Array) -> Array:
    return np.asarray(np.linalg.inv((rows * weights[:, None]).T @ rows), float)


def person_draws(person: NDArray[np.int64], sampling: Array, replications: int, seed: int) -> Iterator[Array]:
    """Draw as many persons as there are: sampling weights times how often each call's was drawn, shape (n,)."""
    rng = np.random.default_rng(seed)
    many = int(person.max()) + 1
    for _ in range(replications):
        yield sampling * np.bincount(rng.integers(0, many, many), minlength=many)[person]


class _Arm(NamedTuple):
    """One arm, its calls in the order of their outcomes, with what does not change from draw to draw."""

    rows: NDArray[np.int64]
    y: Array
    own: float
    other: float
    values: Array | None


def _arm(calls: Calls, lambdas: Array, kind: Bounds, *, treated: bool) -> _Arm:
    members = np.flatnonzero(calls.treated == treated)
    rows = members[np.argsort(calls.y[members], kind="stable")]
    mine, others = ("ATT", "ATC") if treated else ("ATC", "ATT")
    own, other = float(calls.contrast != others), float(calls.contrast != mine)
    values = None
    if kind == "sharp" and other:
        values = balanced_values(calls.y[rows], calls.rows[rows], calls.sampling[rows], lambdas)
    return _Arm(rows, calls.y[rows], own, other, values)


def _arm_bounds(arm: _Arm, weights: Array, odds: Array, lambdas: Array) -> Array:
    """Least and largest mean of the arm for each Λ, shape (k, 2)."""
    moving, fixed = weights * odds * arm.other, weights * arm.own
    base, total = float(fixed @ arm.y), float(fixed.sum())
    if not arm.other:
        return np.full((len(lambdas), 2), base / total)
    if arm.values is not None:
        return np.asarray((base + arm.values @ moving) / (total + moving.sum()), float)
    return sorted_bounds(arm.y, moving, base, total, lambdas)


def sorted_bounds(y: Array, moving: Array, base: float, total: float, lambdas: Array) -> Array:
    """Extremes of (b + Σ z m y)/(t + Σ z m) over 1/Λ ≤ z ≤ Λ, the outcomes y in increasing order; shape (k, 2).

    The extremes have z = Λ on one side of a threshold of y and 1/Λ on the other: every threshold is tried.

    Examples
    --------
    >>> sorted_bounds(np.array([0.0, 1.0]), np.ones(2), 0.0, 0.0, np.array([1.0, 2.0])).round(3).tolist()
    [[0.5, 0.5], [0.2, 0.8]]
    """
    up, sums = (np.concatenate([[0.0], np.cumsum(part)]) for part in (moving * y, moving))
    found = np.empty((len(lambdas), 2))
    for place, most in enumerate(lambdas):
        more = most - 1 / most
        above, below = base + up[-1] / most, total + sums[-1] / most
        found[place, 0] = ((above + more * up) / (below + more * sums)).min()
        found[place, 1] = ((above + more * (up[-1] - up)) / (below + more * (sums[-1] - sums))).max()
    return found


def balanced_values(y: Array, rows: Array, weights: Array, lambdas: Array) -> Array:
    """Outcomes that the worst z with mean 1 given covariates would show, least and largest; shape (k, 2, n).

    With q the quantile Λ/(1 + Λ) of the outcome given the covariates, the largest is q + Λ(y − q) above it and
    q + (y − q)/Λ below. A wrong q gives bounds that are wider, not wrong.

    References
    ----------
    Dorn & Guo (2023), doi:10.1080/01621459.2022.2069572; He (1997), doi:10.1080/00031305.1997.10473959 (quantiles of a
    linear mean and a linear scale).
    """
    shares = lambdas / (1 + lambdas)
    low, high = (conditional_quantiles(y, rows, weights, share) for share in (1 - shares, shares))
    most = lambdas[:, None]
    least = low + np.where(y > low, 1 / most, most) * (y - low)
    return np.stack([least, high + np.where(y > high, most, 1 / most) * (y - high)], axis=1)


def conditional_quantiles(y: Array, rows: Array, weights: Array, shares: Array) -> Array:
    """Estimate quantiles given covariates, shape (k, n), by a linear mean and scale, or the linear chance of yes."""
    root = np.sqrt(weights)[:, None]
    mean = rows @ np.linalg.lstsq(rows * root, y * root[:, 0], rcond=None)[0]
    if np.isin(y, [0.0, 1.0]).all():
        return np.asarray(mean[None, :] > 1 - shares[:, None], float)
    away = np.abs(y - mean)
    scale = rows @ np.linalg.lstsq(rows * root, away * root[:, 0], rcond=None)[0]
    scale = np.maximum(scale, max(0.1 * float(np.average(away, weights=weights)), 1e-300))
    return np.asarray(mean + np.outer(np.quantile((y - mean) / scale, shares), scale), float)
