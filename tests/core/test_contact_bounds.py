"""Bounds of group gaps against the whole truth: potential contacts and outcomes are drawn, records keep contacts."""

import numpy as np
import pytest

from coresponder_causal.core.contact_bounds import contact_bounds, hiding_share
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.group_bounds import proxy_bounds, unknown_group_bounds
from coresponder_causal.core.threshold import threshold_test


def encounters(rng, n=400_000, bias=0.25, effect=0.05):
    """Persons who would be met either way, or only as of the group; force is graver in the first."""
    member, always = rng.random(n) < 0.4, rng.random(n) < 0.5
    only = ~always & (rng.random(n) < bias)
    met = always | (member & only)
    as_reference = always & (rng.random(n) < 0.15)
    as_group = np.where(always, rng.random(n) < 0.15 + effect, rng.random(n) < 0.1) & (always | only)
    return member, met, only, as_group.astype(float), as_reference.astype(float)


@pytest.mark.parametrize("bias", [0.0, 0.1, 0.4])
def test_bounds_hold_the_effect_among_contacts(bias):
    member, met, only, as_group, as_reference = encounters(np.random.default_rng(1), bias=bias)
    y = np.where(member, as_group, as_reference)
    rho = float(only[member & met].mean())
    found = contact_bounds(y[met], member[met], rho)
    truth_of_group = (as_group - as_reference)[met & member].mean()
    truth_of_all = (as_group - as_reference)[met].mean()
    assert abs(found.among_group.value - truth_of_group) < 0.004  # four standard errors
    assert found.low.value - 0.004 < truth_of_all < found.high.value + 0.004
    if bias:
        naive = contact_bounds(y[met], member[met], 0.0).low.value
        assert naive < truth_of_group - 0.01


def test_derivatives_are_those_of_weights():
    rng = np.random.default_rng(2)
    y, member, step = (rng.random(60) < 0.8).astype(float), rng.random(60) < 0.5, 1e-6
    for rho in (0.1, 0.4, 0.7):  # the last reaches the floor of what graver contacts leave
        found = contact_bounds(y, member, rho)
        for unit in (0, 7, 31):
            weights = np.ones(60)
            weights[unit] += step
            moved = contact_bounds(y, member, rho, weights=weights)
            for part in ("among_group", "low", "high"):
                one, other = getattr(found, part), getattr(moved, part)
                assert (other.value - one.value) / step == pytest.approx(one.slope[unit], abs=1e-5)


def test_the_share_that_hides_a_gap_is_where_it_vanishes():
    y, member = np.repeat([1.0, 0.0, 1.0, 0.0], [10, 90, 30, 170]), np.repeat([True, False], [100, 200])
    share = hiding_share(y, member)
    assert contact_bounds(y, member, share).among_group.value == pytest.approx(0, abs=1e-12)


def test_bounds_refuse_what_they_cannot_take():
    for y, member, rho in (([0, 1], [True, False], 1.0), ([0, 2], [True, False], 0.1), ([0, 1], [True, True], 0.1)):
        with pytest.raises(EstimationError):
            contact_bounds(y, member, rho)


def test_unknown_groups_are_bounded_and_proxies_narrow():
    rng = np.random.default_rng(3)
    n = 20_000
    kind = rng.integers(0, 4, n)
    member = rng.random(n) < np.array([0.1, 0.2, 0.8, 0.9])[kind]
    y = (rng.random(n) < 0.1 + 0.1 * member + 0.05 * kind).astype(float)
    truth = y[member].mean() - y[~member].mean()
    seen = rng.random(n) < np.where(y == 1, 0.9, 0.7)
    known = np.where(seen, member.astype(float), np.nan)
    wide = unknown_group_bounds(y, known, 1 - known)
    assert wide.low.value < truth < wide.high.value
    shares = np.bincount(kind, weights=member) / np.bincount(kind)
    ends = proxy_bounds(y, kind, shares, 1 - shares)
    assert ends.low.value < truth < ends.high.value
    sure = proxy_bounds(y, member.astype(int), [0.0, 1.0], [1.0, 0.0])
    assert sure.low.value == pytest.approx(truth)
    assert sure.high.value == pytest.approx(truth)


def test_thresholds_see_what_hit_rates_do_not():
    """One threshold for both groups, of which one has signals that part more: hit rates differ, thresholds do not."""
    from scipy.special import expit, logit, ndtr

    base = expit(np.array([[-1.2], [-0.4]]) + np.linspace(-0.6, 0.6, 6))
    part, calls = np.array([[1.2], [1.6]]), np.full((2, 6), 4000)
    x = (logit(0.4) - logit(base)) / part + part / 2
    true, false = base * ndtr(part - x), (1 - base) * ndtr(-x)
    acted, right = np.round(calls * (true + false)), np.round(calls * true)
    hits = right.sum(axis=1) / acted.sum(axis=1)
    assert hits[1] - hits[0] > 0.04
    found = threshold_test(calls, acted, right)
    assert found.low[1] < 0 < found.high[1]
    np.testing.assert_allclose(found.acted, acted / calls, atol=0.01)


def test_slopes_of_proxy_bounds_are_what_one_call_more_moves_them_by():
    """Calls a thousand times over, and one of them once more."""
    y, kinds = np.array([1.0, 0, 0, 0, 1, 1, 0, 0, 1]), np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
    shares = (np.array([0.2, 0.5, 0.6]), np.array([0.7, 0.25, 0.3]))
    many = np.repeat(np.arange(9), 1000)
    own, plain = proxy_bounds(y, kinds, *shares), proxy_bounds(y[many], kinds[many], *shares)
    for i in range(9):
        rows = np.append(many, i)
        more = proxy_bounds(y[rows], kinds[rows], *shares)
        for end, before, after in zip(own, plain, more, strict=True):
            assert 1000 * (after.value - before.value) == pytest.approx(end.slope[i], abs=2e-3)
