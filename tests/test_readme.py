"""The README's own code runs, and its commands are there to be run."""

import re
import shlex
import warnings
from pathlib import Path

import pytest
from typer.main import get_command

from coresponder_causal.cli import app

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_corridor_runs_as_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(blocks[0], "README.md", "exec"), {})
    assert (tmp_path / "evaluation_of_calls" / "index.html").stat().st_size > 10_000


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_somewhere(target):
    assert (Path(__file__).parents[1] / target).exists()


@pytest.mark.parametrize("line", re.findall(r"^\.venv/bin/coresponder-causal (.+)$", README, flags=re.MULTILINE))
def test_every_command_is_one_with_arguments_it_takes(line):
    command, words = get_command(app), shlex.split(line, comments=True)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context(command.name, words)
