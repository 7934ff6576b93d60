"""What stands in the sentences of papers for agencies: a plan's answers and the days and weeks that follow from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

import pandas as pd

from coresponder_causal.data.crosswalks import crosswalk
from coresponder_causal.data.procedure import steps as collected
from coresponder_causal.plan.evaluation_plan import EvaluationPlan, Partner
from coresponder_causal.plan.needed_fields import Needed, needed_fields
from coresponder_causal.plan.paper_tables import tables
from coresponder_causal.plan.readiness_designs import fewest_months
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.timeline import Step, frozen, returned, scheduled, usual, weeks_to_wait
from coresponder_causal.privacy.policy import inside
from coresponder_causal.report import words
from coresponder_causal.report.specs import Block

no_lot = "Nobody is assigned by lot: the evaluation reads records and changes nobody's care."
by_lot = "Half-days with and without the team are drawn by lot; calls without it are answered as before."


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days that a plan is about.

    Parameters
    ----------
    first, last : Timestamp
        First day of the records from before the start, last day of the outcomes.
    on_record : Timestamp
        When the last of them should have been entered.
    deadline_hours : float
        Longest time by which a needed outcome may be entered after its call.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    on_record: pd.Timestamp
    deadline_hours: float


def period_of(plan: EvaluationPlan, study: Study, fields: Sequence[Needed]) -> Period | None:
    """Return the days that a plan is about, by the latest start that is possible; None without a start."""
    start = study.start or (study.start_between or ("",))[-1]
    if not start:
        return None
    begun = pd.Timestamp(start)
    last = begun + pd.DateOffset(months=plan.months_after) - pd.DateOffset(days=1)
    hours = max((one.field.deadline_hours or 0.0 for one in fields), default=0.0)
    first = begun - pd.DateOffset(months=fewest_months)
    return Period(first=first, last=last, on_record=last + pd.Timedelta(hours=math.ceil(hours)), deadline_hours=hours)


def texts(plan: EvaluationPlan, study: Study, period: Period | None) -> dict[str, str]:
    """Return what stands inside the sentences of the papers, by name; empty where the plan does not say it."""
    who: dict[Partner, str] = {one.partner: one.who for one in reversed(plan.role)}
    known = {
        "study": study.title,
        "threshold": str(inside.threshold),
        "assignment": by_lot if "switchback" in study.designs else no_lot,
        "city": study.city or "",
        "start": words.dates(study.start or " to ".join(study.start_between or ())),
        "written_on": words.dates(plan.written_on.isoformat()),
        "months_after": str(plan.months_after),
        "months_before": str(fewest_months),
        "first_day": "" if period is None else _day(period.first),
        "last_day": "" if period is None else _day(period.last),
        "on_record": "" if period is None else _day(period.on_record),
        "officer_data": "uses" if plan.labour.officer_data else "does not use",
        "consulted_on": words.dates(plan.labour.consulted_on),
        "first_call_seconds": f"{next(step.seconds for step in collected() if step.role == 'call-taker'):g}",
        "on_scene_seconds": f"{next(step.seconds for step in collected() if step.name == 'On scene'):g}",
        "codes_version": str(crosswalk("nature_codes").version),
    }
    said = {name: value for name, value in asdict(plan).items() if isinstance(value, str)}
    for part in (plan.agreement, plan.labour, plan.openness):
        said |= {name: value for name, value in asdict(part).items() if isinstance(value, str)}
    return said | {f"the_{name}": who.get(name, "") for name in ("police", "county", "university")} | known


def timed_steps(plan: EvaluationPlan, period: Period | None, meeting: date | None) -> tuple[Step, ...]:
    """Return the usual steps on weeks: from a meeting on a day, or as if the team started at the freeze."""
    hours = 0.0 if period is None else period.deadline_hours
    county = "county" in {flow.giver for flow in plan.flow}
    steps = [step for step in usual if county or step.name != returned]
    wait = weeks_to_wait(plan.months_after, deadline_hours=hours)
    if meeting is not None and period is not None:
        ready = next(step.ends for step in scheduled(steps) if step.name == frozen)
        left = (period.on_record.date() - meeting - timedelta(weeks=ready)).days
        wait = max(0, math.ceil(left / 7))
    return scheduled(steps, wait=wait)


def _day(moment: pd.Timestamp) -> str:
    return words.dates(moment.date().isoformat())


def filled_with(
    plan: EvaluationPlan, study: Study, meeting: date | None = None
) -> tuple[Mapping[str, str], Mapping[str, tuple[Block, ...]]]:
    """Return what papers are filled with: texts for their sentences, and tables and lists.

    Parameters
    ----------
    plan : EvaluationPlan
    study : Study
    meeting : date, optional
        Of the first meeting, by which weeks become days.
    """
    fields = needed_fields(plan, study)
    period = period_of(plan, study, fields)
    return texts(plan, study, period), tables(plan, study, fields, timed_steps(plan, period, meeting), meeting)
