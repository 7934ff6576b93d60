"""Matching, weighting and their effects against R MatchIt 4.7.1, WeightIt 1.4.0, cobalt 4.5.5 and sandwich 3.0.2.

The numbers were written by the script 05_match.R on the Lalonde data that come with MatchIt (185 treated, 429 not).
R's glm stops at a relative change in deviance of 1e-8; here Newton steps go on until no log odds moves by 1e-9. The two
sets of probabilities differ by up to 3e-9, log odds by 3e-8, which bounds what can be asked of weights.
"""

from dataclasses import replace

import numpy as np
import pytest

from coresponder_causal.check.balance import balance
from coresponder_causal.core.notes import quietly
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.weight_propensity import weight_propensity
from coresponder_causal.estimate.call_difference import call_difference

ONE_TO_ONE = {
    "largest": "nn_ps_1to1",
    "smallest": "nn_ps_order_smallest",
    "data": "nn_ps_order_data",
    "closest": "nn_ps_order_closest",
}


def values(mapping):
    return np.array(list(mapping.values()), float)


def scaled_as_matchit(design):
    """Control weights that sum to the number of matched controls, as MatchIt scales them."""
    weights, control = design.adjustment.weights.copy(), ~design.treated
    weights[control] *= (weights[control] > 0).sum() / weights[control].sum()
    return weights


def scores_of_matches(their, score, frame):
    """For each treated unit the scores of its matches in MatchIt, in the order in which they were made."""
    place = dict(zip(frame["rid"], range(len(frame)), strict=True))
    rows = {place[unit]: [found] if isinstance(found, str) else found for unit, found in their["match_matrix"].items()}
    return {unit: [score[place[name]] for name in found if name in place] for unit, found in rows.items()}


def scores_of_pairs(design, score):
    found = {row: [] for row in np.flatnonzero(design.treated)}
    for treated, control in design.adjustment.pairs:
        found[treated].append(score[control])
    return found


def test_propensity_is_that_of_glm(calls, in_r):
    fit, model = calls.propensity(), in_r["propensity_model"]
    assert np.abs(fit.probability - values(in_r["nn_ps_1to1"]["distance"])).max() < 1e-8
    assert np.abs(fit.linear - values(in_r["nn_linear_logit_caliper"]["distance"])).max() < 1e-7
    np.testing.assert_allclose(fit.beta, model["estimate"], rtol=1e-6)  # glm's stopping rule
    np.testing.assert_allclose(np.sqrt(np.diag(fit.bread)), model["se"], rtol=1e-4)  # of its last weights but one


@pytest.mark.parametrize(("order", "key"), ONE_TO_ONE.items())
def test_one_to_one_has_the_controls_of_matchit_in_every_order(calls, in_r, order, key):
    """Which control goes to whom among tied ones is row order here and the side searched first there."""
    design = match_nearest(calls, distance="probability", order=order)
    np.testing.assert_array_equal(design.adjustment.weights, values(in_r[key]["weights"]))
    result = call_difference(design, cluster="none")
    assert abs(result.estimate[0] - in_r[key]["effect"]["att_unadj"]) < 1e-8  # closed form in the same weights
    assert round(float(result.estimate[0]), 3) == 894.367
    np.testing.assert_allclose(result.bse["effect"], in_r[key]["effect"]["se_HC1"], rtol=1e-10)
    assert design.contrast == "ATT"


@pytest.mark.parametrize("order", ["largest", "smallest", "data"])
def test_one_to_one_pairs_agree_with_matchit_up_to_ties(frame, calls, in_r, order):
    score = calls.propensity().probability
    design = match_nearest(calls, distance="probability", order=order)
    ours, theirs = scores_of_pairs(design, score), scores_of_matches(in_r[ONE_TO_ONE[order]], score, frame)
    assert max(abs(ours[unit][0] - theirs[unit][0]) for unit in theirs) < 1e-9


