"""Exact and robust inference for one treated unit: how unusual its last periods are among cyclic shifts of the errors.

Under a stated effect θ the errors û(θ) of a fit to all periods are those without a programme. A statistic S of the last
periods is set against its values under every cyclic shift of the errors, which keeps their persistence; the values of θ
that are not unusual are the interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.simplex import Gram, gram_of, simplex_weights

Array = NDArray[np.float64]
Statistic = Literal["mean", "absolute"]
Errors = Callable[[Array], Array]
most_unusual = 0.05  # share of cyclic shifts below which a constant effect is given up
_reach, _nodes = 8.0, 161  # grid of effects for fitted weights, in standard errors to each side, and its size


@dataclass(frozen=True, slots=True, eq=False)
class Conformal:
    """What cyclic shifts say of the effect in the last periods.

    Parameters
    ----------
    estimate : float
        Where the statistic of the last periods is least: with ``"mean"`` their errors have mean zero.
    errors : ndarray, shape (T,)
        û at the estimate.
    std_error : float
        Root mean square of the estimates that the errors of all other windows would give.
    crossings : ndarray, shape (T − 1, 2)
        Lowest and highest effect at which the statistic of each shift is at least that of the last periods; (∞, −∞)
        where it never is. As `core.inference.randomization_p_value` takes them.
    """

    estimate: float
    errors: Array
    std_error: float
    crossings: Array


def conformal(
    y: Array, X: Array, dose: Array, *, last: int, donors: Array | None = None, statistic: Statistic = "mean"
) -> Conformal:
    """Test and invert constant effects in the last periods.

    Parameters
    ----------
    y : ndarray, shape (T,)
        Outcome of the treated unit, or its gap to others.
    X : ndarray, shape (T, k)
        Regressors, the constant among them.
    dose : ndarray, shape (T,)
        Dose, 0 but in the last periods.
    last : int
        Number of last periods.
    donors : ndarray, shape (T, m), optional
        Series of which a mean with weights on the simplex is taken off, refitted under every effect.
    statistic : {"mean", "absolute"}
        |Σ û_t|, or Σ |û_t| (S₁), over the last periods, both over √last.

    Returns
    -------
    Conformal
        Exact where weights are not fitted; otherwise on a grid of 161 effects, straight between them.

    Raises
    ------
    EstimationError
        If ``"absolute"`` rejects every constant effect at 5 %: the effect is not constant; use ``"mean"``.

    References
    ----------
    Chernozhukov, Wüthrich & Zhu (2021), doi:10.1080/01621459.2021.1920957, sections 2.2 to 2.4.

    Examples
    --------
    >>> y = np.array([1.0, -1.0] * 12 + [5.0, 5.0])
    >>> found = conformal(y, np.ones((26, 1)), np.repeat([0.0, 1.0], [24, 2]), last=2)
    >>> round(found.estimate, 9), round(inference.randomization_p_value(found.crossings), 3)
    (5.0, 0.038)
    """
    basis = np.linalg.qr(X)[0]
    a, b = (column - basis @ (basis.T @ column) for column in (y, dose))
    if donors is None:
        return _inverted(_kinks(a, b, last, statistic), lambda values: a - values[:, None] * b, b, last, statistic)
    clean = donors - basis @ (basis.T @ donors)
    inner = clean.T @ clean

    def errors(values: Array) -> Array:
        targets = a - values[:, None] * b
        return np.asarray(targets - simplex_weights(Gram(inner, targets @ clean)) @ clean.T)

    return refitted_conformal(errors, a - clean.mean(axis=1), b, last=last, statistic=statistic)


def refitted_conformal(
    errors: Errors, even: Array, dose: Array, *, last: int, statistic: Statistic = "mean"
) -> Conformal:
    """Test and invert constant effects with a method that is fitted again under every effect.

    Parameters
    ----------
    errors : callable
        Gives the errors under effects, shape (r,) to (r, T).
    even : ndarray, shape (T,)
        Gap to a control that no effect changes, such as the donors' mean, around which effects are tried.
    dose : ndarray, shape (T,)
    last, statistic
        As in `conformal`.

    Returns
    -------
    Conformal
        On a grid of 161 effects, straight between them.
    """
    plain = _inverted(
        _kinks(even, dose, last, "mean"), lambda values: even - values[:, None] * dose, dose, last, "mean"
    )
    grid = plain.estimate + _reach * plain.std_error * np.linspace(-1, 1, _nodes)
    best = _downward_root(grid, _cyclic_sums(errors(grid), last)[:, 0])  # where |Σ û| bends
    return _inverted(np.unique([*grid, best, 0.0]), errors, dose, last, statistic)


def cyclic_statistics(errors: Array, last: int, statistic: Statistic) -> Array:
    """Statistic of the last periods, in the first column, and under each cyclic shift.

    Parameters
    ----------
    errors : ndarray, shape (r, T)
    last : int
    statistic : {"mean", "absolute"}

    Returns
    -------
    ndarray, shape (r, T)

    Examples
    --------
    >>> cyclic_statistics(np.array([[1.0, -2.0, 3.0, -5.0]]), 1, "mean").tolist()
    [[5.0, 1.0, 2.0, 3.0]]
    """
    sums = _cyclic_sums(np.abs(errors) if statistic == "absolute" else errors, last)
    return np.asarray(np.abs(sums) / np.sqrt(last))


def debiased(
    y: Array, X: Array, dose: Array, *, last: int, donors: Array | None = None, folds: int = 3
) -> tuple[float, float, float]:
    """Mean effect in the last periods less the errors of held-out blocks before them; standard error and df.

    Parameters
    ----------
    y, X, dose, last, donors
        As in `conformal`.
    folds : int
        Blocks K, each of r = min(⌊T0/K⌋, last) periods, taken back from the start. The standard error is
        √(1 + K r/last) · sd / √K of the K estimates, with t(K − 1).

    References
    ----------
    Chernozhukov, Wüthrich & Zhu (2025), arXiv:1812.10820, section 2.
    """
    before = len(y) - last
    size = min(before // folds, last)
    found = []
    for fold in range(folds):
        held = np.zeros(len(y), bool)
        held[before - (fold + 1) * size : before - fold * size] = True
        fitted = ~held & (np.arange(len(y)) < before)
        series = np.column_stack([y] if donors is None else [y, donors])
        ahead = series - X @ np.linalg.lstsq(X[fitted], series[fitted], rcond=None)[0]
        if donors is not None:
            weights = simplex_weights(gram_of(ahead[fitted, 1:], ahead[fitted, 0], intercept=False))
            ahead = ahead[:, :1] - ahead[:, 1:] @ weights[:, None]
        found.append((ahead[before:].mean() - ahead[held].mean()) / dose[before:].mean())
    spread = np.sqrt(1 + folds * size / last) * np.std(found, ddof=1) / np.sqrt(folds)
    return float(np.mean(found)), float(spread), float(folds - 1)


def _cyclic_sums(values: Array, last: int) -> Array:
    """Sum over the last periods, then over each window that begins one period later, the series closed to a circle."""
    circle = np.concatenate([values[:, -last:], values[:, :-1]], axis=1)
    return np.asarray(sliding_window_view(circle, last, axis=1).sum(axis=2))


def _kinks(a: Array, b: Array, last: int, statistic: Statistic) -> Array:
    """Effects at which statistics of the errors a − θ b, straight between them, may bend, and one beyond each end."""
    if statistic == "mean":
        a, b = (_cyclic_sums(column[None], last)[0] for column in (a, b))
    moved = np.abs(b) > 1e-12 * np.abs(b).max()
    bends = np.unique(a[moved] / b[moved])
    return np.concatenate([[bends[0] - 1.0], bends, [bends[-1] + 1.0]])


def _inverted(nodes: Array, errors: Errors, b: Array, last: int, statistic: Statistic) -> Conformal:
    """Read the crossings off statistics at increasing effects between which they are straight."""
    u = errors(nodes)
    statistics = cyclic_statistics(u, last, statistic)
    estimate = float(nodes[np.argmin(statistics[:, 0])])
    if statistic == "mean":
        estimate = _downward_root(nodes, _cyclic_sums(u, last)[:, 0])
    crossings = _crossings(nodes, statistics[:, :1] - statistics[:, 1:])
    left = errors(np.array([estimate]))
    others = _cyclic_sums(left, last)[0, 1:] / _cyclic_sums(b[None], last)[0, 0]
    if inference.randomization_p_value(crossings, estimate) <= most_unusual and 1 / len(b) <= most_unusual:
        raise EstimationError(
            "no constant change is compatible with the last periods: all are rejected at 5 %",
            mend="use statistic='mean', or a shorter window",
        )
    return Conformal(estimate, left[0], float(np.sqrt(np.mean(others**2))), crossings)


def _crossings(nodes: Array, above: Array) -> Array:
    """Lowest and highest effect at which each column is not above zero, (∞, −∞) where it always is."""
    left = _first_not_above(nodes, above)
    right = -_first_not_above(-nodes[::-1], above[::-1])
    return np.column_stack([left, right])


def _first_not_above(nodes: Array, above: Array) -> Array:
    """Lowest place at which each column comes down to zero; the columns are straight between nodes and beyond them."""
    inside = above <= 1e-12 * np.abs(above).max()
    first = np.argmax(inside, axis=0)
    column = np.arange(above.shape[1])
    at, before = above[first, column], above[np.maximum(first - 1, 0), column]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = nodes[first] - np.clip(at / (at - before), 0.0, 1.0) * (nodes[first] - nodes[first - 1])
        slope = (above[1] - above[0]) / (nodes[1] - nodes[0])
        beyond = np.where(slope < 0, nodes[0] - above[0] / slope, -np.inf)
    return np.where(inside.any(axis=0), np.where(first == 0, beyond, between), np.inf)


def _downward_root(nodes: Array, values: Array) -> float:
    """Where values that fall along the nodes cross zero."""
    after = int(np.clip(np.argmax(values <= 0), 1, len(nodes) - 1))
    share = values[after - 1] / (values[after - 1] - values[after])
    return float(nodes[after - 1] + share * (nodes[after] - nodes[after - 1]))
