"""Tests, intervals and detectable effects: the only file of the package with p-values.

Survival functions are used throughout: ``1 - cdf`` loses every digit of a small p-value.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

Array = NDArray[np.float64]
Tails = Literal["symmetric", "equal"]


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
    return float(np.sqrt(stats.ncf.isf(1 - level, 1, df, bias**2)))


def p_value(statistic: ArrayLike, df: ArrayLike) -> Array:
    """Two-sided p-values of t statistics."""
    return np.asarray(2 * stats.t.sf(np.abs(np.asarray(statistic, float)), np.asarray(df, float)), float)


def normal_tail(deviate: ArrayLike) -> Array:
    """Probability that a standard normal is at least as large as a deviate.

    Examples
    --------
    >>> round(float(normal_tail(1.96)), 3)
    0.025
    """
    return np.asarray(stats.norm.sf(np.asarray(deviate, float)), float)


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


def simulated_p_value(statistic: float, draws: ArrayLike) -> float:
    """(1 + number of draws at least as large) / (1 + draws), the draws made where there is nothing.

    Examples
    --------
    >>> simulated_p_value(3.0, [1.0, 2.0, 4.0])
    0.5
    """
    made = np.asarray(draws, float)
    return float((1 + np.sum(made >= statistic)) / (1 + len(made)))


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


def rearrangement_size(weight: ArrayLike, number: int, ratio: float) -> Array:
    """Bound on the size of the one-sided rearrangement test with one treated cluster among ``number`` others.

    2^−(q+1) + ∫ Φ((1 − w) ρ y)^(q−1) φ(y) dy + min_b {Φ(w √(q−1) b)^(q−1) + 2 Φ(−bq)}, b ≥ 0, for each weight w.

    Parameters
    ----------
    weight : array_like, shape (n,)
        w between 0 and 1.
    number : int
        q, clusters without treatment.
    ratio : float
        ρ, largest standard deviation of the treated cluster over that of any other.

    References
    ----------
    Hagemann (2025), Inference with a single treated cluster, Review of Economic Studies 92:3968.

    Examples
    --------
    >>> [round(float(rearrangement_size(np.linspace(0, 1, 501), q, 2.0).min()), 4) for q in (13, 14)]
    [0.0314, 0.0229]
    """
    w, q = np.asarray(weight, float)[:, None], number
    nodes, mass = np.polynomial.hermite_e.hermegauss(120)
    largest = special.ndtr((1 - w) * ratio * nodes) ** (q - 1) @ (mass / mass.sum())
    b = np.linspace(0.0, 4.0, 401)
    mean = (special.ndtr(w * np.sqrt(q - 1) * b) ** (q - 1) + 2 * special.ndtr(-b * q)).min(axis=1)
    return np.asarray(2.0 ** -(q + 1) + largest + mean, float)


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


def randomization_p_value(crossings: ArrayLike, value: float = 0.0) -> float:
    """(1 + number of redraws at least as extreme as the observed assignment) / (1 + redraws), at a value of the effect.

    Parameters
    ----------
    crossings : array_like, shape (B, 2)
        Lower and upper values of the effect between which each redraw is at least as extreme. Rows of NaN do not
        count: terms of one result may have different numbers of redraws.
    value : float
        Effect that is tested. Ties count against it.

    Examples
    --------
    >>> randomization_p_value([[-3.0, 1.0], [-2.0, -0.5], [-1.5, -0.2]])
    0.5
    """
    low, high = _redraws(crossings).T
    slack = 1e-9 * max(abs(value), 1.0)
    return float((1 + np.sum((low <= value + slack) & (value <= high + slack))) / (1 + len(low)))


def randomization_interval(crossings: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Values that the randomization test does not reject at 1 − level; infinite below its floor of 1/(B + 1).

    Examples
    --------
    >>> randomization_interval([[-3.0, 1.0], [-2.0, -0.5], [-1.5, -0.2]], level=0.5)
    (-2.0, -0.2)
    """
    low, high = np.sort(_redraws(crossings), axis=0).T
    allowed = int(np.floor((1 - level) * (len(low) + 1) + 1e-9))
    return (float(low[allowed - 1]), float(high[-allowed])) if allowed else (-np.inf, np.inf)


