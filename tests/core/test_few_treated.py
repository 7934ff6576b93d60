"""One change a city: each way of judging it worked by hand, and its size where the truth is known."""

from itertools import combinations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from coresponder_causal.core import few_treated, few_treated_ranks, inference, rearrangement
from coresponder_causal.core.errors import EstimationError

CHANGES = np.array([-0.4, 0.1, -0.1, 0.05, 0.2, -0.15, 0.0])
M = len(CHANGES) - 1
ONE = CHANGES[:, None]


def test_the_standard_error_is_that_of_the_cross_section_regression_of_donald_and_lang():
    """Least squares of the changes on a constant and the treated city's indicator: its classical t, m − 1 df."""
    X = np.column_stack([np.ones(M + 1), np.arange(M + 1) == 0]).astype(float)
    beta, squares, *_ = np.linalg.lstsq(X, CHANGES, rcond=None)
    by_hand = np.sqrt(squares[0] / (M - 1) * np.linalg.inv(X.T @ X)[1, 1])
    assert few_treated.gap(ONE) == pytest.approx(beta[1], abs=1e-12)
    assert few_treated.std_error(ONE) == pytest.approx(by_hand, rel=1e-12)


def test_the_critical_value_is_the_printed_one_and_the_breakdown_is_where_it_is_just_met():
    """Lau & Li 2025, Table 1: m = 10, ρ = 1 gives 2.373."""
    ten = np.append(1.0, np.random.default_rng(1).normal(size=10))[:, None]
    value = few_treated.std_error(ten) / few_treated.spread(ten) * stats.t.isf(0.025, 9)
    assert round(value, 3) == 2.373
    star = few_treated.breakdown_ratio(ONE)
    at_star = abs(few_treated.gap(ONE)) / few_treated.std_error(ONE, star)
    assert at_star == pytest.approx(stats.t.isf(0.025, M - 1), rel=1e-12)
    assert few_treated.breakdown_ratio(np.array([[0.0], [1.0], [-1.0], [0.5]])) == 0.0


def test_a_change_is_the_dose_in_the_regression_and_season_drops_out():
    rng, t = np.random.default_rng(2), np.arange(48)
    matrix = np.column_stack([np.ones(48), t >= 24, np.sin(2 * np.pi * t / 12), np.cos(2 * np.pi * t / 12)])
    base, dose = np.delete(matrix, 1, axis=1), matrix[:, 1]
    outcomes = matrix @ np.array([[1.0, 2.0], [-0.3, 0.1], [0.5, 0.5], [0.2, -0.4]])
    weights = few_treated.window_weights(base, dose, t < 24, "regression")
    np.testing.assert_allclose(weights @ outcomes, [-0.3, 0.1], atol=1e-12)
    noisy = outcomes + rng.normal(size=outcomes.shape)
    by_hand = (np.linalg.inv(matrix.T @ matrix) @ matrix.T @ noisy)[1]
    np.testing.assert_allclose(weights @ noisy, by_hand, atol=1e-12)


@pytest.mark.parametrize(("adjust", "trend"), [("demean", False), ("detrend", True)])
def test_the_rolling_transformation_takes_out_what_was_there_before_and_averages_the_rest(adjust, trend):
    """By a fit to the periods before the start and its forecast; a course that follows the base changes by the dose."""
    rng, t = np.random.default_rng(9), np.arange(40.0)
    base = np.column_stack([np.ones(40), np.sin(t), np.cos(t), *([t] if trend else [])])
    dose, before = np.where(t < 25, 0.0, 1.0), t < 25
    y = rng.normal(size=40)
    weights = few_treated.window_weights(base, dose, before, adjust)
    forecast = base @ np.linalg.lstsq(base[before], y[before], rcond=None)[0]
    assert weights @ y == pytest.approx((y - forecast)[~before].mean(), abs=1e-12)
    dose[25] = 0.4
    exact = base @ rng.normal(size=base.shape[1]) - 0.3 * dose
    assert few_treated.window_weights(base, dose, before, adjust) @ exact == pytest.approx(-0.3, abs=1e-12)
    with pytest.raises(EstimationError, match="2 periods before a start cannot carry"):
        few_treated.window_weights(base, dose, t < 2, adjust)


