"""Student's t: critical values, p-values, intervals, and what a t test can find."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

Array = NDArray[np.float64]


def critical(df: ArrayLike, level: float = 0.95) -> Array:
    """Two-sided critical values of t(df); ``df=inf`` is the normal.

    Examples
    --------
    >>> round(float(critical(9.0)), 3)
    2.262
    """
    return np.asarray(stats.t.isf((1 - level) / 2, np.asarray(df, float)), float)


def critical_with_bias(bias: float, df: float, level: float = 0.95) -> float:
    """Two-sided critical value of t(df) shifted by a bias in standard errors, of either sign.

    References
    ----------
    Armstrong & Kolesár (2018), doi:10.3982/ECTA14434.

    Examples
    --------
    >>> round(critical_with_bias(0.0, 9.0), 3), round(critical_with_bias(1.0, 1e6), 3)
    (2.262, 2.646)
    """
    law = stats.ncx2(1, bias**2) if np.isinf(df) else stats.ncf(1, df, bias**2)
    return float(np.sqrt(law.isf(1 - level)))


def p_value(statistic: ArrayLike, df: ArrayLike) -> Array:
    """Two-sided p-values of t statistics."""
    return np.asarray(2 * stats.t.sf(np.abs(np.asarray(statistic, float)), np.asarray(df, float)), float)


def interval(estimate: ArrayLike, std_error: ArrayLike, df: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """Bounds estimate ± t(df)·std_error."""
    half = critical(df, level) * np.asarray(std_error, float)
    centre = np.asarray(estimate, float)
    return centre - half, centre + half


def share_interval(
    estimate: ArrayLike, std_error: ArrayLike, df: ArrayLike, level: float = 0.95
) -> tuple[Array, Array]:
    """Bounds of a share, symmetric on the scale of its logit; one of 0 or 1, or beyond, has those of `interval`.

    Examples
    --------
    >>> [round(float(bound), 3) for bound in share_interval(0.9, 0.05, 1e6)]
    [0.752, 0.964]
    >>> [float(bound) for bound in share_interval(1.0, 0.0, 9.0)]
    [1.0, 1.0]
    """
    share, error = np.asarray(estimate, float), np.asarray(std_error, float)
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    ends = (special.expit(end) for end in interval(special.logit(safe), error / (safe * (1 - safe)), df, level))
    low, high = (
        np.where(inside, own, np.clip(plain, 0, 1))
        for own, plain in zip(ends, interval(share, error, df, level), strict=True)
    )
    return np.asarray(low, float), np.asarray(high, float)


def mixture_half_width(variances: ArrayLike, df: ArrayLike, weights: ArrayLike, *, level: float = 0.95) -> float:
    """Half-width of the symmetric interval that holds ``level`` of a weighted mixture of centred, scaled t's.

    Examples
    --------
    >>> round(mixture_half_width([1.0], [9.0], [1.0]), 3)
    2.262
    """
    scale, degrees, share = (np.asarray(values, float) for values in (np.sqrt(variances), df, weights))

    def outside(half: float) -> float:
        return float(2 * share @ special.stdtr(degrees, -half / scale) - (1 - level))

    widest = float(np.max(critical(degrees, level) * scale))
    return float(optimize.brentq(outside, 0.0, widest * (1 + 1e-9)))


def minimum_detectable_effect(
    std_error: float, df: float, *, power: float = 0.8, level: float = 0.95, cut: float | None = None
) -> float:
    """Effect that a two-sided test at ``level`` finds with probability ``power``: (t_{(1+level)/2} + t_{power})·SE.

    ``cut`` takes the place of t_{(1+level)/2} where another test is made.

    References
    ----------
    Bloom (1995), Evaluation Review 19(5):547, doi:10.1177/0193841X9501900504.

    Examples
    --------
    >>> round(minimum_detectable_effect(0.1, 9.0), 4)
    0.3146
    """
    limit = critical(df, level) if cut is None else cut
    return float((limit + stats.t.isf(1 - power, df)) * std_error)


def power(effect: float, std_error: ArrayLike, df: ArrayLike, *, level: float = 0.95) -> Array:
    """Probability that a two-sided t test finds a true ``effect`` (noncentral t).

    Examples
    --------
    >>> round(float(power(0.3146, 0.1, 9.0)), 2)
    0.8
    """
    degrees, shift = np.asarray(df, float), abs(effect) / np.asarray(std_error, float)
    cut = critical(degrees, level)
    other_tail = np.nan_to_num(stats.nct.cdf(-cut, degrees, shift))  # scipy gives NaN where this underflows
    return np.asarray(stats.nct.sf(cut, degrees, shift) + other_tail, float)


def rejection_rate_limit(nominal: float, replications: int, errors: float) -> float:
    """Largest rejection rate compatible with ``nominal`` within ``errors`` Monte-Carlo standard errors."""
    return float(nominal + errors * np.sqrt(nominal * (1 - nominal) / replications))
