"""Bounds of agreement hold the truth where only a part was read twice, and are no wider than that part asks for."""

import numpy as np
import pytest

from coresponder_causal.core.agreement import cohen_kappa
from coresponder_causal.core.agreement_of_many import beyond_chance, counts_of

NAMES = ("percent", "fleiss", "ac1")


def told(rng, texts, twice, common, wrong):
    """Two readers who each err on a share of the texts; the second reads the first of them."""
    truth = rng.random(texts) < common
    given = (truth ^ (rng.random((2, texts)) < wrong)).astype(float)
    given[1, twice:] = np.nan
    return given.T


def truth(common, wrong):
    """Agreement, κ and AC1 without end of texts."""
    agree, yes = (1 - wrong) ** 2 + wrong**2, common * (1 - wrong) + (1 - common) * wrong
    chances = (0.0, yes**2 + (1 - yes) ** 2, 2 * yes * (1 - yes))
    return {name: (agree - chance) / (1 - chance) for name, chance in zip(NAMES, chances, strict=True)}


@pytest.mark.parametrize(("texts", "twice", "common", "wrong"), [(300, 60, 0.3, 0.1), (400, 30, 0.1, 0.05)])
def test_bounds_hold_the_truth_where_a_part_was_read_twice(texts, twice, common, wrong):
    rng, real = np.random.default_rng(1), truth(common, wrong)
    found = {name: [] for name in NAMES}
    for _ in range(400):
        counts, _ = counts_of(told(rng, texts, twice, common, wrong))
        for name in NAMES:
            found[name].append(beyond_chance(counts, name))
    for name, runs in found.items():
        estimate, error, low, high = np.array(runs).T
        assert 0.92 <= np.mean((low <= real[name]) & (real[name] <= high)) <= 0.985  # Monte-Carlo error .011
        assert error.mean() == pytest.approx(estimate.std(), rel=0.12)


def test_texts_read_once_do_not_widen_the_percentage():
    both = np.array([[2.0, 0.0]] * 20 + [[1.0, 1.0]] * 4 + [[0.0, 2.0]] * 6)
    alone = np.array([[1.0, 0.0]] * 200)
    assert beyond_chance(np.vstack([both, alone]), "percent") == pytest.approx(beyond_chance(both, "percent"))


def test_where_all_agree_the_lower_bound_is_below_one():
    counts = np.array([[2.0, 0.0]] * 15 + [[0.0, 2.0]] * 5)
    share = 20 / (20 + 1.959963984540054**2)  # Wilson's lower bound of 20 of 20
    assert beyond_chance(counts, "percent")[2:] == pytest.approx((share, 1.0))
    kappa, chance = cohen_kappa([[15, 0], [0, 5]]), 0.75**2 + 0.25**2
    assert kappa.low == pytest.approx((share - chance) / (1 - chance))
    assert (kappa.estimate, kappa.high) == (1.0, 1.0)
