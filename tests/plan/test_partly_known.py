"""A study whose outcomes are known of some calls, of two samples, of links, narratives or counts."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import estimate, report
from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, PartlyKnownDesign, StrataDesign, weight_propensity
from coresponder_causal.plan import read_study, read_tables
from coresponder_causal.plan.designs import known_keys
from coresponder_causal.plan.plan_rules import planned_order
from coresponder_causal.plan.reading import validated
from coresponder_causal.plan.run import evaluation_page, run
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source

CITY, N = "West Sacramento", 900
KNOWN = {"covariates": ["priority", "prior_contacts"]}
BOUNDS = KNOWN | {"outcomes": ["linked_30d"]}
OPTIONS = {
    "bounds": (BOUNDS, KNOWN | {"outcomes": ["filled"], "observed": "follow_up_done", "method": "lee"}),
    "observed": (BOUNDS,),
    "double_sample": (KNOWN | {"outcomes": ["found_again"], "drawn": "drawn", "chance": "draw_chance"},),
    "linkage": (KNOWN | {"outcomes": ["link"], "reviewed": "truly", "rates": "all", "apart": 0.05},),
    "narrative": (
        KNOWN
        | {"outcomes": ["by_machine"], "reviewed": "reader", "reviewed_again": "reader_2", "chance": "reading_chance"},
    ),
}


@cache
def town() -> dict[str, pd.DataFrame]:
    """Calls of one city that the team could have come to, and what followed them, as a file holds it: text."""
    rng = np.random.default_rng(4)
    attended = rng.random(N) < 0.45
    linked = rng.random(N) < 0.3 + 0.15 * attended
    lost, read = rng.random(N) < np.where(attended, 0.2, 0.4), rng.random(N) < 0.3
    drawn, reviewed = lost & (rng.random(N) < 0.5), rng.random(N) < 0.3
    read_two = linked ^ (rng.random(N) < 0.1)
    numbers = pd.RangeIndex(N)
    calls = pd.DataFrame(
        {
            "call_id": [f"C{i}" for i in numbers],
            "city": CITY,
            "received_at": pd.Timestamp("2021-01-01") + pd.to_timedelta(7 * numbers, unit="h"),
            "initial_type": "welfare_check",
            "person": [f"P{i % 800}" for i in numbers],
            "attended": attended,
            "team_on_duty": True,
            "priority": rng.integers(1, 4, N),
            "prior_contacts": rng.poisson(1.0, N),
            "arrest": rng.random(N) < 0.05,
        }
    )

    def told(values: np.ndarray, where: np.ndarray) -> pd.Series:
        return pd.Series(np.where(values, "yes", "no")).where(where, "")

    always = np.ones(N, bool)
    outcomes = pd.DataFrame(
        {
            "call_id": calls["call_id"],
            "followed_up_72h": told(rng.random(N) < 0.2 + 0.4 * attended, always),
            "linked_30d": told(linked, ~lost),
            "repeat_90d": told(rng.random(N) < 0.2, always),
            "filled": told(linked & ~lost, always),
            "follow_up_done": told(~lost, always),
            "found_again": told(linked, ~lost | drawn),
            "drawn": told(drawn, always),
            "draw_chance": "0.5",
            "link": told(np.where(linked, rng.random(N) < 0.9, rng.random(N) < 0.04), always),
            "truly": told(linked, reviewed),
            "by_machine": pd.Series(np.where(linked, 0.7, 0.2).astype(str)),
            "reader": told(linked, read),
            "reader_2": told(read_two, read),
            "reading_chance": "0.3",
        }
    )
    return {"calls": calls, "outcomes": outcomes}


STUDY = Study(
    title="Some are known",
    tables={name: Source(path=Path(f"{name}.csv")) for name in ("calls", "outcomes")},
    designs=tuple(OPTIONS),
    options=OPTIONS,
    city=CITY,
    sensitive=False,
    simulated=True,
)


def evaluated(study: Study = STUDY, **columns: object):
    tables, quality = validated({"calls": town()["calls"], "outcomes": town()["outcomes"].assign(**columns)}, {})
    with quietly():
        return run(study, tables, quality)


@cache
def found():
    return evaluated()


def by_hand() -> list[pd.DataFrame]:
    """Each estimate by its estimator, of numbers made of the same text another way."""
    words = {"yes": 1.0, "no": 0.0, "": np.nan}
    read = town()["outcomes"].drop(columns="call_id").map(lambda cell: words[cell] if cell in words else float(cell))
    read["blanked"] = read["filled"].where(read["follow_up_done"] == 1)
    plain = CallDesign.from_frame(
        town()["calls"].join(read), outcome=None, treatment="attended", person="person", **KNOWN
    )
    calls = weight_propensity(plain)

    def of(outcome: str, **columns: str) -> PartlyKnownDesign:
        return PartlyKnownDesign.from_calls(calls, outcome=outcome, **columns)

    with quietly():
        made = (
            estimate.call_bounds(of("linked_30d")),
            estimate.call_bounds(of("blanked"), method="lee"),
            estimate.call_observed(of("linked_30d")),
            estimate.call_double_sample(of("found_again", drawn="drawn", chance="draw_chance")),
            estimate.call_linkage(of("link", reviewed="truly"), rates="all", apart=0.05),
            estimate.call_narrative(
                of("by_machine", reviewed="reader", reviewed_again="reader_2", chance="reading_chance")
            ),
        )
    return [one.tidy() for one in made]


def test_each_design_is_that_of_its_estimator_though_a_file_holds_text():
    for result, wanted in zip(found().results, by_hand(), strict=True):
        pd.testing.assert_frame_equal(result.tidy(), wanted, check_exact=False, rtol=1e-10)
    assert [result.kind for result in found().results] == ["set", "set", "point", "point", "set", "point"]
    assert [len(checks) for checks in found().checks] == [3] * 6
    assert any("'follow_up_done' says no" in line for line in found().lines)


def test_a_set_with_both_signs_has_no_direction_on_any_page():
    (result, *_), page = found().results, evaluation_page(found())
    assert (result.set_low[0], result.set_high[0]) == pytest.approx((-0.10, 0.50), abs=0.15)
    assert result.set_low[0] < 0 < result.set_high[0]
    assert any("its direction cannot be told" in sentence.text for sentence in page.finding)
    table = report.table(*found().results, terms="headline")
    assert table.frame["estimate"].isna().tolist() == [result.kind == "set" for result in found().results]
    np.testing.assert_allclose(
        table.frame.loc[0, ["set_low", "set_high"]].astype(float), [*result.set_low, *result.set_high]
    )
    assert table.frame.loc[2, ["set_low", "set_high"]].isna().all()
    assert "both signs" in table.note
    assert "set_low" not in report.table(found().results[2]).frame
    sheet = report.council_page([result], checks=[()], title="A town", quality=found().quality)
    said = [sentence.text for sentence in sheet.finding]
    assert said[0].startswith("This study cannot tell whether people seen by a service within 30 days changed")
    assert "could turn it either way" in said[0]
    assert " fewer and " in said[1]
    assert "about" not in said[1]
    assert not any(isinstance(part, report.Picture) for part in sheet.parts())
    steps = " ".join(item.text for section in sheet.sections for block in section.blocks for item in block.items)
    assert "find out what became of them" in steps
    assert "Go on counting" not in steps


def test_the_page_draws_what_would_have_to_be_wrong_and_may_be_public(tmp_path):
    page = evaluation_page(found())
    assert [part.kind for part in page.parts() if isinstance(part, report.Picture)].count("tipping") == 1
    report.write(page, tmp_path / "page", audience="public")
    assert "At the least" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")


def test_an_outcome_that_is_known_of_every_call_needs_no_such_design():
    with pytest.raises(DesignError, match=r"\[observed\], outcome 'link': 'link' is known of every call") as refused:
        evaluated(replace(STUDY, designs=("observed",), options={"observed": (KNOWN | {"outcomes": ["link"]},)}))
    assert "observed =" in str(refused.value)


def test_columns_that_say_what_is_known_are_held_against_each_other_and_listed_at_once():
    asked = {"double_sample": (OPTIONS["double_sample"][0] | {"chance": "odds", "outcomes": ["text"]},)}
    text = pd.Series(["maybe"] * 3 + ["yes"] * (N - 3))
    with pytest.raises(DesignError) as refused:
        evaluated(replace(STUDY, designs=("double_sample",), options=asked), text=text)
    for said in ("there is no column 'odds', which chance names", "'text': not a number in 900 rows"):
        assert said in str(refused.value)
    assert "maybe" not in str(refused.value)
    wrong = town()["outcomes"]["follow_up_done"].where(np.arange(N) >= 5, "").where(np.arange(N) != 7, "yes")
    blank = town()["outcomes"]["filled"].where(np.arange(N) != 7, "")
    with pytest.raises(DesignError) as refused:
        evaluated(
            replace(STUDY, designs=("bounds",), options={"bounds": OPTIONS["bounds"][1:]}),
            follow_up_done=wrong,
            filled=blank,
        )
    assert "'follow_up_done' is blank beside 'filled' in 5 rows" in str(refused.value)
    assert "'follow_up_done' says yes of a blank 'filled' in 1 rows" in str(refused.value)


WRITTEN = """
[study]
title = "Known of some"
[tables]
calls = "calls.csv"
outcomes = "outcomes.csv"
[treated]
city = "West Sacramento"
[designs]
run = ["bounds", "double_sample", "narrative", "strata"]
[bounds]
outcomes = ["linked_30d"]
covariates = ["priority"]
method = "lee"
adjust = "weight_balance"
[double_sample]
outcomes = ["found_again"]
covariates = ["priority"]
drawn = "drawn"
[narrative]
outcomes = ["by_machine"]
covariates = ["priority"]
reviewed = "reader"
chance = "reading_chance"
[strata]
outcomes = ["connected"]
returned = "returned.json"
recall = 0.9
"""


@pytest.fixture
def folder(tmp_path):
    for name, table in town().items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    counts = [(1, 0, 120, 20), (1, 1, 80, 30), (2, 0, 70, 18), (2, 1, 90, 41)]
    cells = [dict(zip(("strata", "arm", "persons", "connected"), ([s], *rest), strict=True)) for s, *rest in counts]
    about = dict.fromkeys(("project", "period", "key", "by", "follow", "agreeing", "linked"), "")
    said = about | {"format": "strata-return-1", "epsilon": None, "noise_variance": 0.0, "cells": cells}
    (tmp_path / "returned.json").write_text(json.dumps(said), encoding="utf-8")
    (tmp_path / "STUDY.toml").write_text(WRITTEN, encoding="utf-8")
    return tmp_path


def test_a_study_file_names_them_and_counts_that_the_county_returned(folder):
    study = read_study(folder / "STUDY.toml")
    tables, quality = read_tables(study)
    with quietly():
        done = run(study, tables, quality)
        alone = estimate.call_strata(StrataDesign.from_file(folder / "returned.json"), recall=0.9)
    by_method = {result.method: result for result in done.results}
    assert set(by_method) == {"call_bounds", "call_double_sample", "call_narrative", "call_strata"}
    pd.testing.assert_frame_equal(by_method["call_strata"].tidy(), alone.tidy())
    assert by_method["call_bounds"].extra["compared_by"] == "weight_balance"
    assert "per 100 persons" in " ".join(
        block.text
        for section in evaluation_page(done).sections
        for block in section.blocks
        if isinstance(block, report.Sentence)
    )


def test_what_is_missing_or_of_the_wrong_kind_is_listed_at_once(folder):
    text = WRITTEN
    for line, other in (
        ('reviewed = "reader"\n', ""),
        ('chance = "reading_chance"', "chance = 0.3"),
        ('drawn = "drawn"', 'reviewed = "reader"\nleast = "zero"'),
        ("returned.json", "gone.json"),
        ('calls = "calls.csv"\n', ""),
    ):
        text = text.replace(line, other)
    (folder / "STUDY.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read_study(folder / "STUDY.toml")
    for said in (
        "key 'reviewed' in [narrative] is missing",
        "chance in [narrative] is 0.3",
        "key 'drawn' in [double_sample] is missing",
        "unknown key 'reviewed' in [double_sample]",
        "least in [double_sample] is 'zero'",
        "returned in [strata]: there is no file gone.json",
        "design 'bounds' needs the table calls",
    ):
        assert said in refused.value.what


def test_they_have_keys_and_a_place_among_planned_designs():
    assert {"observed", "least", "most", "method", "by", "scheme"} <= set(known_keys("bounds"))
    assert {"reviewed", "reviewed_again", "chance", "drawn", "code"} <= set(known_keys("narrative"))
    assert known_keys("strata") == ("outcomes", "returned", "scores", "contrast", "recall")
    assert planned_order(["strata", "bounds", "cities"])[0] == "cities"


def test_outcomes_of_several_times_make_a_ladder_on_the_page_that_may_be_public(tmp_path):
    asked = {"calls": (KNOWN | {"outcomes": ["arrest"], "scheme": "att"},), "observed": (BOUNDS,)}
    done = evaluated(replace(STUDY, designs=("calls", "observed"), options=asked))
    rungs, picture = done.ladder
    assert rungs.frame["when"].tolist() == ["On scene", "72 hours", "30 days", "90 days"]
    design = replace(done.designs[1].calls, adjustment=None, notes=())
    names = ["arrest", "followed_up_72h", "linked_30d", "repeat_90d"]
    with quietly():
        alone, _ = report.outcome_ladder(
            design, outcomes=names, adjust=lambda calls: weight_propensity(calls, scheme="att")
        )
    numbers = rungs.frame.select_dtypes("number").columns
    pd.testing.assert_frame_equal(rungs.frame[numbers], alone.frame[numbers])
    page = evaluation_page(done)
    (section,) = [section for section in page.sections if section.title.startswith("What became of the calls")]
    shown, numbers_of, fold = section.blocks
    assert shown is picture
    assert {*numbers_of.frame, *fold.table.frame} == {*rungs.frame}
    few = evaluated(
        replace(STUDY, designs=("calls",), options={"calls": asked["calls"]}),
        repeat_90d=pd.Series(["yes"] * 4 + ["no"] * (N - 4)),
    )
    public = report.released(evaluation_page(few), audience="public")
    (drawn,) = [part for part in public.parts() if isinstance(part, report.Picture) and part.kind == "ladder"]
    assert drawn.data["rungs"]["when"].tolist() == ["On scene", "72 hours", "30 days"]
    assert report.write(evaluation_page(few), tmp_path / "page", audience="public").exists()


def test_without_later_outcomes_there_is_no_ladder():
    asked = {"calls": (KNOWN | {"outcomes": ["arrest"]},)}
    tables, quality = validated({"calls": town()["calls"]}, {})
    with quietly():
        done = run(replace(STUDY, designs=("calls",), options=asked), tables, quality)
    assert done.ladder is None
    assert not any("What became" in section.title for section in evaluation_page(done).sections)
