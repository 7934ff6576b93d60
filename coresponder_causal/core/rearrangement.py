"""The rearrangement test: one treated city among others that may be unlike each other and less volatile than it."""

from __future__ import annotations

from functools import cache
from itertools import count

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core import inference

Array = NDArray[np.float64]
levels, weights_tried = 199, 500


def rearrangement_crossings(changes: Array, ratio: float = 1.0) -> Array:
    """Bounds of the effect by the rearrangement test at the levels 1 − i/200, i = 1, …, 199.

    Parameters
    ----------
    changes : ndarray, shape (1 + m,)
        The treated city's first.
    ratio : float
        Largest ρ, the treated city's standard deviation over any other's, that is allowed for.

    Returns
    -------
    ndarray, shape (199, 2)
        Infinite at levels that m cities cannot give.

    Notes
    -----
    One-sided at α/2 each way: an effect b is rejected when (1 − w)(gap − b) is above every θ_j − θ̄, w being the
    smallest weight whose bound on the size is α/2; below likewise.

    References
    ----------
    Hagemann (2025), Inference with a single treated cluster, Review of Economic Studies 92:3968.
    """
    residuals = changes[1:] - changes[1:].mean()
    gap = changes[0] - changes[1:].mean()
    kept = (1 - _smallest_weights(len(residuals), ratio))[:, None]
    with np.errstate(divide="ignore"):
        return np.asarray(gap + np.array([-residuals.max(), -residuals.min()]) / kept)


def rearrangement_floor(number: int, ratio: float = 1.0) -> float:
    """Smallest two-sided p-value that the rearrangement test gives with a number of comparison cities.

    Examples
    --------
    >>> rearrangement_floor(10) > 0.05, rearrangement_floor(15) < 0.05
    (True, True)
    """
    return min(1.0, 2 * float(_bounds(number, ratio).min()))


def rearrangement_needs(ratio: float = 1.0, level: float = 0.95) -> int:
    """Comparison cities from which the two-sided rearrangement test can reject; some number does for every ratio.

    Examples
    --------
    >>> rearrangement_needs(2.0)
    14
    """
    return next(q for q in count(3) if rearrangement_floor(q, ratio) <= 1 - level)


@cache
def _bounds(number: int, ratio: float) -> Array:
    return inference.rearrangement_size(np.linspace(0.0, 1.0, weights_tried + 1), number, ratio)


def _smallest_weights(number: int, ratio: float) -> Array:
    """Smallest weight on a grid whose bound is α/2, for α = 1/200, …, 199/200; 1 where there is none."""
    weights, bounds = np.linspace(0.0, 1.0, weights_tried + 1), _bounds(number, ratio)
    half = np.arange(1, levels + 1) / (levels + 1) / 2
    holds = bounds[None, :] <= half[:, None]
    return np.where(holds.any(axis=1), weights[holds.argmax(axis=1)], 1.0)
