"""Wrong input is refused by name, a text is one name, and what is found says in a line what it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coresponder_causal as cc
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.simulate.hours import hours_world


@pytest.fixture(scope="module")
def design():
    rng = np.random.default_rng(3)
    n = 400
    frame = pd.DataFrame({"call_id": range(n), "priority": rng.integers(1, 4, n), "attended": rng.random(n) < 0.4})
    frame["arrest"], frame["force"] = rng.random(n) < 0.25, rng.random(n) < 0.2
    return cc.design.CallDesign.from_frame(frame, outcome="arrest", treatment="attended", covariates=["priority"])


@pytest.fixture(scope="module")
def weighted(design):
    return cc.design.weight_propensity(design)


@pytest.fixture(scope="module")
def result(weighted):
    return cc.estimate.call_difference(weighted)


@pytest.fixture(scope="module")
def covered():
    world = hours_world(1, weeks=40)
    return cc.design.CoverageDesign.from_tables(
        world.calls, world.schedule, outcome="harm", start="2025-01-06", exposure="calls"
    )


def test_what_is_no_choice_is_refused_with_the_choices(design, result):
    weighed = cc.decide.evidence([result])
    with pytest.raises(DesignError, match=r"funnel='x'.*upstream, recording, unknown"):
        cc.decide.judge_outcome(weighed, "arrest", funnel="x")
    with pytest.raises(DesignError, match=r"method='xx'.*romano_wolf, westfall_young, both"):
        cc.decide.step_down([result], method="xx")
    with pytest.raises(DesignError, match=r"kind='x'.*inverse_covariance, kling_liebman"):
        cc.decide.summary_index(design, ["arrest", "force"], kind="x")
    with pytest.raises(DesignError, match=r"estimator='x'.*linear_regression, propensity_weighting"):
        cc.design.dowhy_own_estimate(design, "x")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"contrast": "x"}, "contrast='x'.*planned, delivered"),
        ({"draws": 0}, "draws=0"),
        ({"since": "soon"}, "since='soon' is no day"),
    ],
)
def test_a_deployment_refuses_by_name(covered, given, said):
    with pytest.raises(DesignError, match=said):
        cc.decide.deployment(covered, **given)


def test_a_week_has_168_hours_for_each_team():
    with pytest.raises(DesignError, match="500 hours a week: give at most 168"):
        cc.decide.ShiftRules(hours=500)
    assert cc.decide.ShiftRules(hours=200, teams=2).hours == 200


@pytest.mark.parametrize("given", [{"draws": 0}, {"outcomes": 0}])
def test_odds_of_nothing_are_refused(given):
    with pytest.raises(DesignError, match=f"{next(iter(given))}=0"):
        cc.decide.operating_characteristics(**given)


def test_evidence_of_nothing_is_refused():
    with pytest.raises(DesignError, match="evidence of no results"):
        cc.decide.evidence([])


def test_a_text_is_one_name(design, weighted, result):
    (found,) = cc.check.refute(result, weighted, "placebo_treatment")
    assert found.check == "placebo_treatment"
    with pytest.raises(DesignError, match="an index of arrest: name two"):
        cc.decide.summary_index(design, "arrest")
    with pytest.raises(EstimationError, match="no refuter zzz"):
        cc.check.dowhy_refuters(result, weighted, which="zzz")


def test_a_result_of_another_outcome_is_refused_and_one_of_the_design_before_adjusting_is_not(weighted, result, design):
    for ask in (cc.check.battery, cc.check.refute):
        with pytest.raises(DesignError, match="a result on 'arrest' and a design of 'force'"):
            ask(result, weighted.with_outcome("force"))
    assert cc.check.refute(result, design, "robustness_value")


def test_what_is_found_is_one_line(result):
    weighed = cc.decide.evidence([result])
    judged = cc.decide.judge_outcome(weighed, "arrest")
    for one in (weighed, judged, cc.design.CausalGraph.named("call")):
        said = repr(one)
        assert said.startswith(type(one).__name__)
        assert "\n" not in said
        assert len(said) < 200
    assert judged.verdict in repr(judged)
