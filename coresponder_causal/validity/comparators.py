"""What the literature often does instead, as small plain functions, for the study to measure beside our methods.

None of these is a method of the package. Where a published failure is an option of one of our estimators (ordinary
least squares, Newey–West, clustering with one treated city) the study runs that option.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from coresponder_causal import estimate
from coresponder_causal.core import inference
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.propensity import propensity
from coresponder_causal.core.registry import numbers_of
from coresponder_causal.core.regressors import harmonics, log_rate
from coresponder_causal.core.reml import serial_design
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
    PanelDesign,
    SeriesDesign,
    weight_propensity,
)
from coresponder_causal.validity.cell import Cell

Array = NDArray[np.float64]
half_year, resamples = 6, 200


class Comparison(NamedTuple):
    """Estimate, standard error and df of one comparator; the term it is held against is the cell's effect."""

    estimate: float
    std_error: float
    df: float


class Inverted(NamedTuple):
    """Estimate of one comparator, the set that its test does not reject, and the p-value of no effect.

    Where ``low`` exceeds ``high`` the set is all but what lies between.
    """

    estimate: float
    std_error: float
    low: float
    high: float
    p_value: float


def negative_binomial(d: SeriesDesign) -> Comparison:
    """Level change of a negative-binomial regression, which allows for overdispersion and not for persistence."""
    import statsmodels.api as sm

    counts, X = d.outcome_values(), _segments(d, sloped=True)
    mean = sm.GLM(counts, X, family=sm.families.Poisson()).fit().fittedvalues
    extra = ((counts - mean) ** 2 - mean) / mean
    dispersion = max(float(mean @ extra / (mean @ mean)), 1e-6)
    fit = sm.GLM(counts, X, family=sm.families.NegativeBinomial(alpha=dispersion)).fit()
    return Comparison(float(fit.params[2]), float(fit.bse[2]), np.inf)


def quasi_poisson(d: SeriesDesign) -> Comparison:
    """Level change of a Poisson regression with a dispersion: overdispersion is allowed for, persistence is not."""
    import statsmodels.api as sm

    fit = sm.GLM(d.outcome_values(), _segments(d, sloped=True), family=sm.families.Poisson()).fit(scale="X2")
    return Comparison(float(fit.params[2]), float(fit.bse[2]), float(fit.df_resid))


def pandemic_pulse(d: SeriesDesign) -> Comparison:
    """Level change of our own regression, the pandemic held to be a pulse from March to June 2020."""
    y = log_rate(d.outcome_values(), d.exposure_values())
    pulse = np.array([str(month) in ("2020-03", "2020-04", "2020-05", "2020-06") for month in d.periods], float)
    X = np.column_stack([_segments(d, sloped=False), pulse])
    fit = serial_design(X, time=d.positions).fit(y)
    level = np.eye(X.shape[1])[2]
    return Comparison(float(fit.beta[2]), float(np.sqrt(fit.vcov[2, 2])), fit.record.df(level, fit.vcov))


def event_study_clustered(d: PanelDesign) -> Comparison:
    """First half-year after the start against the last one before it, clustered by city (CR1).

    In the saturated regression the one treated city has no residual, so that the variance holds the comparison cities'
    spread alone: (m + 1)/m · Σ (c_j − c̄)² / m².
    """
    rates, first = _rates(d), d.start_position + 1
    change = rates.loc[first : first + half_year - 1].mean() - rates.loc[first - 1 - half_year : first - 2].mean()
    treated, others = _apart(change.to_numpy(), rates.columns, d)
    m = len(others)
    variance = (m + 1) / m * float(((others - others.mean()) ** 2).sum()) / m**2
    return Comparison(treated - float(others.mean()), float(np.sqrt(variance)), float(m))


def log_plus_one(d: PanelDesign) -> Comparison:
    """Difference-in-differences of the means of log(y + 1), with the comparison cities' spread: t(m − 1)."""
    counts = d.wide(str(d.outcome)).transform("log1p")
    after = counts.index.to_numpy() > d.start_position
    change = counts[after].mean() - counts[~after].mean()
    treated, others = _apart(change.to_numpy(), counts.columns, d)
    spread = float(others.std(ddof=1)) * np.sqrt(1 + 1 / len(others))
    return Comparison(treated - float(others.mean()), spread, float(len(others) - 1))


