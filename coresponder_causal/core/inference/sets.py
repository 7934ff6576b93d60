"""Intervals and p-values of a value that is known to lie in a set."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from coresponder_causal.core.inference.student import critical

Array = NDArray[np.float64]


def set_interval(ends: ArrayLike, std_errors: ArrayLike, df: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """Bounds that hold the value itself, not all of its set, with probability ``level``.

    (l − c s_l, h + c s_h) with F(c + (h − l)/max(s_l, s_h)) − F(−c) = level, F that of t(df): one-sided limits where
    the set is wide, the usual interval where it is a point. The ends must be in order in every sample.

    Parameters
    ----------
    ends, std_errors : array_like, shape (k, 2)
        Lower and upper end of each set, and their standard errors.
    df : array_like, shape (k,)
    level : float

    Returns
    -------
    low, high : ndarray, shape (k,)

    References
    ----------
    Imbens & Manski (2004), doi:10.1111/j.1468-0262.2004.00555.x; Stoye (2009), doi:10.3982/ECTA7347, lemma 3.

    Examples
    --------
    >>> [bound.round(3).tolist() for bound in set_interval([[0, 0], [0, 9]], np.ones((2, 2)), [np.inf, np.inf])]
    [[-1.96, -1.645], [1.96, 10.645]]
    """
    (low, high), (below, above) = np.asarray(ends, float).T, np.asarray(std_errors, float).T
    degrees = np.broadcast_to(np.asarray(df, float), low.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.nan_to_num((high - low) / np.maximum(below, above), nan=0.0, posinf=np.inf)
    cut = np.array([_set_critical(*pair, level) for pair in zip(width, degrees, strict=True)])
    return low - cut * below, high + cut * above


def _set_critical(width: float, df: float, level: float) -> float:
    """Return c with F(c + width) − F(−c) = level; it lies between the one-sided and the two-sided critical value."""
    one, two = float(stats.t.isf(1 - level, df)), float(critical(df, level))

    def missing(cut: float) -> float:
        return float(level - stats.t.cdf(cut + width, df) + stats.t.cdf(-cut, df))

    return one if missing(one) <= 0 else float(optimize.brentq(missing, one, two + 1e-9))


def set_p_value(ends: ArrayLike, std_errors: ArrayLike, df: ArrayLike) -> Array:
    """P-values of no effect that agree with `set_interval`; 1 where the set holds 0.

    Examples
    --------
    >>> set_p_value([[-1, 1], [1.96, 1.96], [1.645, 9]], np.ones((3, 2)), np.inf).round(3).tolist()
    [1.0, 0.05, 0.05]
    """
    (low, high), (below, above) = np.asarray(ends, float).T, np.asarray(std_errors, float).T
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where(low > 0, low / below, -high / above)
        width = np.nan_to_num((high - low) / np.maximum(below, above), nan=0.0, posinf=np.inf)
    degrees = np.asarray(df, float)
    tails = stats.t.sf(apart, degrees) + stats.t.sf(apart + width, degrees)
    return np.asarray(np.where((low <= 0) & (high >= 0), 1.0, tails), float)
