"""The section [cost] of a study: what is refused, and what the pages then say."""

from __future__ import annotations

import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.cost_items import cheers, of_plan
from coresponder_causal.plan.costed import cost_line, with_cost
from coresponder_causal.plan.readers import reader_specs
from coresponder_causal.plan.reporting_items import cheers_items
from coresponder_causal.plan.run import evaluation_page
from coresponder_causal.report.specs import Bullets

COST = """
[cost]
price_year = 2021
index = { 2019 = 100.0, 2021 = 106.0 }
officer_hours = { arrest = 3.0 }
posts = { posts = 5, hours = 1700, filled = 0.2, filled_low = 0.1, filled_high = 0.4 }
index_source = "a made-up index"
reasons = { perspective = "the council decides on its own budget" }
[[cost.price]]
what = "clinician"
unit = "hour"
amount = 65.0
year = 2019
source = "a made-up payroll"
payer = "city"
enters = "spent"
quantity = 3640
std_error = 5.0
[[cost.price]]
what = "arrest"
unit = "booking"
amount = 400.0
year = 2021
source = "a made-up jail"
payer = "county"
enters = "averted"
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory, town):
    """The town's page without and with a section on costs, and the council's sheet."""
    file = town(tmp_path_factory.mktemp("town"))
    (file.parent / "PLAN.toml").unlink()
    made = {}
    with quietly():
        file.write_text(file.read_text(encoding="utf-8") + COST, encoding="utf-8")
        study = plan.read_study(file)
        tables, quality = plan.read_tables(study)
        evaluation = plan.run(study, tables, quality)
        together = plan.weighed(evaluation, tables)
        plain = evaluation_page(evaluation)
        made["plain"], made["costed"] = plain, with_cost(plain, evaluation, tables, together)
        made["council"] = reader_specs(evaluation, made["costed"], tables, together)["council.html"]
        made["study"] = study
        made["nothing"] = with_cost(plain, evaluation, tables, None)
    return made


def test_the_page_says_what_it_costs_and_the_council_is_told(pages):
    assert cost_line(pages["plain"]) is None
    said = str(cost_line(pages["costed"]))
    assert "for the city" in said
    assert "dollars of 2021" in said
    (told,) = [section for section in pages["council"].sections if section.title == "What does it cost?"]
    assert str(told.blocks[0].items[0]) == said


def test_money_of_2019_is_turned_into_that_of_2021(pages):
    section = pages["costed"].sections[-1]
    tables = (block for block in section.blocks if isinstance(block, report.Table))
    totals = next(table for table in tables if table.title == "Costs over the horizon")
    spent = totals.frame.set_index("what").loc["spent", "estimate"]
    assert spent == pytest.approx(3640 * 65 * 1.06)
    notes = next(block for block in section.blocks if isinstance(block, Bullets))
    assert "orne by others than the city" in " ".join(map(str, notes.items))


def test_cheers_says_what_is_not_answered(pages):
    """Without a plan, its items are open; the reason given for the perspective, and no other, answers why."""
    fold = pages["costed"].sections[-1].blocks[-1]
    rows = fold.table.frame.set_index("No.")
    assert rows.index.tolist() == [str(number) for number in range(1, 29)]
    assert rows.loc["23", "Answered in"] == "What does it cost?"
    assert rows.loc["15", "Answered in"] == "What the costs rest on"
    assert rows.loc["3"].tolist()[1:] == ["not answered", "PLAN.toml would say it"]
    assert rows.loc["19", "Answered in"] == "not answered"
    assert rows.loc["8", "Not said there"] == ""
    assert rows.loc["10", "Not said there"].startswith("why")
    many = int((rows["Answered in"] != "not answered").sum())
    assert f"{many} of 28 items answered" in fold.label


def test_cheers_counts_on_a_plan_that_is_there(pages):
    study = pages["study"]
    rows = cheers(pages["costed"], study.cost, planned=True).table.frame.set_index("No.")
    assert rows.loc["3", "Answered in"] == "plan: What is known beforehand"
    assert rows.loc["27", "Answered in"] == "plan: Review, registration, money"


def test_every_item_points_at_something_that_is_made(pages):
    """Sections that CHEERS items name are on the page, or are sections of a plan."""
    page = pages["costed"]
    there = {section.title for section in page.sections} | {table.title for _, table in page.tables()}
    assert {item.section for item in cheers_items} <= there | of_plan | {""}


def test_without_evidence_it_is_not_told(pages):
    assert str(cost_line(pages["nothing"])).startswith("Not told")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('payer = "city"', 'payer = "mayor"', "payer is 'mayor'"),
        ("quantity = 3640", "quantities = 3640", "unknown quantities"),
        ("amount = 65.0", "amount = -65.0", "amount is -65.0"),
        ("price_year = 2021", "", "of which year"),
        ("filled = 0.2", "full = 0.2", "not complete"),
        ("filled = 0.2", "filled = 0.9", "within its range"),
        ('perspective = "the', 'view = "the', "reasons in"),
        ('source = "a made-up payroll"', "", "no source"),
    ],
)
def test_what_is_refused(tmp_path, town, old, new, said):
    file = town(tmp_path)
    file.write_text(file.read_text(encoding="utf-8") + COST.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=said):
        plan.read_study(file)
