"""The page for R names columns, commands and functions that there are; its R is closed where it is opened."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coresponder_causal import estimate, plan, report
from coresponder_causal.cli import app
from coresponder_causal.testing.examples import example_of

PAGE = (Path(__file__).parents[2] / "docs" / "r.md").read_text(encoding="utf-8")
CODE = {name: re.findall(rf"```{name}\n(.*?)```", PAGE, flags=re.DOTALL) for name in ("r", "py", "sh")}
PAIRS = {")": "(", "]": "[", "}": "{"}


def opened(code):
    """Brackets left open, text and remarks taken out; what closes nothing is an error."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"', "", code)
    assert '"' not in bare
    left = []
    for letter in re.sub(r"#.*", "", bare):
        if letter in "([{":
            left.append(letter)
        elif letter in PAIRS:
            assert left, code
            assert left.pop() == PAIRS[letter], code
    return left


@pytest.mark.parametrize("code", CODE["r"])
def test_r_is_closed_where_it_is_opened(code):
    assert opened(code) == []


def test_an_open_bracket_is_seen():
    assert opened('f(x[1], "a)"  # )') == ["("]


def test_columns_are_those_of_the_schema():
    stated = set(report.json_schema("tidy")["$defs"]["row"]["properties"])
    named = {name for code in CODE["r"] for name in re.findall(r'"([a-z]+\.[a-z]+)"', code)} - {"tidy.json", "tidy.csv"}
    assert {"std.error", "p.value", "conf.low"} <= named
    assert named - {"table.tex", "conf.int"} <= stated
    assert {name for code in CODE["r"] for name in re.findall(r"rows\$(\w+)", code)} <= stated | {"percent"}


def test_its_commands_work_one_after_the_other(tmp_path, monkeypatch):
    (tmp_path / "evaluation").mkdir()
    result = estimate.its_segmented(example_of("SeriesDesign").designed())
    (tmp_path / "evaluation" / "results.json").write_text(f"[{result.to_json()}]", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for words in re.findall(r"coresponder-causal (tidy .*)", CODE["sh"][0]):
        done = CliRunner().invoke(app, words.split("#")[0].split())
        assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "tidy.json").read_text(encoding="utf-8"))[0]["result"] == 1


def test_functions_and_options_of_commands_exist():
    for code in CODE["py"]:
        for room, name in re.findall(r"cc\.(plan|report)\.(\w+)", code):
            assert hasattr({"plan": plan, "report": report}[room], name)
    for line in re.findall(r"coresponder-causal (.*)", CODE["sh"][0]):
        command, *words = line.split("#")[0].split()
        shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
        assert all(word in shown for word in words if word.startswith("--"))
