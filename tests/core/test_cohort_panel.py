"""Means and products of cohorts say what the rows say."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.cohort_panel import cohort_panel
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.resampling import influence_variance, multiplier_draws
from coresponder_causal.core.welch import clustered_spread, welch_df

RNG = np.random.default_rng(5)
GROUP = np.repeat([0, 1, 2], [6, 9, 15])
OUTCOME = RNG.normal(size=(30, 5)) + 1e4 * RNG.normal(size=(30, 1))
CONTRAST = RNG.normal(size=(3, 5, 4))
CONTRAST -= CONTRAST.mean(axis=1, keepdims=True)
SHIFT = RNG.normal(size=(3, 4))


def by_hand(weight):
    size = np.bincount(GROUP, weight)
    mean = np.stack([np.average(OUTCOME[g == GROUP], axis=0, weights=weight[g == GROUP]) for g in range(3)])
    scores = np.einsum("it,itk->ik", OUTCOME - mean[GROUP], (CONTRAST / size[:, None, None])[GROUP])
    return weight[:, None] * (scores + SHIFT[GROUP])


@pytest.mark.parametrize("weight", [None, RNG.uniform(0.5, 2, 30)])
@pytest.mark.parametrize("never", [True, False])
def test_covariance_and_influence_are_those_of_the_rows(weight, never):
    panel, scores = cohort_panel(OUTCOME, GROUP, weight), by_hand(np.ones(30) if weight is None else weight)
    influence = panel.influence(CONTRAST, SHIFT, pd.RangeIndex(30), never=never)
    np.testing.assert_allclose(panel.by_cohort(CONTRAST, SHIFT).sum(axis=0), scores.T @ scores, rtol=1e-9)
    np.testing.assert_allclose(influence.rows() / 30, scores, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(influence.gram(), scores.T @ scores, rtol=1e-9)
    dense = influence.left.toarray()
    np.testing.assert_allclose(influence.inner, dense.T @ dense, rtol=1e-9, atol=1e-8)
    assert (dense[:, -1] == 1).all()


def test_a_nearly_full_sparse_influence_has_the_product_of_its_rows():
    from scipy.sparse import random_array

    for density in (0.01, 0.6):
        left = random_array((300, 7), density=density, rng=np.random.default_rng(1), format="csc")
        psi = Influence(left=left, right=np.eye(7), unit=pd.RangeIndex(300))
        rows = left.toarray()
        np.testing.assert_allclose(psi.gram(), rows.T @ rows / 300**2, rtol=1e-12, atol=1e-18)


def test_normal_multipliers_draw_from_the_covariance_itself():
    """100,000 draws: a variance has a Monte-Carlo error of 0.45 %, allowed four times."""
    psi = Influence(left=by_hand(np.ones(30)) * 30, right=np.eye(4), unit=pd.RangeIndex(30))
    vcov = influence_variance(psi)
    draws = multiplier_draws(psi, replications=100_000, seed=2, multipliers="normal")
    scale = np.sqrt(np.diag(vcov))
    np.testing.assert_allclose(np.cov(draws.T) / np.outer(scale, scale), vcov / np.outer(scale, scale), atol=0.018)
    signs = multiplier_draws(psi, replications=20_000, seed=2, multipliers="rademacher")
    np.testing.assert_allclose(np.diag(np.cov(signs.T)) / np.diag(vcov), 1, atol=0.04)


def test_welch_is_the_t_test_of_two_samples():
    """One mean against another with unequal spread: the classical degrees of freedom."""
    one, other = RNG.normal(size=7), 3 * RNG.normal(size=12)
    scores = np.concatenate([(one - one.mean()) / 7, (other.mean() - other) / 12])
    treated = np.arange(19) < 7
    vcov, df = clustered_spread(scores[:, None], treated, None)
    parts = np.array([one.var() / 7, other.var() / 12])
    assert vcov[0, 0] == pytest.approx(parts.sum())
    assert df[0] == pytest.approx(parts.sum() ** 2 / (parts**2 / [6, 11]).sum())
    assert welch_df(np.array([[1.0], [0.0]]), (5, 0)).tolist() == [4.0]
    halves = pd.Index(np.arange(19) // 2)
    sums = pd.Series(scores).groupby(halves).sum().to_numpy()
    assert clustered_spread(scores[:, None], treated, halves)[0][0, 0] == pytest.approx(sums @ sums)
