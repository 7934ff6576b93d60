"""A study that asks for calls by an instrument, and for half-days drawn by lot."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import Doubt, quietly
from coresponder_causal.design import CallInstrumentDesign, SwitchbackDesign, switchback_schedule
from coresponder_causal.estimate import call_iv, switchback_randomization
from coresponder_causal.plan.reading import validated
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source
from coresponder_causal.simulate import WorldConfig, world

KNOWN = ["prior_contacts", "patrol_load"]
CITY, START = "West Sacramento", "2020-07-15"


@cache
def tables() -> dict[str, pd.DataFrame]:
    made = world("west_sac_like", seed=5, config=WorldConfig(n_comparison=1, monthly_calls=200)).tables
    return {"calls": made["calls"], "schedule": made["schedule"]}


STUDY = Study(
    title="Calls by an instrument",
    tables={name: Source(path=Path(f"{name}.csv")) for name in ("calls", "schedule")},
    designs=("instrument",),
    city=CITY,
    start=START,
    options={
        "instrument": (
            {"outcomes": ["arrest", "hold"], "covariates": KNOWN, "instrument": "team_free"},
            {"outcomes": ["arrest"], "covariates": KNOWN},
        )
    },
)


def evaluated(study: Study, given: dict[str, pd.DataFrame]) -> plan.Evaluation:
    with quietly():
        return plan.run(study, *validated(given, {}))


@cache
def by_instrument() -> plan.Evaluation:
    return evaluated(STUDY, tables())


def test_a_study_gives_what_the_design_gives():
    found = by_instrument()
    assert [(r.extra["adjustment"], r.estimand.outcome) for r in found.results] == [
        ("team_free", "arrest"),
        ("team_free", "hold"),
        ("coverage_post", "arrest"),
    ]
    own = tables()["calls"].query("city == @CITY").reset_index(drop=True)
    with quietly():
        d = CallInstrumentDesign.from_tables(
            own, tables()["schedule"], outcome="arrest", start=START, covariates=KNOWN, person="person"
        )
        by_hand = call_iv(d)
    pd.testing.assert_frame_equal(found.results[2].tidy(), by_hand.tidy())


def test_every_instrument_has_its_checks():
    names = [{check.check for check in made} for made in by_instrument().checks]
    assert names == [{"reduced_form_before", "hour_profile", "first_stage"}, set(), names[0]]


def test_the_page_shows_them_with_their_pictures_and_in_the_table_of_evidence():
    page = plan.evaluation_page(by_instrument())
    kinds = [part.kind for part in page.parts() if hasattr(part, "kind")]
    assert kinds.count("shares") == 2
    assert kinds.count("course") == 1
    (section,) = [section for section in page.sections if section.title == "All estimates together"]
    methods = section.blocks[0].frame["method"].tolist()
    assert methods.count("Calls by an instrument, team free or taken") == 2
    assert "Calls by an instrument, planned shifts" in methods


def test_of_two_dates_of_the_start_the_earlier_is_taken_and_doubted():
    between = replace(STUDY, start=None, start_between=(START, "2021-06-30"))
    found = evaluated(replace(between, options={"instrument": (STUDY.options["instrument"][1],)}), tables())
    assert found.results[0].extra["start"] == START
    assert any("the earlier of the two dates" in line for line in found.lines if isinstance(line, Doubt))


WRITTEN = """
[study]
title = "A trial"
simulated = true

[tables]
calls = "calls.csv"

[treated]
city = "Davis"

[outcomes]
primary = "calls"

[designs]
run = ["switchback"]

[switchback]
assignment = "plan/schedule.csv"
carryover_minutes = 30
"""


@pytest.fixture
def trial(tmp_path) -> Path:
    """A drawn plan, the calls of its weeks, and a study that names both."""
    calendar = switchback_schedule(weeks=14, start="2027-01-04", city="Davis", seed=3)
    plan.write_switchback(calendar, tmp_path / "plan")
    rng = np.random.default_rng(1)
    minutes = np.sort(rng.integers(0, 14 * 7 * 24 * 60, 3000))
    at = pd.Timestamp("2027-01-04") + pd.to_timedelta(minutes, unit="min")
    calls = pd.DataFrame({"call_id": range(3000), "city": "Davis", "received_at": at})
    calls.assign(attended=rng.random(3000) < 0.2).to_csv(tmp_path / "calls.csv", index=False)
    (tmp_path / "STUDY.toml").write_text(WRITTEN, encoding="utf-8")
    return tmp_path


def test_a_trial_is_read_with_the_plan_that_was_drawn(trial):
    study = plan.read_study(trial / "STUDY.toml")
    found = evaluated(study, plan.read_tables(study)[0])
    (result,) = found.results
    calendar = switchback_schedule(weeks=14, start="2027-01-04", city="Davis", seed=3)
    calls = pd.read_csv(trial / "calls.csv", parse_dates=["received_at"])
    by_hand = switchback_randomization(
        SwitchbackDesign.from_tables(calls, calendar, outcome="calls", carryover_minutes=30)
    )
    pd.testing.assert_frame_equal(result.tidy(), by_hand.tidy())
    assert [check.check for check in found.checks[0]] == ["control_outcomes"]
    assert "half-days that the lot gave to the team" in " ".join(s.text for s in plan.evaluation_page(found).finding)


def test_what_is_missing_is_listed_at_once(trial):
    text = WRITTEN.replace('assignment = "plan/schedule.csv"', "").replace('primary = "calls"', "")
    text = text.replace('run = ["switchback"]', 'run = ["switchback", "instrument"]')
    (trial / "STUDY.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        plan.read_study(trial / "STUDY.toml")
    for said in (
        "[treated] needs start or start_between",
        "design 'instrument' needs the tables calls and schedule",
        "key 'outcomes' in [instrument] is missing",
        "key 'assignment' in [switchback] is missing",
        "[switchback] has no outcomes",
    ):
        assert said in caught.value.what


def test_a_plan_that_is_not_there_is_named(trial):
    (trial / "STUDY.toml").write_text(WRITTEN.replace("plan/schedule", "plan/gone"), encoding="utf-8")
    with pytest.raises(DataError, match=r"assignment in \[switchback\]: there is no file plan/gone.csv"):
        plan.read_study(trial / "STUDY.toml")
