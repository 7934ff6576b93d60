"""Kept steps: nothing is computed twice, nothing half done counts, and numbers are those of an uninterrupted run."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import Doubt, collecting, note
from coresponder_causal.plan import code, steps

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
STUDY = """
[study]
title = "Our town"
[tables]
city_panel = "city_panel.csv"
control_series = "control_series.csv"
programmes = "programmes.csv"
[treated]
city = "West Sacramento"
start = "2020-07-15"
[outcomes]
primary = "calls"
controls = ["burglary"]
[designs]
run = ["cities", "series"]
[series]
harmonics = 2
"""


@pytest.fixture
def study(tmp_path) -> Path:
    """A study of counts, with the tables that init writes."""
    file = plan.write_template(tmp_path / "city", force=False)[0]
    file.write_text(STUDY, encoding="utf-8")
    return file


def evaluated(study: Path, kept: plan.Steps | None = None) -> tuple[list[str], plan.Evaluation]:
    """The results of a study as they are written, and all of it."""
    stated = plan.read_study(study)
    tables, quality = plan.read_tables(stated, steps=kept)
    found = plan.run(stated, tables, quality, steps=kept)
    return [result.to_json() for result in found.results], found


def beside(study: Path, *, fresh: bool = False) -> plan.Steps:
    return plan.Steps(plan.kept_beside(plan.read_study(study)), fresh=fresh)


def made(kept: plan.Steps) -> set[str]:
    return {step.name for step in kept.done if not step.kept}


EVERY = {"tables", "counts", "cities: calls", "checks of cities: calls", "series: calls", "checks of series: calls"}


def test_a_second_run_finds_every_step_and_says_the_same(study):
    alone, plainly = evaluated(study)
    first, second = beside(study), beside(study)
    one, _ = evaluated(study, first)
    other, again = evaluated(study, second)
    assert made(first) == EVERY | {"falsification"}
    assert made(second) == set()
    assert [step.key for step in first.done] == [step.key for step in second.done]
    assert alone == one == other
    assert plainly.lines == again.lines
    for before, now in zip(plainly.checks, again.checks, strict=True):
        assert [check.sentence for check in before] == [check.sentence for check in now]
    third = beside(study, fresh=True)
    evaluated(study, third)
    assert made(third) == EVERY | {"falsification"}


def test_only_what_changed_is_computed_again(study):
    evaluated(study, beside(study))
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace("harmonics = 2", "harmonics = 1").replace("Our town", "The town"), encoding="utf-8")
    kept = beside(study)
    changed, _ = evaluated(study, kept)
    assert made(kept) == {"counts", "series: calls", "checks of series: calls", "falsification"}
    assert changed == evaluated(study)[0]

    panel = study.with_name("city_panel.csv")
    table = pd.read_csv(panel)
    table.loc[3, "calls"] += 1
    table.to_csv(panel, index=False)
    kept = beside(study)
    altered, _ = evaluated(study, kept)
    assert made(kept) == EVERY | {"falsification"}
    assert altered == evaluated(study)[0] != changed


def test_other_code_or_packages_compute_everything_again(study, monkeypatch):
    evaluated(study, beside(study))
    monkeypatch.setattr(steps, "versions", lambda: code.versions() | {"numpy": "0"})
    evaluated(study, kept := beside(study))
    assert made(kept) == EVERY | {"falsification"}
    monkeypatch.setattr(steps, "code_hash", lambda: "other")
    evaluated(study, kept := beside(study))
    assert made(kept) == EVERY | {"falsification"}


def test_what_a_step_said_is_said_again(tmp_path):
    def make() -> int:
        note("three rows were dropped")
        note(Doubt("few cities"))
        return 1

    for _ in range(2):
        with collecting() as said:
            plan.Steps(tmp_path)("named", (1,), make)
        assert said == ["three rows were dropped", "few cities"]
        assert [isinstance(line, Doubt) for line in said] == [False, True]


@pytest.mark.parametrize("harm", [lambda whole: whole[:-3], lambda whole: whole[:-1] + b"!", lambda _: b""])
def test_a_step_that_is_not_as_it_was_written_is_made_again(tmp_path, harm):
    kept = plan.Steps(tmp_path)
    assert kept("named", ("x",), lambda: [1, 2, 3]) == [1, 2, 3]
    file = tmp_path / kept.done[0].key
    file.write_bytes(harm(file.read_bytes()))
    assert plan.Steps(tmp_path)("named", ("x",), lambda: "made again") == "made again"
    assert plan.Steps(tmp_path)("named", ("x",), lambda: "a third time") == "made again"


def test_an_error_is_not_kept(tmp_path):
    def fail() -> None:
        raise DataError("no", mend="yes")

    with pytest.raises(DataError):
        plan.Steps(tmp_path)("named", (), fail)
    assert plan.Steps(tmp_path)("named", (), lambda: 2) == 2


def test_kept_steps_are_for_their_owner_and_those_not_used_are_forgotten(study, tmp_path):
    folder = plan.kept_beside(plan.read_study(study))
    folder.mkdir(mode=0o700)
    (folder / ("0" * 64)).write_bytes(b"of an earlier run")
    (folder / ".half-written").write_bytes(b"of a run that was killed")
    evaluated(study, first := beside(study))
    (folder / ("1" * 64)).write_bytes(b"of a run beside this one")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE((folder / step.key).stat().st_mode) for step in first.done} == {0o600}
    assert (folder / ".gitignore").read_text() == "*\n"
    first.forget_others()
    assert {file.name for file in folder.iterdir()} == {".gitignore", "1" * 64, *(step.key for step in first.done)}


def test_kept_tables_do_not_open_the_door_of_a_plan_that_is_not_frozen(tmp_path, town):
    file = town(tmp_path)
    stated = plan.read_study(file)
    plan.freeze(plan.read_plan(tmp_path / "PLAN.toml", stated), stated, plan.read_before(stated), by="us")
    plan.read_tables(stated, steps=beside(file))
    kept = beside(file)
    plan.read_tables(stated, steps=kept)
    assert [step.kept for step in kept.done] == [True]
    (tmp_path / "PLAN.frozen.json").unlink()
    with pytest.raises(DataError, match="is not frozen"):
        plan.read_tables(stated, steps=beside(file))


class Killed(BaseException):
    """A run that stops where it is."""


@pytest.mark.parametrize("seed", range(2))
def test_a_run_that_stops_at_any_step_goes_on_there(study, monkeypatch, seed):
    alone, _ = evaluated(study)
    rng = np.random.default_rng(seed)
    write = plan.Steps._write
    for _ in range(5):
        left = int(rng.integers(0, 2))

        def stopping(self, key, found, left=left, done=[]):  # noqa: B006 (one list a run)
            if len(done) == left:
                raise Killed
            done.append(key)
            write(self, key, found)

        monkeypatch.setattr(plan.Steps, "_write", stopping)
        try:
            evaluated(study, beside(study))
        except Killed:
            continue
    monkeypatch.setattr(plan.Steps, "_write", write)
    kept = beside(study)
    assert evaluated(study, kept)[0] == alone
    assert any(step.kept for step in kept.done)


def test_killed_at_random_moments_the_command_gives_the_same_numbers(study, tmp_path):
    """Kills come from outside, once a further step lies there and a random moment has gone by."""
    folder, seed = plan.kept_beside(plan.read_study(study)), int(time.time())
    rng = np.random.default_rng(seed)
    command = [sys.executable, "-m", "coresponder_causal.cli", "evaluate", str(study), "--out", str(tmp_path / "out")]
    killed = 0
    for _ in range(3):
        there = len(list(folder.glob("[0-9a-f]*"))) if folder.is_dir() else 0
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
        while run.poll() is None and len(list(folder.glob("[0-9a-f]*"))) == there:
            time.sleep(0.01)
        time.sleep(float(rng.uniform(0, 0.2)))
        if run.poll() is None:
            run.send_signal(signal.SIGKILL)
            killed += 1
        run.wait()
    assert killed >= 2, f"the run was over before it could be killed (seed {seed})"
    done = subprocess.run([*command, "--force"], capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    stored = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert stored == [json.loads(result) for result in evaluated(study)[0]], f"seed {seed}"
    assert not list((tmp_path / "out").glob(".*"))


def test_where_the_study_cannot_be_written_to_nothing_is_kept_and_all_is_computed(study, tmp_path, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(steps.os, "access", lambda folder, mode: False)
    written = plan.evaluate(study, tmp_path / "out", say=said.append)
    assert written.file.is_file()
    assert written.steps == ()
    assert not (study.parent / steps.kept_name).exists()
    assert "Keeping no steps: the folder of the study cannot be written to" in said
