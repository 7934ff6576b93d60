"""Calls that officers or the team started are added to a table: no count of demand, no reach, no effect may change.

The same numbers with and without them are the reference; what may change is said in the test.
"""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.data import follow_up, metric_catalogue, metrics, panel, pathway_flows
from coresponder_causal.data.demand import asked_for, self_initiated
from coresponder_causal.design import CallDesign, CallInstrumentDesign, CoverageDesign, weight_propensity
from coresponder_causal.estimate import call_difference
from coresponder_causal.report.team_hours import reach_picture
from coresponder_causal.simulate import WorldConfig, world

KNOWN = ["initial_type", "prior_calls", "patrol_load"]
CODES = {"initial_type": "mental_health_crisis", "final_type": "mental_health_crisis"}


@pytest.fixture(scope="module")
def study():
    w = world(seed=3, config=WorldConfig(monthly_calls=80, n_comparison=2))
    calls = w.tables["calls"].assign(origin="911")
    rng = np.random.default_rng(1)
    own = calls.iloc[rng.choice(len(calls), 1500, replace=False)].assign(
        origin=np.resize(["officer_initiated"], 1500), attended=True, arrest=True, **CODES
    )
    own = own.assign(
        call_id=[f"own{place}" for place in range(len(own))],
        received_at=own["received_at"] - pd.Timedelta("1h"),
    )
    both = pd.concat([calls, own], ignore_index=True).sort_values("received_at", ignore_index=True)
    return w, calls, both


def test_unknown_origins_count_as_calls_of_somebody():
    rows = pd.DataFrame({"origin": ["alarm", None, "follow_up", "non_emergency_line", "outreach"]})
    assert self_initiated(rows).tolist() == [False, False, True, False, True]
    assert not self_initiated(pd.DataFrame({"call_id": [1]})).any()
    with collecting() as notes:
        assert len(asked_for(rows)) == 3
    assert notes == ["2 of 5 calls were started by officers or the team themselves and are no demand"]


@pytest.mark.parametrize("period", ["month", "week", "hour_of_week"])
def test_counts_by_period_are_of_demand(study, period):
    _, calls, both = study
    with quietly():
        pd.testing.assert_frame_equal(panel(both, period=period), panel(calls, period=period))


def test_units_of_origin_are_counted_as_such(study):
    _, _, both = study
    with quietly():
        counted = panel(both, unit="origin").groupby("origin")["calls"].sum()
    assert counted["officer_initiated"] == 1500


def test_metrics_of_calls_and_the_pathway_do_not_change(study):
    w, calls, both = study
    of_calls = [one.id for one in metric_catalogue().values() if all(part.rows == "calls" for part in one.parts)]
    tables = {"schedule": w.tables["schedule"], "outcomes": w.tables["outcomes"], "cities": w.tables["cities"]}
    with quietly():
        before, after = (metrics({"calls": one, **tables}, period="year", only=of_calls) for one in (calls, both))
        flows = [pathway_flows({"calls": one, "outcomes": w.tables["outcomes"]}) for one in (calls, both)]
    assert before["value"].notna().sum() > 50
    pd.testing.assert_frame_equal(before, after)
    pd.testing.assert_frame_equal(*flows)


def test_reach_by_hour_does_not_change(study):
    w, calls, both = study
    city = "West Sacramento"
    shown = [reach_picture(one[one["city"] == city], w.tables["schedule"], city, "2020-07-15") for one in (calls, both)]
    pd.testing.assert_frame_equal(shown[0].data["hours"], shown[1].data["hours"])


def test_the_teams_own_contacts_stay_in_what_it_did():
    """Work of the team is counted by contacts: one of two remained at home with a plan, called for or not."""
    contacts = pd.DataFrame(
        {
            "contact_id": ["1", "2"], "city": "Davis", "contact_at": pd.to_datetime(["2020-01-01", "2020-01-02"]),
            "origin": ["911", "outreach"], "remained_in_community": [True, True], "plan_made": [False, True],
        }
    )  # fmt: skip
    found = metrics({"contacts": contacts}, only=["M20"], period="all").iloc[0]
    assert (found["numerator"], found["denominator"]) == (1, 2)


def test_the_teams_own_visits_are_no_repeats():
    calls = pd.DataFrame({"call_id": ["a", "b", "c"], "person": "p", "origin": ["911", "outreach", "911"]})
    calls["received_at"] = pd.to_datetime(["2021-01-01", "2021-01-05", "2021-02-10"])
    found = follow_up(calls, days=90)
    assert found.query("kind == 'repeat'")[["call_id", "day"]].values.tolist() == [["a", 40.0]]


@pytest.mark.parametrize("which", ["first", "all"])
def test_the_design_of_calls_and_its_effect_do_not_change(study, which):
    """A visit is nobody's earlier call: neither the wash-out nor the prior calls see it."""
    w, calls, both = study
    stated = {"outcome": "arrest", "treatment": "attended", "covariates": KNOWN, "person": "person"}
    stated["eligible"] = {"initial_type": ["mental_health_crisis", "welfare_check", "suicide_threat"]}
    with quietly():
        made = [
            weight_propensity(CallDesign.from_tables(one, w.tables["schedule"], which=which, **stated))
            for one in (calls, both)
        ]
    assert made[0].design_fingerprint == made[1].design_fingerprint
    assert any("started by officers or the team" in one for one in made[1].notes)
    effects = [call_difference(one) for one in made]
    assert effects[0].estimate[0] == effects[1].estimate[0]
    assert effects[0].vcov[0, 0] == effects[1].vcov[0, 0]


def test_a_frame_of_calls_loses_them_too(study):
    _, calls, both = study
    stated = {"outcome": "arrest", "treatment": "attended", "covariates": ["patrol_load"]}
    with quietly():
        made = [CallDesign.from_frame(one[one["city"] == "West Sacramento"], **stated) for one in (calls, both)]
    assert made[0].fingerprint == made[1].fingerprint


def test_designs_of_hours_and_instruments_do_not_change(study):
    w, calls, both = study
    hours = {"outcome": "calls", "start": "2020-07-15"}
    with quietly():
        counted = [CoverageDesign.from_tables(one, w.tables["schedule"], **hours) for one in (calls, both)]
        moved = [
            CallInstrumentDesign.from_tables(one, w.tables["schedule"], outcome="arrest", start="2020-07-15")
            for one in (calls, both)
        ]
    assert counted[0].fingerprint == counted[1].fingerprint
    assert moved[0].fingerprint == moved[1].fingerprint