def test_closest_pairs_have_the_distances_of_matchit(frame, calls, in_r):
    """Tied treated units may swap controls, so the distances are compared as a set."""
    score = calls.propensity().probability
    design = match_nearest(calls, distance="probability", order="closest")
    theirs = scores_of_matches(in_r["nn_ps_order_closest"], score, frame)
    ours = np.sort([abs(score[treated] - score[control]) for treated, control in design.adjustment.pairs])
    np.testing.assert_allclose(
        ours, np.sort([abs(score[unit] - found[0]) for unit, found in theirs.items()]), atol=1e-9
    )


def test_four_orders_are_four_pairings(calls):
    pairings = [match_nearest(calls, distance="probability", order=order).adjustment.pairs for order in ONE_TO_ONE]
    assert len({frozenset(map(tuple, pairs.tolist())) for pairs in pairings}) == 4


@pytest.mark.parametrize(
    ("key", "options", "treated"),
    [
        ("nn_ps_ratio2", {"ratio": 2, "distance": "probability"}, 185),
        ("nn_ps_caliper_.2sd", {"caliper": 0.2, "distance": "probability"}, 113),
        ("nn_linear_logit_caliper", {"caliper": 0.2}, 117),
    ],
)
def test_ratio_and_caliper_are_those_of_matchit(calls, in_r, key, options, treated):
    design = match_nearest(calls, **options)
    np.testing.assert_allclose(scaled_as_matchit(design), values(in_r[key]["weights"]), rtol=1e-12)
    assert design.adjustment.weights[design.treated].sum() == treated
    effect = in_r[key]["effect"]
    assert abs(call_difference(design, cluster="none").estimate[0] - effect["att_unadj"]) < 1e-8
    assert design.contrast == ("ATT" if treated == 185 else "ATM")


def test_logit_caliper_effect(calls):
    assert round(float(call_difference(match_nearest(calls, caliper=0.2), cluster="none").estimate[0]), 3) == 1770.603


def test_exact_matching_is_that_of_matchit(frame, calls, in_r):
    """Scores are standardised by the same standard deviation, within equal race and marriage."""
    exact = CallDesign.from_frame(
        frame, outcome="re78", treatment="treat", covariates=calls.covariates, exact=["race", "married"]
    )
    design, their = match_nearest(exact, distance="probability"), in_r["nn_ps_exact_race_married"]
    np.testing.assert_allclose(scaled_as_matchit(design), values(their["weights"]), rtol=1e-12)
    assert abs(call_difference(design).estimate[0] - their["effect"]["att_unadj"]) < 1e-8


def test_smallest_first_has_the_standard_error_of_matched_sets(calls, in_r):
    """The order without tied pairs that differ, so that the sets are MatchIt's: vcovCL of sandwich, type HC1."""
    result = call_difference(match_nearest(calls, distance="probability", order="smallest"), cluster="pair")
    effect = in_r["nn_ps_order_smallest"]["effect"]
    np.testing.assert_allclose(result.bse["effect"], effect["se_cl_subclass_HC1"], rtol=1e-10)
    assert result.extra["clusters"] == effect["n_clusters"]
    assert result.n_obs == effect["n"]


DESIGNS = [
    "nn_ps_1to1", "nn_ps_ratio2", "nn_ps_caliper_.2sd", "nn_ps_order_data", "nn_ps_order_smallest",
    "nn_ps_order_closest", "nn_ps_exact_race_married", "nn_linear_logit_caliper", "nn_ps_caliper_raw.05",
    "nn_mahalanobis", "nn_robust_mahalanobis", "nn_scaled_euclidean", "nn_mahvars_ps_caliper",
    "nn_ps_discard_control", "nn_caliper_age", "nn_antiexact_married", "subclass6", "subclass_ATE5", "cem_default",
    "cem_cut", "exact_3vars", "cem_4vars", "optimal_1to1", "optimal_ratio2", "full", "full_ATE",
    "optimal_mahalanobis", "quick_cardinality_skip",
]  # fmt: skip
SMALLEST = {"distance": "probability", "order": "smallest"}


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("nn_ps_1to1", {"distance": "probability"}),
        ("nn_ps_order_smallest", SMALLEST),
        ("nn_ps_order_data", {"distance": "probability", "order": "data"}),
        ("nn_ps_order_closest", {"distance": "probability", "order": "closest"}),
        ("nn_ps_caliper_.2sd", {"distance": "probability", "caliper": 0.2}),
        ("nn_linear_logit_caliper", {"caliper": 0.2}),
    ],
)
def test_shared_regression_is_that_of_lm_on_the_matched_data(calls, in_r, key, options):
    """lm(re78 ~ treat + covariates, weights): the coefficient depends on weights, not on who stands with whom.

    It depends on the sums of the weights in the two arms too. MatchIt scales those of the controls to their number,
    here they sum to the number of the treated: with one control each that is the same, with two it is not.
    """
    result = call_difference(match_nearest(calls, **options), regression="shared", cluster="none")
    np.testing.assert_allclose(result.estimate[0], in_r[key]["effect"]["att_adj"], rtol=1e-10)


