"""Whatever is typed behind a command, and whatever lies in the files it names: it works, or one screen says why not."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from coresponder_causal.cli import app
from coresponder_causal.core.errors import CausalError
from coresponder_causal.data import read_table

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
WORDS = (
    "",
    "calls",
    "-1",
    "1e9",
    "nan",
    "=1+1",
    "x" * 300,
    "a=b",
    "a/../b",
    "🚓",
    "\u202eabc",
    "2020-07-15",
    "public",
    "hour",
)
AT_LEAST = {("validity", "run"): ["--methods", "none"], ("notebooks", "run"): [], ("notebooks", "check"): []}
NOT_HERE = {("init",), ("dictionary", "export")}  # which take any folder, and write for seconds
CALLS = "call_id,city,received_at,arrest,attended,person_token,hour\n1,Davis,2020-01-01 10:00,yes,no,p,10\n"
CONTENTS: dict[str, bytes] = {
    "calls.csv": CALLS.encode(),
    "empty.csv": b"",
    "head.csv": b"call_id,city\n",
    "ragged.csv": b'a,b\n1,2,3\n"open',
    "latin.csv": "call_id,city\n1,Espa\xf1ola".encode("latin-1"),
    "zeros.csv": bytes(40),
    "none.parquet": b"PAR1 is not enough",
    "none.xlsx": b"PK\x03\x04 nor is this",
    "STUDY.toml": b"[study]\ntitle = 1\n[tables]\ncalls = 'calls.csv'\n[designs]\nrun = ['calls', []]\n",
    "PLAN.toml": b"[plan]\n",
    "deep.toml": b"a = " + b"[" * 3_000,
    "deep.json": b"[" * 100_000,
    "list.json": b"[1, {}]",
    "states.json": b'{"states": [1], "head": {}, "sha256": 0, "format": "x"}',
    "model.yaml": b"title: [1\n",
    "list.yaml": b"- 1\n",
    "project.qdpx": b"PK\x05\x06" + bytes(18),
    "binary.bin": bytes(range(256)),
}


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that lead to it."""
    for name, one in getattr(group, "commands", {}).items():
        yield from commands(one, (*path, name))
    if not hasattr(group, "commands"):
        yield path, group


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A folder of files that are hardly what a command wants; everything runs in it."""
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "calls.csv").write_text(CALLS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(command: Any, rng: np.random.Generator) -> list[str]:
    """Arguments of a command, all that are needed and some others, with values that hardly fit."""
    values = [*WORDS, *CONTENTS, "folder", "nowhere.csv", "new"]
    said: list[str] = []
    for one in command.params:
        value = values[rng.integers(0, len(values))]
        if one.param_type_name == "argument":
            said.insert(0, value or "nowhere")
        elif one.required or (one.name not in {"force", "jobs", "replications"} and rng.random() < 0.3):
            said += [one.opts[0]] if getattr(one, "is_flag", False) else [f"{one.opts[0]}={value}"]
    return said


def stumbles(seeds: range) -> list[str]:
    """What ended neither well nor on one screen."""
    found = []
    for path, command in commands(get_command(app)):
        for seed in seeds if path not in NOT_HERE else ():
            words = [*path, *AT_LEAST.get(path, ()), *typed(command, np.random.default_rng(seed))]
            done = CliRunner().invoke(app, words)
            error = done.exception
            if error is not None and not isinstance(error, SystemExit):
                at = traceback.extract_tb(error.__traceback__)[-1]
                found.append(f"{words}: {type(error).__name__} {error} in {at.filename}:{at.lineno}"[:400])
            elif done.exit_code not in (0, 1, 2) or "Traceback" in done.output:
                found.append(f"{words}: {done.exit_code}")
            elif done.exit_code and len(done.output.splitlines()) > 60:
                found.append(f"{words}: {len(done.output.splitlines())} lines")
    return found


def test_whatever_is_typed_ends_on_one_screen(home):
    assert stumbles(range(1)) == []


@pytest.mark.full
def test_whatever_is_typed_ends_on_one_screen_many_times(home):
    assert stumbles(range(1, 20)) == []


def test_a_damaged_file_is_no_traceback(tmp_path):
    rng = np.random.default_rng(1)
    for name, content in CONTENTS.items():
        for _ in range(8):
            spoilt = bytearray(content or b"x")
            for place in rng.integers(0, len(spoilt), 3):
                spoilt[place] = rng.integers(0, 256)
            (tmp_path / name).write_bytes(spoilt)
            try:
                read_table(tmp_path / name)
            except CausalError as error:
                said = error.what
            else:
                said = name
            assert name in said
