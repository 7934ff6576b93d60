"""Comparison cities chosen before outcomes are seen: every rule by hand, what a design keeps, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError, DesignError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign, donor_pool
from coresponder_causal.estimate import did_few_treated, did_gap, did_group_time, did_prediction_interval

MONTHS = pd.period_range("2017-01", periods=60, freq="M")
CITIES = pd.DataFrame(
    [
        # city, population, region, km, form of dispatch record, share of renters
        ("Ours", 50_000, "valley", 0, "cad-2", 0.40),
        ("Twin", 52_000, "valley", 60, "cad-2", 0.41),
        ("Cousin", 60_000, "coast", 150, "cad-2", 0.30),
        ("Far", 200_000, "coast", 300, "cad-2", 0.60),
        ("Later", 70_000, "coast", 200, "cad-2", 0.50),
        ("Near", 40_000, "valley", 12, "cad-2", 0.45),
        ("Small", 20_000, "coast", 90, "cad-2", 0.40),
        ("Early", 55_000, "coast", 90, "cad-2", 0.40),
        ("Moved", 55_000, "coast", 90, "cad-2", 0.40),
        ("Other", 55_000, "coast", 90, "cad-1", 0.40),
    ],
    columns=["city", "population", "region", "km", "cad", "renters"],
)
ENTERED = {"source": "agency", "certainty": "documented"}
PROGRAMMES = pd.DataFrame(
    [("Later", "2021-03-10"), ("Early", "2018-01-01"), *((name, "2030-01-01") for name in CITIES["city"][:4])],
    columns=["city", "start_earliest"],
).assign(programme="team", **ENTERED)
BREAKS = pd.DataFrame(
    [
        ("Moved", "calls", "2019-05-01"),
        ("Twin", "hold", "2019-05-01"),
        ("Ours", "calls", "2018-01-01"),
        ("Far", "calls", "2018-01-01"),
        ("Cousin", "calls", "2010-01-01"),
    ],
    columns=["city", "field", "date"],
).assign(what="migration", **ENTERED)
STATED = {
    "treated": "Ours",
    "start": "2020-07-15",
    "window": ("2017-01-01", "2021-12-31"),
    "breaks": BREAKS,
    "fields": ["calls"],
    "distance": "km",
    "within": 20,
    "definitions": "cad",
    "traits": ["renters"],
}


def pool(cities=CITIES, programmes=PROGRAMMES, **changed):
    return donor_pool(cities, programmes, **(STATED | changed))


def panel(cities=CITIES["city"], effects=None, **changed) -> PanelDesign:
    rng = np.random.default_rng(5)
    after = pd.Period("2020-07", "M") <= MONTHS
    frame = pd.concat(
        pd.DataFrame(
            {
                "city": city,
                "month": MONTHS,
                "calls": rng.poisson(2000 * np.exp((effects or {}).get(city, 0.0) * after + rng.normal(0, 0.02, 60))),
            }
        )
        for city in cities
    )
    stated = {"outcome": "calls", "unit": "city", "time": "month", "treated": "Ours", "start": "2020-07-15"}
    return PanelDesign.from_frame(frame, **(stated | changed))


def test_every_rule_by_hand():
    found = pool().table.set_index("city")
    assert found["role"].to_dict() == {
        "Twin": "donor",
        "Cousin": "donor",
        "Far": "donor",
        "Later": "censored",
        "Near": "spillover",
        "Small": "excluded",
        "Early": "excluded",
        "Moved": "excluded",
        "Other": "excluded",
    }
    assert found["why"].to_dict() == {
        "Twin": "",
        "Cousin": "",
        "Far": "",
        "Later": "a programme of its own from 2021-03-10 on",
        "Near": "a neighbour of Ours",
        "Small": "0.4 times the population",
        "Early": "a programme of its own from 2018-01-01 on",
        "Moved": "recording changed: calls on 2019-05-01",
        "Other": "another cad",
    }
    assert found["until"].dropna().to_dict() == {"Later": pd.Timestamp("2021-03-10")}
    assert found.loc[["Twin", "Later", "Near"], "programme"].tolist() == ["yes", "no", "unknown"]
    assert found["score"].round(3).to_dict()["Near"] == 0.75  # four rules judged, three passed
    assert found["score"].to_dict()["Twin"] == 1.0
    assert found["region"].to_dict()["Twin"] == "same"


def test_donors_of_one_score_stand_in_the_order_of_their_likeness():
    seen = np.column_stack([CITIES["renters"], np.log(CITIES["population"])])
    away = (seen - seen[0]) / seen.std(axis=0, ddof=1)
    by_hand = dict(zip(CITIES["city"], np.sqrt((away**2).mean(axis=1)), strict=True))
    found = pool().table.set_index("city")["unlikeness"]
    assert found["Cousin"] == pytest.approx(by_hand["Cousin"], rel=1e-12)
    assert pool().donors == sorted(["Twin", "Cousin", "Far"], key=by_hand.get)


def test_a_change_of_recording_counts_unless_the_treated_city_had_it_too():
    with pytest.warns(IdentificationWarning, match="no comparison city is from the region of Ours"):
        every = pool(fields=[]).table.set_index("city")
    assert every.loc["Twin", "why"] == "recording changed: hold on 2019-05-01"
    assert "Far" in pool().donors
    assert "Far" not in pool(breaks=BREAKS[BREAKS["city"] != "Ours"]).donors


def test_the_pool_is_frozen():
    assert pool().fingerprint == pool(CITIES.sample(frac=1, random_state=1)).fingerprint
    assert pool().fingerprint != pool(within=5).fingerprint
    assert pool().fingerprint != pool(programmes=PROGRAMMES.iloc[1:]).fingerprint
    assert f"frozen as {pool().fingerprint[:16]}" in repr(pool())
    with pytest.raises(AttributeError):
        pool().table = CITIES


def test_outcomes_cannot_enter():
    with pytest.raises(DesignError) as raised:
        pool(CITIES.assign(arrest=1, trend=0.1))
    assert "arrest may be an outcome" in str(raised.value)
    assert "nobody knows whether trend is an outcome" in str(raised.value)
    with pytest.raises(DesignError, match="calls may be an outcome"):
        pool(CITIES.assign(calls=9), traits=["calls"])
    with pytest.raises(DesignError, match="a table by period holds outcomes"):
        pool(pd.concat([CITIES, CITIES.tail(1)]))


def test_every_broken_rule_is_listed_at_once():
    with pytest.raises(DesignError) as raised:
        pool(neighbours=["Nowhere"], start="2016-01-01", population=(5, 1))
    assert str(raised.value).startswith("pool of comparison cities breaks 3 rules")
    with pytest.raises(DataError, match="start is 'soon'"):
        pool(start="soon")


def test_what_was_not_known_is_said():
    with pytest.warns(IdentificationWarning, match="no register of programmes"):
        bare = pool(programmes=None, breaks=None, definitions=None, distance=None, traits=[], cities=CITIES.iloc[:, :3])
    for said in (
        "no register of changes of recording",
        "nothing is known of other cities'",
        "no neighbours were named",
    ):
        assert any(said in each for each in bare.notes)
    with pytest.warns(IdentificationWarning, match="no comparison city is from the region of Ours"):
        pool(CITIES[CITIES["city"] != "Twin"])


@pytest.mark.parametrize("estimate", [did_prediction_interval, did_few_treated, did_gap])
def test_the_estimators_of_one_city_see_only_what_the_pool_admits(estimate):
    given = panel(effects={"Near": -1.0, "Early": -1.0, "Later": -1.0, "Small": 1.0, "Moved": 1.0, "Other": 1.0})
    admitted = pool().apply(given)
    with quietly():
        found, alone = (estimate(each) for each in (admitted, panel(["Ours", "Twin", "Cousin", "Far"])))
    assert admitted.comparison_units == ["Cousin", "Far", "Twin"]
    assert found.n_units == 4
    assert abs(found.estimate[0]) < 0.05
    assert abs(alone.estimate[0]) < 0.05
    assert any("left out by the pool: Near, " in said for said in found.notes)
    assert "left out, a programme of their own after the start: Later" in found.notes


def test_an_adopter_may_be_compared_until_its_own_programme():
    design = pool().apply(panel(), adopters="until then")
    assert design.comparison_units == ["Cousin", "Far", "Later", "Twin"]
    assert str(design.axis.label(int(design.positions[design.rows("Later")].max()))) == "2021-02"
    assert str(design.axis.label(int(design.positions[design.rows("Twin")].max()))) == "2021-12"
    assert "Later is compared until its own programme from 2021-03-10 on" in design.notes
    with quietly():
        assert did_group_time(design).n_units == 5
    with quietly():
        shorter = did_prediction_interval(design)
    assert "10 months are not there for every city and were left out of all" in shorter.notes
    assert len(shorter.path) == 50


def test_the_effect_on_neighbours_is_estimated_apart():
    design = pool().spillover_design(panel(effects={"Ours": 0.5, "Near": -0.3}), neighbour="Near")
    assert design.treated_units == ["Near"]
    assert design.comparison_units == ["Cousin", "Far", "Twin"]
    assert design.dose[design.rows("Near")][42] == pytest.approx(17 / 31, abs=1e-15)
    with quietly():
        found = did_prediction_interval(design)
    assert found.estimate[0] == pytest.approx(-0.3, abs=0.05)
    assert "Near in the place of Ours: the effect on neighbours" in found.notes
    with pytest.raises(DesignError, match="no neighbour Twin"):
        pool().spillover_design(panel(), neighbour="Twin")


def test_a_pool_is_for_its_own_design_alone():
    with pytest.raises(DesignError, match="the pool is for Ours, the design treats Twin"):
        pool().apply(panel(treated="Twin"))
    with pytest.raises(DesignError, match="the pool is for a start on 2020-07-15, the design's is 2020-09"):
        pool().apply(panel(start="2020-09"))
    with pytest.raises(DesignError, match="never scored: Stranger"):
        pool().apply(panel([*CITIES["city"], "Stranger"]))
    with pytest.raises(DesignError, match="leaves 1 comparison cities"):
        pool().apply(panel(["Ours", "Twin", "Near"]))
    with pytest.warns(IdentificationWarning, match="12 months lie outside the window"):
        pool(window=("2018-01-01", "2021-12-31")).apply(panel())
