"""Weights of strata that hold units of both kinds, and what their estimation adds to an influence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StratumShares:
    """Shares of treated units in strata, as a propensity that was estimated.

    Parameters
    ----------
    treated : ndarray of bool, shape (n,)
    strata : ndarray of int, shape (n,)
        -1 where a unit is in none.
    sampling : ndarray, shape (n,)
    """

    treated: Bools
    strata: Rows
    sampling: Array

    def influence_through(self, slope: Array) -> Array:
        """Influence, over n, of the estimated shares on a quantity that moves by ``slope`` with each log odds.

        Parameters
        ----------
        slope : ndarray, shape (n,)
            Derivative of the quantity in the log odds of each unit's stratum.

        Returns
        -------
        ndarray, shape (n,)

        References
        ----------
        Lunceford & Davidian (2004), doi:10.1002/sim.1903, section 3, for a propensity saturated in strata.
        """
        inside = self.strata >= 0
        where, s, d = self.strata[inside], self.sampling[inside], self.treated[inside].astype(float)
        many = where.max() + 1
        total = np.bincount(where, s, many)
        with np.errstate(divide="ignore", invalid="ignore"):
            p = np.bincount(where, s * d, many) / total
            step = np.bincount(where, slope[inside], many) / (total * p * (1 - p))
        found = np.zeros(len(self.strata))
        found[inside] = s * (d - p[where]) * step[where]
        return found
