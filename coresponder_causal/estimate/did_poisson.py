"""Difference-in-differences of counts by Poisson quasi-likelihood, on the scale of rate ratios.

Estimand: the events of the treated units in the periods of full dose over the events expected without the programme,
Σ y / Σ μ0 (a proportional ATT, as log ratio), in all and by time since the start; pooled: one ratio for all units and
times.

Needs: units whose rates would have changed by the same factors without the programme (check: pre_period,
placebo_cities, leave_one_out); comparison units without a programme of their own (register of programmes). Counts may
be small or zero and need not be Poisson: only their mean is modelled.

Estimator: E y_it = E_it exp(a_i + g_t + x_it'b + δ_it), one δ for each treated unit and period, by Poisson
quasi-likelihood. The link is canonical, so that the rest is the fit to all that is untreated, and expected events are
imputed from it. Pooled: one coefficient of the dose in place of the δ. Units and periods without events have no finite
effect and drop out.

Inference: with one treated city a prediction interval. Each comparison city is treated in turn, the treated one left
out: θ_j its log ratio, v_j = a'V̂a its noise, a the shares of expected events after the start less those before and V̂
the AR(1) plus white-noise covariance (REML) of counted over fitted events. With w_j a city's share of the comparison
cities' expected events, τ² comes by REML from θ_j (1 − w_j) with variances v_j (1 − w_j)⁴ / (1 − 2 w_j + Σ w²), and
V = v_0 + τ² (1 + Σ w²) with t of Satterthwaite df, τ² among the variance parameters. From five treated and ten
untreated clusters on: t(G − 1) with CR1 standard errors over G clusters and fixest's factor, by the delta method,
treated units about their cohort's effect in the period; below that only on request, with the rejection rate measured
for it.

Breaks: one comparison city with most of the events is most of the comparison (Σ w² tells). When the treated city is
structurally more volatile than the others; read κ*. Pooled effects of units that start at different times.

Reference: Wooldridge 2023, doi:10.1093/ectj/utad016; Santos Silva & Tenreyro 2006, doi:10.1162/rest.88.4.641; Higgins,
Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x. Coefficients and clustered errors checked against R
fixest 0.14.2, imputation and its errors against full dummies; the prediction interval by hand and simulated truth.

Say: In {city}, {outcome} changed by {events_post} against what the comparison cities' course predicts ({interval}).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import few_treated
from coresponder_causal.core.count_imputation import impute_counts
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.expected_prediction import ExpectedPrediction, predict_from_expected
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.inference import critical
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.poisson_effects import CountRows, poisson_effects
from coresponder_causal.core.prediction import breakdown
from coresponder_causal.core.prediction_tables import city_table
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import clustered
from coresponder_causal.core.two_way import swept
from coresponder_causal.design.clusters import licence
from coresponder_causal.design.columns import counted
from coresponder_causal.design.event_bins import bin_width_of, event_bins
from coresponder_causal.design.one_treated import one_treated
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
few_cities = 5


@estimator(
    design=PanelDesign,
    contrasts=("ATT as a ratio",),
    reference="Wooldridge 2023",
    checked_against="R fixest 0.14.2",
)
def did_poisson(
    d: PanelDesign,
    *,
    effects: Literal["saturated", "pooled"] = "saturated",
    bin_width: int | None = None,
    inference: Literal["auto", "prediction", "cluster"] = "auto",
) -> Result:
    """Ratio of counted to expected events by Poisson quasi-likelihood with unit and period effects.

    Parameters
    ----------
    d : PanelDesign
        Its outcome is a count, its exposure the offset; covariates enter linearly in the log rate; its cluster
        (default: the unit) holds units; weights are not used.
    effects : {"saturated", "pooled"}
        One effect for each treated unit and period, summed afterwards; or one in all.
    bin_width : int, optional
        Periods in a span of time since the start; by default half a year, or single periods without a season.
    inference : {"auto", "prediction", "cluster"}
        ``"auto"``: the prediction interval with one treated unit (saturated), else clusters, refused below five treated
        and ten untreated ones; ``"cluster"`` gives them there too.

    Returns
    -------
    Result
        Saturated: ``events_post``, then one term for each span from the start on, keyed by ``event_time``, its first
        period.
        Pooled: ``mean_post``, then the covariates. With the prediction interval ``cities`` holds every city's own
        ratio and ``extra`` tau, tau_star and kappa_star.

    Raises
    ------
    DesignError
        Negative counts, units that change cluster, or a prediction interval asked of several treated units.
    EstimationError
        Few clusters unless asked for, no events to compare, absorbed covariates by name, fits that do not settle.

    References
    ----------
    Wooldridge (2023), doi:10.1093/ectj/utad016.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(c, t, rng.poisson(50 - 20 * (c < 6 and t >= 4))) for c in range(20) for t in range(8)],
    ...                      columns=["city", "t", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="t", treated=list(range(6)), start=4)
    >>> did_poisson(d, bin_width=2).tidy(scale="ratio")[["term", "estimate"]].round(2).to_numpy().tolist()
    [['events_post', 0.54], ['event_time=0', 0.53], ['event_time=2', 0.55]]
    """
    width, rows = bin_width_of(d, bin_width), _rows(d)
    predicted = inference == "prediction" or (inference == "auto" and len(d.treated_units) == 1)
    if effects == "pooled":
        if inference == "prediction":
            raise EstimationError("the prediction interval is for saturated effects", mend="leave effects= out")
        return _pooled(d, rows, asked=inference == "cluster")
    return _predicted(d, width) if predicted else _saturated(d, rows, width, asked=inference == "cluster")


def _rows(d: PanelDesign, source: pd.DataFrame | None = None) -> CountRows:
    """Read the counts of a design's rows, or of other rows in their place; periods are numbered by position."""
    table = d.source if source is None else source
    counts = table[str(d.outcome)].to_numpy(float)
    negative = int((counts < 0).sum())
    if negative:
        raise DesignError(f"'{d.outcome}' has {negative} negative values", mend="choose a count")
    if d.weights is not None:
        note(f"weights '{d.weights}' are not used: events count as they are")
    positions = d.axis.positions if source is None else table.index.to_numpy()
    return CountRows(
        counts=counts,
        exposure=np.ones(len(counts)) if d.exposure is None else table[d.exposure].to_numpy(float),
        unit=pd.factorize(table[d.unit])[0].astype(np.int64),
        time=np.unique(positions, return_inverse=True)[1].astype(np.int64),
        covariates=table[list(d.covariates)].to_numpy(float).reshape(len(counts), -1),
    )


