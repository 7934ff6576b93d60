"""Differences between the mean changes of two groups of units, added up, and how each unit moves the sums."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Change(NamedTuple):
    """Mean change of some units from one period to another, against that of others, with its part in each term.

    ``treated`` and ``others`` are numbers of units, ``base`` and ``now`` of periods; ``share`` has one number per term.
    ``centre`` is what the change of the treated units is held against for its spread, by default their mean.
    """

    treated: Ints
    others: Ints
    base: int
    now: int
    share: Array
    centre: float = float("nan")


def added_changes(
    outcome: Array, weight: Array, cluster: Ints, changes: Iterable[Change], terms: int
) -> tuple[Array, Array]:
    """Add comparisons of changes up.

    Parameters
    ----------
    outcome : ndarray, shape (n, T)
        Of units that have both periods of the comparisons they are in.
    weight : ndarray, shape (n,)
    cluster : ndarray of int, shape (n,)
    changes : iterable of Change
    terms : int
        Number k of terms.

    Returns
    -------
    estimate : ndarray, shape (k,)
    scores : ndarray, shape (n, k)
        ψ/n: distances from the mean change of the group, of whose c clusters each counts √(c/(c − 1)), so that a group
        of one unit per cluster has its unbiased variance.

    Examples
    --------
    >>> y = np.array([[0.0, 3.0], [0, 5], [0, 1], [0, 1]])
    >>> one = Change(np.array([0, 1]), np.array([2, 3]), 0, 1, np.ones(1))
    >>> estimate, scores = added_changes(y, np.ones(4), np.arange(4), [one], 1)
    >>> estimate.tolist(), round(float((scores**2).sum()), 9)
    ([3.0], 1.0)
    """
    estimate, scores = np.zeros(terms), np.zeros((len(outcome), terms))
    for one in changes:
        for units, sign in ((one.treated, 1.0), (one.others, -1.0)):
            change, w = outcome[units, one.now] - outcome[units, one.base], weight[units]
            mean, many = float(w @ change / w.sum()), len(np.unique(cluster[units]))
            estimate += sign * mean * one.share
            centre, factor = mean, np.sqrt(many / max(many - 1, 1))
            if sign > 0 and np.isfinite(one.centre):
                centre, factor = one.centre, 1.0
            moved = sign * factor * w * (change - centre) / w.sum()
            used = np.flatnonzero(one.share)
            scores[np.ix_(units, used)] += moved[:, None] * one.share[used]
    return estimate, scores
