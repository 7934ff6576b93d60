"""Hours the team covers against hours it does not, before and after, here and in cities without the programme.

Estimand: the intention-to-treat effect of scheduled team hours on the rate in covered hours relative to uncovered
hours of the same city, over the same ratio in the comparison cities (triple difference), per full dose. An effect that
spills over to uncovered hours is not part of it.

Needs: comparison cities that bring calls by hour; a ratio of covered to uncovered hours that would have moved alike up
to the spread measured between cities (check: pre_period, placebo_dates, placebo_cities, leave_one_out); control series
whose hour profile did not move (check: control_outcomes); about 60 events a month in the treated city.

Estimator: g_jt = log rate in covered hours − log rate in uncovered hours, per city and month; the comparison cities'
mean of g_·t is taken off; per city const + θ_j D_t + two harmonics with AR(1) plus white-noise errors by restricted
maximum likelihood; then the prediction interval of did_prediction_interval. The contrast within the treated city alone
is the same fit of its own g_0t; but where the design holds calls with an outcome each and compares rates per call, it
is the coefficient b of covered hour × after the start in a regression of the calls' outcomes with effects of the 168
hours of the week and of the calendar months, added and not multiplied, and of the covariates; shown as
log(y₁/(y₁ − b)), y₁ the mean outcome of calls in covered hours after the start.

Inference: d ± t(df) √V, V = v_0 + τ²(1 + 1/m), for the triple difference; t with Satterthwaite degrees of freedom for
the contrast within the city, of calls from the residuals' weekly mean in covered less that in uncovered hours with
AR(1) plus white-noise errors (measured as the term itt of call_iv), and beside it blocks of eight weeks, t(G − 1).
Inference "permutation" ranks |d|/√V of the triple difference, then the only term, among
those of the comparison cities, each treated in turn: its p-value cannot go below 1/(m + 1).

Breaks: within one city under a shock that changes when and how people call, as the pandemic did: that contrast is
description and falsification, never the answer; only where the hours and the mix of the city's calls were measured not
to have moved, which a note says, may it be read beside the triple difference. Below about 60 events a month the design
is uninformative. Where shifts were drawn by lot take SwitchbackDesign and switchback_randomization, whose test follows
the lot.

Reference: Higgins, Thompson & Spiegelhalter 2009, doi:10.1111/j.1467-985X.2008.00552.x; Olden & Møen 2022,
doi:10.1093/ectj/utac010. Checked by hand and against simulated truth: no outside program computes it.

Say: In the hours the team covers in {city}, {outcome} changed by {triple_difference} relative to other hours and to the
comparison cities ({interval}).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.hour_profile import is_calm, profile_table, weekly_moves
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.prediction import Prediction, placebo_statistics, predict
from coresponder_causal.core.prediction_facts import doubt_bound, facts, ranked
from coresponder_causal.core.prediction_tables import city_table, gap_path
from coresponder_causal.core.reduced_form import reduced_form
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.regressors import harmonics as seasonal
from coresponder_causal.core.reml import serial_design
from coresponder_causal.core.result import Result
from coresponder_causal.design.covariates import as_numbers
from coresponder_causal.design.coverage import CoverageDesign

Array = NDArray[np.float64]
few_events, few_cities = 60, 5


class _Within(NamedTuple):
    """Covered against uncovered hours of the treated city alone, as a log ratio."""

    effect: float
    variance: float
    df: float
    facts: dict[str, object]


@estimator(
    design=CoverageDesign,
    contrasts=("ITT of coverage",),
    reference="Olden & Møen 2022; Higgins, Thompson & Spiegelhalter 2009",
    checked_against="worked by hand and simulated truth",
)
def call_coverage(
    d: CoverageDesign,
    *,
    harmonics: Literal[0, 1, 2, 3] = 2,
    inference: Literal["auto", "prediction", "permutation"] = "auto",
) -> Result:
    """Covered against uncovered hours, before and after, and across cities where they bring hours.

    Parameters
    ----------
    d : CoverageDesign
    harmonics : {0, 1, 2, 3}
        Pairs of seasonal terms in each city's fit.
    inference : {"auto", "prediction", "permutation"}
        The prediction interval, which ``"auto"`` takes; or ranks among the comparison cities.

    Returns
    -------
    Result
        Terms ``triple_difference`` (where at least two comparison cities bring hours) and ``covered_within_city`` (not
        with permutation).

    Raises
    ------
    EstimationError
        If the series is too short for the terms, or permutation is asked of fewer than three comparison cities.

    References
    ----------
    Olden & Møen (2022), The triple difference estimator, doi:10.1093/ectj/utac010.

    Examples
    --------
    >>> from coresponder_causal.simulate import world
    >>> w = world("west_sac_like", seed=1)
    >>> d = CoverageDesign.from_tables(w.hours, w.tables["schedule"], outcome="calls", start="2020-07-15")
    >>> call_coverage(d).terms["term"].tolist()
    ['triple_difference', 'covered_within_city']
    """
    gap = d.gap()
    months, cities = gap.index.to_numpy(), list(gap.columns)
    dose, events = d.dose_at(months), d.events()
    monthly = float(events[d.treated] / len(months))
    if monthly < few_events:
        doubt(f"{monthly:.0f} events a month in {d.treated}: below about {few_events} this design is uninformative")
    own = _within_calls(d)
    if own is None:
        note("within the city covered hours × after only describes: the hours and the mix of calls were not tested")
        own = _within_counts(gap[d.treated].to_numpy(), dose, months.astype(float), d.season, harmonics)
    across = placebo = None
    if inference == "permutation":
        placebo = _placebo(gap.to_numpy(), dose, months.astype(float), d.season, harmonics)
    if len(cities) > 2:
        if len(cities) - 1 < few_cities:
            doubt(f"{len(cities) - 1} comparison cities: the spread between cities is hardly known")
        across = predict(gap.to_numpy(), dose, months.astype(float), season=d.season, pairs=harmonics)
    else:
        doubt(
            f"{len(cities) - 1} comparison cities bring hours: covered × after in one city describes, it proves nothing"
        )
    return _result(d, gap, events, own, across, placebo, harmonics)


def _placebo(gap: Array, dose: Array, months: Array, season: float | None, pairs: int) -> Array:
    """Statistics of the comparison cities, shape (1, m)."""
    m = gap.shape[1] - 1
    if m < 3:
        raise EstimationError(
            f"{m} comparison cities bring hours: there is nothing to rank among",
            mend="leave inference='permutation' out",
        )
    return placebo_statistics(gap, dose, months, season=season, pairs=pairs)[None, :]


def _within_counts(gap: Array, dose: Array, months: Array, season: float | None, pairs: int) -> _Within:
    """Fit the treated city's own gap of monthly log rates."""
    columns = [np.ones((len(dose), 1)), dose[:, None], seasonal(months, season, pairs)]
    fit = serial_design(np.hstack(columns), time=months).fit(gap)
    df = fit.record.df(np.eye(len(fit.beta))[1], fit.vcov)
    return _Within(
        float(fit.beta[1]), float(fit.vcov[1, 1]), df, {"rho": fit.rho, "phi": fit.phi, "hour_profile": "not tested"}
    )


