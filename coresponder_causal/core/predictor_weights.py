"""How much each predictor counts when a synthetic control is fitted: the weights V of Abadie and others.

min_W |V^½(x − XW)|² over the simplex gives W(V); V is chosen so that W(V) reproduces the outcome before the start. The
active set of W is known after each solution, so that the slope in V follows from one more linear system.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from coresponder_causal.core.simplex import Gram, simplex_weights

Array = NDArray[np.float64]


class Matched(NamedTuple):
    """Donor weights, shape (m,); importance of the predictors, shape (k,), sum one; mean squared error before."""

    weights: Array
    importance: Array
    loss: float


def matched_on_predictors(own: Array, donors: Array, course: Array, courses: Array) -> Matched:
    """Donor weights by predictors whose importance is searched for.

    Parameters
    ----------
    own : ndarray, shape (k,)
        Predictors of the unit.
    donors : ndarray, shape (k, m)
        Those of the donors. Each predictor is divided by its standard deviation over all units.
    course : ndarray, shape (T0,)
        Outcome of the unit before the start.
    courses : ndarray, shape (T0, m)
        Those of the donors.

    Returns
    -------
    Matched
        The better of searches from equal importance and from that of the predictors in a regression of the outcome,
        as R Synth makes them. Another optimum may be lower still, which mostly sets all predictors but one aside.

    References
    ----------
    Abadie & Gardeazabal (2003), doi:10.1257/000282803321455188; Abadie, Diamond & Hainmueller (2011),
    doi:10.18637/jss.v042.i13.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> courses, useful = rng.normal(size=(20, 6)).cumsum(axis=0), rng.normal(size=(3, 6))
    >>> w = np.array([0.5, 0.5, 0.0, 0.0, 0.0, 0.0])
    >>> matched_on_predictors(useful @ w, useful, courses @ w, courses).weights.round(3).tolist()
    [0.5, 0.5, 0.0, 0.0, 0.0, 0.0]
    """
    both = np.column_stack([own, donors])
    spread = both.std(axis=1, ddof=1)
    spread[spread == 0] = 1.0
    x, X = own / spread, donors / spread[:, None]
    starts = [np.zeros(len(x)), _by_regression(both / spread[:, None], np.column_stack([course, courses]))]
    found = [minimize(_loss, start, args=(x, X, course, courses), jac=True, method="BFGS") for start in starts]
    best = min(found, key=lambda each: float(each.fun))
    importance = _importance(best.x)
    return Matched(_weights(importance, x, X), importance, float(best.fun))


def _importance(logs: Array) -> Array:
    raised = np.exp(logs - logs.max())
    return np.asarray(raised / raised.sum())


def _weights(v: Array, x: Array, X: Array) -> Array:
    return simplex_weights(Gram(X.T @ (v[:, None] * X), X.T @ (v * x)))


def _loss(logs: Array, x: Array, X: Array, course: Array, courses: Array) -> tuple[float, Array]:
    """Mean squared error of the outcome before the start, and its slope in the logs of importance."""
    v = _importance(logs)
    w = _weights(v, x, X)
    error = courses @ w - course
    free = np.flatnonzero(w > 0)
    n = len(free)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = X[:, free].T @ (v[:, None] * X[:, free])
    system[n, n] = 0.0
    pull = np.append(2 * courses[:, free].T @ error / len(course), 0.0)
    adjoint = np.linalg.lstsq(system, pull)[0][:n]
    by_importance = -(X[:, free] @ adjoint) * (X @ w - x)
    return float(error @ error / len(course)), v * (by_importance - v @ by_importance)


def _by_regression(predictors: Array, outcomes: Array) -> Array:
    """Give logs of the squared coefficients of the predictors in regressions of each period's outcome."""
    design = np.column_stack([np.ones(predictors.shape[1]), predictors.T])
    beta = np.linalg.lstsq(design, outcomes.T)[0][1:]
    squares = (beta**2).sum(axis=1)
    return np.asarray(np.log(np.maximum(squares / squares.sum(), 1e-6)) if squares.sum() > 0 else 0 * squares)
