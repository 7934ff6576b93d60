"""Persons have traits that last, and labels are biased by as much as was asked for."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.data.validate import findings
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.intake import INITIAL_TYPES
from coresponder_causal.simulate.labels import CALL_TAKERS, strictness
from coresponder_causal.simulate.persons import draw_persons
from coresponder_causal.simulate.traits import draw_traits

CONFIG = WorldConfig(n_comparison=1, monthly_calls=1500, label_error=0.1, label_bias=0.15)
STRANGERS = ["resident", "bystander", "business"]
IN_NEED = ["welfare_check", "mental_health_crisis", "homelessness"]


@pytest.fixture(scope="module")
def study():
    return world(seed=8, config=CONFIG)


@pytest.fixture(scope="module")
def detailed(study):
    problem = np.array(INITIAL_TYPES)[study.truth.play("bundle").play.calls.problem]
    return study.detailed_calls.assign(problem=problem)


def test_persons_are_valid_and_cover_every_call(study):
    persons, calls = study.tables["persons"], study.tables["calls"]
    assert findings(persons, table="persons").empty
    assert set(persons.person) == set(calls.person)
    first = calls.groupby("person").agg(at=("received_at", "min"), prior=("prior_contacts", "first"))
    known = persons.set_index("person").first_contact_month
    assert known.notna().equals((first.prior == 0).reindex(known.index))
    assert (known.dropna() == first["at"].dt.to_period("M").reindex(known.dropna().index)).all()


def test_detailed_calls_are_valid_and_add_to_the_calls(study, detailed):
    assert findings(study.detailed_calls, table="calls").empty
    calls = study.treated_calls
    pd.testing.assert_frame_equal(detailed[list(calls.columns)], calls)
    dispatchers = study.tables["staff"].query("role == 'dispatcher'").staff
    assert set(detailed.call_taker) == set(dispatchers)
    cars = study.tables["units"].query("unit_type == 'patrol'").drop_duplicates("call_id")
    assert (cars.officer.to_numpy() == detailed.primary_officer.to_numpy()).all()


def test_a_stand_in_shares_the_traits_of_its_caller(study, detailed):
    persons = study.tables["persons"].set_index("person")
    told = detailed.dropna(subset="perceived_race")
    of_person = persons.perceived_race.reindex(told.person).to_numpy()
    known = pd.notna(of_person)
    assert (of_person[known] == told.perceived_race[known]).all()
    unhoused = persons.unhoused_ever.reindex(detailed.person)
    assert unhoused[detailed.unhoused.to_numpy()].all()


def test_the_label_bias_is_the_one_asked_for(study, detailed):
    truth = study.truth.full.labels.set_index("group")
    # the draws are shared, so that the bias is a share of calls between two thresholds: binomial
    error = (0.15 * 0.85 / truth.calls["all"]) ** 0.5
    assert truth.bias["all"] == pytest.approx(0.15, abs=4 * error)
    assert truth.as_white["unhoused"] == pytest.approx(2 * truth.as_white["housed"], abs=0.02)
    likely = detailed.problem.isin(IN_NEED) & detailed.caller_type.isin(STRANGERS)
    written = detailed.initial_type == "disturbance"
    assert (detailed.initial_type[~likely] == detailed.problem[~likely]).all()
    assert likely.sum() == truth.calls["all"]
    assert set(detailed.initial_type[likely & ~written]) == set(IN_NEED)


def test_the_raw_gap_is_more_than_the_bias_and_the_gap_within_homes_is_not(study):
    truth = study.truth.full.labels.set_index("group")
    assert truth.gap["all"] > truth.bias["all"] + 0.003
    for home in ("housed", "unhoused"):
        error = (0.25 / truth.calls[home] * 4) ** 0.5  # two groups of at least a third each
        assert truth.gap[home] == pytest.approx(truth.bias[home], abs=3 * error)


def test_strict_call_takers_write_more_disturbances(study, detailed):
    likely = detailed.problem.isin(IN_NEED) & detailed.caller_type.isin(STRANGERS)
    share = (detailed.initial_type == "disturbance")[likely].groupby(detailed.call_taker[likely]).mean()
    assert np.corrcoef(share, strictness(0, study.seed))[0, 1] > 0.95
    assert len(share) == CALL_TAKERS


def test_bias_reaches_what_happens_on_scene(study):
    fair = world(seed=8, config=WorldConfig(n_comparison=1, monthly_calls=1500))
    biased, other = study.detailed_calls, fair.detailed_calls
    moved = (biased.initial_type != other.initial_type).to_numpy()
    assert biased.arrest[moved].mean() > other.arrest[moved].mean() + 0.02
    assert (fair.truth.full.labels.bias == 0).all()
    assert (fair.truth.full.labels.gap == 0).all()


def test_who_calls_often_is_more_often_without_a_home():
    persons = draw_persons(np.array([50_000.0]), np.array([0]), 2)[0]
    traits = draw_traits(persons, 2)
    often = persons.expected > np.median(persons.expected)
    assert traits.unhoused[often].mean() > traits.unhoused[~often].mean() + 0.05
    assert 0.1 < traits.unhoused.mean() < 0.3
