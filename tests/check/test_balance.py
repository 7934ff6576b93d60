"""Balance and overlap: verdicts that change where they should, and tables that a picture can be drawn from."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.check.balance import balance
from coresponder_causal.check.overlap import overlap
from coresponder_causal.core.errors import IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import SeriesDesign
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_cardinality import match_cardinality
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


@pytest.mark.parametrize(
    ("adjust", "arms"),
    [
        (lambda c: weight_propensity(c, scheme="att"), [True]),
        (lambda c: weight_propensity(c, scheme="atc"), [False]),
        (lambda c: weight_propensity(c, scheme="matching"), [True, False]),
        (weight_propensity, [True, False]),
        (lambda c: match_nearest(c, caliper=0.01), [True]),
        (lambda c: match_nearest(c, caliper=0.01, contrast="ATC"), [False]),
        (match_cardinality, [True]),
    ],
)
def test_differences_are_in_the_spread_of_the_calls_asked_for(adjust, arms):
    """Also of matches that lost calls, whose contrast is ATM; matching weights ask for neither arm."""
    one = adjust(design())
    spread = np.sqrt(np.mean([X[one.treated == arm].var(ddof=1) for arm in arms]))
    apart = X[one.treated].mean() - X[~one.treated].mean()
    assert balance(None, one).table["smd_before"][0] == pytest.approx(apart / spread, rel=1e-12)


def test_overlap_looks_at_the_calls_asked_for():
    """Untreated calls beyond the range of the treated do not matter for ATT, nor the other way round for ATC."""
    beyond = FRAME.assign(load=np.where(FRAME["attended"], np.clip(X, -0.5, None), X))
    one = design(beyond, covariates=("load",))
    verdicts = [overlap(None, weight_propensity(one, scheme=scheme)).sentence for scheme in ("att", "atc", "matching")]
    asked = ["treated", "untreated", "treated and untreated"]
    assert [said.split(" calls")[0].removeprefix("Of the weight of ") for said in verdicts] == asked


@pytest.mark.parametrize("adjusted", [False, True])
def test_distances_of_distributions_by_looking_at_every_value(adjusted):
    one = weight_propensity(design(), scheme="att") if adjusted else design()
    row = balance(None, one).table.iloc[0]
    w, treated = one.call_weights(), one.treated

    def share_up_to(value, arm):
        return w[arm & (value >= X)].sum() / w[arm].sum()

    apart = [abs(share_up_to(value, treated) - share_up_to(value, ~treated)) for value in np.unique(X)]
    assert row["ks_after"] == pytest.approx(max(apart), rel=1e-9)
    assert row["ecdf_mean_after"] == pytest.approx(np.mean(apart), rel=1e-9)


def test_distance_of_an_indicator_is_that_of_its_shares():
    table = balance(None, design()).table.iloc[1:]
    treated = FRAME["attended"].to_numpy()
    for _, row in table.iterrows():
        level = FRAME["initial_type"] == row["covariate"].split(": ")[1]
        apart = abs(level[treated].mean() - level[~treated].mean())
        assert row["ks_before"] == pytest.approx(apart)
        assert row["ecdf_mean_before"] == pytest.approx(apart)


def with_outcome(effect=0.0):
    """An outcome that goes by the load, of treated calls with an effect, which the prediction must not know."""
    minutes = 2 * X + np.random.default_rng(4).normal(size=N) + effect * FRAME["attended"]
    frame = FRAME.assign(minutes=minutes)
    covariates = ["load", "initial_type"]
    return CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=covariates)


def test_predicted_outcome_is_that_of_least_squares_on_the_untreated():
    from statsmodels.api import OLS, add_constant

    d = with_outcome()
    row = balance(None, d).table.iloc[-1]
    x, treated = add_constant(d.covariate_frame(reference_levels=False).to_numpy(float)), d.treated
    predicted = x @ OLS(d.outcome_values()[~treated], x[~treated]).fit().params
    pooled = np.sqrt((predicted[treated].var(ddof=1) + predicted[~treated].var(ddof=1)) / 2)
    assert (row["covariate"], row["kind"]) == ("predicted outcome", "prognosis")
    assert row["smd_before"] == pytest.approx((predicted[treated].mean() - predicted[~treated].mean()) / pooled)


def test_predicted_outcome_looks_at_the_untreated_alone_and_says_so():
    one, other = (balance(None, with_outcome(effect)) for effect in (0.0, 100.0))
    pd.testing.assert_frame_equal(one.table, other.table)
    assert "outcomes of the untreated calls, which were looked at" in one.sentence
    blind = balance(None, design())
    assert "prognosis" not in set(blind.table["kind"])
    assert "looked at" not in blind.sentence


def test_predicted_outcome_tells_what_small_differences_add_up_to():
    """Six covariates each under a tenth apart, all leaning one way: the outcome they drive together is far apart."""
    rng = np.random.default_rng(7)
    attended = np.arange(4000) % 2 == 0
    names = [f"part {k}" for k in range(6)]
    x = rng.normal(size=(4000, 6)) + 0.07 * attended[:, None]
    frame = pd.DataFrame(x, columns=names).assign(attended=attended, minutes=x.sum(axis=1) + rng.normal(size=4000))
    d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=names)
    found = balance(None, d, threshold=0.125)
    assert (found.table["smd_after"][:6].abs() < 0.125).all()
    assert found.table["smd_after"].iloc[-1] > 0.125
    assert found.verdict == "contradicts"


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


def test_share_of_the_heaviest_hundredth():
    weighted = weight_propensity(design(), scheme="att")
    row, weights = overlap(None, weighted).table.iloc[1], weighted.call_weights()[~weighted.treated]
    top = round(0.01 * len(weights))
    assert top > 1
    assert row["heavy_share"] == pytest.approx(np.sort(weights)[::-1][:top].sum() / weights.sum())


def test_histograms_of_overlap_hold_every_call_and_all_weight():
    weighted = weight_propensity(design(), scheme="att")
    bins, p = overlap(None, weighted).course, weighted.propensity().probability
    for arm, members in (("treated", weighted.treated), ("untreated", ~weighted.treated)):
        own = bins[bins["arm"] == arm].reset_index(drop=True)
        assert own["calls"].sum() == members.sum()
        assert own["before"].sum() == pytest.approx(1)
        assert own["after"].sum() == pytest.approx(1)
        fifth = own.loc[5]
        inside = members & (p >= fifth["low"]) & (p < fifth["high"])
        assert fifth["calls"] == inside.sum()
        weights = weighted.call_weights()
        assert fifth["after"] == pytest.approx(weights[inside].sum() / weights[members].sum())


def test_hours_in_which_nobody_could_be_attended_contradict_overlap():
    """A number that runs on over hours off duty: the probability there is small, but not the nought it must be."""
    hour = np.arange(N) % 12
    frame = FRAME.assign(hour=hour, attended=FRAME["attended"] & (hour >= 4))
    with pytest.warns(IdentificationWarning, match="hour 0, 1, 2, 3"):
        found = overlap(None, design(frame, ["load", "hour"]))
    assert found.verdict == "contradicts"
    assert "hour 0, 1, 2, 3: 0 of 200 calls treated" in found.sentence
    with quietly():  # that these hours are there
        plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["load"], exact=["hour"])
    matched = match_nearest(plain)
    assert "went one way" not in overlap(None, matched).sentence  # none of these hours is compared


@pytest.mark.parametrize("form", ["png", "svg"])
def test_picture_of_overlap_is_drawn(tmp_path, form):
    picture = report.figure(overlap(None, weight_propensity(design(), scheme="att")))
    assert picture.kind == "support"
    assert report.write(picture, tmp_path / f"overlap.{form}").stat().st_size > 5_000


def test_few_calls_at_a_probability_are_not_drawn_for_the_public():
    many = pd.concat([FRAME] * 5, ignore_index=True)
    picture = report.figure(overlap(None, weight_propensity(design(many), scheme="att")))
    few = picture.data["bins"]["calls"].between(1, 10)
    assert few.any()
    left = report.released(picture, audience="public").data["bins"]
    shown = left.merge(picture.data["bins"][few], on=["arm", "low"])
    assert shown.empty
    assert not left["calls"].between(1, 10).any()


def test_a_heavy_call_contradicts_overlap():
    frame = pd.DataFrame({"attended": [1, 0] * 20 + [1] * 60 + [0], "night": [0] * 40 + [1] * 61})
    with pytest.warns(match="carries 75 %"):
        heavy = weight_propensity(design(frame, ["night"]), scheme="att")
    assert overlap(None, heavy).verdict == "contradicts"


def test_separation_contradicts_overlap():
    frame = FRAME.assign(attended=X > 0)
    found = overlap(None, design(frame, ["load"]))
    assert found.verdict == "contradicts"
    assert "separate treated from untreated: by load" in found.sentence
