"""The second stage against the full-covariance kernel, statsmodels, its own score, and simulation."""

import numpy as np
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.known_noise import known_noise
from coresponder_causal.core.random_effects import projection
from coresponder_causal.core.second_stage import second_stage, without_each

# log risk ratios of thirteen trials of BCG vaccine and their variances, to four decimals: Colditz et al. (1994),
# doi:10.1001/jama.1994.03510330076038
bcg = np.array(
    [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694, -1.3713, -0.3394, 0.4459, -0.0173]
)
bcg_variances = np.array(
    [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714]
)


def test_the_variance_between_cities_solves_its_equation():
    total = bcg_variances + second_stage(bcg, bcg_variances).tau ** 2
    weighted = projection(total)
    assert bcg @ weighted @ weighted @ bcg == pytest.approx(np.trace(weighted), rel=1e-6)  # the restricted score is 0


def test_the_kernel_with_a_full_covariance_gives_the_same():
    found, full = second_stage(bcg, bcg_variances), known_noise(bcg, np.diag(bcg_variances), np.ones((13, 1)))
    assert found.estimate == pytest.approx(full.beta[0], abs=1e-7)  # both search for tau^2
    assert found.std_error == pytest.approx(np.sqrt(full.vcov[0, 0]), abs=1e-7)


def test_hartung_and_knapp_as_statsmodels_has_it():
    meta = pytest.importorskip("statsmodels.stats.meta_analysis")
    found = second_stage(bcg, bcg_variances)
    other = meta.combine_effects(bcg, bcg_variances)
    other.tau2 = found.tau**2
    weights = 1 / (bcg_variances + other.tau2)
    scale = weights @ (bcg - weights @ bcg / weights.sum()) ** 2 / 12
    assert found.spread == pytest.approx(scale, rel=1e-12)
    assert found.q == pytest.approx(other.q, rel=1e-12)
    assert found.std_error == pytest.approx(np.sqrt(max(1.0, scale) / weights.sum()), rel=1e-12)


def test_the_interval_is_never_shorter_than_that_of_the_weights():
    found = second_stage(np.array([0.1, 0.1, 0.1]), np.array([0.04, 0.04, 0.04]))
    assert found.std_error == pytest.approx(np.sqrt(0.04 / 3), rel=1e-12)
    assert found.tau == 0


def test_two_cities_say_nothing_of_a_third():
    found = second_stage(np.array([0.1, -0.2]), np.array([0.01, 0.02]))
    assert np.isnan(found.predicted_low)
    assert np.isnan(without_each(np.array([0.1, -0.2]), np.array([0.01, 0.02]))).all()


def test_the_prediction_interval_holds_another_city():
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(150):
        variances = rng.uniform(0.005, 0.03, 12)
        truth = rng.normal(-0.1, 0.3, 13)
        found = second_stage(truth[:12] + rng.normal(size=12) * np.sqrt(variances), variances)
        inside += found.predicted_low <= truth[12] <= found.predicted_high
    assert inside >= 132  # .88; of 150 at .95 the chance of fewer is under .001


def test_every_broken_rule_is_listed():
    with pytest.raises(EstimationError, match="breaks 3 rules"):
        second_stage(np.array([0.1, np.nan]), np.array([0.1, 0.0]), level=2)