def _say_partial(dose: Array, period_name: str) -> None:
    partial = int(((dose > 0) & (dose < 1)).sum())
    if partial:
        note(f"partial dose in {partial} treated unit-{period_name}: neither in the comparison nor in the effect")


def _say_dropped(kept: Bools) -> None:
    if not kept.all():
        note(f"{counted(int((~kept).sum()), 'row')} left out: units or periods without untreated events")


class _Sets(NamedTuple):
    """Periods or rows that make up the terms, and the terms' keys."""

    members: Bools
    terms: pd.DataFrame


def _sets(since: Array, whole: Bools, width: int, period_name: str) -> _Sets:
    """All rows of full dose, then those of each span since the start."""
    bins = event_bins(np.where(whole, since, np.nan), width, period_name)
    starts = np.unique(bins[whole]).astype(int)
    terms = pd.DataFrame(
        {
            "event_time": pd.array([pd.NA, *starts], dtype="Int64"),
            "term": ["events_post", *(f"event_time={start}" for start in starts)],
        }
    )
    return _Sets(np.vstack([whole, *(bins == start for start in starts)]), terms)


def _saturated(d: PanelDesign, rows: CountRows, width: int, *, asked: bool) -> Result:
    """Imputed events, by the delta method over clusters."""
    _say_partial(d.dose, d.period_name)
    cohort = d.source[d.unit].map(d.cohort).to_numpy(float)
    since, untreated = d.positions - cohort, ~(d.positions >= cohort) & (d.dose == 0)
    reach = poisson_effects(rows.take(untreated), names=list(d.covariates)).expected(rows)
    whole = (d.dose == 1) & np.isfinite(reach)
    lost = int((d.dose == 1).sum() - whole.sum())
    if lost:
        doubt(f"{counted(lost, 'treated row')} left out: no untreated events in their unit or period to compare with")
    if not whole.any() or not rows.counts[whole].sum() > 0:
        raise EstimationError("no treated row has events to compare", mend="bring longer data or comparison units")
    sets = _sets(since, whole, width, d.period_name)
    silent = (sets.members @ rows.counts) == 0
    if silent.any():
        note(f"no events in {', '.join(sets.terms.loc[silent, 'term'])}: the ratio has no log there")
    sets = _Sets(sets.members[~silent], sets.terms[~silent].reset_index(drop=True))
    cell = np.where(whole, cohort * (rows.time.max() + 1) + rows.time, -1).astype(np.int64)
    found = impute_counts(rows, untreated, sets.members, cell, names=list(d.covariates))
    used = whole.copy()
    used[np.flatnonzero(untreated)[found.fit.kept]] = True
    _say_dropped(found.fit.kept)
    labels = pd.factorize(d.source[d.cluster or d.unit])[0]
    groups, n = len(np.unique(labels[used])), int(used.sum())
    sums = np.zeros((labels.max() + 1, len(sets.terms)))
    np.add.at(sums, labels, found.scores)
    spent = found.terms + len(np.unique(rows.time[used]))
    vcov = groups / (groups - 1) * (n - 1) / (n - spent) * sums.T @ sums
    about = dict(licence(d, used, asked=asked, interval=_interval(d, groups))) | {"bin_width": width}
    return _result(d, sets.terms, found.estimate, vcov, groups - 1, sets.members @ rows.counts, used, about)


