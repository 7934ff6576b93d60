"""Limits of control charts that are read together, from simulated histories without a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]
halvings = 40
errors_above = 1.645


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Limits of several charts, and how long they stay silent together when nothing changes.

    Parameters
    ----------
    values : ndarray, shape (c,)
        Of the absolute value of each chart.
    mean, error : float
        Months until the first alarm of any, those without one counted up to the horizon; its Monte-Carlo error.
    """

    values: Array
    mean: float
    error: float


def first_alarms(paths: Sequence[Array], limits: Array) -> NDArray[np.int_]:
    """Months until any chart is beyond its limit; the horizon where none is.

    Parameters
    ----------
    paths : sequence of ndarray, shape (N, horizon)
        One chart each.
    limits : ndarray, shape (c,)

    Returns
    -------
    ndarray of int, shape (N,)

    Examples
    --------
    >>> first_alarms([np.array([[0.0, -3.0], [1.0, 1.0]])], np.array([2.0])).tolist()
    [2, 2]
    """
    beyond = np.any([np.abs(path) > limit for path, limit in zip(paths, limits, strict=True)], axis=0)
    horizon = beyond.shape[1]
    return np.asarray(np.where(beyond.any(axis=1), beyond.argmax(axis=1) + 1, horizon), int)


def limits_for(paths: Sequence[Array], *, run_length: int) -> Limits:
    """Limits, each chart alarming alike often, at which the first alarm comes after ``run_length`` months on average.

    Parameters
    ----------
    paths : sequence of ndarray, shape (N, horizon)
        Charts of N histories without a change, the horizon beyond ``run_length``. Charts of one history share a row.
    run_length : int

    Returns
    -------
    Limits
        The smallest at which the mean less 1.645 of its Monte-Carlo errors is ``run_length``. Histories without an
        alarm count with the horizon alone, so that the true mean is longer.

    Raises
    ------
    EstimationError
        A horizon that is too short for the mean to reach the run length.

    References
    ----------
    Jensen, Jones-Farmer, Champ & Woodall (2006), doi:10.1080/00224065.2006.11918623 (charts with estimated parameters).

    Examples
    --------
    >>> made = limits_for([np.random.default_rng(1).normal(size=(2000, 180))], run_length=60)
    >>> bool(2.3 < made.values[0] < 2.6), made.mean > 60
    (True, True)
    """
    horizon = paths[0].shape[1]
    if horizon < 2 * run_length:
        raise EstimationError(
            f"histories of {horizon} months cannot show a run length of {run_length}",
            mend=f"simulate {3 * run_length} months",
        )
    highest = [np.sort(np.abs(path[:, :run_length]).max(axis=1)) for path in paths]
    low, high = 0.0, 1.0
    for _ in range(halvings):
        share = (low + high) / 2
        made = _judged(paths, np.array([np.quantile(top, 1 - share) for top in highest]))
        low, high = (share, high) if made.mean - errors_above * made.error >= run_length else (low, share)
    return _judged(paths, np.array([np.quantile(top, 1 - low) for top in highest]))


def _judged(paths: Sequence[Array], limits: Array) -> Limits:
    lengths = first_alarms(paths, limits)
    return Limits(limits, float(lengths.mean()), float(lengths.std(ddof=1) / np.sqrt(len(lengths))))
