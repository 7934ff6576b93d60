"""Multiplier draws have the variance of the influence functions; bands have the known critical values."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csc_array
from scipy.stats import norm

from coresponder_causal.core import resampling
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.resampling import influence_variance, multiplier_draws, simultaneous_critical_value


def made(cluster=None, sparse=False):
    psi = np.random.default_rng(1).normal(size=(120, 3)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    left = csc_array(psi) if sparse else psi
    return Influence(left=left, right=np.eye(3), unit=pd.RangeIndex(120), cluster=cluster)


CLUSTERS = pd.Index(np.repeat(np.arange(24), 5))


@pytest.mark.parametrize("multipliers", ["rademacher", "mammen"])
@pytest.mark.parametrize("cluster", [None, CLUSTERS], ids=["units", "clusters"])
def test_draws_have_the_variance_of_the_influence(multipliers, cluster):
    """40,000 draws: a variance has a relative Monte-Carlo error of √(2/40,000) = 0.7 %; 4 % is more than five."""
    influence = made(cluster)
    draws = multiplier_draws(influence, replications=40_000, seed=2, multipliers=multipliers)
    expected = influence_variance(influence)
    scale = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(np.cov(draws.T) / np.outer(scale, scale), expected / np.outer(scale, scale), atol=0.04)
    assert np.abs(draws.mean(axis=0) / scale).max() < 5 / 40_000**0.5


def test_clustered_variance_is_that_of_the_sums():
    sums = made().rows().reshape(24, 5, 3).sum(axis=1)
    np.testing.assert_allclose(influence_variance(made(CLUSTERS)), sums.T @ sums / 120**2, rtol=1e-12)
    np.testing.assert_allclose(influence_variance(made()), made().rows().T @ made().rows() / 120**2, rtol=1e-12)


def test_draws_repeat_under_a_seed_and_do_not_depend_on_blocks_or_storage(monkeypatch):
    once = multiplier_draws(made(), replications=100, seed=7)
    np.testing.assert_array_equal(once, multiplier_draws(made(), replications=100, seed=7))
    assert np.abs(once - multiplier_draws(made(), replications=100, seed=8)).max() > 0
    monkeypatch.setattr(resampling, "_BLOCK", 7 * 120)
    np.testing.assert_allclose(once, multiplier_draws(made(), replications=100, seed=7), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(once, multiplier_draws(made(sparse=True), replications=100, seed=7), atol=1e-15)


def test_mammen_multipliers_have_third_moment_one():
    one = Influence(left=np.ones((1, 1)), right=np.eye(1), unit=pd.RangeIndex(1))
    draws = multiplier_draws(one, replications=200_000, seed=3, multipliers="mammen").ravel()
    # the standard deviation of V³ is 2, so five Monte-Carlo errors are 0.023
    assert np.mean(draws**3) == pytest.approx(1.0, abs=0.025)
    assert sorted(set(draws.round(9))) == [round((1 - 5**0.5) / 2, 9), round((1 + 5**0.5) / 2, 9)]


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_critical_value_of_independent_terms_is_sidaks(level):
    draws = np.random.default_rng(5).normal(size=(60_000, 8)) * np.arange(1.0, 9.0)
    exact = norm.isf((1 - level ** (1 / 8)) / 2)
    # five Monte-Carlo errors of the quantile: √(.95·.05/60,000) / density .14 = .006
    assert simultaneous_critical_value(draws, np.arange(1.0, 9.0), level=level) == pytest.approx(exact, abs=0.035)


def test_band_is_never_narrower_than_a_single_interval_and_passes_over_terms_without_error():
    draws = np.random.default_rng(6).normal(size=(500, 2)) * [0.5, 0.0]
    assert simultaneous_critical_value(draws, np.array([1.0, 0.0])) == pytest.approx(norm.isf(0.025))
    with pytest.raises(EstimationError, match="no term has a standard error"):
        simultaneous_critical_value(draws, np.zeros(2))
    with pytest.raises(EstimationError, match="0 replications"):
        multiplier_draws(made(), replications=0)
