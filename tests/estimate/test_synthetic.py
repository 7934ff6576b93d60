"""Synthetic controls as methods: what they return, what they refuse, what they say."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import synth_augmented, synth_control, synth_did
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.figures import pictures

EVERY = (synth_control, synth_augmented, synth_did)
SINGLE = (synth_control, synth_augmented)
START = "2020-07-15"


@cache
def frame(effect=-0.3, noise=0.02, cities=9, seed=5):
    """Cities that share their course; the first falls by ``effect`` from the start on, the second a year earlier."""
    rng, months = np.random.default_rng(seed), pd.period_range("2017-01", periods=60, freq="M")
    t, city = np.arange(60), np.arange(cities)[:, None]
    course = 0.25 * np.sin(t / 5) * (1 + 0.04 * city) + 0.3 * np.cos(t / 9) * (1 - 0.04 * city)
    dose = np.clip(t - 41, 0, 1) - (t == 42) * 14 / 31
    course = course + noise * rng.normal(size=(cities, 60)) + effect * dose * (city == 0)
    people = np.repeat(40_000 + 5_000 * ((np.arange(cities) + 4) % 9), 60)
    counts = rng.poisson(people.reshape(cities, 60) / 100 * np.exp(course)).ravel()
    made = pd.DataFrame({"city": np.repeat([*"ABCDEFGHIJKL"[:cities]], 60), "month": np.tile(months, cities)})
    return made.assign(calls=counts, population=people, income=people % 7 + 1.0)


def design(treated="A", table=None, **options):
    table = frame() if table is None else table
    stated = {"start": START, "exposure": "population"} | options
    return PanelDesign.from_frame(table, outcome="calls", unit="city", time="month", treated=treated, **stated)


@pytest.mark.parametrize("method", EVERY)
def test_an_effect_is_found_and_shown_by_the_time_since_the_start(method):
    r = method(design())
    assert abs(r.estimate[0] + 0.3) < 0.06
    assert r.terms["term"].tolist() == ["mean_post", "event_time=0", "event_time=6", "event_time=12"]
    assert r.extra["interval"].startswith("t(7), spread of 8 placebos")
    assert r.extra["pre_r_squared"] > 0.95
    assert r.extra["left_out_low"] <= r.estimate[0] + 1e-9
    assert r.extra["left_out_high"] >= r.estimate[0] - 1e-9
    assert 1 < r.extra["effective_donors"] <= 8.01
    assert sum(r.extra["donor_shares"]) == pytest.approx(1, abs=0.03)
    after = r.path[r.path["time"] >= "2020-08"]
    gap = np.log(np.maximum(after["observed"], 0.5) / after["counterfactual"])
    assert gap.mean() == pytest.approx(r.estimate[0], abs=0.03)
    assert r.path["low"].notna().sum() == 18
    assert (
        r.support["events"].iloc[0]
        == frame()[(frame()["city"] == "A") & (frame()["month"] >= "2020-07")]["calls"].sum()
    )


@pytest.mark.parametrize("method", EVERY)
def test_levels_are_in_the_unit_of_the_outcome(method):
    d = design()
    one, per_person = method(d, log=False), method(design(table=frame().assign(population=1.0)), log=False)
    assert one.scale == "difference"
    assert one.estimate[0] == pytest.approx(0.3 * -400, abs=60)
    assert per_person.extra["outcome_unit"] == "calls a month"
    negative = frame().assign(calls=frame()["calls"] - 500)
    assert np.isfinite(method(design(table=negative, exposure=None), log=False).estimate).all()
    with pytest.raises(DesignError, match="negative values"):
        method(design(table=negative))


def test_ranks_and_shifts_are_other_tests_of_the_same_effect():
    d = design()
    placebo = synth_control(d)
    ranks = synth_control(d, inference="ranks")
    assert ranks.estimate[0] == placebo.estimate[0]
    assert ranks.tidy()["p_value"].iloc[0] == pytest.approx(1 / 9)
    assert any("cannot go below 1/9" in text for text in ranks.notes)
    for method in SINGLE:
        shifted = method(d, inference="conformal", bin_width=18)
        assert abs(shifted.estimate[0] + 0.3) < 0.06
        assert shifted.extra["p_floor"] == 1 / 60
        assert shifted.tidy()["p_value"].iloc[0] < 0.05
        assert shifted.path["low"].isna().all()
    assert synth_did(d, inference="ranks").extra["placebos"] == 8


def test_weights_that_did_not_see_the_last_year_say_what_they_find_there():
    r = synth_control(design(), backdate=12)
    assert r.terms["term"].iloc[-1] == "held_out"
    assert abs(r.estimate[-1]) < 0.1
    found = check.backdating(synth_control(design()), design())
    assert found.verdict == "no contradiction found"
    assert found.table["fit"].tolist()[0] == "as it is"
    moved = frame().copy()
    early = (moved["city"] == "A") & moved["month"].between("2019-08", "2020-06")
    moved.loc[early, "calls"] = (0.6 * moved.loc[early, "calls"]).round().astype(int)
    with quietly():
        anticipated = design(table=moved)
        assert check.backdating(synth_control(anticipated), anticipated).verdict == "contradicts"
    assert "backdating" in [one.check for one in check.battery(synth_control(design()), design())]


def test_a_poor_fit_is_no_evidence():
    rng = np.random.default_rng(3)
    noise = frame().assign(calls=rng.poisson(300, len(frame())))
    with pytest.warns(match="this is no evidence"):
        r = synth_control(design(table=noise))
    assert r.extra["weights_reproduce"] is False
    assert report.sentence(r).text.startswith("The weights do not reproduce the city's course before the start")


def test_predictors_are_matched_in_place_of_the_course():
    r = synth_control(design(), predictors=("income", "population"))
    assert any(text.startswith("importance of the predictors") for text in r.notes)
    assert r.extra["donor_weights"] != synth_control(design()).extra["donor_weights"]
    with pytest.raises(DesignError, match="breaks 2 rules") as caught:
        synth_control(design(), predictors=("wealth", "city"))
    assert "'wealth' is no column" in str(caught.value)
    with pytest.raises(EstimationError, match="breaks 2 rules"):
        synth_control(design(), predictors=("income",), smoothing=3, inference="conformal")


@pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
def test_several_units_with_several_starts_are_averaged():
    table = frame(cities=12)
    starts = table["city"].map({"A": "2020-07", "B": "2020-07", "C": "2020-01", "D": "2020-01"})
    late = table["month"].astype(str) >= starts.fillna("9999")
    table = table.assign(first=starts, calls=np.where(late, table["calls"] * 1.4, table["calls"]).round().astype(int))
    d = PanelDesign.from_frame(table, outcome="calls", unit="city", time="month", cohort="first", exposure="population")
    found = {kind: synth_did(d, inference=kind, replications=40) for kind in ("placebo", "jackknife", "bootstrap")}
    first = found["placebo"]
    assert (first.extra["starts"], first.extra["treated_units"], first.path) == (2, 4, None)
    for each in found.values():
        np.testing.assert_allclose(each.estimate, first.estimate)
        assert each.vcov[0, 0] > 0
    parts = [
        synth_did(PanelDesign.from_frame(
            table[table["city"].isin(cities) | table["first"].isna()], outcome="calls", unit="city", time="month",
            cohort="first", exposure="population",
        ), inference="jackknife").estimate[0]
        for cities in (["A", "B"], ["C", "D"])
    ]  # fmt: skip
    assert first.estimate[0] == pytest.approx((18 * parts[0] + 24 * parts[1]) / 42)
    assert first.estimate[0] == pytest.approx(np.log(1.4) - 0.3 * 17.5 / 84, abs=0.06)


def test_what_cannot_be_told_is_refused():
    d = design()
    for kind in ("jackknife", "bootstrap"):
        with pytest.raises(EstimationError, match="a unit alone cannot be left out") as caught:
            synth_did(d, inference=kind)
        assert "inference='placebo'" in str(caught.value)
    many = design(treated=[*"ABCD"], table=frame())
    for method in SINGLE:
        with pytest.raises(DesignError, match="is for one treated unit; this design has 4"):
            method(many)
    with pytest.raises(EstimationError, match="cannot stand for 4 treated ones"):
        synth_did(many)
    few = frame()[frame()["city"].isin([*"ABC"])]
    for method in EVERY:
        with pytest.raises(EstimationError, match="2 units without treatment, of which 3 are needed"):
            method(design(table=few))
        with pytest.raises(EstimationError, match="3 months before a start, of which 4 are needed"):
            method(design(table=frame()[frame()["month"] >= "2020-04"]))
        with pytest.raises(EstimationError, match="backdate=60 leaves"):
            method(d, backdate=60)
    with pytest.raises(EstimationError, match="no middle period"):
        synth_control(d, smoothing=4)
    with pytest.raises(EstimationError, match="is not positive"):
        synth_augmented(d, penalty=0.0)
    with pytest.raises(EstimationError, match="leave backdate= out"):
        synth_control(d, inference="conformal", backdate=6)


def test_the_unit_beside_its_control_and_the_weights_are_drawn():
    r = synth_augmented(design())
    path, donors = report.figure(r), report.figure(r, kind="donors")
    assert (path.kind, donors.kind) == ("series", "donors")
    assert "Line: the synthetic control" in path.caption
    assert donors.data["donors"]["weight"].is_monotonic_decreasing
    assert [one.kind for one in pictures(r)] == ["events", "series", "donors"]
    for picture in (path, donors):
        assert drawn(picture, "svg").startswith(b"<?xml")
