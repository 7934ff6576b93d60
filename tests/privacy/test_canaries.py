"""Strings planted where persons are told, and every door of the package opened: none of them may come out.

Each field that is not open holds canaries: as text where any text fits, and in a second planting everywhere, so that
dates, numbers and codes are broken. What a door writes, says, raises, logs or shows on the screen is searched, with
the causes of every exception. The tables that an ingest writes, its lists of rows and codes that it could not take, and
the keys in its account of rows are the records themselves, beside a file that says so; they alone are left out.
"""

from __future__ import annotations

import logging
import pickle
import shutil
import tomllib
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import coresponder_causal as cc
from coresponder_causal.cli import app
from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import collecting
from coresponder_causal.data import dictionary
from coresponder_causal.data.dictionary import Field

CANARY = "Zqcanary"
TABLES = sorted(dictionary.tables())
RAW = {"quarantine.csv", "unknown_codes.csv", "provenance.csv"}
ROWS = 8


def sound(field: Field, row: int) -> object:
    if field.allowed is not None:
        return field.allowed[row % len(field.allowed)]
    values: Mapping[str, object] = {
        "boolean": bool(row % 2),
        "integer": 1 + row % 3,
        "number": 1.0,
        "datetime": f"2024-07-0{row % 8 + 1} 12:00",
        "date": f"2024-07-0{row % 8 + 1}",
        "month": f"2024-0{row % 8 + 1}",
        "text": "America/Los_Angeles" if field.name == "time_zone" else "Davis" if field.name == "city" else f"x{row}",
    }
    return values[field.type]


def planted(table: str, *, broken: bool) -> pd.DataFrame:
    """A table whose fields that are not open hold canaries: only where any text fits, or everywhere."""

    def cell(field: Field, row: int) -> object:
        free = field.type == "text" and field.allowed is None
        hidden = field.privacy != "open" and (free or broken)
        return f"{CANARY} {field.name} {row}" if hidden else sound(field, row)

    fields = dictionary.table(table).fields
    return pd.DataFrame({field.name: [cell(field, row) for row in range(ROWS)] for field in fields})


class Door:
    """Opens a door and keeps everything that comes out of it."""

    def __init__(self, log: pytest.LogCaptureFixture) -> None:
        self.said: list[str] = []
        self.log = log
        log.set_level(logging.DEBUG)

    def open(self, door: Callable[[], object]) -> object:
        with collecting() as notes:
            try:
                result = door()
            except CausalError as error:
                result = None
                self.keep(*raised(error))
        self.keep(*map(str, notes), repr(result), str(result), self.log.text)
        return result

    def keep(self, *texts: str) -> None:
        self.said += texts

    def silent(self) -> bool:
        leaks = sorted({text[max(0, text.find(CANARY) - 80) :][:160] for text in self.said if CANARY in text})
        assert not leaks, "\n".join(leaks)
        return True


def raised(error: BaseException) -> Iterator[str]:
    """What an exception can show: itself, its pickle, and the printed trace of it and its causes."""
    yield from (str(error), repr(error), pickle.dumps(error).decode("latin-1"))
    yield "".join(traceback.format_exception(error))
    for cause in (error.__cause__, error.__context__):
        if cause is not None:
            yield from (str(cause), repr(cause))


def written(folder: Path, *, but: frozenset[str] = frozenset()) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in but]
    assert files
    return [path.read_bytes().decode("utf-8", errors="replace") + path.name for path in files]


@pytest.fixture
def door(caplog: pytest.LogCaptureFixture) -> Iterator[Door]:
    opened = Door(caplog)
    yield opened
    assert opened.silent()


def test_the_search_finds_a_leak(caplog: pytest.LogCaptureFixture) -> None:
    leaky = Door(caplog)

    def fails() -> None:
        try:
            int(f"{CANARY} 1")
        except ValueError as error:
            raise cc.core.errors.DataError("it broke", mend="mend it") from error

    leaky.open(fails)
    with pytest.raises(AssertionError, match="invalid literal"):
        leaky.silent()


