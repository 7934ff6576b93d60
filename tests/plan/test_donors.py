"""A study chooses its comparison cities by [donors]: who is compared, what is checked, what the page shows."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.reading import validated
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source

CITIES = ("Davis", "Woodland", "Folsom", "Rocklin", "Chico", "Redding", "Roseville", "Dixon")
MONTHS = pd.period_range("2017-01", periods=60, freq="M")
ENTERED = {"source": "minutes", "certainty": "documented"}
DONORS = {"neighbours": ["Woodland"], "definitions": "cad", "specifications": True}
STUDY = Study(
    title="A town",
    tables={"city_panel": Source(path=Path("city_panel.csv"))},
    designs=("series", "cities"),
    city="Davis",
    start_between=("2020-07-15", "2020-09-01"),
    primary="calls",
    donors=DONORS,
)
TEXT = """
[study]
title = "A town"
[tables]
city_panel = "city_panel.csv"
cities = "cities.csv"
[treated]
city = "Davis"
start = 2020-07-15
[outcomes]
primary = "calls"
[designs]
run = ["cities"]
[donors]
"""


@cache
def tables():
    rng = np.random.default_rng(9)
    keys = pd.MultiIndex.from_product([CITIES, MONTHS.astype(str)], names=["city", "month"]).to_frame(index=False)
    cities = pd.DataFrame({"city": CITIES, "population": 60_000, "time_zone": "America/Los_Angeles", "region": "Yolo"})
    programmes = [("Roseville", "2019-03-01"), ("Chico", "2021-03-01"), ("Folsom", "2030-01-01")]
    given = {
        "city_panel": keys.assign(population=60_000, calls=rng.poisson(150, len(keys))),
        "cities": cities.assign(cad=np.where(cities["city"] == "Dixon", "old", "new"), mayor="somebody"),
        "programmes": pd.DataFrame(programmes, columns=["city", "start_earliest"]).assign(programme="team", **ENTERED),
    }
    return validated(given, {})


@cache
def evaluated(adopters: str = "leave out") -> plan.Evaluation:
    with quietly():
        return plan.run(replace(STUDY, donors={**DONORS, "adopters": adopters}), *tables())


def test_only_the_pool_is_compared():
    found = evaluated()
    assert found.designs[0].comparison_units == ["Folsom", "Redding", "Rocklin"]
    assert found.pool.cities("excluded") == ["Roseville", "Dixon"]
    assert found.pool.cities("censored") == ["Chico"]
    assert any("nothing is known of programmes in" in line for line in found.lines)
    assert any("All comparison cities are from the region" in line for line in found.lines)


def test_an_adopter_is_compared_until_then_where_asked():
    design = evaluated("until then").designs[0]
    assert design.comparison_units == ["Chico", "Folsom", "Redding", "Rocklin"]
    assert design.axis.positions[design.rows("Chico")].max() == pd.Period("2021-02", "M").ordinal


def test_the_checks_that_the_study_makes_possible_are_made():
    cities, series = ({each.check: each for each in checks} for checks in evaluated("until then").checks)
    assert cities["spillover"].table["neighbour"].tolist() == ["Woodland"]
    assert len(cities["specification_curve"].course) == 5
    assert cities["start_range"].table["start"].tolist() == ["as given", "2020-07-15", "2020-08", "2020-09-01"]
    assert "start_range" in series
    weights = [each.could_change for each in evaluated("until then").checks[0]]
    assert weights == sorted(weights, reverse=True)


def test_the_page_shows_who_was_compared(tmp_path):
    found = evaluated()
    page = plan.evaluation_page(found)
    shown = next(part for part in page.parts() if getattr(part, "title", "") == "Comparison cities")
    assert set(shown.frame["city"]) == set(CITIES) - {"Davis"}
    html = report.write(page, tmp_path / "page").read_text(encoding="utf-8")
    assert f"Frozen as {found.pool.fingerprint[:16]}" in html
    page = plan.evaluation_page(evaluated("until then"))
    public = {getattr(part, "title", "") for part in report.released(page, audience="public").parts()}
    assert {"Comparison cities", "Numbers behind “specification curve”"} <= public


def test_hours_of_the_dose_are_told_without_an_interval():
    given, quality = tables()
    hours = pd.DataFrame({"city": "Davis", "shift_start": pd.date_range("2020-07-15 12:00", "2021-12-31", freq="D")})
    shifts = hours.assign(shift_end=hours["shift_start"] + pd.Timedelta(hours=10), planned_hours=10, delivered_hours=5)
    more, _ = validated({"schedule": shifts.astype(str)}, {})
    study = replace(STUDY, donors=None, start_between=None, start="2020-07-15", dose="delivered_hours")
    with quietly():
        found = plan.run(study, given | more, quality)
    told = next(each for each in found.checks[0] if each.check == "start_range")
    assert told.verdict == "reported"
    assert told.table["hours_a_week"][0] == pytest.approx(35, rel=0.03)


def study_file(folder: Path, donors: str, text: str = TEXT) -> Path:
    for name in ("city_panel", "cities"):
        tables()[0][name].to_csv(folder / f"{name}.csv", index=False)
    (folder / "STUDY.toml").write_text(text + donors, encoding="utf-8")
    return folder / "STUDY.toml"


def test_the_section_is_read(tmp_path):
    stated = plan.read_study(study_file(tmp_path, 'neighbours = ["Woodland"]\npopulation = [0.5, 3]'))
    assert stated.donors == {"neighbours": ["Woodland"], "population": [0.5, 3]}
    assert plan.read_study(study_file(tmp_path, "")).donors == {}
    assert plan.read_study(study_file(tmp_path, "", TEXT.replace("[donors]", ""))).donors is None


def test_what_is_wrong_in_the_section_is_listed(tmp_path):
    wrong = 'neighbours = "Woodland"\nadopters = "keep"\nnearest = 3'
    with pytest.raises(DataError) as raised:
        plan.read_study(study_file(tmp_path, wrong, TEXT.replace('cities = "cities.csv"', "")))
    for said in (
        "neighbours in [donors] is 'Woodland': write a list of cities",
        "adopters in [donors] is 'keep': choose from leave out, until then",
        "unknown key 'nearest' in [donors]",
        "[donors] needs the table cities",
    ):
        assert said in str(raised.value)
