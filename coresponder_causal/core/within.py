"""Change within units: what is left of columns when each unit's own mean is taken out."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def within_units(columns: Array, unit: NDArray[np.intp]) -> Array:
    """Columns less the mean of their unit.

    Parameters
    ----------
    columns : ndarray, shape (n, k)
    unit : ndarray, shape (n,)
        Numbers of the units, from 0 on.

    Returns
    -------
    ndarray, shape (n, k)

    Examples
    --------
    >>> within_units(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1])).ravel().tolist()
    [-1.0, 1.0, 0.0]
    """
    size = np.bincount(unit)
    means = np.column_stack([np.bincount(unit, column) / size for column in columns.T])
    return np.asarray(columns - means[unit], float)


def levels_but_first(labels: NDArray[np.intp]) -> Array:
    """One column of 0 and 1 for each level but the first, shape (n, levels − 1).

    Examples
    --------
    >>> levels_but_first(np.array([0, 1, 2])).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    return np.asarray(labels[:, None] == np.arange(1, labels.max() + 1), float)
