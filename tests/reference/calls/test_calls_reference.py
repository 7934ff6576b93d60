"""Matching, weighting and their effects against R MatchIt 4.7.1, WeightIt 1.4.0, cobalt 4.5.5 and sandwich 3.0.2.

The numbers were written by the script 05_match.R on the Lalonde data that come with MatchIt (185 treated, 429 not).
R's glm stops at a relative change in deviance of 1e-8; here Newton steps go on until no log odds moves by 1e-9. The two
sets of probabilities differ by up to 3e-9, log odds by 3e-8, which bounds what can be asked of weights.
"""

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.check.balance import balance
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.weight_propensity import weight_propensity
from coresponder_causal.estimate.call_difference import call_difference

COVARIATES = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]


@pytest.fixture(scope="module")
def frame(golden):
    table = pd.read_csv(golden / "data" / "matchit_lalonde.csv")
    return table.assign(call_id=range(len(table)))


@pytest.fixture(scope="module")
def calls(frame):
    return CallDesign.from_frame(frame, outcome="re78", treatment="treat", covariates=COVARIATES)


@pytest.fixture(scope="module")
def matched_in_r(golden):
    return json.loads((golden / "matchit_lalonde.json").read_text(encoding="utf-8"))["results"]


@pytest.fixture(scope="module")
def weighted_in_r(golden):
    return json.loads((golden / "weightit_lalonde.json").read_text(encoding="utf-8"))["results"]


def values(mapping):
    return np.array(list(mapping.values()), float)


def test_propensity_is_that_of_glm(calls, matched_in_r):
    fit, model = calls.propensity(), matched_in_r["propensity_model"]
    assert np.abs(fit.probability - values(matched_in_r["nn_ps_1to1"]["distance"])).max() < 1e-8
    assert np.abs(fit.linear - values(matched_in_r["nn_linear_logit_caliper"]["distance"])).max() < 1e-7
    np.testing.assert_allclose(fit.beta, model["estimate"], rtol=1e-6)  # glm's stopping rule
    np.testing.assert_allclose(np.sqrt(np.diag(fit.bread)), model["se"], rtol=1e-4)  # of its last weights but one


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


def test_balance_is_that_of_cobalt_after_matching(calls, matched_in_r):
    their = matched_in_r["nn_ps_1to1"]["balance"]
    table = balance(None, match_nearest(calls, distance="probability")).table
    assert list(table["covariate"].str.replace(": ", "_")) == their["var"][1:]
    for ours, key in (
        ("smd_before", "smd_un"),
        ("smd_after", "smd_adj"),
        ("variance_ratio_before", "vr_un"),
        ("variance_ratio_after", "vr_adj"),
    ):
        # 1e-10: closed forms of the same weights; where R has no ratio (indicators) there is none here.
        np.testing.assert_allclose(table[ours], np.array(their[key][1:], float), rtol=1e-10, err_msg=ours)


@pytest.mark.parametrize(("scheme", "key"), [("att", "ps_ATT"), ("ate", "ps_ATE")])
def test_balance_is_that_of_cobalt_after_weighting(calls, weighted_in_r, scheme, key):
    their = weighted_in_r[key]["balance"]
    table = balance(None, weight_propensity(calls, scheme=scheme)).table
    np.testing.assert_allclose(table["smd_before"], their["smd_un"][1:], rtol=1e-10)
    np.testing.assert_allclose(table["smd_after"], their["smd_adj"][1:], rtol=1e-5, atol=1e-7)  # glm's stopping rule