def with_sets_of_matchit(calls, their):
    """The design with MatchIt's own weights and matched sets, so that its numbers can be asked for with every tie."""
    listed = their.get("subclass", dict.fromkeys(their["weights"]))
    sets = np.array([-1 if label is None else int(label) for label in listed.values()])
    weights = values(their["weights"])
    return replace(calls, adjustment=Adjustment(method="match_nearest", contrast="ATT", weights=weights, sets=sets))


@pytest.mark.parametrize("key", DESIGNS)
def test_effects_and_clustered_errors_of_every_design_of_matchit(calls, in_r, key):
    """Means and regression by matched set: closed forms in the same weights, vcovCL of sandwich, type HC1.

    The regression of R drops none of its columns in these data; 1e-8 is what its normal equations leave.
    """
    design, their = with_sets_of_matchit(calls, in_r[key]), in_r[key]["effect"]
    for regression, estimate, std_error in (
        ("none", "att_unadj", "se_cl_subclass_HC1"),
        ("shared", "att_adj", "se_cl_subclass_adj"),
    ):
        with quietly():  # few subclasses
            result = call_difference(design, regression=regression, cluster="pair")
        np.testing.assert_allclose(result.estimate[0], their[estimate], rtol=1e-8)
        np.testing.assert_allclose(result.bse["effect"], their[std_error], rtol=1e-8)
        assert (result.extra["clusters"], result.n_obs) == (their["n_clusters"], their["n"])


@pytest.mark.parametrize("key", ["nn_ps_replace", "nn_ps_caliper_.2sd_replace_ratio3", "nn_mahalanobis_replace"])
def test_copies_of_reused_controls_have_the_two_way_error_of_get_matches(frame, calls, in_r, key):
    """get_matches gives a row for each pair; vcovCL by subclass and id. The pairs are MatchIt's own, ties and all."""
    their = in_r[key]
    place = dict(zip(frame["rid"], range(len(frame)), strict=True))
    listed = {unit: [found] if isinstance(found, str) else found for unit, found in their["match_matrix"].items()}
    pairs = [(place[unit], place[name]) for unit, found in listed.items() for name in found if name in place]
    weights = values(their["weights"])
    scale = weights[~calls.treated].sum() / weights[calls.treated].sum()
    weights[~calls.treated] /= scale
    adjustment = Adjustment(
        method="match_nearest", contrast="ATT", weights=weights, pairs=np.array(pairs, np.int64), reused=True
    )
    result = call_difference(replace(calls, adjustment=adjustment), variance="clustered")
    assert result.extra["cluster"] == "pair and call"
    assert result.n_obs == their["effect"]["n"]
    np.testing.assert_allclose(result.estimate[0], their["effect"]["gm_att"], rtol=1e-10)
    np.testing.assert_allclose(result.bse["effect"], their["effect"]["gm_se_cl_subclass_id"], rtol=1e-10)


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("nn_ps_replace", {"distance": "probability"}),
        ("nn_ps_caliper_.2sd_replace_ratio3", {"distance": "probability", "caliper": 0.2, "ratio": 3}),
    ],
)
def test_with_replacement_the_distances_are_those_of_matchit(frame, calls, in_r, key, options):
    score = calls.propensity().probability
    ours = scores_of_pairs(match_nearest(calls, replace=True, **options), score)
    theirs = scores_of_matches(in_r[key], score, frame)
    assert {unit: len(found) for unit, found in ours.items()} == {unit: len(found) for unit, found in theirs.items()}
    for unit in theirs:
        ours_far, theirs_far = (np.sort(np.abs(np.array(found[unit]) - score[unit])) for found in (ours, theirs))
        np.testing.assert_allclose(ours_far, theirs_far, atol=1e-9)


