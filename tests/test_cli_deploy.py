"""The command `deploy` on a city with hours drawn by lot."""

from __future__ import annotations

import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal.cli import app
from coresponder_causal.simulate.hours import hours_world

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
STUDY = """
[study]
title = "A town"
simulated = true
[tables]
calls = "calls.csv"
schedule = "schedule.csv"
[treated]
city = "Riverton"
start = "2025-01-06"
[outcomes]
primary = "arrest"
[designs]
run = []
"""


def written(tmp_path, weeks):
    world = hours_world(1, weeks=weeks)
    calls = world.calls.rename(columns={"harm": "arrest"})
    calls["minutes_on_scene"] = 40.0 + 20.0 * calls["arrest"]
    calls.to_csv(tmp_path / "calls.csv", index=False)
    schedule = world.schedule.assign(delivered_hours=world.schedule["planned_hours"])
    schedule.loc[schedule.index % 9 == 4, "delivered_hours"] = 0.0
    schedule.to_csv(tmp_path / "schedule.csv", index=False)
    (tmp_path / "STUDY.toml").write_text(STUDY, encoding="utf-8")


def test_from_a_study_to_shifts(tmp_path):
    written(tmp_path, 24)
    out = tmp_path / "out"
    options = ["--out", str(out), "--hours", "60", "--crews", "2", "--explore", "0"]
    done = CliRunner().invoke(app, ["deploy", str(tmp_path / "STUDY.toml"), *options])
    assert done.exit_code == 0, done.output
    shifts = pd.read_csv(out / "shifts.csv")
    assert shifts["hours"].sum() <= 60
    assert {path.name for path in out.iterdir()} >= {"index.html", "hours.csv", "shifts.csv", "shifts.ics"}


def test_every_choice_can_be_asked_for(tmp_path):
    written(tmp_path, 14)
    out = tmp_path / "out"
    options = ["--out", str(out), "--hours", "48", "--shift", "8", "--night", "8", "--explore", "0", "--robust"]
    options += ["--two-teams", "--minutes-per-call", "60", "--crews", "3", "--contrast", "delivered"]
    done = CliRunner().invoke(app, ["deploy", str(tmp_path / "STUDY.toml"), *options, "--officer-hour", "0.01"])
    assert done.exit_code == 0, done.output
    page = (out / "index.html").read_text(encoding="utf-8")
    for said in ("worst tenth", "Events and officer-hours apart", "By a second team", "an hour that took place"):
        assert said in page
    shifts = pd.read_csv(out / "shifts.csv")
    assert set(shifts["hours"]) == {8}
    assert "second_adds" in pd.read_csv(out / "hours.csv")


def test_a_second_team_without_the_time_of_a_call_is_refused(tmp_path):
    written(tmp_path, 14)
    refused = CliRunner().invoke(
        app, ["deploy", str(tmp_path / "STUDY.toml"), "--out", str(tmp_path / "out"), "--two-teams"]
    )
    assert refused.exit_code != 0
    assert "minutes_per_call" in refused.output


def test_that_there_is_a_call_is_no_outcome_and_the_screen_names_the_key(tmp_path):
    assert CliRunner().invoke(app, ["init", str(tmp_path / "town")]).exit_code == 0
    stated = ["deploy", str(tmp_path / "town" / "STUDY.toml"), "--out", str(tmp_path / "out")]
    refused = CliRunner().invoke(app, stated)
    assert refused.exit_code != 0
    assert "primary = 'calls'" in refused.output
    assert "STUDY.toml" in refused.output
    done = CliRunner().invoke(app, [*stated, "--outcome", "arrest"])
    assert done.exit_code == 0, done.output
    assert not (tmp_path / "out" / "shifts.csv").exists()  # no planned hour was covered in some weeks only
    assert (tmp_path / "out" / "exploration.csv").exists()
