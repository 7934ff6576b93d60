"""The prediction interval, recomputed with dense matrices and by its own definitions."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import critical
from coresponder_causal.core.prediction import placebo_statistics, predict
from coresponder_causal.core.prediction_facts import facts
from coresponder_causal.core.prediction_tables import city_table, gap_path
from coresponder_causal.core.random_effects import between_cities, probability_of_zero, restricted_loglik, tau_limits
from coresponder_causal.core.regressors import harmonics
from coresponder_causal.core.reml import SerialDesign

MONTHS, POSITIONS = 48, np.arange(48.0)
DOSE = np.where(POSITIONS < 24, 0.0, 1.0)
DOSE[24] = 17 / 31


def outcomes(*, m=6, effect=0.0, spread=0.1, noise=0.05, seed=0):
    """Log rates of a treated city and m others with steps of their own, a shared season and a shared shock."""
    rng = np.random.default_rng(seed)
    shared = 0.2 * np.sin(2 * np.pi * POSITIONS / 12) + rng.normal(0, 0.1, MONTHS)
    steps = np.r_[effect, spread * rng.normal(size=m)]
    return 3 + shared[:, None] + DOSE[:, None] * steps + rng.normal(0, noise, (MONTHS, 1 + m))


@pytest.fixture(scope="module")
def fitted():
    return predict(outcomes(effect=-0.6), DOSE, POSITIONS, season=12)


def dense_loglik(tau_squared, effects, variances):
    """REML log-likelihood of a random-effects mean with matrices in full."""
    V, one = np.diag(variances + tau_squared), np.ones((len(effects), 1))
    W = np.linalg.inv(V)
    P = W - W @ one @ np.linalg.inv(one.T @ W @ one) @ one.T @ W
    return -0.5 * (np.linalg.slogdet(V)[1] + np.linalg.slogdet(one.T @ W @ one)[1] + effects @ P @ effects)


def dense_trace(variances, tau_squared):
    """tr(PP), P = W − W11'W/(1'W1)."""
    W, one = np.diag(1 / (variances + tau_squared)), np.ones((len(variances), 1))
    P = W - W @ one @ one.T @ W / (one.T @ W @ one)
    return float(np.trace(P @ P))


@pytest.mark.parametrize("effects", [(-0.3, 0.0, 0.3), (0.2, 0.21, 0.19), (1.0, -2.0, 0.5, 0.0, 4.0)])
@pytest.mark.parametrize("variance", [0.01, 0.09])
def test_tau_of_equally_known_effects_is_the_spread_left_over(effects, variance):
    # With equal v the restricted likelihood is that of a sample variance: τ² = max(0, s² − v), tr(PP) = (m−1)/(v+τ²)².
    m, expected = len(effects), max(0.0, float(np.var(effects, ddof=1)) - variance)
    tau_squared, trace = between_cities(np.array(effects), np.full(m, variance))
    assert tau_squared == pytest.approx(expected, rel=1e-6, abs=1e-12)  # a minimiser stops at √ε of itself
    assert trace == pytest.approx((m - 1) / (variance + tau_squared) ** 2, rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_tau_is_the_highest_point_of_a_dense_grid(seed):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(3, 15))
    variances = rng.uniform(0.001, 0.05, m)
    effects = rng.normal(0, np.sqrt(variances + rng.choice([0.0, 0.01, 0.1])))
    tau_squared, trace = between_cities(effects, variances)
    grid = np.r_[0.0, np.geomspace(1e-7, 2.0, 2000)]
    values = np.array([dense_loglik(point, effects, variances) for point in grid])
    best = int(values.argmax())
    assert dense_loglik(tau_squared, effects, variances) >= values[best] - 1e-12
    assert grid[max(best - 1, 0)] <= tau_squared <= grid[best + 1]
    assert trace == pytest.approx(dense_trace(variances, tau_squared), rel=1e-9)


def test_each_city_is_measured_against_the_comparison_cities_mean(fitted):
    series = outcomes(effect=-0.6)
    relative = series - series[:, 1:].mean(axis=1, keepdims=True)
    X = np.column_stack([np.ones(MONTHS), DOSE, harmonics(POSITIONS, 12, 2)])
    lag = np.abs(POSITIONS[:, None] - POSITIONS)
    for j, values in enumerate(relative.T):
        reml = SerialDesign(X, time=POSITIONS).fit(values)
        K = np.linalg.inv(reml.phi * reml.rho**lag + (1 - reml.phi) * np.eye(MONTHS))
        inverse = np.linalg.inv(X.T @ K @ X)
        beta = inverse @ X.T @ K @ values
        residuals = values - X @ beta
        s2 = residuals @ K @ residuals / (MONTHS - X.shape[1])
        assert fitted.effects[j] == pytest.approx(beta[1], abs=1e-10)
        assert fitted.variances[j] == pytest.approx(s2 * inverse[1, 1], rel=1e-8)
        assert fitted.dfs[j] == pytest.approx(reml.record.df(np.eye(len(beta))[1], reml.vcov), rel=1e-12)
    np.testing.assert_allclose(fitted.effects[1:].mean(), 0.0, atol=0.05)  # equal weights would make it 0 exactly


@pytest.mark.parametrize("m", [2, 3, 8])
@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_variance_and_df_follow_their_formulas(m, spread):
    fit = predict(outcomes(m=m, effect=-0.3, spread=spread, seed=m), DOSE, POSITIONS, season=12)
    v0, df0, tau2 = fit.variances[0], fit.dfs[0], fit.tau**2
    V = v0 + tau2 * (1 + 1 / m)
    trace = dense_trace(fit.variances[1:] * m / (m - 1), tau2)
    satterthwaite = 2 * V**2 / ((1 + 1 / m) ** 2 * 2 / trace + 2 * v0**2 / df0)
    assert len(fit.effects) == len(fit.variances) == m + 1
    assert fit.effect == fit.effects[0]
    assert fit.variance == pytest.approx(V, rel=1e-12)
    assert fit.df == pytest.approx(max(m - 1, satterthwaite), rel=1e-9)
    expected, _ = between_cities(fit.effects[1:], fit.variances[1:] * m / (m - 1))
    assert tau2 == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_a_shock_that_all_cities_share_changes_nothing(fitted):
    shock = np.random.default_rng(9).normal(0, 0.5, (MONTHS, 1))
    shaken = predict(outcomes(effect=-0.6) + shock, DOSE, POSITIONS, season=12)
    assert shaken.effect == pytest.approx(fitted.effect, abs=1e-9)
    assert shaken.variance == pytest.approx(fitted.variance, rel=1e-6)


def test_a_known_step_is_found_and_no_spread_is_invented():
    fit = predict(outcomes(effect=-0.4, spread=0.0, noise=1e-3), DOSE, POSITIONS, season=12)
    # Twelve standard errors of a mean of 24 months' noise.
    assert fit.effect == pytest.approx(-0.4, abs=12 * 1e-3 * np.sqrt(2 / 24))
    assert fit.tau < 1e-3


def test_tau_star_makes_the_interval_touch_no_change(fitted):
    tau_star, _ = fitted.breakdown()
    m, cut = len(fitted.effects) - 1, float(critical(fitted.df))
    assert tau_star > fitted.tau > 0
    touching = fitted.variances[0] + tau_star**2 * (1 + 1 / m)
    assert abs(fitted.effect) == pytest.approx(cut * np.sqrt(touching), rel=1e-12)
    looser, _ = fitted.breakdown(0.8)
    assert looser > tau_star


def test_kappa_star_makes_the_interval_touch_no_change(fitted):
    _, kappa_star = fitted.breakdown()
    m, cut = len(fitted.effects) - 1, float(critical(fitted.df))
    assert kappa_star > 1
    touching = fitted.variances[0] + fitted.tau**2 * (kappa_star**2 + 1 / m)
    assert abs(fitted.effect) == pytest.approx(cut * np.sqrt(touching), rel=1e-12)


def test_breakdown_values_of_no_finding_are_zero():
    none = predict(outcomes(effect=0.0, noise=0.2), DOSE, POSITIONS, season=12)
    assert abs(none.effect) < float(critical(none.df)) * np.sqrt(none.variances[0])
    assert none.breakdown() == (0.0, 0.0)


def test_kappa_star_is_infinite_where_no_spread_is_seen():
    fit = predict(outcomes(effect=-0.6, spread=0.0, noise=0.2, seed=3), DOSE, POSITIONS, season=12)
    assert fit.tau == 0
    tau_star, kappa_star = fit.breakdown()
    assert tau_star > 0
    assert kappa_star == np.inf


@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_the_integrated_interval_holds_its_level_by_quadrature(spread):
    fit = predict(outcomes(effect=-0.3, spread=spread, seed=3), DOSE, POSITIONS, season=12)
    low, high = fit.integrated()
    m, half = len(fit.effects) - 1, (high - low) / 2
    assert (low + high) / 2 == pytest.approx(fit.effect, abs=1e-12)
    peak = dense_loglik(fit.tau**2, fit.effects[1:], fit.variances[1:] * m / (m - 1))

    def weight(tau):
        """Half-normal(0.2) prior times the restricted likelihood."""
        loglik = dense_loglik(tau**2, fit.effects[1:], fit.variances[1:] * m / (m - 1))
        return np.exp(loglik - peak - 0.5 * (tau / 0.2) ** 2)

    def outside(tau):
        variance = fit.variances[0] + tau**2 * (1 + 1 / m)
        df = fit.dfs[0] * (variance / fit.variances[0]) ** 2
        return weight(tau) * 2 * stats.t.sf(half / np.sqrt(variance), df)

    total, beyond = (integrate.quad(function, 0, 1.2, limit=200)[0] for function in (weight, outside))
    # A smooth integrand, even in τ: trapezoids over 601 points reach 1e-9, and quadrature as much.
    assert beyond / total == pytest.approx(0.05, abs=1e-6)
    assert fit.integrated(0.8)[0] > low


@pytest.mark.parametrize(("m", "said"), [(0, "0 comparison cities"), (1, "1 comparison city:")])
def test_fewer_than_two_comparison_cities_are_refused(m, said):
    with pytest.raises(EstimationError, match=said) as caught:
        predict(outcomes()[:, : 1 + m], DOSE, POSITIONS, season=12)
    assert "series design" in caught.value.mend


def test_facts_and_city_table_repeat_the_fit(fitted):
    said = facts(fitted)
    assert (said["m"], said["tau"], said["interval"]) == (6, fitted.tau, "prediction interval")
    assert (said["tau_star"], said["kappa_star"]) == fitted.breakdown()
    assert (said["integrated_low"], said["integrated_high"]) == fitted.integrated()
    table = city_table(fitted, list("ABCDEFG"), np.arange(7.0))
    assert table["role"].tolist() == ["treated"] + ["comparison"] * 6
    np.testing.assert_array_equal(table["effect"], fitted.effects)
    np.testing.assert_allclose(table["std_error"] ** 2, fitted.variances)


def test_the_path_departs_by_the_effect_and_its_band_is_the_prediction_interval(fitted):
    after = POSITIONS >= 24
    time = pd.Index(POSITIONS.astype(int))
    path = gap_path(fitted, outcomes(effect=-0.6), after, time, np.ones(MONTHS))
    fitted_log = np.log(path["counterfactual"]) + DOSE * fitted.effect
    # Least-squares residuals are small beside an effect of .6: the fitted course follows the observed one.
    assert np.abs(np.log(path["observed"]) - fitted_log).max() < 0.25
    half = (np.log(path["high"]) - np.log(path["low"])) / 2 / float(critical(fitted.df))
    np.testing.assert_allclose(half[after] ** 2, fitted.variance, rtol=1e-9)
    np.testing.assert_allclose(path["low"] * path["high"], np.where(after, path["counterfactual"] ** 2, np.nan))
    assert half[~after].isna().all()
    assert np.log(path["counterfactual"])[~after].mean() == pytest.approx(0.0, abs=1e-12)
    assert np.log(path["observed"])[~after].mean() == pytest.approx(0.0, abs=1e-12)


def test_limits_of_tau_are_where_the_restricted_likelihood_falls_by_half_a_squared_quantile():
    """Against a dense grid of τ with steps of .0002."""
    effects, variances = np.array([-0.2, 0.05, 0.3, -0.1, 0.12, 0.02]), np.full(6, 0.004)
    tau_squared, _ = between_cities(effects, variances)
    tau = np.arange(0, 1, 0.0002)
    loglik = restricted_loglik(tau**2, effects, variances)
    inside = tau[loglik >= loglik.max() - 0.8416212**2 / 2]
    assert tau_limits(effects, variances, tau_squared) == pytest.approx((inside.min(), inside.max()), abs=3e-4)


def test_the_lower_limit_of_tau_is_zero_where_cities_may_as_well_not_drift():
    effects, variances = np.array([0.01, -0.01, 0.02, 0.0, -0.02]), np.full(5, 0.01)
    lower, upper = tau_limits(effects, variances, between_cities(effects, variances)[0])
    assert lower == 0
    assert 0 < upper < 0.2


def test_upper_limits_of_tau_are_above_it_about_four_times_in_five():
    """400 draws of ten cities: a Monte-Carlo error of .02; the likelihood limit of a few cities is a little low."""
    rng = np.random.default_rng(7)
    variances, above = np.full(10, 0.005), 0
    for _ in range(400):
        effects = rng.normal(scale=np.sqrt(0.1**2 + 0.005), size=10)
        above += tau_limits(effects, variances, between_cities(effects, variances)[0])[1] >= 0.1
    assert 0.70 <= above / 400 <= 0.87


def test_placebos_are_predictions_with_each_comparison_city_in_the_place_of_the_treated():
    panel = outcomes(m=4, effect=-0.6, seed=5)
    each = []
    for city in range(1, 5):
        others = [other for other in range(1, 5) if other != city]
        fit = predict(panel[:, [city, *others]], DOSE, POSITIONS, season=12)
        each.append(fit.effect / np.sqrt(fit.variance))
    # together or alone, and in another order of the cities: the search stops at gains of 1e-6 in the likelihood
    np.testing.assert_allclose(placebo_statistics(panel, DOSE, POSITIONS, season=12), each, rtol=1e-6)


def test_placebos_need_three_comparison_cities():
    with pytest.raises(EstimationError, match="1 comparison city"):
        placebo_statistics(outcomes(m=2), DOSE, POSITIONS, season=12)


def test_tau_is_found_with_probability_by_the_score_at_zero():
    """Against draws: τ̂ > 0 exactly where the score at 0 is positive, for variances that are not alike."""
    rng, variances, tau = np.random.default_rng(3), np.geomspace(0.002, 0.05, 8), 0.08
    drawn = rng.normal(size=(1500, 8)) * np.sqrt(variances + tau**2)
    zero = np.mean([between_cities(row, variances)[0] == 0 for row in drawn])
    assert probability_of_zero(variances, tau) == pytest.approx(zero, abs=3 * np.sqrt(zero * (1 - zero) / 1500) + 0.01)


def test_a_covariate_takes_out_what_the_comparison_cities_slope_makes_of_the_distance():
    """Steps that follow a trait exactly but for noise: V, d and df by the formulas with matrices in full."""
    rng = np.random.default_rng(5)
    traits = rng.normal(size=(13, 1))
    made = outcomes(m=12, spread=0.0, noise=0.03, seed=5)
    made += DOSE[:, None] * (0.3 * traits[:, 0] + 0.05 * rng.normal(size=13))
    fit, plain = (predict(made, DOSE, POSITIONS, season=12, covariates=given) for given in (traits, None))
    m, v = 12, fit.variances[1:] * 12 / 11
    X = np.column_stack([np.ones(m), traits[1:, 0] - traits[1:].mean()])
    grid = np.linspace(0, 0.5, 20_001)
    dense = restricted_loglik(grid**2, fit.effects[1:], v, X)
    assert fit.tau == pytest.approx(grid[dense.argmax()], abs=5e-5)
    W = np.diag(1 / (v + fit.tau**2))
    inverse = np.linalg.inv(X.T @ W @ X)
    beta = inverse @ X.T @ W @ fit.effects[1:]
    away = traits[0, 0] - traits[1:].mean()
    residual = fit.effects[1:] - X @ beta
    adjusting = away**2 * inverse[1, 1] * max(1, residual @ W @ residual / (m - 2))
    assert fit.effect == pytest.approx(fit.effects[0] - away * beta[1], rel=1e-10)
    variance = fit.variances[0] + fit.tau**2 * (1 + 1 / m) + adjusting
    assert fit.variance == pytest.approx(variance, rel=1e-10)
    P = W - W @ X @ inverse @ X.T @ W
    spread = (1 + 1 / m) ** 2 * 2 / np.trace(P @ P) + 2 * fit.variances[0] ** 2 / fit.dfs[0] + 2 * adjusting**2 / 10
    assert fit.df == pytest.approx(max(m - 2, 2 * variance**2 / spread), rel=1e-8)
    assert fit.tau < 0.5 * plain.tau
    for value in (0.0, 0.01):  # the restricted likelihood, in full
        V = np.diag(v + value)
        P = np.linalg.inv(V) - np.linalg.inv(V) @ X @ np.linalg.inv(X.T @ np.linalg.inv(V) @ X) @ X.T @ np.linalg.inv(V)
        inner = np.linalg.slogdet(X.T @ np.linalg.inv(V) @ X)[1]
        by_hand = -0.5 * (np.linalg.slogdet(V)[1] + inner + fit.effects[1:] @ P @ fit.effects[1:])
        found = restricted_loglik(np.array([value]), fit.effects[1:], v, X)[0]
        assert found == pytest.approx(by_hand, rel=1e-10)


def test_covariates_that_say_nothing_are_refused():
    for traits in (
        np.ones((7, 1)),
        np.random.default_rng(1).normal(size=(7, 4)),
        np.ones((7, 2)) * np.arange(7)[:, None],
    ):
        with pytest.raises(EstimationError, match="covariates cannot be told apart in 6 comparison cities"):
            predict(outcomes(), DOSE, POSITIONS, season=12, covariates=traits)
