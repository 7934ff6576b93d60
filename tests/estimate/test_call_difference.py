"""The difference between treated and untreated calls: against truth, against refits, and where it must not be made."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.matched_sets import places
from coresponder_causal.design.weight_propensity import weight_propensity
from coresponder_causal.estimate.call_difference import call_difference
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.validity.safety_calls import towns

COVARIATES = ["hour", "priority", "prior_contacts"]
EFFECT = -4.0


def drawn(seed, n=1500):
    """Calls of persons with habits of their own; who is attended depends on the covariates, effects vary with one."""
    rng = np.random.default_rng(seed)
    person = rng.integers(0, n // 3, n)
    hour, priority, prior = rng.uniform(0, 1, n), rng.integers(1, 4, n), rng.poisson(1.0, n)
    attended = rng.random(n) < 1 / (1 + np.exp(1.5 - hour - 0.4 * prior + 0.2 * priority))
    effect = EFFECT + 2 * (prior - 1)
    habit = rng.normal(size=n // 3)[person]
    minutes = 30 + 6 * hour + 5 * prior - 2 * priority + effect * attended + 3 * habit + rng.normal(size=n)
    frame = pd.DataFrame(
        {"person": person, "hour": hour, "priority": priority, "prior_contacts": prior, "attended": attended}
    )
    return frame.assign(call_id=range(n), minutes=minutes, effect=effect, arrest=rng.random(n) < 0.2)


def design(frame, **changed):
    stated = {"outcome": "minutes", "treatment": "attended", "covariates": COVARIATES, "person": "person"}
    return CallDesign.from_frame(frame, **(stated | changed))


@cache
def calls(seed=1):
    return design(drawn(seed))


METHODS = {
    "ATT": lambda c: weight_propensity(c, scheme="att"),
    "ATE": lambda c: weight_propensity(c, scheme="ate"),
    "ATO": weight_propensity,
    "matched": lambda c: match_nearest(c, caliper=0.05),
}


@pytest.mark.parametrize("name", METHODS)
def test_truth_is_within_the_intervals_and_the_spread_is_the_standard_error(name):
    """40 draws: coverage below 34 of 40 has probability 0.004 at 95 %; a spread's own error is 11 %, three are allowed.

    Matching is biased by what its caliper leaves (a tenth of a standard error here), which the bound includes.
    """
    errors, std_errors, inside = [], [], 0
    for seed in range(40):
        adjusted = METHODS[name](design(drawn(seed)))
        result = call_difference(adjusted)
        weight = adjusted.call_weights() if name == "ATO" else np.ones(len(adjusted.source))
        about = adjusted.treated & (adjusted.call_weights() > 0) if name in ("ATT", "matched") else slice(None)
        truth = np.average(adjusted.source["effect"][about], weights=weight[about])
        low, high = result.conf_int().loc["effect"]
        inside += low < truth < high
        errors.append(result.estimate[0] - truth)
        std_errors.append(result.bse["effect"])
    assert inside >= 34
    assert abs(np.mean(errors)) < 3 * np.mean(std_errors) / np.sqrt(40)
    assert np.std(errors) < 1.33 * np.mean(std_errors)


def test_the_unadjusted_difference_is_off_and_warned_of():
    with pytest.warns(IdentificationWarning, match="compared as they came"):
        plain = call_difference(calls())
    adjusted = call_difference(METHODS["ATT"](calls()))
    assert plain.estimand.contrast == "unadjusted difference"
    assert plain.estimate[0] - adjusted.estimate[0] > 3 * plain.bse["effect"]


@pytest.mark.parametrize("scheme", ["att", "ate", "overlap"])
@pytest.mark.parametrize("scale", ["difference", "ratio"])
@pytest.mark.parametrize(("regression", "spent"), [("none", 2), ("shared", 5), ("by_arm", 8)])
def test_influence_is_the_derivative_of_the_whole_estimate(scheme, scale, regression, spent):
    """Raise the sampling weight of a call: propensity, weights and means all answer (central difference, 1e-4)."""
    frame = drawn(3, n=300)
    options = {"scale": scale, "regression": regression}
    psi = call_difference(weight_propensity(design(frame), scheme=scheme), cluster="none", **options).influence
    factor = np.sqrt(300 / (300 - spent))
    for row in (0, 17, 130):
        moved = []
        for step in (1e-4, -1e-4):
            weight = np.where(np.arange(300) == row, 1 + step, 1.0)
            heavier = design(frame.assign(weight=weight), weights="weight")
            moved.append(call_difference(weight_propensity(heavier, scheme=scheme), **options).estimate[0])
        assert (moved[0] - moved[1]) / 2e-4 == pytest.approx(psi.rows()[row, 0] / factor / 300, rel=1e-4, abs=1e-9)


def test_a_difference_of_means_is_that_of_a_regression():
    """Ordinary least squares with HC1 is the unadjusted difference without clusters."""
    from statsmodels.api import OLS, add_constant

    one = calls()
    with pytest.warns(IdentificationWarning):
        ours = call_difference(one, cluster="none")
    model = OLS(one.outcome_values(), add_constant(one.treated.astype(float)))
    theirs = model.fit(cov_type="HC1")
    np.testing.assert_allclose([ours.estimate[0], ours.bse["effect"]], [theirs.params[1], theirs.bse[1]], rtol=1e-10)
    clustered = model.fit(cov_type="cluster", cov_kwds={"groups": one.source["person"].to_numpy()})
    with pytest.warns(IdentificationWarning):
        ours = call_difference(one)
    np.testing.assert_allclose(ours.bse["effect"], clustered.bse[1], rtol=1e-10)
    assert ours.df[0] == one.source["person"].nunique() - 1


def test_auto_is_two_way_where_there_are_persons_and_matched_sets():
    """V_set + V_person − V_both, each with its own number of clusters in the small-sample factor."""
    one = match_nearest(calls())
    chosen, n = call_difference(one), call_difference(one).n_obs
    assert chosen.extra["cluster"] == "pair and person"
    psi = call_difference(one, cluster="none").influence.rows()[:, 0] / np.sqrt(n / (n - 2)) / n
    used = one.call_weights() > 0
    sets = np.arange(len(used))
    sets[one.adjustment.pairs[:, 1]] = one.adjustment.pairs[:, 0]
    labels = pd.DataFrame({"set": sets[used], "person": one.source["person"].to_numpy()[used], "psi": psi})
    parts = []
    for by in (["set"], ["person"], ["set", "person"]):
        sums = labels.groupby(by)["psi"].sum()
        parts.append((sums**2).sum() * len(sums) / (len(sums) - 1) * (n - 1) / (n - 2))
    assert chosen.vcov[0, 0] == pytest.approx(max(parts[0], parts[0] + parts[1] - parts[2]), rel=1e-10)
    assert chosen.df[0] == min(labels["set"].nunique(), labels["person"].nunique()) - 1


def test_auto_takes_what_the_design_has():
    assert call_difference(match_nearest(calls(), replace=True)).extra["cluster"] == "pair and person"
    assert call_difference(match_nearest(design(drawn(1), person=None))).extra["cluster"] == "pair"
    assert call_difference(weight_propensity(design(drawn(1), person=None))).extra["cluster"] == "none"


@pytest.mark.parametrize("name", [*METHODS, "pairs"])
def test_variance_is_that_of_the_influence_functions(name):
    adjusted = match_nearest(calls()) if name == "pairs" else METHODS[name](calls())
    result = call_difference(adjusted)
    sums = result.influence.by_cluster().to_numpy()
    np.testing.assert_allclose(result.vcov, sums.T @ sums / result.influence.n**2, rtol=1e-12)
    assert set(result.influence.unit) <= set(adjusted.source["call_id"])
    assert result.n_obs == result.influence.n == (adjusted.call_weights() > 0).sum()


def test_ratio_is_the_log_of_the_means():
    one = weight_propensity(calls())
    result = call_difference(one, scale="ratio")
    assert result.scale == "log_ratio"
    means = result.extra["mean_treated"], result.extra["mean_untreated"]
    assert result.estimate[0] == pytest.approx(np.log(means[0] / means[1]), abs=1e-12)
    assert call_difference(one).estimate[0] == pytest.approx(means[0] - means[1], abs=1e-12)


@pytest.mark.parametrize(("name", "about"), [("ATT", "treated"), ("ATE", "all"), ("matched", "treated")])
def test_a_regression_by_arm_is_the_mean_of_what_it_predicts(name, about):
    """By statsmodels: least squares in each arm, predicted for the calls spoken of (g-computation)."""
    from statsmodels.api import WLS, add_constant

    c = METHODS[name](calls())
    treated, weights, y = c.treated, c.call_weights(), c.outcome_values()
    x = add_constant(c.covariate_frame(reference_levels=False).to_numpy(float))
    fits = [WLS(y[arm], x[arm], weights=weights[arm]).fit().params for arm in (treated, ~treated)]
    spoken = weights * treated if about == "treated" else np.ones(len(y))
    means = [np.average(x @ fit, weights=spoken) for fit in fits]
    assert call_difference(c, regression="by_arm").estimate[0] == pytest.approx(means[0] - means[1], rel=1e-9)
    ratio = call_difference(c, regression="by_arm", scale="ratio")
    assert ratio.estimate[0] == pytest.approx(np.log(means[0] / means[1]), rel=1e-9)


def test_calls_that_lost_some_are_spoken_of_as_they_were_matched():
    """A caliper leaves treated calls out: those with a match are spoken of, and their differences are the estimate."""
    c = with_replacement(caliper=0.02)
    assert c.contrast == "ATM"
    y, x = c.outcome_values(), c.covariate_frame(reference_levels=False).to_numpy(float)
    gamma = untreated_slopes(c, "by_arm")
    d = [y[i] - y[j] - (x[i] - x[j]) @ gamma for i, j in c.adjustment.pairs]
    assert call_difference(c, regression="by_arm").estimate[0] == pytest.approx(np.mean(d), rel=1e-9)


def test_one_untreated_call_has_no_variance_of_its_own():
    frame = drawn(1, n=60).assign(attended=lambda f: f["call_id"] > 0)
    c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["hour"])
    pairs = np.array([[row, 0] for row in range(1, 60)])
    weights = np.where(c.treated, 1.0, 59.0)
    only = Adjustment(method="match_nearest", contrast="ATT", weights=weights, pairs=pairs, reused=True)
    with pytest.raises(EstimationError, match="one call is the match of all others"):
        call_difference(replace(c, adjustment=only))


def test_a_regression_takes_away_what_a_wrong_score_leaves():
    """Weights that know one covariate only, and a regression that knows them all: near the truth in 20 draws."""
    errors = {regression: [] for regression in ("none", "by_arm")}
    for seed in range(20):
        frame = drawn(seed)
        c = weight_propensity(design(frame, covariates=["hour"]), scheme="att")
        given = Adjustment(method="weight_propensity", contrast="ATT", weights=c.adjustment.weights)
        whole = replace(c, covariates=tuple(COVARIATES), adjustment=given)
        for regression, found in errors.items():
            found.append(call_difference(whole, regression=regression).estimate[0] - frame["effect"][c.treated].mean())
    assert np.mean(errors["none"]) > 1
    assert abs(np.mean(errors["by_arm"])) < 0.1


def with_replacement(seed=1, **changed):
    return match_nearest(design(drawn(seed, n=400), person=None), replace=True, **changed)


@pytest.mark.parametrize("regression", ["none", "shared", "by_arm"])
@pytest.mark.parametrize("ratio", [1, 3])
def test_variance_of_abadie_and_imbens_by_its_own_formula(regression, ratio):
    """Call by call: (1/N₁²){Σ (d_i − θ)² + Σ K_j (K_j − 1)/M² σ̂_j²}, the two nearest found by looking at all."""
    c = with_replacement(ratio=ratio)
    result = call_difference(c, regression=regression)
    y, treated, score = c.outcome_values(), c.treated, c.propensity().linear
    x = c.covariate_frame(reference_levels=False).to_numpy(float)
    mine = {i: [b for a, b in c.adjustment.pairs if a == i] for i in np.flatnonzero(treated)}
    gamma = untreated_slopes(c, regression)
    d = [y[i] - np.mean([y[j] + (x[i] - x[j]) @ gamma for j in found]) for i, found in mine.items()]
    assert result.estimate[0] == pytest.approx(np.mean(d), rel=1e-9)
    total = np.sum((d - np.mean(d)) ** 2)
    for j in np.flatnonzero(~treated):
        k = sum(j in found for found in mine.values())
        others = [i for i in np.flatnonzero(~treated) if i != j]
        near = sorted(others, key=lambda i: abs(score[i] - score[j]))[:2]
        total += k * (k - 1) / ratio**2 * 2 / 3 * (y[j] - y[near].mean()) ** 2
    assert result.vcov[0, 0] == pytest.approx(total / len(d) ** 2, rel=1e-6)
    assert result.df[0] == len(d) - 1
    assert "Abadie and Imbens" in result.extra["interval"]


def test_untreated_calls_are_alike_in_what_they_were_matched_by():
    """Where calls were matched by the hour, the variance of a match is that of the untreated calls of like hours."""
    c = with_replacement(mahalanobis_on=["hour"], caliper=2.0)
    hour = c.source["hour"].to_numpy()
    apart = np.abs(places(c)[:, 0][:, None] - places(c)[:, 0])
    within = np.concatenate([hour[arm] - hour[arm].mean() for arm in (c.treated, ~c.treated)])
    spread = np.sqrt(within @ within / (len(hour) - 2))
    np.testing.assert_allclose(apart, np.abs(hour[:, None] - hour) / spread, atol=1e-8)  # rounded to nine decimals
    for distance in ("probability", "robust_mahalanobis", "scaled_euclidean"):
        assert call_difference(with_replacement(distance=distance)).bse["effect"] > 0


def test_a_score_that_is_the_same_in_all_calls_has_a_variance():
    """Every untreated call is as near as any other: the spread given the score is that of the outcome."""
    frame = drawn(1, n=400).assign(attended=np.arange(400) % 2 == 0, hour=np.arange(400) // 2 % 2)
    c = match_nearest(design(frame, person=None, covariates=["hour"]), replace=True)
    y, pairs = c.outcome_values(), c.adjustment.pairs
    assert np.ptp(places(c)) == 0
    plain = np.sqrt(y[pairs[:, 0]].var() / 200 + y[pairs[:, 1]].var() / 200)
    assert call_difference(c).bse["effect"] > 0.9 * plain


def untreated_slopes(c, regression):
    """Coefficients that move a match to the covariates of its call: bias correction of Abadie and Imbens (2011)."""
    x, treated, weights = c.covariate_frame(reference_levels=False).to_numpy(float), c.treated, c.call_weights()
    if regression == "none":
        return np.zeros(x.shape[1])
    rows = np.column_stack([x, np.ones(len(x)), treated]) if regression == "shared" else np.column_stack([x, ~treated])
    of = weights > 0 if regression == "shared" else (weights > 0) & ~treated
    root = np.sqrt(weights[of])
    return np.linalg.lstsq(rows[of] * root[:, None], c.outcome_values()[of] * root)[0][: x.shape[1]]


def test_without_reuse_the_variance_of_abadie_and_imbens_is_that_of_the_differences():
    c = match_nearest(design(drawn(1), person=None))
    y, pairs = c.outcome_values(), c.adjustment.pairs
    d = y[pairs[:, 0]] - y[pairs[:, 1]]
    result = call_difference(c, variance="abadie-imbens")
    assert result.vcov[0, 0] == pytest.approx(d.var() / len(d), rel=1e-12)


def test_where_calls_are_reused_the_variance_follows_from_what_the_design_has():
    alone, persons = with_replacement(), match_nearest(design(drawn(1, n=400)), replace=True)
    assert call_difference(alone).extra["cluster"] == "matched call"
    assert call_difference(alone, variance="clustered").extra["cluster"] == "pair and call"
    assert call_difference(persons).extra["cluster"] == "pair and person"
    with pytest.warns(IdentificationWarning, match="calls of one person as independent"):
        call_difference(persons, variance="abadie-imbens")
    assert call_difference(alone).extra["scheme"] == "replace"


def test_the_variance_of_abadie_and_imbens_is_refused_where_it_does_not_hold():
    weighted = design(drawn(1).assign(weight=2.0), weights="weight", person=None)
    for c, options, why in (
        (weight_propensity(calls()), {}, "has no matched pairs"),
        (match_nearest(weighted, replace=True), {}, "has sampling weights"),
        (with_replacement(), {"cluster": "none"}, "knows no clusters"),
    ):
        with pytest.raises(DesignError, match=why):
            call_difference(c, variance="abadie-imbens", **options)
    assert call_difference(match_nearest(weighted, replace=True)).extra["cluster"] == "pair and call"


def test_odds_ratios_are_no_choice():
    with pytest.raises(EstimationError, match="scale='odds_ratio' is not a choice"):
        call_difference(calls(), scale="odds_ratio")


def test_a_regression_without_covariates_is_refused():
    with pytest.raises(DesignError, match="regression='shared' needs covariates"), quietly():
        call_difference(design(drawn(1), covariates=[]), regression="shared")


def test_what_a_regression_leaves_out_is_said():
    frame = drawn(1).assign(rare=lambda f: ~f["attended"] & (f["call_id"] % 50 == 0))
    with quietly():
        result = call_difference(design(frame, covariates=[*COVARIATES, "rare"]), regression="by_arm")
    assert any("left out of the regression" in said and said.endswith("rare") for said in result.notes)


def test_estimand_says_whom_it_speaks_of():
    spoken = {name: call_difference(method(calls())).estimand for name, method in METHODS.items()}
    assert [spoken[name].contrast for name in ("ATT", "ATE", "ATO")] == ["ATT", "ATE", "ATO"]
    assert spoken["ATO"].population == "the calls that might as well have gone the other way (overlap weights)"
    dropped = match_nearest(design(drawn(1), exact=["priority", "prior_contacts"]), caliper=0.01)
    assert call_difference(dropped).estimand.contrast == "ATM"


def test_hidden_severity_stays_in_weighted_estimates():
    """The same draws, with dispatch leaning more on what was not recorded: estimates rise, balance stays as it was.

    The team lowers arrests; selection on severity hides that, and with enough of it turns the sign.
    """
    found = {selection: [hidden(selection, seed) for seed in (1, 2, 3)] for selection in (0.0, 0.8, 2.4)}
    estimates = [np.mean([result.estimate[0] for result in results]) for results in found.values()]
    error = found[0.0][0].bse["effect"] / 3**0.5  # of a mean of three worlds: about .005
    assert estimates == sorted(estimates)
    assert estimates[2] - estimates[0] > 3 * error
    assert all(result.conf_int().loc["effect", "conf_high"] < 0 for result in found[0.0])
    assert estimates[2] > 2 * error


def hidden(selection, seed):
    """Attended against other calls that a free team could have taken, weighted by what was recorded."""
    config = WorldConfig(selection=selection, n_comparison=1, monthly_calls=400)
    table = world("west_sac_like", seed=seed, config=config).treated_calls
    open_ = table[table["team_on_duty"] & ~table["team_busy"]]
    known = ["hour", "initial_type", "priority", "caller_type", "prior_contacts", "patrol_load"]
    c = CallDesign.from_frame(open_, outcome="arrest", treatment="attended", covariates=known, person="person")
    return call_difference(weight_propensity(c, scheme="att"))


def test_clusters_that_the_design_does_not_have_are_refused():
    with pytest.raises(DesignError, match="cluster='pair' cannot be had: the design has none"):
        call_difference(weight_propensity(calls()), cluster="pair")
    with pytest.raises(DesignError, match="controls stand in several pairs"):
        call_difference(match_nearest(calls(), replace=True), cluster="pair")
    with pytest.raises(DesignError, match="cluster='person' cannot be had"):
        call_difference(weight_propensity(design(drawn(1), person=None)), cluster="person")


def test_a_ratio_of_nothing_is_refused():
    frame = drawn(1).assign(rare=lambda f: f["attended"] & (f["call_id"] % 7 == 0))
    with pytest.raises(EstimationError, match="without the treatment: no ratio") as caught:
        call_difference(weight_propensity(design(frame, outcome="rare")), scale="ratio")
    assert "scale='difference'" in caught.value.mend


def test_an_outcome_that_follows_the_treatment_exactly_is_refused():
    frame = drawn(1).assign(same=lambda f: 2.0 * f["attended"])
    with pytest.raises(EstimationError, match="does not vary within the arms"):
        call_difference(weight_propensity(design(frame, outcome="same")))


def test_few_clusters_are_warned_of():
    frame = drawn(1).assign(team=lambda f: f["call_id"] % 8)
    with pytest.warns(IdentificationWarning, match="8 clusters by person"):
        call_difference(weight_propensity(design(frame, person="team")))


@pytest.mark.parametrize("attended", [True, False])
def test_an_arm_of_one_call_is_refused(attended):
    frame = drawn(1).assign(attended=lambda f: (f["call_id"] == 7) == attended)
    kind = "treated" if attended else "untreated"
    with quietly(), pytest.raises(EstimationError, match=f"one {kind} call is compared"):
        call_difference(weight_propensity(design(frame, covariates=["hour"])))


def test_one_person_is_refused():
    with pytest.raises(EstimationError, match="all 1500 calls are one cluster by person"):
        call_difference(weight_propensity(design(drawn(1).assign(person="p"))))


def test_calls_that_matching_left_apart_are_doubted_by_name():
    """Where the treated are many, pairs without a caliper end with what is left, however far."""
    d = next(towns()).design
    with pytest.warns(IdentificationWarning, match="still differ in 'severity'"):
        call_difference(match_nearest(d))
    for alike in (call_difference(weight_propensity(d)), call_difference(match_nearest(d), regression="shared")):
        assert not any("still differ" in said for said in alike.notes)
