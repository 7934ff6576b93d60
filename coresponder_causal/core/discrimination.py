"""How well a predicted risk tells units apart, and what acting on it is worth, with the part of each unit in both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.partial_means import Moved

Array = NDArray[np.float64]


def area_under_curve(risk: Array, y: Array, weights: Array) -> Moved:
    """Chance that a unit with the event has a higher risk than one without; ties count half.

    Parameters
    ----------
    risk : ndarray, shape (n,)
    y : ndarray, shape (n,)
        0 or 1.
    weights : ndarray, shape (n,)
        0 for units that are not looked at.

    Returns
    -------
    Moved
        Derivatives in the weights.

    Raises
    ------
    EstimationError
        Nobody has the event, or everybody.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595; clustered units: Obuchowski (1997),
    doi:10.2307/2533958.

    Examples
    --------
    >>> round(area_under_curve(np.array([0.9, 0.4, 0.6, 0.1]), np.array([1.0, 1, 0, 0]), np.ones(4)).value, 3)
    0.75
    """
    cases, others = weights * y, weights * (1 - y)
    if not (cases.sum() > 0 and others.sum() > 0):
        raise EstimationError("all units looked at are alike in the event", mend="bring more of them")
    level = np.unique(risk, return_inverse=True)[1]
    above_cases, above_others = (_below(of, level) / of.sum() for of in (cases, others))
    value = float(cases @ above_others) / float(cases.sum())
    part = y * (above_others - value) / cases.sum() + (1 - y) * (1 - above_cases - value) / others.sum()
    return Moved(value, part)


def _below(weights: Array, level: NDArray[np.intp]) -> Array:
    """Weight of the units at lower levels, and half of that at the same; shape (n,)."""
    own = np.bincount(level, weights)
    return np.asarray((np.cumsum(own) - own / 2)[level], float)


def worth_of_acting(risk: Array, y: Array, threshold: float) -> Array:
    """Net benefit of each unit: 1 for acting on an event, −t/(1 − t) for acting without one, 0 for not acting.

    References
    ----------
    Vickers & Elkin (2006), doi:10.1177/0272989X06295361.

    Examples
    --------
    >>> worth_of_acting(np.array([0.9, 0.6, 0.1]), np.array([1.0, 0.0, 1.0]), 0.5).tolist()
    [1.0, -1.0, 0.0]
    """
    return np.asarray((risk >= threshold) * (y - (1 - y) * threshold / (1 - threshold)), float)
