"""What a study can ask for: its designs, how each is formed of the study's counts, and which estimator reads it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from coresponder_causal import design as designing
from coresponder_causal import estimate
from coresponder_causal.core.errors import CausalError, DesignError
from coresponder_causal.core.notes import collecting, doubt, note, quietly
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.core.result import Result
from coresponder_causal.data import follow_up, read_table, stays_of
from coresponder_causal.data.follow_up import of_outcomes
from coresponder_causal.design import (
    CallDesign,
    CallInstrumentDesign,
    CoverageDesign,
    HistoryDesign,
    PanelDesign,
    SeriesDesign,
    SwitchbackDesign,
)
from coresponder_causal.design.open_calls import open_calls

if TYPE_CHECKING:
    from coresponder_causal.plan.assemble import Counts
    from coresponder_causal.plan.study import Study

Design = (
    SeriesDesign | PanelDesign | CoverageDesign | CallDesign | CallInstrumentDesign | HistoryDesign | SwitchbackDesign
)
Options = Mapping[str, Any]
Form = Callable[["Study", "Counts", str, Options], Design]
enough_events, followed_days = 60, 365
like_calls = ("calls", "aipw", "dml", "forest")  # designs that compare calls with like ones
after_calls = ("repeat", "recurrent")  # designs of what came after calls
of_calls = (*like_calls, *after_calls, "instrument", "switchback")  # formed of the calls themselves, not of counts
by_hours = ("triple", "boundary")  # designs of the calls by the hours of the team
one_by_one = (*of_calls, *by_hours)  # designs whose outcome belongs to a call
of_adopters = ("adopters", "few_adopters")  # designs of cities that started at different times
comparison = "comparison cities"
choosing_calls = ("eligible", "which", "washout_days")  # with one of them, the schedule says what is compared
adjustments = (
    "match_nearest",
    "match_optimal",
    "match_full",
    "match_coarsened",
    "match_cardinality",
    "subclassify",
    "weight_propensity",
    "weight_balance",
    "none",
)
default_adjustment = "weight_propensity"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimated:
    """One estimate of a study.

    Parameters
    ----------
    design : Design
    result : Result
        Averaged where the estimator has a term for every cell.
    """

    design: Design
    result: Result


class Setting(NamedTuple):
    """How a design is formed, what estimates it, options of a study that are the design's, other defaults."""

    form: Form
    estimator: Callable[..., Result]
    keys: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = MappingProxyType({})


def estimated(name: str, study: Study, data: Counts, outcome: str, options: Options) -> Estimated:
    """Form one of a study's designs and estimate it.

    Parameters
    ----------
    name : str
        Name of the design.
    study : Study
    data : Counts
    outcome : str
    options : mapping
        Options of the design and of its estimator, as the study states them.

    Returns
    -------
    Estimated
    """
    setting = settings()[name]
    try:
        design = setting.form(study, data, outcome, options)
    except CausalError as error:
        raise type(error)(f"[{name}], outcome '{outcome}': {error.what}", mend=error.mend) from error
    stated = stated_options(name, options)
    result = setting.estimator(design, **(dict(setting.defaults) | _readable(name, design, stated) | stated))
    return Estimated(
        design=design, result=estimate.aggregate(result, by="event_time") if name == "adopters" else result
    )


def stated_options(name: str, options: Options) -> dict[str, Any]:
    """Return those options of a design that are its estimator's."""
    own = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    return {key: own[key] for key in _options(settings()[name].estimator) if key in own}


def _readable(name: str, design: Design, stated: Options) -> dict[str, float]:
    """Rates per 1,000 residents in levels, unless the study says otherwise: a rate per resident reads as nothing."""
    in_levels = name == "two_way" and isinstance(design, PanelDesign) and design.exposure and not stated.get("log")
    return {"per": 1000.0} if in_levels else {}


def rank(result: Result) -> int:
    """Place of a result on the page: the headline first.

    Half-days drawn by lot lead, being a trial; then a triple difference where the treated city has at least 60 events a
    month (of calls one by one: 60 calls) and comparison cities bring hours, the one the study names first; then the
    comparison of cities; then units that start at different times, and counted against expected events; then a triple
    difference of fewer events; then what is shown for comparison with the literature or only describes: one change a
    city among others, the gap over time, the effect by time since the start, the two-way regression, the single series,
    attended against other calls, the gap's first periods, calls by the team free or taken or by their call takers, the
    covered hours of one city alone, and calls by planned shifts in one city; last, calls around the hour at which the
    team comes on, which corroborate.
    """
    if result.method == "call_coverage":
        if result.terms["term"].iloc[0] != "triple_difference":
            return 7
        return 0 if result.extra.number("mean_events") >= enough_events else 3
    if result.method == "did_triple":
        return 0 if result.extra.number("mean_calls") >= enough_events else 3
    if result.method == "call_iv":
        return 7 if result.extra.get("adjustment") == "coverage_post" else 6
    order = {"switchback_randomization": -1, "did_prediction_interval": 1, "call_boundary": 8}
    order |= dict.fromkeys(("did_group_time", "did_poisson"), 2)
    order |= dict.fromkeys(("did_event_study", "did_few_treated", "did_gap", "did_two_way"), 4)
    order |= dict.fromkeys(("its_segmented", "its_counts", "its_rare", "its_arima", "its_structural"), 5)
    return order.get(result.method, 6)


