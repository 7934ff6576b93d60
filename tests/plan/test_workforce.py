"""Officers, waves and drawn cases in a study: read, refused, run on a simulated city, shown to the public."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.first_calls import with_first_calls
from coresponder_causal.plan.frozen import study_content
from coresponder_causal.plan.manifest import inputs
from coresponder_causal.plan.portable import moved_paths
from coresponder_causal.plan.run import evaluation_page
from coresponder_causal.privacy import Policy
from coresponder_causal.report.first_calls import title as first_call_title
from coresponder_causal.report.gate import passed
from coresponder_causal.report.specs import Bullets, Fold, Picture, Table

DOCS = Path(__file__).parents[2] / "docs" / "workforce.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The world riding_along, with the example of the documentation as its study."""
    home = tmp_path_factory.mktemp("riding")
    plan.write_simulated("riding_along", home, seed=1)
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.DOTALL)
    (home / "EXAMPLE.toml").write_text(example, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def evaluation(folder):
    study = plan.read_study(folder / "EXAMPLE.toml")
    with quietly():
        tables, quality = plan.read_tables(study)
        return plan.with_workforce(plan.run(study, tables, quality), tables)


@pytest.fixture(scope="module")
def sections(evaluation):
    page = plan.with_workforce_sections(evaluation_page(evaluation), evaluation)
    return {section.title: section for section in page.sections}


def test_the_study_that_simulate_writes_can_be_read(folder):
    asked = plan.read_study(folder / "STUDY.toml").workforce
    assert [one.outcome for one in asked.officers] == ["arrest", "hold"]
    assert [one.who for one in asked.waves] == ["officer", "staff"]
    tables = tomllib.loads((folder / "STUDY.toml").read_text())["tables"]
    assert len(tables) == 19


def test_groups_and_first_calls_of_the_study_that_simulate_writes_are_told_to_the_public(folder, evaluation):
    asked = replace(evaluation, study=plan.read_study(folder / "STUDY.toml"))
    with quietly():
        tables, _ = plan.read_tables(asked.study)
        treated = plan.fairness_of(asked, tables)
    assert treated is not None
    assert not treated.refused
    assert {one.group for one in treated.found} == {"perceived_race", "unhoused"}
    page = with_first_calls(plan.with_fairness(evaluation_page(evaluation), treated), asked, tables)
    public = report.released(page, audience="public")
    section = next(one for one in public.sections if one.title == first_call_title)
    assert not any(
        "Not told" in item.text for block in section.blocks if isinstance(block, Bullets) for item in block.items
    )
    passed([page], Policy(audience="public"))


def test_officers_are_told_in_order_before_any_estimate_what_could_be_found(sections):
    blocks = sections["Officers, on calls without the team: arrests"].blocks
    assert "smallest effect found four times in five" in blocks[0].text
    assert blocks[1].title == "Volunteers and assigned officers before: arrests"
    assert {"volunteers", "assigned officers", "never exposed"} == set(blocks[1].frame["group"])
    kinds = next(b for b in blocks if isinstance(b, Table) and b.title.startswith("What changed"))
    assert {"mean effect on who rode", "effect of being rostered", "change with the dose"} == set(kinds.frame["kind"])
    checks = next(b for b in blocks if isinstance(b, Table) and b.title == "Checks")
    assert set(checks.frame["check"]) == {"Officer trends", "Squad mates", "Officer leavers"}
    assert [b.kind for b in blocks if isinstance(b, Picture)] == ["groups"]


def test_numbers_on_the_page_are_those_of_the_results(evaluation, sections):
    result = evaluation.workforce.officers[0].results[0]
    blocks = sections["Officers, on calls without the team: arrests"].blocks
    kinds = next(b for b in blocks if isinstance(b, Table) and b.title.startswith("What changed"))
    assert kinds.frame["estimate"].iloc[0] == result.estimate[0]
    assert len(evaluation.every_result) == len(evaluation.workforce.results)


def test_who_left_widens_what_the_effect_can_be(evaluation):
    (found,) = (one for one in evaluation.workforce.officers[0].checks if one.check == "officer_leavers")
    low, seen, high = found.table["estimate"]
    assert low < seen < high
    assert seen == pytest.approx(evaluation.workforce.officers[0].results[0].estimate[0], rel=1e-9)


def test_waves_have_changes_bounds_order_and_reliability(evaluation, sections):
    section = sections["Officers: what they say, wave by wave"]
    waves = evaluation.workforce.waves[0]
    pictures = [b.picture.kind for b in section.blocks if isinstance(b, Fold) and b.picture]
    assert [b.kind for b in section.blocks if isinstance(b, Picture)] == ["bounds"]
    assert pictures == ["waves", "waves", "answers"]
    assert set(waves.reliability["verdict"]) <= {"reliable", "not reliable", "undecided", "not testable at this n"}
    for score in waves.scores:
        assert score.worst.set_low[0] <= score.lee.set_low[0] <= score.lee.set_high[0] <= score.worst.set_high[0]
    assert {score.verdict for score in waves.scores} <= {
        "changed", "no change that matters", "undecided", "not testable at this n"
    }  # fmt: skip


def test_staff_without_an_exposure_are_described_with_a_verdict(evaluation, sections):
    (moved,) = (b for b in sections["Staff: what they say, wave by wave"].blocks if isinstance(b, Table))
    assert moved.frame["verdict"].tolist() == evaluation.workforce.waves[1].moved["verdict"].tolist()
    assert evaluation.workforce.waves[1].scores == ()


def test_drawn_cases_have_a_row_for_every_level(sections):
    (picture,) = (b for b in sections["Drawn cases: Force"].blocks if isinstance(b, Picture))
    assert picture.data["features"]["level"].tolist() == ["tidy", "unkempt", "noise", "threats", "wandering"]
    assert picture.data["features"]["estimate"].tolist()[0] == 0.0


def test_nothing_on_the_public_page_stands_on_few(evaluation):
    from coresponder_causal.privacy import Policy
    from coresponder_causal.report.gate import passed

    page = plan.with_workforce_sections(evaluation_page(evaluation), evaluation)
    (left,) = passed([page], Policy(audience="public")).specs
    for section in left.sections:
        for block in section.blocks:
            for text in [str(item) for item in getattr(block, "items", ())]:
                found = re.findall(r"\b(\d+)(?= (?:officers|persons|volunteers)\b)", text)
                assert not [number for number in found if 0 < int(number) < 11], text
    before = next(t for s in left.sections for t in s.blocks if isinstance(t, Table) and "Volunteers and" in t.title)
    assert all(number == "•" or number >= 11 for number in before.frame["officers"])


def test_every_broken_rule_is_listed_in_one_error(folder):
    wrong = """
[study]
title = "Wrong"
[tables]
calls = "calls.csv"
[designs]
run = []
[officers]
period = "week"
doses = ["cubic"]
colour = "red"
matters = -1
[[waves]]
scores = ["height"]
exposure = "often"
group = "shoe_size"
items = "nowhere.csv"
[vignettes]
cases = "cases.csv"
outcomes = "force"
"""
    (folder / "WRONG.toml").write_text(wrong)
    with pytest.raises(DataError) as caught:
        plan.read_study(folder / "WRONG.toml")
    for said in ("key 'outcome' in [officers]", "period in [officers]", "doses in [officers]", "unknown key 'colour'",
                 "matters in [officers]", "needs the table rides", "needs the table officer_waves", "nowhere.csv",
                 "outcomes in [vignettes]", "key 'factors'"):  # fmt: skip
        assert said in str(caught.value), said


def test_unknown_scores_groups_and_exposures_are_refused(folder):
    text = (folder / "EXAMPLE.toml").read_text()
    text = text.replace('"stigma_score", ', '"height", ').replace('"any"', '"often"').replace('"volunteered"', '"shoe"')
    (folder / "STRANGE.toml").write_text(text)
    with pytest.raises(DataError, match=r"(?s)height.*group in \[waves\] is 'shoe'.*exposure in \[waves\] is 'often'"):
        plan.read_study(folder / "STRANGE.toml")


def test_the_blocks_are_frozen_and_their_files_travel(folder):
    study = plan.read_study(folder / "EXAMPLE.toml")
    content = study_content(study)["workforce"]
    assert content["waves"][0]["items"] == "officer_items.csv"
    assert content["vignettes"][0]["cases"] == "cases.csv"
    assert "workforce" not in study_content(replace(study, workforce=None))
    roles = {one.role for one in inputs(study, folder / "EXAMPLE.toml")}
    assert {"items of waves", "cases of vignettes"} <= roles
    moved = moved_paths(tomllib.loads((folder / "EXAMPLE.toml").read_text()), folder)
    assert moved["cases.csv"][1] == "tables/cases.csv"
