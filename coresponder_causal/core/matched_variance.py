"""Variance of a mean difference between units and their matches, where a match may serve several of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
alike = 2


def matched_variance(own: Array, theirs: Array, pairs: Rows, noise: Array) -> float:
    """Variance of the mean of a unit's own value plus the mean value of its matches.

    Parameters
    ----------
    own : ndarray, shape (n,)
        Value of each unit where it is one that was matched, with its sign.
    theirs : ndarray, shape (m,)
        Value of the match in each pair, with its sign: for pair (i, j) the outcome of j, moved to the covariates of i
        where a bias is corrected.
    pairs : ndarray of int, shape (m, 2)
        Unit i and its match j.
    noise : ndarray, shape (n,)
        Estimate of the variance of the value of each unit given its covariates, as of `conditional_variance`.

    Returns
    -------
    float
        V = N⁻² {Σ_i (d_i − d̄)² + Σ_j (W_j² − W_jj) σ̂_j²} over N matched units, with d_i = own_i + Σ_j theirs_ij / M_i,
        M_i the matches of i, W_j = Σ_i 1/M_i over those that j was given to, and W_jj = Σ_i 1/M_i². With M matches for
        all, W_j² − W_jj = K_j (K_j − 1)/M².

    References
    ----------
    Abadie & Imbens (2006), doi:10.1111/j.1468-0262.2006.00655.x, theorem 7; Abadie & Imbens (2011),
    doi:10.1198/jbes.2009.07333 (corrected for bias).

    Examples
    --------
    >>> own, pairs = np.array([3.0, 1.0, 0.0]), np.array([[0, 2], [1, 2]])
    >>> matched_variance(own, np.array([0.0, 0.0]), pairs, np.array([0.0, 0.0, 2.0]))
    1.5
    """
    n, (unit, match) = len(own), pairs.T
    share = 1 / np.bincount(unit, minlength=n)[unit]
    difference = (own + np.bincount(unit, share * theirs, minlength=n))[np.unique(unit)]
    once = np.bincount(match, share**2, minlength=n)
    again = np.bincount(match, share, minlength=n) ** 2 - once
    spread = float(((difference - difference.mean()) ** 2).sum()) + float(again @ noise)
    return spread / len(difference) ** 2


def conditional_variance(y: Array, points: Array, arm: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> Array:
    """Variance of the outcome given the covariates of units of an arm, from the units of the arm nearest to each.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Outcome.
    points : ndarray, shape (n, q)
        Coordinates in which near units are alike.
    arm, wanted : ndarray of bool, shape (n,)
        Units of the arm, and those of them whose variance is asked for.

    Returns
    -------
    ndarray, shape (n,)
        J/(J + 1) · (y − mean of the J nearest)², J = 2; 0 where it is not asked for. One unit's value is
        noise; means of many are not.

    Raises
    ------
    EstimationError
        If the arm has one unit.

    References
    ----------
    Abadie & Imbens (2006), doi:10.1111/j.1468-0262.2006.00655.x, equation 14.

    Examples
    --------
    >>> y, points = np.array([0.0, 2.0, 4.0, 9.0]), np.arange(4.0)[:, None]
    >>> arm = np.array([True, True, True, False])
    >>> conditional_variance(y, points, arm, arm).round(2).tolist()
    [6.0, 0.0, 6.0, 0.0]
    """
    found, own, asked = np.zeros(len(y)), np.flatnonzero(arm), np.flatnonzero(wanted)
    near = min(alike, len(own) - 1)
    if near == 0 and len(asked):
        raise EstimationError(
            "one call is the match of all others: how its outcome might have varied cannot be told",
            mend="bring more calls of its arm",
        )
    places = own[cKDTree(points[own]).query(points[asked], k=near + 1)[1]]
    itself_last = np.argsort(places == asked[:, None], axis=1, kind="stable")
    others = np.take_along_axis(places, itself_last, axis=1)[:, :near]
    found[asked] = near / (near + 1) * (y[asked] - y[others].mean(axis=1)) ** 2
    return found
