"""The picture of groups over time: its numbers are those of the result, and it draws."""

import pytest

from coresponder_causal import report
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import OfficerDesign
from coresponder_causal.estimate import officer_dose, officer_imputation
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.figures import pictures
from coresponder_causal.simulate import officer_panel


@pytest.fixture(scope="module")
def design():
    frame = officer_panel(seed=2, officers=60, months=36, squads=6).frame
    with quietly():
        return OfficerDesign.from_frame(
            frame, outcome="force", dose="calls_together", exposure="calls", volunteered="volunteered"
        )


def test_each_group_has_its_points(design):
    result = officer_imputation(design, bin_width=6)
    picture = report.figure(result)
    rows, tidy = picture.data["groups"], result.tidy()
    own = tidy[tidy["event_time"].notna()]
    assert picture.kind == "groups"
    assert rows["estimate"].tolist() == own["estimate"].tolist()
    assert rows["low"].tolist() == own["conf_low"].tolist()
    assert set(rows["group"]) == {"volunteers", "assigned"}
    assert len(picture.support) == len(rows)
    assert (rows["position"] - rows["event_time"]).eq(2.5).all()
    assert [one.kind for one in pictures(result)] == ["groups"]
    assert drawn(picture, "svg").startswith(b"<?xml")


def test_one_group_is_drawn_as_any_event_study(design):
    from dataclasses import replace

    result = officer_imputation(replace(design, volunteered=None))
    assert report.figure(result).kind == "events"


def test_sentences_say_which_calls_are_meant(design):
    assert "on calls without the team" in report.sentence(officer_imputation(design)).text
    assert "per 10 calls that an officer answered beside it" in report.sentence(officer_dose(design)).text
