"""Balance and overlap: verdicts that change where they should, and tables that a picture can be drawn from."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.check.balance import balance
from coresponder_causal.check.overlap import overlap
from coresponder_causal.design import SeriesDesign
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.weight_propensity import weight_propensity
from coresponder_causal.privacy import hidden_mark
from coresponder_causal.report.tables import numbers_of

N = 600
RNG = np.random.default_rng(3)
X, KIND = RNG.normal(size=N), RNG.choice(["disturbance", "other", "trespass"], N)
FRAME = pd.DataFrame({"attended": RNG.random(N) < 1 / (1 + np.exp(0.5 - 0.8 * X)), "load": X, "initial_type": KIND})


def design(frame=FRAME, covariates=("load", "initial_type")):
    return CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=covariates)


def series():
    frame = pd.DataFrame({"month": pd.period_range("2019-01", periods=24, freq="M"), "calls": range(24)})
    return SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")


def test_table_has_a_row_per_covariate_and_level():
    table = balance(None, design()).table
    assert list(table["covariate"]) == [
        "load",
        "initial_type: disturbance",
        "initial_type: other",
        "initial_type: trespass",
    ]
    assert {"smd_before", "smd_after", "variance_ratio_before", "variance_ratio_after"} <= set(table)
    assert table["variance_ratio_after"].isna().tolist() == [False, True, True, True]


def test_verdict_turns_with_adjustment():
    plain, weighted = balance(None, design()), balance(None, weight_propensity(design()))
    assert plain.verdict == "contradicts"
    assert "(load)" in plain.sentence
    np.testing.assert_array_equal(plain.table["smd_after"], plain.table["smd_before"])
    assert weighted.verdict == "no contradiction found"
    assert weighted.table["smd_after"].abs().max() < 1e-7  # overlap weights balance means exactly
    np.testing.assert_allclose(weighted.table["smd_before"], plain.table["smd_before"])


def test_standardised_difference_by_hand():
    table = balance(None, weight_propensity(design(), scheme="att")).table
    treated = FRAME["attended"].to_numpy()
    by_hand = (X[treated].mean() - X[~treated].mean()) / X[treated].std(ddof=1)
    assert table["smd_before"][0] == pytest.approx(by_hand, rel=1e-12)
    pooled = np.sqrt((X[treated].var(ddof=1) + X[~treated].var(ddof=1)) / 2)
    unadjusted = balance(None, design()).table
    assert unadjusted["smd_before"][0] == pytest.approx((X[treated].mean() - X[~treated].mean()) / pooled, rel=1e-12)
    ratio = X[treated].var(ddof=1) / X[~treated].var(ddof=1)
    assert unadjusted["variance_ratio_before"][0] == pytest.approx(ratio, rel=1e-12)


def test_threshold_is_an_option():
    matched = match_nearest(design(), caliper=0.2)
    largest = balance(None, matched).table["smd_after"].abs().max()
    assert balance(None, matched, threshold=1.01 * largest).verdict == "no contradiction found"
    assert balance(None, matched, threshold=0.99 * largest).verdict == "contradicts"


@pytest.mark.parametrize("check", [balance, overlap])
def test_other_designs_are_not_applicable(check):
    assert check(None, series()).verdict == "not applicable"
    assert check(None, design(covariates=())).verdict == "not applicable"


def test_overlap_counts_the_weight_outside_the_other_arm():
    frame = FRAME.assign(load=np.where(np.arange(N) < 60, 6.0, X), attended=FRAME["attended"] | (np.arange(N) < 60))
    table = overlap(None, design(frame, ["load"])).table
    p = design(frame, ["load"]).propensity().probability
    treated = frame["attended"].to_numpy()
    assert table["share_outside"][0] == pytest.approx(np.mean(p[treated] > p[~treated].max()))
    assert overlap(None, design(frame, ["load"])).verdict == "contradicts"
    assert overlap(None, match_nearest(design(frame, ["load"]), caliper=0.1)).verdict == "no contradiction found"
    assert overlap(None, weight_propensity(design())).verdict == "no contradiction found"


def test_a_share_of_few_calls_outside_the_other_arm_is_told_inside_alone():
    frame = FRAME.assign(load=np.where(np.arange(N) < 2, 9.0, X.clip(-2, 2)))
    frame.loc[:1, "attended"] = True
    found = overlap(None, design(frame, ["load"]))
    assert found.table["share_outside"][0] == pytest.approx(2 / frame["attended"].sum())
    assert report.table(found).frame["sentence"][0] == found.sentence
    assert report.released(report.table(found), audience="public").frame["sentence"][0] == hidden_mark
    numbers = report.released(numbers_of(found), audience="public").frame.set_index("arm")
    assert numbers.loc["treated", "share_outside"] == hidden_mark


def test_overlap_reports_the_effective_number_of_calls():
    weighted = weight_propensity(design(), scheme="att")
    table, weights = overlap(None, weighted).table, weighted.call_weights()[~weighted.treated]
    assert table["effective"].tolist() == pytest.approx(
        [weighted.treated.sum(), weights.sum() ** 2 / (weights**2).sum()]
    )
    assert table["largest_share"][1] == pytest.approx(weights.max() / weights.sum())


def test_a_heavy_call_contradicts_overlap():
    frame = pd.DataFrame({"attended": [1, 0] * 20 + [1] * 60 + [0], "night": [0] * 40 + [1] * 61})
    with pytest.warns(match="carries 75%"):
        heavy = weight_propensity(design(frame, ["night"]), scheme="att")
    assert overlap(None, heavy).verdict == "contradicts"


def test_separation_contradicts_overlap():
    frame = FRAME.assign(attended=X > 0)
    found = overlap(None, design(frame, ["load"]))
    assert found.verdict == "contradicts"
    assert "separate treated from untreated: by load" in found.sentence