def _pooled(d: PanelDesign, rows: CountRows, *, asked: bool) -> Result:
    """One coefficient of the dose."""
    if d.cohort.nunique() > 1:
        doubt("units start at different times: one pooled effect misleads where effects grow or differ")
    names = ["mean_post", *d.covariates]
    fit = poisson_effects(rows._replace(covariates=np.column_stack([d.dose, rows.covariates])), names=names)
    _say_dropped(fit.kept)
    used, labels = fit.rows, d.source[d.cluster or d.unit].to_numpy()[fit.kept]
    X = swept(used.covariates, unit=used.unit, effect=used.time, weight=fit.mean)
    residuals, absorbed = (used.counts - fit.mean) / np.sqrt(fit.mean), len(np.unique(used.time))
    vcov = clustered(X, residuals, labels, convention="fixest", absorbed=absorbed)
    groups = len(pd.unique(labels))
    about = licence(d, fit.kept, asked=asked, interval=_interval(d, groups))
    events = np.array([used.counts[used.covariates[:, 0] > 0].sum(), *[used.counts.sum()] * len(d.covariates)])
    terms = pd.DataFrame({"term": names})
    return _result(d, terms, fit.slopes, vcov, groups - 1, events, fit.kept, about)


def _interval(d: PanelDesign, groups: int) -> str:
    return f"t({groups - 1}), clustered by {d.cluster or d.unit}: CR1, factor of fixest"


def _result(
    d: PanelDesign,
    terms: pd.DataFrame,
    estimate: Array,
    vcov: Array,
    df: float,
    events: Array,
    used: Bools,
    about: Mapping[str, object],
) -> Result:
    """Report a clustered fit."""
    treated = d.source[d.unit].isin(d.treated_units).to_numpy() & used
    mean = float(d.source.loc[treated, str(d.outcome)].mean())
    after = np.unique(d.axis.positions[d.axis.positions >= d.start_position])
    units = d.source.loc[used, d.unit].nunique()
    return Result(
        method="did_poisson",
        estimand=_estimand(d, len(after)),
        terms=terms,
        estimate=estimate,
        vcov=vcov,
        df=np.full(len(terms), float(df)),
        scale="log_ratio",
        support=pd.DataFrame({"term": terms["term"], "persons": np.nan, "events": events, "units": units}),
        n_obs=int(used.sum()),
        n_units=units,
        extra=Facts(_about(d, mean) | dict(about)),
    )


