"""Influence of compared calls on quantities of which it is known how they move with the weight of each call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.design.calls import CallDesign

Array = NDArray[np.float64]
few_persons = 20


def weighted_influence(c: CallDesign, per_weight: Array) -> Influence:
    """Influence of the calls, of estimated weights too, with the small-sample factor G/(G − 1) · (n − 1)/(n − 2) in it.

    Parameters
    ----------
    c : CallDesign
    per_weight : ndarray, shape (n, k)
        Derivative of each quantity in the weight of each call.

    Returns
    -------
    Influence
        Of the calls with a weight, clustered by person where the design has persons.

    Raises
    ------
    EstimationError
        Fewer than two persons, or than three calls.
    """
    own = c.call_weights()[:, None] * per_weight
    if c.adjustment is not None and c.adjustment.model is not None:
        through = c.adjustment.model.influence_through
        own = own + np.column_stack([through(c.sampling_weights() * column) for column in per_weight.T])
    used = c.call_weights() > 0
    cluster = c.persons[used] if c.person else None
    n, many = int(used.sum()), int(used.sum()) if cluster is None else cluster.nunique()
    if many < 2 or n < 3:
        raise EstimationError(f"{many} persons in {n} calls", mend="bring more calls")
    factor = n * np.sqrt(many / (many - 1) * (n - 1) / (n - 2))
    return Influence(left=own[used], right=factor * np.eye(own.shape[1]), unit=c.calls[used], cluster=cluster)


def covariance(influence: Influence) -> Array:
    """Covariance of the quantities from their influence, summed within persons, shape (k, k)."""
    sums = _sums(influence)
    return np.asarray(sums.T @ sums, float) / influence.n**2


def std_errors(influence: Influence) -> Array:
    """Roots of the diagonal of `covariance`, shape (k,)."""
    return np.asarray(np.linalg.norm(_sums(influence), axis=0), float) / influence.n


def _sums(influence: Influence) -> Array:
    return influence.rows() if influence.cluster is None else influence.by_cluster().to_numpy()


def degrees_of_freedom(influence: Influence) -> float:
    """Persons less one, or without persons calls less two."""
    return float(influence.n - 2 if influence.cluster is None else influence.cluster.nunique() - 1)


def say_what_is_compared(c: CallDesign) -> None:
    """Say where calls are not made alike, where few persons stand behind them, and that matching is not counted."""
    if c.adjustment is None:
        doubt("calls were compared as they came: those who were sent to chose, or were chosen, by the kind of call")
    elif c.adjustment.pairs is not None or c.adjustment.sets is not None:
        note("standard errors are clustered by person; as a rule they are too large, as matching is not counted")
    persons = c.persons[c.call_weights() > 0].nunique()
    if persons < few_persons:
        doubt(f"{persons} persons stand behind the comparison: the standard error is hardly known")
