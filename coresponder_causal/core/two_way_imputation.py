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
    system, k = _system(rows, untreated), targets.shape[1]
    by_unit, by_period = np.zeros((len(system.share), k)), np.zeros((len(system.normal), k))
    np.add.at(by_unit, rows.unit, targets)
    np.add.at(by_period, rows.period, targets)
    unit_effect, period_effect = _solved(system, by_unit, by_period)
    own = np.where(untreated, rows.weight, 0.0)
    return np.asarray(targets - own[:, None] * (unit_effect[rows.unit] + period_effect[rows.period]))


def expected_untreated(rows: TwoWayRows, untreated: Bools, outcome: Array) -> Array:
    """Expect of every row what unit and time effects of the untreated rows give, shape (n,).

    Parameters
    ----------
    rows : TwoWayRows
    untreated : ndarray of bool, shape (n,)
    outcome : ndarray, shape (n,)

    Examples
    --------
    >>> rows = TwoWayRows(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.ones(4))
    >>> expected_untreated(rows, np.array([True, False, True, True]), np.array([1.0, 9, 2, 5])).round(9).tolist()
    [1.0, 4.0, 2.0, 5.0]
    """
    system, own = _system(rows, untreated), np.where(untreated, rows.weight * outcome, 0.0)
    sums = [np.bincount(codes, own, many).astype(float) for codes, many in _counted(rows)]
    unit_effect, period_effect = _solved(system, sums[0][:, None], sums[1][:, None])
    return np.asarray(unit_effect[rows.unit, 0] + period_effect[rows.period, 0])


class _System(NamedTuple):
    """Normal equations of unit and time effects with the unit effects taken out."""

    total: Array
    share: Array
    normal: Array


def _system(rows: TwoWayRows, untreated: Bools) -> _System:
    (_, units), (_, periods) = _counted(rows)
    own = np.where(untreated, rows.weight, 0.0)
    table = np.bincount(rows.unit * periods + rows.period, own, units * periods).reshape(units, periods)
    total = table.sum(axis=1, keepdims=True)
    share = np.divide(table, total, out=np.zeros_like(table), where=total > 0)
    within = np.diag(table.sum(axis=0)) - table.T @ share
    tie = np.unique(_ties(rows, untreated)[units:], return_inverse=True)[1]
    anchored = within + np.max(np.diag(within)) * (tie[:, None] == tie)  # one free constant for each tied part
    return _System(total, share, anchored)


def _solved(system: _System, by_unit: Array, by_period: Array) -> tuple[Array, Array]:
    """Effects of units and periods from their sums, both with k columns."""
    period_effect = np.linalg.solve(system.normal, by_period - system.share.T @ by_unit)
    mean = np.divide(by_unit, system.total, out=np.zeros_like(by_unit), where=system.total > 0)
    return mean - system.share @ period_effect, np.asarray(period_effect, float)


def _counted(rows: TwoWayRows) -> tuple[tuple[Ints, int], tuple[Ints, int]]:
    return (rows.unit, int(rows.unit.max()) + 1), (rows.period, int(rows.period.max()) + 1)


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
