"""The plan on the command line: written, checked, frozen, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from coresponder_causal.cli import app

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
MONTHS = "\n".join(f"Davis,20{y}-{m:02d},60000,{140 + m},{30 + m},1" for y in range(17, 22) for m in range(1, 13))
STUDY = """
[study]
title = "A town"
simulated = true
[tables]
city_panel = "city_panel.csv"
[treated]
city = "Davis"
start = "2020-07-15"
[outcomes]
primary = "calls"
[designs]
run = ["series"]
[series]
outcomes = ["calls", "arrest"]
"""


def invoke(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def told(screen: str) -> str:
    return " ".join(screen.replace("│", " ").split())


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "city_panel.csv").write_text(f"city,month,population,calls,arrest,force\n{MONTHS}\n")
    (tmp_path / "STUDY.toml").write_text(STUDY)
    return tmp_path / "STUDY.toml"


def test_a_plan_is_written_mended_frozen_and_compared(study, tmp_path):
    written = invoke("plan", "init", study)
    assert written.exit_code == 0
    refused = invoke("plan", "check", study, "--out", tmp_path / "document")
    assert refused.exit_code == 2
    assert "'calls' is estimated by series: fewer than 2 different assumptions" in told(refused.output)
    plan = tmp_path / "PLAN.toml"
    plan.write_text(plan.read_text().replace("designs_needed = 2 ", "designs_needed = 1 "))
    checked = invoke("plan", "check", study, "--out", tmp_path / "document")
    assert checked.exit_code == 0
    assert "Every rule is kept." in checked.output
    assert {path.name for path in (tmp_path / "document").iterdir()} == {"index.html", "plan.md", "verdicts.csv"}
    early = invoke("evaluate", study, "--out", tmp_path / "evaluation")
    assert early.exit_code == 2
    assert "PLAN.toml is not frozen" in told(early.output)
    assert invoke("plan", "freeze", study, "--by", "Lead evaluator").exit_code == 0
    frozen = tmp_path / "PLAN.frozen.json"
    assert "No difference." in invoke("plan", "diff", plan, frozen).output
    plan.write_text(plan.read_text().replace("smallest_effect = 0.85", "smallest_effect = 0.80"))
    different = invoke("plan", "diff", frozen, plan)
    assert different.exit_code == 1
    assert "decision.smallest_effect: 0.85 → 0.8" in different.output


def test_the_whole_course_runs_from_an_empty_folder(tmp_path):
    done = invoke("plan", "example", "--out", tmp_path / "example")
    assert done.exit_code == 0, done.output
    assert "This is a simulated city" in done.output
    page = (tmp_path / "example" / "evaluation" / "index.html").read_text(encoding="utf-8")
    assert "Was it run as planned?" in page
    assert "This is a simulated city." in page
    assert (tmp_path / "example" / "city" / "PLAN.frozen.json").is_file()
    refused = invoke("plan", "example", "--out", tmp_path / "example")
    assert refused.exit_code == 2
    assert "not empty" in told(refused.output)


def test_a_plan_that_is_there_is_not_overwritten_unasked(study):
    assert invoke("plan", "init", study).exit_code == 0
    again = invoke("plan", "init", study)
    assert again.exit_code == 2
    assert "there is a plan" in told(again.output)
    assert invoke("plan", "init", study, "--force").exit_code == 0
