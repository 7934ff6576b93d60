"""Fieller's set: worked by hand, and its coverage on simulated truth."""

import numpy as np
import pytest
from scipy import stats

from coresponder_causal.core.inference import ratio_set


def test_by_hand():
    # a = 10, b = 5, variances 1, t = 2: λ²(25 − 4) − 100 λ + 96 ≤ 0, so λ = (50 ± √(2500 − 21·96)) / 21
    level = 1 - 2 * float(stats.norm.sf(2))
    found = ratio_set(10, 5, variance_of_numerator=1, variance_of_denominator=1, level=level)
    assert found.kind == "interval"
    assert (found.low, found.high) == pytest.approx(((50 - 22) / 21, (50 + 22) / 21))


def test_ends_are_where_the_difference_is_just_found():
    found = ratio_set(4, 3, variance_of_numerator=0.7, variance_of_denominator=0.5, covariance=0.2, df=9.0)
    for end in (found.low, found.high):
        spread = np.sqrt(0.7 + end**2 * 0.5 - 2 * end * 0.2)
        assert abs(4 - end * 3) / spread == pytest.approx(stats.t.isf(0.025, 9))


@pytest.mark.parametrize(("numerator", "kind"), [(10.0, "outside"), (0.5, "all")])
def test_without_a_denominator_there_is_no_interval(numerator, kind):
    found = ratio_set(numerator, 1.0, variance_of_numerator=1, variance_of_denominator=1)
    assert found.kind == kind


@pytest.mark.parametrize("denominator", [0.3, 1.0, 4.0])
def test_coverage_whatever_the_denominator(denominator):
    rng, truth, many = np.random.default_rng(1), 2.5, 4000
    law = np.array([[1.0, 0.3], [0.3, 0.5]])
    drawn = rng.multivariate_normal([truth * denominator, denominator], law, many)
    held = 0
    for a, b in drawn:
        found = ratio_set(a, b, variance_of_numerator=1.0, variance_of_denominator=0.5, covariance=0.3)
        within = found.low <= truth <= found.high
        held += found.kind == "all" or within == (found.kind == "interval")
    assert held / many == pytest.approx(0.95, abs=3.5 * np.sqrt(0.95 * 0.05 / many))
