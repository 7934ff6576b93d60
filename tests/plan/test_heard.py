"""Who was heard, how it was coded and which words are used, on the page of a study and behind the gate."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import Problems
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.heard import with_heard
from coresponder_causal.plan.qualitative_block import read_qualitative
from coresponder_causal.plan.texts_page import with_texts
from coresponder_causal.privacy import Policy
from coresponder_causal.qualitative import Code, Coded, Segment, Source, write_qdpx
from coresponder_causal.report.gate import passed
from coresponder_causal.report.specs import Page, Picture, Sentence, Table

PUBLIC = Policy(audience="public")
THEME = {"code": "Calm", "outcome": "force", "says": "helps"}
NAMES = [f"I{i:02d}" for i in range(36)]
ABOUT = (("housing", "shelter", "tent", "rent", "eviction"), ("pills", "refill", "dose", "pharmacy", "clinic"))


def project(coder, places, code="Calm"):
    """One person's project: every interview, and those that got the code."""
    rng = np.random.default_rng(1)
    sources = tuple(
        Source(name=name, text="Zorba said. " + " ".join(rng.permutation(ABOUT[i % 2])) + ".")
        for i, name in enumerate(NAMES)
    )
    spoken = tuple(Segment(source=NAMES[i], start=0, end=5, code=code, coder=coder) for i in places)
    return Coded(codes=(Code(name="Calm"), Code(name="Fear")), sources=sources, segments=spoken)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heard")
    write_qdpx(project("admin", range(18)), folder / "ann.qdpx")
    write_qdpx(project("admin", range(2, 20)), folder / "bo.qdpx")
    (folder / "names.txt").write_text("Zorba\n")
    return folder


def register():
    return pd.DataFrame({
        "interview": NAMES, "stakeholder": [("officer", "family")[i % 2] for i in range(36)],
        "date": pd.date_range("2026-01-05", periods=36).astype(str), "consent": "yes",
        "withdrawn": ["yes" if i == 35 else "no" for i in range(36)],
    })  # fmt: skip


def narratives():
    """Calls of two arms; a list that errs more in one of them, and a drawn half that was read."""
    rng, many = np.random.default_rng(2), 600
    attended = np.arange(many) % 2 == 0
    real = rng.random(many) < np.where(attended, 0.2, 0.4)
    hit = real | (rng.random(many) < np.where(attended, 0.2, 0.05))
    calls = pd.DataFrame({"call_id": [f"c{i}" for i in range(many)], "attended": attended})
    texts = np.where(hit, "A wino at the door.", "A man at the door.")
    drawn = rng.random(many) < 0.5
    told = pd.DataFrame({
        "call_id": calls["call_id"], "author": [f"o{i % 40}" for i in range(many)], "text": texts,
        "sampling_probability": 0.5, "stigma_by_hand": pd.array(np.where(drawn, real, None), dtype="boolean"),
    })  # fmt: skip
    return {"calls": calls, "narratives": told, "interviews": register()}


def evaluation(home, **more):
    block = {
        "coded": {"ann": "ann.qdpx", "bo": "bo.qdpx"}, "known": "names.txt", "theme": [THEME],
        "read": {"ann": "all", "bo": "all"}, **more,
    }  # fmt: skip
    problems = Problems("study")
    plan = read_qualitative(block, {"interviews": ""}, lambda path, _: home / path, problems)
    assert plan is not None, problems.found
    return SimpleNamespace(study=SimpleNamespace(qualitative=plan, seed=1))


def blocks(page, kind):
    return {block.title: block for block in page.sections[0].blocks if isinstance(block, kind)}


