"""Nearest matching against R MatchIt 4.7.1, with cobalt 4.5.5 and sandwich 3.0.2, on the Lalonde data of MatchIt.

The numbers were written by the script 05_match.R (185 treated, 429 not). Among equally near controls we take the first
row; MatchIt takes the side of the score searched first, or, among covariates, the last one met along the first
coordinate. So pairs are compared in three ways: each of MatchIt's matches must be a nearest one by our distances when
its turn comes; where ties only swap partners, the matched calls, weights, balance and effect must be the same; and
MatchIt's own pairs, brought into a design, must have its balance, effect and standard errors.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from coresponder_causal.check.balance import balance
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.matching import processing_order
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.likeness import Likeness, alike, in_support
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.estimate.call_difference import call_difference

COVARIATES = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
PS = {"distance": "probability"}
DESIGNS = {
    "nn_ps_1to1": PS,
    "nn_ps_replace": PS | {"replace": True},
    "nn_ps_ratio2": PS | {"ratio": 2},
    "nn_ps_caliper_.2sd": PS | {"caliper": 0.2},
    "nn_ps_caliper_.2sd_replace_ratio3": PS | {"caliper": 0.2, "replace": True, "ratio": 3},
    "nn_ps_order_data": PS | {"order": "data"},
    "nn_ps_order_smallest": PS | {"order": "smallest"},
    "nn_ps_order_closest": PS | {"order": "closest"},
    "nn_ps_exact_race_married": PS,
    "nn_linear_logit_caliper": {"caliper": 0.2},
    "nn_ps_caliper_raw.05": PS | {"caliper": 0.05, "caliper_in": "raw"},
    "nn_mahalanobis": {"distance": "mahalanobis", "order": "data"},
    "nn_mahalanobis_replace": {"distance": "mahalanobis", "order": "data", "replace": True},
    "nn_robust_mahalanobis": {"distance": "robust_mahalanobis", "order": "data"},
    "nn_scaled_euclidean": {"distance": "scaled_euclidean", "order": "data"},
    "nn_mahvars_ps_caliper": PS | {"mahalanobis_on": ("age", "educ", "re74", "re75"), "caliper": 0.25},
    "nn_ps_discard_control": PS | {"discard": "control"},
    "nn_caliper_age": PS | {"caliper": 0.25, "calipers": {"age": 5}},
    "nn_antiexact_married": PS | {"antiexact": ("married",)},
    "quick_cardinality_skip": PS | {"contrast": "ATC"},
}
SAME_PAIRS = ["nn_ps_order_smallest", "quick_cardinality_skip"]
TIES_CHOOSE = [key for key in DESIGNS if key.endswith("idean") or "replace" in key or key.endswith("mahalanobis")]
SAME_CALLS = [key for key in DESIGNS if key not in TIES_CHOOSE]


def calls(frame, key):
    exact = ["race", "married"] if key == "nn_ps_exact_race_married" else []
    return CallDesign.from_frame(frame, outcome="re78", treatment="treat", covariates=COVARIATES, exact=exact)


def matched_in_r(frame, their):
    """Rows of each call that looked for matches, and of its matches in the order in which it got them."""
    place = dict(zip(frame["rid"], range(len(frame)), strict=True))
    rows = {unit: [found] if isinstance(found, str) or found is None else found for unit, found in their.items()}
    return {place[unit]: [place[name] for name in found if name in place] for unit, found in rows.items()}


def scaled_as_matchit(design, others):
    """Weights of the other kind of call that sum to their number, as MatchIt scales them."""
    weights = design.adjustment.weights.copy()
    weights[others] *= (weights[others] > 0).sum() / weights[others].sum()
    return weights


def others_of(design, key):
    return design.treated if DESIGNS[key].get("contrast") == "ATC" else ~design.treated


def of_their_pairs(frame, key, their):
    """Return our design with the pairs of MatchIt."""
    plain, found = calls(frame, key), matched_in_r(frame, their["match_matrix"])
    weights, sets = np.zeros(len(frame)), np.full(len(frame), -1)
    for unit, rows in found.items():
        for row in rows:
            weights[unit], sets[unit], sets[row] = 1.0, unit, unit
            weights[row] += 1 / len(rows)
    reused = DESIGNS[key].get("replace", False)
    adjustment = Adjustment(
        method="match_nearest",
        contrast="ATT",
        options=Facts(),
        weights=weights,
        sets=None if reused else sets,
        reused=reused,
    )
    return replace(plain, adjustment=adjustment)


def assert_balance(design, their):
    """Standardised mean differences of cobalt to 1e-8: closed forms in the same weights.

    By the spread of the treated, as cobalt was asked to; a design that asks for it is compared, whatever its contrast.
    """
    spread = replace(design, adjustment=replace(design.adjustment, contrast="ATT"))
    table = balance(None, spread).table
    ours = dict(zip(table["covariate"].str.replace(": ", "_"), table["smd_after"], strict=True))
    covariates = {name: size for name, size in zip(their["var"], their["smd_adj"], strict=True) if name != "distance"}
    np.testing.assert_allclose([ours[name] for name in covariates], list(covariates.values()), atol=1e-8)


def turns(score, key, found):
    """Pairs of MatchIt in the order in which they were made, with None for a call that found nothing in its turn."""
    order = DESIGNS[key].get("order", "smallest" if DESIGNS[key].get("contrast") == "ATC" else "largest")
    units = np.array(list(found))
    sequence = units[processing_order(score[units], order, np.random.default_rng())]
    ratio = DESIGNS[key].get("ratio", 1)
    return [(unit, (found[unit] + [None] * ratio)[turn]) for turn in range(ratio) for unit in sequence]


@pytest.mark.parametrize("key", [key for key in DESIGNS if key != "nn_ps_order_closest"])
def test_every_match_of_matchit_is_a_nearest_one_when_its_turn_comes(frame, in_r, key):
    """By our coordinates, limits and common support. 1e-7 sd: the two propensities differ by that much at most."""
    plain, options = calls(frame, key), DESIGNS[key]
    defaults = {"distance": "logit", "mahalanobis_on": (), "caliper": None, "caliper_in": "sd", "calipers": {}}
    defaults |= {"calipers_in": "raw", "antiexact": (), "discard": "none"}
    how = Likeness(**defaults | {name: value for name, value in options.items() if name in defaults})
    score = plain.propensity().probability if how.distance == "probability" else plain.propensity().linear
    kept = in_support(score, plain.treated, how.discard)
    by = alike(plain, score, kept, how)
    gaps = np.abs(by.units.near[:, None] - by.units.near) > by.widths
    same = by.units.apart[:, None] == by.units.apart
    barred = gaps.any(axis=2) | same.any(axis=2) | (plain.groups()[:, None] != plain.groups()) | ~kept
    distance = np.where(barred, np.inf, cdist(by.units.points, by.units.points))
    free, slack = others_of(plain, key) & kept, 100 if by.units.points.shape[1] == 1 else 1e-7
    for unit, row in turns(by.score, key, matched_in_r(frame, in_r[key]["match_matrix"])):
        if not free.any():
            assert row is None
            continue
        nearest = distance[unit, free].min()
        if row is None:
            assert nearest == np.inf or nearest > by.width - slack
            continue
        assert free[row]
        assert distance[unit, row] <= min(nearest, by.width) + slack
        free[row], distance[unit, row] = options.get("replace", False), np.inf


def test_closest_pairs_have_the_distances_of_matchit(frame, in_r):
    """Tied treated units may swap controls, so the distances are compared as a set."""
    design = match_nearest(calls(frame, ""), **DESIGNS["nn_ps_order_closest"])
    score = design.propensity().probability
    found = matched_in_r(frame, in_r["nn_ps_order_closest"]["match_matrix"])
    expected = np.sort([abs(score[unit] - score[rows[0]]) for unit, rows in found.items()])
    np.testing.assert_allclose(np.sort(np.abs(np.diff(score[design.adjustment.pairs]).ravel())), expected, atol=1e-9)


@pytest.mark.parametrize("key", SAME_CALLS)
def test_the_calls_matched_and_their_effect_are_those_of_matchit(frame, in_r, key):
    """1e-8: closed forms in the same weights."""
    design, their = match_nearest(calls(frame, key), **DESIGNS[key]), in_r[key]
    weights = np.array(list(their["weights"].values()), float)
    np.testing.assert_allclose(scaled_as_matchit(design, others_of(design, key)), weights, rtol=1e-12)
    result = call_difference(design, cluster="none")
    assert abs(result.estimate[0] - their["effect"]["att_unadj"]) < 1e-8
    assert abs(result.bse["effect"] - their["effect"]["se_HC1"]) < 1e-8
    matched = their["nn"]["Matched"]
    assert (matched["Control"], matched["Treated"]) == tuple(
        int((design.adjustment.weights[arm] > 0).sum()) for arm in (~design.treated, design.treated)
    )
    focal = ~others_of(design, key)
    asked = DESIGNS[key].get("contrast", "ATT")
    assert design.contrast == (asked if (design.adjustment.weights[focal] > 0).all() else "ATM")


@pytest.mark.parametrize("key", SAME_PAIRS)
def test_without_ties_that_matter_pairs_and_clustered_errors_are_those_of_matchit(frame, in_r, key):
    design, effect = match_nearest(calls(frame, key), **DESIGNS[key]), in_r[key]["effect"]
    found = {unit: rows for unit, rows in matched_in_r(frame, in_r[key]["match_matrix"]).items() if rows}
    pairs = design.adjustment.pairs[:, ::-1] if DESIGNS[key].get("contrast") == "ATC" else design.adjustment.pairs
    assert {int(unit): [int(row)] for unit, row in pairs} == found
    result = call_difference(design, cluster="pair")
    np.testing.assert_allclose(result.bse["effect"], effect["se_cl_subclass_HC1"], rtol=1e-10)
    assert (result.extra["clusters"], result.n_obs) == (effect["n_clusters"], effect["n"])


@pytest.mark.parametrize("key", DESIGNS)
def test_pairs_of_matchit_have_its_weights_balance_effect_and_errors(frame, in_r, key):
    design, their = of_their_pairs(frame, key, in_r[key]), in_r[key]
    weights = np.array(list(their["weights"].values()), float)
    np.testing.assert_allclose(scaled_as_matchit(design, others_of(design, key)), weights, rtol=1e-12)
    assert_balance(design, their["balance"])
    result = call_difference(design, cluster="none")
    assert abs(result.estimate[0] - their["effect"]["att_unadj"]) < 1e-8
    assert abs(result.bse["effect"] - their["effect"]["se_HC1"]) < 1e-8
    if not design.adjustment.reused:
        clustered = call_difference(design, cluster="pair").bse["effect"]
        assert abs(clustered - their["effect"]["se_cl_subclass_HC1"]) < 1e-8


@pytest.mark.parametrize("key", SAME_CALLS)
def test_balance_of_our_pairs_is_that_of_cobalt(frame, in_r, key):
    assert_balance(match_nearest(calls(frame, key), **DESIGNS[key]), in_r[key]["balance"])


@pytest.mark.parametrize(("key", "effect"), [("nn_ps_1to1", 894.367), ("nn_linear_logit_caliper", 1770.603)])
def test_effects_known_to_many(frame, key, effect):
    design = match_nearest(calls(frame, key), **DESIGNS[key])
    assert round(float(call_difference(design, cluster="none").estimate[0]), 3) == effect


def test_four_orders_are_four_pairings(frame):
    keys = ["nn_ps_1to1", "nn_ps_order_data", "nn_ps_order_smallest", "nn_ps_order_closest"]
    pairings = [match_nearest(calls(frame, key), **DESIGNS[key]).adjustment.pairs for key in keys]
    assert len({frozenset(map(tuple, pairs.tolist())) for pairs in pairings}) == 4
