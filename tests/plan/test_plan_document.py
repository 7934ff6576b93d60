"""The document holds what the plan says, answers what is asked of it, and leaves room to sign."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coresponder_causal import plan, report
from coresponder_causal.plan import reporting_items


@pytest.fixture(scope="module")
def made(tmp_path_factory, town):
    stated = plan.planned(town(tmp_path_factory.mktemp("town")))
    found = plan.operating_characteristics(stated.plan, stated.study, stated.before)
    return stated, found, plan.plan_document(stated.plan, found, simulated=True)


def test_every_item_is_answered_by_a_section_that_is_there(made):
    titles = {section.title for section in made[2].sections}
    items = (*reporting_items.cdc_steps, *reporting_items.cdc_standards, *reporting_items.target_items)
    assert {item.section for item in items} - titles == {reporting_items.later, reporting_items.top}
    assert [len(items) for items in (reporting_items.cdc_steps, reporting_items.cdc_standards)] == [6, 5 + 3]


def test_target_is_numbered_as_published():
    numbers = [item.number for item in reporting_items.target_items]
    emulated = ["7a", "7b", "7c", "7d", "7e", "7f", "7g(i)", "7g(ii)", "7h(i)", "7h(ii)"]
    specified = [f"6{letter}" for letter in "abcdefgh"]
    plain = [str(number) for number in range(8, 22)]
    assert numbers == ["1a", "1b", "1c", "2", "3", "4", "5", *specified, *emulated, *plain]
    assert len(numbers) == 39


def test_what_only_results_can_say_is_not_claimed_by_a_plan():
    answered = {item.number: item.section for item in reporting_items.target_items}
    assert {answered[str(number)] for number in range(8, 16)} == {reporting_items.later}
    said = {item.number for item in reporting_items.target_items if item.not_said}
    assert {"6c", "6h", "7h(i)"} <= said


def test_whoever_signs_has_a_line(made):
    table = made[2].sections[-1].blocks[1]
    assert table.frame["Who"].tolist() == [entry.who for entry in made[0].plan.role if entry.signs]
    assert [column.label for column in table.columns][2:] == ["Name and signature", "Date"]
    assert table.frame["Name and signature"].eq("").all()


def test_a_draft_says_so_and_a_frozen_plan_shows_its_hash(made):
    stated, found, draft = made
    assert any("Draft" in text for text in draft.banners)
    state = {"on": "2020-06-02", "by": "A", "sha256": "ab" * 32, "code": {"version": "1"}}
    page = plan.plan_document(stated.plan, found, frozen=state)
    assert page.banners == ()
    assert "ab" * 32 in page.sections[-3].blocks[0].text


def test_a_plan_changed_after_the_freeze_is_a_draft_again(tmp_path, town):
    stated = plan.planned(town(tmp_path))
    plan.freeze(stated.plan, stated.study, stated.before, by="Lead evaluator")
    found = plan.operating_characteristics(stated.plan, stated.study, stated.before)

    def is_draft(now: plan.Planned, place: str) -> bool:
        return "Draft" in plan.write_plan(now, found, tmp_path / place)[1].read_text(encoding="utf-8")

    assert not is_draft(stated, "frozen")
    assert is_draft(stated._replace(plan=replace(stated.plan, months_after=3)), "changed")


def test_page_and_markdown_say_the_same(made, tmp_path):
    stated, found, page = made
    written = plan.write_plan(stated, found, tmp_path)
    assert [path.name for path in written] == ["index.html", "plan.md", "verdicts.csv"]
    markup, text = (path.read_text(encoding="utf-8") for path in written[:2])
    assert 'data-label="Name and signature"></td>' in markup
    for section in page.sections:
        assert f"<h2>{section.title}</h2>" in markup
        assert f"\n## {section.title}\n" in text
    assert "| Chief of police | police |  |  |" in text


def test_a_page_of_any_kind_becomes_markdown(tmp_path):
    page = report.Page(title="A", subtitle="b", banners=("c",), finding=(report.Sentence(text="d"),))
    assert report.write(page, tmp_path / "a.md").read_text() == "# A\n\n*b*\n\n> **c**\n\nd\n"
