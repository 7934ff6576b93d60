"""Numbers and names in plain words, so that the same figure reads the same in a sentence, a table and a picture."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from coresponder_causal.core.result import Result
from coresponder_causal.report.specs import Form

methods = {
    "its_arima": "Interrupted time series, ARIMA errors",
    "its_segmented": "Interrupted time series",
    "its_counts": "Interrupted time series of counts",
    "its_rare": "Rare events before and after, exact",
    "its_structural": "Forecast from the time before the start",
    "did_prediction_interval": "Comparison cities, prediction interval",
    "call_coverage": "Hours on duty",
    "did_triple": "Calls in hours on duty, across cities",
    "did_two_way": "Two-way regression",
    "did_group_time": "Cities by the time they started",
    "did_imputation": "Cities that started against what they would have had",
    "did_interaction": "Cities that started against those that never did",
    "did_stacked": "One comparison for each start, stacked",
    "did_switching": "Programmes that began, paused or ended",
    "call_difference": "Attended against other calls",
    "call_aipw": "Attended against other calls, by two models",
    "dml_linear": "Attended against other calls, partially linear",
    "dml_forest": "Attended against other calls, causal forest",
    "call_bounds": "Attended against other calls, at the least and at the most",
    "call_observed": "Attended against other calls, for all from those known",
    "call_double_sample": "Attended against other calls, some found again",
    "call_linkage": "Attended against other calls, links corrected",
    "call_narrative": "Attended against other calls, narratives coded",
    "call_recurrent": "All later calls",
    "call_repeat": "Time to the next call",
    "call_strata": "Counts of two agencies by strata",
    "switchback_randomization": "Half-days drawn by lot",
    "call_iv": "Calls by an instrument",
    "call_boundary": "Calls around the team's hours",
    "did_few_treated": "Change among the changes of other cities",
    "did_gap": "Gap to the comparison cities over time",
    "did_poisson": "Counted against expected events",
    "did_event_study": "By time since the start",
    "officer_imputation": "Officers before and after they worked beside the team",
    "officer_poisson": "Officers' events before and after they worked beside the team",
    "officer_dose": "Officers by how often they worked beside the team",
    "its_conformal": "First periods, among all shifts of the gap",
    "vignette_effects": "Features of drawn cases",
    "wave_change": "Change of scores within persons",
    "wave_bounds": "Change of scores, at the least and at the most",
    "officer_ordinal": "Odds of a higher answer within persons",
    "synth_augmented": "Synthetic control, corrected",
    "synth_control": "Synthetic control",
    "synth_did": "Weighted cities and weighted time",
}
as_they_came = "as they came"
kinds_of_adjustment = {
    "match_nearest": "matched",
    "match_optimal": "matched in optimal pairs",
    "match_full": "matched in sets",
    "match_coarsened": "matched in bins",
    "match_cardinality": "matched by means",
    "subclassify": "within subclasses",
    "weight_propensity": "weighted",
    "weight_balance": "weighted to equal means",
    "models": "by models",
    "none": as_they_came,
}
kinds_of_few_treated = {
    "lee-wooldridge": "t test",
    "hc3": "robust t test",
    "lau-li": "t test, unequal noise",
    "conley-taber": "ranks",
    "ferman-pinto": "ranks by size",
    "permutation": "ranks over cities and shifts",
    "sets": "ranks over sets of cities",
    "hagemann": "rearrangement",
}
kinds_of_synthetic = {"ranks": "ranks", "conformal": "shifts", "jackknife": "jackknife", "bootstrap": "bootstrap"}
kinds_of_instrument = {
    "coverage_post": "planned shifts",
    "team_free": "team free or taken",
    "call_taker": "call takers",
}
treated_persons = {"attended": ("the team attended", "it did not attend")}
treatments = {"attended": ("calls the team attended", "it did not attend")}
terms = {
    "mean_post": "mean after the start",
    "level_change": "change of level at the start",
    "slope_change": "change of slope after the start",
    "pulse": "passing change in the first period",
    "averted": "events averted in all",
    "triple_difference": "covered hours, beyond comparison cities",
    "covered_hours": "covered hours, against those of comparison cities",
    "uncovered_hours": "uncovered hours, against those of comparison cities",
    "covered_within_city": "covered hours, within the city (description)",
    "att": "calls that had the team",
    "late": "calls whose treatment hung on the instrument",
    "effect": "calls with against calls without the treatment",
    "itt": "coverage, whether attended or not",
    "per_attended_call": "per attended call",
    "events_post": "all events after the start",
    "overall": "mean over all that started",
    "per_day_at_liberty": "repeats per day at liberty",
    "first_reader": "the same by the first reader alone",
    "second_reader": "the same by the second reader alone",
    "common_change": "change common to all",
    "exposed": "officers who worked beside the team",
    "volunteers": "volunteers",
    "assigned": "assigned officers",
    "not_known": "officers of whom it is not known",
    "volunteers_less_assigned": "volunteers less assigned officers",
    "exposed_peers": "unexposed officers, as all squad mates become exposed",
    "per_10": "per 10 calls beside the team",
    "per_doubling": "per doubling of the calls beside the team",
    "held_out": "before the start, in periods held out",
    "bend": "change of the slope from the median dose on",
}
terms_of = {
    ("wave_change", "change"): "change per unit of exposure",
    ("officer_ordinal", "log_odds"): "odds of a higher answer per unit of exposure",
}
outcomes = {
    "arrest": "arrests",
    "hold": "involuntary holds",
    "ed_transport": "transports to an emergency department",
    "force": "uses of force",
    "report_filed": "reports filed",
    "attended": "calls attended",
    "connected": "connections to care",
    "summary_index": "scores of the summary index",
    "followed_up_72h": "people reached within 72 hours",
    "linked_7d": "people seen by a service within 7 days",
    "linked_30d": "people seen by a service within 30 days",
    "repeat_90d": "repeat calls within 90 days",
    "engaged_90d": "people with three services within 90 days",
    "housed_180d": "people sheltered or housed within 180 days",
    "booked_365d": "people booked into jail within 365 days",
}
after_calls = {
    "cif": "calls followed by a repeat",
    "rmst": "days without a repeat",
    "mean": "repeats of all kinds, first and later",
    "custody": "calls followed by custody first",
    "hospital": "calls followed by hospital first",
    "moved": "calls followed by a move first",
    "died": "calls followed by death first",
    "kaplan_meier": "by Kaplan–Meier, stays taken for missing (a trap)",
}
in_months = {("26", "weeks"): 6, ("52", "weeks"): 12, ("104", "weeks"): 24}
missing = "–"


def number(value: float) -> str:
    """Three significant digits, a true minus sign, whole numbers from 100 on.

    Examples
    --------
    >>> number(-0.01234), number(18.26), number(1234.5), number(float("inf"))
    ('−0.0123', '18.3', '1,234', '∞')
    """
    if pd.isna(value):
        return missing
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{abs(float(value)):,.{decimals(value)}f}"
    return f"−{text}" if value < 0 else text


def decimals(value: float, *, digits: int = 3) -> int:
    """Count the decimals with which a number shows so many significant digits.

    Examples
    --------
    >>> decimals(-0.01234), decimals(18.26), decimals(1234.5), decimals(49.3402, digits=5)
    (4, 1, 0, 3)
    """
    size = abs(float(value))
    return 0 if size >= 10 ** (digits - 1) or size == 0 else int(np.clip(digits - 1 - np.floor(np.log10(size)), 0, 12))


def signed(value: float) -> str:
    """Write as `number` does, with a plus sign before positive values."""
    return f"+{number(value)}" if value > 0 else number(value)


def percent(value: float) -> str:
    """Write a change in percent: whole from 10 on, else one decimal; below 0.1 one digit, so as not to read 0.

    Examples
    --------
    >>> percent(-18.26), percent(3.04), percent(0.042), percent(0.0)
    ('−18 %', '+3.0 %', '+0.04 %', '0 %')
    """
    if value == 0 or not np.isfinite(value):
        return f"{number(value)} %"
    return f"{'−' if value < 0 else '+'}{percent_size(value)}"


def percent_size(value: float) -> str:
    """Write as `percent` does, without the sign."""
    size = abs(float(value))
    if not np.isfinite(size):
        return "∞ %"
    if size >= 9.95:
        return f"{size:,.0f} %"
    if size >= 0.095:
        return f"{size:.1f} %"
    return f"{size:.{int(np.ceil(-np.log10(size)))}f} %" if size > 0 else "0 %"


def of_hundred(value: float) -> str:
    """Write how many of a hundred: whole from 20 on, else one decimal.

    Examples
    --------
    >>> of_hundred(80.2), of_hundred(4.53), of_hundred(-8.68)
    ('80', '4.5', '−8.7')
    """
    text = f"{abs(value):.0f}" if abs(value) >= 20 else f"{abs(value):.1f}"
    return f"−{text}" if value < 0 else text


def p_value(value: float) -> str:
    """Write a p-value to three decimals; smaller ones as a bound."""
    if pd.isna(value):
        return missing
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def chance(share: float) -> str:
    """Write a probability in two decimals, never as none or certain.

    Examples
    --------
    >>> chance(0.42), chance(0.999)
    ('0.42', 'above 0.99')
    """
    return "above 0.99" if share > 0.99 else "below 0.01" if share < 0.01 else f"{share:.2f}"


def cell(value: object, form: Form) -> str:
    """Write a table's cell.

    Parameters
    ----------
    value : object
    form : {"text", "said", "number", "signed", "fine", "whole", "share", "p"}

    Examples
    --------
    >>> cell(-0.5, "signed"), cell(12345, "whole"), cell(None, "text"), cell(-49.3402, "fine")
    ('−0.500', '12,345', '–', '−49.34')
    """
    if value is None or value is pd.NaT or (isinstance(value, (float, np.floating)) and np.isnan(value)):
        return missing
    if isinstance(value, (tuple, list)):
        return ", ".join(str(item) for item in value)
    if form in ("text", "said") or not isinstance(value, (int, float, np.integer, np.floating)):
        return str(value)
    if form == "whole":
        return f"{value:,.0f}".replace("-", "−")
    if form == "share":
        return f"{value:.2f}"
    if form == "fine":
        return f"{value:,.5g}".replace("-", "−")
    return {"number": number, "signed": signed, "p": p_value}[form](float(value))


def method(name: str) -> str:
    """Name the method in plain words; by its own name with spaces where it has none."""
    return methods.get(name, name.replace("_", " "))


def named(result: Result) -> str:
    """Name the method with what sets this result apart from others of the same method."""
    ways = {
        **dict.fromkeys(("call_difference", "call_recurrent", "call_repeat"), _compared(result)),
        "call_iv": kinds_of_instrument.get(str(result.extra.get("adjustment")), ""),
        "did_prediction_interval": "counts" if result.extra.get("likelihood") == "poisson" else "",
        "did_few_treated": kinds_of_few_treated.get(str(result.extra.get("inference")), ""),
        "did_two_way": _errors(result),
        **dict.fromkeys(
            ("synth_augmented", "synth_control", "synth_did"),
            kinds_of_synthetic.get(str(result.extra.get("inference")), ""),
        ),
    }
    way = ways.get(result.method, "")
    return f"{method(result.method)}{f', {way}' if way else ''}"


def _compared(result: Result) -> str:
    """Say how calls were made comparable, and whether by a regression besides."""
    way = kinds_of_adjustment.get(str(result.extra.get("adjustment")), "")
    return way if result.extra.get("regression", "none") == "none" else f"{way}, with a regression"


def _errors(result: Result) -> str:
    """Name what the p-values of a two-way regression rest on."""
    if result.placebo is not None:
        return "ranks"
    return "clustered errors" if result.wild is None else "wild bootstrap"


def term(name: str, method: str = "") -> str:
    """Name the term in plain words, which may be those of its method alone.

    Examples
    --------
    >>> term("custody_90")
    'calls followed by custody first, within 90 days'
    >>> term("effect_at_6_months"), term("effect_at_52_weeks"), term("mean_first_6_months"), term("event_time_3")
    ('after 6 months', 'after 52 weeks (12 months)', 'mean of the first 6 months', 'event time 3')
    >>> term("change"), term("change", "wave_change")
    ('change', 'change per unit of exposure')
    >>> term("event_time=0"), term("volunteers: event_time=-6"), term("dose=1 to 10")
    ('at the start', 'volunteers, 6 periods before the start', 'dose of 1 to 10')
    """
    if (method, name) in terms_of:
        return terms_of[method, name]
    group, colon, span = name.rpartition(": ")
    if (since := re.fullmatch(r"event_time=(-?\d+)", span)) is not None:
        return f"{terms.get(group, group)}, {_since(int(since[1]))}" if colon else _since(int(since[1]))
    if name.startswith("dose="):
        return f"dose of {name.removeprefix('dose=')}"
    followed = re.fullmatch(r"(\w+)_(\d+)", name)
    if followed is not None and followed[1] in after_calls:
        return f"{after_calls[followed[1]]}, within {followed[2]} days"
    timed = re.fullmatch(r"(effect_at|mean_first)_(\d+)_(\w+)", name)
    if timed is None:
        return terms.get(name, name.replace("_", " "))
    months = in_months.get((timed[2], timed[3]))
    when = f"{timed[2]} {timed[3]}" + (f" ({months} months)" if months else "")
    return f"after {when}" if timed[1] == "effect_at" else f"mean of the first {when}"


def _since(periods: int) -> str:
    """Say when a period, or the first of a span of them, is, counted from the start."""
    if not periods:
        return "at the start"
    many = f"{abs(periods)} period{'s' if abs(periods) > 1 else ''}"
    return f"{many} after the start" if periods > 0 else f"{many} before the start"


def outcome(result: Result) -> str:
    """Name what is counted: "calls", "arrests", "the rate of burglary", "the rate"."""
    plain = counted(result)
    if plain.split(" ")[-1] == "rate":
        return f"the {plain}"
    return plain if plain.endswith("s") or result.estimand.outcome in outcomes else f"the rate of {plain}"


def counted(result: Result) -> str:
    """Name the outcome itself: "arrests", "burglary"."""
    name = result.estimand.outcome
    return outcomes.get(name, name.replace("_", " "))


def unit(result: Result) -> str:
    """Name the unit of the outcome per period, e.g. "calls a month"."""
    name = result.estimand.outcome
    said = str(result.extra.get("outcome_unit", name)).replace("_", " ")
    one = name.replace("_", " ")
    return outcomes[name] + said.removeprefix(one) if name in outcomes and said.startswith(one) else said


def city(result: Result) -> str:
    """Name the treated city."""
    return str(result.extra.get("city", result.estimand.population))


def capital(text: str) -> str:
    """Make the first letter large."""
    return text[:1].upper() + text[1:]


def dates(text: str) -> str:
    """Write the ISO dates inside a text in words.

    Examples
    --------
    >>> dates("2020-01 to 2020-07-15"), dates("period 12")
    ('January 2020 to 15 July 2020', 'period 12')
    """

    def spelt(found: re.Match[str]) -> str:
        moment = pd.Timestamp(found[0])
        day = f"{moment.day} " if found[1] else ""
        return f"{day}{moment.month_name()} {moment.year}"

    return re.sub(r"\b\d{4}-\d{2}(-\d{2})?\b", spelt, text)
