"""The funnel on a page: a sentence that a council can read, a table that adds up, a picture of every step."""

from __future__ import annotations

import numpy as np
import pytest

from coresponder_causal import report
from coresponder_causal.core.notes import quietly
from coresponder_causal.decide import Decomposed, funnel
from coresponder_causal.design import CoverageDesign
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.funnel import in_plain_words
from coresponder_causal.simulate import world


@pytest.fixture(scope="module")
def design() -> CoverageDesign:
    tables = world("funnel_only", seed=1).tables
    with quietly():
        return CoverageDesign.from_tables(
            tables["calls"], tables["schedule"], outcome="report_filed", start="2020-07-15", exposure="calls"
        )


@pytest.fixture(scope="module")
def found(design) -> Decomposed:
    return funnel(design)


def test_a_council_reads_that_records_changed_and_not_events(found):
    assert in_plain_words(found).startswith("Fewer reports were written, not fewer incidents")
    assert report.funnel_sentence(found).numbers.number("record") == found.sums.loc["record", "log_low"]


def test_bars_follow_each_other_to_the_last_count(found):
    picture = report.funnel_picture(found)
    steps = picture.data["steps"]
    stages = int(picture.labels.number("stages"))
    np.testing.assert_allclose(steps["begin"].iloc[1:stages], steps["end"].iloc[: stages - 1])
    assert steps["end"].iloc[stages - 1] == pytest.approx(found.sums.loc["last", "log_low"])
    assert drawn(picture, "png") == drawn(picture, "png")


def test_sets_are_shown_from_end_to_end(design):
    unseen = funnel(design, witness=())
    rows = report.funnel_table(unseen).frame.set_index("what")
    assert rows.loc["Sum: what happened", "change"].startswith("between ")
    assert "No witness" in report.funnel_table(unseen).note
    assert " to " in report.funnel_picture(unseen).data["steps"]["said"].iloc[-1]


def test_every_part_carries_its_support(found):
    for part in (report.funnel_sentence(found), report.funnel_table(found), report.funnel_picture(found)):
        assert (part.support["events"] > 0).all()
    assert len(report.funnel_table(found).support) == len(report.funnel_table(found).frame)
