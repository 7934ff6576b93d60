"""Sparse counts before and after: the likelihood against integrals on a fine grid, the interval against the truth."""

import numpy as np
import pytest

from coresponder_causal.core.count_prediction import _loglik, _Others, count_facts, predict_counts
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import critical
from coresponder_causal.core.random_effects import between_cities, tau_limits

OFFSET = np.log(30 / 42)


def drawn(rng, *, m=10, mean=3.0, tau=0.15, effect=0.0):
    """Events before and after of cities of unlike size, 42 months and 30."""
    size = mean * np.r_[1.0, np.geomspace(0.7, 6.0, m)]
    ratio = np.exp(tau * rng.normal(size=m + 1) - 0.1 + effect * (np.arange(m + 1) == 0))
    return rng.poisson(42 * size).astype(float), rng.poisson(30 * size * ratio).astype(float)


def others(before, after):
    ratios, variances = np.log(after / before) - OFFSET, 1 / after + 1 / before
    return _Others(after, before + after, np.full(len(before), OFFSET), ratios, variances)


@pytest.mark.parametrize("tau", [0.0, 0.05, 0.3, 1.0])
def test_the_likelihood_is_the_integral_over_the_cities_own_steps(tau):
    before, after = drawn(np.random.default_rng(1), m=6)
    z = np.linspace(-12, 12, 200_001)
    log_density = -(z**2) / 2
    for mean in (-0.4, 0.0, 0.2):
        by_hand = 0.0
        for b, a in zip(before, after, strict=True):
            eta = OFFSET + mean + tau * z
            log = a * eta - (a + b) * np.logaddexp(0, eta) + log_density
            by_hand += np.log(np.trapezoid(np.exp(log - log.max()), z)) + log.max()
        found = _loglik(np.array([tau**2]), np.array([mean]), others(before, after))[0, 0]
        assert found == pytest.approx(by_hand, abs=1e-5)


def test_counts_without_spread_give_the_log_ratio_of_ratios():
    before = np.array([400.0, 900.0, 1800.0, 300.0])
    fit = predict_counts(before, before * np.array([0.5, 0.75, 0.75, 0.75]), np.zeros(4))
    assert fit.effect == pytest.approx(np.log(0.5 / 0.75), abs=2e-4)  # the mean over μ is not its mode
    assert fit.tau == 0.0
    pooled = 1 / (3000 * 0.75) + 1 / 3000
    assert fit.variance == pytest.approx(1 / 400 + 1 / 200 + pooled, rel=2e-3)
    half = predict_counts(before, before * np.array([0.5, 0.75, 0.75, 0.75]), np.zeros(4), dose=0.5)
    assert half.effect == pytest.approx(2 * fit.effect)
    assert half.variance == pytest.approx(4 * fit.variance)


def test_with_many_events_it_is_the_normal_random_effects_model():
    before, after = (count * 200 for count in drawn(np.random.default_rng(2)))
    fit = predict_counts(before, after, np.full(11, OFFSET))
    ratios, v = np.log(after / before) - OFFSET, 1 / after + 1 / before
    tau_squared, _ = between_cities(ratios[1:], v[1:])
    weights = 1 / (v[1:] + tau_squared)
    assert fit.tau == pytest.approx(np.sqrt(tau_squared), rel=2e-3)
    assert fit.effect == pytest.approx(ratios[0] - np.average(ratios[1:], weights=weights), abs=1e-3)
    assert fit.variance == pytest.approx(v[0] + tau_squared + 1 / weights.sum(), rel=1e-2)
    np.testing.assert_allclose(fit.tau_limits, tau_limits(ratios[1:], v[1:], tau_squared), rtol=5e-3)


def test_the_finding_dies_at_tau_star():
    before, after = drawn(np.random.default_rng(3), mean=20.0, effect=-1.0)
    fit = predict_counts(before, after, np.full(11, OFFSET))
    star = fit.breakdown()
    at_star = abs(fit.effect) / np.sqrt(fit.variances[0] + star**2 * (1 + 1 / 10))
    assert at_star == pytest.approx(critical(fit.df), rel=1e-12)
    facts = count_facts(fit)
    assert facts["tau_lower"] <= facts["tau"] < facts["tau_upper"]
    assert 0 < facts["prob_tau_zero"] < 0.6


def test_the_interval_holds_at_three_events_a_month():
    rng, held, draws = np.random.default_rng(4), 0, 60
    for _ in range(draws):
        fit = predict_counts(*drawn(rng), np.full(11, OFFSET))
        held += abs(fit.effect) <= critical(fit.df) * np.sqrt(fit.variance)
    assert held / draws >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / draws)


def test_a_city_that_has_none_afterwards_has_half_an_event_and_one_without_any_is_refused():
    before, after = np.array([5.0, 60.0, 80.0, 70.0]), np.array([0.0, 50.0, 60.0, 45.0])
    fit = predict_counts(before, after, np.zeros(4))
    assert fit.variances[0] == pytest.approx(1 / 5.5 + 1 / 0.5)
    with pytest.raises(EstimationError, match="1 cities without any event"):
        predict_counts(np.array([0.0, 60.0, 80.0]), np.array([0.0, 50.0, 60.0]), np.zeros(3))
