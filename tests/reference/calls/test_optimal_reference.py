"""Optimal pairs and full matching against R MatchIt 4.7.1, which asks optmatch 0.10.8, on the Lalonde data of MatchIt.

The numbers were written by the script 05_match.R (185 treated, 429 not). optmatch rounds distances to whole numbers of
its tolerance before it minimises their sum; here nine decimals count. So the sums found here are smaller, in the third
digit after the point, by other pairs and sets; where the same calls are matched all the same, the effect is MatchIt's.
MatchIt's own sets, brought into a design, must have its weights, balance, effect and standard error.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.check.balance import balance
from coresponder_causal.core.covariate_distance import whitener
from coresponder_causal.core.stratum_weights import stratum_weights
from coresponder_causal.design.match_full import match_full
from coresponder_causal.design.match_optimal import match_optimal
from coresponder_causal.estimate.call_difference import call_difference

PAIRS = {
    "optimal_1to1": {"distance": "probability"},
    "optimal_ratio2": {"distance": "probability", "ratio": 2},
    "optimal_mahalanobis": {"distance": "mahalanobis"},
}
SETS = {"full": "ATT", "full_ATE": "ATE"}
ROUNDED = 0.01  # by which optmatch's sums may be longer: some of up to 513 links, rounded by its tolerance of .001


def matched(calls, key):
    if key in PAIRS:
        return match_optimal(calls, **PAIRS[key])
    return match_full(calls, distance="probability", contrast=SETS[key])


def points(calls, key):
    if key != "optimal_mahalanobis":
        return calls.propensity().probability[:, None]
    matrix = calls.covariate_frame(reference_levels=False).to_numpy(float)
    return matrix @ whitener(matrix, calls.treated)


def total(treated, sets, where):
    """Sum of distances between all treated and untreated calls that share a set."""
    found = 0.0
    for number in np.unique(sets[sets >= 0]):
        one, other = where[(sets == number) & treated], where[(sets == number) & ~treated]
        assert min(len(one), len(other)) == 1
        found += np.linalg.norm(one[:, None] - other[None], axis=2).sum()
    return found


def sets_in_r(calls, theirs):
    named = calls.source["rid"].map(theirs["subclass"])
    return pd.factorize(named.where(named != "NA"))[0]


@pytest.mark.parametrize("key", [*PAIRS, *SETS])
def test_the_sum_of_distances_is_at_most_that_of_optmatch(calls, in_r, key):
    where = points(calls, key)
    ours = total(calls.treated, matched(calls, key).adjustment.sets, where)
    theirs = total(calls.treated, sets_in_r(calls, in_r[key]), where)
    assert ours <= theirs + 1e-8
    assert theirs - ours < ROUNDED


def differences(design):
    """Standardised differences of the covariates after matching."""
    return balance(None, design).table.query("kind != 'prognosis'")["smd_after"].to_numpy()


def test_mahalanobis_pairs_have_the_controls_and_the_effect_of_matchit(calls, in_r):
    """Partners are swapped, the matched calls are the same."""
    design, theirs = matched(calls, "optimal_mahalanobis"), in_r["optimal_mahalanobis"]
    np.testing.assert_array_equal(design.adjustment.weights, np.array(list(theirs["weights"].values())))
    assert abs(call_difference(design, cluster="none").estimate[0] - theirs["effect"]["att_unadj"]) < 1e-8
    np.testing.assert_allclose(differences(design), np.array(theirs["balance"]["smd_adj"], float), atol=1e-8)


def test_optimal_pairs_have_the_controls_of_nearest_ones(calls, in_r):
    """All four orders of nearest matching end with these controls; optmatch's rounding takes three others."""
    design = matched(calls, "optimal_1to1")
    np.testing.assert_array_equal(design.adjustment.weights, np.array(list(in_r["nn_ps_1to1"]["weights"].values())))
    assert abs(call_difference(design, cluster="none").estimate[0] - in_r["nn_ps_1to1"]["effect"]["att_unadj"]) < 1e-8


@pytest.mark.parametrize("key", [*PAIRS, *SETS])
def test_sets_of_matchit_have_its_weights_balance_effect_and_error(calls, in_r, key):
    theirs, design = in_r[key], matched(calls, key)
    sets = sets_in_r(calls, theirs)
    found = stratum_weights(calls.treated, sets, SETS.get(key, "ATT"), calls.sampling_weights())
    weights, expected = found.weights.copy(), np.array(list(theirs["weights"].values()), float)
    for arm in (calls.treated, ~calls.treated):
        weights[arm] *= expected[arm].sum() / weights[arm].sum()
    np.testing.assert_allclose(weights, expected, atol=1e-12)
    design = replace(design, adjustment=replace(design.adjustment, weights=found.weights, sets=sets))
    result, effect = call_difference(design, cluster="pair"), theirs["effect"]
    assert abs(result.estimate[0] - effect["att_unadj"]) < 1e-8
    np.testing.assert_allclose(result.bse["effect"], effect["se_cl_subclass_HC1"], rtol=1e-10)
    if key != "full_ATE":  # whose differences were divided by the spread of the treated, as for ATT
        ours = differences(design)
        np.testing.assert_allclose(ours, np.array(theirs["balance"]["smd_adj"][-len(ours) :], float), atol=1e-8)
