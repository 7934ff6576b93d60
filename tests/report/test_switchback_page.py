"""The calendar as a picture and as a page: every half-day is in it, and what a team must know."""

import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.design import switchback_schedule
from coresponder_causal.report.drawing import drawn
from coresponder_causal.validity import SwitchbackPower

PLAN = switchback_schedule(weeks=9, start="2027-01-04", city="Davis <north>", seed=1)
TABLE = pd.DataFrame(
    {"weeks": [13, 26], "events": [400.0, 800.0], "std_error": 0.1, "fall": [-27.0, -19.4], "rise": 37}
)
POWER = SwitchbackPower(table=TABLE, outcome="calls", weeks_before=60)


def test_the_picture_holds_every_half_day():
    picture = report.calendar_picture(PLAN)
    cells = picture.data["calendar"]
    assert len(cells) == 9 * 14
    assert cells["covered"].tolist() == PLAN.covered.ravel().tolist()
    assert cells.groupby("week")["covered"].sum().eq(10).all()
    assert cells["monday"].drop_duplicates().dt.strftime("%Y-%m-%d").tolist()[-1] == "2027-03-01"
    assert picture.data["blocks"]["day"].tolist()[:3] == ["Mon", "Mon", "Tue"]
    assert "9 weeks by 14 blocks" in picture.alt


@pytest.mark.parametrize("framed", [True, False])
def test_it_draws_and_draws_the_same_again(framed):
    first = drawn(report.calendar_picture(PLAN), "svg", framed=framed)
    assert drawn(report.calendar_picture(PLAN), "svg", framed=framed) == first
    assert first.count(b"#0072b2") + first.count(b"#0072B2") > 0


def test_the_page_says_what_to_keep_and_what_to_write(tmp_path):
    page = report.switchback_page(PLAN, POWER)
    titles = [section.title for section in page.sections]
    assert titles == [
        "The calendar",
        "How to run it",
        "What must not be changed",
        "When a shift cannot be staffed",
        "What it can find",
        "How it was drawn",
    ]
    text = report.write(page, tmp_path).read_text(encoding="utf-8")
    for said in ("Keep the plan as it is", "delivered_hours", "absence_reason", "Seed 1.", "&lt;north&gt;"):
        assert said in text
    assert "<north>" not in text
    assert "<script" not in text
    assert "the last 2 weeks are part of such a run" in text
    assert "What it can find" not in [section.title for section in report.switchback_page(PLAN).sections]
