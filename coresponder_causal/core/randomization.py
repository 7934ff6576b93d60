"""Randomization tests of a switchback: contrasts of rates, redrawn, and where each redraw stops being extreme.

W is the assignment (weeks × clock blocks, 1 covered), u and v the weights of covered and of uncovered blocks. Under the
hypothesis θ the counts without coverage are Y·exp(−θ D), or Y − θ D, with D the dose of a block; a redraw is as extreme
as the assignment where |T*(θ)| ≥ |T(θ)|. T(θ) falls with slope 1 and no T* moves faster, so that this holds between two
values of θ, one on each side of the estimate: all that p-values and intervals at any level need.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Assignment = NDArray[np.bool_]
halvings, furthest = 48, 30.0  # log ratios beyond 30 are not looked at
tie = 1e-11  # of the reach: redraws that differ from the assignment by rounding alone are as extreme


class Weights(NamedTuple):
    """Weights of covered and of uncovered blocks, shape (..., n)."""

    covered: Array
    uncovered: Array


class Contrast(NamedTuple):
    """An estimate, its standard deviation over redraws at the estimate, and the crossings, shape (B, 2)."""

    estimate: float
    std_error: float
    crossings: Array


def mantel_haenszel_weights(covered: Assignment) -> Weights:
    """Weights of the Mantel–Haenszel rate ratio with clock blocks as strata: 1 − q covered, q uncovered.

    Parameters
    ----------
    covered : ndarray of bool, shape (..., weeks, slots)

    Returns
    -------
    Weights
        q is the share of weeks in which the clock block is covered; one never or always covered gets no weight.

    Examples
    --------
    >>> mantel_haenszel_weights(np.array([[True, True], [True, False]])).covered.tolist()
    [0.0, 0.5, 0.0, 0.0]
    """
    share = covered.mean(axis=-2, keepdims=True)
    flat = (*covered.shape[:-2], -1)
    return Weights((covered * (1 - share)).reshape(flat), (~covered * share).reshape(flat))


def hajek_weights(covered: Assignment, probabilities: Weights, *, order: int) -> Weights:
    """Hájek's weights for carry-over of a given order: one over the probability of p + 1 like blocks in a row.

    Parameters
    ----------
    covered : ndarray of bool, shape (..., weeks, slots)
    probabilities : Weights
        Probability, by block, that it and the ``order`` blocks before are all covered, or all uncovered.
    order : int
        Blocks over which an effect may last.

    Returns
    -------
    Weights
        Zero for the first blocks, and where the histories differ.

    References
    ----------
    Bojinov, Simchi-Levi & Zhao (2023), doi:10.1287/mnsc.2022.4583.
    """
    histories = like_histories(covered, order=order)
    with np.errstate(divide="ignore"):
        return Weights(
            *(
                np.where(history & (known > 0), 1 / known, 0.0)
                for history, known in zip(histories, probabilities, strict=True)
            )
        )


def like_histories(covered: Assignment, *, order: int) -> tuple[Assignment, Assignment]:
    """Whether a block and the ``order`` blocks before are all covered, and all uncovered; shape (..., n)."""
    flat = covered.reshape((*covered.shape[:-2], -1))
    both = [flat.copy(), ~flat]
    for history, own in zip(both, (flat, ~flat), strict=True):
        for lag in range(1, order + 1):
            history[..., lag:] &= own[..., :-lag]
        history[..., :order] = False
    return both[0], both[1]


def dose(covered: Assignment, *, order: int) -> Array:
    """Mean coverage of a block and the ``order`` blocks before it, shape (n,)."""
    flat = covered.reshape(-1).astype(float)
    padded = np.concatenate([np.repeat(flat[:1], order), flat])
    return np.asarray(sum(padded[order - lag : len(padded) - lag] for lag in range(order + 1)) / (order + 1), float)


def log_ratio(own: Weights, redrawn: Weights, counts: Array, doses: Array) -> Contrast:
    """Log ratio of rates and its randomization test against multiplicative effects.

    Parameters
    ----------
    own : Weights, shape (n,)
        Of the assignment.
    redrawn : Weights, shape (B, n)
        Of assignments drawn from the same law.
    counts, doses : ndarray, shape (n,)
        Events and dose by block; blocks are equally long.

    Returns
    -------
    Contrast
        The estimate is not finite where covered or uncovered blocks hold no event.
    """
    levels = np.unique(doses)
    by_level = counts[:, None] * (doses[:, None] == levels)
    ratios = Weights(*(part / part.sum(axis=-1, keepdims=True) for part in own))
    upper, lower = (part @ counts for part in ratios)
    with np.errstate(divide="ignore"):
        estimate = float(np.log(upper) - np.log(lower))
    with np.errstate(invalid="ignore"):
        sums = Weights(*(part @ by_level / part.sum(axis=1, keepdims=True) for part in redrawn))

    def statistic(theta: Array) -> Array:
        scale = np.exp(-theta[:, None] * levels)
        with np.errstate(divide="ignore", invalid="ignore"):
            upper, lower = (np.einsum("bl,bl->b", part, scale) for part in sums)
            return np.asarray(np.log(upper / lower), float)

    return _tested(estimate, statistic, furthest)


def difference(own: Weights, redrawn: Weights, counts: Array, doses: Array) -> Contrast:
    """Difference of mean counts per unit of ``doses`` and its randomization test against additive effects.

    Parameters
    ----------
    own, redrawn, counts, doses
        As in `log_ratio`. With the coverage as dose it is the effect of coverage; with attended calls as dose, that of
        one attended call if coverage acts through attendance alone.
    """
    per_dose, effect = (_gap(own, values) for values in (doses, counts))
    intercept, slope = (_gap(redrawn, values) / per_dose for values in (counts, doses))
    reach = 1000 * float(np.abs(counts).max(initial=1.0) / abs(per_dose)) if per_dose else 1.0
    estimate = float(effect / per_dose) if per_dose else np.nan
    return _tested(estimate, lambda theta: intercept - slope * theta, reach)


def linear_crossings(estimate: float, intercept: Array, slope: Array) -> Array:
    """Values of an additive effect θ between which redraws, T*(θ) = a − bθ, are as extreme as T(θ) = estimate − θ.

    Parameters
    ----------
    estimate : float
    intercept, slope : ndarray, shape (B,)
        a and b of each redraw: its estimate from the outcomes, and from the treatment as it was.

    Returns
    -------
    ndarray, shape (B, 2)
        A redraw whose slope is one or more is as extreme everywhere: it cannot be told from the assignment.

    Examples
    --------
    >>> linear_crossings(2.0, np.array([1.0, -1.0]), np.array([0.0, 0.5])).tolist()
    [[1.0, 3.0], [0.6666666666666666, 6.0]]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.sort(np.column_stack([(estimate - intercept) / (1 - slope), (estimate + intercept) / (1 + slope)]), 1)
    return np.where((np.abs(slope) < 1 - tie)[:, None], ends, [-np.inf, np.inf])


