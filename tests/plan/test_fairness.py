"""The block [fairness] of a study: what it refuses, what its plan says first, and what reaches which reader."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.evaluation_plan import PlannedFairness
from coresponder_causal.plan.fairness import asked_fairness
from coresponder_causal.plan.fairness_block import FairnessPlan, read_fairness
from coresponder_causal.plan.frozen import study_content
from coresponder_causal.plan.plan_rules import broken_rules
from coresponder_causal.plan.reading import validated
from coresponder_causal.plan.study import Source, Study
from coresponder_causal.report.drawing import drawn
from coresponder_causal.simulate.biased_calls import biased_calls

ASKED = FairnessPlan(
    groups={"perceived_race": "white", "unhoused": "no"}, outcomes=("arrest",), allowable=("initial_type",)
)
STUDY = Study(
    title="Treated alike",
    tables={"calls": Source(path=Path("calls.csv"))},
    designs=("calls",),
    options={"calls": ({"outcomes": ["arrest"], "covariates": ["hour", "initial_type"], "scale": "difference"},)},
    city="Davis",
    start="2020-12-01",
    sensitive=False,
    simulated=True,
    fairness=ASKED,
)


@cache
def evaluated() -> tuple[plan.Evaluation, dict[str, pd.DataFrame]]:
    """Calls that callers write down unlike by group, and nobody else treats unlike; some groups are of few persons."""
    made = biased_calls(calls=4000, caller_bias=0.25, seed=3)
    race = made["group"].map({"reference": "white", "group": "black"}).astype(object)
    race[made["person"] < 6] = "asian"
    calls = pd.DataFrame({
        "call_id": [f"c{i}" for i in range(len(made))], "city": "Davis", "received_at": made["received_at"],
        "person": [f"p{k}" for k in made["person"]], "hour": made["hour"], "caller_type": made["caller_type"],
        "call_taker": [f"t{k}" for k in made["call_taker"]], "initial_type": made["initial_type"],
        "final_type": made["final_type"], "attended": made["attended"], "team_on_duty": True, "arrest": made["arrest"],
        "perceived_race": race, "unhoused": pd.array(made["unhoused"], dtype="boolean"),
    })  # fmt: skip
    with quietly():
        tables, quality = validated({"calls": calls}, {})
        return plan.run(STUDY, tables, quality), dict(tables)


@cache
def treated() -> report.Treated:
    done, tables = evaluated()
    with quietly():
        found = plan.fairness_of(done, tables)
    assert found is not None
    return found


def texts(section: report.specs.Section) -> str:
    said = []
    for block in section.blocks:
        said += [block.text] if isinstance(block, report.Sentence) else []
        said += [item.text for item in block.items] if isinstance(block, report.specs.Bullets) else []
    return " ".join(said)


def test_callers_are_named_and_officers_are_not():
    race, home = treated().found
    assert race.enters_with() == ("callers and call takers",)
    assert set(race.table()["quantity"]) == {"as it is", "alike", "all attended", "officers"}
    assert race.others == ("black",)  # six persons perceived as Asian are none that is shown
    assert home.reference == "not living without a home"
    assert home.others == ("living without a home",)


def test_the_section_tells_no_gap_without_its_bounds_and_draws_each_question():
    section = report.fairness_section(treated())
    pictures = [block for block in section.blocks if isinstance(block, report.Picture)]
    kinds = [picture.kind for picture in pictures]
    assert kinds == 2 * ["treated", "treated", "contacts", "drift"]
    for picture in pictures[:4]:
        assert drawn(picture, "svg").startswith(b"<?xml")
    assert "nobody was asked who they are" in texts(section)
    assert "without a plan that fixed it beforehand" in texts(section)


def test_the_council_reads_one_plain_line():
    done, tables = evaluated()
    line = report.fairness_line(treated())
    assert line.text.count(".") == 1
    assert "by “race or ethnicity as perceived”: calls that turn out alike are written down unlike" in line.text
    assert not {"gap-closing", "AIPW", "estimate", "p-value", "interval"} & set(line.text.split())
    specs = plan.reader_specs(done, plan.with_fairness(plan.evaluation_page(done), treated()), tables, None, None,
                              treated())  # fmt: skip
    sheet = specs["council.html"]
    unsaid = next(section for section in sheet.sections if section.title == "What does it not say?")
    assert line.text in texts(unsaid)
    assert any("gaps_to_white" in name for name in specs)


def test_the_public_page_shows_no_small_group_and_passes_the_gate(tmp_path):
    done, _ = evaluated()
    page = plan.with_fairness(plan.evaluation_page(done), treated())
    public = report.released(page, audience="public")
    assert any(section.title == "Are people treated alike, whoever they seem to be?" for section in public.sections)
    report.write(page, tmp_path / "index.html", audience="public")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "asian" not in text.casefold()


def test_few_arrests_of_a_group_are_hidden_with_what_gives_them_away():
    done, tables = evaluated()
    calls = tables["calls"].copy()
    few = calls["perceived_race"].eq("black") & calls["arrest"].astype(bool)
    calls.loc[few & (few.cumsum() > 4), "arrest"] = False
    with quietly():
        found = plan.fairness_of(replace(done, study=replace(STUDY, fairness=replace(ASKED, groups={
            "perceived_race": "white"})), designs=()), {**tables, "calls": calls})  # fmt: skip
    assert found is not None
    section = report.fairness_section(found)
    page = report.Page(title="x", sections=(section,))
    public = report.released(page, audience="public")
    rates = next(table for _, table in public.tables() if table.title.startswith("What happened to whom"))
    arrests = rates.frame[rates.frame["outcome"] == "Arrests"]
    assert not arrests["estimate"].map(lambda cell: isinstance(cell, float)).any()  # neither group's
    contacts = [table for _, table in public.tables() if table.title.startswith("Gap in arrests by")]
    assert not any(isinstance(cell, float) for table in contacts for cell in table.frame["set_low"])


def test_the_frozen_plan_goes_before_the_block(monkeypatch):
    entry = {"field": "unhoused", "reference": "yes", "outcomes": ["force"], "allowable": ["hour"], "why": "w"}
    monkeypatch.setattr("coresponder_causal.plan.fairness.frozen_state", lambda study: {"plan": {"fairness": [entry]}})
    asked = {name: (told, planned) for name, told, planned in asked_fairness(STUDY)}
    assert asked["unhoused"][1]
    assert asked["unhoused"][0].outcomes == ("force",)
    assert asked["unhoused"][0].groups == {"unhoused": "yes"}
    assert not asked["perceived_race"][1]


def test_a_block_that_breaks_rules_says_all_of_them(tmp_path, town):
    file = town(tmp_path)
    block = (
        '\n[fairness]\ngroups = { perceived_race = "martian", shoe_size = "9" }\noutcomes = ["hour"]\n'
        'allowable = ["final_type", "perceived_race"]\nworse = ["opera"]\nshares = [1.0]\nclusters = "month"\n'
    )
    stated = file.read_text(encoding="utf-8")
    file.write_text(stated + block, encoding="utf-8")
    with pytest.raises(DataError) as said:
        plan.read_study(file)
    for part in ("reference 'martian'", "'shoe_size' is no field", "names hour", "names final_type, which comes about",
                 "which is the group itself", "worse in [fairness] names opera", "shares in [fairness]",
                 "clusters in [fairness]"):  # fmt: skip
        assert part in str(said.value)
    assert read_fairness({"groups": {}}, {}, Problems("study")) is None


def test_a_study_without_the_block_is_as_it_was(tmp_path, town):
    study = plan.read_study(town(tmp_path))
    assert "fairness" not in study_content(study)
    assert list(asked_fairness(study)) == []
    assert "fairness" in study_content(STUDY)


def test_a_plan_is_held_to_the_same_rules(tmp_path, town):
    study = plan.read_study(town(tmp_path))
    stated = plan.read_plan(tmp_path / "PLAN.toml", study)
    entries = (
        PlannedFairness(field="unhoused", reference="no", outcomes=("arrest",), why="known beforehand"),
        PlannedFairness(field="shoe_size", reference="9", outcomes=(), allowable=("final_type",), why="none"),
    )
    said = [text for text, _ in broken_rules(replace(stated, fairness=entries), study)]
    assert len([text for text in said if "shoe_size" in text]) == 3
    assert not any("'unhoused'" in text and "[[fairness]]" in text for text in said)
    other = replace(study, fairness=replace(ASKED, groups={"unhoused": "yes"}))
    assert any(
        "and the study against yes" in text for text, _ in broken_rules(replace(stated, fairness=entries), other)
    )


def test_a_column_that_no_call_has_is_said():
    done, tables = evaluated()
    calls = tables["calls"].drop(columns=["unhoused"])
    study = replace(STUDY, fairness=replace(ASKED, groups={"unhoused": "no"}))
    with quietly():
        found = plan.fairness_of(replace(done, study=study), {**tables, "calls": calls})
    assert found is not None
    assert found.refused == ("unhoused: no column of the calls holds it",)
    assert "by “living without a home”: cannot be told" in report.fairness_line(found).text
