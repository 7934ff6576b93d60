"""Shares, counts and ratios of rates, and ranks that hold a quantile."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

Array = NDArray[np.float64]


def wilson(events: ArrayLike, trials: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """Score bounds of a proportion; ``trials`` may be an effective number and need not be whole.

    References
    ----------
    Wilson (1927), doi:10.1080/01621459.1927.10502953; with effective trials: Franco et al. (2019),
    doi:10.1093/jssam/smy019.

    Examples
    --------
    >>> [round(float(bound), 4) for bound in wilson(4, 10)]
    [0.1682, 0.6873]
    """
    count, number = np.asarray(events, float), np.asarray(trials, float)
    z = float(stats.norm.isf((1 - level) / 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        share, weight = count / number, 1 + z**2 / number
        centre = (share + z**2 / (2 * number)) / weight
        half = z * np.sqrt(share * (1 - share) / number + z**2 / (4 * number**2)) / weight
        low = np.where(count == 0, 0.0, centre - half)
        high = np.where(count == number, 1.0, centre + half)
    empty = ~(number > 0)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def exact_poisson(events: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """Exact bounds of the mean of a Poisson count.

    References
    ----------
    Garwood (1936), doi:10.1093/biomet/28.3-4.437.

    Examples
    --------
    >>> [round(float(bound), 3) for bound in exact_poisson(3)]
    [0.619, 8.767]
    """
    count = np.asarray(events, float)
    tail = (1 - level) / 2
    low = np.where(count > 0, stats.chi2.ppf(tail, 2 * np.maximum(count, 1)) / 2, 0.0)
    return np.asarray(low, float), np.asarray(stats.chi2.isf(tail, 2 * count + 2) / 2, float)


def split_interval(split: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """Exact bounds of log ratios of two Poisson rates, by Clopper–Pearson bounds of the share of events after.

    Given all events, those after are binomial with odds of the ratio times the ratio of exposures. Events divided by
    their dispersion need not be whole.

    Parameters
    ----------
    split : array_like, shape (k, 3)
        Events after, events before, exposure after over exposure before.
    level : float

    Returns
    -------
    low, high : ndarray, shape (k,)
        −∞ without events after, ∞ without events before.

    References
    ----------
    Clopper & Pearson (1934), doi:10.1093/biomet/26.4.404; Przyborowski & Wilenski (1940),
    doi:10.1093/biomet/31.3-4.313; with effective numbers: Korn & Graubard (1998), Survey Methodology 24(2):193.

    Examples
    --------
    >>> [round(float(np.exp(bound)), 3) for bounds in split_interval([[3, 12, 1.0]]) for bound in bounds]
    [0.045, 0.926]
    """
    after, before, exposure = np.asarray(split, float).T
    tail = (1 - level) / 2
    low = np.where(after > 0, special.betaincinv(np.maximum(after, 1e-300), before + 1, tail), 0.0)
    high = np.where(before > 0, special.betainccinv(after + 1, np.maximum(before, 1e-300), tail), 1.0)
    return special.logit(low) - np.log(exposure), special.logit(high) - np.log(exposure)


def split_p_value(split: ArrayLike) -> Array:
    """P-values of equal rates: twice the smaller binomial tail, at most 1, so that they agree with `split_interval`.

    Examples
    --------
    >>> split_p_value([[3, 12, 1.0]]).round(4).tolist()
    [0.0352]
    """
    after, before, exposure = np.asarray(split, float).T
    share = exposure / (1 + exposure)
    many = np.where(after > 0, special.betainc(np.maximum(after, 1e-300), before + 1, share), 1.0)
    few = np.where(before > 0, special.betaincc(after + 1, np.maximum(before, 1e-300), share), 1.0)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(many, few)), float)


def beta_bounds(mean: ArrayLike, variance: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """Bounds that hold ``level`` of the beta distribution with a mean and a variance.

    Examples
    --------
    >>> [round(float(bound), 4) for bound in beta_bounds(0.5, 1 / 12)]
    [0.025, 0.975]
    """
    centre = np.asarray(mean, float)
    size = centre * (1 - centre) / np.asarray(variance, float) - 1
    tails = ((1 - level) / 2, (1 + level) / 2)
    low, high = (special.betaincinv(centre * size, (1 - centre) * size, tail) for tail in tails)
    return np.asarray(low, float), np.asarray(high, float)


def quantile_ranks(number: int, probability: float, level: float = 0.95) -> tuple[int, int]:
    """Ranks (from 1) of the order statistics that hold a quantile; 0 or ``number + 1``: there is no such bound.

    References
    ----------
    Conover (1999), Practical Nonparametric Statistics, 3rd ed., section 3.2.

    Examples
    --------
    >>> quantile_ranks(20, 0.5), quantile_ranks(5, 0.5)
    ((6, 15), (0, 6))
    """
    low, high = (int(stats.binom.ppf(tail, number, probability)) for tail in ((1 - level) / 2, (1 + level) / 2))
    return low, high + 1
