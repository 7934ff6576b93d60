"""The command line from an export to tables, and from tables to the page of their quality."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal.cli import app
from coresponder_causal.data.ingest_write import example

MAPPING = """\
[[source]]
name = "cad"
table = "calls"
files = ["cad.csv"]
repair = ["spaces"]

[source.columns]
call_id = "ID"
received_at = "Time"
initial_type = "Nature"

[source.constants]
city = "Davis"
"""
ROWS = """\
ID,Time,Nature,Remark
1,2024-07-01 12:00,other,x
 2,2024-07-02 12:00,UFO,x
3,noon,other,x
1,2024-07-01 12:00,other,x
"""


def invoke(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def words(screen: str) -> str:
    return " ".join(screen.translate(dict.fromkeys(map(ord, "│╭╮╰╯─"), " ")).split())


@pytest.fixture
def mapping(tmp_path) -> Path:
    (tmp_path / "cad.csv").write_text(ROWS)
    (tmp_path / "MAPPING.toml").write_text(MAPPING)
    return tmp_path / "MAPPING.toml"


def test_an_ingest_prints_its_account_and_writes_its_files(mapping, tmp_path):
    out = tmp_path / "tables"
    done = invoke("ingest", mapping, "--out", out)
    assert done.exit_code == 0, done.output
    screen = words(done.output)
    assert "4 rows read = 1 accepted + 1 repaired + 1 duplicate + 1 quarantined" in screen
    assert "1 cad: received_at: unreadable date" in screen
    assert "1 cad: initial_type: UFO" in screen
    assert "Columns not read cad: Remark" in screen
    assert "noon" not in screen
    assert json.loads((out / "ledger.json").read_text())["rows"]["read"] == 4
    assert pd.read_csv(out / "calls.csv")["call_id"].tolist() == [1, 2]
    again = invoke("ingest", mapping, "--out", out)
    assert again.exit_code == 2
    assert "not empty" in words(again.output)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert invoke("ingest", mapping, "--out", out, "--force").exit_code == 0
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}


def test_the_example_mapping_is_written_once(tmp_path):
    target = tmp_path / "MAPPING.toml"
    assert invoke("ingest", "--example", target).exit_code == 0
    assert target.read_bytes() == example.read_bytes()
    assert invoke("ingest", "--example", target).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no mapping was given"),
        (("none.toml",), "there is no mapping file none.toml"),
        (("MAPPING.toml", "--form", "xls"), "there is no form 'xls'"),
    ],
)
def test_what_cannot_be_ingested_is_said_on_one_screen(mapping, monkeypatch, arguments, said):
    monkeypatch.chdir(mapping.parent)
    done = invoke("ingest", *arguments)
    assert done.exit_code == 2
    assert said in words(done.output)


def test_a_study_reads_what_an_ingest_wrote(mapping, tmp_path):
    invoke("ingest", mapping, "--out", tmp_path / "tables")
    study = '[study]\ntitle = "Log"\n\n[tables]\ncalls = "tables/calls.csv"\n\n[designs]\nrun = []\n'
    (tmp_path / "STUDY.toml").write_text(study)
    done = invoke("evaluate", tmp_path / "STUDY.toml", "--out", tmp_path / "page")
    assert done.exit_code == 0, done.output
    assert "1 doubt about their quality" in words(done.output)  # the unknown code


def test_the_quality_of_an_ingest_becomes_a_page_and_a_register(tmp_path):
    when = pd.date_range("2024-01-01 00:01:30", periods=900, freq="9h17min")
    calls = pd.DataFrame({"ID": range(900), "Time": when.astype(str), "Nature": "other"})
    calls.loc[when >= "2024-06-03", "Nature"] = ""
    calls.to_csv(tmp_path / "cad.csv", index=False)
    (tmp_path / "MAPPING.toml").write_text(MAPPING)
    invoke("ingest", tmp_path / "MAPPING.toml", "--out", tmp_path / "tables")
    done = invoke("quality", tmp_path / "tables", "--out", tmp_path / "page", "--until", "2025-06-01")
    assert done.exit_code == 0, done.output
    assert "From 3 June 2024 on, “Type as reported” is missing in 100 % of rows" in words(done.output)
    text = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
    assert "What became of every row of the exports" in page
    assert pd.read_csv(tmp_path / "page" / "breaks.csv")["date"].tolist() == ["2024-06-03"]
    assert invoke("quality", tmp_path / "tables", "--out", tmp_path / "page").exit_code == 2


def test_a_file_that_is_named_as_no_table_is_refused(tmp_path):
    (tmp_path / "export.csv").write_text(ROWS)
    done = invoke("quality", tmp_path / "export.csv", "--out", tmp_path / "page")
    assert done.exit_code == 2
    assert "not named as a table" in words(done.output)
    done = invoke("quality", tmp_path, "--out", tmp_path / "page")
    assert done.exit_code == 2
    assert "is named as a table" in words(done.output)
