"""How a study's designs of calls one by one are formed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from coresponder_causal import design as designing
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import collecting, doubt, note, quietly
from coresponder_causal.data import follow_up, read_table, stays_of
from coresponder_causal.data.follow_up import of_outcomes
from coresponder_causal.design import CallDesign, CallInstrumentDesign, CoverageDesign, HistoryDesign, SwitchbackDesign
from coresponder_causal.design.call_rules import duty
from coresponder_causal.design.call_sequence import CallSequence
from coresponder_causal.design.call_timing import received
from coresponder_causal.design.open_calls import open_calls

if TYPE_CHECKING:
    from coresponder_causal.plan.assemble import Counts
    from coresponder_causal.plan.study import Study

Options = Mapping[str, Any]
followed_days = 365
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
files_of = {"switchback": ("assignment",), "strata": ("returned", "scores")}
"""Options of designs that name files."""


def options_of(function: Callable[..., object]) -> tuple[str, ...]:
    """Names of the keyword options of an estimator or an adjustment."""
    return tuple(name for name, p in inspect.signature(function).parameters.items() if p.kind is p.KEYWORD_ONLY)


def compared_calls(study: Study, data: Counts, outcome: str | None, options: Options) -> CallDesign:
    """Compare calls of the treated city in hours the team works, adjusted as asked."""
    plain, adjust = plain_calls(study, data, outcome, options), adjustment(options)
    return plain if adjust is None else adjust(plain)


def adjustment(options: Options) -> Callable[[CallDesign], CallDesign] | None:
    """Return what makes calls comparable as a study says; None where it says that nothing does."""
    adjust = options.get("adjust", default_adjustment)
    if adjust == "none":
        return None
    function: Callable[..., CallDesign] = getattr(designing, adjust)
    return partial(function, **{key: options[key] for key in options_of(function) if key in options})


def plain_calls(study: Study, data: Counts, outcome: str | None, options: Options) -> CallDesign:
    """Form the calls of the treated city in hours the team works."""
    frame = _own_calls(study, data)
    treatment, covariates = options.get("treatment", "attended"), options.get("covariates", ())
    person = options.get("person", "person" if "person" in frame else None)
    chosen = {key: options[key] for key in choosing_calls if key in options}
    only = options.get("only", "team_on_duty" if "team_on_duty" in frame and not chosen else None)
    if only is not None:
        frame = _only(frame, only)
    sequence = None
    if chosen:
        sequence = open_calls(
            frame,
            None if data.schedule.empty else data.schedule,
            treatment=treatment,
            covariates=covariates,
            person=person,
            **chosen,
        )
        frame = sequence.calls[sequence.compared(sequence.asked)]
    known = frame if outcome is None else _known(frame, outcome, treatment)
    if not chosen:
        sequence = _sequence_of(known, _own_calls(study, data), data, outcome, options)
    design = CallDesign.from_frame(
        known.reset_index(drop=True),
        outcome=outcome,
        treatment=treatment,
        covariates=covariates,
        exact=options.get("exact", ()),
        person=person,
        stratum=options.get("stratum"),
        graph=study.graph,
    )
    return replace(design, sequence=sequence)


def _sequence_of(
    compared: pd.DataFrame, own: pd.DataFrame, data: Counts, outcome: str | None, options: Options
) -> CallSequence | None:
    """Put calls chosen by a column into the order of all those of the city; None where they have no order."""
    rows = ("call_id", received, duty)
    if not all(name in own for name in rows) or own[received].isna().any():
        return None
    if outcome in own and own[outcome].isna().any():
        own = own.assign(**{str(outcome): own[outcome].astype(float)})
    with quietly(), collecting():  # it chooses no calls: what it would leave out stays
        sequence = open_calls(
            own,
            None if data.schedule.empty else data.schedule,
            treatment=options.get("treatment", "attended"),
            covariates=(),
            person=options.get("person", "person" if "person" in own else None),
            which="all",
        )
    there = sequence.calls["call_id"].isin(compared["call_id"])
    if int(there.sum()) < len(compared):
        return None
    return replace(sequence, timing=sequence.timing.assign(open=there.to_numpy(bool)))


def histories(study: Study, data: Counts, outcome: str, options: Options) -> HistoryDesign:
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
    calls = compared_calls(study, replace(data, calls=compared), None, options)
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


def by_instrument(study: Study, data: Counts, outcome: str, options: Options) -> CallInstrumentDesign:
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
        graph=study.graph,
    )


def by_half_days(study: Study, data: Counts, outcome: str, options: Options) -> SwitchbackDesign:
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
    said = " and ".join(f"{100 * share:.0f} % of those with {treatment} = {arm}" for arm, share in shares.items())
    doubt(f"{outcome} is not known of {int(unknown.sum()):,} of {len(frame):,} calls ({said}): they are left out")
    kept = frame[~unknown]
    return kept.assign(**{outcome: kept[outcome].astype(float)})


def calls_by_hours(study: Study, data: Counts, outcome: str, options: Options) -> CoverageDesign:
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
