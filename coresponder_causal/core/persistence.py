"""Correlation that fades with the distance in time, written so that processors stay fast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
faint = 1e-30


def persistence(rho: float, positions: Array) -> Array:
    """Correlation of an AR(1) process, R_ij = ρ^|t_i − t_j|; what is fainter than 1e-30 is zero.

    Numbers so faint never count beside the ones on the diagonal, but their products leave the range in which
    processors are fast: factorising the matrix of five years of weeks then takes a hundred times as long.

    Parameters
    ----------
    rho : float
        Between −1 and 1.
    positions : ndarray, shape (n,)
        Integer positions in time.

    Returns
    -------
    ndarray, shape (n, n)

    Examples
    --------
    >>> persistence(0.5, np.array([0.0, 1.0, 3.0])).tolist()
    [[1.0, 0.5, 0.125], [0.5, 1.0, 0.25], [0.125, 0.25, 1.0]]
    >>> float(persistence(0.01, np.array([0.0, 20.0]))[0, 1])
    0.0
    """
    return without_faint(rho ** np.abs(positions[:, None] - positions))


def without_faint(values: Array) -> Array:
    """Put zero where a value is below 1e-30 of the largest, in place."""
    values[np.abs(values) < faint * np.abs(values).max()] = 0.0
    return values
