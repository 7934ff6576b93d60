"""What would help a study's programme and its evaluation most, from its own tables and results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from coresponder_causal import decide, report
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.decide import Lever, Precision, Yearly
from coresponder_causal.decide.assumptions import at_receipt
from coresponder_causal.decide.verdict import only_described
from coresponder_causal.design import PartlyKnownDesign, switchback_schedule
from coresponder_causal.plan import detectable
from coresponder_causal.plan.before import first_day
from coresponder_causal.plan.deployment import hours_of_team
from coresponder_causal.plan.detectable import Detectable, Monthly, drift_of, monthly_counts
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.weighed import own_calls
from coresponder_causal.validity import switchback_power

a_quarter, a_year, months_more = 13, 52, 12
redrawn, draws_of_hours = 400, 400
cities_title, course_title, hours_title = (
    "the city against other cities, before and after",
    "the city against its own past",
    "covered against other hours, before and after",
)
"""Titles of `decide.assumptions.families` whose errors shrink with months as `plan.detectable` says."""


def improvements_of(
    evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], together: report.Weighed | None
) -> decide.Improvements:
    """Rank what would raise the effect, and what the strength of the evidence.

    Parameters
    ----------
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables it was run on.
    together : Weighed or None
        All evidence.

    Returns
    -------
    Improvements
        What the tables do not tell stays on the list, with what to collect.
    """
    study = evaluation.study
    calls = own_calls(study, tables)
    with collecting(), quietly():  # what must be read with a lever stands beside it
        levers = [*_of_effect(study, tables, calls, together), decide.lever_follow_up(calls, tables.get("outcomes"))]
        levers += _of_evidence(evaluation, tables, calls, together)
    return decide.improve(levers)


def _of_effect(
    study: Study, tables: Mapping[str, pd.DataFrame], calls: pd.DataFrame, together: report.Weighed | None
) -> list[Lever]:
    each = None if together is None else decide.PerCall.of_evidence(together.evidence, outcome=study.primary)
    if each is None:
        return [
            Lever(
                what="reach more calls, label them better, or come at other hours",
                currency="averted",
                outcome=str(study.primary),
                needs="an effect per attended call: ask for a design of calls, such as [[calls]] or [[instrument]]",
            )
        ]
    labels = decide.lever_labels(each, calls, tables.get("narratives"))
    return [*decide.lever_reach(each, calls), labels, *_hours(study, tables, each)]


def _hours(study: Study, tables: Mapping[str, pd.DataFrame], each: decide.PerCall) -> tuple[Lever, ...]:
    """Levers of the team's hours; of a design that cannot be formed, why not."""
    try:
        design = hours_of_team(study, tables, outcome=each.outcome)
        return decide.lever_hours(decide.deployment(design, draws=draws_of_hours, seed=study.seed))
    except (DesignError, EstimationError) as error:
        needs = f"{error.mend} ({error.what})"
        return (Lever(what="come at other hours", currency="averted", outcome=each.outcome, needs=needs),)


def _of_evidence(
    evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], calls: pd.DataFrame, together: report.Weighed | None
) -> list[Lever]:
    study = evaluation.study
    row = None if together is None else _answer(together.evidence, study.primary)
    if row is None:
        levers = [
            Lever(
                what="go on for longer, compare with more cities, or draw half-days by lot",
                currency="interval",
                outcome=str(study.primary),
                needs=f"an answer on {study.primary} as a ratio, with its interval",
            )
        ]
    else:
        levers = [*_longer_and_wider(study, tables, calls, row), *_by_lot(study, calls, row)]
    return [*levers, *_second_samples(evaluation)]


def _answer(evidence: decide.Evidence, outcome: str | None) -> pd.Series | None:
    """Row of the design believed first of the primary outcome, if it has a ratio with two ends."""
    rows = evidence.frame[evidence.frame["outcome"].eq(str(outcome)) & ~evidence.frame["place"].isin(only_described)]
    ends = np.log(rows[["ratio_low", "ratio_high"]].astype(float))
    told = np.flatnonzero(np.isfinite(ends).all(axis=1))
    return rows.iloc[told[0]] if len(told) else None


def _longer_and_wider(
    study: Study, tables: Mapping[str, pd.DataFrame], calls: pd.DataFrame, row: pd.Series
) -> list[Lever]:
    """Levers of time and of comparison cities, by the variance of the design that answers."""
    title, outcome = str(row["design"]), str(row["outcome"])
    if title not in (cities_title, course_title, hours_title):
        return _more_calls(calls, row)
    counts = monthly_counts(tables, outcome)
    now = Monthly(counts=counts, city=study.city, start=first_day(study))
    later = counts.index.union(pd.period_range(counts.index.max() + 1, periods=months_more, freq="M"))
    then = replace(now, counts=counts.reindex(later))
    support = {"events": float(counts[study.city].sum())}
    if title == cities_title:
        return _against_cities(now, then, row, support)
    found = [_within_city(one, tables, title) for one in (now, then)]
    what = f"go on for {months_more} months more"
    if found[0] is None or found[1] is None:
        needs = "shifts that cover some hours of the week and not others"
        return [Lever(what=what, currency="interval", outcome=outcome, needs=needs)]
    before, after = (Precision(one.error, one.df) for one in found if one is not None)
    formula = "√(1/before + 1/(after + more)) over √(1/before + 1/after), in events"
    assumes = "the course goes on as before the start; if it wanders by itself, more months bring less, down to nothing"
    return [_narrower(row, what, (before, after, after, before), formula, assumes, support)]


