"""Against what a change is measured, and which calls or persons are compared with which."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from coresponder_causal.core.result import Result
from coresponder_causal.report import words

description = "covered_within_city"
comparisons = (
    "call_aipw",
    "call_bounds",
    "call_difference",
    "call_double_sample",
    "call_linkage",
    "call_narrative",
    "call_observed",
    "call_recurrent",
    "call_repeat",
    "call_strata",
    "dml_forest",
    "dml_linear",
)
by_term = {
    description: "in the hours the team was on duty, against the other hours of the same city",
    "triple_difference": "in the hours the team was on duty, against the other hours and the comparison cities' "
    "experience",
}
cities_that_started = "in the cities that started, against those that had not"
beside_the_team = "on calls without the team, against what those officers would have done had they not worked beside it"
same_course = "against a weighted mean of other cities that took the same course before"
by_method = {
    "did_group_time": cities_that_started,
    "did_interaction": cities_that_started,
    "did_stacked": cities_that_started,
    "did_imputation": "in the cities that started, against what they would have been without it",
    "did_switching": "for each period under the programme, against cities where nothing had changed yet",
    "call_boundary": "on calls received just inside the team's hours, against calls received just outside them",
    "did_two_way": "against the other cities' change in the same time",
    "switchback_randomization": "in half-days that the lot gave to the team, against those that it did not",
    "officer_imputation": beside_the_team,
    "officer_poisson": beside_the_team,
    "did_gap": "against the comparison cities' course",
    "synth_augmented": same_course,
    "synth_control": same_course,
    "synth_did": "against a weighted mean of other cities and of the time before",
    "its_rare": "from the years before to the time after the start",
}


def less_or_more(result: Result) -> tuple[str, str]:
    """Words for less and more: of what happens or not, and of an amount."""
    return ("rarer", "more frequent") if result.extra.get("yes_or_no") else ("lower", "higher")


def direction_said(result: Result) -> str:
    """Say which of less and more was found."""
    return less_or_more(result)[int(result.estimate[0] > 0)]


def than_which(result: Result) -> str:
    """Say which calls, or persons, were compared with which."""
    treatment = str(result.extra.get("treatment"))
    named = treatment.replace("_", " ")
    if result.method == "call_strata":
        those, others = words.treated_persons.get(treatment, (f"with {named}", "without it"))
        return f"among persons {those} than among those of the same strata {others}"
    those, others = words.treatments.get(treatment, (f"calls with {named}", "without it"))
    adjustment = str(result.extra.get("compared_by", result.extra.get("adjustment")))
    kind = words.kinds_of_adjustment.get(adjustment, words.as_they_came)
    like = "matched calls" if kind.startswith("matched") else "like calls"
    like = "other calls, whatever kind they were," if kind == words.as_they_came else like
    where = "after" if "followed_days" in result.extra else "in"
    return f"{where} {those} than {where} {like} {others}"


def against_what(result: Result) -> str:
    """Say what the change is measured against."""
    term, method = result.terms["term"].iloc[0], result.method
    if term in by_term:
        return by_term[term]
    if method in by_facts and (said := by_facts[method](result)) is not None:
        return said
    if method in by_method:
        return by_method[method]
    if result.cities is not None:
        return "against what the comparison cities' experience predicts"
    if result.path is not None:
        return "against what the city's own earlier course predicts"
    return "against what would be expected without the programme"


def _of_a_cohort(result: Result) -> str | None:
    """Name the units of the first term and when they were seen; None where it is not of those of one start."""
    first = result.terms.iloc[0]
    if pd.isna(first.get("cohort")):
        return None
    seen = f" seen in {first['time']}," if "time" in first else ""
    return f"in the units that started in {first['cohort']},{seen} against those that had not"


def _of_calls_attended(result: Result) -> str | None:
    """Name the calls that an effect of attending is about; None of an effect of the offer."""
    if result.terms["term"].iloc[0] == "itt":
        return None
    hung = result.estimand.contrast == "LATE"
    those = "the calls for which the team hung on the instrument" if hung else "the calls the team attended"
    return f"on {those}, against what they would have been without it"


def _of_a_dose(result: Result) -> str:
    per = "per 10 calls" if result.terms["term"].iloc[0] == "per_10" else "per doubling of the calls"
    return f"on calls without the team, {per} that an officer answered beside it"


def _of_periods_before(result: Result) -> str:
    width, periods = result.extra["bin_width"], result.extra["period_name"]
    return f"against the {width} {periods} before the start and the comparison cities' course"


def _of_a_horizon(result: Result) -> str:
    return f"in the {result.estimand.horizon.split(' from ')[0]}, against the comparison cities' course"


by_facts: dict[str, Callable[[Result], str | None]] = {
    "did_group_time": _of_a_cohort,
    "call_iv": _of_calls_attended,
    "call_boundary": _of_calls_attended,
    "did_event_study": _of_periods_before,
    "officer_dose": _of_a_dose,
    "its_conformal": _of_a_horizon,
}
"""Methods of which the words follow from the result, with what gives them."""
