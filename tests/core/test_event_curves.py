"""Curves of events with departures: by hand, against statsmodels, and their derivatives in the weights."""

from __future__ import annotations

import numpy as np
import pytest

from coresponder_causal.core.event_curves import event_curve


def drawn(n: int = 80, *, seed: int = 1):
    """Whole days, so that events, departures and ends of follow-up tie."""
    rng = np.random.default_rng(seed)
    first, other, stop = (np.ceil(law) for law in (rng.exponential(5, n), rng.exponential(7, n), rng.uniform(1, 15, n)))
    followed = np.minimum(np.minimum(first, other), stop)
    status = np.where(stop < np.minimum(first, other), 0, np.where(first <= other, 1, 2))
    return followed, status, rng.uniform(0.5, 2.0, n)


def incidence(followed, status, weights, kind=1):
    hit = status == kind
    return event_curve(
        unit=np.flatnonzero(hit), day=followed[hit], followed=followed, leaves=status > 0, weights=weights
    )


def several(curve):
    return np.hstack([curve.until(np.array([3.0, 6.0, 9.0])), curve.area(9.0)])


def test_incidence_without_weights_is_that_of_statsmodels():
    """Both compute the same closed form: 1e-12."""
    from statsmodels.duration.survfunc import CumIncidenceRight

    followed, status, _ = drawn()
    followed, status = np.append(followed, 99.0), np.append(status, 0)  # someone is left at the end, for their variance
    theirs = CumIncidenceRight(followed, status)
    for number, kind in enumerate((1, 2)):
        curve = incidence(followed, status, np.ones(len(followed)), kind)
        ours = curve.mean(curve.until(np.asarray(theirs.times, float)))
        np.testing.assert_allclose(ours, theirs.cinc[number], atol=1e-12)


def test_one_kind_alone_is_kaplan_meier():
    from statsmodels.duration.survfunc import SurvfuncRight

    followed, status, _ = drawn()
    theirs = SurvfuncRight(followed, (status == 1).astype(int))
    curve = incidence(followed, np.where(status == 1, 1, 0), np.ones(len(followed)))
    ours = 1 - curve.mean(curve.until(np.asarray(theirs.surv_times, float)))
    np.testing.assert_allclose(ours, theirs.surv_prob, atol=1e-12)


def test_weights_count_like_copies():
    followed, status, _ = drawn()
    copies = np.random.default_rng(2).integers(1, 4, len(followed))
    weighted = incidence(followed, status, copies.astype(float))
    copied = incidence(np.repeat(followed, copies), np.repeat(status, copies), np.ones(copies.sum()))
    np.testing.assert_allclose(weighted.mean(several(weighted)), copied.mean(several(copied)), atol=1e-12)


def test_kinds_and_those_without_any_add_up_to_one():
    followed, status, weights = drawn()
    days = np.array([2.0, 5.0, 11.0])
    one, other = (incidence(followed, status, weights, kind) for kind in (1, 2))
    any_kind = incidence(followed, np.minimum(status, 1), weights)
    both = one.mean(one.until(days)) + other.mean(other.until(days))
    np.testing.assert_allclose(both, any_kind.mean(any_kind.until(days)), atol=1e-12)


def test_mean_with_deaths_by_hand():
    """Three units: events at 1 and 3 (A), death at 2 (B), event at 3 (C); all at risk at 1, two at 3, S(3−) = 2/3."""
    curve = event_curve(
        unit=np.array([0, 0, 2]),
        day=np.array([1.0, 3.0, 3.0]),
        followed=np.array([4.0, 2.0, 4.0]),
        leaves=np.array([False, True, False]),
        weights=np.ones(3),
    )
    np.testing.assert_allclose(
        curve.mean(curve.until(np.array([0.5, 1.0, 2.9, 3.0]))), [0, 1 / 3, 1 / 3, 1], atol=1e-14
    )
    np.testing.assert_allclose(curve.mean(curve.area(4.0)), [3 * 1 / 3 + 1 * 2 / 3], atol=1e-14)


def test_an_event_at_the_moment_of_departure_counts_and_comes_before_it():
    curve = event_curve(
        unit=np.array([0]), day=np.array([1.0]), followed=np.array([1.0, 1.0]), leaves=np.array([True, True]),
        weights=np.ones(2),
    )  # fmt: skip
    assert curve.mean(curve.until(np.array([1.0]))).tolist() == [0.5]
    assert np.isfinite(curve.per_weight(several(curve))).all()


@pytest.mark.parametrize("again", [False, True])
def test_derivatives_in_the_weights(again):
    """Against central differences of step 1e-6, whose own error is about 1e-10; with repeated events too."""
    followed, status, weights = drawn(60, seed=3)
    hit = np.flatnonzero(status == 1)
    unit = np.concatenate([hit, np.arange(60)]) if again else hit
    day = np.concatenate([followed[hit], np.ceil(followed / 2)]) if again else followed[hit]

    def found(own):
        curve = event_curve(unit=unit, day=day, followed=followed, leaves=status > 0, weights=own)
        return curve, curve.mean(several(curve))

    curve, _ = found(weights)
    slopes = curve.per_weight(several(curve))
    for number in (0, 7, 31, 59):
        step = 1e-6 * (np.arange(60) == number)
        difference = (found(weights + step)[1] - found(weights - step)[1]) / 2e-6
        np.testing.assert_allclose(slopes[number], difference, atol=1e-8)
    np.testing.assert_allclose(weights @ slopes, 0, atol=1e-12)  # the scale of the weights is of no account