@pytest.mark.parametrize(("scheme", "key"), [("att", "ps_ATT"), ("ate", "ps_ATE"), ("overlap", "ps_ATO")])
def test_weights_and_effects_are_those_of_weightit(calls, weighted_in_r, scheme, key):
    design, their = weight_propensity(calls, scheme=scheme), weighted_in_r[key]
    np.testing.assert_allclose(design.adjustment.weights, their["weights"], rtol=1e-6)  # glm's stopping rule
    result = call_difference(design)
    np.testing.assert_allclose(result.estimate[0], their["effect"], rtol=1e-6)
    n = len(calls.source)
    # WeightIt's standard error has no small-sample factor; here it is n/(n − 1) · (n − 1)/(n − 2).
    np.testing.assert_allclose(result.bse["effect"] * np.sqrt((n - 2) / n), their["se_M_est"], rtol=1e-5)
    effective = [result.extra["effective_untreated"], result.extra["effective_treated"]]
    np.testing.assert_allclose(effective, [their["ess"]["Control"][1], their["ess"]["Treated"][1]], rtol=1e-6)


@pytest.mark.parametrize(
    "key",  # for subclass_ATE5 cobalt gave no table
    [*(key for key in DESIGNS if key != "subclass_ATE5"), "nn_ps_replace", "nn_mahalanobis_replace"],
)
def test_balance_is_that_of_cobalt_in_every_design_of_matchit(calls, in_r, key):
    """Closed forms of the same weights; where R has no ratio (indicators) there is none here."""
    their = in_r[key]["balance"]
    table = balance(None, with_sets_of_matchit(calls, in_r[key])).table
    first = int(their["var"][0] == "distance")  # which is no covariate; some designs of MatchIt have fewer of these
    table = table.set_index(table["covariate"].str.replace(": ", "_")).loc[their["var"][first:]]
    for ours, key_of_theirs in (
        ("smd_before", "smd_un"),
        ("smd_after", "smd_adj"),
        ("variance_ratio_before", "vr_un"),
        ("variance_ratio_after", "vr_adj"),
        ("ks_before", "ks_un"),
        ("ks_after", "ks_adj"),
    ):
        expected = np.array(their[key_of_theirs][first:], float)
        np.testing.assert_allclose(table[ours], expected, rtol=1e-9, atol=1e-11, err_msg=ours)


@pytest.mark.parametrize(("scheme", "key"), [("att", "ps_ATT"), ("ate", "ps_ATE")])
def test_balance_is_that_of_cobalt_after_weighting(calls, weighted_in_r, scheme, key):
    their = weighted_in_r[key]["balance"]
    table = balance(None, weight_propensity(calls, scheme=scheme)).table
    table = table[table["kind"] != "prognosis"]
    np.testing.assert_allclose(table["smd_before"], their["smd_un"][1:], rtol=1e-10)
    np.testing.assert_allclose(table["smd_after"], their["smd_adj"][1:], rtol=1e-5, atol=1e-7)  # glm's stopping rule


def test_the_propensity_is_as_far_apart_as_the_vignette_of_matchit_says(calls):
    """Standardised by the treated: 1.7941 before and .9739 after 1:1 matching by the probability."""
    score, treated = calls.propensity().probability, calls.treated
    weights = match_nearest(calls, distance="probability").adjustment.weights
    spread = score[treated].std(ddof=1)
    for given, printed in ((np.ones(len(score)), 1.7941), (weights, 0.9739)):
        first, second = (np.average(score[arm], weights=given[arm]) for arm in (treated, ~treated))
        assert round((first - second) / spread, 4) == printed
