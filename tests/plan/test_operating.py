"""The chance of each verdict: against closed forms, and from the months before the start alone.

Closed form: where one design alone decides, its chance of a verdict is the power of a noncentral t test times the share
of studies that the check leaves standing. The covariance of covered/other and total counts is simulated.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from coresponder_causal import plan
from coresponder_causal.core.inference import power
from coresponder_causal.plan import operating
from coresponder_causal.plan.detectable import Detectable
from coresponder_causal.plan.evaluation_plan import Decision

RULE = Decision(
    smallest_effect=0.85,
    designs_needed=2,
    true_changes=(0.0, -20.0),
    if_fewer="a",
    if_more="b",
    if_no_meaningful_effect="c",
    if_consistent="d",
    if_uninformative="e",
)


def design(name: str, error: float, df: float) -> Detectable:
    return Detectable(design=name, outcome="calls", change=0.0, unit="%", assumes="", error=error, df=df)


@pytest.mark.parametrize("truth", [0.0, -0.15, -0.4])
def test_one_design_that_decides_alone_has_the_power_of_a_t_test(truth):
    rule = replace(RULE, designs_needed=1, smallest_effect=0.999)
    chances = operating._chances([design("cities", 0.1, 9.0)], truth, truth, rule, 1, 1)
    either = (1 - operating.false_alarm) * float(power(truth, 0.1, 9.0))
    assert chances["fewer"] + chances["more"] == pytest.approx(either, abs=4 * np.sqrt(either / operating.draws))
    assert sum(chances.values()) == pytest.approx(1.0)


def test_two_designs_are_needed_and_holm_makes_it_harder():
    pair = [design("hours", 0.05, 40.0), design("series", 0.05, 40.0)]
    one = operating._chances(pair, -0.15, -0.15, RULE, 1, 1)["fewer"]
    alone = 0.975 * float(power(-0.15, 0.05, 40.0))  # of two checks either contradicts in one of twenty studies
    assert one == pytest.approx(alone**2, abs=0.012)  # 3.4 Monte-Carlo errors of 20,000 draws
    assert operating._chances(pair, -0.15, -0.15, RULE, 4, 1)["fewer"] < one - 0.1


def test_designs_of_one_assumption_count_once():
    chances = operating._chances([design("cities", 0.05, 40.0)] * 2, -0.5, -0.5, RULE, 1, 1)
    assert chances["fewer"] == 0


def test_the_ratio_of_covered_to_other_hours_shares_no_noise_with_the_total():
    rng = np.random.default_rng(3)
    covered, other = rng.poisson(620, 200_000), rng.poisson(380, 200_000)
    found = np.corrcoef(np.log(covered) - np.log(other), np.log(covered + other))[0, 1]
    assert abs(found) < 4 / np.sqrt(200_000)


def test_chances_rest_on_the_months_before_the_start_alone(tmp_path, town):
    stated = plan.planned(town(tmp_path))
    found = plan.operating_characteristics(stated.plan, stated.study, stated.before)
    assert set(found.table["outcome"]) == {"Calls for service", "Arrest at the incident"}
    assert found.designs["design"].tolist() == ["cities", "series"] * 2
    assert "5 comparison cities" in found.designs["assumes"][0]
    np.testing.assert_allclose(found.table[list(plan.verdicts)].sum(axis=1), 1.0)
    chances = found.table[found.table["outcome"] == "Calls for service"].set_index("change")
    assert (chances["fewer"] == 0).all()  # both designs start from the same months
    assert "cities and series start from the same months and count once" in found.conditions[0]
    assert any("the responders themselves record it" in said for said in found.conditions)
    found_something = chances["consistent, not established"]
    assert found_something[0.0] < 0.12 < 0.9 < found_something[-40.0]
    assert found_something[[-10.0, -15.0, -20.0, -30.0, -40.0]].is_monotonic_increasing


def test_hours_of_one_city_take_no_part_in_the_verdict():
    study, tables, _ = plan.embedded_study()
    study = replace(study, simulated=True)
    one = tables["calls"][tables["calls"]["city"] == study.city]
    before = plan.before_start(study, {"calls": one, "schedule": tables["schedule"]})
    found = plan.operating_characteristics(plan.parse_plan(plan.example_plan(study), study), study, before)
    assert found.designs.set_index("design")["judges"].to_dict() == {"hours": False, "series": True}
    assert any("hours: without calls of other cities it only describes" in said for said in found.left_out)
    assert found.table.empty
