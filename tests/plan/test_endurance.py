"""Killed, out of space or memory, beside another run: nothing is lost or half there, and nothing is a traceback."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal import plan, report
from coresponder_causal.cli import app
from coresponder_causal.data import ingest_write
from coresponder_causal.plan.steps import kept_name
from coresponder_causal.privacy import Counts, Ledger, Policy
from coresponder_causal.report.specs import Column

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
MAPPING = """\
[[source]]
name = "cad"
table = "calls"
files = ["cad.csv"]
[source.columns]
call_id = "ID"
received_at = "Time"
[source.constants]
city = "Davis"
"""
NAMES = (
    "x" * 300,
    "Dav🚓is",
    "\u202eعنوان",
    "../../etc/Davis\\x",
    '=HYPERLINK("a";"b")',
    "A$B_{x}$ \\alpha",
    "<script>",
    "Da\x07vis",
    'Two\nlines, a "quote" and a comma',
)
COLUMNS = {'🚓 two\nlines, a "quote"' + "x" * 300: 0, " month ": 2}


def screen(*words: object) -> tuple[int, str]:
    """Exit code and what is read on the screen, on one line."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.translate(dict.fromkeys(map(ord, "│╭╮╰╯─"), " ")).split())


@pytest.fixture
def mapping(tmp_path) -> Path:
    rows = [f"{number},2024-07-{number % 28 + 1:02d} 12:00" for number in range(3_000)]
    (tmp_path / "cad.csv").write_text("\n".join(["ID,Time", *rows]), encoding="utf-8")
    (tmp_path / "MAPPING.toml").write_text(MAPPING, encoding="utf-8")
    return tmp_path / "MAPPING.toml"


def test_an_ingest_that_is_killed_is_there_whole_or_not_at_all(mapping, tmp_path, forked):
    out = tmp_path / "tables"
    began = time.perf_counter()
    plan.ingest_into(mapping, tmp_path / "undisturbed")
    lasts, whole = time.perf_counter() - began, {path.name for path in (tmp_path / "undisturbed").iterdir()}
    for wait in np.random.default_rng(5).uniform(0, 1.2 * lasts, 5):
        run = forked(lambda: plan.ingest_into(mapping, out))
        time.sleep(float(wait))
        os.kill(run, signal.SIGKILL)
        os.waitpid(run, 0)
        if out.exists():
            assert {path.name for path in out.iterdir()} == whole
            break
    plan.ingest_into(mapping, out, force=True)
    assert (out / "calls.csv").read_bytes() == (tmp_path / "undisturbed" / "calls.csv").read_bytes()


def test_whatever_left_before_a_release_was_killed_is_in_the_ledger(tmp_path, forked):
    ledger, out = Ledger(tmp_path / "releases.jsonl"), tmp_path / "out"
    frame = pd.DataFrame({"district": [f"district {number}" for number in range(200)], "calls": np.arange(200) + 40})
    counts = (Counts(family="calls", frame=frame, dimensions=("district",), count="calls"),)
    columns = (Column("district", "District"), Column("calls", "Calls", "whole"))
    table = report.Table(title="Calls", frame=frame, columns=columns, counts=counts)

    def releasing() -> None:
        number = 0
        while True:
            number += 1
            report.write_all({out / f"{number}.csv": table}, policy=Policy(audience="public"), ledger=ledger)

    for wait in np.random.default_rng(7).uniform(0.1, 0.4, 4):
        run = forked(releasing)
        time.sleep(float(wait))
        os.kill(run, signal.SIGKILL)
        os.waitpid(run, 0)
        ledger.verify()
        lines = ledger.path.read_bytes().split(b"\n")[:-1] if ledger.path.is_file() else []
        recorded = {json.loads(line)["sha256"] for line in lines}
        left = {hashlib.sha256(path.read_bytes()).hexdigest() for path in out.glob("[0-9]*.csv")}
        assert left <= recorded
    report.write(table, out / "last.csv", audience="public", ledger=ledger)
    assert len(ledger.cells()["calls"]) >= len(frame)


@pytest.mark.parametrize(("code", "says"), [(errno.ENOSPC, "No space left"), (errno.EROFS, "Read-only file system")])
def test_where_nothing_can_be_written_one_screen_says_so(mapping, tmp_path, monkeypatch, code, says):
    def refused(*_: object, **__: object) -> str:
        raise OSError(code, os.strerror(code), "here")

    monkeypatch.setattr(tempfile, "mkdtemp" if code == errno.EROFS else "TemporaryDirectory", refused)
    code, said = screen("ingest", mapping, "--out", tmp_path / "out")
    assert code == 2
    assert says in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("error", [MemoryError(), ImportError("libXau.so: failed to map segment from shared object")])
def test_too_little_memory_is_one_screen(mapping, tmp_path, monkeypatch, error):
    def too_much(*_: object, **__: object) -> bytes:
        raise error

    monkeypatch.setattr(ingest_write, "_bytes", too_much)
    code, said = screen("ingest", mapping, "--out", tmp_path / "out")
    assert code == 2
    assert "there is not enough memory" in said
    assert not (tmp_path / "out").exists()


