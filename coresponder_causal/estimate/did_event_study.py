"""Effects by time since the start, with what the time before it can and cannot show.

Estimand: the treated units' log rate in each span of time (by default half a year) over the comparison units', less the
same in the last span before the start; the mean of the spans after it, weighted by the dose in them (ATT against that
base).

Needs: units that would have moved in parallel from the base on (check: honest, pre_period, placebo_cities), of which
the leads speak too; for one treated city about ten events a period or more.

Estimator: every span, before and after the start, is measured against the same base. One treated city: g_t = its log
rate less the mean log rate of the comparison cities; g_t = b0 + Σ_k b_k 1{t in span k} + two harmonics + e_t by
generalised least squares, spans after the start times the dose. Several treated units with one start: log rates on unit
and period effects and the spans of the treated.

Inference: one treated city: e_t is AR(1) plus white noise by REML, and spans from the start on carry τ² (1 + 1/m) in
common, τ the REML deviation between cities of the comparison cities' changes at the start (did_prediction_interval): t
with Satterthwaite df over all variance parameters. In the saturated regression clustered by city the one treated city
has no residual, so that its standard errors are 1/√(m + 1) of the truth. Several treated: CR1, t(G − 1), fixest's
factor; refused below five treated or ten untreated clusters unless asked for. Leads are tested jointly by F at the
mean of their df (clusters: Hotelling's T²), and the drifts that this finds with probability .5 and .8 are said,
with what they would make of the effect.

Breaks: as evidence that courses were parallel: a joint test that does not reject may have had no power. The base is one
span, so that the mean after the start is less precise than with all of the time before: take did_prediction_interval
for the effect itself. Several starts: take did_group_time, averaged by event time.

Reference: Roth 2022, doi:10.1257/aeri.20210236; Higgins, Thompson & Spiegelhalter 2009,
doi:10.1111/j.1467-985X.2008.00552.x. Several treated: checked by difference of means and through what they
share with did_two_way (R fixest 0.14.2); one treated: by hand and simulated truth, no outside program computes it.

Say: In {city}, {outcome} changed by {mean_post} against the half-year before the start and the comparison cities
({interval}).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import regressors
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.prediction import Prediction, predict
from coresponder_causal.core.prediction_facts import doubt_random_walk
from coresponder_causal.core.pretrend_power import pretrend
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.reml import serial_design
from coresponder_causal.core.reml_fit import RemlFit
from coresponder_causal.core.result import Result
from coresponder_causal.core.two_way import two_way_clustered, two_way_fit
from coresponder_causal.core.variance import VarianceRecord
from coresponder_causal.core.verdict import as_change
from coresponder_causal.design.clusters import licence
from coresponder_causal.design.event_bins import bin_width_of, event_bins
from coresponder_causal.design.one_treated import beside_changes, one_treated
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
few_cities = 5


@estimator(
    design=PanelDesign,
    contrasts=("ATT",),
    reference="Roth 2022",
    checked_against="worked by hand and simulated truth; R fixest 0.14.2 (several treated)",
)
def did_event_study(
    d: PanelDesign,
    *,
    bin_width: int | None = None,
    harmonics: Literal[0, 1, 2, 3] = 2,
    inference: Literal["auto", "cluster"] = "auto",
) -> Result:
    """Effects by spans of time since the start, all against the last span before it.

    Parameters
    ----------
    d : PanelDesign
        With one start; its outcome is a count.
    bin_width : int, optional
        Periods in a span; by default half a year, or single periods without a season.
    harmonics : {0, 1, 2, 3}
        Pairs of seasonal terms of one treated city's gap; with several treated units period effects take their place.
    inference : {"auto", "cluster"}
        ``"auto"``: the gap's own noise and the spread between cities for one treated city, clusters for several;
        ``"cluster"``: clusters however few they are.

    Returns
    -------
    Result
        ``mean_post``, then one term for each span but the base, keyed by ``event_time``, its first period. ``extra``:
        ``pre_p_value`` of the joint test of the leads; ``slope_50, slope_80``, drifts of the log rate a period that it
        finds with these probabilities; ``drift_50, drift_80``, what they would add to ``mean_post``;
        ``drift_50_passed``, what the first adds on average where the test does not find it; for one city
        ``rho_star, p_floor, mde80`` of `core.few_treated.beside`.

    Raises
    ------
    DesignError
        Several starts, or negative counts.
    EstimationError
        Few clusters unless asked for; fewer than two comparison cities; a base or an end without periods; zeros in more
        than 5 % of one treated city's or its comparison cities' periods.

    References
    ----------
    Roth (2022), doi:10.1257/aeri.20210236.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2018-07", periods=36, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEFG" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> did_event_study(d).terms["term"].tolist()
    ['mean_post', 'event_time=-24', 'event_time=-18', 'event_time=-12', 'event_time=0', 'event_time=6']
    """
    if d.cohort.nunique() > 1:
        raise DesignError(
            f"units start at {d.cohort.nunique()} different times: spans of one cohort would be compared with others'",
            mend="take did_group_time and average it: aggregate(result, by='event_time')",
        )
    width = bin_width_of(d, bin_width)
    if len(d.treated_units) == 1 and inference == "auto":
        return _one_city(d, width, harmonics)
    return _several(d, width, asked=inference == "cluster")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Spans:
    """Spans of time of the treated rows, the base left out.

    ``starts`` are their first periods since the start, ``columns`` their dose (before the start: 1) by row, ``middle``
    their mean period less the base's, ``dose`` the sum of the dose in them.
    """

    starts: Array
    columns: Array
    middle: Array
    dose: Array
    width: int

    @property
    def after(self) -> NDArray[np.bool_]:
        return np.asarray(self.starts >= 0)

    @property
    def weights(self) -> Array:
        """Weights of the spans in the mean after the start, then the spans themselves; shape (1 + k, k)."""
        mean = np.where(self.after, self.dose, 0.0)
        return np.vstack([mean / mean.sum(), np.eye(len(self.starts))])

    @property
    def terms(self) -> pd.DataFrame:
        keys = self.starts.astype(int)
        names = ["mean_post", *(f"event_time={start}" for start in keys)]
        return pd.DataFrame({"event_time": pd.array([pd.NA, *keys], dtype="Int64"), "term": names})


def _spans(since: Array, dose: Array, width: int, period_name: str) -> _Spans:
    bins = event_bins(since, width, period_name)
    found = np.unique(bins[np.isfinite(bins)])
    if -width not in found or found.max() < 0:
        raise EstimationError(
            f"there are no {period_name} in the {width} before the start, or none after it",
            mend="bring them, or take wider spans (bin_width)",
        )
    starts = found[found != -width]
    columns = np.column_stack([(bins == start) * np.where(start < 0, 1.0, dose) for start in starts])
    centre = {start: float(np.unique(since[bins == start]).mean()) for start in found}
    return _Spans(
        starts=starts,
        columns=columns,
        middle=np.array([centre[start] - centre[-width] for start in starts]),
        dose=columns.sum(axis=0),
        width=width,
    )


def _one_city(d: PanelDesign, width: int, pairs: int) -> Result:
    """Generalised least squares on the gap, and the spread between cities."""
    seen = one_treated(d, method="did_event_study")
    m = len(seen.cities) - 1
    if m < few_cities:
        doubt(f"{m} comparison cities: the spread between cities is hardly known")
    spans = _spans(seen.positions - d.start_position, seen.dose, width, d.period_name)
    gap = seen.rates[:, 0] - seen.rates[:, 1:].mean(axis=1)
    season = regressors.harmonics(seen.positions, d.season, pairs)
    matrix = np.column_stack([spans.columns, np.ones(len(gap)), season])
    names = [*spans.terms["term"].iloc[1:], "base", *(f"season {number + 1}" for number in range(season.shape[1]))]
    regressors.require_full_rank(matrix, names)
    serial = serial_design(matrix, time=seen.positions)
    fit = serial.fit(gap)
    if "rho upper" in fit.at_bound:
        doubt_random_walk(float(fit.beta[: len(spans.starts)] @ spans.weights[0]), gap, seen.after)
    between = predict(seen.rates, seen.dose, seen.positions, season=d.season, pairs=pairs)
    loading = np.asarray((1 + 1 / m) * np.outer(spans.after, spans.after), float)
    k = len(spans.starts)
    record = fit.record.transform(np.eye(k, len(fit.beta))).plus(loading, between.tau_information)
    vcov = fit.vcov[:k, :k] + between.tau**2 * loading
    facts = _limits(fit, serial.rho_limits(gap), between) | {
        "mean_events": float(seen.events.mean()),
        "harmonics": pairs,
    }
    events = (spans.columns > 0).T @ seen.events
    made = _result(d, spans, fit.beta[:k], vcov, record, events, seen.counts.size, m + 1, facts)
    return beside_changes(made, between.effects)


def _limits(fit: RemlFit, rho_limits: tuple[float, float], between: Prediction) -> dict[str, object]:
    """Facts of the noise in time and of the spread between cities."""
    tau_lower, tau_upper = between.tau_limits()
    return {
        "interval": "prediction interval",
        "m": len(between.effects) - 1,
        "tau": between.tau,
        "tau_lower": tau_lower,
        "tau_upper": tau_upper,
        "rho": fit.rho,
        "phi": fit.phi,
        "rho_lower": rho_limits[0],
        "rho_upper": rho_limits[1],
        "at_bound": ", ".join(fit.at_bound),
    }


def _several(d: PanelDesign, width: int, *, asked: bool) -> Result:
    """Least squares with unit and period effects, clustered."""
    counts = d.source[str(d.outcome)].to_numpy(float)
    negative = int((counts < 0).sum())
    if negative:
        raise DesignError(f"'{d.outcome}' has {negative} negative values and no log", mend="choose a count")
    zeros = int((counts == 0).sum())
    if zeros:
        doubt(f"{zeros} of {len(counts)} rows without events: half an event was put in their place")
    if d.covariates or d.weights:
        note("covariates and weights are not used")
    treated = d.source[d.unit].isin(d.treated_units).to_numpy()
    spans = _spans(np.where(treated, d.positions - d.start_position, np.nan), d.dose, width, d.period_name)
    exposure = np.ones(len(counts)) if d.exposure is None else d.source[d.exposure].to_numpy(float)
    rows = pd.DataFrame(
        {
            "unit": d.source[d.unit].to_numpy(),
            "effect": d.axis.positions,
            "cluster": d.source[d.cluster or d.unit].to_numpy(),
            "weight": 1.0,
            "outcome": regressors.log_rate(counts, exposure),
        }
    )
    fit = two_way_fit(rows, pd.DataFrame(spans.columns, columns=spans.terms["term"].iloc[1:].tolist()))
    vcov, df = two_way_clustered(fit, rows, kind="CR1", convention="fixest")
    words = f"t({df[0]:.0f}), clustered by {d.cluster or d.unit}: CR1, factor of fixest"
    about = licence(d, np.ones(len(counts), bool), asked=asked, interval=words)
    facts = dict(about) | {"mean_events": float(counts[treated].mean())}
    events = (spans.columns > 0).T @ counts
    return _result(d, spans, fit.estimate, vcov, float(df[0]), events, len(counts), d.cohort.size, facts)


def _result(
    d: PanelDesign,
    spans: _Spans,
    beta: Array,
    vcov: Array,
    record: VarianceRecord | float,
    events: Array,
    n_obs: int,
    n_units: int,
    facts: dict[str, object],
) -> Result:
    """Report the spans and what the leads say; ``record`` is the df where the variance has no parameters."""
    W, terms = spans.weights, spans.terms
    moved = None if isinstance(record, float) else record.transform(W)
    whole = W @ vcov @ W.T
    df = np.full(len(W), record) if moved is None else np.array([moved.df(row, whole) for row in np.eye(len(W))])
    after, estimate = spans.after, W @ beta
    said = _leads(d, spans, beta, vcov, df[1:], float(estimate[0]), squared=moved is None)
    return Result(
        method="did_event_study",
        estimand=_estimand(d, spans.width),
        terms=terms,
        estimate=estimate,
        vcov=whole,
        df=df,
        variance_record=moved,
        scale="log_ratio",
        support=pd.DataFrame(
            {"term": terms["term"], "persons": np.nan, "events": [events[after].sum(), *events], "units": n_units}
        ),
        n_obs=n_obs,
        n_units=n_units,
        extra=Facts(
            {"city": ", ".join(map(str, d.treated_units[:5])), "start": d.start}
            | facts
            | {"outcome_unit": f"{d.outcome} a {d.period_name[:-1]}"}
            | {"bin_width": spans.width, "base": -spans.width, "period_name": d.period_name}
            | said
        ),
    )


def _estimand(d: PanelDesign, width: int) -> Estimand:
    return Estimand(
        contrast="ATT",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=", ".join(map(str, d.treated_units[:5])) + (", …" if len(d.treated_units) > 5 else ""),
        horizon=f"by spans of {width} {d.period_name}, against the last one before {d.start}",
        scale="ratio of rates",
    )


def _leads(
    d: PanelDesign, spans: _Spans, beta: Array, vcov: Array, df: Array, effect: float, *, squared: bool
) -> dict[str, object]:
    """Test the leads jointly and say which drift that would have found, and what it would make of the effect.

    F at the mean of the leads' df, for their least one may be 1 where the others are many. ``squared``: Hotelling's T²,
    as the covariance is estimated whole: F(q, df − q + 1) of T² (df − q + 1) / (df q).
    """
    before = ~spans.after
    q = int(before.sum())
    own = float(df[before].mean()) if q else 0.0
    spare = own - q + 1 if squared else own
    if q == 0 or spare < 1:
        doubt(f"{q} spans before the base and {own:.1f} degrees of freedom allow no joint test of these spans")
        return {}
    leads = vcov[np.ix_(before, before)] * own / spare
    found = pretrend(beta[before], leads, spare, spans.middle[before])
    carried = float(spans.weights[0] @ spans.middle)
    year = d.season or 1.0
    unit = "year" if d.season else d.period_name[:-1]
    half, usual = (as_change(slope * year, "log_ratio") for slope in (found.half, found.usual))
    added = [as_change(slope * carried, "log_ratio") for slope in (found.half, found.usual)]
    beside = spans.weights[0] @ vcov[:, before] @ np.linalg.solve(vcov[np.ix_(before, before)], found.unseen)
    passed = found.half * carried - float(beside)
    test = found.test
    note(
        f"leads, jointly: F({test.df_num}, {test.df_den:.1f}) = {test.statistic:.2f}, p {test.p_value:.3f}; this does "
        f"not show that courses were parallel: the test finds a steady drift of {half} a {unit} half of the time and "
        f"one of {usual} four times in five, which carried on would add {added[0]} and {added[1]} to the mean after "
        f"the start, estimated as {as_change(effect, 'log_ratio')}; where the first goes unfound, that estimate is off "
        f"by {as_change(passed, 'log_ratio')} on average"
    )
    return {
        "pre_p_value": test.p_value,
        "pre_statistic": test.statistic,
        "slope_50": found.half,
        "slope_80": found.usual,
        "drift_50": found.half * carried,
        "drift_80": found.usual * carried,
        "drift_50_passed": passed,
    }
