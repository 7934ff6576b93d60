"""The page about hours to cover: its numbers are those of the choice, and it leaves through the gate."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.notes import quietly
from coresponder_causal.decide import deployment
from coresponder_causal.design import CoverageDesign
from coresponder_causal.plan import write_deployment
from coresponder_causal.privacy import Policy
from coresponder_causal.report import deployment_page, deployment_picture, shifts_table
from coresponder_causal.report.write import rendered
from coresponder_causal.simulate.hours import hours_world


@cache
def found(plan):
    world = hours_world(2, plan=plan, weeks=30)
    with quietly():
        d = CoverageDesign.from_tables(
            world.calls, world.schedule, outcome="harm", start="2025-01-06", exposure="calls"
        )
        return deployment(d, draws=50)


def test_the_shifts_add_up_to_the_schedule():
    table = shifts_table(found("lot")).frame
    assert table["hours"].sum() == found("lot").proposed.teams.sum()
    assert table["averted"].sum() == pytest.approx(found("lot").averted, rel=1e-12)


@pytest.mark.parametrize("plan", ["lot", "roster"])
def test_the_picture_draws_and_leaves_unknown_hours_blank(plan):
    picture = deployment_picture(found(plan))
    hours = picture.data["hours"]
    assert (hours["value"].isna() == ~hours["identified"]).all()
    svg = rendered(picture, ".svg").decode()
    assert "Proposed" in svg
    assert ("not identified" in svg) == (plan == "roster")


def test_a_fixed_roster_is_told_that_nothing_is_ranked():
    page = deployment_page(found("roster"))
    assert [one.text for one in page.finding] == [
        "No hour of the week was covered in some weeks and not in others: no schedule is ranked above today's.",
        "In 98 hours of the week the team was never on duty: whether it should be, these data cannot say.",
    ]
    assert [section.title for section in page.sections] == ["The week", "Hours to learn about", "What this rests on"]


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_files_leave_through_the_gate(tmp_path, audience):
    for plan, names in (("lot", ["shifts.csv", "shifts.ics"]), ("roster", ["exploration.csv", "exploration.ics"])):
        out = tmp_path / plan
        written = write_deployment(found(plan), out, policy=Policy(audience=audience), time_zone="Europe/Berlin")
        assert {path.name for path in written} == {"index.html", "hours.csv", *names}
    agenda = (tmp_path / "lot" / "shifts.ics").read_text(encoding="utf-8")
    assert agenda.count("BEGIN:VEVENT") == 13 * len(found("lot").proposed.shifts)
    first = found("lot").proposed.shifts["start"].iloc[0]
    moment = np.datetime64(found("lot").first_monday) + np.timedelta64(int(first), "h")
    opening = pd.Timestamp(moment).tz_localize("Europe/Berlin").tz_convert("UTC")
    assert f"DTSTART:{opening:%Y%m%dT%H%M%S}Z" in agenda