def placebo_rank(d: PanelDesign) -> Comparison:
    """Rank of the treated city's change among all cities' changes, as an interval: unbounded where 5 % is out of reach.

    With fewer than 19 comparison cities the smallest p-value, 1/(m + 1), is above 5 %.
    """
    rates = _rates(d)
    after = rates.index.to_numpy() > d.start_position
    change = rates[after].mean() - rates[~after].mean()
    treated, others = _apart(change.to_numpy(), rates.columns, d)
    effect = treated - float(others.mean())
    if 1 / (len(others) + 1) > 0.05:
        return Comparison(effect, np.inf, np.inf)
    widest = float(np.abs(others - others.mean()).max())
    return Comparison(effect, widest / float(inference.critical(np.inf)), np.inf)


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


def _segments(d: SeriesDesign, *, sloped: bool) -> Array:
    """Constant, trend, level change, change of slope where it may change, two harmonics."""
    since = d.positions - d.start_position
    columns = [np.ones(len(since)), since, d.dose, *([np.maximum(since, 0.0)] if sloped else [])]
    return np.column_stack([*columns, *harmonics(d.positions, d.season, 2).T])


def _rates(d: PanelDesign) -> pd.DataFrame:
    counts, exposure = d.wide(str(d.outcome)), d.wide(str(d.exposure))
    return pd.DataFrame(log_rate(counts.to_numpy(), exposure.to_numpy()), counts.index, counts.columns)


def _apart(change: Array, cities: object, d: PanelDesign) -> tuple[float, Array]:
    mine = np.asarray(cities) == d.treated_units[0]
    return float(change[mine][0]), change[~mine]


