"""Doubly robust scores against DoubleML 0.11.4, econml 0.17 and statsmodels 0.15, with the same models and folds.

`make_reference.py` beside this file wrote DoubleML's numbers and draws the calls; the others run here.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from coresponder_causal.core.cross_fit import linear, logistic, out_of_fold, person_folds
from coresponder_causal.core.doubly_robust import Fitted, arm_means, median_of_partitions
from coresponder_causal.core.peer_models import Classification, Regression, by_arm, by_row, numbered, splits
from coresponder_causal.design import CallDesign
from coresponder_causal.design.call_learners import call_samples
from coresponder_causal.estimate import call_aipw, dml_linear

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "doubleml.json").read_text(encoding="utf-8"))["results"]
EXACT, ITERATED = 1e-10, 1e-8  # the same closed form; logistic searches that stop at a step of 1e-10 or 1e-12


@cache
def frame():
    where = importlib.util.spec_from_file_location("make_reference", HERE / "make_reference.py")
    made = importlib.util.module_from_spec(where)
    where.loader.exec_module(made)
    return made.drawn()


def calls(outcome="minutes", person="person"):
    known = ["severity", "prior"]
    return CallDesign.from_frame(frame(), outcome=outcome, treatment="attended", covariates=known, person=person)


def fitted(c, fold):
    samples, treated = call_samples(c, "here"), c.treated
    arm = linear
    if c.outcome == "arrest":
        arm = logistic(samples.outcome)
    return samples, Fitted(
        out_of_fold(logistic(samples.treatment), samples.treatment, fold),
        out_of_fold(arm, samples.outcome, fold, among=treated),
        out_of_fold(arm, samples.outcome, fold, among=~treated),
    )


def difference(c, each, contrast):
    arms = arm_means(each, c.outcome_values(), c.treated, contrast, weights=np.ones(len(c.source)))
    slopes = np.array([1.0, -1.0])
    return median_of_partitions([arms.means @ slopes[:, None]], [arms.influence @ slopes[:, None]], c.calls, c.persons)


@pytest.mark.parametrize("named", [name for name in REFERENCE if not name.endswith("ATO")])
def test_estimates_and_clustered_errors_are_those_of_doubleml(named):
    """Their variance has no small-sample factor; ours has G/(G − 1)."""
    outcome, contrast = named.split()
    c = calls(outcome)
    found = difference(c, fitted(c, frame()["person"].to_numpy() % 5)[1], contrast)
    assert found.estimate[0] == pytest.approx(REFERENCE[named]["estimate"], rel=ITERATED)
    factor = np.sqrt((found.clusters - 1) / found.clusters)
    assert np.sqrt(found.vcov[0, 0]) * factor == pytest.approx(REFERENCE[named]["std_error"], rel=ITERATED)


def test_the_partially_linear_estimate_is_that_of_doubleml(monkeypatch):
    by_hand = frame()["person"].to_numpy() % 5
    module = inspect.getmodule(inspect.unwrap(dml_linear))
    monkeypatch.setattr(module, "draw_folds", lambda treatment, folds, seed: by_hand)
    result, expected = dml_linear(calls(), repeats=1), REFERENCE["minutes ATO"]
    assert result.estimate[0] == pytest.approx(expected["estimate"], rel=ITERATED)
    factor = np.sqrt((result.n_units - 1) / result.n_units)
    assert result.bse["effect"] * factor == pytest.approx(expected["std_error"], rel=ITERATED)


@pytest.mark.parametrize("outcome", ["minutes", "arrest"])
def test_scores_are_those_of_linear_dr_learner(outcome):
    """Its cached values are the scores of both arms, from our models and folds, call by call."""
    from econml.dr import LinearDRLearner

    c, fold = calls(outcome), person_folds(calls().persons, 5, seed=7)
    samples, ours = fitted(c, fold)
    arm = logistic(samples.outcome) if outcome == "arrest" else linear
    peer = LinearDRLearner(
        model_propensity=Classification(by_row(logistic(samples.treatment), samples.outcome.persons)),
        model_regression=Regression(by_arm(arm, arm, samples.outcome.persons)),
        cv=splits(fold),
        random_state=1,
    )
    peer.fit(
        c.outcome_values(), c.treated.astype(int), W=numbered(samples.outcome.matrix), inference=None, cache_values=True
    )
    scores = peer._cached_values.nuisances[0]
    arms = arm_means(ours, c.outcome_values(), c.treated, "ATE", weights=np.ones(len(fold)))
    np.testing.assert_allclose((arms.influence + arms.means)[:, ::-1], scores, rtol=EXACT, atol=EXACT)
    assert float(arms.means @ [1.0, -1.0]) == pytest.approx(float(peer.intercept_(T=1)), rel=EXACT)


@pytest.mark.parametrize("contrast", ["ATT", "ATE", "ATO"])
@pytest.mark.parametrize("outcome", ["minutes", "arrest"])
def test_both_engines_say_the_same(contrast, outcome):
    ours, theirs = (
        call_aipw(calls(outcome), contrast=contrast, repeats=2, engine=engine) for engine in ("own", "econml")
    )
    np.testing.assert_allclose(theirs.estimate, ours.estimate, rtol=1e-8)
    np.testing.assert_allclose(theirs.vcov, ours.vcov, rtol=1e-8)


def test_econml_has_the_same_partially_linear_estimate_and_an_error_that_knows_no_persons():
    from econml.dml import LinearDML

    c, fold = calls(), person_folds(calls().persons, 5, seed=(1, 0))
    samples = call_samples(c, "here")
    peer = LinearDML(
        model_y=Regression(by_row(linear, samples.outcome.persons)),
        model_t=Classification(by_row(logistic(samples.treatment), samples.outcome.persons)),
        discrete_treatment=True,
        cv=splits(fold),
        random_state=1,
    )
    peer.fit(c.outcome_values(), c.treated.astype(int), W=numbered(samples.outcome.matrix), inference="statsmodels")
    ours = dml_linear(c, repeats=1, seed=1)
    assert ours.estimate[0] == pytest.approx(float(peer.intercept_), rel=EXACT)
    alone = dml_linear(calls(person=None), repeats=1, seed=1)
    assert alone.bse["effect"] < ours.bse["effect"]  # habits of persons make their calls alike


def test_without_folds_the_effect_is_that_of_statsmodels():
    """Its standard error comes from all equations at once, ours from the scores alone; the moments are the same."""
    import statsmodels.api as sm
    from statsmodels.treatment.treatment_effects import _AIPWGMM, TreatmentEffect

    c = calls(person=None)
    y, d, X = c.outcome_values(), c.treated.astype(float), sm.add_constant(frame()[["severity", "prior"]].to_numpy())
    select = sm.Logit(d, X).fit(disp=0, method="newton", tol=1e-12)
    theirs = TreatmentEffect(sm.OLS(y, X), d, results_select=select)
    effect, without, _ = theirs.aipw(return_results=False)
    ours = call_aipw(c, contrast="ATE", folds=1)
    assert ours.estimate[0] == pytest.approx(effect, rel=ITERATED)
    assert ours.extra["mean_untreated"] == pytest.approx(without, rel=ITERATED)
    parameters = [[effect, without], theirs.results0.params, theirs.results1.params, select.params]
    moments = _AIPWGMM(y, select, None, teff=theirs).momcond(np.concatenate(parameters))[:, 0]
    grouped = np.concatenate([np.flatnonzero(d == 0), np.flatnonzero(d == 1)])
    n = len(y)
    psi = ours.influence.rows()[grouped, 0]
    np.testing.assert_allclose(psi, moments * np.sqrt(n / (n - 1)), rtol=1e-7, atol=1e-8)
