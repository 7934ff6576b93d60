"""Hidden cells of a table, filled so that they add up to the margins that are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.notes import note

Array = NDArray[np.float64]
_near = 1e-6  # of a count


class Margin(NamedTuple):
    """A margin: for each cell the position of its total, and the totals, NaN where they are not known."""

    place: NDArray[np.intp]
    totals: Array


def raked(counts: Array, margins: Sequence[Margin], *, start: float | Array, rounds: int = 500) -> Array:
    """Fill hidden cells by iterative proportional fitting.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        NaN where hidden.
    margins : sequence of Margin
    start : float or ndarray, shape (n,)
        Hidden cells before they are fitted; they stay so where no margin is known.
    rounds : int
        After so many it is said how far from the margins the cells are.

    Returns
    -------
    ndarray, shape (n,)
        Shown cells as they are.

    References
    ----------
    Deming & Stephan (1940), doi:10.1214/aoms/1177731829.

    Examples
    --------
    >>> rows = Margin(np.array([0, 0, 1, 1]), np.array([12.0, 40.0]))
    >>> raked(np.array([np.nan, np.nan, 30.0, np.nan]), [rows], start=5.0).tolist()
    [6.0, 6.0, 30.0, 10.0]
    """
    hidden = np.isnan(counts)
    filled = np.where(hidden, start, counts)
    if not hidden.any():
        return filled
    off = 0.0
    for _ in range(rounds):
        off = 0.0
        for place, totals in margins:
            size = len(totals)
            rest = totals - np.bincount(place[~hidden], filled[~hidden], size)
            held = np.bincount(place[hidden], filled[hidden], size)
            known = np.isfinite(rest) & (held > 0)
            off = max(off, float(np.abs(rest - held)[known].max(initial=0.0)))
            factor = np.where(known, np.maximum(rest, 0.0) / np.where(known, held, 1.0), 1.0)
            filled[hidden] *= factor[place[hidden]]
        if off < _near:
            return filled
    note(f"hidden cells add up to the margins shown to within {off:.2g} only")
    return filled
