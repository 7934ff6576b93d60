"""What a study can ask for: its designs, how each is formed of the study's counts, and which estimator reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from coresponder_causal import design as designing
from coresponder_causal import estimate
from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.result import Result
from coresponder_causal.design import (
    CallDesign,
    CallInstrumentDesign,
    CoverageDesign,
    HistoryDesign,
    PanelDesign,
    PartlyKnownDesign,
    SeriesDesign,
    StrataDesign,
    SwitchbackDesign,
)
from coresponder_causal.plan.designs_of_calls import (
    Options,
    by_half_days,
    by_instrument,
    calls_by_hours,
    choosing_calls,
    compared_calls,
    default_adjustment,
    files_of,
    histories,
    options_of,
    plain_calls,
)
from coresponder_causal.plan.designs_partly_known import bounded, keys_of, partly_known, returned

if TYPE_CHECKING:
    from coresponder_causal.plan.assemble import Counts
    from coresponder_causal.plan.study import Study
from coresponder_causal.plan.designs_of_counts import (
    adopters_by_month,
    adopters_by_start,
    cities_beside,
    covered_hours,
    few_adopters_by_start,
    series_alone,
    series_with_others,
)

Design = (
    SeriesDesign
    | PanelDesign
    | CoverageDesign
    | CallDesign
    | CallInstrumentDesign
    | PartlyKnownDesign
    | HistoryDesign
    | StrataDesign
    | SwitchbackDesign
)
Form = Callable[["Study", "Counts", str, Options], Design]
enough_events = 60
like_calls = ("calls", "aipw", "dml", "forest")  # designs that compare calls with like ones
after_calls = ("repeat", "recurrent")  # designs of what came after calls
some_known = tuple(keys_of)  # designs of calls whose outcome is known of some
adjusted_calls = ("calls", *after_calls, *some_known)  # designs that make calls comparable as the study says
of_calls = (*like_calls, *after_calls, *some_known, "strata", "instrument", "switchback")  # formed of calls, not counts
by_hours = ("triple", "boundary")  # designs of the calls by the hours of the team
one_by_one = (*of_calls, *by_hours)  # designs whose outcome belongs to a call
# designs of cities that started at different times
of_adopters = (
    "adopters",
    "imputation",
    "interaction",
    "stacked",
    "switching",
    "few_adopters",
    "synthetic_adopters",
)


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
    return {key: own[key] for key in options_of(settings()[name].estimator) if key in own}


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
    city among others, the gap over time, the effect by time since the start, the two-way regression, synthetic
    controls, the single series,
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
    order |= dict.fromkeys(("did_group_time", "did_imputation", "did_switching", "did_poisson"), 2)
    order |= dict.fromkeys(("did_event_study", "did_few_treated", "did_gap", "did_two_way"), 4)
    order |= dict.fromkeys(("did_interaction", "did_stacked"), 4)
    order |= dict.fromkeys(("synth_augmented", "synth_control", "synth_did"), 4)
    order |= dict.fromkeys(("its_segmented", "its_counts", "its_rare", "its_arima", "its_structural"), 5)
    return order.get(result.method, 6)


def known_keys(name: str, adjust: str = default_adjustment) -> tuple[str, ...]:
    """Options that a study may state for one of its designs; of calls, those of the adjustment it states."""
    setting = settings()[name]
    adjusts = name in adjusted_calls and adjust != "none"
    adjusting = options_of(getattr(designing, adjust)) if adjusts else ()
    return tuple(dict.fromkeys(("outcomes", *setting.keys, *adjusting, *options_of(setting.estimator))))


def settings() -> dict[str, Setting]:
    """Give every design a study can ask for, by name."""
    series = ("full_dose", "phase_in", "phase_in_as", "exclude", "holidays", "covid")
    models = ("treatment", "covariates", "exact", "person", "stratum", "only", *choosing_calls)
    calls = (*models, "adjust")
    instrument, switchback = ("instrument", *models[:2], "person"), ("assignment", "eligible", "carryover_minutes")
    hours = ("covariates", "person", "eligible")
    return {
        "hours": Setting(covered_hours, estimate.call_coverage),
        "triple": Setting(calls_by_hours, estimate.did_triple, hours),
        "cities": Setting(cities_beside, estimate.did_prediction_interval),
        "few_treated": Setting(cities_beside, estimate.did_few_treated),
        "gap": Setting(cities_beside, estimate.did_gap),
        "synthetic": Setting(cities_beside, estimate.synth_control, ("covariates",)),
        "synthetic_augmented": Setting(cities_beside, estimate.synth_augmented),
        "synthetic_did": Setting(cities_beside, estimate.synth_did),
        "synthetic_adopters": Setting(few_adopters_by_start, estimate.synth_did),
        "poisson": Setting(cities_beside, estimate.did_poisson, ("covariates",)),
        "event_study": Setting(cities_beside, estimate.did_event_study),
        "first_periods": Setting(cities_beside, estimate.its_conformal),
        "series": Setting(series_alone, estimate.its_segmented, series),
        "counts": Setting(series_alone, estimate.its_counts, series),
        "rare": Setting(series_alone, estimate.its_rare, series),
        "arima": Setting(series_alone, estimate.its_arima, series),
        "structural": Setting(series_with_others, estimate.its_structural, series),
        "two_way": Setting(cities_beside, estimate.did_two_way, ("covariates",)),
        "adopters": Setting(adopters_by_start, estimate.did_group_time, ("covariates",)),
        "imputation": Setting(adopters_by_start, estimate.did_imputation, ("covariates",)),
        "interaction": Setting(adopters_by_start, estimate.did_interaction, ("covariates",)),
        "stacked": Setting(adopters_by_start, estimate.did_stacked),
        "switching": Setting(adopters_by_month, estimate.did_switching),
        "few_adopters": Setting(few_adopters_by_start, estimate.did_few_treated),
        "calls": Setting(compared_calls, estimate.call_difference, calls, {"scale": "ratio"}),
        "aipw": Setting(plain_calls, estimate.call_aipw, models, {"scale": "ratio"}),
        "dml": Setting(plain_calls, estimate.dml_linear, models),
        "forest": Setting(plain_calls, estimate.dml_forest, models),
        "repeat": Setting(histories, estimate.call_repeat, calls),
        "recurrent": Setting(histories, estimate.call_recurrent, calls),
        "bounds": Setting(bounded, estimate.call_bounds, (*calls, *keys_of["bounds"])),
        "observed": Setting(partly_known, estimate.call_observed, (*calls, *keys_of["observed"])),
        "double_sample": Setting(partly_known, estimate.call_double_sample, (*calls, *keys_of["double_sample"])),
        "linkage": Setting(partly_known, estimate.call_linkage, (*calls, *keys_of["linkage"])),
        "narrative": Setting(partly_known, estimate.call_narrative, (*calls, *keys_of["narrative"])),
        "strata": Setting(returned, estimate.call_strata, files_of["strata"]),
        "instrument": Setting(by_instrument, estimate.call_iv, instrument),
        "switchback": Setting(by_half_days, estimate.switchback_randomization, switchback),
        "boundary": Setting(calls_by_hours, estimate.call_boundary, hours),
    }
