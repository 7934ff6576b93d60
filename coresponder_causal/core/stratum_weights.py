"""Weights of strata that hold units of both kinds, and what their estimation adds to an influence."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.weight_model import Part, WeightModel

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.int64]
Whom = Literal["ATT", "ATE", "ATC"]


class StratumWeights(NamedTuple):
    """Weights of units and of their derivative in the log odds of treatment of the stratum; 0 where one kind lacks.

    ``kept`` is the number of the stratum, -1 in strata with units of one kind.
    """

    weights: Array
    slope: Array
    kept: Rows


def stratum_weights(treated: Bools, strata: Rows, whom: Whom, sampling: Array) -> StratumWeights:
    """Weight each kind of unit to the share its stratum has among those asked for.

    Parameters
    ----------
    treated : ndarray of bool, shape (n,)
    strata : ndarray of int, shape (n,)
        Number of the stratum, -1 in none.
    whom : {"ATT", "ATE", "ATC"}
    sampling : ndarray, shape (n,)
        Sampling weights.

    Returns
    -------
    StratumWeights
        With p the share of treated in the stratum: 1 and p/(1 − p); 1/p and 1/(1 − p); (1 − p)/p and 1.

    Examples
    --------
    >>> found = stratum_weights(np.array([True, False, False, True]), np.array([0, 0, 0, 1]), "ATT", np.ones(4))
    >>> found.weights.tolist(), found.kept.tolist()
    ([1.0, 0.5, 0.5, 0.0], [0, 0, 0, -1])
    """
    sums = [np.bincount(strata[kind & (strata >= 0)], sampling[kind & (strata >= 0)], strata.max() + 1)
            for kind in (treated, ~treated)]  # fmt: skip
    both = (sums[0] > 0) & (sums[1] > 0)
    kept = np.where((strata >= 0) & both[strata], strata, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(kept >= 0, (sums[0] / sums[1])[kept], np.nan)
    if whom == "ATT":
        weights, slope = np.where(treated, 1.0, odds), np.where(treated, 0.0, odds)
    elif whom == "ATC":
        weights, slope = np.where(treated, 1 / odds, 1.0), np.where(treated, -1 / odds, 0.0)
    else:
        weights = np.where(treated, 1 + 1 / odds, 1 + odds)
        slope = np.where(treated, -1 / odds, odds)
    out = kept < 0
    return StratumWeights(np.where(out, 0.0, weights), np.where(out, 0.0, slope), kept)


def shares_model(treated: Bools, strata: Rows, sampling: Array, slope: Array) -> WeightModel:
    """How weights move with the shares of treated units in strata: a propensity saturated in strata.

    Parameters
    ----------
    treated : ndarray of bool, shape (n,)
    strata : ndarray of int, shape (n,)
        Numbers from 0 on, each with units of both kinds.
    sampling : ndarray, shape (n,)
        Sampling weights.
    slope : ndarray, shape (n,)
        Derivative of each weight in the log odds of treatment of its stratum.

    References
    ----------
    Lunceford & Davidian (2004), doi:10.1002/sim.1903, section 3.
    """
    d = treated.astype(float)
    total = np.bincount(strata, sampling)
    p = np.bincount(strata, sampling * d) / total
    part = Part(score=sampling * (d - p[strata]), slope=slope, bread=np.diag(1 / (total * p * (1 - p))))
    return WeightModel(np.eye(len(total))[strata], (part,))