def _within_calls(d: CoverageDesign) -> _Within | None:
    """Regress the outcomes of the treated city's calls; None where the design holds no outcome of single calls."""
    name = str(d.outcome)
    if d.calls is None or name not in d.calls or d.exposure != "calls" or not d.onset.is_step:
        return None
    known = d.calls["city"].eq(d.treated) & d.calls[name].notna()
    mine = d.calls[known].reset_index(drop=True)
    y, on = mine[name].to_numpy(float), (mine["covered"] & mine["after"]).to_numpy(float)
    covariates = as_numbers(mine, d.covariates, reference_levels=False)
    months = pd.get_dummies(mine["month"], prefix="month", drop_first=True, dtype=float)
    fit = reduced_form(
        y,
        on,
        strata=mine["hour_of_week"],
        regressors=pd.concat([months, covariates], axis=1),
        week=mine["week"],
        covered=mine["covered"],
    )
    reached = float(y @ on / on.sum())
    expected = reached - fit.effect
    if min(reached, expected) <= 0:
        doubt(f"within the city the calls' mean outcome would have been {expected:.3g}: counts by month are compared")
        return None
    facts: dict[str, object] = {
        "hour_profile": _profile(mine, on, covariates),
        "within_difference": fit.effect,
        "within_std_error": fit.std_error,
        "within_weeks": fit.weeks,
        "within_rho": fit.rho,
        **{f"within_{key}": value for key, value in fit.blocks.items()},
    }
    return _Within(float(np.log(reached / expected)), (fit.std_error / expected) ** 2, fit.df, facts)