def _gap(weights: Weights, values: Array) -> Array:
    """Weighted mean over covered less that over uncovered blocks."""
    with np.errstate(invalid="ignore"):
        upper, lower = (part @ values / part.sum(axis=-1) for part in weights)
    return np.asarray(upper - lower, float)


def _tested(estimate: float, statistic: Callable[[Array], Array], reach: float) -> Contrast:
    """Find by halving, on each side of the estimate, the last value at which each redraw is as extreme.

    A redraw without a statistic counts as extreme everywhere.
    """
    if not np.isfinite(estimate):
        return Contrast(estimate, np.nan, np.empty((0, 2)))
    at_estimate = statistic(np.full(len(statistic(np.zeros(1))), estimate))
    finite = at_estimate[np.isfinite(at_estimate)]
    sides = []
    for sign in (-1.0, 1.0):
        inner, outer = np.zeros(len(at_estimate)), np.full(len(at_estimate), reach)
        beyond = ~(np.abs(statistic(estimate + sign * outer)) < reach * (1 - tie))
        for _ in range(halvings):
            middle = (inner + outer) / 2
            extreme = ~(np.abs(statistic(estimate + sign * middle)) < middle - tie * reach)
            inner, outer = np.where(extreme, middle, inner), np.where(extreme, outer, middle)
        sides.append(estimate + sign * np.where(beyond, np.inf, inner))
    return Contrast(estimate, float(finite.std()) if len(finite) else np.nan, np.column_stack(sides))