@pytest.mark.parametrize("broken", [False, True], ids=["sound", "broken"])
def test_validation(broken: bool, door: Door) -> None:
    for table in TABLES:
        frame = planted(table, broken=broken)
        twice = pd.concat([frame, frame.iloc[:2]])
        found = door.open(lambda: cc.data.findings(twice, table=table))  # noqa: B023
        door.keep(found.to_string())
        door.open(lambda: cc.data.validate(twice, table=table) is None)  # noqa: B023


@pytest.mark.parametrize("broken", [False, True], ids=["sound", "broken"])
def test_quality_and_its_page(broken: bool, door: Door, tmp_path: Path) -> None:
    tables = {name: planted(name, broken=broken) for name in ("calls", "contacts", "narratives", "persons", "surveys")}
    quality = door.open(lambda: cc.data.quality(tables))
    cc.report.write(cc.report.quality_page(quality), tmp_path / "page")
    cc.report.write(cc.report.breaks_table(quality), tmp_path / "breaks.csv")
    door.keep(*written(tmp_path), quality.issues.to_string())


def test_a_file_without_a_head_does_not_show_its_first_row(door: Door, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(f"{CANARY} 1,Davis,{CANARY} 2\n{CANARY} 3,Davis,{CANARY} 2\n")
    frame = cc.data.read_table(tmp_path / "calls.csv")
    found = cc.data.findings(frame, table="calls")
    door.keep(found.to_string())
    door.open(lambda: cc.data.validate(frame, table="calls"))
    (tmp_path / "calls.csv").write_text(f"{CANARY} 1,Davis,{CANARY} 1\nx,y,z\n")
    door.open(lambda: cc.data.read_table(tmp_path / "calls.csv"))
    (tmp_path / "calls.csv").write_bytes(f"{CANARY},\x81\n".encode("cp1252", errors="ignore") + b"\x81,\x8d\n")
    door.open(lambda: cc.data.read_table(tmp_path / "calls.csv") is None)
    (tmp_path / "calls.csv").write_text(f'a,b\n{CANARY},2,3,4\n{CANARY},2\n"{CANARY}')
    door.open(lambda: cc.data.read_table(tmp_path / "calls.csv") is None)


@pytest.mark.parametrize("broken", [False, True], ids=["sound", "broken"])
@pytest.mark.parametrize("table", ["calls", "contacts", "narratives"])
def test_ingest(table: str, broken: bool, door: Door, tmp_path: Path) -> None:
    frame = planted(table, broken=broken).assign(Remark=f"{CANARY} remark")
    rows = pd.concat([frame, frame.iloc[:2]])
    rows.to_csv(tmp_path / "export.csv", index=False)
    fields = [name for name in frame.columns if name != "Remark"]
    lines = "\n".join(f'{name} = "{name}"' for name in fields)
    mapping = f'[[source]]\nname = "cad"\ntable = "{table}"\nfiles = ["export.csv"]\n[source.columns]\n{lines}\n'
    (tmp_path / "MAPPING.toml").write_text(mapping)
    ran = CliRunner().invoke(app, ["ingest", str(tmp_path / "MAPPING.toml"), "--out", str(tmp_path / "out")])
    assert ran.exit_code in {0, 2}, ran.exception
    door.keep(ran.output)
    if ran.exit_code == 0:
        door.keep(*written(tmp_path / "out", but=frozenset(RAW | {f"{table}.csv"})))
        door.keep(pd.read_csv(tmp_path / "out" / "provenance.csv").drop(columns="key").to_csv())
    door.open(lambda: cc.data.ingest(tomllib.loads(mapping), base=tmp_path))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study that `init` writes, with fewer calls and canaries wherever a person is told."""
    folder = tmp_path_factory.mktemp("study")
    assert CliRunner().invoke(app, ["init", str(folder / "study")]).exit_code == 0
    path = folder / "study" / "calls.csv"
    calls = pd.read_csv(path, dtype="str").iloc[::2].reset_index(drop=True)
    for name in ("call_id", "person"):
        calls[name] = f"{CANARY} " + calls[name]
    for name in ("address", "call_taker", "requested_by", "primary_officer"):
        calls[name] = [f"{CANARY} {name} {i % 12}" for i in range(len(calls))]
    calls["Remark"] = f"{CANARY} remark"
    calls.to_csv(path, index=False)
    text = (folder / "study" / "STUDY.toml").read_text()
    text = text.replace('run = ["hours", "cities", "series", "calls", "instrument"]', 'run = ["calls", "instrument"]')
    (folder / "study" / "STUDY.toml").write_text(text.replace('instrument = "team_free"', 'instrument = "call_taker"'))
    return folder / "study"


@pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
@pytest.mark.parametrize("command", ["evaluate", "metrics", "pathway", "readiness", "quality"])
def test_commands(command: str, study: Path, door: Door, tmp_path: Path) -> None:
    what = study / {"evaluate": "STUDY.toml", "quality": "calls.csv"}.get(command, "")
    ran = CliRunner().invoke(app, [command, str(what), "--out", str(tmp_path / "out")])
    assert ran.exit_code == 0, ran.output
    door.keep(ran.output, *written(tmp_path / "out"))


@pytest.mark.parametrize("command", ["evaluate", "metrics", "pathway", "readiness", "quality"])
def test_commands_on_broken_tables(command: str, study: Path, door: Door, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(study, folder)
    calls = pd.read_csv(folder / "calls.csv", dtype="str")
    for name in ("received_at", "arrived_at", "hold", "minutes_on_scene", "prior_contacts", "arrest"):
        calls.loc[3:5, name] = f"{CANARY} {name}"
    pd.concat([calls, calls.iloc[:2]]).to_csv(folder / "calls.csv", index=False)
    what = folder / {"evaluate": "STUDY.toml", "quality": "calls.csv"}.get(command, "")
    ran = CliRunner().invoke(app, [command, str(what), "--out", str(tmp_path / "out")])
    assert ran.exit_code in {0, 2}, ran.exception
    door.keep(ran.output)
    if ran.exit_code == 0:
        door.keep(*written(tmp_path / "out"))


@pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
def test_designs_and_results(study: Path, door: Door) -> None:
    calls = cc.data.validate(cc.data.read_table(study / "calls.csv"), table="calls")
    options = {"outcome": "arrest", "treatment": "attended", "covariates": ["hour"], "person": "person"}
    design = door.open(lambda: cc.design.CallDesign.from_frame(calls, **options))
    fit = cc.estimate.call_difference(cc.design.weight_propensity(design, scheme="overlap"))
    door.keep(repr(fit), str(fit), fit.summary(), fit.to_json(), fit._repr_html_(), design.describe())
    broken = [
        {"covariates": ["person"]},
        {"covariates": ["address", "call_taker"]},
        {"treatment": "person"},
        {"outcome": "address"},
        {"exact": ["call_taker"]},
        {"stratum": "primary_officer"},
    ]
    for wrong in broken:
        door.open(lambda: cc.design.CallDesign.from_frame(calls, **{**options, **wrong}))  # noqa: B023
    rows = calls.assign(received_at=f"{CANARY} at", y=1.0, month=range(len(calls)))
    hours = cc.data.validate(cc.data.read_table(study / "schedule.csv"), table="schedule")
    at = {"start": "2020-07-15"}
    doors: list[Callable[[], object]] = [
        lambda: cc.design.SeriesDesign.from_frame(rows, outcome="y", time="person", **at),
        lambda: cc.design.SeriesDesign.from_frame(rows, outcome="y", time="received_at", **at),
        lambda: cc.design.SeriesDesign.from_frame(rows, outcome="address", time="month", start=5),
        lambda: cc.design.PanelDesign.from_frame(rows, outcome="y", unit="city", time="month", cohort="person"),
        lambda: cc.design.PanelDesign.from_frame(rows, outcome="y", unit="person", time="month", treated="x", start=5),
        lambda: cc.design.CoverageDesign.from_tables(rows, hours, outcome="arrest", **at),
        lambda: cc.design.CallInstrumentDesign.from_tables(rows, hours, outcome="arrest", **at),
        lambda: cc.design.CallInstrumentDesign.from_tables(calls, hours, outcome="address", **at),
        lambda: cc.design.CallInstrumentDesign.from_tables(
            calls, hours, outcome="arrest", instrument="call_taker", **at
        ),
    ]
    for one in doors:
        door.open(one)