def known_keys(name: str, adjust: str = default_adjustment) -> tuple[str, ...]:
    """Options that a study may state for one of its designs; of calls, those of the adjustment it states."""
    setting = settings()[name]
    adjusts = name in ("calls", *after_calls) and adjust != "none"
    adjusting = _options(getattr(designing, adjust)) if adjusts else ()
    return tuple(dict.fromkeys(("outcomes", *setting.keys, *adjusting, *_options(setting.estimator))))


def settings() -> dict[str, Setting]:
    """Give every design a study can ask for, by name."""
    series = ("full_dose", "phase_in", "phase_in_as", "exclude", "holidays", "covid")
    models = ("treatment", "covariates", "exact", "person", "stratum", "only", *choosing_calls)
    calls = (*models, "adjust")
    instrument, switchback = ("instrument", *models[:2], "person"), ("assignment", "eligible", "carryover_minutes")
    hours = ("covariates", "person", "eligible")
    return {
        "hours": Setting(_hours, estimate.call_coverage),
        "triple": Setting(_calls_by_hours, estimate.did_triple, hours),
        "cities": Setting(_cities, estimate.did_prediction_interval),
        "few_treated": Setting(_cities, estimate.did_few_treated),
        "gap": Setting(_cities, estimate.did_gap),
        "poisson": Setting(_cities, estimate.did_poisson, ("covariates",)),
        "event_study": Setting(_cities, estimate.did_event_study),
        "first_periods": Setting(_cities, estimate.its_conformal),
        "series": Setting(_series, estimate.its_segmented, series),
        "counts": Setting(_series, estimate.its_counts, series),
        "rare": Setting(_series, estimate.its_rare, series),
        "arima": Setting(_series, estimate.its_arima, series),
        "structural": Setting(_structural, estimate.its_structural, series),
        "two_way": Setting(_cities, estimate.did_two_way, ("covariates",)),
        "adopters": Setting(_adopters, estimate.did_group_time, ("covariates",)),
        "few_adopters": Setting(_few_adopters, estimate.did_few_treated),
        "calls": Setting(_calls, estimate.call_difference, calls, {"scale": "ratio"}),
        "aipw": Setting(_plain_calls, estimate.call_aipw, models, {"scale": "ratio"}),
        "dml": Setting(_plain_calls, estimate.dml_linear, models),
        "forest": Setting(_plain_calls, estimate.dml_forest, models),
        "repeat": Setting(_after_calls, estimate.call_repeat, calls),
        "recurrent": Setting(_after_calls, estimate.call_recurrent, calls),
        "instrument": Setting(_instrument, estimate.call_iv, instrument),
        "switchback": Setting(_switchback, estimate.switchback_randomization, switchback),
        "boundary": Setting(_calls_by_hours, estimate.call_boundary, hours),
    }


def _options(function: Callable[..., object]) -> tuple[str, ...]:
    """Names of the keyword options of an estimator or an adjustment."""
    return tuple(name for name, p in inspect.signature(function).parameters.items() if p.kind is p.KEYWORD_ONLY)


def _hours(study: Study, data: Counts, outcome: str, _: Options) -> CoverageDesign:
    doses: dict[str | None, Literal["planned_hours", "delivered_hours"]] = {
        "planned_hours": "planned_hours",
        "delivered_hours": "delivered_hours",
    }
    return CoverageDesign.from_tables(
        data.hourly,
        data.schedule,
        outcome=outcome,
        treated=str(study.city),
        start=study.start,
        start_between=study.start_between,
        dose=doses.get(study.dose),
    )


def _calls_by_hours(study: Study, data: Counts, outcome: str, options: Options) -> CoverageDesign:
    """Form the calls of all cities, one by one, with the hours of the team."""
    person = options.get("person", "person" if "person" in data.calls else None)
    return CoverageDesign.from_tables(
        data.calls,
        data.schedule,
        outcome=outcome,
        treated=str(study.city),
        start=study.start,
        start_between=study.start_between,
        exposure="calls",
        covariates=options.get("covariates", ()),
        person=person,
        eligible=options.get("eligible"),
    )


