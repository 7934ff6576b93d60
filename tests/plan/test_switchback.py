"""A randomised schedule as files, from the command line."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal import plan
from coresponder_causal.cli import app
from coresponder_causal.design import switchback_schedule
from coresponder_causal.design.switchback_calendar import calendar_from_schedule


def invoke(*arguments):
    return CliRunner().invoke(app, ["switchback", *map(str, arguments)])


def test_the_files_hold_the_plan_and_its_law(tmp_path):
    calendar = switchback_schedule(weeks=7, start="2027-01-04", city="Davis", seed=3)
    written = plan.write_switchback(calendar, tmp_path / "out")
    assert [path.name for path in written] == ["schedule.csv", "calendar.ics", "index.html"]
    again = calendar_from_schedule(pd.read_csv(written[0]))
    assert (again.covered == calendar.covered).all()
    assert written[1].read_bytes().decode() == calendar.to_ics()
    assert b"\r\n" in written[1].read_bytes()


def test_one_command_draws_a_plan_and_the_same_seed_the_same(tmp_path):
    first, second = (tmp_path / name for name in ("a", "b"))
    for out in (first, second):
        said = invoke("--weeks", 26, "--start", "2027-01-04", "--seed", 4711, "--city", "Davis", "--out", out)
        assert said.exit_code == 0, said.output
        assert "10 of 14 blocks of 7 hours covered" in " ".join(said.output.split())
    for name in ("schedule.csv", "calendar.ics", "index.html"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_without_a_seed_one_is_drawn_and_kept(tmp_path):
    assert invoke("--weeks", 7, "--start", "2027-01-04", "--out", tmp_path / "a").exit_code == 0
    assert calendar_from_schedule(pd.read_csv(tmp_path / "a" / "schedule.csv")).law.weeks == 7


def test_calls_from_before_add_what_the_trial_can_find(tmp_path):
    stamps = pd.date_range("2026-01-05", "2026-06-28 23:00", freq="3h")
    calls = tmp_path / "calls.csv"
    pd.DataFrame({"call_id": range(len(stamps)), "city": "Davis", "received_at": stamps}).to_csv(calls, index=False)
    said = invoke(
        "--weeks", 13, "--start", "2027-01-04", "--city", "Davis", "--calls", calls, "--out", tmp_path / "out"
    )
    assert said.exit_code == 0, said.output
    assert "Smallest change that is found" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--start", "2027-01-05"), "is a Tuesday"),
        (("--start", "2027-01-04", "--morning", "08:00"), "no clock times"),
        (("--start", "2027-01-04", "--time-zone", "Nowhere"), "is not known"),
    ],
)
def test_a_mistake_is_one_screen_and_leaves_nothing(tmp_path, arguments, said):
    found = invoke("--weeks", 7, *arguments, "--out", tmp_path / "out")
    assert found.exit_code == 2
    assert said in found.output
    assert not (tmp_path / "out").exists()
