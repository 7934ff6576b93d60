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


def test_from_a_study_to_shifts(tmp_path):
    world = hours_world(1, weeks=24)
    world.calls.rename(columns={"harm": "arrest"}).to_csv(tmp_path / "calls.csv", index=False)
    world.schedule.to_csv(tmp_path / "schedule.csv", index=False)
    (tmp_path / "STUDY.toml").write_text(STUDY, encoding="utf-8")
    out = tmp_path / "out"
    options = ["--out", str(out), "--hours", "60", "--crews", "2", "--explore", "0"]
    done = CliRunner().invoke(app, ["deploy", str(tmp_path / "STUDY.toml"), *options])
    assert done.exit_code == 0, done.output
    shifts = pd.read_csv(out / "shifts.csv")
    assert shifts["hours"].sum() <= 60
    assert {path.name for path in out.iterdir()} >= {"index.html", "hours.csv", "shifts.csv", "shifts.ics"}


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
