"""What must be settled with those who represent officers and staff before their answers are used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from coresponder_causal.plan.evaluation_plan import EvaluationPlan

survey_tables = ("officer_waves", "staff_waves")
settled = {
    "employer_sees": "what of the answers the employer may see",
    "voluntary": "that nobody is ordered to answer, and that answers are used for no discipline",
    "privilege": "what counsel say of subpoenas, public records and privileges",
}


def labour_gaps(plan: EvaluationPlan) -> Iterator[tuple[str, str]]:
    """Give every point that is not settled before officers or staff are asked in waves, with what to do.

    Parameters
    ----------
    plan : EvaluationPlan

    Examples
    --------
    >>> from coresponder_causal.plan.embedded import embedded_study
    >>> from coresponder_causal.plan.plan_file import example_plan, stated_plan
    >>> stated = stated_plan(example_plan(embedded_study()[0]))
    >>> list(labour_gaps(stated))
    []
    """
    for name, what in settled.items():
        if not getattr(plan.labour, name):
            yield f"[labour] does not say {what}", f"fill {name}"
    try:
        heard = date.fromisoformat(plan.labour.consulted_on)
    except ValueError:
        yield f"consulted_on in [labour] is {plan.labour.consulted_on!r}, no day", "write it as 2026-01-31"
        return
    if heard > plan.written_on:
        yield f"those who are asked are heard on {heard}, after the plan of {plan.written_on}", "hear them before"
