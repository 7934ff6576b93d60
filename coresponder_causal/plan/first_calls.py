"""What a study's first calls tell, on its page: agreement with what was found, training, and callers' answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import pandas as pd

from coresponder_causal import decide, report
from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.report.specs import Page

Found = TypeVar("Found")


def with_first_calls(page: Page, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> Page:
    """Put what the first calls tell on a page, where a study asks for it, or why it cannot be told.

    Parameters
    ----------
    page : Page
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables it was run on.
    """
    plan, calls = evaluation.study.first_calls, tables.get("calls")
    if plan is None or calls is None:
        return page
    if evaluation.study.city is not None and "city" in calls:
        calls = calls[calls["city"] == evaluation.study.city].reset_index(drop=True)
    refused: list[str] = []

    def attempt(what: str, make: Callable[[], Found]) -> Found | None:
        try:
            with quietly():
                return make()
        except CausalError as error:
            refused.append(f"{what}: {error.what}; to mend it: {error.mend}.")
            return None

    right, person = plan.right or None, "person" if "person" in calls else None
    told = plan.told or tuple(name for name in decide.told_fields() if name in calls)
    about: dict[str, Any] = {"right": right, "met_by": plan.met_by, "person": person}
    agreement = attempt("agreement", lambda: decide.concordance(calls, by=("month", *plan.by), **about))
    course, start = None, plan.training
    if start is not None:
        course = attempt("training", lambda: decide.agreement_after_training(calls, start=start, **about))
    answers = gain = None
    if told:
        answers = attempt("answers", lambda: decide.told_items(calls, items=told, **about))
        gain = attempt(
            "gain in triage",
            lambda: decide.triage_gain(
                calls, items=told, thresholds=plan.thresholds, seed=evaluation.study.seed, **about
            ),
        )
    section = report.first_call_section(agreement, course, answers, gain, refused=tuple(refused))
    return replace(page, sections=(*page.sections, section))