def several(seed=10, k=3, m=7):
    """Changes of cities in the windows of k treated ones, which overlap."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(k + m, 1)) + 0.5 * rng.normal(size=(k + m, k))


def test_several_treated_cities_are_a_regression_of_changes_on_the_treatment():
    """statsmodels, classical and HC3; the same closed form."""
    table = several()
    y = np.append(np.diag(table), table[3:].mean(axis=1))
    X = np.column_stack([np.ones(10), np.arange(10) < 3]).astype(float)
    fit = sm.OLS(y, X).fit()
    assert few_treated.gap(table) == pytest.approx(fit.params[1], rel=1e-12)
    assert few_treated.pooled_error(table) == pytest.approx(fit.bse[1], rel=1e-10)
    assert few_treated.hc3_error(table) == pytest.approx(fit.HC3_se[1], rel=1e-10)


def test_with_one_start_a_treated_mean_varies_by_the_ratio_over_its_number():
    same = np.repeat(several()[:, :1], 3, axis=1)
    deviation = same[3:, 0].std(ddof=1)
    assert few_treated.std_error(same, 2.0) == pytest.approx(deviation * np.sqrt(4 / 3 + 1 / 7), rel=1e-12)
    assert few_treated.window_ratio(same) == pytest.approx(1.0)
    assert few_treated.window_ratio(several()) > 1.0
    large = several() + np.r_[np.full(3, 9.0), np.zeros(7)][:, None]
    at_star = few_treated.gap(large) / few_treated.std_error(large, few_treated.breakdown_ratio(large))
    assert at_star == pytest.approx(stats.t.isf(0.025, 6), rel=1e-12)


def test_draws_of_several_cities_are_all_means_of_residuals_at_the_variance_of_the_gap():
    same = np.repeat(several(k=2, m=4)[:, :1], 2, axis=1)
    residuals = same[2:, 0] - same[2:, 0].mean()
    error, found = few_treated_ranks.drawn_placebos(same)
    by_hand = (residuals[:, None] + residuals).ravel() / 2 * np.sqrt((4 + 2) / (4 - 1))
    np.testing.assert_allclose(found, by_hand, atol=1e-12)
    assert error == pytest.approx(few_treated.std_error(same), rel=1e-10)
    # Residuals are (m − 1)/m of S² on average, and a mean of two of them half of that.
    assert np.sqrt((found**2).mean()) == pytest.approx(error, rel=1e-10)
    many = few_treated_ranks.drawn_placebos(several(k=5, m=7), seed=3)[1]
    assert len(many) == few_treated_ranks.most_draws
    np.testing.assert_array_equal(many, few_treated_ranks.drawn_placebos(several(k=5, m=7), seed=3)[1])


def test_sets_of_cities_reject_an_effect_where_taking_it_out_leaves_a_gap_that_few_sets_reach():
    """All ways of giving one start to one city and another to two, at effects on a grid."""
    table, together = several(k=3, m=4), [1, 2]
    effects = np.zeros_like(table)
    effects[:3] = np.array([[1.0, 0.3, 0.3], [0.6, 1.0, 1.0], [0.6, 1.0, 1.0]])
    crossings = few_treated_ranks.set_crossings(table, effects, together)
    assert len(crossings) == few_treated_ranks.choices(7, together) - 1 == 104

    def gaps(values):
        for first in range(7):
            for second, third in combinations(sorted(set(range(7)) - {first}), 2):
                others = sorted(set(range(7)) - {first, second, third})
                chosen = (values[first, 0] + values[second, 1] + values[third, 2]) / 3
                yield chosen - values[others].mean()

    for effect in np.linspace(-4, 4, 17):
        left = table - effect * effects
        own = np.diag(left).mean() - left[3:].mean()
        by_hand = np.mean([abs(other) >= abs(own) - 1e-12 for other in gaps(left)])
        assert inference.randomization_p_value(crossings, effect) == pytest.approx(by_hand, abs=1e-12)


def test_half_of_the_cities_cannot_be_told_from_the_other_half():
    same = np.repeat(several(k=2, m=2)[:, :1], 2, axis=1)
    crossings = few_treated_ranks.set_crossings(same, np.r_[np.ones((2, 2)), np.zeros((2, 2))], [2])
    assert np.isinf(crossings).all(axis=1).sum() == 1
    assert inference.randomization_p_value(crossings, 100.0) == 2 / 6


def test_residuals_have_the_variance_of_the_gap():
    rng = np.random.default_rng(3)
    drawn = rng.normal(size=(5_000, 6))
    gaps = drawn[:, 0] - drawn[:, 1:].mean(axis=1)
    placebos = np.array([few_treated_ranks.drawn_placebos(row[:, None])[1][0] for row in drawn])
    assert placebos.std() == pytest.approx(gaps.std(), rel=0.04)  # four Monte-Carlo errors of two deviations
    assert gaps.std() == pytest.approx(np.sqrt(1 + 1 / 5), rel=0.04)


def test_small_cities_are_compared_with_what_small_cities_do():
    """Variances b/size with a = 0: the fit finds them from residual squares that follow them exactly."""
    size = np.array([1.0, 4.0, 4.0, 4.0, 4.0])
    changes = np.array([3.0, 1.0, -1.0, 1.0, -1.0])  # all alike: a + b/4 = 4/3 · …, so that only their sum is known
    std_error, placebos = few_treated_ranks.drawn_placebos(changes[:, None], size)
    same, plain = few_treated_ranks.drawn_placebos(changes[:, None])
    assert std_error >= same
    assert (np.abs(placebos) >= np.abs(plain) - 1e-12).all()
    rng, many = np.random.default_rng(4), np.r_[1.0, np.repeat([0.5, 1.0, 5.0, 20.0], 500)]
    drawn = rng.normal(size=len(many)) * np.sqrt(0.01 + 0.04 / many)
    found, placebos = few_treated_ranks.drawn_placebos(drawn[:, None], many)
    assert found == pytest.approx(np.sqrt(0.05), rel=0.08)  # three Monte-Carlo errors
    for share in np.split(placebos, 4):
        assert share.std() == pytest.approx(found, rel=0.1)


def test_shifts_hold_the_residuals_themselves_and_every_later_start():
    rng, t = np.random.default_rng(5), np.arange(36)
    base, dose = np.column_stack([np.ones(36), np.sin(t), np.cos(t)]), (t >= 20).astype(float)
    weights = few_treated.window_weights(base, dose, t < 20, "regression")
    outcomes = rng.normal(size=(36, 5))
    found = few_treated_ranks.shifted_placebos(outcomes[:, 1:], base, weights).reshape(36, 4)
    at_no_shift = few_treated_ranks.drawn_placebos((weights @ outcomes)[:, None])[1]
    np.testing.assert_allclose(found[0], at_no_shift, atol=1e-12)
    relative = outcomes[:, 1:] - outcomes[:, 1:].mean(axis=1, keepdims=True)
    errors = relative - base @ np.linalg.lstsq(base, relative, rcond=None)[0]
    by_hand = weights @ np.roll(errors, -7, axis=0) * np.sqrt(5 / 3)
    np.testing.assert_allclose(found[7], by_hand, atol=1e-12)


def test_the_rearrangement_needs_fourteen_cities_at_ratio_two():
    """Printed of Hagemann 2025: one-sided 2.5 % with ρ = 2 from q = 14 on; the bound by an integral of its own."""
    assert rearrangement.rearrangement_needs(2.0) == 14
    assert rearrangement.rearrangement_floor(13, 2.0) > 0.05 > rearrangement.rearrangement_floor(14, 2.0)
    y = np.linspace(-9, 9, 40_001)
    density = stats.norm.pdf(y)
    largest = np.trapezoid(stats.norm.cdf(0.6 * 2 * y) ** 13 * density, y)
    b = np.linspace(0, 3, 6001)
    mean = (stats.norm.cdf(0.4 * np.sqrt(13) * b) ** 13 + 2 * stats.norm.sf(14 * b)).min()
    assert inference.rearrangement_size([0.4], 14, 2.0)[0] == pytest.approx(2.0**-15 + largest + mean, rel=1e-3)


def test_the_rearrangement_rejects_what_lies_beyond_every_residual_by_its_weight():
    rng = np.random.default_rng(6)
    changes = np.append(-3.0, rng.normal(scale=0.3, size=20))
    crossings = rearrangement.rearrangement_crossings(changes)
    low, high = inference.randomization_interval(crossings)
    residuals = changes[1:] - changes[1:].mean()
    weight = 1 + residuals.max() / (low - few_treated.gap(changes[:, None]))
    assert high == pytest.approx(few_treated.gap(changes[:, None]) - residuals.min() / (1 - weight), rel=1e-12)
    assert inference.rearrangement_size([weight], 20, 1.0)[0] <= 0.025
    assert inference.rearrangement_size([weight - 0.002], 20, 1.0)[0] > 0.025  # the weight before it on the grid
    assert inference.randomization_p_value(crossings) <= 0.05
    assert np.isinf(inference.randomization_interval(rearrangement.rearrangement_crossings(CHANGES))).all()


@pytest.mark.parametrize(("ratio", "true"), [(1.0, 1.0), (2.0, 2.0)])
def test_the_rearrangement_holds_its_level_at_the_ratio_it_allows(ratio, true):
    rng, rejected, draws = np.random.default_rng(7), 0, 1500
    for _ in range(draws):
        changes = rng.normal(size=16) * np.r_[true, np.ones(15)]
        low, high = inference.randomization_interval(rearrangement.rearrangement_crossings(changes, ratio))
        rejected += not low <= 0 <= high
    assert 0 < rejected / draws <= inference.rejection_rate_limit(0.05, draws, 3)


def sizes(*, m, treated=1.0, size=None, draws=4000, seed=8):
    """Share of draws without an effect in which the treated city's rank is below 5 %, and 5 % with its error."""
    rng, rejected = np.random.default_rng(seed), 0
    scale = np.r_[treated, np.ones(m)] if size is None else np.sqrt(0.01 + 0.04 / size)
    for _ in range(draws):
        changes = rng.normal(size=m + 1) * scale
        placebos = few_treated_ranks.drawn_placebos(changes[:, None], size)[1]
        rejected += inference.rank_test(few_treated.gap(changes[:, None]), placebos).p_value <= 0.05 + 1e-12
    return rejected / draws, inference.rejection_rate_limit(0.05, draws, 3)


