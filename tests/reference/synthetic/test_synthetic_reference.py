"""Synthetic controls against R synthdid 0.0.9 (70c1ce3), R Synth and R augsynth (f942957) on R 4.2.2.

Scripts 03_synth.R and 03b_augsynth.R; numbers in ``synthdid_prop99.json``, ``synthdid_lowrank.json``,
``synth_basque.json`` and ``augsynth_kansas.json``. synthdid's Frank–Wolfe steps stop early: its defaults lie within
1e-2 of the optimum, run with a bound of 1e-9 ("tight") within 1e-3; ours is the optimum.
"""

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.synthetic import Comparison, one_and_placebos, synthetic_control
from coresponder_causal.core.synthetic_did import synthetic_did
from coresponder_causal.core.synthetic_ridge import augmented_weights
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import synth_augmented, synth_control, synth_did

TIGHT, DEFAULT = 1e-3, 1e-2

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")


def numbers(golden, name):
    return json.loads((golden / f"{name}.json").read_text())["results"]


@pytest.fixture(scope="module")
def smoking(golden):
    frame = pd.read_csv(golden / "data" / "california_prop99.csv")
    return PanelDesign.from_frame(
        frame, outcome="PacksPerCapita", unit="State", time="Year", treated="California", start=1989
    )


@pytest.fixture(scope="module")
def low_rank(golden):
    frame = pd.read_csv(golden / "data" / "synthdid_lowrank.csv")
    start = int(frame.loc[frame["treated"] == 1, "time"].min())
    treated = frame.loc[frame["treated"] == 1, "unit"].unique().tolist()
    return PanelDesign.from_frame(frame, outcome="y", unit="unit", time="time", treated=treated, start=start)


@pytest.mark.parametrize(("name", "tolerance"), [("synthdid_tight", TIGHT), ("synthdid", DEFAULT)])
def test_synthetic_did_of_proposition_99(golden, smoking, name, tolerance):
    reference, ours = numbers(golden, "synthdid_prop99")[name], synth_did(smoking, log=False)
    assert ours.estimate[0] == pytest.approx(reference["estimate"], rel=tolerance)
    np.testing.assert_allclose(ours.estimate[1:], reference["effect_curve"], atol=10 * tolerance)
    weights = dict(zip(ours.extra["donors"], ours.extra["donor_shares"], strict=True))
    for state, theirs in reference["omega"].items():
        assert weights.get(state, 0.0) == pytest.approx(theirs, abs=max(tolerance, 5e-3)), state  # below .005: not told
    assert ours.extra["time_weights"] == "1988 0.43, 1986 0.37, 1987 0.21"


def test_placebos_of_proposition_99_one_by_one(golden, smoking):
    """Each state in California's place, as synthdid_estimate does it anew; its solver stops early in all of them."""
    reference = numbers(golden, "synthdid_prop99")
    table = smoking.wide("PacksPerCapita")
    table = table[["California", *[state for state in table if state != "California"]]]
    before = table.index.to_numpy() < smoking.start_position
    late = np.where(before, 0.0, 1 / (~before).sum())
    found, _ = synthetic_did(table.to_numpy(), before, late, one_and_placebos(table.shape[1]), treated=1)
    theirs = [reference["placebo_each_control"][state] for state in table.columns[1:]]
    np.testing.assert_allclose(found.gaps[1:] @ late, theirs, atol=6e-2)
    ours = synth_did(smoking, log=False)
    assert ours.extra["placebo_std_error"] == pytest.approx(np.std(theirs), rel=TIGHT)
    drawn = reference["synthdid"]  # of which R draws 200 with replacement: Monte-Carlo error of a standard deviation
    error = 3 / np.sqrt(2 * drawn["se_placebo_reps"])
    assert ours.extra["placebo_std_error"] == pytest.approx(drawn["se_placebo"], rel=error)


@pytest.mark.parametrize(("name", "tolerance"), [("sc_tight", TIGHT), ("sc", DEFAULT)])
def test_synthetic_control_of_proposition_99(golden, smoking, name, tolerance):
    reference = numbers(golden, "synthdid_prop99")[name]
    ours = synth_control(smoking, log=False, demean=False)
    assert ours.estimate[0] == pytest.approx(reference["estimate"], rel=tolerance)
    np.testing.assert_allclose(ours.estimate[1:], reference["effect_curve"], rtol=5 * tolerance)
    assert ours.extra["pre_r_squared"] > 0.97