def _cities(study: Study, data: Counts, outcome: str, options: Options) -> PanelDesign:
    if data.pool is None:
        return every_city(study, data.monthly, outcome, options)
    adopters = (study.donors or {}).get("adopters", "leave out")
    return data.pool.apply(every_city(study, data.whole, outcome, options), adopters=adopters)


def every_city(study: Study, monthly: pd.DataFrame, outcome: str, options: Options) -> PanelDesign:
    """Form the panel of all cities of a frame."""
    return PanelDesign.from_frame(
        monthly,
        outcome=outcome,
        unit="city",
        time="month",
        treated=study.city,
        start=study.start,
        start_between=study.start_between,
        exposure=_exposure(monthly),
        dose=study.dose,
        covariates=options.get("covariates", ()),
    )


def _adopters(study: Study, data: Counts, outcome: str, options: Options) -> PanelDesign:
    """Cities by the month in which their programme started, as counts or, where populations are known, rates."""
    frame = data.adopters
    if _exposure(frame):
        frame = frame.assign(**{outcome: 1000 * frame[outcome] / frame["population"]})
        note(f"'{outcome}' is a month's number per 1,000 residents")
    return PanelDesign.from_frame(
        frame,
        outcome=outcome,
        unit="city",
        time="month",
        cohort="first_programme",
        covariates=options.get("covariates", ()),
    )


def _few_adopters(study: Study, data: Counts, outcome: str, _: Options) -> PanelDesign:
    """Cities by the month in which their programme started, as counts."""
    return PanelDesign.from_frame(
        data.adopters,
        outcome=outcome,
        unit="city",
        time="month",
        cohort="first_programme",
        exposure=_exposure(data.adopters),
    )


def _series(study: Study, data: Counts, outcome: str, options: Options) -> SeriesDesign:
    return _one_city(study, data, outcome, options, data.monthly[data.monthly["city"] == study.city])


def _structural(study: Study, data: Counts, outcome: str, options: Options) -> SeriesDesign:
    """One city with the mean log rate of the comparison cities that have every month beside it, where there are any."""
    monthly = data.monthly
    people = np.asarray(monthly["population"] if _exposure(monthly) else np.ones(len(monthly)), float)
    rates = log_rate(np.asarray(monthly[outcome], float), people)
    wide = monthly.assign(rate=rates).pivot(index="month", columns="city", values="rate")
    others = wide.drop(columns=str(study.city)).dropna(axis=1)
    mine = monthly[monthly["city"] == study.city]
    if others.empty:
        return _one_city(study, data, outcome, options, mine)
    note(f"the forecast is told by the mean log rate of {others.shape[1]} comparison cities")
    told = mine.assign(**{comparison: mine["month"].map(others.mean(axis=1))})
    return _one_city(study, data, outcome, options, told, controls=(comparison,))


def _one_city(
    study: Study, data: Counts, outcome: str, options: Options, frame: pd.DataFrame, controls: tuple[str, ...] = ()
) -> SeriesDesign:
    return SeriesDesign.from_frame(
        frame,
        outcome=outcome,
        time="month",
        start=study.start,
        start_between=study.start_between,
        exposure=_exposure(data.monthly),
        dose=study.dose,
        full_dose=options.get("full_dose"),
        phase_in=options.get("phase_in", 0),
        phase_in_as=options.get("phase_in_as", "ramp"),
        exclude=options.get("exclude", ()),
        breaks=data.breaks,
        holidays=options.get("holidays", ()),
        covid=options.get("covid", "none"),
        controls=controls,
        city=str(study.city),
    )


def _calls(study: Study, data: Counts, outcome: str | None, options: Options) -> CallDesign:
    """Compare calls of the treated city in hours the team works, adjusted as asked."""
    plain = _plain_calls(study, data, outcome, options)
    adjust = options.get("adjust", default_adjustment)
    if adjust == "none":
        return plain
    function: Callable[..., CallDesign] = getattr(designing, adjust)
    return function(plain, **{key: options[key] for key in _options(function) if key in options})


def _plain_calls(study: Study, data: Counts, outcome: str | None, options: Options) -> CallDesign:
    """Form the calls of the treated city in hours the team works."""
    frame = _own_calls(study, data)
    treatment, covariates = options.get("treatment", "attended"), options.get("covariates", ())
    person = options.get("person", "person" if "person" in frame else None)
    chosen = {key: options[key] for key in choosing_calls if key in options}
    only = options.get("only", "team_on_duty" if "team_on_duty" in frame and not chosen else None)
    if only is not None:
        frame = _only(frame, only)
    if chosen:
        frame = open_calls(
            frame,
            None if data.schedule.empty else data.schedule,
            treatment=treatment,
            covariates=covariates,
            person=person,
            **chosen,
        )
    known = frame if outcome is None else _known(frame, outcome, treatment)
    return CallDesign.from_frame(
        known.reset_index(drop=True),
        outcome=outcome,
        treatment=treatment,
        covariates=covariates,
        exact=options.get("exact", ()),
        person=person,
        stratum=options.get("stratum"),
    )


