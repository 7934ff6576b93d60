"""Papers for agencies: every place is filled or marked, fields are the dictionary's, commands can be typed."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from datetime import date
from pathlib import Path
from string import Template

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from coresponder_causal import plan
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError
from coresponder_causal.data import dictionary
from coresponder_causal.plan import needed_fields as needed
from coresponder_causal.plan.paper_facts import filled_with, period_of
from coresponder_causal.plan.papers import by_people, filled, paper, templates, to_fill
from coresponder_causal.plan.plan_file import example_plan, read_plan, stated_plan
from coresponder_causal.plan.timeline import usual
from coresponder_causal.report.specs import Table

GUIDE = (Path(__file__).parents[2] / "docs" / "agencies.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def embedded():
    study, _, _ = plan.embedded_study()
    return study, stated_plan(example_plan(study))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("papers") / "papers"
    return plan.write_papers(None, out), {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()}


def parses(line: str) -> None:
    command, words = get_command(app), shlex.split(line)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context(command.name, words)


def test_every_place_of_every_paper_is_filled_or_left_to_people(embedded):
    study, stated = embedded
    facts, tables = filled_with(stated, study)
    places = {place for text in templates().values() for place in Template(text).get_identifiers()}
    left = {place for place in places if place.startswith(by_people)}
    assert left
    assert places - left - facts.keys() - tables.keys() == set()


def test_nothing_that_the_papers_do_not_use_is_made(embedded):
    study, stated = embedded
    places = {place for text in templates().values() for place in Template(text).get_identifiers()}
    assert set(filled_with(stated, study)[1]) <= places


def test_a_place_that_nothing_fills_is_an_error():
    with pytest.raises(KeyError, match="chief"):
        paper("# A\n\nTo $chief.", {}, {})


def test_what_is_not_said_is_marked_and_counted(made):
    papers, texts = made
    for name, count in papers.unfilled.items():
        text = texts[f"{name}.md"]
        assert count == text.count(to_fill) == text.count("[to be filled: ")
        assert texts[f"{name}.html"].count(to_fill) == count
        assert not re.search(r"\$\w", text)
    assert filled("To $chief of $city", {"chief": "", "city": "Davis"}) == "To [to be filled: chief] of Davis"


def test_pages_and_markdown_of_all_papers_are_written(made):
    papers, texts = made
    assert set(texts) == {f"{name}.{ending}" for name in templates() for ending in ("md", "html")}
    assert sorted(path.name for path in papers.written) == sorted(texts)
    assert papers.broken == 0
    assert all("Filled from the example plan" in text and "This is a simulated city" in text for text in texts.values())
    assert not any("Not for release" in text for text in texts.values())


def test_requests_name_fields_of_the_dictionary_and_all_that_are_needed(embedded):
    study, stated = embedded
    asked = needed.needed_fields(stated, study)
    tables = filled_with(stated, study)[1]["police_fields"]
    listed = [
        (re.search(r"\((\w+)\):", block.title)[1], name)
        for block in tables
        if isinstance(block, Table)
        for name in block.frame["Field"]
    ]
    assert listed == [(one.table, one.field.name) for one in asked if one.holder == "police"]
    for table, name in listed:
        assert name in dictionary.table(table).names
    assert {("calls", "force"), ("calls", "person"), ("calls", "team_busy"), ("schedule", "planned_hours")} <= set(
        listed
    )
    assert ("calls", "complaint") not in listed


def test_what_a_field_is_needed_for_is_said(embedded):
    study, stated = embedded
    said = {one.field.name: one.said for one in needed.needed_fields(stated, study) if one.table == "calls"}
    assert said["force"] == "primary outcome M12"
    assert said["prior_contacts"] == "design calls, instrument; group shown apart"


def test_every_source_has_a_holder():
    sources = {field.source for table in dictionary.tables().values() for field in table.fields}
    assert sources == set(needed.holders)


def test_an_outcome_of_care_is_asked_of_the_county(embedded):
    study, stated = embedded
    text = example_plan(study).replace('metric = "M12"', 'metric = "M24"')
    asked = needed.needed_fields(stated_plan(text), study)
    assert [one.field.name for one in asked if one.holder == "county"] == ["linked_30d"]
    assert next(one for one in asked if one.field.name == "linked_30d").said == "primary outcome M24"
    assert stated.flow


def test_monthly_counts_are_asked_for_where_a_study_has_no_calls(tmp_path, town):
    file = town(tmp_path)
    study = plan.read_study(file)
    asked = needed.needed_fields(read_plan(tmp_path / "PLAN.toml", study), study)
    assert {"city_panel.calls", "city_panel.arrest"} <= {f"{one.table}.{one.field.name}" for one in asked}
    assert "design series" in next(
        one.said for one in asked if one.field.name == "arrest" and one.table == "city_panel"
    )


def test_days_follow_from_the_start(embedded):
    study, stated = embedded
    period = period_of(stated, study, needed.needed_fields(stated, study))
    assert str(period.first.date()) == "2018-07-15"
    assert str(period.last.date()) == "2023-01-14"  # 30 months from 15 July 2020
    assert str(period.on_record.date()) == "2023-01-21"  # force is on record within 168 hours


def test_of_two_starts_the_later_counts_and_without_one_days_are_left_to_people(embedded):
    study, stated = embedded
    between = replace(study, start=None, start_between=("2020-03-01", "2020-07-15"))
    facts, _ = filled_with(stated, between)
    assert (facts["start"], facts["last_day"]) == ("1 March 2020 to 15 July 2020", "14 January 2023")
    page = paper("# A\n\nUntil $last_day.", filled_with(stated, replace(study, start=None))[0], {})
    assert page.sections[0].blocks[0].text == "Until [to be filled: last day]."


def test_a_metric_that_is_not_there_is_a_broken_rule_and_no_reason_to_stop(embedded):
    study, _ = embedded
    odd = stated_plan(example_plan(study).replace('metric = "M12"', 'metric = "M99"'))
    asked = {one.field.name for one in needed.needed_fields(odd, study)}
    assert "arrest" in asked
    assert "force" not in asked


def test_codes_of_the_briefing_are_those_of_the_crosswalk(embedded):
    study, stated = embedded
    tables = filled_with(stated, study)[1]
    reported = dictionary.crosswalk("nature_codes").where("stage", "reported")
    for place, eligible in (("eligible_codes", "yes"), ("flagged_codes", "if_flagged")):
        listed = [code for cell in tables[place][0].frame["Codes"] for code in cell.split(", ")]
        assert sorted(listed) == sorted(row["code"] for row in reported if row["crisis_eligible"] == eligible)


def test_commands_of_the_papers_can_be_typed(made):
    commands = {line for text in made[1].values() for line in re.findall(r"coresponder-causal ([^\n(|<;:]+)", text)}
    assert len(commands) >= 7
    for line in (*commands, *(step.command for step in usual if step.command)):
        parses(line.strip())


def test_the_example_uses_data_about_officers_where_the_study_has_such_a_table(embedded):
    study, stated = embedded
    assert not stated.labour.officer_data
    assert not any("survey of officers" in role.does for role in stated.role)
    with_table = replace(study, tables={**study.tables, "officers": study.tables["calls"]})
    asked = stated_plan(example_plan(with_table))
    assert asked.labour.officer_data
    assert any("survey of officers" in role.does for role in asked.role)
    assert "never reach the employer" in asked.labour.agreed


def test_officers_data_that_no_table_holds_are_noticed(embedded, made):
    study, stated = embedded
    wrong = replace(stated, labour=replace(stated.labour, officer_data=True))
    (*_, line), (*_, plain) = (filled_with(one, study)[1]["officer_fields"] for one in (wrong, stated))
    assert "STUDY.toml names none of these tables" in line.text
    assert isinstance(plain, Table)
    assert "STUDY.toml names none of these tables" not in made[1]["6_officers_letter.md"]


def test_weeks_become_days_from_a_meeting(embedded):
    study, stated = embedded
    tables = filled_with(stated, study, date(2026, 12, 1))[1]
    shown = tables["timeline"][0].frame.set_index("Step")
    assert shown.loc["First meeting", "Done by"] == "8 December 2026"
    columns = ["From week", "To week", "After", "Done by"]
    assert shown.loc["Plan frozen", columns].tolist() == ["29", "30", "7, 8", "29 June 2027"]
    assert "0 of them spent waiting" in tables["bottleneck"][0].items[0].text  # the months are years ago
    soon = filled_with(stated, study, date(2022, 7, 1))[1]["timeline"][0].frame.set_index("Step")
    assert soon.loc["Outcomes happen and are recorded", "Weeks"] == "0"  # frozen in 2023, a week after the last
    before = filled_with(stated, study, date(2022, 6, 1))[1]["timeline"][0].frame.set_index("Step")
    assert before.loc["Outcomes happen and are recorded", "Weeks"] == "4"  # 28 December 2022 to 21 January 2023


def test_a_town_with_a_plan_as_init_wrote_it(tmp_path, town):
    file = town(tmp_path)
    study = tmp_path / "STUDY.toml"
    study.write_text(study.read_text().replace("simulated = true", "simulated = false"))
    out = tmp_path / "papers"
    run = CliRunner().invoke(app, ["plan", "papers", str(file), "--out", str(out)])
    assert run.exit_code == 0
    assert "The plan breaks 1 of its rules" in run.output  # an example, and the study is not simulated
    assert re.search(r"in all +│ \d+", run.output)
    request = (out / "3_police_data_request.md").read_text(encoding="utf-8")
    assert "The plan breaks a rule" in request
    assert "This is a simulated city" not in request
    again = CliRunner().invoke(app, ["plan", "papers", str(file), "--out", str(out)])
    assert again.exit_code == 2
    assert "is not empty" in " ".join(again.output.replace("│", " ").split())


def test_a_study_without_a_plan_is_told_to_write_one(tmp_path, town):
    file = town(tmp_path)
    (tmp_path / "PLAN.toml").unlink()
    with pytest.raises(DataError, match="there is no plan"):
        plan.write_papers(file, tmp_path / "papers")
    assert not (tmp_path / "papers").exists()


def test_the_guide_shows_the_weeks_as_they_are_computed(made):
    shown = made[1]["2_roles_and_timeline.md"].split("**Weeks after the first meeting**")[1].split("\n\n")[1]
    assert shown.count("\n") == len(usual) + 1
    assert shown in GUIDE


def test_the_guide_names_every_paper_and_commands_that_can_be_typed():
    commands = re.findall(r"`coresponder-causal ([^`]+)`", GUIDE)
    assert len(commands) >= 10
    for line in commands:
        parses(line)
    assert all(f"`{name}`" in GUIDE for name in templates())
    for target in re.findall(r"\]\(([^)#:]+)\)", GUIDE):
        assert (Path(__file__).parents[2] / "docs" / target).exists()
