"""What checks of hidden bias say of designs, and where they cannot be made."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.core.rosenbaum import binary_tails
from coresponder_causal.design import SeriesDesign, StrataDesign
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.weight_propensity import weight_propensity
from coresponder_causal.estimate import call_difference, call_strata
from coresponder_causal.report.write import rendered

N = 900
KNOWN = ("severity", "hour", "initial_type")


def frame(hidden=0.0, seed=2):
    """Calls of which the graver ones are sent for, by what is recorded and by ``hidden`` times what is not."""
    rng = np.random.default_rng(seed)
    severity, unseen = rng.normal(size=(2, N))
    kind = rng.choice(["disturbance", "suicide threat", "welfare check"], N)
    wanted = rng.random(N) < 1 / (
        1 + np.exp(-0.2 - 0.5 * severity - 0.4 * (kind == "suicide threat") - hidden * unseen)
    )
    busy = rng.random(N) < 0.4
    attended = wanted & ~busy
    minutes = 40 + 2 * severity + 4 * unseen - 6 * attended + rng.normal(size=N)
    return pd.DataFrame(
        {
            "attended": attended,
            "severity": severity,
            "hour": rng.integers(0, 24, N),
            "initial_type": kind,
            "minutes": minutes,
            "arrest": rng.random(N) < np.clip(0.3 - 0.12 * attended + 0.05 * severity, 0.01, 1),
            "person": rng.integers(0, 500, N),
            "team_on_duty": True,
            "team_busy": busy,
        }
    )


def design(outcome="minutes", person="person", table=None):
    calls = frame() if table is None else table
    return CallDesign.from_frame(calls, outcome=outcome, treatment="attended", covariates=KNOWN, person=person)


def series():
    table = pd.DataFrame({"month": pd.period_range("2019-01", periods=24, freq="M"), "calls": range(24)})
    return SeriesDesign.from_frame(table, outcome="calls", time="month", start="2020-07")


@pytest.fixture(scope="module")
def matched():
    return match_nearest(design(), caliper=0.2)


@pytest.fixture(scope="module")
def treated_weights():
    return weight_propensity(design(), scheme="att")


def test_series_have_none_of_them(treated_weights):
    result, other = call_difference(treated_weights), series()
    for made in (check.evalue, check.placebo_exposure, check.rosenbaum):
        assert made(result, other).verdict == "not applicable"
    for made in (check.robustness_value, check.oster, check.marginal_sensitivity):
        assert made(None, other).verdict == "not applicable"


def test_evalue_of_a_yes_or_no_outcome_is_that_of_the_ratio(treated_weights):
    arrests = treated_weights.with_outcome("arrest")
    by_difference = check.evalue(call_difference(arrests), arrests)
    by_ratio = check.evalue(call_difference(arrests, scale="ratio"), arrests)
    pd.testing.assert_frame_equal(by_difference.table, by_ratio.table)
    limit = np.exp(call_difference(arrests, scale="ratio").tidy()["conf_high"].iloc[0])
    assert by_ratio.breakdown == pytest.approx(1 / limit + np.sqrt(1 / limit * (1 / limit - 1)), rel=1e-9)


def test_evalue_of_numbers_is_that_of_the_standardised_difference(treated_weights):
    found = check.evalue(call_difference(treated_weights), treated_weights).table.iloc[0]
    used = treated_weights.source["minutes"]
    shift = call_difference(treated_weights).estimate[0] / used.std()
    assert found["ratio"] == pytest.approx(np.exp(0.91 * shift), rel=1e-9)


def test_evalue_of_strata_takes_the_untreated_risk_as_known():
    counts = {"stratum": [1, 1, 2, 2], "attended": [0, 1, 0, 1], "persons": [200] * 4, "connected": [40, 80, 60, 100]}
    d = StrataDesign.from_frame(pd.DataFrame(counts), outcome="connected", treatment="attended")
    result = call_strata(d)
    (found,) = check.battery(result, d)
    assert found.table["ratio"][0] == pytest.approx(0.45 / 0.25, rel=1e-9)
    low = 1 + result.tidy()["conf_low"].iloc[0] / 0.25
    assert found.breakdown == pytest.approx(low + np.sqrt(low * (low - 1)), rel=1e-9)


def test_rosenbaum_in_pairs_of_numbers(matched):
    found = check.rosenbaum(call_difference(matched), matched)
    assert list(found.table) == ["gamma", "p_low", "p_high", "effect_low", "effect_high"]
    assert 1.5 < found.breakdown < 20
    again = check.rosenbaum(call_difference(matched), matched, gammas=[found.breakdown])
    assert 2 * again.table["p_high"][0] == pytest.approx(0.05, rel=1e-3)
    assert "persons stand in several sets" in found.sentence


def test_rosenbaum_in_pairs_of_answers_is_mcnemar(matched):
    arrests = matched.with_outcome("arrest")
    found = check.rosenbaum(call_difference(arrests), arrests)
    both = arrests.source["arrest"].to_numpy(float)[arrests.adjustment.pairs]
    by_hand = binary_tails(both, np.ones(len(both)), 1.5, positive=bool(call_difference(arrests).estimate[0] > 0))
    assert found.table["p_high"][2] == pytest.approx(by_hand.high, rel=1e-12)


def in_sets(sets, outcome="minutes"):
    """A small design whose first calls are in stated sets."""
    table = frame().iloc[: len(sets)].assign(attended=[1, 0, 0, 1, 0, 0, 1, 1, 0, 1], minutes=np.arange(10.0) ** 2)
    plain = design(outcome, person=None, table=table)
    made = Adjustment(method="by hand", contrast="ATT", weights=np.ones(len(sets)), sets=np.array(sets))
    return replace(plain, adjustment=made)


def test_rosenbaum_in_larger_sets():
    """Sets of 1:2, 1:2, of two treated with one control, and one call in no set."""
    d = in_sets([0, 0, 0, 1, 1, 1, 2, 2, 2, -1])
    with pytest.warns(IdentificationWarning, match="4 clusters"):
        found = check.rosenbaum(call_difference(d), d)
    assert "in 3 matched sets" in found.sentence
    assert list(found.table) == ["gamma", "p_low", "p_high"]
    assert found.table["p_high"].is_monotonic_increasing
    assert found.breakdown == 1


def test_rosenbaum_says_that_it_takes_no_sampling_weights():
    weighted = CallDesign.from_frame(
        frame().assign(chance=np.linspace(1, 2, N)),
        outcome="minutes",
        treatment="attended",
        covariates=KNOWN,
        weights="chance",
    )
    d = match_nearest(weighted, caliper=0.2)
    assert check.rosenbaum(call_difference(d), d).sentence.endswith("Sampling weights are not used.")


def test_rosenbaum_refuses_what_it_cannot_bound(matched):
    mixed = in_sets([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    with pytest.warns(IdentificationWarning, match="2 clusters"):
        assert "several calls of both kinds" in check.rosenbaum(call_difference(mixed), mixed).sentence
    reused = match_nearest(design(), caliper=0.2, replace=True)
    assert "several pairs" in check.rosenbaum(call_difference(reused), reused).sentence
    weighted = weight_propensity(design())
    assert "no matched sets" in check.rosenbaum(call_difference(weighted), weighted).sentence


def test_robustness_value_of_calls():
    found = check.robustness_value(None, design())
    assert 0.1 < found.breakdown < 0.6
    assert found.table["benchmark"].tolist()[:2] == ["none", "severity"]
    assert "Clustered by person" in found.sentence
    strong = found.table.query("benchmark == 'severity'")["estimate"]
    assert (strong.diff().dropna() > 0).all()  # a fall, pulled towards nothing
    named = check.robustness_value(None, design(), benchmarks=["initial_type"], times=[2])
    assert named.table["benchmark"].tolist() == ["none", "initial_type"]


def test_robustness_value_does_not_depend_on_weights():
    plain, weighted = (check.robustness_value(None, d) for d in (design(), weight_propensity(design())))
    pd.testing.assert_frame_equal(plain.table, weighted.table)


def test_unknown_benchmarks_are_refused():
    with pytest.raises(DesignError, match="temper cannot be a benchmark"):
        check.robustness_value(None, design(), benchmarks=["temper"])


def test_covariates_that_repeat_each_other_are_said():
    twice = frame().assign(again=lambda table: 2 * table["severity"])
    d = CallDesign.from_frame(twice, outcome="minutes", treatment="attended", covariates=["severity", "again"])
    for made in (check.robustness_value, check.oster):
        assert "no estimate" in made(None, d).sentence


def test_oster_tells_selection():
    found = check.oster(None, design())
    assert found.table["r2_max"].is_monotonic_increasing
    delta = found.table["delta"][1]
    assert found.breakdown == (delta if delta > 0 else np.inf)
    assert "R² with everything" in found.sentence


def test_a_busy_team_shows_hidden_selection_and_nothing_else():
    verdicts = []
    for hidden in (0.0, 1.5):
        weighted = weight_propensity(design(table=frame(hidden)))
        found = check.placebo_exposure(call_difference(weighted), weighted)
        verdicts.append(found.verdict)
    assert verdicts == ["no contradiction found", "contradicts"]
    assert found.table["estimate"][0] > 0  # those left by a free team are the lighter ones
    assert found.support is not None
    assert "does not speak against comparing free with taken hours" in found.sentence


def test_placebo_needs_both_kinds(treated_weights):
    never = frame().assign(team_busy=False)
    weighted = weight_propensity(design(table=never))
    assert "cannot be made" in check.placebo_exposure(call_difference(weighted), weighted).sentence


def test_marginal_sensitivity_of_calls(treated_weights):
    found = check.marginal_sensitivity(None, treated_weights, replications=60)
    effect = call_difference(treated_weights).estimate[0]
    assert found.table["low"][0] == found.table["high"][0] == pytest.approx(effect, rel=1e-6)
    assert found.table["low"].is_monotonic_decreasing
    assert found.table["high"].is_monotonic_increasing
    assert 1.2 < found.breakdown < 10
    wide = check.marginal_sensitivity(None, treated_weights, replications=60, bounds="sorted")
    assert wide.breakdown < found.breakdown
    same = check.marginal_sensitivity(None, treated_weights, replications=60)
    pd.testing.assert_frame_equal(found.table, same.table)


def test_marginal_sensitivity_needs_weights_of_a_logit(matched):
    assert "not of those" in check.marginal_sensitivity(None, weight_propensity(design())).sentence
    assert check.marginal_sensitivity(None, design()).verdict == "not applicable"
    every = match_nearest(design(), replace=True)
    assert "not those of a logistic" in check.marginal_sensitivity(None, every).sentence


def test_findings_that_are_lost_at_once(treated_weights):
    rng = np.random.default_rng(1)
    table = frame().assign(minutes=rng.normal(size=N))
    weighted = weight_propensity(design(table=table), scheme="att")
    assert check.marginal_sensitivity(None, weighted, replications=60).breakdown == 1
    assert check.robustness_value(None, weighted).breakdown == 0
    assert check.evalue(call_difference(weighted), weighted).breakdown == 1


@pytest.mark.parametrize("outcome", ["minutes", "arrest"])
def test_pictures(matched, treated_weights, outcome):
    paired, weighted = matched.with_outcome(outcome), treated_weights.with_outcome(outcome)
    contour = report.figure(check.robustness_value(None, weighted))
    assert contour.kind == "contour"
    assert "3 × severity" in contour.data["marks"]["label"].tolist()
    bias = [
        report.figure(check.rosenbaum(call_difference(paired), paired)),
        report.figure(check.marginal_sensitivity(None, weighted, replications=40)),
    ]
    assert [picture.kind for picture in bias] == ["bias", "bias"]
    assert "value" in bias[0].data["curve"]
    assert {"low", "conf_high"} <= set(bias[1].data["curve"])
    for picture in (contour, *bias):
        assert rendered(picture, ".png").startswith(b"\x89PNG")


def test_rosenbaum_in_sets_of_three_by_hand():
    """Two controls a treated call: the sets built here one by one give the same exact bounds."""
    d = match_nearest(design("arrest"), ratio=2, caliper=0.5)
    found = check.rosenbaum(call_difference(d), d, gammas=[1.0, 1.5])
    y, pairs = d.source["arrest"].to_numpy(float), d.adjustment.pairs
    rows = [[y[call], *y[pairs[pairs[:, 0] == call, 1]]] for call in np.unique(pairs[:, 0])]
    sets = np.array([row + [np.nan] * (3 - len(row)) for row in rows])
    positive = bool(call_difference(d).estimate[0] > 0)
    for place, gamma in enumerate((1.0, 1.5)):
        by_hand = binary_tails(sets, np.ones(len(sets)), gamma, positive=positive)
        assert found.table["p_high"][place] == pytest.approx(by_hand.high, rel=1e-12)


def test_the_table_of_verdicts_tells_where_findings_are_lost(treated_weights):
    evalue, balance = (
        check.evalue(call_difference(treated_weights), treated_weights),
        check.balance(None, treated_weights),
    )
    shown = report.table(balance, evalue)
    assert shown.frame["breakdown"].tolist()[1] == evalue.breakdown
    assert shown.columns[-1].label == "Lost at"
    assert "breakdown" not in report.table(balance).frame
