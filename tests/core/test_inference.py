"""Tests, intervals and detectable effects against tables, closed forms and integrals."""

import numpy as np
import pytest
from scipy import integrate, stats

from coresponder_causal.core import inference


def test_critical_values_are_those_of_the_printed_tables():
    # t tables: two-sided 95 % at 1, 9, 30 df and the normal; 90 % at 4 df.
    np.testing.assert_allclose(inference.critical([1, 9, 30, np.inf]), [12.706205, 2.262157, 2.042272, 1.959964], 1e-6)
    assert float(inference.critical(4, 0.90)) == pytest.approx(2.131847, abs=1e-6)


def test_p_values_keep_their_digits_far_out():
    # 2Φ(−10) = 1.523970604832105e−23 to all digits; 1 − cdf would give 0.
    assert float(inference.p_value(10, np.inf)) == pytest.approx(1.523970604832105e-23, rel=1e-12)
    assert float(inference.p_value(-10, np.inf)) == float(inference.p_value(10, np.inf))
    # t with 1 df is Cauchy: 2·(½ − arctan(x)/π).
    assert float(inference.p_value(3.0, 1)) == pytest.approx(1 - 2 * np.arctan(3.0) / np.pi, rel=1e-12)


def test_interval_excludes_zero_exactly_when_p_is_small():
    edge = float(inference.critical(7))
    for statistic in (edge - 1e-6, edge + 1e-6):
        low, _ = inference.interval(statistic, 1.0, 7)
        assert (float(low) > 0) == (float(inference.p_value(statistic, 7)) < 0.05) == (statistic > edge)
    low, high = inference.interval([1.0, -2.0], [0.5, 1.0], [9, 9])
    np.testing.assert_allclose(high - low, 2 * 2.262157 * np.array([0.5, 1.0]), rtol=1e-6)


def test_a_mixture_of_one_is_its_t():
    assert inference.mixture_half_width([0.25], [9], [1.0]) == pytest.approx(0.5 * 2.262157, rel=1e-6)
    assert inference.mixture_half_width([0.25, 0.25], [9, 9], [0.3, 0.7], level=0.9) == pytest.approx(
        0.5 * 1.833113, rel=1e-6
    )


def test_a_mixture_interval_holds_its_level():
    variances, df, weights = np.array([0.1, 1.0, 4.0]), np.array([3.0, 8.0, 40.0]), np.array([0.5, 0.3, 0.2])
    half = inference.mixture_half_width(variances, df, weights, level=0.8)
    inside = stats.t.cdf(half / np.sqrt(variances), df) - stats.t.cdf(-half / np.sqrt(variances), df)
    assert weights @ inside == pytest.approx(0.8, abs=1e-9)


def test_minimum_detectable_effect_is_bloom_s_multiple():
    # Bloom (1995): 1.96 + 0.84 standard errors; 2.262157 + 0.883404 at 9 df.
    assert inference.minimum_detectable_effect(0.5, np.inf) == pytest.approx(0.5 * (1.959964 + 0.841621), rel=1e-6)
    assert inference.minimum_detectable_effect(0.1, 9) == pytest.approx(0.1 * (2.262157 + 0.883404), rel=1e-6)
    assert inference.minimum_detectable_effect(0.1, 9, power=0.5) == pytest.approx(0.2262157, rel=1e-6)


@pytest.mark.parametrize(("shift", "df"), [(0.0, 5.0), (1.3, 3.0), (2.8, 9.0), (5.0, 40.0)])
def test_power_is_the_integral_over_the_estimated_variance(shift, df):
    cut = float(inference.critical(df))

    def given_variance(w):
        """Probability of |Z + δ| > c √(w/df), weighted by the χ² density of w."""
        bound = cut * np.sqrt(w / df)
        return (stats.norm.sf(bound - shift) + stats.norm.cdf(-bound - shift)) * stats.chi2.pdf(w, df)

    expected, _ = integrate.quad(given_variance, 0, np.inf, epsabs=1e-11)
    assert float(inference.power(shift * 0.2, 0.2, df)) == pytest.approx(expected, abs=1e-8)


