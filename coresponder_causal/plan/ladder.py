"""The ladder of outcomes of a study: from the scene to months later, where its calls hold outcomes of several times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.design import CallDesign
from coresponder_causal.plan.designs import adjusted_calls, like_calls
from coresponder_causal.plan.designs_of_calls import Options, adjustment, plain_calls
from coresponder_causal.plan.designs_partly_known import without_method
from coresponder_causal.report.outcome_rungs import fields_of_ladder, horizon
from coresponder_causal.report.specs import Picture, Table

if TYPE_CHECKING:
    from coresponder_causal.plan.assemble import Counts
    from coresponder_causal.plan.study import Study


def compares(study: Study) -> Options | None:
    """Return the options by which a study first compares calls one by one; None where it does not."""
    first = next((name for name in study.designs if name in (*like_calls, *adjusted_calls)), None)
    if first is None:
        return None
    stated = study.options.get(first, ({},))[0]
    return without_method(stated) if first == "bounds" else stated


def ladder(study: Study, data: Counts) -> tuple[Table, Picture] | None:
    """Show what became of the calls a study compares, as it first compares them, in order of time.

    Parameters
    ----------
    study : Study
    data : Counts

    Returns
    -------
    tuple of (Table, Picture) or None
        Outcomes of yes and no: those on scene that the study asks for, and those of the dictionary's table of outcomes.
        None where calls are not compared, or their outcomes are not of two times or more.
    """
    options = compares(study)
    if options is None:
        return None
    with quietly(), collecting():  # said of the designs themselves
        calls = plain_calls(study, data, None, options)
        later = fields_of_ladder(calls)
        outcomes = [*dict.fromkeys(_on_scene(study, calls, later)), *later]
        if len(set(map(horizon, outcomes))) < 2:
            return None
        return report.outcome_ladder(calls, outcomes=outcomes, adjust=adjustment(options))


def _on_scene(study: Study, calls: CallDesign, later: list[str]) -> Iterator[str]:
    """Give the outcomes of calls that the study asks for and that are yes or no when the team leaves."""
    for design in (name for name in study.designs if name in like_calls):
        for outcome, _ in study.asked(design):
            if outcome not in later and outcome in calls.source and pd.api.types.is_bool_dtype(calls.source[outcome]):
                yield outcome
