"""Normal, binomial and χ² tails, joint tests, and the laws of breaks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

Array = NDArray[np.float64]


class WaldTest(NamedTuple):
    """A joint test that a set of terms is zero: F statistic, its two df, its p-value."""

    statistic: float
    df_num: int
    df_den: float
    p_value: float


def normal_tail(deviate: ArrayLike) -> Array:
    """Probability that a standard normal is at least as large as a deviate.

    Examples
    --------
    >>> round(float(normal_tail(1.96)), 3)
    0.025
    """
    return np.asarray(stats.norm.sf(np.asarray(deviate, float)), float)


def truncated_normal_quantile(probability: float, low: ArrayLike, high: ArrayLike, std_deviation: ArrayLike) -> Array:
    """Quantile of a normal of mean zero known to lie between ``low`` and ``high``; ``low`` where nothing lies between.

    Examples
    --------
    >>> round(float(truncated_normal_quantile(0.95, -np.inf, np.inf, 2.0)), 3)
    3.29
    >>> round(float(truncated_normal_quantile(0.5, 8.0, 9.0, 1.0)), 3)
    8.085
    """
    scale = np.asarray(std_deviation, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        low_z, high_z = np.asarray(low, float) / scale, np.asarray(high, float) / scale
    flipped = low_z > 0  # of the two tails the smaller keeps its digits
    first, last = np.where(flipped, -low_z, low_z), np.where(flipped, -high_z, high_z)
    logs = np.logaddexp(special.log_ndtr(first) + np.log1p(-probability), special.log_ndtr(last) + np.log(probability))
    deviate = np.where(flipped, -1.0, 1.0) * special.ndtri_exp(logs)
    return np.where((high_z > low_z) & (scale > 0), scale * deviate, low)


def yes_count_tail(count: int, chances: ArrayLike, trials: ArrayLike) -> float:
    """Probability of at least ``count`` yeses in independent trials, ``trials`` of them with each of the ``chances``.

    Examples
    --------
    >>> round(yes_count_tail(25, [0.5], [33]), 4), yes_count_tail(1, [0.5, 0.0], [1, 3])
    (0.0023, 0.5)
    """
    law = np.ones(1)
    for chance, many in zip(np.asarray(chances, float), np.asarray(trials, int), strict=True):
        law = np.convolve(law, stats.binom.pmf(np.arange(many + 1), many, chance))
    return float(law[max(count, 0) :].sum())


def chi_square_quantile(probability: float, df: float) -> float:
    """Value below which a χ²(df) falls with a probability.

    Examples
    --------
    >>> round(chi_square_quantile(0.2, 9.0), 3)
    5.38
    """
    return float(stats.chi2.ppf(probability, df))


def chi_square_p_value(statistic: ArrayLike, df: ArrayLike) -> Array:
    """P-values of statistics that are χ²(df) when there is nothing.

    Examples
    --------
    >>> chi_square_p_value([3.84, 5.99], [1, 2]).round(3).tolist()
    [0.05, 0.05]
    """
    return np.asarray(stats.chi2.sf(np.asarray(statistic, float), np.asarray(df, float)), float)


def chi_square_power(noncentrality: ArrayLike, df: float, level: float = 0.95) -> Array:
    """Probability that a test by χ²(df) rejects where its statistic has a noncentrality.

    Examples
    --------
    >>> round(float(chi_square_power(7.849, 1)), 3)
    0.8
    """
    return np.asarray(stats.ncx2.sf(stats.chi2.isf(1 - level, df), df, np.asarray(noncentrality, float)), float)


def shrunk_by_passing(noncentrality: float, df: int, level: float = 0.95) -> float:
    """Part of its mean that a normal vector keeps on average where the χ² test that it is zero does not reject.

    With Z ~ N(μ, I), λ = ‖μ‖² and c the critical value,
    E[Z given ‖Z‖² ≤ c] = μ P(χ²(df + 2, λ) ≤ c) / P(χ²(df, λ) ≤ c).

    Examples
    --------
    >>> round(shrunk_by_passing(3.8415, 1), 3), round(shrunk_by_passing(0.0, 1), 3)
    (0.593, 0.759)
    """
    critical = stats.chi2.isf(1 - level, df)
    return float(stats.ncx2.cdf(critical, df + 2, noncentrality) / stats.ncx2.cdf(critical, df, noncentrality))


def chi_square_sum_probability(value: float, weights: ArrayLike) -> float:
    """Probability that Σ λ_j χ²(1), λ_j ≥ 0, is at most a value, by the midpoint rule for Imhof's integral.

    To about 1e-4 with two positive λ_j, and 1e-7 from four on.

    References
    ----------
    Imhof (1961), doi:10.1093/biomet/48.3-4.419; Davies (1973), doi:10.1093/biomet/60.2.415 (midpoint rule).

    Examples
    --------
    >>> round(chi_square_sum_probability(9.49, [1, 1, 1, 1, 0]), 3), round(chi_square_sum_probability(6, [3, 1]), 3)
    (0.95, 0.785)
    """
    share = np.asarray(weights, float)
    scaled, share = value / share.sum(), share[share > 1e-12 * share.max()] / share.sum()
    step = np.pi / 30
    u = (np.arange(6000) + 0.5) * step
    angle = 0.5 * np.arctan(np.outer(u, share)).sum(axis=1) - 0.5 * scaled * u
    size = np.exp(0.25 * np.log1p(np.outer(u, share) ** 2).sum(axis=1))
    return float(np.clip(0.5 - (np.sin(angle) / (u * size)).sum() * step / np.pi, 0.0, 1.0))


def trimmed_chi_square_mean(df: float, kept: float) -> float:
    """Mean of χ²(df)/df over the lower share ``kept`` of its distribution.

    Examples
    --------
    >>> round(trimmed_chi_square_mean(1.0, 1.0), 3), round(trimmed_chi_square_mean(1.0, 0.9), 3)
    (1.0, 0.623)
    """
    return float(stats.chi2.cdf(stats.chi2.ppf(kept, df), df + 2) / kept)


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


def sup_f_p_value(statistic: float, df: int, *, trim: float) -> float:
    """P-value of the largest χ² statistic of one break, over the dates that leave a share ``trim`` on each side.

    The tail of the supremum of a squared standardised tied-down Bessel process, which the statistic follows in long
    series whose breaking regressors do not trend. Below a p-value of about .3 it is exact to .01.

    References
    ----------
    Andrews (1993), doi:10.2307/2951764; Estrella (2003), doi:10.1017/S0266466603196107, whose tail is used where Hansen
    (1997), doi:10.1080/07350015.1997.10524687, interpolates.

    Examples
    --------
    >>> round(sup_f_p_value(8.85, 1, trim=0.15), 3), round(sup_f_p_value(11.79, 2, trim=0.15), 3)
    (0.047, 0.05)
    """
    spread = 2 * np.log((1 - trim) / trim)
    density = np.exp((df / 2) * np.log(statistic / 2) - statistic / 2 - special.gammaln(df / 2))
    tail = density * ((1 - df / statistic) * spread + 2 / statistic)
    return float(np.clip(tail, 0.0, 1.0)) if statistic > df else 1.0


def break_date_limit(level: float = 0.95) -> float:
    """Likelihood ratio −2 log L(date)/L(best date) up to which a date of a break is kept: −2 log(1 − √level).

    References
    ----------
    Bai (1997), doi:10.1162/003465397557132, for the law of the date; Eo & Morley (2015), doi:10.3982/QE186, for the
    inversion.

    Examples
    --------
    >>> round(break_date_limit(), 2)
    7.35
    """
    return float(-2 * np.log1p(-np.sqrt(level)))


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


def wald_noncentrality(df_num: int, df_den: float, *, power: float, level: float = 0.95) -> float:
    """δ'V⁻¹δ of a difference δ that an F test at ``level`` finds with a probability.

    Examples
    --------
    >>> round(wald_noncentrality(1, 1e6, power=0.5), 2)
    3.84
    """
    cut = stats.f.isf(1 - level, df_num, df_den)
    highest = 10.0
    while stats.ncf.sf(cut, df_num, df_den, highest) < power:
        highest *= 2
    return float(
        optimize.brentq(lambda nc: float(stats.ncf.sf(cut, df_num, df_den, nc)) - power, 1e-9, highest, xtol=1e-9)
    )
