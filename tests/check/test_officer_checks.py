"""Checks of officers' courses and of squad mates: one world in which they hold, one made to break each."""

import pytest

from coresponder_causal import check
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import OfficerDesign
from coresponder_causal.estimate import officer_dose, officer_imputation
from coresponder_causal.simulate import officer_panel


def formed(squad="squad", **options):
    frame = officer_panel(seed=11, officers=120, months=60, squads=12, **options).frame
    with quietly():
        return OfficerDesign.from_frame(
            frame, outcome="force", dose="calls_together", exposure="calls", squad=squad, volunteered="volunteered"
        )


@pytest.fixture(scope="module")
def clean():
    return formed(level=-40.0)


def test_sound_courses_are_not_contradicted_and_the_power_is_said(clean):
    found = check.officer_trends(officer_imputation(clean), clean)
    assert found.verdict == "no contradiction found"
    assert found.power > 0.8
    assert "would be found four times in five" in found.sentence
    assert (found.table["event_time"] < 0).all()


def test_a_drift_of_volunteers_is(clean):
    drifting = formed(trend=-4.0)
    found = check.officer_trends(officer_imputation(drifting), drifting)
    assert found.verdict == "contradicts"


def test_courses_are_tested_behind_every_method_and_without_leads_again(clean):
    plain = check.officer_trends(officer_imputation(clean), clean)
    for result in (officer_dose(clean), officer_imputation(clean, leads=0)):
        assert check.officer_trends(result, clean).table.equals(plain.table)


def test_squad_mates_are_allowed_for_alike_behind_a_default_fit_which_is_not_made_again_and_behind_another(clean):
    own, other = (check.squad_mates(officer_imputation(clean, leads=leads), clean) for leads in (2, 0))
    assert own.table.equals(other.table)
    assert (own.moves, own.sentence) == (other.moves, other.sentence)


def test_the_battery_of_officers_is_these_two(clean):
    found = check.battery(officer_imputation(clean), clean)
    assert {one.check for one in found} == {"officer_trends", "squad_mates", "officer_leavers"}
    assert check.refute(officer_imputation(clean), clean) == ()


def test_mates_who_learn_from_mates_contradict():
    spilling = formed(spillover=-120.0)
    found = check.squad_mates(officer_imputation(spilling), spilling)
    assert found.verdict == "contradicts"
    assert "takes the mean effect from" in found.sentence
    alone = formed(squad=None)
    assert check.squad_mates(officer_imputation(alone), alone).verdict == "not applicable"