def _after_calls(study: Study, data: Counts, outcome: str, options: Options) -> HistoryDesign:
    """Compare calls whose person is known, and whose stays are where the study knows stays, by what came after them."""
    own, treatment = _own_calls(study, data), options.get("treatment", "attended")
    if "person" not in own:
        raise DesignError("what came after calls cannot be told without person codes", mend="give the field person")
    compared = own[own["person"].notna()]
    if nameless := len(own) - len(compared):
        note(f"{nameless:,} of {len(own):,} calls have no person and are left out")
    note("moves and deaths have no dates in the tables of a study: they end nobody's follow-up")
    named, stays = [name for name in of_outcomes.values() if name in own], None
    if named:
        with quietly(), collecting():  # what is not known of the calls compared is said below
            stays = stays_of(own.drop(columns=named), own[["call_id", *named]])
    else:
        doubt("stays in custody and hospital are not known: fewer repeats may be more days in custody")
    for name in named:
        compared = _known(compared, name, treatment)
    history = follow_up(own, stays, days=followed_days)
    calls = _calls(study, replace(data, calls=compared), None, options)
    return HistoryDesign.from_history(calls, history, outcome=outcome)


def _own_calls(study: Study, data: Counts) -> pd.DataFrame:
    """Return the calls of the treated city."""
    if "city" not in data.calls:
        return data.calls
    own = data.calls[data.calls["city"] == study.city]
    if own.empty:
        there = ", ".join(map(str, sorted(data.calls["city"].unique())[:8]))
        raise DesignError(f"the table calls has no calls of '{study.city}'", mend=f"choose a city it has: {there}")
    return own


def _instrument(study: Study, data: Counts, outcome: str, options: Options) -> CallInstrumentDesign:
    """Form calls of the treated city with what moved the chance of the team."""
    treatment = options.get("treatment", "attended")
    start = study.start
    if start is None and study.start_between:
        start = study.start_between[0]
        doubt(f"calls by an instrument take the earlier of the two dates of the start, {start}")
    return CallInstrumentDesign.from_tables(
        _known(_own_calls(study, data), outcome, treatment).reset_index(drop=True),
        data.schedule,
        outcome=outcome,
        start=str(start),
        instrument=options.get("instrument", "coverage_post"),
        treatment=treatment,
        covariates=options.get("covariates", ()),
        person=options.get("person", "person" if "person" in data.calls else None),
        city=study.city,
    )


def _switchback(study: Study, data: Counts, outcome: str, options: Options) -> SwitchbackDesign:
    """Count calls in the half-days of the plan that was drawn, as its file holds it."""
    return SwitchbackDesign.from_tables(
        data.calls,
        read_table(options["assignment"]),
        outcome=outcome,
        eligible=options.get("eligible"),
        carryover_minutes=options.get("carryover_minutes", 0.0),
    )


def _only(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Keep the calls that could have been attended; the others are counted."""
    if column not in frame or not pd.api.types.is_bool_dtype(frame[column].dropna()):
        raise DesignError(
            f"only = '{column}' is not a yes-or-no field of the calls", mend="name one, such as team_on_duty"
        )
    kept = frame[column].fillna(False).astype(bool)
    note(f"{int((~kept).sum()):,} of {len(frame):,} calls are left out of the comparison of calls: {column} is not yes")
    return frame[kept]


def _known(frame: pd.DataFrame, outcome: str, treatment: str) -> pd.DataFrame:
    """Leave out calls whose outcome nobody knows, and say how many of each kind they are."""
    if outcome not in frame or treatment not in frame or not frame[outcome].isna().any():
        return frame
    unknown = frame[outcome].isna()
    shares = unknown.groupby(frame[treatment]).mean()
    said = " and ".join(f"{share:.0%} of those with {treatment} = {arm}" for arm, share in shares.items())
    doubt(f"{outcome} is not known of {int(unknown.sum()):,} of {len(frame):,} calls ({said}): they are left out")
    kept = frame[~unknown]
    return kept.assign(**{outcome: kept[outcome].astype(float)})


def _exposure(monthly: pd.DataFrame) -> str | None:
    return "population" if monthly["population"].notna().any() else None
