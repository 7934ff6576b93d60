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
    assert "decision.smallest_effect\n- 0.85\n+ 0.8\n" in different.output


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


def two_plans(folder: Path, study: Path) -> tuple[Path, Path]:
    """Write a plan, and the same with a longer first question and one more."""
    invoke("plan", "init", study)
    old, new = folder / "PLAN.toml", folder / "other.toml"
    text = old.read_text(encoding="utf-8").replace("how often is force used?", "how often is force used, by night?")
    more = '"Is anybody hurt more often'
    new.write_text(text.replace(f"    {more}", f'    "Who calls?",\n    {more}'), encoding="utf-8")
    return old, new


def test_a_difference_is_shown_whole_with_signs(study, tmp_path):
    shown = invoke("plan", "diff", *two_plans(tmp_path, study)).output
    assert "questions.3\n- Is anybody hurt more often: how often is force used?\n+ Who calls?\n" in shown
    assert "questions.4\n+ Is anybody hurt more often: how often is force used, by night?\n" in shown
    assert "\x1b[" not in shown


@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_difference_is_coloured_on_a_terminal_unless_told_not_to(study, tmp_path, setting, coloured):
    told_by = {"FORCE_COLOR": "1", "TERM": "xterm-256color"} | setting
    arguments = ["plan", "diff", *map(str, two_plans(tmp_path, study))]
    shown = CliRunner().invoke(app, arguments, env=told_by, color=True).output
    assert ("\x1b[31m- Is anybody" in shown) == coloured
    assert ("\x1b[32m+ Who calls?" in shown) == coloured
    assert "- Is anybody" in shown
