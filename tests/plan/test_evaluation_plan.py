"""A plan is read, and each rule it breaks is said in its own sentence, all at once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from coresponder_causal import check, plan
from coresponder_causal.core.errors import DataError
from coresponder_causal.plan.plan_rules import assumptions, falsifications, planned_order
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_keys import design_names


@cache
def study() -> Study:
    return replace(plan.embedded_study()[0], simulated=True)


@cache
def text() -> str:
    return plan.example_plan(study())


def test_the_plan_of_the_embedded_city_keeps_every_rule():
    found = plan.parse_plan(text(), study())
    assert [entry.name for entry in found.design] == ["hours", "cities", "two_way", "series", "calls", "instrument"]
    assert [entry.outcome for entry in found.judged] == ["calls", "arrest"]
    assert found.decision.true_changes[:2] == (0.0, -5.0)
    assert "West Sacramento" in found.summary
    assert "\n" not in found.summary


def test_every_design_of_a_study_has_a_place_and_checks_that_exist():
    assert set(assumptions) == set(falsifications) == set(design_names)
    assert {name for names in falsifications.values() for name in names} <= set(check.__all__)


def test_covered_hours_come_first_and_only_the_lot_before_them():
    assert planned_order(["series", "cities", "hours"]) == ["hours", "cities", "series"]
    assert planned_order(["hours", "switchback"])[0] == "switchback"


MUTATIONS = {
    "two outcomes": ('domain = "justice"', 'domain = "demand"', "domain 'demand' has 2 primary outcomes"),
    "force judged": ('verdict = false\nshown = "All', 'shown = "All', "force has a verdict"),
    "no question": ("question = 3", "question = 9", "'force' answers question 9, which is not there"),
    "no metric": ('metric = "M15"', 'metric = "M99"', "'arrest' names the metric M99"),
    "not estimated": ('outcome = "arrest"\nlabel', 'outcome = "hold"\nlabel', "'hold' is estimated by no design"),
    "no estimand": ('outcome = "arrest"\ncontrast', 'outcome = "force"\ncontrast', "what is estimated of 'arrest'"),
    "stray estimand": ('outcome = "arrest"\ncontrast', 'outcome = "x"\ncontrast', "'x', which is no primary outcome"),
    "same dose": ('to_dose = "the team attends"', 'to_dose = "patrol alone"', "from a dose to the same dose"),
    "not planned": ('[[design]]\nname = "two_way"', '[[design]]\nname = "gap"', "runs 'two_way', which is not planned"),
    "not run": ('[[design]]\nname = "two_way"', '[[design]]\nname = "gap"', "'gap' is planned, and the study does not"),
    "wrong order": ('name = "hours"', 'name = "boundary"', "designs are planned in the order boundary, cities"),
    "wrong check": ('"first_stage"', '"placebo_cities"', "'instrument' is to be falsified by 'placebo_cities'"),
    "effect": ("smallest_effect = 0.85 ", "smallest_effect = 1.2 ", "smallest_effect is 1.2"),
    "no null": ("[0, -5,", "[-2, -5,", "true_changes lacks 0"),
    "multiplicity": ('multiplicity = "holm"', 'multiplicity = "one outcome"', "2 primary outcomes get a verdict"),
    "short": ("months_after = 30", "months_after = 1 ", "months_after is 1"),
    "group": ('field = "unhoused"', 'field = "language"', "no [[subgroup]] for unhoused"),
    "field": ('field = "unhoused"', 'field = "shoe_size"', "a subgroup is cut by 'shoe_size'"),
    "partner": ('partner = "county"', 'partner = "community"', "'county' has no [[role]]"),
    "seen": ("nothing_seen = true", "nothing_seen = false", "nothing says whether outcomes were seen"),
    "empty": (
        '"encrypted at rest, two people with access, a log of reads"',
        '""',
        "'safeguards' in [agreement] is empty",
    ),
    "unknown": ('version = "1"', 'version = "1"\ncolour = "red"', "unknown key 'colour' in [plan]"),
    "missing": ('funding = "city and state grant; no say in analysis or report"\n', "", "'funding' in [openness] is m"),
    "type": ("months_after = 30", 'months_after = "30"', "months_after in [plan] is '30': write a whole number"),
    "choice": ('level = "tokens"', 'level = "names"', "choose from rows, tokens, counts"),
    "toml": ("[decision]", "[decision", "is not a TOML file"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_broken_rule_has_a_sentence_of_its_own(name):
    old, new, said = MUTATIONS[name]
    assert old in text()
    with pytest.raises(DataError) as caught:
        plan.parse_plan(text().replace(old, new, 1), study())
    assert said in str(caught.value)


def test_health_goes_to_the_police_as_counts_alone():
    old = 'receiver = "university"\nwhat = "connected to care within 30 days, by stratum and arm"\nlevel = "counts"'
    assert old in text()
    to_police = old.replace("university", "police")
    plan.parse_plan(text().replace(old, to_police), study())
    with pytest.raises(DataError, match="rows about health go to the police"):
        plan.parse_plan(text().replace(old, to_police.replace("counts", "rows")), study())


def test_all_broken_rules_are_said_at_once():
    changed = text().replace("smallest_effect = 0.85", "smallest_effect = 1.2").replace('"M15"', '"M99"')
    with pytest.raises(DataError, match="breaks 2 rules"):
        plan.parse_plan(changed, study())


def test_the_example_is_refused_for_a_study_that_is_not_simulated():
    own = replace(study(), simulated=False)
    with pytest.raises(DataError, match="this is the example"):
        plan.parse_plan(text(), own)
    plan.parse_plan(text().replace("example = true", "example = false"), own)


def test_amendments_are_dated_in_order():
    later = '\n[[amendment]]\non = 2020-09-01\nwho = "a"\nwhat = "b"\nwhy = "c"\n'
    plan.parse_plan(text() + later, study())
    with pytest.raises(DataError, match="the amendment of 2020-08-01 follows that of 2020-09-01"):
        plan.parse_plan(text() + later + later.replace("09-01", "08-01"), study())