def _within_city(data: Monthly, tables: Mapping[str, pd.DataFrame], title: str) -> Detectable | None:
    if title == hours_title:
        return detectable.of_hours(data, tables["calls"], tables["schedule"])
    return detectable.of_series(data)


def _against_cities(now: Monthly, then: Monthly, row: pd.Series, support: Mapping[str, float]) -> list[Lever]:
    """More months, and twice as many cities: what shrinks is the noise of counting, what stays is the drift."""
    seen = now.seen[[now.city, *(name for name in now.counts if name != now.city)]]
    drift, others = drift_of(seen), len(seen.columns) - 1
    middle = drift.used if np.isnan(drift.estimate) else drift.estimate
    drifts = (middle, 0.0, drift.used if np.isnan(drift.high) else drift.high)
    known = "cities drift apart as they did before the start, from not at all to the upper 80 % limit of what was seen"
    known = "cities drift apart as is usual, or not at all" if np.isnan(drift.estimate) else known
    made = []
    for what, data, many, formula in (
        (
            f"go on for {months_more} months more",
            then,
            others,
            "the noise of counts after the start falls with months, drift stays",
        ),
        (
            f"compare with {2 * others} cities, not {others}",
            now,
            2 * others,
            "variance of the other cities' mean, halved",
        ),
    ):
        pairs = [
            (detectable.of_cities(now, drift=one), detectable.of_cities(data, drift=one, others=many)) for one in drifts
        ]
        before = Precision(pairs[0][0].error, pairs[0][0].df)
        after = tuple(Precision(before.error * b.error / a.error, b.df) for a, b in pairs)
        made.append(_narrower(row, what, (before, *after), formula, known, support))
    return made


def _more_calls(calls: pd.DataFrame, row: pd.Series) -> list[Lever]:
    """Add a year of calls that are compared one by one: SE falls with the root of their number."""
    what = "go on for a year more"
    many = None if calls.empty else Yearly.of_weeks(calls["received_at"], np.ones(len(calls)))
    if many is None:
        return [Lever(what=what, currency="interval", outcome=str(row["outcome"]), needs="eight weeks of calls")]
    spread = 2 * many.std_error
    errors = [np.sqrt(len(calls) / (len(calls) + more)) for more in (many.mean, many.mean + spread, many.mean - spread)]
    levels = (Precision(1.0), *(Precision(float(error)) for error in errors))
    assumes = "calls to come are like those seen, and as many"
    return [_narrower(row, what, levels, "√(calls / (calls + a year's))", assumes, {"calls": float(len(calls))})]


def _narrower(
    row: pd.Series,
    what: str,
    levels: tuple[Precision, ...],
    formula: str,
    assumes: str,
    support: Mapping[str, float],
) -> Lever:
    now, then, least, most = levels
    return decide.lever_narrower(
        what=what,
        outcome=str(row["outcome"]),
        now=now,
        then=then,
        least=least,
        most=most,
        formula=f"interval then over interval now: {formula}",
        assumes=assumes,
        fall=float(row["mde"]),
        support=support,
    )


def _by_lot(study: Study, calls: pd.DataFrame, row: pd.Series) -> list[Lever]:
    """Draw half-days of a quarter and of a year by lot, against the interval of today."""
    outcome = str(row["outcome"])
    half = float(np.log(row["ratio_high"] / row["ratio_low"])) / 2
    now = Precision(half / Precision(1.0).half)
    empty = Lever(what="draw half-days by lot", currency="interval", outcome=outcome)
    if outcome != at_receipt and outcome not in calls:
        return [replace(empty, needs=f"calls with the field {outcome}")]
    try:
        lot = switchback_schedule(weeks=a_year, start="2029-01-01", city=str(study.city), seed=study.seed)
        found = switchback_power(
            calls, lot, outcome=outcome, weeks=(a_quarter, a_year), replications=redrawn, seed=study.seed
        )
    except DesignError as error:
        return [replace(empty, needs=error.mend)]
    events = len(calls) if outcome == at_receipt else calls[outcome].sum()
    fall, support = float(row["mde"]), {"events": float(events)}
    return [
        decide.lever_by_lot(now, found, weeks=weeks, outcome=outcome, fall=fall, support=support)
        for weeks in (a_quarter, a_year)
    ]


def _second_samples(evaluation: Evaluation) -> list[Lever]:
    """Second samples of those without an outcome, for the first bounds of each outcome."""
    found: dict[str, Lever] = {}
    for result, design in zip(evaluation.results, evaluation.designs, strict=True):
        if isinstance(design, PartlyKnownDesign) and result.kind == "set" and str(design.outcome) not in found:
            with_set = decide.lever_second_sample(result, design, seed=evaluation.study.seed)
            found[str(design.outcome)] = with_set
    if found:
        return list(found.values())
    needs = "bounds of an outcome that is missing of some calls: [[bounds]] in the study"
    return [
        Lever(what="search for some of those whose outcome is missing", currency="interval", outcome="", needs=needs)
    ]
