"""Estimates of calls by models: against truth, against each other, and where they must not be made."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.weight_propensity import weight_propensity
from coresponder_causal.estimate import call_aipw, call_difference, dml_forest, dml_linear

COVARIATES = ["severity", "prior_contacts"]
IDENTIFICATION = "ignore::coresponder_causal.core.errors.IdentificationWarning"


def drawn(seed, n=900):
    """Calls of persons with habits of their own; the team goes to severe calls, where it does more."""
    rng = np.random.default_rng(seed)
    person = rng.integers(0, n // 3, n)
    severity, prior = rng.normal(size=n), rng.poisson(1.0, n)
    p = 1 / (1 + np.exp(1 - 0.8 * severity - 0.2 * prior))
    attended = rng.random(n) < p
    effect = -4.0 - 2 * severity
    minutes = 30 + 3 * severity + 2 * prior + 2 * rng.normal(size=n // 3)[person] + effect * attended
    chance = 1 / (1 + np.exp(0.5 - severity))
    frame = pd.DataFrame({"person": person, "severity": severity, "prior_contacts": prior, "attended": attended})
    return frame.assign(
        call_id=range(n),
        minutes=minutes + rng.normal(size=n),
        effect=effect,
        probability=p,
        arrest=rng.random(n) < chance * np.where(attended, 0.6, 1.0),
    )


def design(frame, **changed):
    stated = {"outcome": "minutes", "treatment": "attended", "covariates": COVARIATES, "person": "person"}
    return CallDesign.from_frame(frame, **(stated | changed))


@cache
def calls(seed=1):
    return design(drawn(seed))


def truth(frame, contrast):
    p = frame["probability"]
    weight = {"ATT": frame["attended"].astype(float), "ATE": np.ones(len(frame)), "ATO": p * (1 - p)}[contrast]
    return float(np.average(frame["effect"], weights=weight))


ASKED = {
    **{contrast: (contrast, lambda c, k=contrast: call_aipw(c, contrast=k, repeats=2)) for contrast in ("ATT", "ATE")},
    "ATO": ("ATO", lambda c: call_aipw(c, contrast="ATO", repeats=2)),
    "partially linear": ("ATO", lambda c: dml_linear(c, repeats=1)),
    "forest": ("ATT", lambda c: dml_forest(c, trees=20)),
}


@pytest.mark.parametrize("name", ASKED)
def test_truth_is_within_the_intervals_and_the_spread_is_the_standard_error(name):
    """Coverage below 34 of 40 has probability 0.004 at 95 %; of a spread three of its own errors are allowed."""
    contrast, method = ASKED[name]
    draws = 40 if name != "forest" else 20
    errors, std_errors, inside = [], [], 0
    for seed in range(draws):
        frame = drawn(seed)
        result = method(design(frame))
        low, high = result.conf_int().loc["effect"]
        inside += low < truth(frame, contrast) < high
        errors.append(result.estimate[0] - truth(frame, contrast))
        std_errors.append(result.bse["effect"])
    assert inside >= 0.85 * draws
    assert abs(np.mean(errors)) < 3 * np.mean(std_errors) / np.sqrt(draws)
    assert np.std(errors) < (1 + 3 / np.sqrt(2 * draws)) * np.mean(std_errors)


def bent(seed, *, dispatch, outcome, n=4000):
    """Severity is recorded by itself; dispatch or the outcome goes by its square where they are bent."""
    rng = np.random.default_rng(seed)
    severity = rng.normal(size=n)
    attended = rng.random(n) < 1 / (1 + np.exp(0.5 - (severity**2 - 1 if dispatch else severity)))
    minutes = 2 * (severity**2 if outcome else severity) - attended + rng.normal(size=n)
    frame = pd.DataFrame({"severity": severity, "attended": attended, "minutes": minutes})
    return design(frame, covariates=["severity"], person=None)


@pytest.mark.parametrize("contrast", ["ATT", "ATE", "ATO"])
def test_one_of_the_two_models_may_be_wrong(contrast):
    off = {
        (dispatch, outcome): call_aipw(bent(1, dispatch=dispatch, outcome=outcome), contrast=contrast, repeats=1)
        for dispatch, outcome in ((True, False), (False, True), (True, True))
    }
    z = {which: (result.estimate[0] + 1) / result.bse["effect"] for which, result in off.items()}
    assert abs(z[(True, False)]) < 3
    assert abs(z[(False, True)]) < 3
    assert abs(z[(True, True)]) > 6


def test_boosted_trees_find_what_is_bent():
    c = bent(1, dispatch=True, outcome=True)
    straight = call_aipw(c, contrast="ATO", repeats=1)
    boosted = call_aipw(c, contrast="ATO", repeats=1, outcome_model="boosted", propensity_model="boosted")
    assert abs(boosted.estimate[0] + 1) < 3 * boosted.bse["effect"] < abs(straight.estimate[0] + 1)


@pytest.mark.parametrize("model", ["ridge", "lasso"])
@pytest.mark.parametrize("outcome", ["minutes", "arrest"])
def test_little_penalties_change_little_where_models_are_small(model, outcome):
    c = design(drawn(1, n=400), outcome=outcome)
    plain, penalised = call_aipw(c, repeats=1), call_aipw(c, repeats=1, outcome_model=model, propensity_model=model)
    assert abs(plain.estimate[0] - penalised.estimate[0]) < 0.5 * plain.bse["effect"]
    assert plain.estimate[0] != penalised.estimate[0]


def test_a_partition_is_one_of_several():
    ones = [call_aipw(calls(), repeats=1, seed=seed).estimate[0] for seed in range(6)]
    spread = np.std(ones)
    assert spread > 0
    many = call_aipw(calls(), repeats=11)
    assert min(ones) - 3 * spread < many.estimate[0] < max(ones) + 3 * spread
    assert many.extra["repeats"] == 11
    assert call_aipw(calls(), folds=1, repeats=11).extra["repeats"] == 1


def test_ratio_is_the_log_of_the_means():
    c = calls().with_outcome("arrest")
    result, difference = (call_aipw(c, scale=scale, repeats=1) for scale in ("ratio", "difference"))
    first, second = result.extra["mean_treated"], result.extra["mean_untreated"]
    assert first == pytest.approx(c.outcome_values()[c.treated].mean())
    assert result.estimate[0] == pytest.approx(np.log(first / second))
    assert difference.estimate[0] == pytest.approx(first - second)
    assert abs(result.estimate[0] - np.log(0.6)) < 3 * result.bse["effect"]
    with pytest.raises(EstimationError, match="no ratio") as caught:
        call_aipw(design(drawn(1).assign(minutes=lambda f: f["minutes"] - 100)), scale="ratio")
    assert "scale='difference'" in caught.value.mend


def test_sampling_weights_count_calls():
    """A call of weight 2 is two calls of the same person: the same estimate, as folds hold whole persons."""
    frame = drawn(4).assign(weight=lambda f: 1.0 + (f["call_id"] % 3 == 0))
    twice = pd.concat([frame, frame[frame["weight"] == 2]]).assign(call_id=lambda f: np.arange(len(f)))
    for method in (lambda c: call_aipw(c, contrast="ATE", repeats=2), lambda c: dml_linear(c, repeats=2)):
        weighted, repeated = method(design(frame, weights="weight")), method(design(twice))
        assert weighted.estimate[0] == pytest.approx(repeated.estimate[0], rel=1e-9)
        assert weighted.bse["effect"] == pytest.approx(repeated.bse["effect"], rel=1e-9)


def test_calls_left_out_by_their_probability_are_counted_and_named():
    frame = drawn(1)
    result = call_aipw(calls(), trim=0.15, repeats=1)
    (said,) = [text for text in result.notes if "left out" in text]
    out = len(frame) - result.n_obs
    assert said == f"{out} of 900 calls left out: their probability is below 0.15 or above 0.85"
    assert 0 < out < 400
    assert result.estimand.population.endswith("with a probability of treatment from 0.15 to 0.85")
    assert result.support["units"].tolist() == [result.n_obs]
    assert not any("left out" in text for text in call_aipw(calls(), repeats=1).notes)
    with pytest.raises(EstimationError, match=r"trim=0.5"):
        call_aipw(calls(), trim=0.5)
    with pytest.raises(EstimationError, match="no call of one kind is left"):
        call_aipw(calls(), trim=0.49999)


def test_hidden_severity_stays_in_all_of_them():
    frame = drawn(1, n=3000)
    chosen = frame.assign(attended=frame["attended"] & (frame["minutes"] > frame["minutes"].median() - 4))
    c = design(chosen.assign(minutes=frame["minutes"] - frame["effect"] * frame["attended"]))  # no effect at all
    for method in (lambda d: call_aipw(d, repeats=1), lambda d: dml_linear(d, repeats=1), dml_forest):
        result = method(c)
        assert result.conf_int().loc["effect", "conf_low"] > 0


def test_the_forest_tells_groups_apart_and_their_mean_is_the_whole():
    frame = drawn(2, n=3000).assign(severe=lambda f: np.where(f["severity"] > 0, "yes", "no"))
    c = design(frame, covariates=[*COVARIATES, "severe"])
    result = dml_forest(c, by="severe", contrast="ATE", trees=40)
    assert result.terms["term"].tolist() == ["effect", "effect: no", "effect: yes"]
    for group, members in (("no", frame["severity"] <= 0), ("yes", frame["severity"] > 0)):
        true = frame.loc[members, "effect"].mean()
        assert abs(result.params[f"effect: {group}"] - true) < 3 * result.bse[f"effect: {group}"]
    share = (frame["severe"] == "yes").mean()
    assert result.params["effect"] == pytest.approx(
        share * result.params["effect: yes"] + (1 - share) * result.params["effect: no"]
    )
    apart = result.combine([[0.0, -1.0, 1.0]], pd.DataFrame({"term": ["severe less others"]}))
    assert apart.tidy()["p_value"].iloc[0] < 1e-6
    assert result.support["units"].tolist() == [3000, *frame["severe"].value_counts()[["no", "yes"]]]


def test_the_overlap_mean_of_a_forest_is_the_partially_linear_estimate():
    """(D − p)(y − l) / (D − p)²: the predicted effects cancel, and folds of one seed are the same."""
    forest, line = dml_forest(calls(), contrast="ATO", trees=8), dml_linear(calls(), folds=3, repeats=1)
    assert forest.estimate[0] == pytest.approx(line.estimate[0], rel=1e-10)
    assert forest.bse["effect"] == pytest.approx(line.bse["effect"], rel=1e-10)


def test_numbers_are_cut_at_their_quartiles_in_order():
    result = dml_forest(calls(), by="severity", trees=20)
    ends = [float(term.split("(")[1].split(",")[0]) for term in result.terms["term"][1:]]
    assert len(ends) == 4
    assert ends == sorted(ends)
    assert dml_forest(calls(), by="severity", trees=20, seed=2).params.tolist() != result.params.tolist()


def test_groups_are_of_what_was_known_and_large_enough():
    with pytest.raises(EstimationError, match="by='minutes' is not among what is adjusted for") as caught:
        dml_forest(calls(), by="minutes")
    assert "severity, prior_contacts" in caught.value.mend
    with pytest.raises(EstimationError, match="'effect: 4' has 4 calls in its smaller arm"):
        dml_forest(calls(), by="prior_contacts")


@pytest.mark.filterwarnings(IDENTIFICATION)
def test_intervals_at_single_calls_need_persons_with_one_call_each():
    with pytest.raises(DesignError, match="are a further call of a person: the forest's intervals") as caught:
        dml_forest(calls(), at_middle_call=True)
    assert "by=" in caught.value.mend
    alone = design(drawn(1).drop_duplicates("person"))
    result = dml_forest(alone, at_middle_call=True, trees=40)
    assert result.terms["term"].tolist() == ["effect", "effect at the middle call"]
    assert np.isfinite(result.tidy()[["conf_low", "conf_high"]].to_numpy()).all()
    assert np.isnan(result.vcov[0, 1])
    assert result.params["effect"] == dml_forest(alone, trees=40).params["effect"]


ALL = {"call_aipw": call_aipw, "dml_linear": dml_linear, "dml_forest": dml_forest}


@pytest.mark.parametrize("name", ALL)
def test_adjusted_designs_and_designs_without_covariates_are_refused(name):
    with pytest.raises(DesignError, match=f"{name} was given a design that weight_propensity has adjusted"):
        ALL[name](weight_propensity(calls()))
    with pytest.raises(DesignError, match=f"{name} needs covariates"):
        ALL[name](design(drawn(1), covariates=[]))


@pytest.mark.parametrize("name", ALL)
def test_folds_that_cannot_be_are_refused(name):
    with pytest.raises(EstimationError, match="folds=0 and repeats="):
        ALL[name](calls(), folds=0)
    with pytest.raises(EstimationError, match="for 3 persons"):
        ALL[name](design(drawn(1).assign(person=lambda f: f["call_id"] % 3)), folds=5)
    if name != "call_aipw":
        with pytest.raises(EstimationError, match="folds=1"):
            ALL[name](calls(), folds=1)


@pytest.mark.parametrize("method", [call_aipw, dml_linear, dml_forest])
def test_folds_without_treated_calls_outside_them_are_refused(method):
    frame = drawn(1).assign(attended=lambda f: f["call_id"] == 7)
    with quietly(), pytest.raises(EstimationError, match="outside one of 3 folds of persons all calls are treated"):
        method(design(frame, covariates=["severity"]), folds=3)


def test_a_model_without_an_estimate_names_what_it_is_of():
    rare = drawn(1).assign(rare=lambda f: ~f["attended"] & (f["call_id"] % 40 == 0))
    with pytest.raises(EstimationError, match="the outcome of treated calls: no row of positive weight has y = 1"):
        call_aipw(design(rare, outcome="rare"), outcome_model="logistic")
    linear = call_aipw(design(rare, outcome="rare"), repeats=1)
    assert any(
        text.startswith("the outcome of treated calls is the same in all calls of some") for text in linear.notes
    )
    assert not any("a linear one was taken" in text for text in call_aipw(calls().with_outcome("arrest")).notes)
    always = drawn(1).assign(night=lambda f: f["attended"] & (f["call_id"] % 2 == 0))
    with pytest.raises(EstimationError, match=r"the treatment: the covariates separate .*: by night"):
        call_aipw(design(always, covariates=["severity", "night"]))
    with pytest.raises(EstimationError, match="the outcome of treated calls is not yes or no"):
        call_aipw(calls(), outcome_model="logistic")


def test_what_was_done_is_said():
    notes = call_aipw(design(drawn(1), exact=["prior_contacts"], person=None), repeats=3).notes
    assert "5 folds of whole persons, drawn 3 times" in notes
    assert any(text.startswith("nothing keeps calls equal in prior_contacts") for text in notes)
    assert any(text.startswith("no persons are named") for text in notes)
    assert "models predict the calls they learnt from: no cross-fitting" in call_aipw(calls(), folds=1).notes


def test_few_persons_are_warned_of():
    with pytest.warns(IdentificationWarning, match="8 persons: the standard error is hardly known"):
        call_aipw(design(drawn(1).assign(person=lambda f: f["call_id"] % 8)), repeats=1)


def test_contrasts_agree_with_weights_where_both_hold():
    """Of the same propensity: less than a standard error of the weighted difference, the larger of the two, apart."""
    for contrast, scheme in (("ATT", "att"), ("ATE", "ate"), ("ATO", "overlap")):
        ours = call_aipw(calls(), contrast=contrast, repeats=2)
        weights = call_difference(weight_propensity(calls(), scheme=scheme))
        assert abs(ours.estimate[0] - weights.estimate[0]) < weights.bse["effect"]
        assert ours.estimand.population == weights.estimand.population


def test_a_report_speaks_of_like_calls_and_shows_their_overlap():
    design = calls().with_outcome("arrest")
    result = call_aipw(design, scale="ratio", repeats=1)
    text = report.sentence(result).text
    assert "in calls the team attended than in like calls it did not attend" in text
    made = {each.check for each in check.battery(result, design)}
    assert {"overlap", "evalue"} <= made
    assert "balance" not in made