def _redraws(crossings: ArrayLike) -> Array:
    given = np.asarray(crossings, float)
    return np.asarray(given[~np.isnan(given[:, 0])], float)


def wild_p_value(statistics: Array, distance: float, *, tails: Tails = "symmetric") -> float:
    """Share of bootstrap samples, the observed one among them, that are at least as extreme as the observed one.

    Parameters
    ----------
    statistics : ndarray, shape (1 + B, 5)
        As `coresponder_causal.core.wild_bootstrap.wild_statistics` gives them; ties count against an effect.
    distance : float
        Estimate less the tested value.
    tails : {"symmetric", "equal"}
        By |t|; or twice the smaller share of t's on one side, at most 1.

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0, 1.0, 0.0, 0.0], [2.0, 0.0, 1.0, 0.0, 0.0], [-0.5, 0.0, 1.0, 0.0, 0.0]])
    >>> round(wild_p_value(rows, 1.0), 3), round(wild_p_value(rows, 1.0, tails="equal"), 3)
    (0.667, 1.0)
    """
    return float(_wild_p_values(statistics, np.array([distance]), tails)[0])


def wild_interval(
    statistics: Array, estimate: float, level: float = 0.95, *, tails: Tails = "symmetric"
) -> tuple[float, float]:
    """Values around the estimate that the wild bootstrap does not reject at 1 − level; infinite where none is rejected.

    The ends are where the p-value, a step function, first falls to 1 − level: looked for in quarters of a standard
    error up to ten and in growing steps to a million, then by bisection.

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0, 1.0, 0.0, 0.0], [2.0, 0.0, 1.0, 0.0, 0.0], [-0.5, 0.0, 1.0, 0.0, 0.0]])
    >>> [round(bound, 6) for bound in wild_interval(rows, 3.0, level=0.5)]
    [1.0, 5.0]
    """
    reach = np.sqrt(statistics[0, 2]) * np.concatenate([np.arange(0.0, 10.0, 0.25), np.geomspace(10.0, 1e6, 40)])
    low, high = (_wild_end(statistics, side * reach, 1 - level, tails) for side in (1.0, -1.0))
    return float(estimate - low), float(estimate - high)


def _wild_end(statistics: Array, reach: Array, rejected: float, tails: Tails) -> float:
    """Distance at which values begin to be rejected on one side of the estimate."""
    inner, outer = reach[0], reach[0]
    for distances in np.array_split(reach[1:], 10):  # ends are near more often than far
        kept = _wild_p_values(statistics, distances, tails) > rejected + 1e-12
        if not kept.all():
            first = int(np.argmin(kept))
            inner, outer = (distances[first - 1] if first else outer), distances[first]
            break
        outer = distances[-1]
    else:
        return float(np.sign(reach[-1]) * np.inf)
    for _ in range(50):
        middle = (inner + outer) / 2
        within = _wild_p_values(statistics, np.array([middle]), tails)[0] > rejected + 1e-12
        inner, outer = (middle, outer) if within else (inner, middle)
    return float(outer)


def _wild_p_values(statistics: Array, distances: Array, tails: Tails) -> Array:
    """P-values at several distances of the estimate from the tested value."""
    h = distances[:, None]
    n0, n1, d0, d1, d2 = statistics.T
    numerator, variance = n0 + n1 * h, np.maximum(d0 + d1 * h + d2 * h**2, 0.0)
    if tails == "symmetric":
        extreme = numerator**2 * d0[0] >= h**2 * variance * (1 - 1e-9)
        return np.asarray(extreme.mean(axis=1), float)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.nan_to_num(numerator / np.sqrt(variance), nan=0.0)
    slack = 1e-9 * np.abs(t[:, :1])
    above, below = (t >= t[:, :1] - slack).mean(axis=1), (t <= t[:, :1] + slack).mean(axis=1)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(above, below)), float)


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


def trimmed_chi_square_mean(df: float, kept: float) -> float:
    """Mean of χ²(df)/df over the lower share ``kept`` of its distribution.

    Examples
    --------
    >>> round(trimmed_chi_square_mean(1.0, 1.0), 3), round(trimmed_chi_square_mean(1.0, 0.9), 3)
    (1.0, 0.623)
    """
    return float(stats.chi2.cdf(stats.chi2.ppf(kept, df), df + 2) / kept)
