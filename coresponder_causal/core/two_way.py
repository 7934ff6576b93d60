"""Unit and time effects taken out of columns, for every regression that has both."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.regressors import require_full_rank

Array = NDArray[np.float64]


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
    root = np.sqrt(weight)[:, None]
    units, times = (np.unique(np.asarray(labels), return_inverse=True)[1] for labels in (unit, effect))
    within = root * _within(np.hstack([columns, np.eye(times.max() + 1)[times]]), units, weight)
    own, shared = within[:, : columns.shape[1]], within[:, columns.shape[1] :]
    return np.asarray(own - shared @ np.linalg.lstsq(shared, own, rcond=None)[0])


def require_left(X: Array, own: Array, names: list[str]) -> None:
    """Refuse regressors that the effects, or the other regressors, absorb; by name.

    Parameters
    ----------
    X : ndarray, shape (n, k)
        What the effects leave of the regressors, as `swept` gives it.
    own : ndarray, shape (n, k)
        The regressors themselves, times √weight.
    names : list of str

    Raises
    ------
    EstimationError
        Naming every one that is absorbed.
    """
    gone = np.abs(X).max(axis=0, initial=0) <= 1e-10 * np.abs(own).max(axis=0, initial=0)
    require_full_rank(np.where(gone, 0.0, X), names)


def _within(columns: Array, unit: NDArray[np.intp], weight: Array) -> Array:
    """Distances from the weighted means of the units."""
    means = np.zeros((unit.max() + 1, columns.shape[1]))
    np.add.at(means, unit, weight[:, None] * columns)
    return np.asarray(columns - (means / np.bincount(unit, weight)[:, None])[unit])
