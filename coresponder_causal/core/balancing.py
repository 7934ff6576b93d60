"""Weights that make covariate means equal: entropy balancing, tilting, covariate balancing propensities."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.logit import Local, Why, logit, newton, tilt_towards, weighted_gram
from coresponder_causal.core.weight_model import Part, WeightModel
from coresponder_causal.core.within_tolerance import tilt_within

Array = NDArray[np.float64]
Contrast = Literal["ATT", "ATE", "ATC"]
merge = "leave out or coarsen covariates, or balance fewer moments"


class Balanced(NamedTuple):
    """Weights before sampling weights, shape (n,), and how they move with their coefficients."""

    weights: Array
    model: WeightModel


class _Tilt(NamedTuple):
    """Odds exp(xγ) on the tilted rows, 0 elsewhere, and their parts."""

    odds: Array
    parts: tuple[Part, ...]


def entropy(
    matrix: Array, treated: NDArray[np.bool_], sampling: Array, contrast: Contrast, *, tolerance: float = 0.0
) -> Balanced:
    """Weights nearest to equal ones, by Kullback and Leibler, that give each arm the means of those spoken of.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        What is balanced, standardised, after a constant.
    treated : ndarray of bool, shape (n,)
    sampling : ndarray, shape (n,)
        Sampling weights.
    contrast : {"ATT", "ATE", "ATC"}
        Arms take the means of the treated, of all, or of the untreated.
    tolerance : float
        Largest difference left between a column's weighted mean and its target, in units of the columns.

    Returns
    -------
    Balanced
        In an arm that is tilted Σ s w = Σ s over those spoken of; the other arm has ones.

    Raises
    ------
    EstimationError
        If no weights reach the means.

    References
    ----------
    Hainmueller (2012), doi:10.1093/pan/mpr025; Wang & Zubizarreta (2020), doi:10.1093/biomet/asz050 (tolerance).

    Examples
    --------
    >>> x, treated = np.array([-1.0, 0.0, 1.0, 0.5]), np.array([False, False, False, True])
    >>> found = entropy(np.column_stack([np.ones(4), x]), treated, np.ones(4), "ATT")
    >>> round(float(found.weights[:3] @ x[:3]), 8)
    0.5
    """
    if contrast == "ATE":
        tilts = [_tilt(matrix, arm, sampling, sampling, tolerance) for arm in (treated, ~treated)]
        return Balanced(tilts[0].odds + tilts[1].odds, WeightModel(matrix, tilts[0].parts + tilts[1].parts))
    other = ~treated if contrast == "ATT" else treated
    tilt = _tilt(matrix, other, sampling, sampling * ~other, tolerance)
    return Balanced(np.where(other, tilt.odds, 1.0), WeightModel(matrix, tilt.parts))


def tilting(matrix: Array, treated: NDArray[np.bool_], sampling: Array, contrast: Contrast) -> Balanced:
    """Inverse probability tilting: logits, one for each arm, whose weights reproduce the means of those spoken of.

    Parameters and errors are those of `entropy`, with which it agrees but for ATE: there a weight is 1 plus the odds
    that give the arm the means of the other one.

    References
    ----------
    Graham, Pinto & Egel (2012), doi:10.1093/restud/rdr047.
    """
    if contrast != "ATE":
        return entropy(matrix, treated, sampling, contrast)
    tilts = [_tilt(matrix, arm, sampling, sampling * ~arm, 0.0) for arm in (treated, ~treated)]
    return Balanced(1 + tilts[0].odds + tilts[1].odds, WeightModel(matrix, tilts[0].parts + tilts[1].parts))


def covariate_balancing(matrix: Array, treated: NDArray[np.bool_], sampling: Array, contrast: Contrast) -> Balanced:
    """One logit whose inverse probability weights balance the means of the arms: as many equations as coefficients.

    Parameters and errors are those of `entropy`, with which it agrees but for ATE. There the equations are
    Σ s (D − p) / (p(1 − p)) x = 0, the minimum of Σ s {D(e^{−η} − η) + (1 − D)(e^η + η)}.

    References
    ----------
    Imai & Ratkovic (2014), doi:10.1111/rssb.12027; Zhao (2019), doi:10.1214/18-AOS1698 (the loss).
    """
    if contrast != "ATE":
        return entropy(matrix, treated, sampling, contrast)
    sign = np.where(treated, 1.0, -1.0)

    def local(eta: Array) -> Local:
        with np.errstate(over="ignore"):
            odds = sampling * np.exp(-sign * eta)
        loss = float(np.sum(odds - sampling * sign * eta)) / len(eta)
        return Local(loss, -sign * (odds + sampling), odds)

    start = logit(matrix, treated.astype(float), sampling).coef
    eta = matrix @ newton(
        matrix, local, start, _unreached("no probabilities balance the means of these covariates", merge)
    )
    odds = np.exp(-sign * eta)
    bread = np.asarray(np.linalg.inv(weighted_gram(matrix, sampling * odds)), float)
    part = Part(score=sampling * sign * (1 + odds), slope=-sign * odds, bread=bread)
    return Balanced(1 + odds, WeightModel(matrix, (part,)))


def _unreached(what: str, mend: str) -> Why:
    """Say what cannot be reached: the losses are convex, so that no minimum was found where there is none."""
    return lambda _, __: EstimationError(what, mend=mend)


def _tilt(matrix: Array, arm: NDArray[np.bool_], sampling: Array, target: Array, tolerance: float) -> _Tilt:
    """Give the rows of an arm the means of the target."""
    what = f"no weights on {int(arm.sum())} calls give them the covariate means of those they are compared with"
    outside = _unreached(what, f"{merge}, or give entropy balancing a tolerance, such as 0.05")
    source, start = sampling * arm, np.zeros(matrix.shape[1])
    start[0] = np.log(target.sum() / source.sum())
    if tolerance:
        coef = tilt_within(matrix, source, target, tolerance, start, outside)
    else:
        coef = newton(matrix, tilt_towards(source, target), start, outside)
    odds = np.where(arm, np.exp(np.where(arm, matrix @ coef, 0.0)), 0.0)
    held = tolerance * np.concatenate([[0.0], np.sign(coef[1:])])
    moves = (coef != 0) | (tolerance == 0)
    bread = np.zeros((len(coef), len(coef)))
    bread[np.ix_(moves, moves)] = np.linalg.inv(weighted_gram(matrix[:, moves], source * odds))
    if not held.any():
        return _Tilt(odds, (Part(target - source * odds, odds, bread),))
    nearer = np.eye(len(coef)) - np.outer(np.eye(len(coef))[0], held)  # rows of the target, x less what is let pass
    return _Tilt(odds, (Part(-source * odds, odds, bread), Part(target, odds, nearer @ bread)))
