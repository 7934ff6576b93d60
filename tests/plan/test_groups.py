"""Groups on the page of a study: those of its plan, those nobody named, those that cannot be shown, and the gate."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.frozen import study_content
from coresponder_causal.plan.group_block import GroupPlan, read_groups
from coresponder_causal.plan.groups import named_groups
from coresponder_causal.plan.reading import validated
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source
from coresponder_causal.report.drawing import drawn

STUDY = Study(
    title="Groups",
    tables={"calls": Source(path=Path("calls.csv"))},
    designs=("calls",),
    options={"calls": ({"outcomes": ["arrest"], "covariates": ["prior_contacts", "priority"], "scale": "difference"},)},
    city="Davis",
    start="2020-07-15",
    sensitive=False,
    simulated=True,
    groups=GroupPlan(fields=("unhoused", "prior_contacts", "final_type"), cuts={"prior_contacts": (1.0, 3.0)}),
)


@cache
def evaluated(spread: float = 0.0) -> plan.Evaluation:
    """Calls whose person is known to live without a home or not; attendance averts more arrests of those who do."""
    rng, n = np.random.default_rng(2), 4000
    prior, unhoused = rng.poisson(1.2, n), rng.random(n) < 0.4
    attended = rng.random(n) < 0.3 + 0.05 * np.minimum(prior, 4)
    risk = 0.4 - attended * (0.1 + spread * unhoused)
    calls = pd.DataFrame(
        {
            "call_id": [f"c{i}" for i in range(n)],
            "city": "Davis",
            "received_at": pd.Timestamp("2020-08-01 12:00") + pd.to_timedelta(rng.integers(0, 300, n), unit="D"),
            "prior_contacts": prior,
            "priority": rng.integers(1, 4, n),
            "attended": attended,
            "team_on_duty": True,
            "arrest": rng.random(n) < risk,
            "unhoused": pd.array(unhoused, dtype="boolean"),
            "final_type": np.where(rng.random(n) < 0.5, "mental_health_crisis", "welfare_check"),
        }
    )
    with quietly():
        return plan.run(STUDY, *validated({"calls": calls}, {}))


def found(spread: float = 0.0, **changes: object) -> report.Benefits:
    done = evaluated(spread)
    with quietly():
        told = plan.benefits(replace(done, study=replace(done.study, **changes)))
    assert told is not None
    return told


@cache
def asked(spread: float = 0.0) -> report.Benefits:
    return found(spread)


def texts(section: report.specs.Section) -> str:
    said = []
    for block in section.blocks:
        said += [block.text] if isinstance(block, report.Sentence) else []
        said += [item.text for item in block.items] if isinstance(block, report.specs.Bullets) else []
    return " ".join(said)


def test_named_groups_stand_on_the_page_with_the_test_of_their_difference():
    section = report.benefits_section(asked(0.2))
    titles = [getattr(block, "title", "") for block in section.blocks]
    assert section.title == "Does it help some more than others?"
    assert {"Effect by group (ATT)", "Do groups differ? (ATT)"} <= set(titles)
    table = next(block for block in section.blocks if getattr(block, "title", "").startswith("Do groups"))
    rows = table.frame.set_index("field")
    assert rows.loc["unhoused", "verdict"] == "groups differ"
    assert rows.loc["unhoused", "difference"] == pytest.approx(-0.2, abs=0.1)
    assert rows.loc["prior_contacts", "groups"] == 3
    picture = next(block for block in section.blocks if isinstance(block, report.Picture))
    assert "unhoused, p <" in picture.caption
    assert drawn(picture, "svg").startswith(b"<?xml")


def test_people_without_a_home_and_perceived_race_are_always_named():
    assert asked().not_shown == {"perceived_race": "not named", "final_type": "refused"}
    none = found(groups=None)
    assert none.not_shown == {"unhoused": "not named", "perceived_race": "not named"}
    assert "nobody named it beforehand" in texts(report.benefits_section(none))
    race = found(groups=GroupPlan(fields=("perceived_race",)))
    assert race.not_shown == {"unhoused": "not named", "perceived_race": "no column"}


def test_what_the_team_may_have_changed_cuts_nothing_and_the_page_says_why():
    said = texts(report.benefits_section(asked()))
    assert "final_type: comes about after dispatch: the team may have changed it" in said


def test_the_council_reads_one_sentence_without_statistics():
    line = report.benefits_line(asked(0.2)).text
    assert line.count(".") == 1
    assert "by “living without a home”: it does" in line
    assert "by “race or ethnicity as perceived”: nobody asked beforehand" in line
    assert not {"estimate", "p-value", "interval", "ATT"} & set(line.replace("“", " ").split())
    done, spoken = evaluated(0.2), report.benefits_line(asked(0.2))
    sheet = report.council_page(done.results, checks=done.checks, title="A town", quality=done.quality, groups=spoken)
    unsaid = next(section for section in sheet.sections if section.title == "What does it not say?")
    assert line in texts(unsaid)


def test_only_what_was_asked_is_looked_for_and_it_is_silent_where_there_is_nothing():
    assert asked().explored is None
    looked = found(groups=GroupPlan(explore=("prior_contacts", "priority")))
    assert looked.explored is not None
    assert not looked.explored.passed
    said = texts(report.benefits_section(looked))
    assert "Looked for without being named beforehand" in said
    assert "no group is named" in said


def test_the_frozen_plan_names_groups_and_how_they_are_judged(monkeypatch):
    entries = [
        {"field": "prior_contacts", "groups": "none, more", "recorded": True, "cuts": [1]},
        {"field": "perceived_race", "groups": "each", "recorded": False, "cuts": []},
        {"field": "unhoused", "groups": "yes, no", "recorded": True},
    ]
    state = {"plan": {"subgroup": entries, "decision": {"smallest_effect": 0.5, "level": 0.9}}}
    monkeypatch.setattr("coresponder_causal.plan.groups.frozen_state", lambda study: state)
    named = named_groups(replace(STUDY, groups=None))
    assert named.fields == ("prior_contacts", "unhoused")
    assert named.cuts == {"prior_contacts": (1,)}
    told = found(groups=None)
    assert told.planned
    assert told.not_shown == {"perceived_race": "not yet recorded"}
    assert told.groups[0].matters == pytest.approx(0.5 * told.groups[0].result.extra.number("mean_untreated"))
    assert told.groups[0].table["group"].tolist() == ["below 1", "1 or more", "no", "yes"]
    assert texts(report.benefits_section(told)).startswith("Groups named by the frozen plan: prior contacts: ")


def test_groups_under_eleven_are_on_no_page():
    done = evaluated()
    (design,) = done.designs
    few = design.source["unhoused"].to_numpy(bool) & (np.arange(len(design.source)) % 60 == 0)
    small = replace(design, source=design.source.assign(unhoused=pd.array(few, dtype="boolean")))
    with quietly():
        told = plan.benefits(replace(done, designs=(small,)))
    assert told.not_shown["unhoused"] == "too small"
    section = report.benefits_section(told)
    tables = [block for block in section.blocks if isinstance(block, report.Table)]
    assert not any("unhoused" in set(table.frame["field"]) for table in tables)
    page = plan.with_groups(plan.evaluation_page(done), told)
    public = report.released(page, audience="public")
    shown = [table for _, table in public.tables() if table.title.startswith("Effect by group")]
    assert all((table.frame["units"].astype(str) != "").all() for table in shown)


def test_a_study_that_compares_no_calls_says_so(tmp_path, town):
    file = town(tmp_path)
    (tmp_path / "PLAN.toml").unlink()
    stated = file.read_text(encoding="utf-8")
    file.write_text(stated + '\n[groups]\nfields = ["unhoused"]\n', encoding="utf-8")
    study = plan.read_study(file)
    assert "groups" in study_content(study)
    with quietly():
        told = plan.benefits(plan.run(study, *plan.read_tables(study)))
    assert told.not_shown == {"unhoused": "no design", "perceived_race": "not named"}
    file.write_text(stated, encoding="utf-8")
    plain = plan.read_study(file)
    assert "groups" not in study_content(plain)
    with quietly():
        assert plan.benefits(plan.run(plain, *plan.read_tables(plain))) is None


def test_a_block_that_breaks_rules_says_all_of_them(tmp_path, town):
    file = town(tmp_path)
    block = '\n[groups]\nfields = ["shoe_size"]\ncuts = { hour = [6] }\nbetter = "best"\nexplore = "hour"\n'
    file.write_text(file.read_text(encoding="utf-8") + block, encoding="utf-8")
    with pytest.raises(DataError) as said:
        plan.read_study(file)
    for part in ("names shoe_size", "cuts of hour in [groups]", "better in [groups]", "explore in [groups]"):
        assert part in str(said.value)
    assert read_groups({"cuts": {"hour": "six"}}, Problems("study")) is None


def test_cuts_of_a_plan_are_held_to_the_same_rules(tmp_path, town):
    study = plan.read_study(town(tmp_path))
    text = plan.example_plan(study).replace("cuts = [6, 22]", "cuts = [22, 6]")
    with pytest.raises(DataError, match="cuts of the subgroup 'hour'"):
        plan.parse_plan(text, study)
