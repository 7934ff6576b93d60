"""The truth of a world is what its counts show, and its shocks have the stated scales."""

import numpy as np
import pytest

from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.rates import draw_counts, expected_calls
from coresponder_causal.simulate.shocks import covid_shape, draw_shocks
from coresponder_causal.simulate.spells import COVERED, MONTHS, spells

BEFORE = np.datetime64("2020-07") > MONTHS
AFTER = np.datetime64("2020-07") < MONTHS
NO_COVID = {"covid_amplitude": 0.0, "covid_hours": 0.0}


def counted(config, seed):
    """Counts of the treated city, spell × hour of the week."""
    return draw_counts(expected_calls(config, draw_shocks(config, 1)).expected, seed)[0]


def log_ratio(numerator, denominator):
    return np.log(numerator.sum() / denominator.sum())


@pytest.mark.parametrize("effects", [{}, {"city_effect": -0.25}, {"effect": 0.3, "spillover": 0.0}])
def test_truth_is_what_large_counts_show(effects):
    config = WorldConfig(n_comparison=1, monthly_calls=1e5, **effects)
    nothing = WorldConfig(n_comparison=1, monthly_calls=1e5, effect=0.0)
    post, truth = spells().post, world(seed=1, config=config).truth
    changed, unchanged = counted(config, 8)[post], counted(nothing, 9)[post]
    # more than 700,000 calls stand in each sum: the standard error of a log ratio is at most .0017
    assert log_ratio(changed, unchanged) == pytest.approx(truth.city_log_ratio, abs=0.006)
    covered, other = (log_ratio(changed[:, h], unchanged[:, h]) for h in (COVERED, ~COVERED))
    assert covered == pytest.approx(truth.covered_log_ratio, abs=0.006)
    assert other == pytest.approx(truth.uncovered_log_ratio, abs=0.006)
    assert covered - other == pytest.approx(truth.hours_log_ratio, abs=0.01)
    full = spells().dose[post] == 1
    assert log_ratio(changed[full], unchanged[full]) == pytest.approx(truth.effect_at_full_dose, abs=0.008)
    assert unchanged.sum() - changed.sum() == pytest.approx(truth.averted_calls, rel=0.05)


def test_full_dose_gives_the_configured_ratios():
    truth = world(seed=1, config=WorldConfig(city_effect=-0.4)).truth
    assert truth.city_log_ratio == pytest.approx(-0.4, abs=1e-12)  # the same closed form
    assert truth.effect_at_full_dose == pytest.approx(-0.4, abs=1e-12)
    ramped = world(seed=1).truth
    assert ramped.covered_log_ratio > np.log(0.7)  # months of small dose are part of the average
    assert ramped.uncovered_log_ratio == pytest.approx(0.25 * ramped.covered_log_ratio, rel=0.15)
    assert np.log(0.7) < ramped.effect_at_full_dose < ramped.city_log_ratio < 0


def test_path_sums_to_the_averted_calls():
    truth = world(seed=3).truth
    path = truth.city_path
    assert list(path.columns) == ["month", "mu0", "mu1"]
    assert (path.mu0 - path.mu1).sum() == pytest.approx(truth.averted_calls, rel=1e-12)
    assert (path.mu0 == path.mu1)[BEFORE].all()
    assert (path.mu0 > path.mu1)[~BEFORE].all()


def test_null_world_has_zero_truths_and_keeps_its_shocks():
    study = world("null", seed=4)
    truth = study.truth
    assert (truth.city_log_ratio, truth.effect_at_full_dose, truth.averted_calls, truth.att) == (0, 0, 0, 0)
    assert (truth.covered_log_ratio, truth.uncovered_log_ratio, truth.hours_log_ratio) == (0, 0, 0)
    assert truth.tau == WorldConfig().tau
    assert study.tables["calls"].attended.any()


def step_against_comparison(config, seed):
    """Log change of the treated city's mean calls minus the comparison cities' mean log change."""
    calls = world(seed=seed, config=config).panel_counts.calls.to_numpy().reshape(-1, len(MONTHS))
    change = np.log(calls[:, AFTER].mean(axis=1) / calls[:, BEFORE].mean(axis=1))
    return change[0] - change[1:].mean()


