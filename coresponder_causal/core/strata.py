"""Strata of the probability of treatment: equally large groups in which the treated and the others are alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import note

Array = NDArray[np.float64]


def quantile_strata(probability: Array, number: int) -> NDArray[np.int64]:
    """Cut units at the quantiles of their probability of treatment.

    Parameters
    ----------
    probability : ndarray, shape (n,)
    number : int
        Strata wanted, two or more. Five remove about nine tenths of the bias that the covariates carry.

    Returns
    -------
    ndarray of int, shape (n,)
        1 for the least probable; equal probabilities stay together, and a note says where that leaves fewer strata.

    Raises
    ------
    EstimationError
        Fewer than two strata, or more than units.

    References
    ----------
    Rosenbaum & Rubin (1984), doi:10.1080/01621459.1984.10478078; Cochran (1968), doi:10.2307/2528036.

    Examples
    --------
    >>> quantile_strata(np.array([0.5, 0.1, 0.4, 0.2]), 2).tolist()
    [2, 1, 2, 1]
    """
    if not 2 <= number <= len(probability):
        raise EstimationError(f"{number} strata of {len(probability)} units", mend="ask for 5, or for 2 to 10")
    cuts = np.unique(np.quantile(probability, np.arange(1, number) / number))
    levels, strata = np.unique(np.searchsorted(cuts, probability, side="left"), return_inverse=True)
    if len(levels) < number:
        note(f"{len(levels)} strata in place of {number}: many units have the same probability of treatment")
    return np.asarray(strata + 1, np.int64)
