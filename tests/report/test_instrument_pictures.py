"""Pictures of calls by an instrument: the numbers they show, their words, and that they draw."""

from functools import cache

import numpy as np
import pytest

from coresponder_causal import report
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.design import CallInstrumentDesign
from coresponder_causal.design.instrument_shares import shares
from coresponder_causal.estimate import call_iv
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.figures import pictures
from coresponder_causal.validity.call_worlds import call_table, shifts, start

INSTRUMENTS = ("coverage_post", "team_free", "call_taker")


@cache
def estimated(instrument):
    takers = "chance" if instrument == "call_taker" else None
    calls = call_table(np.random.default_rng(3), calls=4000, takers=takers)
    with quietly():
        d = CallInstrumentDesign.from_tables(
            calls,
            shifts(),
            outcome="arrest",
            start=start.date(),
            instrument=instrument,
            covariates=["severity", "patrol_load"],
        )
        return d, call_iv(d)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_the_picture_shows_the_shares_of_the_design(instrument):
    d, result = estimated(instrument)
    picture = report.figure(result)
    rows = picture.data["shares"]
    np.testing.assert_allclose(rows.to_numpy(float), shares(d).to_numpy(float))
    attended = (rows["share_with"] * rows["calls_with"]).sum() + (
        rows["share_without"].fillna(0) * rows["calls_without"]
    ).sum()
    assert attended == pytest.approx(d.calls.treated.sum())
    assert rows["calls_with"].sum() + rows["calls_without"].sum() == len(d.source)
    assert list(picture.support) == ["x", "calls_without", "calls_with"]
    assert picture.kind == "shares"


def test_shares_before_the_start_are_nought_and_planned_hours_are_shaded():
    rows = report.figure(estimated("coverage_post")[1]).data["shares"].set_index("x")
    assert (rows["share_without"] == 0).all()
    assert (rows.loc[12:21, "covered"] == 1).all()
    assert rows["covered"].sum() == 10
    assert (rows.loc[12:21, "share_with"] > 0.1).all()
    assert rows["share_with"].drop(range(12, 22)).eq(0).all()


def test_more_lenient_tenths_have_the_team_more_often():
    rows = report.figure(estimated("call_taker")[1]).data["shares"]
    assert rows["x"].tolist() == list(range(1, 11))
    assert rows["share_with"].tail(3).mean() > rows["share_with"].head(3).mean()


def test_the_gap_by_half_year_is_drawn_for_planned_shifts_alone():
    _, result = estimated("coverage_post")
    came, course = pictures(result)
    assert (came.kind, course.kind) == ("shares", "course")
    rows = course.data["events"]
    assert rows["event_time"].tolist() == list(range(-4, 4))
    assert rows.set_index("event_time").loc[-1, ["estimate", "low", "high"]].eq(0).all()
    assert report.figure(result, kind="path").data["events"].equals(rows)
    assert "of 3 intervals leave out 0" in course.alt
    with pytest.raises(EstimationError, match="carries no such picture"):
        report.figure(estimated("team_free")[1], kind="path")
    with pytest.raises(EstimationError, match="carries no such picture"):
        report.figure(result, kind="forest")


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_picture_draws_and_survives_json(instrument):
    _, result = estimated(instrument)
    for picture, again in zip(pictures(result), pictures(Result.from_json(result.to_json())), strict=True):
        svg = drawn(picture, "svg")
        assert svg.startswith(b"<?xml")
        assert svg == drawn(again, "svg")


def test_the_page_puts_them_under_questions_of_their_own():
    titles = [section.title for section in report.page([estimated("coverage_post")[1]]).sections]
    assert "How do we know? How often the team came" in titles
    assert "How do we know? Covered against other hours over time" in titles