def test_several_treated_units_and_their_variances(golden, low_rank):
    reference = numbers(golden, "synthdid_lowrank")
    ours = {
        kind: synth_did(low_rank, log=False, inference=kind, replications=100)
        for kind in ("placebo", "jackknife", "bootstrap")
    }
    assert ours["placebo"].estimate[0] == pytest.approx(reference["synthdid_100k_iter"]["estimate"], rel=TIGHT)
    assert ours["placebo"].estimate[0] == pytest.approx(reference["synthdid"]["estimate"], rel=DEFAULT)
    theirs = reference["synthdid"]
    jackknife = np.sqrt(ours["jackknife"].vcov[0, 0])
    assert jackknife == pytest.approx(theirs["se_jackknife"], rel=DEFAULT)  # deterministic, weights within 1e-2
    for kind in ("placebo", "bootstrap"):  # 40 draws there, 100 here
        spread = ours[kind].extra["placebo_std_error"] if kind == "placebo" else np.sqrt(ours[kind].vcov[0, 0])
        error = 3 * np.sqrt(1 / (2 * 40) + 1 / (2 * 100))
        assert spread == pytest.approx(theirs[f"se_{kind}"], rel=error)


def test_predictors_of_the_basque_country(golden):
    """Abadie, Diamond & Hainmueller 2011, table of weights: Cataluña .851, Madrid .149."""
    reference, frame = numbers(golden, "synth_basque"), pd.read_csv(golden / "data" / "synth_basque.csv")
    frame = frame[frame["regionno"] != 1]
    schooling = ["school.illit", "school.prim", "school.med", "school.high"]
    table = pd.DataFrame({name: mean(frame, name, range(1964, 1970)) for name in (*schooling, "invest")})
    table["school.high"] += mean(frame, "school.post.high", range(1964, 1970))
    table[schooling] = 100 * table[schooling].div(table[schooling].sum(axis=1), axis=0)
    table["gdp"] = mean(frame, "gdpcap", range(1960, 1970))
    for name in ("agriculture", "energy", "industry", "construction", "services.venta", "services.nonventa"):
        table[f"sec.{name}"] = mean(frame, f"sec.{name}", range(1961, 1970, 2))
    table["popdens"] = mean(frame, "popdens", [1969])
    np.testing.assert_allclose(table.loc[17], list(reference["X1"].values()), rtol=1e-12)
    panel = frame.loc[frame["year"] >= 1960, ["regionno", "year", "gdpcap"]].join(table, on="regionno")
    d = PanelDesign.from_frame(panel, outcome="gdpcap", unit="regionno", time="year", treated=17, start=1970)
    ours = synth_control(d, log=False, demean=False, predictors=tuple(table))
    shares = dict(zip(ours.extra["donors"], ours.extra["donor_shares"], strict=True))
    assert set(shares) == {"10", "14"}
    for region, share in shares.items():  # the search for importance stops within 1e-4 of an optimum of the loss
        assert share == pytest.approx(reference["w"][region], abs=1e-4)
    assert ours.estimate[0] == pytest.approx(reference["mean_gap_1970_1997"], abs=1e-3)
    assert ours.extra["pre_error"] ** 2 == pytest.approx(reference["loss_v"], rel=1e-4)


def mean(frame, name, years):
    return frame[frame["year"].isin(years)].groupby("regionno")[name].mean()


def kansas(golden):
    frame = pd.read_csv(golden / "data" / "augsynth_kansas.csv")
    frame["quarter"] = (4 * frame["year_qtr"]).round().astype(int)
    return PanelDesign.from_frame(
        frame, outcome="lngdpcapita", unit="fips", time="quarter", treated=20, start=int(4 * 2012.25), season=None
    )


def test_augmented_control_of_kansas(golden):
    reference, d = numbers(golden, "augsynth_kansas"), kansas(golden)
    table = d.wide("lngdpcapita")
    table = table[[20, *[state for state in table if state != 20]]]
    before = table.index.to_numpy() < d.start_position
    one = Comparison(np.eye(table.shape[1])[:1], np.append(0.0, np.ones(table.shape[1] - 1))[None])
    weights, simplex, penalty = augmented_weights(table[before].to_numpy(), one)
    assert penalty[0] == pytest.approx(reference["ridge"]["lambda"], rel=1e-9)
    for ours, theirs in ((weights, reference["ridge"]), (simplex, reference["none"])):
        wanted = [theirs["weights"][str(state)] for state in table.columns[1:]]
        np.testing.assert_allclose(ours[0, 1:], wanted, atol=1e-7)  # osqp stops at 1e-8 there
    plain = synthetic_control(table.to_numpy(), before, one, intercept=False).gaps[0]
    np.testing.assert_allclose(plain, list(reference["none"]["att"].values()), atol=1e-7)
    ours = synth_augmented(d, log=False, demean=False, penalty=float(penalty[0]))
    att = {float(time): effect for time, effect in reference["ridge"]["att"].items()}
    np.testing.assert_allclose(ours.estimate[1:], [att[time] for time in att if time >= 2012.25], atol=1e-7)
    assert ours.estimate[0] == pytest.approx(reference["ridge"]["avg_post_att"], abs=1e-7)
    assert ours.extra["plain"] == pytest.approx(reference["none"]["avg_post_att"], abs=1e-7)
