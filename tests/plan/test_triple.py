"""A study that asks for the triple difference of calls: formed of calls, ranked, checked, and shown with both parts."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CoverageDesign
from coresponder_causal.estimate import did_triple
from coresponder_causal.plan.designs import rank
from coresponder_causal.plan.reading import validated
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source
from coresponder_causal.report.city_sentences import components, drift
from coresponder_causal.simulate import WorldConfig, world

CITY, START = "West Sacramento", "2020-07-15"
STUDY = Study(
    title="Calls by hours",
    tables={name: Source(path=Path(f"{name}.csv")) for name in ("calls", "schedule", "programmes")},
    designs=("triple",),
    options={"triple": ({"outcomes": ["arrest"], "covariates": ["prior_contacts", "priority"]},)},
    city=CITY,
    start=START,
    primary="arrest",
    sensitive=False,
)


@cache
def tables() -> dict[str, pd.DataFrame]:
    """Seven comparison cities over four years, one of which has a programme of its own."""
    made = world("west_sac_like", seed=3, config=WorldConfig(n_comparison=6, monthly_calls=120)).tables
    calls = made["calls"][made["calls"]["received_at"].between("2019-01-01", "2021-12-31 23:59")]
    programme = {
        "city": "Davis",
        "programme": "own",
        "start_earliest": "2019-03-01",
        "start_latest": "2019-04-01",
        "source": "council minutes",
        "certainty": "documented",
    }
    return {"calls": calls, "schedule": made["schedule"], "programmes": pd.DataFrame([programme])}


@cache
def evaluated() -> plan.Evaluation:
    with quietly():
        return plan.run(STUDY, *validated(tables(), {}))


def test_the_design_is_formed_of_the_calls_of_cities_without_a_programme():
    (result,), (design,) = evaluated().results, evaluated().designs
    assert isinstance(design, CoverageDesign)
    assert "Davis" not in set(design.calls["city"])
    calls = tables()["calls"][tables()["calls"]["city"].ne("Davis")]
    by_hand = did_triple(
        CoverageDesign.from_tables(
            calls,
            tables()["schedule"],
            outcome="arrest",
            start=START,
            exposure="calls",
            covariates=["prior_contacts", "priority"],
        )
    )
    np.testing.assert_allclose(result.estimate, by_hand.estimate, rtol=0, atol=1e-12)
    assert design.person == "person"


def test_the_checks_that_fit_again_do_so():
    (checks,) = evaluated().checks
    verdicts = {check.check: check for check in checks}
    again = ("pre_period", "placebo_dates", "placebo_cities", "leave_one_out")
    assert all(verdicts[name].verdict != "not applicable" for name in again)
    assert "the second half's change was" in verdicts["pre_period"].sentence
    assert len(verdicts["leave_one_out"].table) == 5


def test_the_page_shows_both_parts_and_the_difference_in_time():
    page = plan.evaluation_page(evaluated())
    (section,) = [section for section in page.sections if section.title == "Which hours moved?"]
    assert section.blocks[1].frame.shape[0] == 3
    (picture,) = [part for part in page.parts() if isinstance(part, report.Picture) and part.kind == "gap"]
    assert picture.labels["y"] == "Arrests per call (before: 0)"
    assert picture.labels["even"] == 0.0
    assert "covered less other hours" in picture.title
    assert any(section.title == "How far apart may cities drift?" for section in page.sections)


def test_components_say_what_spillover_would_make_of_the_finding():
    (result,) = evaluated().results
    same = components(replace(result, estimate=np.array([-0.10, -0.14, -0.04])))
    assert "moved by −0.140 (95 % interval" in same.text
    assert "its effect in the covered hours is the larger, and lies between −0.140 and −0.100" in same.text
    other = components(replace(result, estimate=np.array([-0.10, -0.06, 0.04])))
    assert "is not the triple difference, and lies between −0.100 and −0.0600" in other.text
    assert dict(other.numbers) == {"triple_difference": -0.10, "covered_hours": -0.06, "uncovered_hours": 0.04}


def test_the_picture_of_the_cities_says_which_hours_are_compared():
    (result,) = evaluated().results
    forest = report.figure(result, kind="forest")
    title = "Change of arrests in covered less other hours in each city against the comparison cities' mean"
    assert forest.title == title
    assert forest.labels["x"] == "Change of arrests in covered less other hours, arrests per call"


def test_what_happens_or_not_is_told_per_hundred_calls():
    (result,) = evaluated().results
    said = report.sentence(replace(result, estimate=np.array([-0.0868, -0.14, -0.04])))
    assert "Arrests fell by 8.7 per 100 calls in the hours the team was on duty" in said.text
    assert re.search(r"\(95 % prediction interval −14 to −3\.\d per 100 calls\)", said.text)
    assert re.search(r"is a fall of \d\.\d per 100 calls\.$", said.text)
    assert said.numbers["shown"] == pytest.approx(-8.68)
    assert said.numbers["estimate"] == -0.0868


def test_drift_is_told_in_the_unit_of_the_outcome():
    (result,) = evaluated().results
    said = drift(result).text
    assert " per 100 calls (τ = " in said
    assert "log scale" not in said
    assert "integrated" not in said


@pytest.mark.parametrize(("many", "place"), [(60.0, 0), (59.0, 3)])
def test_it_leads_with_sixty_calls_a_month(many, place):
    (result,) = evaluated().results
    assert rank(replace(result, extra=Facts(dict(result.extra) | {"mean_calls": many}))) == place


def test_an_outcome_that_no_call_has_is_refused_by_name():
    wrong = replace(STUDY, options={"triple": ({"outcomes": ["arrests"]},)})
    with quietly(), pytest.raises(DesignError, match=r"\[triple\], outcome 'arrests'"):
        plan.run(wrong, *validated(tables(), {}))


def test_calls_around_the_hours_of_the_team_come_last_with_their_checks():
    both = replace(STUDY, designs=("boundary", "triple"), options={"boundary": ({"outcomes": ["arrest"]},)})
    with quietly():
        found = plan.run(both, *validated(tables(), {}))
    assert [result.method for result in found.results] == ["did_triple", "call_boundary"]
    assert {check.check for check in found.checks[1]} == {"placebo_boundaries", "holding"}
