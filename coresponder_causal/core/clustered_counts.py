"""Counts of what comes in clumps: how many independent events a total is worth, and intervals from that many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Clumped(NamedTuple):
    """Totals by group, shape (groups, k); exposures, shape (groups,); and dispersion of each count, shape (k,)."""

    events: Array
    exposure: Array
    dispersion: Array


def clumped(counts: Array, exposure: Array, group: NDArray[np.intp], groups: int) -> Clumped:
    """Add counts of clusters up by group, and measure how much more they vary between clusters than by Poisson's law.

    Parameters
    ----------
    counts : ndarray, shape (clusters, k)
        Events of k kinds.
    exposure : ndarray, shape (clusters,)
        What they come from, e.g. words; above 0.
    group : ndarray of int, shape (clusters,)
        Group of each cluster, from 0.
    groups : int

    Returns
    -------
    Clumped
        Dispersion is n/(n − g) Σ (y − r L)² / Σ y over the clusters of all groups, with r its group's rate: the
        variance of a total over that of a Poisson count, at least 1. A total of E events is worth E / dispersion.

    References
    ----------
    McCullagh & Nelder (1989), Generalized Linear Models, section 6.2; effective counts: Korn & Graubard (1998), Survey
    Methodology 24(2):193.

    Examples
    --------
    >>> told = np.array([[9.0], [1.0], [0.0], [2.0]])
    >>> found = clumped(told, np.full(4, 100.0), np.array([0, 0, 1, 1]), 2)
    >>> found.events.ravel().tolist(), found.dispersion.round(2).tolist()
    ([10.0, 2.0], [5.67])
    """
    events = np.zeros((groups, counts.shape[1]))
    np.add.at(events, group, counts)
    whole = np.bincount(group, exposure, minlength=groups).astype(float)
    rate = np.divide(events, whole[:, None], out=np.zeros_like(events), where=whole[:, None] > 0)
    apart = ((counts - rate[group] * exposure[:, None]) ** 2).sum(axis=0)
    n, used = len(counts), int((whole > 0).sum())
    total = events.sum(axis=0)
    spread = np.divide(apart, total, out=np.ones(len(total)), where=total > 0) * (
        n / (n - used) if n > used else np.nan
    )
    return Clumped(events, whole, np.maximum(spread, 1.0))
