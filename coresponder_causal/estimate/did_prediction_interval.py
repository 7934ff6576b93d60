"""One treated city against comparison cities, with a prediction interval that knows how far cities drift apart.

Estimand: the mean change of the treated city's log rate per full dose from the start on, over what it would have been
without the programme (ATT in one city). It is the effect of everything that changed at that time in this city only.

Needs: comparison cities without a programme of their own, chosen before outcomes are seen (`design.donor_pool`);
seasons and shocks that the cities share up to the spread measured between them (check: pre_period, placebo_dates,
leave_one_out, placebo_cities, break_date, covid_interval); no single period that decides (check: leverage); outcomes
the programme cannot touch that did not move (check: control_outcomes); that no choice carries the finding (check:
levels_or_logs, specification_curve, start_range); neighbours it did not reach (check: spillover); about ten events a
period or more.

Estimator: r_jt = log(max(y_jt, .5) / e_jt) in the periods that all cities have; z_jt = r_jt less the mean of r_·t over
the comparison cities; per city z = const + θ_j D_t + two harmonics with AR(1) plus white-noise errors by restricted
maximum likelihood; τ² by restricted maximum likelihood from the comparison cities' θ_j with variances v_j m/(m − 1);
d = θ_0, V = v_0 + τ²(1 + 1/m). With covariates x, ten cities for each, τ² is that around const + x'β, d = θ_0 −
(x_0 − x̄)'β̂, and V gains (x_0 − x̄)'Var(β̂)(x_0 − x̄), Knapp and Hartung's variance; m − 1 becomes m − p − 1. With
likelihood "poisson", for fewer than five events a period: counts before and after, given their sum binomial with
logit log(e_after/e_before) + μ + u_j, u_j ~ N(0, τ²), μ integrated out, by adaptive quadrature; seasons must be common,
and τ holds the shocks from month to month too, so that the treated city's must be like the others'.

Inference: d ± t(df) √V with df = max(m − 1, 2V² / [(1 + 1/m)² 2/tr(PP) + 2 v_0²/df_0]). τ* and κ* say at which spread
between cities the finding dies, ρ* how many times more volatile than the others the treated city may be by Lau and Li's
test of the changes alone. A companion, integrated_low and integrated_high, integrates τ over a half-normal(0.2).
Inference "permutation" ranks |d|/√V among those of the comparison cities, each treated in turn with the treated city
left out: its p-value cannot go below 1/(m + 1).

Breaks: when the treated city is structurally more volatile than the comparison cities: no method survives that; read
κ*. With fewer than five comparison cities the power is small. For fewer than ten events a period the log rate is biased
downwards: take longer periods. With several treated cities take a group-time estimator.

Reference: Higgins, Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x; Viechtbauer 2005,
doi:10.3102/10769986030003261. Checked by hand and against simulated truth: no outside program computes it.

Say: In {city}, {outcome} changed by {mean_post} against what the comparison cities' experience predicts ({interval}).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.count_prediction import CountPrediction, count_facts, predict_counts
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.headlines import Panels, headlines_of
from coresponder_causal.core.inference import minimum_detectable_effect, rank_critical
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.prediction import Prediction, placebo_statistics, predict, predict_many
from coresponder_causal.core.prediction_facts import doubt_bound, facts, ranked
from coresponder_causal.core.prediction_tables import city_table, gap_path
from coresponder_causal.core.registry import estimator, series_behind
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.design.one_treated import OneTreated, gap_regression, one_treated
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
few_cities, cities_per_covariate = 5, 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """What one likelihood makes of the panel."""

    fit: Prediction | CountPrediction
    facts: dict[str, object]
    placebo: Array | None = None
    path: pd.DataFrame | None = None


@estimator(
    design=PanelDesign,
    contrasts=("ATT",),
    reference="Higgins, Thompson & Spiegelhalter 2009",
    checked_against="worked by hand and simulated truth",
)
def did_prediction_interval(
    d: PanelDesign,
    *,
    likelihood: Literal["log-rate", "poisson"] = "log-rate",
    harmonics: Literal[0, 1, 2, 3] = 2,
    inference: Literal["auto", "prediction", "permutation"] = "auto",
) -> Result:
    """Difference-in-differences for one treated city by a meta-analytic prediction interval.

    Parameters
    ----------
    d : PanelDesign
        With exactly one treated unit. Its covariates, as means before the start, enter a regression of the comparison
        cities' changes.
    likelihood : {"log-rate", "poisson"}
        Log rates period by period, or counts before and after, for fewer than about five events a period.
    harmonics : {0, 1, 2, 3}
        Pairs of seasonal terms in each city's fit of log rates.
    inference : {"auto", "prediction", "permutation"}
        The prediction interval, which ``"auto"`` takes; or ranks among the comparison cities.

    Returns
    -------
    Result
        One term ``mean_post``; ``cities`` holds every city's own change; ``extra`` holds tau, tau_star, rho_star,
        ``prob_tau_zero``, the probability that τ̂ would be 0 with τ at its upper limit, and ``mde80``, the effect that
        would be found four times in five; of log rates kappa_star too.

    Raises
    ------
    DesignError
        Unless exactly one unit is treated, or when periods common to all cities do not span the start.
    EstimationError
        With fewer than two comparison cities (three for permutation); a city without events in more than 5 % of its
        periods, of log rates; covariates that cannot be told apart; covariates or ranks asked of counts.

    References
    ----------
    Higgins, Thompson & Spiegelhalter (2009), doi:10.1111/j.1467-985X.2008.00552.x, section 4.1.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEF" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> did_prediction_interval(d).terms["term"].tolist()
    ['mean_post']
    """
    sparse = likelihood == "poisson"
    if sparse and (d.covariates or inference == "permutation"):
        raise EstimationError(
            "counts take neither covariates nor ranks", mend="leave them out, or ask for likelihood='log-rate'"
        )
    seen = one_treated(d, method="did_prediction_interval", sparse=sparse)
    if len(seen.cities) <= few_cities:
        doubt(f"{len(seen.cities) - 1} comparison cities: the spread between cities is hardly known")
    found = _from_counts(seen) if sparse else _from_rates(d, seen, harmonics, ranks=inference == "permutation")
    fit = found.fit
    cut = None if found.placebo is None else rank_critical(found.placebo)
    return Result(
        method="did_prediction_interval",
        estimand=seen.estimand,
        terms=pd.DataFrame({"term": ["mean_post"]}),
        estimate=np.array([fit.effect]),
        vcov=np.array([[fit.variance]]),
        df=np.array([fit.df]),
        placebo=None if found.placebo is None else found.placebo[None, :],
        scale="log_ratio",
        support=seen.support,
        path=found.path,
        cities=city_table(fit, seen.cities, seen.counts.to_numpy().sum(axis=0)),
        n_obs=seen.counts.size,
        n_units=len(seen.cities),
        extra=Facts(
            {"city": seen.cities[0], "start": d.start, "mean_events": float(seen.events.mean())}
            | found.facts
            | {"mde80": minimum_detectable_effect(float(np.sqrt(fit.variance)), fit.df, cut=cut)}
            | {"likelihood": likelihood, "outcome_unit": f"{d.outcome} a {d.period_name[:-1]}"}
        ),
    )


def _from_rates(d: PanelDesign, seen: OneTreated, harmonics: int, *, ranks: bool) -> _Found:
    rates, dose, times = seen.rates, seen.dose, seen.positions
    traits = _traits(d, seen)
    fit = predict(rates, dose, times, season=d.season, pairs=harmonics, covariates=traits)
    doubt_bound(fit, rates, seen.after)
    found: dict[str, object] = {"harmonics": harmonics} | facts(fit)
    placebo = None
    if ranks:
        placebo = placebo_statistics(rates, dose, times, season=d.season, pairs=harmonics, covariates=traits)
        found |= dict(ranked(placebo))
    if d.covariates:
        found["covariates"] = ", ".join(d.covariates)
    path = gap_path(fit, rates, seen.after, d.axis.labels(seen.counts.index.to_numpy()), seen.events)
    return _Found(fit=fit, facts=found, placebo=placebo, path=path)


def _traits(d: PanelDesign, seen: OneTreated) -> Array | None:
    """Covariates of the cities, means over the periods before the start; shape (1 + m, p)."""
    if not d.covariates:
        return None
    m, p = len(seen.cities) - 1, len(d.covariates)
    if m < cities_per_covariate * p:
        doubt(
            f"{p} covariates of {m} comparison cities: with fewer than {cities_per_covariate} cities for each their "
            "slopes are hardly known"
        )
    wide = [d.wide(name)[seen.cities] for name in d.covariates]
    return np.column_stack([values[values.index < d.start_position].mean().to_numpy() for values in wide])


def _from_counts(seen: OneTreated) -> _Found:
    """Split the periods at half of the full dose and compare counts before and after."""
    later = seen.dose > seen.dose.max() / 2
    counts = seen.counts.to_numpy()
    before, after = counts[~later].sum(axis=0), counts[later].sum(axis=0)
    offset = np.log(seen.exposure[later].sum(axis=0) / seen.exposure[~later].sum(axis=0))
    empty = int(((before == 0) | (after == 0)).sum())
    if empty:
        note(f"{empty} of {len(before)} cities have no event before or after: half an event was added to both")
    fit = predict_counts(before, after, offset, float(seen.dose[later].mean() - seen.dose[~later].mean()))
    return _Found(fit=fit, facts=count_facts(fit))


@series_behind("did_prediction_interval")
def _series(result: Result, d: PanelDesign) -> SeriesRegression | None:
    if result.extra["likelihood"] == "poisson":
        return None
    return gap_regression(d, method=result.method, pairs=int(result.extra.number("harmonics")))


@headlines_of("did_prediction_interval")
def _many(given: Panels, options: Mapping[str, Any]) -> Array | None:
    if options["likelihood"] == "poisson" or options["inference"] == "permutation":
        return None
    return predict_many(given.courses, given.dose, given.positions, season=given.season, pairs=options["harmonics"])
