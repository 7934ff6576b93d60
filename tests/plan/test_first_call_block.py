"""A study asks for its first calls; they come on its page, and what cannot be told says why."""

from types import SimpleNamespace

import pytest

from coresponder_causal.core.errors import Problems
from coresponder_causal.plan.first_call_block import FirstCallPlan, read_first_calls
from coresponder_causal.plan.first_calls import with_first_calls
from coresponder_causal.plan.study import parse_study
from coresponder_causal.privacy import Policy
from coresponder_causal.report.first_calls import agreement_picture, title
from coresponder_causal.report.gate import passed
from coresponder_causal.report.specs import Page, Picture
from coresponder_causal.simulate.first_calls import first_calls


def page_of(plan, calls):
    study = SimpleNamespace(first_calls=plan, city=None, seed=1)
    empty = Page(title="t", banners=(), finding=(), sections=())
    return with_first_calls(empty, SimpleNamespace(study=study), {"calls": calls})


@pytest.fixture(scope="module")
def page():
    made = first_calls(calls=6000, trained=0.2).drop(columns=["crisis_truly", "drawn", "chance"])
    made["told_weapon"] = made["told_weapon"].mask(made["told_weapon"] == "yes", "no")
    return page_of(
        FirstCallPlan(met_by=("priority",), training="2022-07-01", told=("told_weapon", "told_self_harm")), made
    )


def test_the_page_holds_agreement_training_answers_and_gain(page):
    (section,) = page.sections
    assert section.title == title
    kinds = [block.kind for block in section.blocks if isinstance(block, Picture)]
    assert kinds == ["agreement", "series", "told"]
    assert any("told_weapon is not told" in item.text.casefold() for item in section.blocks[-1].items)


def test_the_page_may_leave_for_the_public(page):
    passed([page], Policy(audience="public"))


def test_what_cannot_be_told_says_why():
    made = first_calls(calls=400).drop(columns="received_at")
    (section,) = page_of(FirstCallPlan(training="2022-07-01"), made).sections
    assert any("received_at" in item.text for item in section.blocks[-1].items)


def test_rows_of_the_picture_are_those_of_their_names():
    from coresponder_causal.decide import concordance

    found = concordance(first_calls(calls=4000), by=(), taker=None)
    own = found.table.set_index("measure")["estimate"]
    rows = agreement_picture(found).data["rows"].set_index("name")["estimate"]
    assert rows["Agreement beyond chance (κ)"] == own["kappa"]
    assert rows["Calls that were crises"] == own["prevalence"]


def test_every_broken_rule_of_the_block_is_listed():
    problems = Problems("study")
    block = {
        "met_by": ["arrest"],
        "told": ["hour"],
        "training": "soon",
        "thresholds": [3],
        "right": ["x"],
        "by": "hour",
    }
    assert read_first_calls(block, problems) is None
    assert len(problems.found) == 6


def test_a_study_states_the_block(tmp_path):
    (tmp_path / "calls.csv").write_text("call_id\n", encoding="utf-8")
    content = {
        "study": {"title": "t"},
        "tables": {"calls": "calls.csv"},
        "designs": {"run": []},
        "first_calls": {"training": "2022-07-01", "by": ["caller_type"]},
    }
    stated = parse_study(content, tmp_path, name="STUDY.toml").first_calls
    assert stated == FirstCallPlan(training="2022-07-01", by=("caller_type",))
