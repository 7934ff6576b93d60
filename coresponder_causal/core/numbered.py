"""Numbers in place of labels, in order of appearance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def numbered(labels: ArrayLike) -> tuple[NDArray[np.intp], int]:
    """Give the number of each row's label, and how many labels there are; missing ones have −1 and are not counted.

    Labels that are such numbers already are told by one pass and need no table of labels.

    Parameters
    ----------
    labels : array_like, shape (n,)

    Examples
    --------
    >>> [(codes.tolist(), many) for codes, many in (numbered(["b", "a", "b"]), numbered([0, 1, 1, 0, 2]))]
    [([0, 1, 0], 2), ([0, 1, 1, 0, 2], 3)]
    """
    values = np.asarray(labels)
    if values.dtype == np.intp and values.size and values[0] == 0 and values.min() == 0:
        top = np.maximum.accumulate(values)
        if (top[1:] - top[:-1]).max(initial=0) <= 1:
            return values, int(top[-1]) + 1
    codes, found = pd.factorize(values)
    return codes, len(found)