def test_power_has_its_limits():
    assert float(inference.power(0.0, 1.0, 9)) == pytest.approx(0.05, abs=1e-10)  # a series, summed to 1e-11
    assert float(inference.power(-0.3, 0.1, 9)) == float(inference.power(0.3, 0.1, 9))
    assert float(inference.power(100.0, 0.1, 3)) == pytest.approx(1.0)
    # At infinite df, Φ(2.8016 − 1.96) + Φ(−2.8016 − 1.96): the detectable effect is found four times in five.
    assert float(inference.power(2.801585, 1.0, np.inf)) == pytest.approx(0.8, abs=1e-5)
    assert inference.power(0.3, [0.1, 0.2, 0.3], [9, 9, 9]).shape == (3,)


def test_wald_test_of_two_independent_terms_by_hand():
    # F = (1²/1 + 2²/4)/2 = 1; with 2 numerator df the tail is (1 + 2F/df)^(−df/2) = 1.2^−5.
    test = inference.wald_test(np.array([1.0, 2.0]), np.diag([1.0, 4.0]), 10.0)
    assert test == pytest.approx((1.0, 2, 10.0, 1.2**-5))


def test_wald_test_counts_repeated_terms_once():
    # The third term is the sum of the first two: nothing new is tested.
    weights = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    estimate, vcov = np.array([0.4, -1.0]), np.array([[0.04, 0.01], [0.01, 0.25]])
    alone = inference.wald_test(estimate, vcov, 12.0)
    repeated = inference.wald_test(weights @ estimate, weights @ vcov @ weights.T, 12.0)
    assert repeated.df_num == alone.df_num == 2
    assert repeated.statistic == pytest.approx(alone.statistic, rel=1e-10)
    assert repeated.p_value == pytest.approx(alone.p_value, rel=1e-10)


def test_wald_test_of_one_term_is_its_t_test():
    test = inference.wald_test(np.array([0.7]), np.array([[0.09]]), 6.0)
    assert test.statistic == pytest.approx((0.7 / 0.3) ** 2)
    assert test.p_value == pytest.approx(float(inference.p_value(0.7 / 0.3, 6.0)), rel=1e-12)


def test_wald_test_of_nothing_is_no_number():
    test = inference.wald_test(np.zeros(1), np.zeros((1, 1)), 5.0)
    assert test.df_num == 0
    assert np.isnan(test.p_value)


def test_rank_test_counts_ties_against_the_treated():
    assert inference.rank_test(2.0, [1.0, -2.0, 0.5]) == (2, 4, 0.5, 0.25)
    assert inference.rank_test(5.0, np.ones(10)) == (1, 11, 1 / 11, 1 / 11)
    assert inference.rank_test(0.1 + 0.2, [0.3]).rank == 2  # equal but for rounding
    assert inference.rank_test(0.0, [1.0, 2.0]).p_value == 1.0


