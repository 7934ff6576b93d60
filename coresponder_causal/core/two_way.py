"""Least squares with unit and time effects, and its errors by clusters of units.

Rows come as a table: ``unit``, ``effect`` (of time), ``cluster`` and ``weight`` of each, and the ``outcome``. Unit and
time effects are swept out of all columns first (Frisch, Waugh & Lovell). Errors by clusters that hold whole units need
no unit effects, which are nested in them; CR2 and the wild bootstrap need the time effects as columns.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.notes import note
from coresponder_causal.core.numbered import numbered
from coresponder_causal.core.regressors import full_rank_qr
from coresponder_causal.core.sandwich import Convention, clustered, clustered_df
from coresponder_causal.core.wild_bootstrap import cluster_multipliers, wild_statistics

Array = NDArray[np.float64]
Wild = Literal["WCR", "WCU"]


class TwoWayFit(NamedTuple):
    """Coefficients, √weight times the residuals, and √weight times what the effects leave of each regressor."""

    estimate: Array
    residuals: Array
    swept: Array


def two_way_fit(rows: pd.DataFrame, regressors: pd.DataFrame) -> TwoWayFit:
    """Fit an outcome on regressors, unit effects and time effects by weighted least squares.

    Parameters
    ----------
    rows : DataFrame
        ``unit, effect, weight, outcome``.
    regressors : DataFrame
        One column per term.

    Returns
    -------
    TwoWayFit

    Raises
    ------
    EstimationError
        Naming the terms that the effects, or the terms before them, absorb: leave them out.

    Examples
    --------
    >>> rows = pd.DataFrame({"unit": [0, 0, 1, 1], "effect": [0, 1, 0, 1], "weight": 1.0, "outcome": [1.0, 4, 2, 3]})
    >>> two_way_fit(rows, pd.DataFrame({"treated": [0.0, 1, 0, 0]})).estimate.round(9).tolist()
    [2.0]
    """
    own, weight = regressors.to_numpy(float), rows["weight"].to_numpy(float)
    left = swept(np.column_stack([own, rows["outcome"]]), unit=rows["unit"], effect=rows["effect"], weight=weight)
    X, y = left[:, :-1], left[:, -1]
    basis, triangle = require_left(X, np.sqrt(weight)[:, None] * own, list(map(str, regressors)))
    estimate = np.asarray(np.linalg.solve(triangle, basis.T @ y), float)
    return TwoWayFit(estimate, y - X @ estimate, X)


def two_way_clustered(
    fit: TwoWayFit, rows: pd.DataFrame, *, kind: Literal["CR1", "CR2"], convention: Convention
) -> tuple[Array, Array]:
    """Covariance of the terms by clusters that hold whole units, and their degrees of freedom.

    Parameters
    ----------
    fit : TwoWayFit
    rows : DataFrame
        ``unit, effect, cluster, weight``.
    kind : {"CR1", "CR2"}
        With t(G − 1), or with the Bell–McCaffrey df of each term.
    convention : str
        Small-sample factor of CR1, see `coresponder_causal.core.sandwich.clustered`.
    """
    terms, clusters = fit.swept.shape[1], rows["cluster"].to_numpy()
    if kind == "CR1":
        absorbed = rows["effect"].nunique() + (0 if convention == "fixest" else rows["unit"].nunique() - 1)
        vcov = clustered(fit.swept, fit.residuals, clusters, convention=convention, absorbed=absorbed)
        return vcov, np.full(terms, numbered(clusters)[1] - 1.0)
    matrix = with_time_effects(fit, rows)
    vcov = clustered(matrix, fit.residuals, clusters, kind="CR2")[:terms, :terms]
    return vcov, np.array([clustered_df(matrix, clusters, row) for row in np.eye(terms, matrix.shape[1])])


def two_way_wild(
    fit: TwoWayFit, rows: pd.DataFrame, *, std_error: float, wild: Wild, replications: int, seed: int
) -> Array:
    """Wild cluster bootstrap of the first term with Webb's weights; where they give no more samples, all are taken.

    Parameters
    ----------
    fit : TwoWayFit
    rows : DataFrame
        ``unit, effect, cluster, weight``.
    std_error : float
        CR1 standard error of the term.
    wild : {"WCR", "WCU"}
        Samples under the tested value, or at the estimate.
    replications, seed : int
        Samples asked for, and the seed of their weights.

    Returns
    -------
    ndarray, shape (1 + B, 5)
        As `coresponder_causal.core.wild_bootstrap.wild_statistics`.
    """
    multipliers, all_listed = cluster_multipliers(rows["cluster"].nunique(), replications=replications, seed=seed)
    if all_listed:
        note(f"all {len(multipliers)} bootstrap samples that Webb's weights can give were taken")
    return wild_statistics(
        with_time_effects(fit, rows),
        fit.residuals,
        rows["cluster"],
        multipliers=multipliers,
        std_error=std_error,
        restricted=wild == "WCR",
    )


def with_time_effects(fit: TwoWayFit, rows: pd.DataFrame) -> Array:
    """Put the time effects as columns beside the regressors of the fit, unit effects swept out of all.

    CR2 and the wild bootstrap by clusters that hold whole units are then those with a dummy for each unit and period:
    unit effects leave residuals alone that sum to zero within them, whatever factor or adjustment a cluster is given.

    Parameters
    ----------
    fit : TwoWayFit
    rows : DataFrame
        ``unit, effect, weight``.

    Returns
    -------
    ndarray, shape (n, k + effects − 1)

    References
    ----------
    Pustejovsky & Tipton (2018), doi:10.1080/07350015.2016.1247004, on effects absorbed before CR2.
    """
    return np.hstack([fit.swept, _dummies_within(rows["unit"], rows["effect"], rows["weight"].to_numpy(float))[:, 1:]])


def swept(columns: Array, *, unit: ArrayLike, effect: ArrayLike, weight: Array) -> Array:
    """√weight times what unit and time effects leave of each column (Frisch, Waugh & Lovell).

    Parameters
    ----------
    columns : ndarray, shape (n, k)
    unit, effect : array_like, shape (n,)
        Labels of the units and of the time effects.
    weight : ndarray, shape (n,)
        Positive.

    Returns
    -------
    ndarray, shape (n, k)

    Examples
    --------
    >>> dose = np.array([[0.0], [0.0], [0.0], [1.0]])
    >>> swept(dose, unit=[0, 0, 1, 1], effect=[0, 1, 0, 1], weight=np.ones(4)).ravel().round(12).tolist()
    [0.25, -0.25, -0.25, 0.25]
    """
    table = _rectangle(unit, effect, weight)
    if table is not None:
        return _swept_rectangle(columns, *table) * float(np.sqrt(weight[0]))
    own, shared = within_units(columns, unit, weight), _dummies_within(unit, effect, weight)
    return np.asarray(own - shared @ np.linalg.lstsq(shared, own, rcond=None)[0])


def _rectangle(unit: ArrayLike, effect: ArrayLike, weight: Array) -> tuple[NDArray[np.intp] | None, int, int] | None:
    """Places of the rows in a full table of units and effects, None where in order, and its shape; else nothing."""
    if not len(weight) or np.ptp(weight) > 0:
        return None
    (units, many), (times, periods) = numbered(unit), numbered(effect)
    if many * periods != len(weight):
        return None
    place = units * periods + times
    if (place[1:] == place[:-1] + 1).all():
        return None, many, periods
    return (place, many, periods) if np.bincount(place).max() == 1 else None


def _swept_rectangle(columns: Array, place: NDArray[np.intp] | None, units: int, periods: int) -> Array:
    """Columns less their means by unit and by effect, of a full table with equal weights."""
    table = np.empty(columns.shape[::-1])  # a column stands in one piece: means along short rows are slow
    table[:, slice(None) if place is None else place] = columns.T
    cube = table.reshape(-1, units, periods)
    cube -= cube.mean(axis=2, keepdims=True)
    cube -= cube.mean(axis=1, keepdims=True)
    return (table if place is None else table[:, place]).T


def require_left(X: Array, own: Array, names: list[str]) -> tuple[Array, Array]:
    """Refuse regressors that the effects, or the other regressors, absorb; by name.

    Parameters
    ----------
    X : ndarray, shape (n, k)
        What the effects leave of the regressors, as `swept` gives it.
    own : ndarray, shape (n, k)
        The regressors themselves, times √weight.
    names : list of str

    Returns
    -------
    ndarray, shapes (n, k) and (k, k)
        Orthonormal basis of X, and the triangle that gives it back.

    Raises
    ------
    EstimationError
        Naming every one that is absorbed.
    """
    gone = np.abs(X).max(axis=0, initial=0) <= 1e-10 * np.abs(own).max(axis=0, initial=0)
    return full_rank_qr(np.where(gone, 0.0, X) if gone.any() else X, names)


def _dummies_within(unit: ArrayLike, effect: ArrayLike, weight: Array) -> Array:
    times = np.unique(np.asarray(effect), return_inverse=True)[1]
    return within_units(np.eye(times.max() + 1)[times], unit, weight)


def within_units(columns: Array, unit: ArrayLike, weight: Array) -> Array:
    """√weight times the distances of columns, shape (n, k), from their weighted means in the units."""
    units, _ = numbered(unit)
    sums = [np.bincount(units, weight * column) for column in columns.T]
    means = np.stack(sums, axis=1) if sums else np.zeros((units.max() + 1, 0))
    return np.asarray(np.sqrt(weight)[:, None] * (columns - (means / np.bincount(units, weight)[:, None])[units]))