def test_ranks_among_twenty_hold_their_level_where_cities_are_alike_or_rescaled():
    alike, limit = sizes(m=19)
    assert 0.03 < alike <= limit
    assert sizes(m=19, treated=2.0)[0] > 0.15  # and not where the treated city is twice as volatile
    small = np.r_[0.5, np.tile([1.0, 2.0, 4.0, 8.0], 10)[:39]]
    rescaled, _ = sizes(m=39, size=small, draws=2000)
    assert 0.03 < rescaled < 0.11  # above 5 %, as a and b are estimated; with known variances others measured .08 to .1


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(EstimationError, match="all comparison cities changed alike"):
        few_treated.spread(np.array([[1.0], [0.5], [0.5], [0.5]]))


def test_the_breakdown_ratio_of_another_estimate_is_solved_by_hand():
    """At ρ* the standard error S√(ρ*² + 1/m) puts the limit of the t(m − 1) interval on zero."""
    effects = np.array([-0.9, 0.1, -0.1, 0.2, -0.15, 0.05])
    found = few_treated.beside(effects, estimate=-0.5, std_error=0.1, df=12.0)
    spread, m = effects[1:].std(ddof=1), len(effects) - 1
    limit = stats.t.ppf(0.975, m - 1) * spread * np.sqrt(found["rho_star"] ** 2 + 1 / m)
    assert limit == pytest.approx(0.5, rel=1e-12)
    assert found["mde80"] == pytest.approx(0.1 * (stats.t.ppf(0.975, 12) + stats.t.ppf(0.8, 12)), rel=1e-12)