def test_register_agreement_and_saturation_stand_on_the_page_and_pass_the_gate(home):
    asked = evaluation(home, planned={"officer": 20, "family": 20}, codes_from_interviews=True, coder="ann")
    with quietly():
        page = with_heard(Page(title="A study"), asked, {"interviews": register()})
    tables = blocks(page, Table)
    done = tables["Interviews planned and done"].frame.set_index("label")
    assert done.loc["Officer", ["planned", "asked", "done", "short"]].tolist() == [20, 18, 18, 2]
    assert done.loc["All", ["planned", "asked", "done", "withdrawn"]].tolist() == [40, 36, 35, 1]
    agreed = tables["How far coders agree"].frame.set_index("code").loc["Calm"]
    assert agreed[["texts", "by_all", "by_some", "by_none"]].tolist() == [35, 16, 4, 15]
    assert agreed["kappa"].startswith("0.77 (")
    assert list(blocks(page, Picture)) == ["How new codes ran out"]
    (left,) = passed([page], PUBLIC).specs
    shown = blocks(left, Table)
    assert "withdrawn" not in shown["Interviews planned and done"].frame
    assert shown["How far coders agree"].frame.set_index("code").loc["Calm", "by_some"] == "•"
    assert "1 of 36" not in str(left.sections)


def test_one_coder_alone_is_said_and_what_fails_does_not_take_the_rest(home):
    asked = evaluation(home, coded="ann.qdpx", read={}, codes_from_interviews=True, coder="zoe")
    with quietly():
        page = with_heard(Page(title="A study"), asked, {"interviews": register()})
    said = " ".join(block.text for block in page.sections[0].blocks if isinstance(block, Sentence))
    assert "one person alone coded" in said
    assert "Saturation: not told. Nobody named 'zoe' coded." in said
    assert "Interviews planned and done" in blocks(page, Table)


def test_words_themes_and_lists_are_shown_redacted_with_who_stands_behind_them(home):
    asked = evaluation(
        home,
        words={"texts": "interviews", "by": "stakeholder", "target": "officer", "reference": "family"},
        topics={"texts": "interviews", "numbers": [2]},
        lists={"names": ["stigma"], "by": "attended", "hand": {"stigma": "stigma_by_hand"}},
    )
    with quietly():
        page = with_texts(Page(title="A study"), asked, narratives())
    tables = {block.title.split(":")[0]: block for block in page.sections[0].blocks if isinstance(block, Table)}
    differ = tables["Words by which stakeholder officer and stakeholder family differ"].frame
    assert set(differ["word"].head(10)) == set(ABOUT[0]) | set(ABOUT[1])
    assert not differ["word"].str.contains("zorba|person").any()
    topics = tables["Words that come together"]
    assert len(topics.frame) >= 1
    assert {frozenset(own.split(", ")) for own in topics.frame["words"]} <= {frozenset(own) for own in ABOUT}
    assert topics.support["persons"].isin([17, 18]).all()
    use = next(block for block in page.sections[0].blocks if isinstance(block, Table) and "use in" in block.title)
    share = use.frame.set_index("group")["corrected"].str.split(" ").str[0].astype(float)
    assert share["True"] == pytest.approx(0.2, abs=0.08)
    assert share["False"] == pytest.approx(0.4, abs=0.08)
    (left,) = passed([page], PUBLIC).specs
    assert isinstance(left, Page)


def test_all_that_is_wrong_with_the_new_keys_is_listed_together():
    wrong = {
        "coded": {"ann": "a.csv"}, "theme": [THEME], "read": {"ann": 3}, "places": "x", "planned": {"mayor": 2},
        "codes_from_interviews": "yes", "words": {"texts": "letters", "by": "stakeholder"},
        "topics": {"texts": "narratives", "numbers": [1], "most": 0, "seed": 3}, "lists": {"names": ["slang"]},
    }  # fmt: skip
    problems = Problems("study")
    assert read_qualitative(wrong, {"interviews": ""}, lambda path, _: SimpleNamespace(suffix=".csv"), problems) is None
    said = str(problems.found)
    for part in ("fewer than two coders", "coded by ann", "read in", "places in", "mayor", "codes_from_interviews",
                 "'letters'", "target, reference", "numbers in", "most in", "'seed'", "'slang'"):  # fmt: skip
        assert part in said
