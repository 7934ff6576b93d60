"""What treated rows would have had, imputed from unit and time effects of the rows that treatment has not reached.

θ̂ = Σ a_it (y_it − α̂_i − β̂_t) over treated rows is a weighted sum v'y of all rows, so that estimates, errors and
placebo assignments all come from the weights v. They are orthogonal to every unit and time effect.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coresponder_causal.core.regressors import require_full_rank
from coresponder_causal.core.two_way import swept

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class TwoWayRows(NamedTuple):
    """Rows of a panel: number of the unit and of the period, and weight, all of shape (n,)."""

    unit: Ints
    period: Ints
    weight: Array


def imputable(rows: TwoWayRows, untreated: Bools) -> Bools:
    """Whether unit and period of a row are tied to each other by untreated rows, so that its sum of effects is known.

    Parameters
    ----------
    rows : TwoWayRows
    untreated : ndarray of bool, shape (n,)

    Examples
    --------
    >>> rows = TwoWayRows(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.ones(4))
    >>> imputable(rows, np.array([True, False, True, True])).tolist()
    [True, True, True, True]
    >>> imputable(rows, np.array([True, False, False, True])).tolist()
    [True, False, False, True]
    """
    units, ties = int(rows.unit.max()) + 1, _ties(rows, untreated)
    return np.asarray(ties[rows.unit] == ties[units + rows.period])


def imputation_weights(rows: TwoWayRows, untreated: Bools, targets: Array) -> Array:
    """Weights v of the rows in averages of outcomes less their imputed values.

    Parameters
    ----------
    rows : TwoWayRows
    untreated : ndarray of bool, shape (n,)
        Rows to which unit and time effects are fitted by weighted least squares.
    targets : ndarray, shape (n, k)
        Weights a of the averages, zero in untreated rows and in such as are not `imputable`.

    Returns
    -------
    ndarray, shape (n, k)

    References
    ----------
    Borusyak, Jaravel & Spiess (2024), doi:10.1093/restud/rdae007, section 4.

    Examples
    --------
    >>> rows = TwoWayRows(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.ones(4))
    >>> treated = np.array([False, True, False, False])
    >>> imputation_weights(rows, ~treated, treated[:, None].astype(float)).ravel().round(9).tolist()
    [-1.0, 1.0, 1.0, -1.0]
    """
    units, periods, k = int(rows.unit.max()) + 1, int(rows.period.max()) + 1, targets.shape[1]
    own = np.where(untreated, rows.weight, 0.0)
    table = np.bincount(rows.unit * periods + rows.period, own, units * periods).reshape(units, periods)
    by_unit, by_period = np.zeros((units, k)), np.zeros((periods, k))
    np.add.at(by_unit, rows.unit, targets)
    np.add.at(by_period, rows.period, targets)
    total = table.sum(axis=1, keepdims=True)
    share = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    within = np.diag(table.sum(axis=0)) - table.T @ share
    tie = np.unique(_ties(rows, untreated)[units:], return_inverse=True)[1]
    anchored = within + np.max(np.diag(within)) * (tie[:, None] == tie)  # one free constant for each tied part
    period_effect = np.linalg.solve(anchored, by_period - share.T @ by_unit)
    unit_effect = np.divide(by_unit, total, out=np.zeros_like(by_unit), where=total > 0) - share @ period_effect
    return np.asarray(targets - own[:, None] * (unit_effect[rows.unit] + period_effect[rows.period]))


def slope_weights(rows: TwoWayRows, untreated: Bools, regressors: Array, names: list[str]) -> Array:
    """Weights of the rows in the coefficients of regressors, beside unit and time effects, in the untreated rows.

    Parameters
    ----------
    rows : TwoWayRows
    untreated : ndarray of bool, shape (n,)
    regressors : ndarray, shape (n, q)
    names : list of str

    Returns
    -------
    ndarray, shape (n, q)
        Zero outside the untreated rows.

    Raises
    ------
    EstimationError
        Naming regressors that the effects or other regressors absorb: leave them out.

    Examples
    --------
    >>> rows = TwoWayRows(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.ones(4))
    >>> peers = np.array([[0.0], [1.0], [0.0], [0.0]])
    >>> slope_weights(rows, np.ones(4, bool), peers, ["peers"]).ravel().round(9).tolist()
    [-1.0, 1.0, 1.0, -1.0]
    """
    weight = rows.weight[untreated]
    left = swept(regressors[untreated], unit=rows.unit[untreated], effect=rows.period[untreated], weight=weight)
    require_full_rank(left, names)
    found = np.zeros(regressors.shape)
    found[untreated] = np.sqrt(weight)[:, None] * np.linalg.solve(left.T @ left, left.T).T
    return found


def with_slopes(weights: Array, slopes: Array, regressors: Array) -> Array:
    """Weights of imputations that also take out what regressors add, their coefficients from untreated rows.

    Parameters
    ----------
    weights : ndarray, shape (n, k)
        As `imputation_weights` gives them.
    slopes, regressors : ndarray, shape (n, q)
        As `slope_weights` gives and takes them.

    Returns
    -------
    ndarray, shape (n, k)
    """
    return np.asarray(weights - slopes @ (regressors.T @ weights))


def _ties(rows: TwoWayRows, untreated: Bools) -> Ints:
    """Tied part in which each unit, and then each period, lies; untreated rows tie them."""
    units, periods = int(rows.unit.max()) + 1, int(rows.period.max()) + 1
    ends = rows.unit[untreated], units + rows.period[untreated]
    joined = coo_array((np.ones(len(ends[0])), ends), shape=(units + periods, units + periods))
    return np.asarray(connected_components(joined, directed=False)[1], np.int64)
