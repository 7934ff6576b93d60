"""Mean outcomes of treated and untreated units, as they are or by weighted regression, and how units move them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.regressors import independent

Array = NDArray[np.float64]
Regression = Literal["none", "shared", "by_arm"]
rounding = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmMeans:
    """What the mean outcome of a target is with and without the treatment.

    Parameters
    ----------
    treated, untreated : float
        The two means.
    per_weight, per_target : ndarray, shape (n, 2)
        Derivative of both in the weight of each unit in the regression, and in its weight in the target.
    predicted : ndarray, shape (n, 2)
        Both outcomes of each unit by the regression.
    spent : int
        Coefficients of the regression.
    absorbed : tuple of int
        Covariates that are left out of the regression of an arm or of both, being combinations of others there.
    """

    treated: float
    untreated: float
    per_weight: Array
    per_target: Array
    predicted: Array
    spent: int
    absorbed: tuple[int, ...] = ()


def arm_means(
    y: Array, weights: Array, treated: NDArray[np.bool_], covariates: Array, target: Array, *, regression: Regression
) -> ArmMeans:
    """Predict the mean outcome of a target in both arms by weighted least squares.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Outcome.
    weights : ndarray, shape (n,)
        Weights w of the regression, 0 where a unit is not used.
    treated : ndarray of bool, shape (n,)
    covariates : ndarray, shape (n, p)
        x; not looked at without a regression.
    target : ndarray, shape (n,)
        Weights τ of the units whose mean is asked for.
    regression : {"none", "shared", "by_arm"}
        A mean for each arm; with coefficients of x that both arms share; or with coefficients of their own.

    Returns
    -------
    ArmMeans
        m_a = z_a'β with β = (Σ w z z')⁻¹ Σ w z y and z_a the regressors of arm a at the target's mean x̄ = Σ τ x / Σ τ.

    Raises
    ------
    EstimationError
        An arm of which no unit is used.

    References
    ----------
    Imbens & Wooldridge (2009), doi:10.1257/jel.47.1.5, section 5.3; Lin (2013), doi:10.1214/12-AOAS583.

    Examples
    --------
    >>> x, treated = np.array([[0.0], [1.0], [0.0], [2.0]]), np.array([True, True, False, False])
    >>> y, one = np.array([3.0, 5.0, 0.0, 2.0]), np.ones(4)
    >>> found = arm_means(y, one, treated, x, treated.astype(float), regression="by_arm")
    >>> round(found.treated, 9), round(found.untreated, 9)
    (4.0, 0.5)
    """
    x = np.empty((len(y), 0)) if regression == "none" else covariates
    used, arms = weights > 0, np.column_stack([treated, ~treated]).astype(float)
    for arm, word in ((treated, "treated"), (~treated, "untreated")):
        if not (used & arm).any():
            raise EstimationError(f"no {word} unit has a weight", mend="compare units of both kinds")
    spread = x[used].std(axis=0)
    x = (x - x[used].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    rows = _regressors(arms, x, regression)
    kept = independent(np.sqrt(weights[used])[:, None] * rows[used])
    rows = rows[:, kept]
    bread = np.linalg.inv((rows * weights[:, None]).T @ rows)
    middle, share = np.average(y, weights=weights), target / target.sum()
    beta = bread @ (rows.T @ (weights * (y - middle)))
    smallest = rounding * np.abs(y - middle).max()
    residual = _not_rounding(y - middle - rows @ beta, smallest)
    predicted, per_weight = np.empty((len(y), 2)), np.empty((len(y), 2))
    for a in (0, 1):
        as_if = _regressors(np.broadcast_to(np.eye(2)[a], arms.shape), x, regression)[:, kept]
        predicted[:, a] = middle + as_if @ beta
        per_weight[:, a] = (rows @ (bread @ (share @ as_if))) * residual
    means = _not_rounding(share @ predicted, smallest)
    lost = np.flatnonzero(~kept) - 2
    return ArmMeans(
        treated=float(means[0]),
        untreated=float(means[1]),
        per_weight=per_weight,
        per_target=_not_rounding(predicted - means, smallest) / target.sum(),
        predicted=predicted,
        spent=int(kept.sum()),
        absorbed=tuple(sorted({int(place) % x.shape[1] for place in lost})),
    )


def _regressors(arms: Array, x: Array, regression: Regression) -> Array:
    """Constants of the arms, and covariates once or for each arm."""
    if regression == "by_arm":
        return np.column_stack([arms, arms[:, [0]] * x, arms[:, [1]] * x])
    return np.column_stack([arms, x])


def _not_rounding(values: Array, smallest: float) -> Array:
    return np.where(np.abs(values) < smallest, 0.0, values)
