"""The fewest persons behind a combination of sums, against trying every set of classes."""

from itertools import chain, combinations

import numpy as np
import pytest

from coresponder_causal.core.fewest_behind import fewest_behind

THRESHOLD = 11


def by_trying(sums, sizes):
    """A set of classes can be singled out if without them the sums have a lower rank."""
    rank = np.linalg.matrix_rank(sums.reshape(len(sums), -1))
    places = range(len(sizes))
    sets = chain.from_iterable(combinations(places, many) for many in range(1, len(sizes) + 1))
    found = [
        sizes[list(one)].sum()
        for one in sets
        if np.linalg.matrix_rank(np.delete(sums, one, axis=1).reshape(len(sums), -1)) < rank
    ]
    return min([*found, THRESHOLD])


@pytest.mark.parametrize("seed", range(40))
def test_it_finds_what_trying_everything_finds(seed):
    """Levels of one or two waves, and changes between two of three, in up to six groups of up to eight classes."""
    rng = np.random.default_rng([15, seed])
    many, classes, waves = rng.integers(2, 7), rng.integers(3, 9), rng.integers(1, 4)
    member = rng.random((many, classes)) < 0.6
    wave = np.zeros((many, waves))
    if waves < 3:
        wave[:] = rng.integers(0, 2, (many, waves))
    else:
        for row in wave:
            row[rng.choice(3, 2, replace=False)] = 1.0, -1.0
    sums = member[:, :, None] * wave[:, None, :]
    sizes = rng.choice([1, 2, 4, 7, 12, 30], classes)
    assert fewest_behind(sums, sizes, threshold=THRESHOLD) == by_trying(sums, sizes)


def test_random_cases_hold_both_answers():
    """The comparison above would be empty if every case were safe, or none."""
    rng = np.random.default_rng(4)
    found = {
        fewest_behind((rng.random((4, 6, 1)) < 0.6).astype(float), rng.choice([1, 5, 12, 30], 6), threshold=THRESHOLD)
        for _ in range(60)
    }
    assert THRESHOLD in found
    assert len(found) > 3


def test_nothing_shown_tells_nothing():
    assert fewest_behind(np.zeros((0, 3, 1)), np.array([1, 2, 3]), threshold=THRESHOLD) == THRESHOLD
    assert fewest_behind(np.zeros((2, 3, 1)), np.array([1, 2, 3]), threshold=THRESHOLD) == THRESHOLD


def test_where_too_much_would_have_to_be_tried_nothing_is_safe():
    rng = np.random.default_rng(1)
    sums = (rng.random((12, 60, 1)) < 0.5).astype(float)
    assert fewest_behind(sums, np.ones(60, int), threshold=THRESHOLD) == 1
