"""Rosenbaum's bounds against every assignment of treatment that odds Γ allow, and their own definitions."""

import itertools

import numpy as np
import pytest
from scipy.stats import norm

from coresponder_causal.core.rosenbaum import (
    binary_tails,
    hodges_lehmann,
    m_scores,
    m_tails,
    m_test,
    signed_rank_tails,
)

SETS = np.array([[1, 0, np.nan], [1, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1.0]])


def worst_tail(outcomes, gamma, found):
    """Largest chance of at least as many first calls with the outcome, over hidden causes u in {0, 1} of all calls."""
    laws = np.ones(1)
    for row in outcomes:
        known = row[~np.isnan(row)]
        best = max(
            (np.array(u) * (gamma - 1) + 1) @ known / (np.array(u) * (gamma - 1) + 1).sum()
            for u in itertools.product((0, 1), repeat=len(known))
        )
        laws = np.convolve(laws, [1 - best, best])
    return laws[found:].sum()


@pytest.mark.parametrize("gamma", [1.0, 1.7, 4.0])
def test_binary_bound_is_the_worst_of_all_hidden_causes(gamma):
    found = int(SETS[:, 0].sum())
    tails = binary_tails(SETS, np.ones(len(SETS)), gamma)
    assert tails.high == pytest.approx(worst_tail(SETS, gamma, found), rel=1e-12)
    assert tails.low <= binary_tails(SETS, np.ones(len(SETS)), 1.0).high + 1e-12


def test_turned_sets_and_the_other_direction_mirror():
    """A set of one control and its treated calls is the set of one treated call with the signs of effects changed."""
    one = np.ones(len(SETS))
    for gamma in (1.0, 2.0):
        turned = binary_tails(SETS, -one, gamma, positive=False)
        assert turned == pytest.approx(binary_tails(SETS, one, gamma), rel=1e-12)
        mirrored = binary_tails(1 - SETS, one, gamma, positive=False)
        assert mirrored == pytest.approx(binary_tails(SETS, one, gamma), rel=1e-12)


def test_hodges_lehmann_is_a_quantile_of_walsh_averages():
    apart = np.random.default_rng(4).normal(size=41)
    averages = np.sort([(apart[i] + apart[j]) / 2 for i in range(41) for j in range(i, 41)])
    for gamma in (1.0, 1.5, 4.0):
        low, high = hodges_lehmann(apart, gamma)
        above = len(averages) * gamma / (1 + gamma)
        assert np.sum(averages > low + 1e-9) <= above <= np.sum(averages > low - 1e-9)
        assert np.sum(averages < high - 1e-9) <= above <= np.sum(averages < high + 1e-9)
    assert hodges_lehmann(apart, 1.0)[0] == pytest.approx(np.median(averages), abs=1e-9)


def test_signed_ranks_without_hidden_bias_are_the_plain_test():
    apart = np.array([0.0, 1.0, 1.0, -2.0, 3.0, 4.0])
    ranks, found = np.array([1.5, 1.5, 3.0, 4.0, 5.0]), 1.5 + 1.5 + 4.0 + 5.0
    by_hand = norm.sf((found - 7.5) / np.sqrt((ranks**2).sum() / 4))
    assert signed_rank_tails(apart, 1.0) == pytest.approx((by_hand, by_hand), rel=1e-12)


def test_separable_bound_is_the_worst_threshold_in_every_set():
    scores = m_scores(np.random.default_rng(6).normal(size=(12, 4)))
    for gamma in (1.5, 3.0):
        worst = [
            max(
                (np.array(u) * (gamma - 1) + 1) @ row / (np.array(u) * (gamma - 1) + 1).sum()
                for u in itertools.product((0, 1), repeat=4)
            )
            for row in scores
        ]
        assert m_test(scores, np.ones(12), gamma).expectation == pytest.approx(sum(worst), rel=1e-12)


def test_tails_widen_with_gamma_and_meet_at_one():
    scores = m_scores(np.random.default_rng(7).normal([0.4, 0.0, 0.0], size=(30, 3)))
    tails = [m_tails(scores, np.ones(30), gamma) for gamma in (1.0, 1.5, 2.5)]
    assert tails[0].low == pytest.approx(tails[0].high, rel=1e-9)
    assert tails[0].low > tails[1].low > tails[2].low
    assert tails[0].high < tails[1].high < tails[2].high


def test_bound_keeps_its_size_under_hidden_bias_of_the_stated_size():
    """Pairs without an effect whose odds are Γ = 2 apart towards the larger outcome: 5 % of tests reject at most.

    2,000 samples: a Monte-Carlo error of .005 at .05. Without the bound nearly all reject.
    """
    rng = np.random.default_rng(11)
    rejected = {1.0: 0, 2.0: 0}
    for _ in range(2000):
        size = rng.exponential(size=80)
        apart = np.where(rng.random(80) < 2 / 3, size, -size)
        for gamma in rejected:
            rejected[gamma] += signed_rank_tails(apart, gamma).high <= 0.05
    assert rejected[2.0] / 2000 < 0.05 + 3 * 0.005
    assert rejected[1.0] / 2000 > 0.5
