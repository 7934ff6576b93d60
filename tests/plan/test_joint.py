"""The block [qualitative] of a study: read, refused, run, and frozen with the plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.frozen import study_content
from coresponder_causal.plan.joint import with_joint_display
from coresponder_causal.plan.portable import moved_paths
from coresponder_causal.plan.run import evaluation_page
from coresponder_causal.qualitative import (
    Code,
    Coded,
    Segment,
    Source,
    quotes,
    sign_quotes,
    write_qdpx,
    write_signed_quotes,
)
from coresponder_causal.report.specs import Picture, Table

HEAD = """
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
"""
BLOCK = """
[qualitative]
coded = "interviews.qdpx"
register = "interviews.csv"
signed = "signed.csv"
coder = "ann"
[[qualitative.theme]]
code = "Calmer"
outcome = "arrest"
says = "helps"
[[qualitative.theme]]
code = "Paperwork"
outcome = "arrest"
says = "harms"
"""
WHO = ("officer", "family")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Calls in which attendance averts arrests; thirty interviews, two of them withdrawn, and a sign-off."""
    home, rng, n = tmp_path_factory.mktemp("heard"), np.random.default_rng(1), 2000
    attended = rng.random(n) < 0.4
    calls = pd.DataFrame(
        {
            "call_id": [f"c{i}" for i in range(n)],
            "city": "Davis",
            "received_at": pd.Timestamp("2021-01-01") + pd.to_timedelta(4 * np.arange(n), unit="h"),
            "initial_type": "welfare_check",
            "priority": rng.integers(1, 4, n),
            "attended": attended,
            "team_on_duty": True,
            "arrest": rng.random(n) < 0.3 - 0.15 * attended,
        }
    )
    calls.to_csv(home / "calls.csv", index=False)
    names = [f"I{i:02d}" for i in range(30)]
    sources = tuple(Source(name=name, text="Maria Lopez stayed calm with us.") for name in names)
    spoken = tuple(
        Segment(source=name, start=0, end=23, code=code, coder="ann")
        for code, many in (("Calmer", 16), ("Paperwork", 13))
        for name in names[:many]
    )
    coded = Coded(codes=(Code(name="Calmer"), Code(name="Paperwork")), sources=sources, segments=spoken)
    write_qdpx(coded, home / "interviews.qdpx")
    register = pd.DataFrame(
        {
            "interview": names,
            "stakeholder": [WHO[i % 2] for i in range(30)],
            "date": "2026-01-05",
            "consent": "yes",
            "withdrawn": ["yes" if i < 2 else "no" for i in range(30)],
        }
    )
    register.to_csv(home / "interviews.csv", index=False)
    with quietly():
        found = quotes(coded, code="Calmer", interviews=register)
    read = found[found["said_by"].eq("officer")].head(1)
    write_signed_quotes(sign_quotes(read, by="A. Reader", on="2026-03-02", missed=0), home / "signed.csv")
    (home / "STUDY.toml").write_text(HEAD + BLOCK)
    return home


@pytest.fixture(scope="module")
def evaluated(folder) -> tuple[plan.Evaluation, dict[str, pd.DataFrame]]:
    study = plan.read_study(folder / "STUDY.toml")
    with quietly():
        tables, quality = plan.read_tables(study)
        return plan.run(study, tables, quality), tables


def section_of(evaluation, tables):
    with quietly():
        return with_joint_display(evaluation_page(evaluation), evaluation, tables).sections[-1]


def test_the_section_holds_verdicts_picture_tables_and_signed_quotes(evaluated):
    section = section_of(*evaluated)
    assert section.title.startswith("What do people say")
    assert section.blocks[0].text == "Themes held beside results: 1 convergent, 1 discordant."
    (picture,) = (block for block in section.blocks if isinstance(block, Picture))
    tables = {block.title: block for block in section.blocks if isinstance(block, Table)}
    joint = tables["What people say beside what was estimated"].frame
    assert joint["result"].tolist() == ["call_difference/arrest"] * 2
    result = evaluated[0].results[0].tidy()
    assert joint["low"].iloc[0] == result["conf_low"].iloc[0]
    heard = tables["Who brought the themes up"].frame
    assert heard[heard["theme"].eq("Calmer") & heard["group"].eq("all")][["cases_with", "cases"]].values.tolist() == [
        [14, 28]
    ]
    assert set(tables["In their words"].frame["quote"]) == {"[PERSON 1] stayed calm"}
    assert set(tables["In their words"].frame["said_by"]) == {"Officer"}
    assert len(picture.data["shares"]) == 6
    assert "2 of 30 interview records were left out" in str(section.blocks[-1].items)


def test_a_public_evaluation_shows_signed_quotes_alone_and_no_small_count(folder, tmp_path):
    with quietly():
        done = plan.evaluate(folder / "STUDY.toml", tmp_path / "out", audience="public")
    text = done.file.read_text(encoding="utf-8")
    assert "What do people say" in text
    assert "[PERSON 1] stayed calm" in text
    assert "Quotes that nobody has signed for are not shown" in text
    assert "not signed off" not in text
    for path in (tmp_path / "out").rglob("*.csv"):
        written = path.read_text(encoding="utf-8")
        assert "Maria" not in written
        assert "I02" not in written
    (heard,) = (tmp_path / "out" / "tables").glob("*who_brought*.csv")
    table = pd.read_csv(heard, dtype=str)
    assert len(table) == 6
    shown = pd.to_numeric(table["cases_with"], errors="coerce")
    assert shown.dropna().ge(11).all()


def test_what_cannot_be_told_is_said_with_its_mend(evaluated, folder):
    evaluation, tables = evaluated
    heard = evaluation.study.qualitative
    assert heard is not None
    strange = replace(heard, themes=(replace(heard.themes[0], code="Calm"),))
    section = section_of(replace(evaluation, study=replace(evaluation.study, qualitative=strange)), tables)
    assert "there is no code 'Calm'" in section.blocks[0].text


def test_all_that_is_wrong_with_the_block_is_listed_together(folder):
    wrong = """
[qualitative]
coded = "interviews.csv"
machines = "gpt"
least = 0
[[qualitative.theme]]
code = "Calmer"
says = "good"
colour = "red"
matters = -1
"""
    (folder / "WRONG.toml").write_text(HEAD + wrong)
    with pytest.raises(DataError) as caught:
        plan.read_study(folder / "WRONG.toml")
    for said in ("coded in [qualitative] is interviews.csv", "no register", "machines in", "least in",
                 "unknown key 'colour'", "has no outcome", "'good' is not a choice", "matters of"):  # fmt: skip
        assert said in str(caught.value)
    (folder / "EMPTY.toml").write_text(HEAD + '[qualitative]\nregister = "none.csv"\n')
    with pytest.raises(DataError, match=r"(?s)'coded'.*no file none.csv.*names no theme"):
        plan.read_study(folder / "EMPTY.toml")


def test_directions_are_frozen_with_the_study_and_files_travel_with_it(folder):
    study = plan.read_study(folder / "STUDY.toml")
    content = study_content(study)["qualitative"]
    assert content["themes"][1]["says"] == "harms"
    assert content["paths"] == {
        "coded": "interviews.qdpx", "register": "interviews.csv", "signed": "signed.csv"
    }  # fmt: skip
    assert "qualitative" not in study_content(replace(study, qualitative=None))
    block = {"tables": {"calls": "calls.csv"}, "qualitative": {"coded": "interviews.qdpx"}}
    assert moved_paths(block, folder)["interviews.qdpx"][1] == "tables/interviews.qdpx"
