"""Comparators of calls and of officers; see `comparators`."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from coresponder_causal import estimate
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.propensity import propensity
from coresponder_causal.core.registry import numbers_of
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import clustered
from coresponder_causal.core.two_stage import two_stage
from coresponder_causal.core.two_way import two_way_clustered, two_way_fit
from coresponder_causal.design import (
    CallDesign,
    CallInstrumentDesign,
    CoverageDesign,
    HistoryDesign,
    OfficerDesign,
    weight_propensity,
)
from coresponder_causal.validity.comparison import Comparison, Inverted

Array = NDArray[np.float64]
resamples = 200


def naive_matched(d: CallDesign) -> Comparison:
    """Mean difference of matched pairs with the standard error of independent pairs."""
    assert d.adjustment is not None
    assert d.adjustment.pairs is not None
    y = d.outcome_values()
    differences = y[d.adjustment.pairs[:, 0]] - y[d.adjustment.pairs[:, 1]]
    n = len(differences)
    return Comparison(float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(n)), float(n - 1))


def bootstrap_matched(d: CallDesign) -> Comparison:
    """Mean difference of calls matched with replacement, its error from matching resampled calls again."""
    x, y, treated = d.covariate_frame(reference_levels=False).to_numpy(float), d.outcome_values(), d.treated
    rows = np.random.default_rng(1).integers(0, len(y), (resamples, len(y)))
    draws = [_matched_again(x[row], y[row], treated[row]) for row in rows]
    return Comparison(_matched_again(x, y, treated), float(np.std(draws, ddof=1)), np.inf)


def _matched_again(x: Array, y: Array, treated: NDArray[np.bool_]) -> float:
    """Match the treated to the nearest log odds within .2 standard deviations, anew; mean difference of the pairs."""
    score = propensity(treated.astype(float), x, [f"x{number}" for number in range(x.shape[1])]).linear[:, None]
    width = 0.2 * float(score.std(ddof=1))
    distance, near = cKDTree(score[~treated]).query(score[treated], distance_upper_bound=width)
    found = np.isfinite(distance)
    return float((y[treated][found] - y[~treated][np.asarray(near)[found]]).mean())


def attended_or_not(d: CallInstrumentDesign) -> Comparison:
    """Compare attended with unattended calls received on duty, as they came, with independent errors."""
    on_duty = d.z() == 1
    y, attended = d.calls.outcome_values()[on_duty], d.calls.treated[on_duty]
    first, second = y[attended], y[~attended]
    variance = first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second)
    return Comparison(float(first.mean() - second.mean()), float(np.sqrt(variance)), float(len(y) - 2))


def weighted_attended_or_not(d: CallInstrumentDesign) -> Comparison:
    """Compare attended with like calls received on duty, weighted by the covariates (ATT)."""
    with quietly():
        return _headline(estimate.call_difference(weight_propensity(_on_duty(d), scheme="att")))


def doubly_robust_attended_or_not(d: CallInstrumentDesign) -> Comparison:
    """Compare attended with like calls received on duty by models of dispatch and of outcome (ATT)."""
    with quietly():
        return _headline(estimate.call_aipw(_on_duty(d)))


def _on_duty(d: CallInstrumentDesign) -> CallDesign:
    """Form the calls received on duty as if dispatch went by what is recorded."""
    calls = d.source[d.z() == 1].reset_index(drop=True)
    return CallDesign.from_frame(calls, outcome=str(d.outcome), treatment=d.treatment, covariates=d.covariates)


def _headline(result: Result) -> Comparison:
    return Comparison(float(result.estimate[0]), float(np.sqrt(result.vcov[0, 0])), float(result.df[0]))


def week_clusters(d: CallInstrumentDesign) -> Comparison:
    """Two-stage least squares clustered by week, which knows nothing of shocks that last."""
    return _two_stage_clustered(d, d.timing["week"])


def class_block_clusters(d: CallInstrumentDesign) -> Comparison:
    """Two-stage least squares clustered by class of hours and block of eight weeks."""
    return _two_stage_clustered(d, 2 * (d.timing["week"] // 8) + d.timing["covered"])


def triple_week_clusters(d: CoverageDesign) -> Comparison:
    """Triple difference of calls clustered by week, which knows nothing of how far cities drift apart."""
    return _headline(numbers_of("did_triple", d, {"inference": "cluster"}))


def anderson_rubin(d: CallInstrumentDesign) -> Inverted:
    """Read the Anderson–Rubin set that `call_iv` gives beside its interval; at no effect it tests ``itt``."""
    result = numbers_of("call_iv", d, {})
    low, high = (result.extra.number(end) for end in ("ar_low", "ar_high"))
    ends = (high, low) if result.extra["ar_shape"] == "two rays" else (low, high)
    return Inverted(float(result.estimate[0]), float(result.bse.iloc[0]), *ends, float(result.pvalues["itt"]))


def kaplan_meier(d: HistoryDesign) -> Comparison:
    """Difference of one less the Kaplan–Meier curve at 90 days, stays and moves taken for the end of follow-up."""
    result, term = numbers_of("call_repeat", d, {}), "kaplan_meier_90"
    return Comparison(float(result.params[term]), float(result.bse[term]), float(result.df[-1]))


def exposed_or_not(d: OfficerDesign) -> Comparison:
    """Compare exposed with unexposed officers' calls of the same months, without officer effects; CR1, t(G − 1)."""
    table = pd.DataFrame({"month": d.axis.positions, "exposed": d.since >= 0, "rate": d.rate(), "calls": d.calls()})
    both = table.groupby("month")["exposed"].transform("nunique") == 2
    rows, officer = table[both], d.source[d.officer][both]
    X = np.column_stack([rows["exposed"], pd.get_dummies(rows["month"])]).astype(float)
    root = np.sqrt(rows["calls"].to_numpy(float))
    X, y = X * root[:, None], rows["rate"].to_numpy(float) * root
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    vcov = clustered(X, y - X @ beta, officer.to_numpy())
    return Comparison(float(beta[0]), float(np.sqrt(vcov[0, 0])), float(officer.nunique() - 1))


def officers_cr1(d: OfficerDesign) -> Comparison:
    """Two-way regression of officers with CR1 and t(G − 1)."""
    return _officers_two_way(d, "CR1")


def officers_cr2(d: OfficerDesign) -> Comparison:
    """Two-way regression of officers with CR2 and Satterthwaite degrees of freedom."""
    return _officers_two_way(d, "CR2")


def _officers_two_way(d: OfficerDesign, kind: Literal["CR1", "CR2"]) -> Comparison:
    officer = pd.factorize(d.source[d.officer])[0]
    rows = pd.DataFrame({"unit": officer, "effect": d.axis.positions, "cluster": officer, "weight": d.calls()})
    rows["outcome"] = d.rate()
    fit = two_way_fit(rows, pd.DataFrame({"exposed": (d.since >= 0).astype(float)}))
    vcov, df = two_way_clustered(fit, rows, kind=kind, convention="stata")
    return Comparison(float(fit.estimate[0]), float(np.sqrt(vcov[0, 0])), float(df[0]))


def _two_stage_clustered(d: CallInstrumentDesign, cluster: pd.Series) -> Comparison:
    y, attended = d.calls.outcome_values(), d.calls.treated.astype(float)
    fit = two_stage(y, attended, d.z(), strata=d.strata(), regressors=d.regressors())
    vcov, clusters = fit.clustered(cluster)
    weights = np.array([1.0, -fit.late])
    std_error = float(np.sqrt(weights @ vcov @ weights)) / abs(fit.first_stage)
    return Comparison(fit.late, std_error, float(clusters - 1))
