"""What a second reader of a sample changes of a mean, and what it can be however the disputes are settled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.agreement import cohen_kappa
from coresponder_causal.core.partial_means import Moved, mean

Array = NDArray[np.float64]


class Changes(NamedTuple):
    """Differences to a mean by the first reader's codes: by the second's, and with every dispute a no, or a yes."""

    second: Moved
    least: Moved
    most: Moved


class Disputes(NamedTuple):
    """How many were read twice, the share on which the readers differ, and their agreement beyond chance (κ)."""

    twice: int
    share: float
    kappa: float


def changes(first: Array, second: Array, weights: Array, chance: Array) -> Changes:
    """Change of a weighted mean over all units from the codes of a first to those of a second reader of a sample.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        Codes 0 and 1, NaN where a reader did not look; the second read units of the first, a share drawn by lot.
    weights : ndarray, shape (n,)
        0 outside the group.
    chance : ndarray, shape (n,)
        Chance of being read by the first.

    Returns
    -------
    Changes
        (Σ w R/π / Σ w) · Σ_D (w/π)(B − A) / Σ_D w/π, with R what the first read and D what both did; exactly Σ w (R/π)
        (B − A) / Σ w where they read the same. For disputes settled one way min(A, B) or max(A, B) stands for B.

    Examples
    --------
    >>> a, b = np.array([1.0, 0.0, 1.0, np.nan]), np.array([1.0, 1.0, np.nan, np.nan])
    >>> found = changes(a, b, np.ones(4), np.full(4, 0.75))
    >>> [round(part.value, 3) for part in found]
    [0.5, 0.0, 0.5]
    """
    read, twice = np.isfinite(first), np.isfinite(second)
    times = np.divide(1.0, chance, out=np.zeros(len(first)), where=read)
    reach, own = mean(times, weights), np.where(twice, times, 0.0)
    parts = []
    for better in (second, np.fmin(first, second), np.fmax(first, second)):
        apart = mean(np.where(twice, better - first, 0.0), weights * own)
        slope = reach.value * own * apart.slope + apart.value * reach.slope
        parts.append(Moved(reach.value * apart.value, slope))
    return Changes(*parts)


def disputes(first: Array, second: Array, used: NDArray[np.bool_]) -> Disputes:
    """Count what was read twice, and how the readers differ on it.

    Examples
    --------
    >>> a, b = np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, np.nan])
    >>> disputes(a, b, np.ones(4, bool)).twice
    3
    """
    twice = used & np.isfinite(first) & np.isfinite(second)
    a, b = first[twice].astype(int), second[twice].astype(int)
    table = np.bincount(2 * a + b, minlength=4).reshape(2, 2)
    return Disputes(len(a), float((a != b).mean()) if len(a) else np.nan, cohen_kappa(table).estimate)
