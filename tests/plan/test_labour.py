"""What is settled with those who represent officers and staff before their answers are used."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from coresponder_causal import plan
from coresponder_causal.plan.embedded import embedded_study
from coresponder_causal.plan.labour import labour_gaps
from coresponder_causal.plan.plan_document import plan_document
from coresponder_causal.plan.plan_file import example_plan, stated_plan
from coresponder_causal.plan.plan_rules import broken_rules


def own_plan(study):
    """The example plan, made somebody's own."""
    return replace(stated_plan(example_plan(study)), example=False)


@pytest.fixture(scope="module")
def surveyed():
    """The embedded study with answers of officers, and the example plan for it."""
    study, _, _ = embedded_study()
    study = replace(study, tables={**study.tables, "officer_waves": study.tables["calls"]})
    return study, own_plan(study)


def said(stated, study):
    return [what for what, _ in broken_rules(stated, study)]


def without(stated, **changed):
    return replace(stated, labour=replace(stated.labour, **changed))


def test_the_example_settles_all_where_officers_are_asked(surveyed):
    study, stated = surveyed
    assert stated.labour.waves
    assert stated.labour.officer_data
    assert said(stated, study) == []
    assert "Garrity" in stated.labour.voluntary


@pytest.mark.parametrize("name", ["employer_sees", "voluntary", "privilege"])
def test_each_open_point_is_a_broken_rule(surveyed, name):
    study, stated = surveyed
    (found,) = said(without(stated, **{name: ""}), study)
    assert found.startswith("[labour] does not say")
    quiet, _, _ = embedded_study()
    assert said(without(own_plan(quiet), **{name: ""}), quiet) == []


def test_they_are_heard_before_the_plan_is_written(surveyed):
    study, stated = surveyed
    for heard, match in (("next spring", "no day"), ("2020-06-02", "after the plan of 2020-06-01")):
        (found,) = said(without(stated, consulted_on=heard), study)
        assert match in found
    assert list(labour_gaps(replace(stated, written_on=date(2020, 5, 12)))) == []


def test_a_study_with_answers_and_a_plan_without_them_do_not_go_together(surveyed):
    study, stated = surveyed
    (found,) = said(without(stated, waves=False), study)
    assert "the study reads officer_waves" in found
    quiet, _, _ = embedded_study()
    assert said(without(own_plan(quiet), waves=True, voluntary=""), quiet) == [
        "[labour] does not say that nobody is ordered to answer, and that answers are used for no discipline"
    ]


def test_the_document_prints_what_was_agreed(surveyed):
    _, stated = surveyed
    operating = plan.Operating(
        table=pd.DataFrame(), designs=pd.DataFrame({"judges": [], "design": [], "found": []}), conditions=(),
        left_out=(), monte_carlo=0.0,
    )  # fmt: skip
    quiet = own_plan(embedded_study()[0])
    shown, silent = (
        next(one for one in plan_document(some, operating).sections if one.title == "Data about officers and staff")
        for some in (stated, quiet)
    )
    points = shown.blocks[-1].frame["Point"].tolist()
    assert points == [
        "Who represents staff", "What the employer sees", "Voluntary, and used against nobody", "For counsel to read",
    ]  # fmt: skip
    assert silent.blocks[-1].text == "Nobody is asked in waves."


def test_readiness_lists_what_is_open(tmp_path, surveyed):
    _, stated = surveyed
    folder = tmp_path / "tables"
    folder.mkdir()
    pd.DataFrame({"officer": ["a"], "wave": [0], "date": ["2026-01-01"]}).to_csv(
        folder / "officer_waves.csv", index=False
    )
    (line,) = plan.read_folder(folder).lines
    assert line.startswith("officer_waves: no PLAN.toml says who represents those who are asked")
    text = example_plan(surveyed[0])
    (tmp_path / "PLAN.toml").write_text(text)
    assert plan.read_folder(folder).lines == ()
    (tmp_path / "PLAN.toml").write_text(text.replace('employer_sees = "', 'employer_sees = "" # "'))
    (line,) = plan.read_folder(folder).lines
    assert line == "officer_waves: [labour] does not say what of the answers the employer may see; fill employer_sees."
    (folder / "PLAN.toml").write_text("broken")
    (line,) = plan.read_folder(folder).lines
    assert "PLAN.toml cannot be read" in line
    assert stated.labour.employer_sees