def capped(extra: int, *words: object) -> subprocess.CompletedProcess[str]:
    """Run a command that may take so many MB more than it has when it begins."""
    program = (
        "import resource, sys\n"
        "import pandas, rich, coresponder_causal.plan as plan, coresponder_causal.cli as cli\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        f"resource.setrlimit(resource.RLIMIT_AS, (used + {extra} * 2**20,) * 2)\n"
        f"sys.argv = {['coresponder-causal', *map(str, words)]}\n"
        "cli.main()\n"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its share of memory")
def test_an_evaluation_under_a_cap_of_memory_ends_on_one_screen(series_alone, tmp_path):
    done = capped(150, "evaluate", series_alone(tmp_path), "--out", tmp_path / "out")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "there is not enough memory" in done.stderr
    assert {path.name for path in tmp_path.iterdir() if not path.is_file()} <= {kept_name}


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its share of memory")
def test_under_a_cap_of_memory_the_command_ends_on_one_screen(tmp_path):
    frame = pd.DataFrame({"call_id": np.arange(400_000), "city": "Davis", "received_at": "2024-07-01 12:00"})
    frame.to_csv(tmp_path / "calls.csv", index=False)
    done = capped(60, "quality", tmp_path / "calls.csv", "--out", tmp_path / "out")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "memory" in done.stderr


@pytest.mark.full
def test_two_evaluations_at_once_into_one_folder_leave_one_of_them_whole(series_alone, tmp_path, forked):
    study, out = series_alone(tmp_path), tmp_path / "out"
    alone = json.loads((plan.evaluate(study, tmp_path / "alone").file.with_name("results.json")).read_text("utf-8"))
    for _ in range(3):
        runs = [forked(lambda: plan.evaluate(study, out, fresh=True)) for _ in range(2)]
        codes = sorted(os.waitstatus_to_exitcode(os.waitpid(run, 0)[1]) for run in runs)
        assert codes == [0, 1]
        assert json.loads((out / "results.json").read_text(encoding="utf-8")) == alone
        assert [path for path in tmp_path.iterdir() if path.name.startswith(".") and path.name != kept_name] == []
        out.rename(tmp_path / f"out of {time.time_ns()}")


def test_columns_of_any_name_are_ingested_or_one_screen_names_them(mapping, tmp_path):
    """Names are read without the spaces around them; a mapping that has these is told so."""
    for name, ends in COLUMNS.items():
        rows = pd.DataFrame({"ID": range(9), name: "2024-07-01 12:00"})
        rows.to_csv(tmp_path / "cad.csv", index=False)
        mapping.write_text(MAPPING.replace('"Time"', json.dumps(name, ensure_ascii=False)), encoding="utf-8")
        code, said = screen("ingest", mapping, "--out", tmp_path / f"out {ends}")
        assert code == ends, said
        assert (tmp_path / f"out {ends}").exists() == (ends == 0)
    assert len(pd.read_csv(tmp_path / "out 0" / "calls.csv")) == 9


@pytest.mark.full
@pytest.mark.parametrize("name", NAMES)
def test_a_city_of_any_name_is_evaluated(series_alone, tmp_path, name):
    study = series_alone(tmp_path)
    for table in ("city_panel", "control_series"):
        frame = pd.read_csv(tmp_path / f"{table}.csv")
        frame["city"] = frame["city"].replace("Davis", name)
        frame.to_csv(tmp_path / f"{table}.csv", index=False)
    text = study.read_text(encoding="utf-8").replace('"Davis"', json.dumps(name, ensure_ascii=False))
    study.write_text(text, encoding="utf-8")
    code, said = screen("evaluate", study, "--out", tmp_path / "out")
    assert code == 0, said
    assert "<script>" not in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    for file in (tmp_path / "out").rglob("*.csv"):
        cells = pd.read_csv(file, dtype=str, keep_default_na=False)
        assert not cells.map(lambda cell: cell.startswith(("=", "@"))).any(axis=None), file
    assert {path.parent for path in tmp_path.rglob("index.html")} == {tmp_path / "out"}


@pytest.mark.full
@pytest.mark.parametrize("seed", range(50))
def test_a_whole_run_on_spoilt_tables_ends_well_or_on_one_screen(series_alone, tmp_path, seed):
    rng, study = np.random.default_rng(seed), series_alone(tmp_path)
    file = tmp_path / f"{rng.choice(['city_panel', 'control_series', 'programmes'])}.csv"
    table = pd.read_csv(file, dtype=object)
    for _ in range(rng.integers(1, 3)):
        row, column = rng.integers(0, len(table)), rng.integers(0, table.shape[1])
        strange = ("", "0", "-5", "1e300", "nan", "2020-13", "Davis", "9" * 30, "yes", "2031-01", "🚓")
        match rng.integers(0, 4):
            case 0:
                table = table.drop(index=table.index[: row + 1]) if row + 1 < len(table) else table
            case 1:
                table.iloc[:, column] = rng.choice(strange)
            case 2:
                table.iloc[: row + 1, column] = "0"
            case _:
                table.iloc[row, column] = rng.choice(strange)
    table.to_csv(file, index=False)
    code, said = screen("evaluate", study, "--out", tmp_path / "out")
    assert code in (0, 2), said
    assert (tmp_path / "out").exists() == (code == 0)
