"""Weighted means of comparison cities: what is held out before the start, and what is not."""

import numpy as np
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.gap import fixed_donors, folds, synthetic_donors
from coresponder_causal.core.regressors import harmonics
from coresponder_causal.core.simplex import gram_of, simplex_weights

T, FIRST, M = 60, 36, 5
BEFORE = np.arange(T) < FIRST
SEASONS = harmonics(np.arange(float(T)), 12, 2)


def rates(seed=0):
    rng = np.random.default_rng(seed)
    donors = rng.normal(size=M) + np.cumsum(rng.normal(0, 0.1, (T, M)), axis=0)
    return np.column_stack([donors @ [0.5, 0.3, 0.2, 0, 0] + 2 + rng.normal(0, 0.1, T), donors])


def smoothed(values):
    """Season and level before the start out, then the mean of each period and its neighbours."""
    X = np.column_stack([np.ones(FIRST), SEASONS[:FIRST]])
    left = values[:FIRST] - X @ np.linalg.lstsq(X, values[:FIRST], rcond=None)[0]
    return np.array([left[max(t - 1, 0) : t + 2].mean(axis=0) for t in range(FIRST)])


def test_fixed_weights_give_the_plain_weighted_mean():
    r = rates()
    found = fixed_donors(r, np.array([2.0, 1, 1, 0, 0]), BEFORE, SEASONS)
    np.testing.assert_allclose(found.weights, [0.5, 0.25, 0.25, 0, 0])
    np.testing.assert_allclose(found.course, r[:, 1:] @ found.weights)
    assert found.effective == pytest.approx(1 / (0.25 + 2 * 0.0625))
    s = smoothed(r)
    gap = s[:, 0] - s[:, 1:] @ found.weights
    assert found.r_squared == pytest.approx(1 - gap @ gap / (s[:, 0] @ s[:, 0]), rel=1e-10)


def test_each_block_before_the_start_is_predicted_by_weights_of_the_others():
    r = rates()
    found = synthetic_donors(r, BEFORE, SEASONS)
    s = smoothed(r)
    whole = simplex_weights(gram_of(s[:, 1:], s[:, 0], intercept=False))
    np.testing.assert_allclose(found.weights, whole, atol=1e-9)
    centre = r[:FIRST, 1:].mean(axis=0)
    np.testing.assert_allclose(found.course[FIRST:], r[FIRST:, 1:] @ whole, atol=1e-9)
    for block in np.array_split(np.arange(FIRST), folds):
        others = np.setdiff1d(np.arange(FIRST), block)
        weights = simplex_weights(gram_of(s[others, 1:], s[others, 0], intercept=False))
        expected = (r[block, 1:] - centre) @ weights + centre @ whole
        np.testing.assert_allclose(found.course[block], expected, atol=1e-9)


def test_holding_out_shows_more_noise_than_fitting():
    """With as many donors as fit anything, the gap of fitted weights is too quiet before the start."""
    held, fitted = [], []
    for seed in range(20):
        r = np.random.default_rng(seed).normal(size=(T, 16))
        found = synthetic_donors(r, BEFORE, SEASONS)
        held.append((r[:, 0] - found.course)[:FIRST].var())
        fitted.append((r[:, 0] - r[:, 1:] @ found.weights)[:FIRST].var())
    assert np.mean(held) > 1.05 * np.mean(fitted)


def test_too_little_before_the_start_is_refused():
    with pytest.raises(EstimationError, match="17 periods before the start, of which 18 are needed") as caught:
        synthetic_donors(rates(), np.arange(T) < 17, SEASONS)
    assert "equal" in caught.value.mend