def _about(d: PanelDesign, mean: float) -> dict[str, object]:
    return {
        "city": ", ".join(map(str, d.treated_units[:5])),
        "start": d.start,
        "mean_events": mean,
        "outcome_unit": f"{d.outcome} a {d.period_name[:-1]}",
        "period_name": d.period_name,
    }


def _estimand(d: PanelDesign, after: int) -> Estimand:
    return Estimand(
        contrast="ATT",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=", ".join(map(str, d.treated_units[:5])) + (", …" if len(d.treated_units) > 5 else ""),
        horizon=f"{after} {d.period_name} from {d.start}",
        scale="ratio of counted to expected events",
    )


def _predicted(d: PanelDesign, width: int) -> Result:
    """One treated city against what cities without a programme did."""
    seen = one_treated(d, method="did_poisson with a prediction interval", sparse=True)
    if len(seen.cities) <= few_cities:
        doubt(f"{len(seen.cities) - 1} comparison cities: the spread between cities is hardly known")
    _say_partial(seen.dose, d.period_name)
    whole = seen.dose == 1
    if not whole.any():
        raise EstimationError("no period has full dose", mend="bring longer data")
    sets = _sets(seen.positions - d.start_position, whole, width, d.period_name)
    order = pd.MultiIndex.from_product([seen.cities, seen.counts.index])
    source = d.source.assign(position=d.axis.positions).set_index([d.unit, "position"], drop=False)
    rows = _rows(d, source.loc[order].droplevel(0))
    fit = predict_from_expected(
        rows, sets.members, seen.dose, seen.positions, season=d.season, pairs=2, names=list(d.covariates)
    )
    identity = np.eye(len(sets.terms))
    df = np.array([fit.record.df(row, fit.vcov) for row in identity])
    return Result(
        method="did_poisson",
        estimand=_estimand(d, int(seen.after.sum())),
        terms=sets.terms,
        estimate=fit.estimate,
        vcov=fit.vcov,
        df=df,
        variance_record=fit.record,
        scale="log_ratio",
        support=pd.DataFrame(
            {
                "term": sets.terms["term"],
                "persons": np.nan,
                "events": sets.members @ seen.events,
                "units": len(seen.cities),
            }
        ),
        path=_path(fit, seen.events, seen.after, d.axis.labels(seen.counts.index.to_numpy()), seen.dose, float(df[0])),
        cities=city_table(fit, seen.cities, seen.counts.to_numpy().sum(axis=0)),
        n_obs=seen.counts.size,
        n_units=len(seen.cities),
        extra=Facts(_about(d, float(seen.events.mean())) | {"bin_width": width} | _facts(fit, float(df[0]))),
    )


def _facts(fit: ExpectedPrediction, df: float) -> dict[str, object]:
    limit, own = float(fit.estimate[0] / critical(df)), float(fit.variances[0])
    tau_star, kappa_star = breakdown(limit, own, tau=fit.tau, concentration=fit.concentration)
    return {
        "interval": "prediction interval",
        **few_treated.beside(
            fit.effects, estimate=float(fit.estimate[0]), std_error=float(np.sqrt(fit.vcov[0, 0])), df=df
        ),
        "m": len(fit.effects) - 1,
        "effective_donors": 1 / fit.concentration,
        "tau": fit.tau,
        "tau_star": tau_star,
        "kappa_star": kappa_star,
        "at_bound": ", ".join(fit.own.at_bound),
        "rho": fit.own.rho,
        "phi": fit.own.phi,
        "rho_lower": fit.rho_limits[0],
        "rho_upper": fit.rho_limits[1],
        "tau_lower": fit.tau_limits[0],
        "tau_upper": fit.tau_limits[1],
    }


def _path(fit: ExpectedPrediction, events: Array, after: Bools, time: pd.Index, dose: Array, df: float) -> pd.DataFrame:
    """Give counted over expected events; the band after the start is the prediction interval of no change."""
    half = np.where(after, float(critical(df)) * np.sqrt(fit.vcov[0, 0]), np.nan)
    return pd.DataFrame(
        {
            "time": time,
            "observed": events / fit.expected,
            "counterfactual": 1.0,
            "low": np.exp(-half),
            "high": np.exp(half),
            "events": events,
            "dose": dose,
        }
    )
