"""Weighted calls: formulas, who is left out, what trees have seen, and what no weights can do."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.design import CallDesign, weight_balance, weight_propensity
from coresponder_causal.design.boosted_propensity import boosted_log_odds, folds
from coresponder_causal.estimate import call_difference

RNG = np.random.default_rng(4)
N = 900
SEVERITY, NIGHT = RNG.normal(size=N), RNG.random(N) < 0.4
FRAME = pd.DataFrame(
    {
        "attended": RNG.random(N) < 1 / (1 + np.exp(0.4 - 1.3 * SEVERITY - 0.5 * NIGHT)),
        "severity": SEVERITY,
        "night": NIGHT,
        "person": RNG.integers(0, N // 3, N),
        "minutes": SEVERITY + NIGHT + RNG.normal(size=N),
        "sampled": RNG.uniform(1, 3, N),
    }
)


def design(frame=FRAME, **changed):
    stated = {"outcome": "minutes", "treatment": "attended", "covariates": ["severity", "night"], "person": "person"}
    return CallDesign.from_frame(frame, **(stated | changed))


FORMULAS = {
    "att": lambda p: (1, p / (1 - p)),
    "ate": lambda p: (1 / p, 1 / (1 - p)),
    "atc": lambda p: ((1 - p) / p, 1),
    "overlap": lambda p: (1 - p, p),
    "matching": lambda p: (np.minimum(p, 1 - p) / p, np.minimum(p, 1 - p) / (1 - p)),
}


@pytest.mark.parametrize("scheme", FORMULAS)
def test_weights_are_those_of_the_formulas(scheme):
    one = weight_propensity(design(), scheme=scheme)
    expected = np.where(one.treated, *FORMULAS[scheme](one.propensity().probability))
    np.testing.assert_allclose(one.adjustment.weights, expected, rtol=1e-12)


def test_stabilised_weights_have_a_mean_of_nearly_one_and_change_no_estimate():
    plain, stable = (weight_propensity(design(), scheme="ate", stabilise=stabilise) for stabilise in (False, True))
    assert plain.adjustment.weights.mean() == pytest.approx(2, abs=0.1)
    assert stable.adjustment.weights.mean() == pytest.approx(1, abs=0.05)
    ours = [call_difference(one) for one in (plain, stable)]
    np.testing.assert_allclose(ours[0].estimate, ours[1].estimate, rtol=1e-12)
    np.testing.assert_allclose(ours[0].vcov, ours[1].vcov, rtol=1e-10)


def test_trimming_is_a_design_of_the_calls_kept_and_says_so():
    whole = design()
    p = whole.propensity().probability
    kept = (p >= 0.1) & (p <= 0.9)
    assert 20 < (~kept).sum() < 300
    trimmed, alone = (
        weight_propensity(whole, scheme="ate", trim=0.1),
        weight_propensity(design(FRAME[kept]), scheme="ate"),
    )
    np.testing.assert_array_equal(trimmed.adjustment.weights[kept], alone.adjustment.weights)
    assert not trimmed.adjustment.weights[~kept].any()
    ours, theirs = call_difference(trimmed), call_difference(alone)
    np.testing.assert_allclose([ours.estimate[0], ours.vcov[0, 0]], [theirs.estimate[0], theirs.vcov[0, 0]], rtol=1e-10)
    assert any(
        note.startswith(f"{(~kept).sum()} of {N} calls have a probability of treatment below") for note in ours.notes
    )
    assert ours.estimand.population == "all calls whose probability of treatment lies between 0.1 and 0.9"


def test_truncation_cuts_each_arm_at_its_quantile():
    plain, cut = (weight_propensity(design(), scheme="ate", truncate=share) for share in (None, 0.9))
    for arm in (plain.treated, ~plain.treated):
        before, after = plain.adjustment.weights[arm], cut.adjustment.weights[arm]
        np.testing.assert_array_equal(after, np.minimum(before, np.quantile(before, 0.9)))
    assert any("of 900 weights are cut to the 0.9 quantile" in note for note in cut.notes)
    assert cut.adjustment.model.parts[0].slope[cut.adjustment.weights != plain.adjustment.weights].max() == 0


def test_trees_have_not_seen_a_call_of_the_same_person():
    """Persons who always got the same treatment, and a covariate that is the person: seen, they would be known."""
    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(100), 30)
    treated = np.repeat(rng.random(100) < 0.5, 30)
    code = np.repeat(rng.permutation(100), 30).astype(float)
    ones = np.ones(len(person))

    def separated(persons):
        odds = boosted_log_odds(code[:, None], treated, persons, weights=ones, seed=1)
        return odds[treated].mean() - odds[~treated].mean()

    assert separated(pd.RangeIndex(len(person))) > 3  # rows in folds of their own: the person is recognised
    assert abs(separated(pd.Index(person))) < 0.5


def test_boosted_probabilities_are_calibrated_follow_a_bend_and_say_what_is_not_counted():
    rng = np.random.default_rng(6)
    x = rng.uniform(-2, 2, 3000)
    frame = pd.DataFrame({"x": x, "y": x**2 + rng.normal(size=3000)})
    frame["attended"] = rng.random(3000) < 1 / (1 + np.exp(2.0 - x**2))
    bent = CallDesign.from_frame(frame, outcome="y", treatment="attended", covariates=["x"])
    boosted = weight_propensity(bent, scheme="att", model="boosted")
    weights = boosted.adjustment.weights
    p = weights[~bent.treated] / (1 + weights[~bent.treated])
    truth = 1 / (1 + np.exp(2.0 - x[~bent.treated] ** 2))
    assert abs(p.mean() - truth.mean()) < 0.02
    line = weight_propensity(bent, scheme="att")
    assert abs(call_difference(boosted).estimate[0]) < 0.35 * abs(call_difference(line).estimate[0])  # the truth is 0
    assert boosted.adjustment.model is None
    assert any("the error of the boosted trees is not in the standard error" in note for note in boosted.notes)
    again = weight_propensity(bent, scheme="att", model="boosted").adjustment.weights
    np.testing.assert_array_equal(again, weights)
    other = weight_propensity(bent, scheme="att", model="boosted", seed=2).adjustment
    assert not np.array_equal(other.weights, weights)
    assert other.options["seed"] == 2


def test_few_persons_have_no_folds():
    few = design(FRAME.assign(person=FRAME["person"] % (folds - 1)))
    with pytest.raises(EstimationError, match="4 persons for 5 folds") as caught:
        weight_propensity(few, model="boosted")
    assert "logistic" in caught.value.mend


@pytest.mark.parametrize("contrast", ["ATT", "ATE", "ATC"])
@pytest.mark.parametrize("method", ["entropy", "cbps", "tilting"])
@pytest.mark.parametrize("weights", [None, "sampled"])
def test_means_are_equal_and_those_of_whom_the_contrast_speaks(method, contrast, weights):
    one = weight_balance(design(weights=weights), method=method, contrast=contrast, moments=2)
    x, sampling = one.source["severity"].to_numpy(), one.sampling_weights()
    matrix = np.column_stack([x, x**2, one.source["night"]])
    spoken = {"ATT": one.treated, "ATC": ~one.treated, "ATE": np.ones(N, bool)}[contrast]
    means = [np.average(matrix[arm], axis=0, weights=one.call_weights()[arm]) for arm in (one.treated, ~one.treated)]
    np.testing.assert_allclose(means[0], means[1], atol=1e-10)
    if (method, contrast) != ("cbps", "ATE"):
        aim = np.average(matrix[spoken], axis=0, weights=sampling[spoken])
        np.testing.assert_allclose(means[0], aim, atol=1e-10)


@pytest.mark.parametrize("contrast", ["ATT", "ATC"])
def test_the_three_methods_are_one_where_one_arm_is_tilted(contrast):
    found = [weight_balance(design(), method=method, contrast=contrast) for method in ("entropy", "cbps", "tilting")]
    for other in found[1:]:
        np.testing.assert_array_equal(other.adjustment.weights, found[0].adjustment.weights)


def test_indicators_have_no_powers():
    one, two = (weight_balance(design(covariates=["night"]), moments=moments) for moments in (1, 3))
    np.testing.assert_allclose(one.adjustment.weights, two.adjustment.weights, rtol=1e-12)
    assert weight_balance(design(), moments=3).adjustment.model.matrix.shape == (
        N,
        5,
    )  # 1, night, severity to severity³


def test_a_tolerance_is_used_up_and_weights_are_smoother():
    exact, near = (weight_balance(design(), tolerance=tolerance) for tolerance in (0.0, 0.1))
    matrix = near.adjustment.model.matrix
    gap = np.average(matrix[~near.treated], axis=0, weights=near.adjustment.weights[~near.treated])
    gap = np.abs(gap - matrix[near.treated].mean(axis=0))
    assert gap.max() == pytest.approx(0.1, abs=1e-8)
    assert gap[0] < 1e-10  # the constant
    effective = [call_difference(one).extra["effective_untreated"] for one in (exact, near)]
    assert effective[1] > 1.1 * effective[0]
    assert any("may differ from those aimed at by 0.1 standard deviations" in note for note in near.notes)


def test_a_wide_tolerance_leaves_equal_weights():
    wide = weight_balance(design(), tolerance=0.99)
    assert np.ptp(wide.adjustment.weights[~wide.treated]) < 1e-10


def test_what_no_weights_can_do_is_said_with_its_mend():
    """One treated call is of a kind that no untreated call is of: within a tolerance that can be done."""
    frame = pd.DataFrame({"attended": [1, 0] * 50 + [1], "kind": ["a", "b"] * 50 + ["c"]})
    frame.loc[[2, 3], "kind"] = ["b", "a"]
    one = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["kind"])
    with pytest.raises(EstimationError, match="no weights on 50 calls give them the covariate means") as caught:
        weight_balance(one)
    assert "a tolerance, such as 0.05" in caught.value.mend
    near = weight_balance(one, tolerance=0.2)
    assert near.adjustment.weights[~near.treated].min() > 0


BAD = {
    "scheme": (weight_propensity, {"scheme": "atr"}, "scheme='atr' is not a choice"),
    "model": (weight_propensity, {"model": "forest"}, "model='forest' is not a choice"),
    "stabilised for the treated": (weight_propensity, {"scheme": "att", "stabilise": True}, "stabilise=True with"),
    "trim": (weight_propensity, {"trim": 0.5}, "trim=0.5"),
    "truncate": (weight_propensity, {"truncate": 1}, "truncate=1"),
    "trim all": (weight_propensity, {"trim": 0.499}, "keeps 0 treated|keeps . treated"),
    "method": (weight_balance, {"method": "energy"}, "method='energy' is not a choice"),
    "contrast": (weight_balance, {"contrast": "ATO"}, "contrast='ATO' is not a choice"),
    "moments": (weight_balance, {"moments": 4}, "moments=4 is not a choice"),
    "tolerance": (weight_balance, {"tolerance": -0.1}, "tolerance=-0.1"),
    "tolerance of a logit": (weight_balance, {"tolerance": 0.1, "method": "cbps"}, "tolerance=0.1 with method='cbps'"),
    "likelihood of no logit": (weight_balance, {"over": True}, "over=True with method='entropy'"),
}


@pytest.mark.parametrize(("adjust", "options", "message"), BAD.values(), ids=BAD)
def test_options_that_do_not_exist_or_go_together_are_refused(adjust, options, message):
    with pytest.raises(DesignError, match=message) as caught:
        adjust(design(), **options)
    assert caught.value.mend


def test_overlap_is_named_to_whom_asks_to_balance_for_it():
    with pytest.raises(DesignError) as caught:
        weight_balance(design(), contrast="ATO")
    assert "scheme='overlap'" in str(caught.value)


def test_every_broken_option_is_said_at_once():
    with pytest.raises(DesignError, match="breaks 3 rules"):
        weight_propensity(design(), scheme="atr", trim=2.0, model="forest")


def test_what_makes_the_interval_another_one_is_in_the_name_of_the_scheme():
    """A result is held against the cells in which its weights were measured, or told that they were not."""
    trimmed = weight_propensity(design(), scheme="ate", trim=0.1, truncate=0.99)
    assert trimmed.adjustment.options["scheme"] == "ate trimmed truncated"
    assert any(
        "'weight_propensity ate trimmed truncated' was not measured" in note for note in call_difference(trimmed).notes
    )
    named = [
        weight_balance(design(), **options).adjustment.options["scheme"]
        for options in (
            {"method": "tilting", "contrast": "ATC"},
            {"method": "tilting", "contrast": "ATE"},
            {"method": "cbps", "over": True},
            {"tolerance": 0.1},
        )
    ]
    assert named == ["atc", "tilting ate", "cbps att over", "entropy att tolerance"]
