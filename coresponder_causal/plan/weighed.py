"""All results of a study weighed together: the evidence, and the verdicts of its plan's rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype

from coresponder_causal import decide, report
from coresponder_causal.decide.verdict import only_described, pooled_places
from coresponder_causal.plan.before import first_day
from coresponder_causal.plan.designs import settings
from coresponder_causal.plan.frozen import frozen_state
from coresponder_causal.plan.funnel import funnel_of
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.plan.study import Study
from coresponder_causal.report.specs import Page

rule_keys = ("smallest_effect", "designs_needed", "level", "equivalence_level")


def weighed(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> report.Weighed | None:
    """Weigh the results of an evaluation; None where none may judge.

    The rule, the outcomes that get a verdict and the check that may contradict each design are those of the frozen
    plan; without one the usual rule is applied to every outcome, and every check may contradict. The block [funnel]
    says where the change of its record lies, and with it what that record may show.

    Parameters
    ----------
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables it was run on.
    """
    if not evaluation.results:
        return None
    study, state = evaluation.study, frozen_state(evaluation.study)
    plan = None if state is None else state["plan"]
    calls = own_calls(study, tables)
    made = decide.evidence(
        evaluation.results,
        designs=evaluation.designs,
        checks=evaluation.checks,
        named=None if plan is None else _named(plan),
        attendance=_attendance(calls),
        shares=_shares(calls),
        bias={settings()[name].estimator.__name__: bias for name, bias in (study.bias or {}).items()},
        rule=None if plan is None else decide.Rule(**{key: plan["decision"][key] for key in rule_keys}),
    )
    outcomes = _outcomes(made, plan)
    if not outcomes:
        return None
    placed = funnel_of(study, tables)
    judged = tuple(
        decide.judge_outcome(made, outcome, primaries=outcomes, funnel=placed.verdict)
        if placed is not None and outcome == placed.record
        else decide.judge_outcome(made, outcome, primaries=outcomes)
        for outcome in outcomes
    )
    pooled = tuple(_pooled(made, outcome) for outcome in outcomes)
    return report.Weighed(evidence=made, judged=judged, pooled=pooled, planned=plan is not None, funnel=placed)


def with_evidence(page: Page, found: report.Weighed | None) -> Page:
    """Put what all designs say together on the page of an evaluation, before what each of them says.

    Parameters
    ----------
    page : Page
    found : Weighed or None
        As `weighed` gives it; without it the page stays as it is.
    """
    if found is None:
        return page
    return replace(
        page,
        finding=(*page.finding, report.short_verdicts(found)),
        sections=(report.evidence_section(found), *page.sections),
    )


def _named(plan: Mapping[str, Any]) -> dict[str, str]:
    """Check that may contradict each design, by its method."""
    return {settings()[entry["name"]].estimator.__name__: entry["falsification"] for entry in plan["design"]}


def _outcomes(made: decide.Evidence, plan: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Outcomes with a verdict: those of the plan, else all, that a design which may judge speaks to."""
    judging = made.frame[~made.frame["place"].isin(only_described)]
    there = list(dict.fromkeys(map(str, judging["outcome"])))
    if plan is None:
        return tuple(there)
    return tuple(entry["outcome"] for entry in plan["primary"] if entry["verdict"] and entry["outcome"] in there)


def _pooled(made: decide.Evidence, outcome: str) -> decide.Pooled | None:
    """Pool the designs; None where nobody said how far each may be wrong, or none may be pooled."""
    ready = made.bias and pooled_places(made, outcome)
    return decide.pool(made, outcome) if ready else None


def own_calls(study: Study, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the calls of the study's city from the start on.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
    """
    calls, start = tables.get("calls", pd.DataFrame()), first_day(study)
    if calls.empty or start is None or "received_at" not in calls:
        return pd.DataFrame()
    own = calls["city"].eq(str(study.city)) if "city" in calls else pd.Series(True, index=calls.index)
    return calls[own & (calls["received_at"] >= start)]


def _attendance(calls: pd.DataFrame) -> decide.Attendance | None:
    """Count the share attended of the calls received while the team was on duty; None where it is not known."""
    if not {"team_on_duty", "attended"} <= set(calls):
        return None
    on = calls[calls["team_on_duty"].fillna(False).astype(bool) & calls["attended"].notna()]
    weeks = on["received_at"].dt.to_period("W").astype(str)
    if weeks.nunique() < 2 or not on["attended"].any():
        return None
    return decide.Attendance.of_calls(on["attended"].astype(bool), weeks)


def _shares(calls: pd.DataFrame) -> dict[str, float]:
    """Share of those calls with each yes-or-no outcome."""
    return {str(name): float(calls[name].mean()) for name in calls if is_bool_dtype(calls[name]) and calls[name].any()}