def test_holm_by_hand():
    # Sorted .01 .02 .03 .04 times 4, 3, 2, 1 = .04 .06 .06 .04; running maxima .04 .06 .06 .06.
    np.testing.assert_allclose(inference.holm([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06], rtol=1e-12)
    np.testing.assert_allclose(inference.holm([0.5, 0.9]), [1.0, 1.0])
    np.testing.assert_allclose(inference.holm([0.03]), [0.03])


def test_holm_agrees_with_an_outside_program():
    from statsmodels.stats.multitest import multipletests

    raw = np.random.default_rng(4).beta(0.4, 2, 25)
    np.testing.assert_allclose(inference.holm(raw), multipletests(raw, method="holm")[1], rtol=1e-12)


def test_rejection_rate_limit_is_nominal_plus_monte_carlo_errors():
    # √(.05·.95/400) = .010897; three of them.
    assert inference.rejection_rate_limit(0.05, 400, 3) == pytest.approx(0.05 + 3 * 0.010897247, rel=1e-7)


@pytest.mark.parametrize("m", [3, 12, 19, 25, 40])
@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_rank_intervals_hold_what_rank_tests_do_not_reject(m, level):
    placebo = np.random.default_rng(m).normal(size=m)
    half = inference.rank_critical(placebo, level)
    assert np.isinf(half) == (1 / (m + 1) > 1 - level + 1e-9)
    for statistic in np.linspace(-4, 4, 801):
        rejected = inference.rank_test(statistic, placebo).p_value <= 1 - level + 1e-9
        assert rejected == (abs(statistic) > half)


def test_wilson_and_exact_poisson_are_those_of_statsmodels_and_the_printed_table():
    from statsmodels.stats.proportion import proportion_confint
    from statsmodels.stats.rates import confint_poisson

    for events, trials in ((0, 10), (4, 10), (10, 10), (311, 4234)):
        expected = proportion_confint(events, trials, method="wilson")
        np.testing.assert_allclose(inference.wilson(events, trials), expected, rtol=0, atol=1e-10)
    for events in (0, 1, 3, 66):
        np.testing.assert_allclose(
            inference.exact_poisson(events), confint_poisson(events, 1, method="exact-c"), rtol=0, atol=1e-10
        )
    # Garwood (1936): 3 events, 95 %: 0.6187 to 8.7673.
    np.testing.assert_allclose(inference.exact_poisson(3), [0.6187, 8.7673], atol=5e-5)


def test_bounds_of_nothing_are_missing():
    assert np.isnan(inference.wilson(0, 0)).all()
    np.testing.assert_array_equal(np.isnan(inference.wilson([0, 1], [0, 4])), [[True, False]] * 2)


def test_ranks_of_a_quantile_hold_it_often_enough_and_not_needlessly():
    for number, share in ((20, 0.5), (50, 0.5), (200, 0.9)):
        low, high = inference.quantile_ranks(number, share)
        held = stats.binom.cdf(high - 1, number, share) - stats.binom.cdf(low - 1, number, share)
        narrower = stats.binom.cdf(high - 2, number, share) - stats.binom.cdf(low, number, share)
        assert held >= 0.95 > narrower


def test_split_bounds_are_clopper_and_pearson_s():
    """Of the share of events after the start, turned into a ratio of rates; scipy gives them for whole numbers."""
    for after, before, exposure in ((3, 12, 1.0), (0, 7, 0.5), (5, 0, 2.0)):
        share = stats.binomtest(after, after + before).proportion_ci(method="exact")
        with np.errstate(divide="ignore"):
            expected = [np.log(end) - np.log1p(-end) - np.log(exposure) for end in (share.low, share.high)]
        np.testing.assert_allclose(np.ravel(inference.split_interval([[after, before, exposure]])), expected, rtol=1e-9)
    assert float(inference.split_p_value([[4, 4, 1.0]])[0]) == 1
    # 3 of 15 fair draws: 2 · (1 + 15 + 105 + 455) / 2^15
    assert float(inference.split_p_value([[3, 12, 1.0]])[0]) == pytest.approx(2 * 576 / 2**15)


@pytest.mark.parametrize("value", [0.5, 3.0, 6.0, 20.0])
def test_the_sum_of_weighted_chi_squares_is_their_convolution(value):
    """P(3a + b ≤ x) over the law of a, on a grid of the quantiles of a."""
    share = (np.arange(200_000) + 0.5) / 200_000
    left = value - 3 * stats.chi2.ppf(share, 1)
    by_hand = np.where(left > 0, stats.chi2.cdf(left, 1), 0.0).mean()
    assert inference.chi_square_sum_probability(value, [3.0, 1.0, 0.0]) == pytest.approx(by_hand, abs=1e-4)
    assert inference.chi_square_sum_probability(value, np.full(9, 2.0)) == pytest.approx(
        stats.chi2.cdf(value / 2, 9), abs=1e-6
    )
