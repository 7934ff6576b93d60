"""Agreement of the intake label and what callers tell, against a truth that was simulated; wrong input is refused."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.decide import agreement_after_training, concordance, told_items, triage_gain
from coresponder_causal.report.first_calls import agreement_sentence
from coresponder_causal.simulate.first_calls import first_calls
from coresponder_causal.simulate.told_items import ITEMS


@pytest.fixture(scope="module")
def calls():
    return first_calls(calls=8000, trained=0.2, seed=3)


def truth_of(calls, measure):
    label, crisis = (calls["initial_type"] == "mental_health_crisis").to_numpy(bool), calls["crisis_truly"].to_numpy()
    return {"sensitivity": label[crisis].mean(), "positive_predictive_value": crisis[label].mean()}[measure]


@pytest.mark.parametrize("measure", ["sensitivity", "positive_predictive_value"])
def test_the_correction_finds_the_truth_that_records_miss(calls, measure):
    row = concordance(calls, met_by=["night"], by=(), taker=None).table.set_index("measure").loc[measure]
    assert row["conf_low"] <= truth_of(calls, measure) <= row["conf_high"]
    if measure == "sensitivity":
        assert row["as_recorded"] > row["conf_high"]


def test_a_second_look_by_lot_repairs_what_looking_sooner_at_crises_breaks():
    made = first_calls(calls=8000, hidden=1.5, checked=0.3, seed=4)
    first = made.assign(crisis_on_scene=made["crisis_on_scene"].mask(made["drawn"]))
    about = {"met_by": ["night"], "by": (), "taker": None}
    true = truth_of(made, "sensitivity")
    wrong = concordance(first, **about)
    own = wrong.table.set_index("measure").loc["sensitivity"]
    assert not own["conf_low"] <= true <= own["conf_high"]
    widest = wrong.bounds[(wrong.bounds["odds"] == np.inf) & (wrong.bounds["measure"] == "sensitivity")].iloc[0]
    assert widest["set_low"] <= true <= widest["set_high"]
    row = concordance(made, drawn="drawn", chance="chance", **about).table.set_index("measure").loc["sensitivity"]
    assert row["conf_low"] <= true <= row["conf_high"]


def test_months_are_told_and_call_takers_only_as_a_spread(calls):
    found = concordance(calls, met_by=["night"], by=("month", "priority"))
    assert set(found.groups["by"]) == {"month", "priority"}
    assert found.takers["takers"].tolist() == [12, 12]
    assert (found.groups[["crises", "persons"]] >= 11).all().all()


def test_a_hidden_month_is_not_given_away_by_the_others(calls):
    received = pd.to_datetime(calls["received_at"])
    few = calls[(received < "2021-04-01") | (np.arange(len(calls)) % 800 == 0)]
    found = concordance(few, by=("month",), taker=None, odds=(2.0,))
    hidden = int(few["crisis_on_scene"].sum()) - int(found.groups.drop_duplicates("group")["crises"].sum())
    assert hidden == 0 or hidden >= 11


def test_a_hidden_month_of_the_course_is_not_given_away_by_the_others(calls):
    """One month keeps few crises: it is left out, and so is the smallest other, whose crises cover it."""
    month = pd.to_datetime(calls["received_at"]).dt.to_period("M").astype(str)
    few = calls[(month != "2021-03") | (np.arange(len(calls)) % 40 == 0)]
    found = agreement_after_training(few, start="2022-07-01")
    hidden = int(few["crisis_on_scene"].sum()) - int(found.path["crises"].sum())
    assert "2021-03" not in found.path["time"].astype(str).tolist()
    assert len(found.path) == 34
    assert hidden >= 11
    assert any("2 of 36 periods are left out" in said for said in found.notes)


def test_training_is_found_and_a_course_without_one_is_not(calls):
    about = {"start": "2022-07-01", "met_by": ["night"], "trend": False}
    found = agreement_after_training(calls, **about)
    assert found.table["conf_low"][0] > 0
    assert found.table["conf_low"][0] <= 0.2 <= found.table["conf_high"][0]
    none = agreement_after_training(first_calls(calls=8000, seed=5), **about)
    assert none.table["conf_low"][0] <= 0 <= none.table["conf_high"][0]
    assert list(agreement_after_training(calls, start="2022-07-01").table["term"]) == ["mean_after", "level", "slope"]


def test_too_short_a_course_is_refused(calls):
    with pytest.raises(EstimationError, match="period='quarter'"):
        agreement_after_training(calls, start="2021-02-01")


def test_need_by_answer_and_bounds_hold_the_truth(calls):
    found = told_items(calls, met_by=["night"])
    crisis = calls["crisis_truly"].to_numpy()
    inside = []
    for row in found.table.to_dict("records"):
        said = calls[row["item"]].astype("string").fillna("not_asked") == row["answer"]
        inside.append(row["conf_low"] <= crisis[said.to_numpy(bool)].mean() <= row["conf_high"])
    assert np.mean(inside) >= 0.85
    for row in found.bounds.to_dict("records"):
        there = calls[row["item"].replace("told_", "there_")].to_numpy()
        assert row["conf_low"] <= crisis[there].mean() - crisis[~there].mean() <= row["conf_high"]
    ranked = found.worth.sort_values("bits")["item"].tolist()
    assert ranked[-1] == "told_self_harm"
    assert "told_weapon" in ranked[:2]


def test_where_what_is_there_is_seldom_told_the_wide_bounds_hold_it_and_the_others():
    made = first_calls(calls=20000, hides=0.95, seed=6)
    found = told_items(made, items=["told_self_harm"], met_by=["night"]).bounds.set_index("rests_on")
    crisis, there = made["crisis_truly"].to_numpy(), made["there_self_harm"].to_numpy()
    true = crisis[there].mean() - crisis[~there].mean()
    assert found.loc["nothing", "set_low"] <= true <= found.loc["nothing", "set_high"]
    (low, high), (inner_low, inner_high) = found[["set_low", "set_high"]].to_numpy()
    assert low <= inner_low <= inner_high <= high
    assert inner_high - inner_low < high - low


def test_answers_add_to_triage_what_they_hold(calls):
    found = triage_gain(calls, items=["told_self_harm", "told_weapon"], met_by=["night"], thresholds=[0.3])
    own = found.table[found.table["measure"] == "auc"].set_index("item")
    assert own.loc["told_self_harm", "conf_low"] > 0
    assert own.loc["told_weapon", "gain"] < own.loc["told_self_harm", "gain"] / 2
    noise = calls.assign(told_self_harm=np.random.default_rng(1).permutation(calls["told_self_harm"].to_numpy()))
    none = triage_gain(noise, items=["told_self_harm"], met_by=["night"], thresholds=[0.3]).table
    assert none["conf_low"][1] <= 0 <= none["conf_high"][1]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda c: concordance(c.assign(crisis_on_scene=2), odds=[0.5]), ["is not yes or no", "not above 1"]),
        (lambda c: concordance(c, chance="chance"), ["without drawn="]),
        (lambda c: agreement_after_training(c, start="soon", measure="auc"), ["is no date", "is not a choice"]),
        (lambda c: told_items(c.assign(told_weapon="gun")), ["holds gun"]),
        (lambda c: triage_gain(c, thresholds=[2], folds=1), ["are no risks", "take 2 or more"]),
        (lambda c: told_items(c[["initial_type"]], items=["told_weapon"]), ["crisis_on_scene", "told_weapon"]),
    ],
)
def test_wrong_input_is_refused_with_every_rule(calls, call, said):
    with pytest.raises(DesignError) as error:
        call(calls)
    assert all(text in str(error.value) for text in said)


def test_every_item_of_the_world_is_a_field_of_the_dictionary(calls):
    assert {f"told_{item.name}" for item in ITEMS} <= set(calls)


def test_full_agreement_has_no_interval_of_length_zero(calls):
    named = calls.assign(initial_type=np.where(calls["crisis_on_scene"].fillna(False), "mental_health_crisis", "other"))
    with pytest.warns(IdentificationWarning, match="sensitivity is 1 in all calls looked at"):
        made = concordance(named, right=["mental_health_crisis"], by=[], taker=None)
    found = made.table.set_index("measure")
    assert found.loc["sensitivity", "estimate"] == 1
    assert found.loc["sensitivity", ["std_error", "conf_low", "conf_high"]].isna().all()
    assert "nan" not in agreement_sentence(made).text
    assert found.loc["prevalence", "conf_low"] < found.loc["prevalence", "conf_high"]


def test_calls_of_no_group_are_not_given_away_by_the_groups(calls):
    """Three calls without a shift: all calls less those of both shifts would tell of them."""
    shift = pd.Series(np.where(calls["night"], "night", "day"), dtype="string")
    full = concordance(calls.assign(shift=shift), by=["shift"], taker=None)
    assert set(full.groups["group"]) == {"day", "night"}
    few = concordance(calls.assign(shift=shift.where(np.arange(len(calls)) > 2)), by=["shift"], taker=None)
    assert few.groups["group"].nunique() == 1


def test_a_missing_hour_costs_one_call_and_not_the_column(calls):
    noise = np.random.default_rng(1).normal(size=len(calls))
    hours = calls.assign(hour=calls["crisis_truly"].to_numpy(float) + noise)
    asked = {"items": ["told_self_harm"], "without": ["hour"], "met_by": ["night"], "thresholds": []}
    whole = triage_gain(hours, **asked).table["without"][0]
    hours.loc[hours.index[:3], "hour"] = np.nan
    found = triage_gain(hours, **asked)
    assert found.table["without"][0] == pytest.approx(whole, abs=0.01)
    assert whole > 0.6
    assert any("hour: of some calls not known" in text for text in found.notes)


def test_information_is_that_of_the_table_less_what_chance_gives():
    """30 of 50 with yes, 40 of 150 with no were in need; a table of two by two gives 1/(2 (n − 1)) nats by chance."""
    told, need = np.repeat(["yes", "no"], [50, 150]), np.repeat([1, 0, 1, 0], [30, 20, 40, 110])
    frame = pd.DataFrame({"told_weapon": told, "crisis_on_scene": need, "initial_type": "other"})
    found = told_items(frame, right=["other"], person=None, time=None).worth.iloc[0]
    share = np.array([[30, 20], [40, 110]]) / 200
    plain = (share * np.log2(share / np.outer(share.sum(axis=1), share.sum(axis=0)))).sum()
    assert found["bits"] == pytest.approx(plain - 1 / (2 * 199 * np.log(2)), abs=1e-12)
