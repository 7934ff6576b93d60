"""Randomization tests by crossings against the test made at each value, and against a full enumeration."""

from itertools import combinations

import numpy as np
import pytest

from coresponder_causal.core import randomization as rz
from coresponder_causal.core.inference import randomization_interval, randomization_p_value


def plans(number, *, weeks=6, slots=4, seed=1):
    rng = np.random.default_rng(seed)
    return rng.permuted(np.tile([True, True, False, False], (number, weeks, slots // 4)), axis=2)


def counts(shape, seed=2, mean=4.0):
    return np.random.default_rng(seed).poisson(mean, shape).astype(float)


def p_of_log_ratio(plan, redraws, events, theta):
    """The test at one value, written out: counts divided by the effect, ratio of Mantel–Haenszel means."""
    neutral = (events / np.where(plan, np.exp(theta), 1.0)).ravel()

    def statistic(weights):
        return np.log(weights.covered @ neutral) - np.log(weights.uncovered @ neutral)

    own = abs(statistic(rz.mantel_haenszel_weights(plan)))
    return (1 + np.sum(np.abs(statistic(rz.mantel_haenszel_weights(redraws))) >= own - 1e-9)) / (1 + len(redraws))


def test_crossings_give_the_p_value_of_the_test_at_every_value():
    plan, *redraws = plans(400, seed=7)
    events = counts(plan.shape)
    own, drawn = (rz.mantel_haenszel_weights(np.array(one)) for one in (plan, redraws))
    found = rz.log_ratio(own, drawn, events.ravel(), rz.dose(plan, order=0))
    for theta in np.linspace(-1.5, 1.5, 41):
        assert randomization_p_value(found.crossings, theta) == p_of_log_ratio(
            plan, np.array(redraws), events, theta
        ), theta


def test_the_interval_holds_what_the_test_does_not_reject():
    plan, *redraws = plans(400, seed=3)
    events = counts(plan.shape)
    own, drawn = (rz.mantel_haenszel_weights(np.array(one)) for one in (plan, redraws))
    found = rz.log_ratio(own, drawn, events.ravel(), rz.dose(plan, order=0))
    low, high = randomization_interval(found.crossings, 0.9)
    assert low < found.estimate < high
    for inside, outside in ((low + 1e-6, low - 1e-6), (high - 1e-6, high + 1e-6)):
        assert p_of_log_ratio(plan, np.array(redraws), events, inside) > 0.1
        assert p_of_log_ratio(plan, np.array(redraws), events, outside) <= 0.1


def test_an_additive_effect_is_found_and_imposed_exactly():
    plan, *redraws = plans(200, seed=5)
    own, drawn = (rz.mantel_haenszel_weights(np.array(one)) for one in (plan, redraws))
    base = counts(plan.shape).ravel()
    plain = rz.difference(own, drawn, base, rz.dose(plan, order=0))
    moved = rz.difference(own, drawn, base + 3.0 * plan.ravel(), rz.dose(plan, order=0))
    assert moved.estimate == pytest.approx(plain.estimate + 3, abs=1e-12)
    np.testing.assert_allclose(moved.crossings, plain.crossings + 3, atol=1e-6)
    assert randomization_p_value(moved.crossings, 3.0) == randomization_p_value(plain.crossings, 0.0)


def test_the_effect_per_attended_call_is_the_ratio_of_both_differences():
    """By hand: two weeks, one slot covered in each; events fall by 6 in all where 3 calls are attended."""
    plan = np.array([[True, False], [False, True]])
    own = rz.mantel_haenszel_weights(plan)
    events, calls = np.array([1.0, 4.0, 4.0, 1.0]), np.array([2.0, 0.0, 0.0, 1.0])
    found = rz.difference(own, rz.mantel_haenszel_weights(~plan[None]), events, calls)
    assert found.estimate == pytest.approx(-3 / 1.5)


def test_size_is_exact_over_all_plans_of_a_small_law():
    """Every plan of 8 blocks with 4 covered is the observed one in turn: no more than 5 % of 70 are rejected at .05."""
    places = list(combinations(range(8), 4))
    every = np.zeros((len(places), 8, 1), bool)
    for row, chosen in zip(every, places, strict=True):
        row[list(chosen), 0] = True
    events = np.arange(1.0, 9.0) ** 2
    drawn = rz.mantel_haenszel_weights(every)
    p_values = []
    for plan in every:
        own = rz.mantel_haenszel_weights(plan)
        found = rz.log_ratio(own, drawn, events, rz.dose(plan, order=0))
        p_values.append((randomization_p_value(found.crossings) * 71 - 1) / 70)  # the plan itself is among the 70
    for level in (0.05, 0.1, 0.2, 0.5):
        assert np.mean(np.array(p_values) <= level) <= level
    assert min(p_values) == pytest.approx(2 / 70)


def test_histories_and_doses_of_neighbouring_blocks_by_hand():
    plan = np.array([[True, True], [False, False]])
    covered, uncovered = rz.like_histories(plan, order=1)
    assert covered.tolist() == [False, True, False, False]
    assert uncovered.tolist() == [False, False, False, True]
    assert rz.dose(plan, order=1).tolist() == [1.0, 1.0, 0.5, 0.0]
    assert rz.dose(plan, order=0).tolist() == [1.0, 1.0, 0.0, 0.0]


def test_hajek_weights_are_one_over_the_probability():
    plan = np.array([[True, True], [False, False]])
    known = rz.Weights(np.full(4, 0.25), np.full(4, 0.1))
    weights = rz.hajek_weights(plan, known, order=1)
    assert weights.covered.tolist() == [0, 4, 0, 0]
    assert weights.uncovered.tolist() == [0, 0, 0, 10]


def test_a_redraw_without_events_in_its_covered_blocks_always_counts():
    plan = np.array([[True, False], [False, True]])
    events = np.array([1.0, 2.0, 0.0, 1.0])
    lonely = rz.Weights(np.array([[0.0, 0.0, 1.0, 0.0]]), np.array([[1.0, 1.0, 0.0, 1.0]]))
    found = rz.log_ratio(rz.mantel_haenszel_weights(plan), lonely, events, rz.dose(plan, order=0))
    assert found.crossings.tolist() == [[-np.inf, np.inf]]


def test_below_the_floor_the_interval_is_infinite():
    assert randomization_interval(np.array([[-1.0, 1.0]] * 9), 0.95) == (-np.inf, np.inf)
    assert randomization_p_value(np.array([[-1.0, 1.0]] * 9), 5.0) == 0.1


def test_redraws_that_a_term_does_not_have_are_not_counted():
    given = np.array([[-1.0, 1.0]] * 39 + [[np.nan, np.nan]] * 5)
    assert randomization_p_value(given, 2.0) == 1 / 40
    assert randomization_interval(given, 0.95) == randomization_interval(given[:39], 0.95) == (-1.0, 1.0)


def test_redraws_of_an_additive_effect_are_as_extreme_between_their_crossings():
    """|a − bθ| ≥ |θ̂ − θ| on a fine grid, against the closed form."""
    rng = np.random.default_rng(3)
    intercept, slope, estimate = rng.normal(size=40), rng.uniform(-0.95, 0.95, 40), 0.7
    ends = rz.linear_crossings(estimate, intercept, slope)
    grid = np.linspace(-60, 60, 24_001)
    extreme = np.abs(intercept[:, None] - slope[:, None] * grid) >= np.abs(estimate - grid)
    inside = (grid >= ends[:, :1]) & (grid <= ends[:, 1:])
    assert (extreme == inside).mean() > 0.9999
    assert (ends[:, 0] <= estimate).all()
    assert (ends[:, 1] >= estimate).all()


def test_a_redraw_that_cannot_be_told_from_the_assignment_is_extreme_everywhere():
    assert rz.linear_crossings(2.0, np.array([2.0]), np.array([1.0])).tolist() == [[-np.inf, np.inf]]
