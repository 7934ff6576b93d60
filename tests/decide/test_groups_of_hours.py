"""The intention to treat in groups of calls: each as its own triple difference, contrasts by week and city.

Worlds of `validity.hour_call_worlds` with six comparison cities and 3,000 calls in the town; changes of covered hours
differ between cities (sd 0.025), and between groups within them (sd 0.03). Of 150 such worlds without an effect 1 had
groups that differed by a 5 % test, and 149 intervals held the difference; of 150 where one group's calls end 25 points
less often in arrest, 91 found it and 146 intervals held it. The intervals know six cities, and are cautious.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import Doubt, quietly
from coresponder_causal.decide import Subgroups, heterogeneity, subgroups
from coresponder_causal.design import CoverageDesign
from coresponder_causal.estimate import did_triple
from coresponder_causal.validity.cells import cells
from coresponder_causal.validity.hour_call_worlds import hour_call_designs

CUTS = {"severity": [0.0]}


@cache
def design(effect: float, part: int = 0) -> CoverageDesign:
    """Calls of seven cities; ``effect`` on severe calls of the treated city's covered hours from the start on."""
    cell = replace(cells("hour_calls", full=False)[0], effect=0.0, rho=0.3, tau=0.05, calls=3000, comparison=6)
    d = next(hour_call_designs(cell, part, 1))
    rng, calls = np.random.default_rng(part), d.calls
    assert calls is not None
    yes = (calls["severity"] > 0).to_numpy()
    on = (calls["covered"] & calls["after"]).to_numpy() & yes
    step = 0.03 * rng.standard_normal(7)[pd.factorize(calls["city"])[0]] + effect * calls["city"].eq(d.treated)
    happens, u = calls["arrest"].to_numpy(bool), rng.random(len(calls))
    moved = np.where(step < 0, happens & (u >= -step / 0.38), happens | (u < step / 0.62))
    more = {"arrest": np.where(on, moved, happens), "unhoused": np.where(u < 0.8, yes.astype(float), np.nan)}
    return replace(d, calls=calls.assign(**more, rare=(np.arange(len(calls)) % 400 == 0).astype(int)))


@cache
def found(effect: float, part: int = 0) -> Subgroups:
    with quietly():
        return subgroups(design(effect, part), pre_specified=["severity"], cuts=CUTS)


def test_each_group_is_the_triple_difference_of_its_calls():
    d, told = design(0.0), found(0.0)
    assert told.table["group"].tolist() == ["below 0", "0 or more"]
    for group, severe in (("below 0", False), ("0 or more", True)):
        calls = d.calls[(d.calls["severity"] >= 0) == severe].reset_index(drop=True)
        with quietly():
            own = did_triple(replace(d, calls=calls)).tidy().iloc[0]
        row = told.table.set_index("group").loc[group]
        for name in ("estimate", "std_error"):
            assert row[name] == pytest.approx(own[name], rel=1e-8)
    difference = told.differences.loc[0, "difference"]
    assert difference == pytest.approx(told.table["estimate"].iloc[1] - told.table["estimate"].iloc[0])


def test_what_moves_a_city_or_a_week_alike_in_both_groups_drops_out_of_their_difference():
    apart = np.sqrt((found(0.0).table["std_error"] ** 2).sum())
    assert found(0.0).differences.loc[0, "std_error"] < apart
    assert found(0.0).result.estimand.contrast == "ITT of coverage"


def test_it_is_silent_where_groups_are_alike_and_says_what_it_could_have_seen():
    told = [found(0.0, part) for part in range(5)]
    assert sum(one.differences.loc[0, "p_value"] < 0.05 for one in told) <= 1
    assert all(0.1 < one.differences.loc[0, "mde"] < 1 for one in told)
    assert told[0].differences.loc[0, "verdict"] == "not testable at this n"
    assert told[0].matters == pytest.approx(0.15 * 0.34, abs=0.02)


def test_a_large_difference_is_found():
    told = [found(-0.38, part) for part in range(3)]
    assert sum(one.differences.loc[0, "verdict"] == "groups differ" for one in told) >= 2
    assert all(one.differences.loc[0, "difference"] < -0.15 for one in told)


def test_groups_recorded_on_scene_hold_calls_with_the_record_alone():
    with quietly():
        told = subgroups(design(0.0), pre_specified=["unhoused"])
    assert told.table["group"].tolist() == ["no", "yes"]
    assert told.table["units"].sum() < 0.85 * told.result.support["units"].iloc[0]
    assert any("unhoused, which is recorded on scene" in note for note in told.result.notes)


def test_arms_that_record_unlike_each_other_are_a_doubt():
    d = design(0.0)
    lost = d.calls["covered"] & d.calls["after"] & (np.arange(len(d.calls)) % 3 == 0)
    uneven = replace(d, calls=d.calls.assign(unhoused=d.calls["unhoused"].mask(lost)))
    with quietly():
        told = subgroups(uneven, pre_specified=["unhoused"])
    assert any(isinstance(note, Doubt) and "may be unlike" in note for note in told.result.notes)


def test_a_small_group_and_the_one_that_gives_it_away_are_not_shown():
    with quietly():
        told = subgroups(design(0.0), pre_specified=["severity", "rare"], cuts=CUTS)
    assert told.left_out == ("rare: 1", "rare: 0")
    assert told.table["field"].tolist() == ["severity", "severity"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"pre_specified": ["final_type"]}, "comes about after dispatch"),
        ({"pre_specified": ["perceived_race"]}, "no column of the calls holds it"),
        ({"pre_specified": ["severity"], "cuts": {"severity": [1.0, 0.0]}}, "each larger than the one before"),
        ({"pre_specified": ["severity"], "cuts": {"hour": [6]}}, "no field asked for"),
    ],
)
def test_what_cannot_cut_calls_is_refused(asked, said):
    with quietly(), pytest.raises(EstimationError, match=said):
        subgroups(design(0.0), **asked)


def test_models_of_calls_are_not_asked_of_a_roster():
    with quietly(), pytest.raises(DesignError, match="no propensity"):
        subgroups(design(0.0), pre_specified=["severity"], contrast="ATE")
    with pytest.raises(DesignError, match=r"of \d+ hours of the week"):
        heterogeneity(design(0.0), effect_modifiers=["severity"])


def test_too_few_cities_say_how_many():
    d = design(0.0)
    few = replace(d, calls=d.calls[d.calls["city"].isin([d.treated, "city 01", "city 02"])].reset_index(drop=True))
    with quietly(), pytest.raises(EstimationError, match="2 comparison cities"):
        subgroups(few, pre_specified=["severity"], cuts=CUTS)
