"""A design of calls: what it refuses, what it says, and that no outcome ever enters it."""

import pickle

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.propensity import propensity
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.weight_balance import weight_balance
from coresponder_causal.design.weight_propensity import weight_propensity

COVARIATES = ["hour", "initial_type", "prior_contacts"]


def made(n=400, seed=7):
    rng = np.random.default_rng(seed)
    hour, prior = rng.integers(0, 24, n), rng.poisson(1.5, n)
    crisis = rng.random(n) < 0.4
    return pd.DataFrame(
        {
            "call_id": [f"C{place:05d}" for place in range(n)],
            "attended": rng.random(n) < 1 / (1 + np.exp(1.2 - 0.8 * crisis - 0.2 * prior)),
            "hour": hour,
            "initial_type": np.where(crisis, "mental_health_crisis", np.where(hour % 2, "trespass", "other")),
            "prior_contacts": prior,
            "person": rng.integers(0, n // 2, n).astype(str),
            "weight": rng.uniform(1, 2, n),
            "arrest": rng.random(n) < 0.2,
            "hold": rng.random(n) < 0.1,
        }
    )


FRAME = made()


def design(frame=FRAME, **changed):
    stated = {"outcome": "arrest", "treatment": "attended", "covariates": COVARIATES, "person": "person"}
    return CallDesign.from_frame(frame, **(stated | changed))


ADJUSTMENTS = {
    "logit": lambda c: match_nearest(c, caliper=0.2),
    "replace": lambda c: match_nearest(c, replace=True, ratio=2, distance="mahalanobis"),
    "random": lambda c: match_nearest(c, order="random", seed=3),
    "att": lambda c: weight_propensity(c, scheme="att"),
    "overlap": lambda c: weight_propensity(c),
    "trimmed": lambda c: weight_propensity(c, scheme="ate", trim=0.2, truncate=0.95),
    "boosted": lambda c: weight_propensity(c, scheme="matching", model="boosted"),
    "entropy": lambda c: weight_balance(c, contrast="ATE", moments=2),
    "tolerance": lambda c: weight_balance(c, contrast="ATC", tolerance=0.02),
    "likelihood too": lambda c: weight_balance(c, method="cbps", over=True),
}


@pytest.mark.parametrize("adjust", ADJUSTMENTS.values(), ids=ADJUSTMENTS)
def test_adjusted_designs_are_bytewise_the_same_whatever_the_outcome(adjust):
    permuted = FRAME.assign(arrest=FRAME["arrest"].sample(frac=1, random_state=1).to_numpy())
    assert not permuted["arrest"].equals(FRAME["arrest"])
    absent = FRAME.drop(columns=["arrest", "hold"])
    made_of = [adjust(design()), adjust(design(permuted)), adjust(design(absent, outcome=None))]
    assert len({pickle.dumps((one.adjustment, one.notes)) for one in made_of}) == 1
    assert len({one.design_fingerprint for one in made_of}) == 1
    assert len({one.fingerprint for one in made_of}) == 3


@pytest.mark.parametrize("adjust", ADJUSTMENTS.values(), ids=ADJUSTMENTS)
def test_adjusted_designs_do_not_depend_on_the_order_of_rows(adjust):
    shuffled = adjust(design(FRAME.sample(frac=1, random_state=2)))
    assert shuffled.fingerprint == adjust(design()).fingerprint


def test_design_follows_its_data_and_pickles():
    one = weight_propensity(design())
    assert pickle.loads(pickle.dumps(one)).fingerprint == one.fingerprint
    other = FRAME.assign(hour=FRAME["hour"].where(FRAME.index != 7, 3 + FRAME["hour"] % 2))
    assert weight_propensity(design(other)).design_fingerprint != one.design_fingerprint
    assert match_nearest(design()).design_fingerprint != one.design_fingerprint


def test_the_frame_is_left_as_it_was_and_weights_are_read_only():
    given = FRAME.copy(deep=True)
    one = match_nearest(design(given))
    pd.testing.assert_frame_equal(given, FRAME)
    with pytest.raises(ValueError, match="read-only"):
        one.adjustment.weights[0] = 2


def test_with_outcome_keeps_the_weights():
    one = match_nearest(design(outcome=None))
    other = one.with_outcome("hold")
    assert other.outcome == "hold"
    assert other.adjustment is one.adjustment
    with pytest.raises(DesignError, match="'nothing' is missing"):
        one.with_outcome("nothing")
    with pytest.raises(DesignError, match="adjusted for too"):
        one.with_outcome("hour")


def test_description_and_estimand_name_the_contrast():
    one = weight_propensity(design(exact=["initial_type"]))
    assert f"arrest of 400 calls, {FRAME['attended'].sum()} with attended" in one.describe()
    assert "ATO by weight_propensity" in one.describe()
    assert one.estimand.startswith("ATO of attended on arrest")
    assert any("do not keep calls equal in initial_type" in note for note in one.notes)


def test_covariates_expand_to_indicators():
    frame = design().covariate_frame()
    levels = ["mental_health_crisis", "other", "trespass"]
    assert list(frame) == ["hour", *(f"initial_type: {level}" for level in levels), "prior_contacts"]
    assert (frame.filter(like="initial_type").sum(axis=1) == 1).all()
    assert len(design().covariate_frame(reference_levels=False).columns) == 4


def test_missing_text_is_a_level_and_said():
    frame = FRAME.assign(initial_type=FRAME["initial_type"].where(FRAME.index % 10 != 0))
    one = design(frame)
    assert "initial_type: missing" in one.covariate_frame()
    assert any("'initial_type' is missing in 40 rows" in note for note in one.notes)


def test_missing_persons_are_persons_of_their_own_and_said():
    one = design(FRAME.assign(person=FRAME["person"].where(FRAME.index > 1)))
    assert len(set(one.persons[:2])) == 2
    assert any("2 calls have no person" in note for note in one.notes)


def test_a_column_outside_the_dictionary_is_said():
    one = design(FRAME.assign(moon=FRAME["hour"] % 3), covariates=["hour", "moon"])
    assert any(note.startswith("moon is not in the data dictionary") for note in one.notes)


def test_stratum_enters_the_propensity_and_bounds_the_matches():
    one = match_nearest(design(FRAME.assign(month=FRAME["hour"] % 3), stratum="month"))
    month = one.source["month"].to_numpy()
    assert (month[one.adjustment.pairs[:, 0]] == month[one.adjustment.pairs[:, 1]]).all()
    assert [name for name in one.covariate_frame(reference_levels=False) if name.startswith("month")] == [
        "month: 1",
        "month: 2",
    ]


def test_sampling_weights_of_whole_numbers_are_repeated_calls():
    weights = np.arange(len(FRAME)) % 3 + 1
    repeated = FRAME.loc[FRAME.index.repeat(weights)].assign(call_id=lambda f: np.arange(len(f)))
    one, other = design(FRAME.assign(weight=weights), weights="weight"), design(repeated)
    np.testing.assert_allclose(one.propensity().beta, other.propensity().beta, rtol=1e-8)  # same likelihood


BAD = {
    "all treated": ({"attended": 1}, {}, "all 400 calls have 'attended' = 1"),
    "none treated": ({"attended": 0}, {}, "all 400 calls have 'attended' = 0"),
    "coded 1 and 2": ({"attended": FRAME["attended"] + 1}, {}, "'attended' holds 2 values, not 0 and 1"),
    "text treatment": ({"attended": FRAME["attended"].map({True: "yes", False: "no"})}, {}, "2 values as text"),
    "gap in treatment": ({"attended": FRAME["attended"].astype("boolean").mask(FRAME.index == 3)}, {}, r"rows 3"),
    "constant covariate": ({"hour": 5}, {}, "'hour' is the same in every call"),
    "gaps in a covariate": ({"hour": FRAME["hour"].where(FRAME.index > 2)}, {}, "'hour' is missing in 3 rows of 400"),
    "infinite covariate": ({"hour": FRAME["hour"].where(FRAME.index > 2, np.inf)}, {}, "'hour' is infinite in 3 rows"),
    "repeated call": ({"call_id": FRAME["call_id"].where(FRAME.index != 9, "C00000")}, {}, "1 row with a call_id"),
    "call without id": ({"call_id": FRAME["call_id"].where(FRAME.index != 9)}, {}, "1 row without a call_id"),
    "late covariate": (
        {"final_type": FRAME["initial_type"]},
        {"covariates": ["final_type", "hour"]},
        "'final_type' comes about after",
    ),
    "on scene covariate": ({"minutes_on_scene": 1}, {"exact": ["minutes_on_scene"]}, "'minutes_on_scene' comes about"),
    "treatment adjusted for": ({}, {"covariates": ["attended"]}, "'attended' is the treatment and is adjusted for"),
    "outcome adjusted for": ({"y": FRAME["hour"]}, {"outcome": "y", "covariates": ["y"]}, "'y' is the outcome and"),
    "treatment as outcome": ({}, {"outcome": "attended"}, "treatment and outcome at once"),
    "missing column": ({}, {"covariates": ["beat"]}, "column 'beat' is missing"),
    "text outcome": ({"arrest": "yes"}, {}, "'arrest' is not numeric: text in 400 rows"),
    "gaps in the outcome": (
        {"arrest": FRAME["arrest"].astype(float).where(FRAME.index > 2)},
        {},
        "'arrest' is missing in 3 rows .*: a blank is not a no",
    ),
    "constant outcome": ({"arrest": 0}, {}, "'arrest' is 0 in every call"),
    "negative weights": ({"weight": -1.0}, {"weights": "weight"}, "'weight' is zero or negative"),
    "an identifier": ({"name": FRAME["call_id"]}, {"covariates": ["name"]}, "'name' has 400 levels"),
}


@pytest.mark.parametrize(("change", "options", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_error_with_its_mend(change, options, message):
    with pytest.raises(DesignError, match=message) as caught:
        design(FRAME.assign(**change), **options)
    assert caught.value.mend
    assert "breaks 1 rule\n" in caught.value.what


def test_every_broken_rule_is_said_at_once():
    with pytest.raises(DesignError, match="breaks 3 rules"):
        design(FRAME.assign(attended=1, hour=5, arrest=0))


def test_a_frame_without_rows_is_refused():
    with pytest.raises(DesignError, match="no rows"):
        design(FRAME.iloc[:0])


def test_separation_names_the_covariate_that_decides():
    frame = FRAME.assign(attended=FRAME["attended"] & (FRAME["initial_type"] != "trespass"))
    never = int((FRAME["initial_type"] == "trespass").sum())
    with pytest.warns(IdentificationWarning, match=f"initial_type trespass: 0 of {never} calls treated"):
        one = design(frame)
    for adjust in (match_nearest, weight_propensity):
        with pytest.raises(EstimationError, match=f"by initial_type: trespass the treatment of {never} of") as caught:
            adjust(one)
        assert "leave out those that always or never" in caught.value.mend


def test_collinear_covariates_are_named():
    frame = FRAME.assign(twice=2 * FRAME["hour"] + 1)
    with pytest.raises(EstimationError, match=r"others determine exactly: (hour|twice)"):
        weight_propensity(design(frame, covariates=["hour", "twice"]))


def test_propensity_that_does_not_converge_says_so(monkeypatch):
    monkeypatch.setattr("coresponder_causal.core.logit.most_steps", 1)
    with pytest.raises(EstimationError, match=r"did not converge in 1 steps; .*prior_contacts"):
        weight_propensity(design())


def test_propensity_solves_its_score_equations():
    fit = design().propensity()
    assert np.abs(fit.scores.sum(axis=0)).max() < 1e-6
    assert fit.probability.mean() == pytest.approx(FRAME["attended"].mean(), abs=1e-10)


def test_propensity_scores_and_bread_are_the_derivative_of_a_refit():
    """Raise one call's weight by a little: the sum of log odds moves by that call's influence (error of order 1e-5)."""
    one = design()
    matrix, names = one.covariate_frame(reference_levels=False), ["a", "b", "c", "d"]
    fit = one.propensity()
    through = fit.scores @ fit.bread @ fit.rows.sum(axis=0)
    weights = np.ones(len(FRAME))
    weights[11] += 1e-5
    moved = propensity(one.treated.astype(float), matrix.to_numpy(float), names, weights=weights)
    assert (moved.linear.sum() - fit.linear.sum()) / 1e-5 == pytest.approx(through[11], rel=1e-3)


def test_overlap_weights_balance_means_exactly():
    one = weight_propensity(design())
    frame, weights = one.covariate_frame().to_numpy(), one.call_weights()
    means = [np.average(frame[arm], axis=0, weights=weights[arm]) for arm in (one.treated, ~one.treated)]
    np.testing.assert_allclose(means[0], means[1], rtol=1e-8)  # score equations of the logit


def test_unknown_scheme_and_second_adjustment_are_refused():
    with pytest.raises(DesignError, match="scheme='atr' is not a choice"):
        weight_propensity(design(), scheme="atr")
    with pytest.raises(DesignError, match="that match_nearest has adjusted"):
        weight_propensity(match_nearest(design()))
    with pytest.raises(DesignError, match="needs covariates"):
        match_nearest(design(covariates=[]))


def test_a_call_that_carries_its_arm_is_warned_of():
    """Almost all calls at night are attended: the one that is not stands for them all."""
    frame = pd.DataFrame({"attended": [1, 0] * 20 + [1] * 60 + [0], "night": [0] * 40 + [1] * 61})
    one = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    with pytest.warns(IdentificationWarning, match="one untreated call carries 75 % of the weight"):
        weight_propensity(one, scheme="att")
