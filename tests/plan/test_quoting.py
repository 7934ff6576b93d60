"""Quotes are signed for by a form: yes is recorded, no takes a word back, and nothing half-read is written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal import plan
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError
from coresponder_causal.data import read_table
from coresponder_causal.qualitative import Code, Coded, Segment, Source, read_signed_quotes, write_qdpx

STUDY = """
[study]
title = "Heard"
simulated = true
[tables]
calls = "calls.csv"
[treated]
city = "Davis"
[designs]
run = ["calls"]
[calls]
outcomes = ["arrest"]
covariates = ["priority"]
[qualitative]
coded = "interviews.qdpx"
register = "interviews.csv"
known = "names.txt"
[[qualitative.theme]]
code = "Calmer"
outcome = "arrest"
says = "helps"
[[qualitative.theme]]
code = "Paperwork"
outcome = "arrest"
says = "harms"
"""
WORDS = ("Zorba was calm with us.", "=SUM of forms, again.", "Nobody shouted.")


@pytest.fixture
def home(tmp_path) -> Path:
    """Three interviews with one quote each, and a study that names their codes."""
    names = [f"I{i}" for i in range(3)]
    codes = ("Calmer", "Paperwork", "Calmer")
    coded = Coded(
        codes=(Code(name="Calmer"), Code(name="Paperwork")),
        sources=tuple(Source(name=name, text=text) for name, text in zip(names, WORDS, strict=True)),
        segments=tuple(
            Segment(source=name, start=0, end=len(text), code=code, coder="ann")
            for name, text, code in zip(names, WORDS, codes, strict=True)
        ),
    )
    write_qdpx(coded, tmp_path / "interviews.qdpx")
    register = {"interview": names, "stakeholder": "officer", "date": "2026-01-05", "consent": "yes"}
    pd.DataFrame(register).to_csv(tmp_path / "interviews.csv", index=False)
    pd.DataFrame({"call_id": ["c1"], "city": ["Davis"]}).to_csv(tmp_path / "calls.csv", index=False)
    (tmp_path / "names.txt").write_text("Zorba\n")
    (tmp_path / "STUDY.toml").write_text(STUDY)
    return tmp_path


def filled(home: Path, *marks: str) -> Path:
    """Write the form and fill its .csv."""
    plan.write_quotes(home / "STUDY.toml", home / "form")
    form = read_table(home / "form" / "quotes.csv")
    (home / "form" / "quotes.xlsx").unlink()
    form.assign(may_be_shown=marks).to_csv(home / "form" / "quotes.csv", index=False)
    return home / "form"


def test_what_is_marked_yes_is_signed_and_a_later_no_takes_it_back(home):
    lines, (file,) = plan.read_quotes(
        home / "STUDY.toml", filled(home, "yes", "no", "yes"), by="A. Reader", on="2026-03-02"
    )
    assert lines[0] == "2 of 3 quotes may be shown, by the word of A. Reader on 2026-03-02."
    assert lines[-1].endswith('signed = "quotes_signed.csv"')
    assert len(read_signed_quotes(file)) == 2
    text = STUDY.replace('known = "names.txt"', 'known = "names.txt"\nsigned = "quotes_signed.csv"')
    (home / "STUDY.toml").write_text(text)
    plan.write_quotes(home / "STUDY.toml", home / "again")
    form = read_table(home / "again" / "quotes.xlsx")
    assert form["may_be_shown"].fillna("").tolist() == ["yes", "", "yes"]
    lines, _ = plan.read_quotes(home / "STUDY.toml", filled(home, "no", "no", "yes"), by="B. Reader", on="2026-03-09")
    assert "1 that were signed for before are no longer shown." in lines
    kept = read_signed_quotes(file)
    assert kept["signed_by"].tolist() == ["A. Reader"]


def test_the_form_is_redacted_as_the_study_says_and_names_no_interview(home):
    plan.write_quotes(home / "STUDY.toml", home / "form")
    written = (home / "form" / "quotes.csv").read_text()
    assert "Zorba" not in written
    assert "I0" not in written
    assert "'=SUM" in written


def test_broken_rows_are_listed_together_and_nothing_is_written(home):
    folder = filled(home, "yes", "perhaps", "")
    form = pd.read_csv(folder / "quotes.csv", dtype=str, keep_default_na=False)
    form.loc[0, "text"] = "He was calm with us."
    form.to_csv(folder / "quotes.csv", index=False)
    with pytest.raises(DataError) as error:
        plan.read_quotes(home / "STUDY.toml", folder, by="A. Reader", on="2026-03-02")
    for part in ("1 rows have no may_be_shown", "neither yes nor no", "1 quotes have other words"):
        assert part in str(error.value)
    with pytest.raises(DataError, match="nobody is named"):
        plan.read_quotes(home / "STUDY.toml", filled(home, "no", "no", "no"), by="", on="2026-03-02")
    assert not (home / "quotes_signed.csv").exists()


def test_the_command_writes_and_reads(home):
    run = CliRunner().invoke
    study = str(home / "STUDY.toml")
    assert run(app, ["quotes", study]).exit_code == 2
    assert run(app, ["quotes", study, "--out", str(home / "form")]).exit_code == 0
    folder = filled(home, "yes", "yes", "no")
    found = run(app, ["quotes", study, "--read", str(folder), "--by", "A. Reader", "--on", "2026-03-02"])
    assert found.exit_code == 0
    assert "2 of 3 quotes may be shown" in found.output
