"""Calls by an instrument for the team's presence: two-stage least squares with an Anderson–Rubin set.

Estimand: the mean effect of the team's presence on the calls for which it hung on the instrument (LATE). Where no call
had the team without the instrument these are all calls that had it (ATT): off duty nobody can come. Beside it the
intention-to-treat effect of the instrument itself.

Needs: an instrument that moves the outcome through the team alone (check: reduced_form_before, hour_profile), moves the
team (check: first_stage) and moves it one way; instrument coverage_post: hours of the week whose calls would have
changed alike; instrument team_free: the patrol load among the covariates, as it takes the team and moves the outcome;
instrument call_taker: within an hour of the week it is chance who takes a call (check: leniency_balance), and whoever
brings the team more often brings it to every kind of call (check: leniency_monotone).

Estimator: θ = (z̃'y)/(z̃'d), z̃ the instrument without the effects of hours (of the week, or of the day and the weekday
for team_free), months and covariates; itt = (z̃'y)/(z̃'z̃) and first stage = (z̃'d)/(z̃'z̃). For call_taker the instrument
of call i is ((H d̃)ᵢ − Hᵢᵢ d̃ᵢ)/(1 − Hᵢᵢ), d̃ the treatment without the effects of hours of the week and months, H the
projection on the call takers' indicators without the same: what the taker's other calls say of call i.

Inference: instrument coverage_post: the residuals of both regressions are averaged by week over covered and over
uncovered hours; their difference, of y − b d, is regressed on a constant and the instrument's weekly difference, with
AR(1) plus white-noise errors by restricted maximum likelihood, which gives the standard error and Satterthwaite degrees
of freedom of the instrument's effect on y − b d; of θ at b = θ, over the first stage. Beside it blocks of eight weeks,
t(G − 1). Instrument team_free: clusters by week, t(G − 1). Instrument call_taker: clusters by call taker, CR2 with
Bell–McCaffrey degrees of freedom, as the most and the least lenient carry most of the weight. The Anderson–Rubin set
holds every b at which that test does not reject; with one instrument it is never empty, and unbounded where the first
stage may be nothing. The effective F is that of the first stage with the same standard error.

Breaks: coverage_post within one city when the mix of calls shifts between hours, as in the pandemic: it is description
only, unless the hour profile and the load are stable (check hour_profile), and call_coverage with comparison cities
leads. Classes of hours by blocks of weeks are no clusters: both classes of a block share what moves the gap between
them. team_free without the patrol load. call_taker where severe calls are handed to some takers, where takers change
more than who is sent, or with few takers. A weak first stage: read the Anderson–Rubin set, not the interval.

Reference: Angrist, Imbens & Rubin 1996, doi:10.1080/01621459.1996.10476902; Bloom 1984, doi:10.1177/0193841X8400800205;
Ackerberg & Devereux 2009, doi:10.1162/rest.91.2.351; Bell & McCaffrey 2002, Survey Methodology 28(2):169; Montiel Olea
& Pflueger 2013, doi:10.1080/00401706.2013.806694; Lee, McCrary, Moreira & Porter 2022, doi:10.1257/aer.20211063;
Anderson & Rubin 1949, doi:10.1214/aoms/1177730090. Checked against linearmodels 7.1.

Say: Where the team came because it was there to be sent, {outcome} changed by {estimate} ({interval}).
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.domain import measured_table
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.gap_course import gap_course
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.reduced_form import in_blocks, weeks_in_block
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.two_stage import TwoStage, two_stage
from coresponder_causal.core.two_stage_spread import (
    Spread,
    anderson_rubin,
    clustered_spread,
    errors_of,
    say_few,
    say_strength,
    spread_of,
    strength,
)
from coresponder_causal.core.weekly_gap import gap_design, weekly_gap
from coresponder_causal.core.weekly_gap import spread as gap_spread
from coresponder_causal.design.call_instrument import CallInstrumentDesign, Instrument, instruments
from coresponder_causal.design.instrument_shares import shares

Array = NDArray[np.float64]
Inference = Literal["auto", "gap", "blocks", "week", "day", "call_taker"]
usual: dict[Instrument, Inference] = {"coverage_post": "gap", "team_free": "week", "call_taker": "call_taker"}


@estimator(
    design=CallInstrumentDesign,
    contrasts=("ATT", "LATE"),
    reference="Angrist, Imbens & Rubin 1996; Bloom 1984; Anderson & Rubin 1949",
    checked_against="linearmodels 7.1",
)
def call_iv(d: CallInstrumentDesign, *, inference: Inference = "auto") -> Result:
    """Two-stage least squares of the outcome on the treatment, with the design's instrument.

    Parameters
    ----------
    d : CallInstrumentDesign
    inference : {"auto", "gap", "blocks", "week", "day", "call_taker"}
        The weekly gap between covered and uncovered hours with persistent errors, which ``"auto"`` takes for
        coverage_post; or clusters: blocks of eight weeks, weeks (``"auto"`` for team_free), days, or call takers
        (``"auto"`` for the instrument call_taker).

    Returns
    -------
    Result
        Terms ``att`` (``late`` where some calls had the treatment without the instrument) and ``itt``, in units of the
        outcome. ``extra`` holds the first stage with its standard error, the effective F, the Anderson–Rubin set
        (``ar_shape, ar_low, ar_high``; "two rays": all up to ``ar_low`` and from ``ar_high`` on), the means of the
        covariates over all calls and over those whose treatment hung on the instrument (``"all: …", "compliers: …"``),
        what ``report.figure`` draws, and for coverage_post the standard error and interval by blocks of eight weeks.

    Raises
    ------
    EstimationError
        An instrument that hours, months and covariates explain, or that moves nobody; fewer than 20 weeks with covered
        and uncovered hours; the gap asked of team_free.

    References
    ----------
    Angrist, Imbens & Rubin (1996), doi:10.1080/01621459.1996.10476902.

    Examples
    --------
    >>> rng, days = np.random.default_rng(1), pd.date_range("2020-01-01", periods=360)
    >>> clock = pd.to_timedelta(np.tile(range(8, 18), 360), unit="h")
    >>> frame = pd.DataFrame({"received_at": np.repeat(days, 10) + clock})
    >>> planned = (frame["received_at"] >= "2020-07-01") & (frame["received_at"].dt.hour >= 12)
    >>> frame["attended"] = planned & (rng.random(3600) < 0.5)
    >>> frame["minutes"] = 30 - 5 * frame["attended"] + rng.normal(size=3600)
    >>> shifts = pd.DataFrame({"city": "Davis", "shift_start": days[182:] + pd.Timedelta("12h"), "planned_hours": 6})
    >>> shifts["shift_end"] = shifts["shift_start"] + pd.Timedelta("6h")
    >>> d = CallInstrumentDesign.from_tables(frame, shifts, outcome="minutes", start="2020-07-01")
    >>> call_iv(d).params.round(1).to_dict()
    {'att': -5.1, 'itt': -2.6}
    """
    y = d.calls.outcome_values()
    fit = two_stage(y, d.calls.treated.astype(float), d.z(), strata=d.strata(), regressors=d.regressors())
    way = usual[d.instrument] if inference == "auto" else inference
    spread = _by_gap(d, fit) if way == "gap" else _by_cluster(d, fit, way)
    errors = errors_of(fit, spread)
    found = anderson_rubin(fit, spread, errors.late)
    say_strength(fit, spread, found)
    _say(d)
    say_few(spread)
    terms = ["att" if d.one_sided else "late", "itt"]
    return Result(
        method="call_iv",
        estimand=_estimand(d),
        terms=pd.DataFrame({"term": terms}),
        estimate=np.array([fit.late, fit.itt]),
        vcov=np.array([[errors.late**2, np.nan], [np.nan, errors.itt**2]]),
        df=np.array([errors.late_df, errors.itt_df]),
        scale="difference",
        support=_support(d, y, terms),
        n_obs=len(y),
        n_units=spread.units,
        extra=Facts(
            _facts(d, y)
            | strength(fit, spread, found)
            | _interval(spread)
            | _second_column(d, fit)
            | _profile(d, fit)
            | _drawn(d, y)
        ),
    )


def _by_gap(d: CallInstrumentDesign, fit: TwoStage) -> Spread:
    """Spread of the weekly gap between covered and uncovered hours, with persistent errors."""
    if d.instrument != "coverage_post":
        raise EstimationError(
            f"inference='gap' needs covered and uncovered hours, not {d.instrument}", mend="use 'week'"
        )
    left_y, left_d = fit.residuals
    values = pd.DataFrame({"y": left_y, "d": left_d, "z": d.z()})
    gap = weekly_gap(values, week=d.timing["week"], covered=d.timing["covered"])
    design, of_y, of_d = gap_design(gap["z"]), gap["y"].to_numpy(float), gap["d"].to_numpy(float)

    @cache
    def at(b: float) -> tuple[float, float]:
        return gap_spread(design.fit(of_y - b * of_d))

    residual = of_y - fit.late * of_d
    lower, upper = design.rho_limits(residual)
    facts: dict[str, object] = {"rho": design.fit(residual).rho, "rho_lower": lower, "rho_upper": upper}
    return Spread("week (gap)", len(gap), at, gap_spread(design.fit(of_d)), facts)


def _by_cluster(d: CallInstrumentDesign, fit: TwoStage, way: str) -> Spread:
    """Spread of scores summed within spans of time, or within call takers."""
    if way == "call_taker":
        return _by_call_taker(d, fit)
    labels = d.timing["week"] // weeks_in_block if way == "blocks" else d.timing[way]
    return clustered_spread(fit, labels, by="blocks of 8 weeks" if way == "blocks" else way)


def _by_call_taker(d: CallInstrumentDesign, fit: TwoStage) -> Spread:
    """Spread of scores summed within call takers, of whom the most and the least lenient weigh most."""
    if d.instrument != "call_taker":
        raise EstimationError(
            f"inference='call_taker' needs that instrument, not {d.instrument}", mend="use 'week' or 'auto'"
        )
    vcov, takers, df = fit.few_clustered(d.timing["call_taker"])
    return spread_of(vcov, df, by="call taker", units=takers)


def _say(d: CallInstrumentDesign) -> None:
    """Say what the instrument leans on."""
    if d.instrument == "coverage_post":
        note("one city, covered hours × after the start: description only, unless the hour profile of calls is stable")
    elif d.instrument == "team_free" and "patrol_load" not in d.covariates:
        doubt(f"the patrol load is not among the covariates: it takes the team and moves outcomes{_without_load()}")


def _without_load() -> str:
    """Say how often the interval held without the patrol load, where that was measured."""
    table = measured_table()
    rows = table[(table["method"] == "call_iv") & (table["world"] == "load left out")]
    if rows.empty:
        return ""
    worst = rows.sort_values("coverage").iloc[0]
    held = f"the interval held {100 * worst['coverage']:.0f} % of the time"
    return f"; measured without it: bias {worst['bias']:+.3f}, {held}"


def _facts(d: CallInstrumentDesign, y: Array) -> dict[str, object]:
    return {
        "city": d.city,
        "start": d.start,
        "treatment": d.treatment,
        "adjustment": d.instrument,
        "outcome_unit": f"{str(d.outcome).replace('_', ' ')} per call",
        "yes_or_no": bool(np.isin(y, [0.0, 1.0]).all()),
        "calls": len(y),
        "share_treated": float(d.calls.treated.mean()),
        "outside": d.outside,
    }


def _interval(spread: Spread) -> dict[str, object]:
    return {
        "cluster": spread.by,
        "clusters": spread.units,
        **spread.facts,
        "interval": _kind(spread),
    }


def _kind(spread: Spread) -> str:
    if spread.by == "call taker":
        return "t, CR2 and Bell–McCaffrey df, clusters: call taker"
    return "t, Satterthwaite df" if "gap" in spread.by else f"t({spread.units - 1}), clusters: {spread.by}"


def _second_column(d: CallInstrumentDesign, fit: TwoStage) -> dict[str, object]:
    """Give standard error and interval of the headline by blocks of eight weeks, where there are two."""
    blocks = d.timing["week"] // weeks_in_block
    if d.instrument != "coverage_post" or blocks.nunique() < 2:
        return {}
    spread = _by_cluster(d, fit, "blocks")
    return in_blocks(fit.late, errors_of(fit, spread).late, spread.units)


def _profile(d: CallInstrumentDesign, fit: TwoStage) -> dict[str, object]:
    """Give means of the covariates over all calls, and over those whose treatment hung on the instrument.

    The latter are means under Abadie's (2003) weights κ₁ = D (Z − p)/(p (1 − p)), p the projection of the instrument on
    hours, months and covariates, here weighted by p (1 − p) as two-stage least squares does.
    """
    known = d.calls.covariate_frame()
    weights = fit.z * d.calls.treated
    return {
        name: value
        for column in known
        for name, value in (
            (f"all: {column}", float(known[column].mean())),
            (f"compliers: {column}", float(weights @ known[column].to_numpy(float) / weights.sum())),
        )
    }


def _drawn(d: CallInstrumentDesign, y: Array) -> dict[str, object]:
    """Give what is drawn: how often the team came, and the gap of covered hours by half-year where it can be had."""
    facts: dict[str, object] = {"shares": _rows(shares(d))}
    if d.instrument != "coverage_post":
        return facts
    strata, week, covered = d.strata(), d.timing["week"], d.timing["covered"]
    try:
        course = gap_course(y, strata=strata, regressors=d.regressors(), week=week, covered=covered)
    except EstimationError as error:
        note(f"the gap between covered and other hours is not drawn: {error.what}")
        return facts
    return facts | {"gap_course": _rows(course)}


def _rows(table: pd.DataFrame) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, table.to_numpy(float).tolist()))


def _support(d: CallInstrumentDesign, y: Array, terms: list[str]) -> pd.DataFrame:
    persons = d.calls.persons.nunique() if d.calls.person else np.nan
    treated = d.calls.treated
    return pd.DataFrame(
        {
            "term": terms,
            "persons": persons,
            "events": [y[treated].sum(), y.sum()],
            "units": [int(treated.sum()), len(y)],
        }
    )


def _estimand(d: CallInstrumentDesign) -> Estimand:
    whose = f"the calls with {d.treatment}" if d.one_sided else f"calls whose '{d.treatment}' hung on the instrument"
    times = pd.to_datetime(d.source["received_at"])
    return Estimand(
        contrast=d.contrast,
        outcome=str(d.outcome),
        treatment=f"{d.treatment}, yes against no; instrument: {instruments[d.instrument]}",
        population=f"{whose} in {d.city}",
        horizon=f"calls received {times.min():%Y-%m-%d} to {times.max():%Y-%m-%d}",
        scale="difference of means",
    )
