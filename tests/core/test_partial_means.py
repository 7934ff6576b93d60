"""Means of which something is unknown: against every completion, and their derivatives against differences."""

from itertools import product

import numpy as np
import pytest

from coresponder_causal.core.partial_means import Moved, mean, share_of, trimmed, worst_case


def every_mean(y, seen, weights, member):
    """Means over every completion of unseen values at the ends and every choice of unknown members."""
    free, may = np.flatnonzero(~seen), np.flatnonzero(np.isnan(member))
    for ends in product((0.0, 1.0), repeat=len(free)):
        for inside in product((0.0, 1.0), repeat=len(may)):
            values, chosen = y.copy(), member.copy()
            values[free], chosen[may] = ends, inside
            if chosen @ weights:
                yield float((chosen * weights) @ values / (chosen @ weights))


def test_worst_case_is_the_extreme_of_every_completion():
    rng = np.random.default_rng(1)
    for _ in range(25):
        y, seen = rng.random(8), rng.random(8) < 0.7
        member = rng.choice([1.0, 0.0, np.nan], 8, p=[0.5, 0.2, 0.3])
        member[0] = 1.0
        weights = rng.random(8)
        means = list(every_mean(y, seen, weights, member))
        ends = worst_case(np.where(seen, y, np.nan), seen, weights, 0.0, 1.0, member=member)
        assert ends.low.value == pytest.approx(min(means), abs=1e-12)
        assert ends.high.value == pytest.approx(max(means), abs=1e-12)


def test_trimming_cuts_ties_in_part():
    """Of 0, 0, 1, 1, 1 all but three tenths: 3.5 units, at most 3 ones and half a nought, at least 2 noughts."""
    y = np.array([0.0, 0, 1, 1, 1])
    ends = trimmed(y, np.ones(5), Moved(0.3, np.zeros(5)))
    assert ends.high.value == pytest.approx(3 / 3.5, abs=1e-12)
    assert ends.low.value == pytest.approx(1.5 / 3.5, abs=1e-12)
    untouched = trimmed(y, np.ones(5), Moved(0.0, np.zeros(5)))
    assert untouched.low.value == untouched.high.value == pytest.approx(0.6)


def test_derivatives_in_the_weights():
    """Central differences of size 1e-6 of numbers near one: their own error is about 1e-9."""
    rng = np.random.default_rng(2)
    y, seen, weights = rng.random(12), rng.random(12) < 0.7, 0.5 + rng.random(12)
    member = rng.choice([1.0, 0.0, np.nan], 12, p=[0.6, 0.2, 0.2])
    other = rng.random(12)

    def numbers(w):
        known = np.where(seen, w, 0.0)
        share = share_of(seen, w)
        found = [mean(y, known), *worst_case(y, seen, w, 0.0, 1.0, member=member), share]
        cut = Moved(1 - 0.8 * share.value, -0.8 * share.slope)
        return [*found, *trimmed(y, known, cut), mean(other, w).plus(share, -2.0)]

    stated = numbers(weights)
    for place in range(12):
        step = 1e-6 * np.eye(12)[place]
        for found, up, down in zip(stated, numbers(weights + step), numbers(weights - step), strict=True):
            assert found.slope[place] == pytest.approx((up.value - down.value) / 2e-6, abs=1e-7)