def _profile(mine: pd.DataFrame, on: Array, covariates: pd.DataFrame) -> str:
    """Say whether the hours and the mix of the city's calls moved with the start: if they did, it only describes."""
    table = profile_table(mine, weekly_moves(mine, on, covariates))
    least = table.sort_values("p_holm", kind="stable").iloc[0]
    said = f"{least['what']} by {least['standardised']:+.2f} standard deviations, p = {least['p_holm']:.2g} after Holm"
    if is_calm(table):
        note(
            f"the hours and the mix of the city's calls held still at the start (least so {said}): covered hours × "
            "after within the city may be read beside the triple difference, not in its place"
        )
        return "held still"
    note(f"within the city covered hours × after only describes: calls moved with the start ({said})")
    return "moved"


def _result(
    d: CoverageDesign,
    gap: pd.DataFrame,
    events: pd.Series,
    own: _Within,
    across: Prediction | None,
    placebo: Array | None,
    pairs: int,
) -> Result:
    after = gap.index.to_numpy() >= d.start_position
    terms, estimate, variance, df = ["covered_within_city"], [own.effect], [own.variance], [own.df]
    extra: dict[str, object] = {"interval": "t, Satterthwaite df"} | own.facts
    path = cities = None
    if across is not None:
        terms, estimate = ["triple_difference", *terms], [across.effect, *estimate]
        variance, df = [across.variance, *variance], [across.df, *df]
        doubt_bound(across, gap.to_numpy(), after)
        extra = own.facts | facts(across)
        if placebo is not None:
            terms, estimate, variance, df = terms[:1], estimate[:1], variance[:1], df[:1]
            extra |= dict(ranked(placebo[0]))
        path = gap_path(across, gap.to_numpy(), after, d.axis.labels(gap.index), _monthly(d, gap.index))
        cities = city_table(across, list(gap.columns), events[gap.columns].to_numpy())
    about = _about(d, pairs, float(events[d.treated] / len(gap)))
    units = [gap.shape[1] if term == "triple_difference" else 1 for term in terms]
    return Result(
        method="call_coverage",
        estimand=_estimand(d, int(after.sum())),
        terms=pd.DataFrame({"term": terms}),
        estimate=np.array(estimate),
        vcov=np.where(np.eye(len(terms)) == 1, variance, np.nan),
        df=np.array(df),
        placebo=placebo,
        scale="log_ratio",
        support=pd.DataFrame({"term": terms, "persons": np.nan, "events": events[d.treated], "units": units}),
        path=path,
        cities=cities,
        n_obs=gap.size,
        n_units=gap.shape[1],
        extra=Facts(about | extra),
    )


def _monthly(d: CoverageDesign, months: pd.Index) -> Array:
    """Events of the treated city by month."""
    own = (d.source["city"] == d.treated).to_numpy()
    counts = d.source.loc[own, str(d.outcome)].groupby(d.axis.positions[own]).sum()
    return np.asarray(counts.reindex(months).to_numpy(float))


def _about(d: CoverageDesign, pairs: int, mean_events: float) -> dict[str, object]:
    return {
        "city": d.treated,
        "start": d.start,
        "harmonics": pairs,
        "hours_covered": int(d.covered.sum()),
        "mean_events": mean_events,
        "outcome_unit": f"{d.outcome} per {'hour' if d.exposure == 'hours' else d.exposure}",
    }


def _estimand(d: CoverageDesign, months: int) -> Estimand:
    return Estimand(
        contrast="ITT of coverage",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=f"covered hours of {d.treated}, relative to its uncovered hours",
        horizon=f"{months} months from {d.start}",
        scale="ratio of ratios of rates",
    )