comparators: dict[str, Callable[..., Comparison | Inverted]] = {
    function.__name__: function
    for function in (
        negative_binomial, quasi_poisson, pandemic_pulse, event_study_clustered, log_plus_one, placebo_rank,
        naive_matched, bootstrap_matched, attended_or_not, weighted_attended_or_not, doubly_robust_attended_or_not,
        week_clusters, class_block_clusters, triple_week_clusters, anderson_rubin, kaplan_meier,
        exposed_or_not, officers_cr1, officers_cr2,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A published failure: who fails, with which options, where.

    Parameters
    ----------
    method : str
        Name of an estimator or of a comparator.
    options : tuple of (name, value)
        Options of the estimator.
    cell : Cell
        Where.
    """

    method: str
    cell: Cell
    options: tuple[tuple[str, object], ...] = ()


def failures() -> list[Failure]:
    """Give the failures of the literature that the study shows beside our methods, and one remedy beside its failure.

    Returns
    -------
    list of Failure

    Examples
    --------
    >>> [failure.cell.world for failure in failures() if failure.method == "log_plus_one"]
    ['small city']
    """
    smooth = Cell(setting="series", periods=72, events=400.0, rho=0.8, nugget=0.0)
    city = Cell(setting="city", comparison=10, periods=72, events=400.0, rho=0.4, tau=0.0, treated_noise=1.0)
    calls = Cell(setting="calls", calls=360, share=0.83, adjustment="match_nearest replace")
    clustered = (("inference", "cluster"), ("log", True))
    restricted = (("inference", "wild"), ("log", True))
    bootstraps = (restricted, (*restricted, ("wild", "WCU")))
    town = Cell(setting="instrument", calls=13_000, share=0.08, rho=0.0, adjustment="coverage_post", effect=-0.108)
    taken = Cell(setting="instrument", calls=3_800, share=0.36, adjustment="team_free")
    answered = replace(taken, adjustment="call_taker")
    weak = [replace(answered, world="takers alike", effect=effect) for effect in (0.0, -0.108)]
    persistent = replace(town, rho=0.8, effect=0.0)
    edge = Cell(setting="boundary", calls=13_000, share=0.08, rho=0.0, effect=-0.108)
    held, alone = replace(edge, calls=26_000, world="holding"), (("contrast", "discontinuity"),)
    hours = Cell(setting="hour_calls", comparison=10, calls=4_000, rho=0.0, adjustment="no covariates")
    officers = Cell(setting="officers", treated=3, comparison=9, periods=24, rho=0.5)
    jailed = Cell(setting="history", calls=1_500, share=0.4, adjustment="weight_propensity overlap")
    return [
        Failure(method="its_segmented", options=(("errors", "ols"),), cell=smooth),
        Failure(method="its_segmented", options=(("errors", "newey-west"),), cell=replace(smooth, periods=36, rho=0.5)),
        Failure(method="its_segmented", options=(("errors", "newey-west"),), cell=smooth),
        Failure(method="its_segmented", options=(("errors", "prais-winsten"),), cell=smooth),
        Failure(method="its_counts", options=(("errors", "ar-inflated"),), cell=replace(smooth, events=60.0)),
        Failure(method="its_counts", options=(("errors", "newey-west"),), cell=replace(smooth, events=60.0)),
        Failure(
            method="its_arima", options=(("order", [1, 0, 1]),), cell=replace(smooth, events=25.0, rho=0.5, nugget=0.3)
        ),
        *(
            Failure(
                method="its_structural",
                options=(("component", "local"),),
                cell=replace(smooth, events=25.0, rho=rho, nugget=0.3),
            )
            for rho in (0.0, 0.5, 0.8)
        ),
        Failure(method="negative_binomial", cell=replace(smooth, events=60.0)),
        Failure(method="quasi_poisson", cell=replace(smooth, events=60.0)),
        Failure(method="pandemic_pulse", cell=replace(smooth, world="pandemic", events=60.0, rho=0.5, effect=-0.2)),
        *(Failure(method="did_two_way", options=clustered, cell=replace(city, comparison=m)) for m in (5, 10, 15)),
        *(
            Failure(method="did_two_way", options=bootstrap, cell=replace(city, comparison=m))
            for bootstrap in bootstraps
            for m in (5, 10, 15)
        ),
        Failure(method="did_two_way", options=restricted, cell=replace(city, effect=-0.25)),
        Failure(method="event_study_clustered", cell=city),
        *(Failure(method="placebo_rank", cell=replace(city, comparison=m, effect=-0.25)) for m in (5, 10, 15)),
        Failure(method="log_plus_one", cell=replace(city, world="small city", events=2.0)),
        Failure(method="did_prediction_interval", cell=replace(city, world="contaminated", effect=-0.4)),
        Failure(method="did_prediction_interval", cell=replace(city, world="funnel")),
        *(
            Failure(method=name, options=options, cell=cell)
            for name, options in (
                ("naive_matched", ()),
                ("bootstrap_matched", ()),
                ("call_difference", (("variance", "abadie-imbens"),)),
            )
            for cell in (calls, replace(calls, calls=600, share=0.5), replace(calls, calls=450, share=0.67))
        ),
        Failure(
            method="call_difference",
            cell=replace(calls, world="off duty", share=0.4, adjustment="weight_propensity overlap"),
        ),
        Failure(method="attended_or_not", cell=town),
        Failure(method="weighted_attended_or_not", cell=town),
        Failure(method="doubly_robust_attended_or_not", cell=town),
        Failure(method="class_block_clusters", cell=persistent),
        Failure(method="week_clusters", cell=persistent),
        *(Failure(method="triple_week_clusters", cell=replace(hours, tau=tau)) for tau in (0.06, 0.12)),
        Failure(method="call_iv", cell=replace(town, world="hour profile moved", effect=0.0)),
        Failure(method="call_iv", cell=replace(taken, world="load left out")),
        Failure(method="call_boundary", cell=held),
        *(
            Failure(method="call_boundary", options=alone, cell=cell)
            for cell in (replace(edge, effect=0.0), edge, held)
        ),
        Failure(method="exposed_or_not", cell=replace(officers, treated=30, comparison=12, periods=36)),
        Failure(method="officers_cr1", cell=officers),
        Failure(method="officers_cr2", cell=officers),
        Failure(method="kaplan_meier", cell=replace(jailed, world="one arm jails more")),
        Failure(method="call_iv", cell=replace(answered, world="takers chosen")),
        *(Failure(method=name, cell=cell) for name in ("call_iv", "anderson_rubin") for cell in weak),
    ]
