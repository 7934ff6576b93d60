"""How many to draw in each cell of a population, so that a difference of means is known best."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Allocation = Literal["proportional", "optimum"]
fewest = 2


def added_variance(wanted: Array, sizes: Whole, drawn: Whole) -> float:
    """Variance that drawing m of M without replacement adds: Σ (W S)² (1/m − 1/M).

    Parameters
    ----------
    wanted : ndarray, shape (cells,)
        W S, the share of the arm in the cell times the standard deviation within it.
    sizes, drawn : ndarray of int, shape (cells,)
        M and m.

    Examples
    --------
    >>> added_variance(np.array([0.5, 0.5]), np.array([10, 10]), np.array([5, 10]))
    0.025
    """
    return float((wanted**2 * (1 / drawn - 1 / sizes)).sum())


def allocated(wanted: Array, sizes: Whole, number: float, allocation: Allocation, *, room: float = -1.0) -> Whole:
    """Whole numbers by cell, two at least where there are so many, one more at a time where it does most.

    Parameters
    ----------
    wanted, sizes : ndarray, shape (cells,)
        As of `added_variance`.
    number : float
        How many may be drawn.
    allocation : {"proportional", "optimum"}
        The same share of every cell, or m ∝ W S (Neyman).
    room : float
        It also stops where the added variance has come down to this.

    Returns
    -------
    ndarray of int, shape (cells,)

    References
    ----------
    Neyman (1934), doi:10.2307/2342192; one at a time: Wright (2012), doi:10.1080/00031305.2012.733679.

    Examples
    --------
    >>> allocated(np.array([0.6, 0.2]), np.array([100, 100]), 40, "optimum").tolist()
    [30, 10]
    """
    drawn = np.minimum(fewest, sizes)
    while drawn.sum() < min(number, sizes.sum()) and added_variance(wanted, sizes, drawn) > room:
        most = wanted**2 / (drawn * (drawn + 1)) if allocation == "optimum" else sizes / (drawn + 0.5)
        drawn[int(np.argmax(np.where(drawn < sizes, most, -1.0)))] += 1
    return np.asarray(drawn, np.int64)
