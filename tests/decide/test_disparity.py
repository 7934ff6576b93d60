"""Three quantities kept apart, against worlds in which it is known where bias enters and what would close a gap."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.decide import (
    contact_gap,
    disparity_closing,
    disparity_rates,
    label_drift,
    label_sensitivity,
    reach_rates,
    unknown_group,
    where_bias,
)
from coresponder_causal.design import CallDesign
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.biased_calls import biased_calls

BY_GROUP = {"group": "group", "reference": "reference"}
STAGES = {**BY_GROUP, "worse": ["disturbance"], "outcome": "arrest"}


def design(frame, outcome="arrest"):
    return CallDesign.from_frame(
        frame, outcome=outcome, treatment="attended", covariates=["hour", "initial_type"], person="person"
    )


@pytest.mark.parametrize(
    ("bias", "stages"),
    [
        ({}, ()),
        ({"caller_bias": 0.15}, ("callers and call takers",)),
        ({"taker_bias": 0.3}, ("callers and call takers", "call takers")),
        ({"officer_bias": 0.08}, ("officers",)),
    ],
)
def test_bias_is_found_where_it_enters(bias, stages):
    assert where_bias(biased_calls(calls=8000, seed=4, **bias), **STAGES).enters_with() == stages


def test_a_world_of_biased_labels_has_no_biased_officers_and_a_null_world_nobody():
    asked = {"group": "group", "reference": "white", "worse": ["disturbance"], "outcome": "arrest"}
    found = {}
    for name in ("biased_labels", "null"):
        calls = world(name, seed=1, config=WorldConfig(n_comparison=1, monthly_calls=600)).detailed_calls
        calls = calls[calls["perceived_race"].notna()].reset_index(drop=True)
        calls["group"] = np.where(calls["perceived_race"] == "white", "white", "not white")
        found[name] = where_bias(calls, **asked, alike=("caller_type", "unhoused")).enters_with()
    assert found == {"biased_labels": ("callers and call takers",), "null": ()}  # twelve call takers are few


def test_attendance_closes_the_gap_that_unequal_reach_and_labels_made():
    inside, errors = [], []
    for seed in range(12):
        made = biased_calls(calls=6000, reach_bias=0.25, officer_bias=0.05, seed=seed)
        of_group = (made["group"] == "group").to_numpy()
        truth = made["arrest_if_attended"][of_group].mean() - made["arrest_if_attended"][~of_group].mean()
        row = disparity_closing(design(made), **BY_GROUP, repeats=1).tidy().iloc[0]
        inside.append(row["conf_low"] < truth < row["conf_high"])
        errors.append(row["estimate"] - truth)
    assert sum(inside) >= 10
    assert abs(np.mean(errors)) < 0.01  # three standard errors


def test_allowed_labels_explain_what_callers_did_and_terms_add_up():
    made = biased_calls(calls=8000, caller_bias=0.3)
    found = disparity_closing(design(made), **BY_GROUP, allowable=["initial_type"], repeats=1)
    e = dict(zip(found.terms["term"], found.estimate, strict=True))
    assert e["closed, group"] == pytest.approx(e["now, group"] - e["remaining, group"], abs=1e-12)
    assert e["explained, group"] == pytest.approx(e["raw, group"] - e["now, group"], abs=1e-12)
    assert e["explained, group"] > 0.01
    raw = disparity_rates(design(made), **BY_GROUP)
    assert e["raw, group"] == pytest.approx(raw.estimate[0], abs=1e-12)


def test_what_comes_after_dispatch_is_not_allowable():
    c = design(biased_calls(calls=2000))
    with pytest.raises(DesignError, match="comes about after dispatch"):
        disparity_closing(c, **BY_GROUP, allowable=["final_type"])
    with pytest.raises(DesignError, match="no column horoscope"):
        disparity_closing(c, **BY_GROUP, allowable=["horoscope"])


def test_rates_are_those_of_the_frame_and_small_groups_are_left_out():
    made = biased_calls(calls=3000, reach_bias=0.2)
    made.loc[made.index[:5], "group"] = "few"
    c = design(made)
    found = disparity_rates(c, **BY_GROUP, pairs="all")
    own = made.groupby("group")["arrest"].mean()
    assert found.estimate[0] == pytest.approx(own["group"] - own["reference"])
    assert found.terms["term"].tolist() == ["gap, group − reference", "rate, reference", "rate, group"]
    assert any("fewer than 11 persons" in said for said in found.notes)
    assert any("Knox, Lowe & Mummolo" in said for said in found.notes)
    weekly = disparity_rates(c, **BY_GROUP, clusters="week")
    assert weekly.estimate[0] == found.estimate[0]
    assert weekly.n_units < found.n_units
    first = made["received_at"].min()
    few = disparity_rates(
        design(made[made["received_at"] < first + pd.Timedelta(weeks=5)]), **BY_GROUP, clusters="week"
    )
    assert f"{few.n_units} weeks: the standard error is hardly known" in few.notes
    reach = reach_rates(c, **BY_GROUP)
    assert not any("Knox" in said for said in reach.notes)
    assert reach.tidy()["conf_high"].iloc[0] < 0


def test_bounds_hold_the_truth_where_groups_are_written_down_sooner_after_an_arrest():
    made = biased_calls(calls=20_000, officer_bias=0.05, recorded=0.6)
    truly = made.groupby("group_truly")["arrest"].mean()
    truth = truly["group"] - truly["reference"]
    found = unknown_group(made, outcome="arrest", **BY_GROUP, proxies=["caller_type"])
    assert (found["set_low"] < truth).all()
    assert (truth < found["set_high"]).all()
    assert found["rests_on"].tolist() == ["nothing", "groups alike in caller_type"]


def test_a_share_of_contacts_had_for_the_group_moves_the_gap_up():
    found = contact_gap(biased_calls(calls=6000), outcome="arrest", **BY_GROUP)
    assert found["among_group"].is_monotonic_increasing
    assert (found["set_low"] <= found["set_high"]).all()
    assert (found["conf_low"] <= found["set_low"]).all()


def test_verified_calls_stand_for_those_nobody_looked_at():
    made = biased_calls(calls=40_000, caller_bias=0.2)
    crisis = (made["final_type"] == "welfare_check").astype(float)
    right = made["initial_type"] == "welfare_check"
    made["crisis"] = crisis.where(made["attended"])  # sooner where the label is right
    truth = [right[(made["group"] == name) & (crisis == 1)].mean() for name in ("reference", "group")]
    found = label_sensitivity(
        made.assign(late=made["hour"] >= 12), **BY_GROUP, right=["welfare_check"], truth="crisis", met_by=["late"]
    )
    shares = found[found["what"] == "sensitivity"]
    assert np.abs(shares["share"] - truth).max() < 3 * shares["std_error"].max()
    assert (shares["as_recorded"] > np.array(truth) + 0.02).all()
    made.loc[made["hour"] == 3, "crisis"] = np.nan
    with pytest.raises(EstimationError, match="nobody looked"):
        label_sensitivity(made, **BY_GROUP, right=["welfare_check"], truth="crisis", met_by=["hour"])


def test_drift_adds_up_and_hides_small_cells():
    made = biased_calls(calls=2000, caller_bias=0.2)
    made.loc[made.index[:4], "final_type"] = "trespass"
    with quietly():
        drift = label_drift(made, **BY_GROUP)
    assert not drift["found"].eq("trespass").any()
    sums = drift.groupby(["group", "written"])["share"].sum()
    pd.testing.assert_series_equal(sums, pd.Series(1.0, index=sums.index, name="share"))
    assert ((drift["conf_low"] <= drift["share"]) & (drift["share"] <= drift["conf_high"])).all()


@pytest.mark.parametrize("ask", [disparity_rates, lambda c, **groups: disparity_closing(c, repeats=1, **groups)])
def test_a_group_without_an_event_is_left_out_and_the_others_stay(ask):
    made = biased_calls(calls=2000, officer_bias=0.1)
    third = made.index < 30
    made["group"] = made["group"].astype(object).where(~third, "third")
    made["arrest"] = made["arrest"] & ~third
    with quietly():
        found = ask(design(made), **BY_GROUP)
    assert any("arrest was the same on every call of third" in text for text in found.notes)
    assert any("group" in term for term in found.terms["term"])
    assert not any("third" in term for term in found.terms["term"])
