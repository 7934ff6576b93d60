"""The decision rule, worked by hand: what counts as two, what takes a design out, and what supports nothing."""

from __future__ import annotations

import numpy as np
import pytest

from coresponder_causal import METHODS
from coresponder_causal.core.errors import DataError
from coresponder_causal.decide.assumptions import apart, families, family_of, recording_of
from coresponder_causal.decide.rule import Rule, judge, verdicts

TWO = ~np.eye(2, dtype=bool)


def verdict(estimates: list[float], holds: list[bool], pairs: np.ndarray, **rule: float) -> str:
    many = len(estimates)
    made = judge(
        np.array([estimates]), np.full((1, many), 0.05), np.full(many, 30.0), np.array([holds]), pairs, Rule(**rule), 1
    )
    return verdicts[made.item()]


def test_a_check_that_contradicts_takes_its_design_out():
    assert verdict([-0.5, -0.5], [True, True], TWO) == "fewer"
    assert verdict([0.5, 0.5], [True, True], TWO) == "more"
    assert verdict([-0.5, -0.5], [True, False], TWO) == "consistent, not established"
    assert verdict([-0.5, -0.5], [False, False], TWO) == "uninformative"


def test_designs_that_are_not_apart_count_once():
    assert verdict([-0.5, -0.5], [True, True], np.zeros((2, 2), bool)) == "consistent, not established"
    pairs = np.array([[0, 0, 1], [0, 0, 1], [1, 1, 0]], bool)  # the first two count once, the third for itself
    assert verdict([-0.5, -0.5, -0.01], [True] * 3, pairs) == "consistent, not established"
    assert verdict([-0.5, -0.01, -0.5], [True] * 3, pairs) == "fewer"
    assert verdict([-0.5, -0.5, -0.5], [True] * 3, pairs, designs_needed=3) == "consistent, not established"


def test_designs_that_contradict_each_other_support_nothing():
    assert verdict([-0.5, -0.5, 0.5], [True] * 3, ~np.eye(3, dtype=bool)) == "uninformative"


def test_no_meaningful_effect_is_said_by_the_first_design_that_holds():
    assert verdict([0.0, -0.1], [True, True], TWO) == "no meaningful effect"
    assert verdict([-0.09, 0.0], [True, True], TWO) == "uninformative"
    assert verdict([-0.09, 0.0], [False, True], TWO) == "no meaningful effect"


def test_a_shared_start_and_a_record_that_the_programme_may_change_make_two_designs_one():
    def two(before, sources, doubtful, kinds=("a", "b")):
        return bool(apart(kinds, before, sources, [doubtful] * 2)[0, 1])

    assert two(("", ""), ("CAD", "CAD"), doubtful=False)
    assert not two(("", ""), ("CAD", "CAD"), doubtful=False, kinds=("a", "a"))
    assert not two(("city", "city"), ("CAD", "CAD"), doubtful=False)
    assert two(("city", "hours"), ("CAD", "CAD"), doubtful=False)
    assert not two(("", ""), ("RMS", "RMS"), doubtful=True)
    assert two(("", ""), ("RMS", "county jail"), doubtful=True)


def test_every_method_rests_on_one_assumption():
    named = [method for family in families for method in family.methods]
    assert sorted(named) == sorted({*METHODS} - {"series_mean_change"})  # the template, where a test loaded it
    with pytest.raises(DataError, match="nothing says what the method coin_toss rests on"):
        family_of("coin_toss")


@pytest.mark.parametrize(
    ("outcome", "by_responders"),
    [("calls", False), ("arrest", True), ("report_filed", True), ("force", True), ("repeat_90d", False), ("x", True)],
)
def test_who_records_an_outcome_comes_from_the_dictionary(outcome, by_responders):
    assert recording_of(outcome).by_responders == by_responders