def test_mean_of_log_counts_across_seeds_is_the_truth():
    config = WorldConfig(city_effect=-0.25, monthly_calls=2000, covid_loading_sd=0.0)
    steps = np.array([step_against_comparison(config, seed) for seed in range(120)])
    # between worlds the contrast has a standard deviation of about τ √(1 + 1/10) = .105, with months' noise .11
    assert steps.mean() == pytest.approx(-0.25, abs=4 * 0.11 / np.sqrt(len(steps)))
    assert 0.09 < steps.std(ddof=1) < 0.14


def test_structural_steps_have_their_scales_and_do_not_mix():
    config = WorldConfig(n_comparison=60, monthly_calls=1e5, ar_sd=0.0, nugget_sd=0.0, effect=0.0, **NO_COVID)
    steps, differences = [], []
    for seed in range(4):
        shocks = draw_shocks(config, seed)
        rates = expected_calls(config, shocks).expected / spells().clock_hours
        flat = rates / np.exp(shocks.season)[:, spells().month][:, :, None]
        before, after = flat[:, 0], flat[:, -1]
        steps.append(np.log(after.mean(axis=1) / before.mean(axis=1)))
        covered, other = (np.log(after[:, h].mean(axis=1) / before[:, h].mean(axis=1)) for h in (COVERED, ~COVERED))
        differences.append(covered - other)
        np.testing.assert_allclose(steps[-1], shocks.step, atol=1e-12)  # the same closed form
        np.testing.assert_allclose(differences[-1], shocks.step_hours, atol=1e-12)
    # 244 draws: the standard error of a standard deviation is 4.5 % of it
    assert np.std(steps) == pytest.approx(0.10, rel=0.18)
    assert np.std(differences) == pytest.approx(0.06, rel=0.18)


def test_month_shocks_are_ar1_with_their_scale():
    config = WorldConfig(n_comparison=60, nugget_sd=0.0)
    paths = np.concatenate([draw_shocks(config, seed).monthly for seed in range(10)])
    assert paths.std() == pytest.approx(0.08, rel=0.03)  # 44,000 correlated values: standard error .6 %
    assert np.corrcoef(paths[:, :-1].ravel(), paths[:, 1:].ravel())[0, 1] == pytest.approx(0.5, abs=0.02)
    assert paths[:, 0].std() == pytest.approx(0.08, rel=0.12)  # stationary from the first month: 610 values


def test_covid_moves_the_level_by_loading_and_shape():
    config = WorldConfig(n_comparison=5, tau=0.0, effect=0.0)
    calm = WorldConfig(n_comparison=5, tau=0.0, effect=0.0, **NO_COVID)
    shocks = draw_shocks(config, 7)
    ratio = [expected_calls(c, shocks).expected / spells().clock_hours for c in (config, calm)]
    change = np.log(ratio[0].mean(axis=2) / ratio[1].mean(axis=2))
    shape = covid_shape(config)[spells().month]
    np.testing.assert_allclose(change, -0.30 * shocks.covid_loading[:, None] * shape, atol=1e-12)
    assert shape[MONTHS[spells().month] >= np.datetime64("2021-06")].max() == 0


def test_noise_off_leaves_poisson_counts():
    off = dict.fromkeys(("ar_sd", "nugget_sd", "tau", "season_amplitude", "season_sd", "effect"), 0.0)
    config = WorldConfig(n_comparison=1, **off, **NO_COVID)
    calls = np.concatenate([world(seed=s, config=config).panel_counts.calls.to_numpy()[:72] for s in range(30)])
    days = world(seed=0, config=config).panel_counts.days.to_numpy()[:72]
    mean = 200 * np.tile(days, 30) / (365.25 / 12)
    # 2,160 values: standard errors are .0015 and .03; clock hours of a month depart from its days by up to 1 %
    assert calls.mean() / mean.mean() == pytest.approx(1, abs=0.006)
    assert ((calls - mean) ** 2 / mean).mean() == pytest.approx(1, abs=0.14)


def test_default_counts_are_overdispersed():
    studies = [world("null", seed=seed, config=WorldConfig(n_comparison=1)) for seed in range(30)]
    calls = np.array([study.panel_counts.calls.to_numpy()[:36] for study in studies])  # 2017 to 2019: before COVID
    dispersion = (calls.var(axis=0, ddof=1) / calls.mean(axis=0)).mean()
    assert 1.8 < dispersion < 3.6  # 1 + 180 × (.08² + .03² + season) is about 2.5
