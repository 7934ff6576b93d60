"""How far two weighted distributions of one number lie apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Apart(NamedTuple):
    """Mean and largest distance between two distribution functions; the largest is that of Kolmogorov and Smirnov."""

    mean: float
    largest: float


def ecdf_distance(x: Array, weights: Array, first: NDArray[np.bool_]) -> Apart:
    """Distance between the weighted empirical distribution functions of two groups, over the distinct values.

    Parameters
    ----------
    x : ndarray, shape (n,)
    weights : ndarray, shape (n,)
        Not negative; each group is scaled to one. Units without weight are left out.
    first : ndarray of bool, shape (n,)
        Units of the first group.

    Returns
    -------
    Apart
        Of a number that is 0 or 1 both are the distance between the shares: no mean over its two values.

    References
    ----------
    Austin & Stuart (2015), doi:10.1002/sim.6607, section 3.3.

    Examples
    --------
    >>> x, first = np.array([1.0, 2.0, 2.0, 3.0]), np.array([True, True, False, False])
    >>> ecdf_distance(x, np.ones(4), first)
    Apart(mean=0.3333333333333333, largest=0.5)
    """
    used = weights > 0
    x, w, first = x[used], weights[used], first[used]
    signed = np.where(first, w / w[first].sum(), -w / w[~first].sum())
    if np.isin(x, [0.0, 1.0]).all():
        share = float(abs(signed @ x))
        return Apart(share, share)
    order = np.argsort(x, kind="stable")
    last = np.append(np.diff(x[order]) > 0, True)
    distance = np.abs(np.cumsum(signed[order])[last])
    return Apart(float(distance.mean()), float(distance.max()))
