"""Pictures of checks that look at a series period by period: what is drawn, and that it draws."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.design import SeriesDesign
from coresponder_causal.estimate import its_segmented
from coresponder_causal.report import Page, drawing
from coresponder_causal.report.specs import Section
from coresponder_causal.validity.refuter_worlds import call_frame, weighted_calls

MONTHS = pd.period_range("2017-01", periods=72, freq="M")
DRAWN = {"residual_autocorrelation": "residuals", "break_date": "breaks", "covid_interval": "forest"}


@cache
def made():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"month": MONTHS, "calls": rng.poisson(np.where(MONTHS < "2020-07", 900, 700))})
    d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07", city="A")
    result = its_segmented(d)
    return result, {each.check: each for each in check.battery(result, d)}


@pytest.mark.parametrize("name", DRAWN)
def test_each_draws_and_draws_the_same_again(name):
    picture = report.figure(made()[1][name])
    assert picture.kind == DRAWN[name]
    assert drawing.drawn(picture, "png") == drawing.drawn(picture, "png")


def test_residuals_are_drawn_with_every_lag():
    found = made()[1]["residual_autocorrelation"]
    data = report.figure(found).data
    assert data["residuals"]["residual"].tolist() == found.course["residual"].tolist()
    assert data["residuals"]["position"].iloc[0] == pytest.approx(2017 + 15.5 / 365, abs=1e-3)
    assert data["lags"]["autocorrelation"].tolist() == found.table["autocorrelation"].tolist()


def test_the_start_stands_before_its_month_among_the_dates_of_a_break():
    picture = report.figure(made()[1]["break_date"])
    dates = picture.data["dates"]
    first = dates.loc[dates["start"], "position"].min()
    before = dates.loc[~dates["start"], "position"].max()
    assert before < picture.labels["start"] < first
    assert dates.loc[dates["statistic"].idxmax(), "inside"]


def test_specifications_that_were_not_run_are_not_drawn():
    rows = report.figure(made()[1]["covid_interval"]).data["cities"]
    assert rows["city"].tolist() == ["as given", "without March to June 2020", "without March 2020 to June 2021"]
    assert rows["role"].tolist() == ["treated", "comparison", "comparison"]
    assert report.figure(made()[1]["covid_interval"]).labels["percent"] is True


def test_numbered_periods_are_drawn_by_their_number(tmp_path):
    frame = pd.DataFrame({"t": range(72), "calls": np.random.default_rng(0).poisson(300, 72)})
    d = SeriesDesign.from_frame(frame, outcome="calls", time="t", start=40, city="A")
    found = check.break_date(its_segmented(d), d)
    picture = report.figure(found)
    assert picture.labels["start"] == 39.5
    assert report.write(picture, tmp_path / "breaks.svg").exists()


def test_a_check_without_its_course_says_what_to_do():
    with pytest.raises(EstimationError, match="draws nothing"):
        report.figure(replace(made()[1]["break_date"], course=None))


def test_the_page_shows_the_checks_of_the_headline_that_have_a_picture():
    result, found = made()
    page = report.page([result, result], checks=[tuple(found.values())] * 2)
    doubts = next(section for section in page.sections if section.title == "What could be wrong?")
    drawn = {block.kind for block in doubts.blocks if isinstance(block, report.Picture)}
    assert drawn == set(DRAWN.values())
    assert "reported: 1" in next(part.text for part in page.parts() if "Checks made" in getattr(part, "text", ""))


def test_placebos_are_binned_once_each_and_the_estimate_has_its_line(tmp_path):
    result, design = weighted_calls(call_frame(np.random.default_rng(3)))
    found = check.placebo_treatment(result, design, draws=19)
    picture = report.figure(found)
    assert picture.data["bins"]["placebos"].sum() == 19
    assert picture.labels.number("estimate") == result.estimate[0]
    assert report.write(picture, tmp_path / "placebos.png").exists()


def test_the_paragraph_names_what_contradicts_what_is_weak_and_what_hangs_most():
    result, found = made()
    page = report.page([result], checks=tuple(found.values()))
    (said,) = (part.text for part in page.parts() if "Checks made" in getattr(part, "text", ""))
    shown = next(part.frame for part in page.parts() if getattr(part, "title", "") == "Checks")
    assert shown["could_change"].is_monotonic_decreasing
    for one in found.values():
        if one.verdict == "contradicts":
            assert one.check.replace("_", " ") in said.split("Contradicted by")[1]


def test_histograms_of_different_calls_leave_together(tmp_path):
    """Two designs may give one bin different counts: they count other calls, or by another model."""
    frame = call_frame(np.random.default_rng(3))
    designs = [weighted_calls(rows)[1] for rows in (frame, frame.iloc[: len(frame) // 2])]
    pictures = [report.figure(check.overlap(None, design)) for design in designs]
    assert len({picture.counts[0].family for picture in pictures}) == 2
    page = Page(title="P", sections=(Section(title="S", blocks=tuple(pictures)),))
    assert report.write(page, tmp_path / "p.html", audience="public").exists()
