"""Intervals and p-values of the difference of two shares that rest on few events."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from coresponder_causal.core.inference.student import critical, p_value

Array = NDArray[np.float64]
_FARTHEST = 1e3


def share_gap(shares: ArrayLike, numbers: ArrayLike, df: float, level: float = 0.95) -> tuple[float, float]:
    """Bounds of one share less another, from the score bounds of each; they never end at what was seen.

    (d − √((p₁ − l₁)² + (u₂ − p₂)²), d + √((u₁ − p₁)² + (p₂ − l₂)²)) with Wilson's bounds l, u of each share, the
    normal deviate replaced by that of t(df).

    Parameters
    ----------
    shares, numbers : array_like, shape (2,)
        Each share, and by how many independent calls it is known: an effective number, which need not be whole.
    df : float
    level : float

    References
    ----------
    Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, method 10, whose example is
    56 of 70 against 48 of 80; Wilson (1927), doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> [round(bound, 4) for bound in share_gap([56 / 70, 48 / 80], [70, 80], np.inf)]
    [0.0524, 0.3339]
    >>> [round(bound, 4) for bound in share_gap([0, 0.1], [30, 30], np.inf)]
    [-0.2562, 0.031]
    """
    return _bounds(np.asarray(shares, float), np.asarray(numbers, float), float(critical(df, level)))


def share_gap_p_value(shares: ArrayLike, numbers: ArrayLike, df: float) -> float:
    """P-value of no difference that agrees with `share_gap`.

    Examples
    --------
    >>> round(share_gap_p_value([56 / 70, 48 / 80], [70, 80], np.inf), 4)
    0.0081
    >>> share_gap_p_value([0.5, 0.5], [9, 9], 5.0)
    1.0
    """
    share, number = np.asarray(shares, float), np.asarray(numbers, float)
    if share[0] == share[1]:
        return 1.0
    end = 0 if share[0] > share[1] else 1
    sign = 1.0 if end else -1.0
    if sign * _bounds(share, number, _FARTHEST)[end] < 0:
        return 0.0
    cut = float(optimize.brentq(lambda one: sign * _bounds(share, number, one)[end], 0.0, _FARTHEST))
    return float(p_value(cut, df))


def _bounds(share: Array, number: Array, cut: float) -> tuple[float, float]:
    """Bounds at a critical value."""
    weight = 1 + cut**2 / number
    centre = (share + cut**2 / (2 * number)) / weight
    half = cut * np.sqrt(share * (1 - share) / number + cut**2 / (4 * number**2)) / weight
    below, above = share - (centre - half), centre + half - share
    gap = float(share[0] - share[1])
    return gap - float(np.hypot(below[0], above[1])), gap + float(np.hypot(above[0], below[1]))
