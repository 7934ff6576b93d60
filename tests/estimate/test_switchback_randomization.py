"""Half-days drawn by lot: the estimate by hand, the test's size and the interval's coverage under the law."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.inference import randomization_p_value
from coresponder_causal.core.randomization import mantel_haenszel_weights
from coresponder_causal.core.result import Result
from coresponder_causal.design import SwitchbackDesign, switchback_schedule
from coresponder_causal.estimate import switchback_randomization

PLAN = switchback_schedule(weeks=14, start="2027-01-04", city="Davis", seed=1)


def design(counts, plan=PLAN, **columns):
    frame = plan.frame[["shift_start"]].assign(calls=counts, **columns)
    return SwitchbackDesign.from_tables(frame, plan, outcome="calls")


def busy(seed=1, mean=3.0, plan=PLAN):
    return np.random.default_rng(seed).poisson(mean, plan.covered.size)


def test_the_estimate_is_the_mantel_haenszel_rate_ratio_worked_in_a_loop():
    counts = busy()
    above = below = 0.0
    for slot in range(14):
        in_slot, covered = counts[slot::14], PLAN.covered[:, slot]
        above += in_slot[covered].sum() * (~covered).sum() / len(covered)
        below += in_slot[~covered].sum() * covered.sum() / len(covered)
    result = switchback_randomization(design(counts))
    assert result.estimate[0] == pytest.approx(np.log(above / below), abs=1e-12)


def test_an_effect_without_noise_is_found_whole():
    slots = np.tile(np.arange(10, 150, 10), 14)
    halved = np.where(PLAN.covered.ravel(), slots / 2, slots)
    result = switchback_randomization(design(halved))
    assert result.estimate[0] == pytest.approx(np.log(0.5))
    assert result.pvalues["itt"] == 1 / 2000
    assert result.extra["p_floor"] == 1 / 2000


@pytest.mark.parametrize("link", ["log", "identity"])
@pytest.mark.parametrize("order", [0, 1])
def test_interval_and_test_agree_at_every_level(link, order):
    result = switchback_randomization(design(busy(seed=4)), link=link, order=order)
    for level in (0.5, 0.8, 0.9, 0.95, 0.99):
        low, high = result.conf_int(level).loc["itt"]
        for edge, outward in ((low, -1e-6), (high, 1e-6)):
            assert randomization_p_value(result.crossings[0], edge + outward) <= 1 - level + 1e-12
            assert randomization_p_value(result.crossings[0], edge - outward) > 1 - level
    low, high = result.conf_int().loc["itt"]
    assert (result.pvalues["itt"] <= 0.05) == (not low <= 0 <= high)


def test_size_under_the_law_is_five_percent_over_2_000_plans():
    """The outcomes stay as they are, the plan is drawn 2,000 times: the 5 % test rejects 5 % of the time."""
    counts = np.random.default_rng(3).negative_binomial(2, 0.3, PLAN.covered.size) * np.tile([1, 3], 98)
    every = PLAN.law.draw(2000, seed=77)

    def statistics(plans):
        weights = mantel_haenszel_weights(plans)
        return np.abs(np.log(weights.covered @ counts) - np.log(weights.uncovered @ counts))

    reference = np.sort(statistics(PLAN.law.draw(1999, seed=1)))
    as_extreme = len(reference) - np.searchsorted(reference, statistics(every) - 1e-9)
    p_values = (1 + as_extreme) / 2000
    error = np.sqrt(0.05 * 0.95 * (1 / 2000 + 1 / 1999))
    assert 0.03 <= np.mean(p_values <= 0.05) <= 0.05 + 3 * error
    again = [
        switchback_randomization(
            design(counts, switchback_schedule(weeks=14, start="2027-01-04", city="Davis", seed=s))
        )
        for s in range(3)
    ]
    for seed, result in enumerate(again):
        own = statistics(PLAN.law.draw(1, seed=seed))[0]
        assert result.pvalues["itt"] == (1 + np.sum(reference >= own - 1e-9)) / 2000


def test_carry_over_into_the_next_block_is_found_with_order_one_alone():
    """Simulated truth: each of the block and the one before lowers the rate to 70 %, together to 49 %."""
    plan = switchback_schedule(weeks=98, start="2021-01-04", city="Davis", seed=5, covered_per_week=7)
    own = plan.covered.ravel()
    before = np.concatenate([[False], own[:-1]])
    counts = np.random.default_rng(8).poisson(100 * 0.7 ** (own.astype(int) + before))
    short, long = (switchback_randomization(design(counts, plan), order=order) for order in (0, 1))
    assert abs(long.estimate[0] - np.log(0.49)) < 3 * long.bse["itt"]
    assert short.estimate[0] > np.log(0.7) - 3 * short.bse["itt"]
    assert long.conf_int().loc["itt"].between(np.log(0.35), np.log(0.65)).all()


def test_per_attended_call_is_the_difference_over_attendance():
    attended = np.where(PLAN.covered.ravel(), np.tile([1, 2], 98), 0)
    counts = np.tile(np.arange(6, 20), 14) - 2 * attended
    result = switchback_randomization(design(counts, attended=attended), link="identity")
    assert result.terms["term"].tolist() == ["itt", "per_attended_call"]
    assert result.estimate[1] == pytest.approx(-2)
    assert result.pvalues["per_attended_call"] == result.pvalues["itt"] == 1 / 2000
    assert result.extra["attended_per_covered_block"] == pytest.approx(attended[PLAN.covered.ravel()].mean())


def test_attendance_in_uncovered_blocks_takes_the_effect_per_call_away():
    result = switchback_randomization(design(busy(), attended=np.ones(196, int)), link="identity")
    assert result.terms["term"].tolist() == ["itt"]
    assert any("56 calls were attended in uncovered blocks" in note for note in result.notes)


def test_too_few_events_are_refused_or_doubted():
    covered = PLAN.covered.ravel()
    with pytest.raises(EstimationError, match="140 events in covered and 0 in uncovered"):
        switchback_randomization(design(covered.astype(int)))
    with pytest.warns(IdentificationWarning, match="can hardly be seen"):
        switchback_randomization(design(np.where(covered, 1, np.cumsum(~covered) <= 5)))
    with pytest.raises(EstimationError, match="18 redraws"):
        switchback_randomization(design(busy()), replications=18)


def test_seeds_repeat_and_results_do_not_combine():
    first, second = (switchback_randomization(design(busy()), seed=seed) for seed in (1, 2))
    assert first.to_json() == switchback_randomization(design(busy()), seed=1).to_json()
    assert first.pvalues["itt"] != second.pvalues["itt"]
    assert abs(first.pvalues["itt"] - second.pvalues["itt"]) < 0.06
    with pytest.raises(EstimationError, match="randomization tests do not combine"):
        first.combine(np.ones((1, 1)), pd.DataFrame({"term": ["x"]}))
    assert Result.from_json(first.to_json()).pvalues["itt"] == first.pvalues["itt"]


def test_the_sentence_says_what_was_compared():
    said = report.sentence(switchback_randomization(design(busy()))).text
    assert "in half-days that the lot gave to the team, against those that it did not" in said


def test_the_battery_looks_at_outcomes_that_coverage_cannot_touch():
    d = design(busy(), burglary=busy(seed=9))
    (made,) = check.battery(switchback_randomization(d), d, controls=["burglary"])
    assert made.check == "control_outcomes"
    assert made.verdict != "not applicable"
