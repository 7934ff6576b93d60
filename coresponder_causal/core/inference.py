"""Tests, intervals and detectable effects: the only file of the package with p-values.

Survival functions are used throughout: ``1 - cdf`` loses every digit of a small p-value.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

Array = NDArray[np.float64]
Alternative = Literal["two-sided", "less", "greater"]


class WaldTest(NamedTuple):
    """A joint test that a set of terms is zero: F statistic, its two df, its p-value."""

    statistic: float
    df_num: int
    df_den: float
    p_value: float


class RankTest(NamedTuple):
    """A permutation statement: rank of the treated among all (1 = most extreme), p-value and its floor."""

    rank: int
    of: int
    p_value: float
    floor: float


def critical(df: ArrayLike, level: float = 0.95) -> Array:
    """Two-sided critical values of t(df); ``df=inf`` is the normal.

    Examples
    --------
    >>> round(float(critical(9.0)), 3)
    2.262
    """
    return np.asarray(stats.t.isf((1 - level) / 2, np.asarray(df, float)), float)


def p_value(statistic: ArrayLike, df: ArrayLike) -> Array:
    """Two-sided p-values of t statistics."""
    return np.asarray(2 * stats.t.sf(np.abs(np.asarray(statistic, float)), np.asarray(df, float)), float)


def chi_square_quantile(probability: float, df: float) -> float:
    """Value below which a χ²(df) falls with a probability.

    Examples
    --------
    >>> round(chi_square_quantile(0.2, 9.0), 3)
    5.38
    """
    return float(stats.chi2.ppf(probability, df))


def homogeneity_p_value(counts: Array) -> float:
    """P-value of Pearson's χ² test that the rows of a table of counts have one distribution over its columns.

    Examples
    --------
    >>> round(homogeneity_p_value(np.array([[10.0, 20.0], [20.0, 10.0]])), 4)
    0.0098
    """
    held = counts[:, counts.sum(axis=0) > 0]
    expected = np.outer(held.sum(axis=1), held.sum(axis=0)) / held.sum()
    statistic = float(((held - expected) ** 2 / expected).sum())
    return float(stats.chi2.sf(statistic, (held.shape[0] - 1) * (held.shape[1] - 1)))


def interval(estimate: ArrayLike, std_error: ArrayLike, df: ArrayLike, level: float = 0.95) -> tuple[Array, Array]:
    """Bounds estimate ± t(df)·std_error."""
    half = critical(df, level) * np.asarray(std_error, float)
    centre = np.asarray(estimate, float)
    return centre - half, centre + half


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


def wald_test(estimate: Array, vcov: Array, df: float) -> WaldTest:
    """F test of ``estimate = 0`` with the rank of ``vcov`` as numerator df.

    ``vcov`` may be singular when terms repeat each other: the generalised inverse keeps the independent directions.
    """
    rank = int(np.linalg.matrix_rank(vcov, hermitian=True))
    if rank == 0:
        return WaldTest(np.nan, 0, df, np.nan)
    statistic = float(estimate @ np.linalg.pinv(vcov, hermitian=True) @ estimate) / rank
    tail = stats.f.sf(statistic, rank, df) if np.isfinite(df) else stats.chi2.sf(rank * statistic, rank)
    return WaldTest(statistic, rank, df, float(tail))


def rank_test(treated: float, placebo: ArrayLike) -> RankTest:
    """Rank of |treated| among itself and the |placebo| statistics; ties count against the treated.

    Examples
    --------
    >>> rank_test(-3.0, [1.0, -2.0, 4.0])
    RankTest(rank=2, of=4, p_value=0.5, floor=0.25)
    """
    others = np.abs(np.asarray(placebo, float))
    size = abs(treated)
    rank = 1 + int(np.sum(others >= size - 1e-12 * max(size, 1.0)))
    of = len(others) + 1
    return RankTest(rank, of, rank / of, 1 / of)


def rank_critical(placebo: ArrayLike, level: float = 0.95) -> float:
    """Largest |statistic| that a rank test among the |placebo| statistics does not reject; infinite below its floor.

    With m placebos a test at 1 − level can reject only if 1/(m + 1) is no larger.

    Examples
    --------
    >>> rank_critical([0.5, -2.0, 1.0], level=0.5), rank_critical([0.5, -2.0, 1.0])
    (1.0, inf)
    """
    others = np.sort(np.abs(np.asarray(placebo, float)))[::-1]
    allowed = int(np.floor((1 - level) * (len(others) + 1) + 1e-9))
    return float(others[allowed - 1]) if allowed else np.inf


def rejection_rate_limit(nominal: float, replications: int, errors: float) -> float:
    """Largest rejection rate compatible with ``nominal`` within ``errors`` Monte-Carlo standard errors."""
    return float(nominal + errors * np.sqrt(nominal * (1 - nominal) / replications))


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


def holm(p_values: ArrayLike) -> Array:
    """Holm-adjusted p-values, in the order given.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p_values, float)
    order = np.argsort(raw)
    stepped = np.maximum.accumulate(raw[order] * (len(raw) - np.arange(len(raw))))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
