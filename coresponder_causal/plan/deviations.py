"""What was planned and what was run: every difference, found without being asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from coresponder_causal.design import PanelDesign
from coresponder_causal.plan.before import before_start
from coresponder_causal.plan.freeze import current_state
from coresponder_causal.plan.frozen import State, differences, frozen_state
from coresponder_causal.plan.plan_file import plan_path, read_plan
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.report.specs import Column, Section, Sentence, Table

Row = tuple[str, str, str]
elements = {
    "plan": "plan",
    "study": "study",
    "code": "code",
    "donors": "comparison cities",
    "eligibility": "codes of eligible calls",
    "before": "data from before the start",
}


def deviations(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
    """List where an evaluation departs from the frozen plan of its study.

    Parameters
    ----------
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables it was run on.

    Returns
    -------
    DataFrame or None
        ``element, planned, run``, no row where all was run as planned. None: no plan was frozen.
    """
    study = evaluation.study
    state, path = frozen_state(study), plan_path(study)
    if state is None or path is None:
        return None
    now = current_state(read_plan(path, study), study, before_start(study, tables))
    rows = [*_of_state(state, now), *_of_run(state, evaluation)]
    return pd.DataFrame(rows, columns=["element", "planned", "run"])


def _of_state(frozen: State, now: State) -> Iterator[Row]:
    """What is no longer what was frozen."""
    for part, said in elements.items():
        for change in differences({part: frozen[part]}, {part: now[part]}):
            place = change.where.removeprefix(part).removeprefix(".")
            yield f"{said}{f': {place}' if place else ''}", _said(change.old), _said(change.new)


def _of_run(frozen: State, evaluation: Evaluation) -> Iterator[Row]:
    """What was run otherwise than planned: outcomes, comparison cities, checks."""
    planned = [entry["outcome"] for entry in frozen["plan"]["primary"]]
    estimated = [str(result.estimand.outcome) for result in evaluation.results]
    for outcome in sorted(set(planned) - set(estimated)):
        yield "outcome", outcome, "not estimated"
    for outcome in sorted(set(estimated) - set(planned)):
        yield "outcome", "not planned", outcome
    used = {name for design in evaluation.designs for name in _others(design)}
    if used and used != set(frozen["donors"]):
        yield "comparison cities", ", ".join(frozen["donors"]), ", ".join(sorted(used))
    made = {check.check for checks in evaluation.checks for check in checks if check.verdict != "not applicable"}
    made |= {check.check for check in evaluation.falsification}
    for entry in frozen["plan"]["design"]:
        if entry["falsification"] not in made:
            yield f"falsification of {entry['name']}", entry["falsification"], "not made"


def _others(design: object) -> tuple[str, ...]:
    return tuple(map(str, design.comparison_units)) if isinstance(design, PanelDesign) else ()


def _said(value: Any) -> str:
    return "nothing" if value is None else str(value)


def deviations_section(found: pd.DataFrame, state: State) -> Section:
    """Put deviations on a page.

    Parameters
    ----------
    found : DataFrame
        As `deviations` gives them.
    state : mapping
        The frozen state.
    """
    number, amended = len(found), len(state["plan"]["amendment"])
    said = (
        f"The plan was frozen on {state['on']} by {state['by']} (sha256 {state['sha256'][:12]}…), with "
        f"{amended or 'no'} amendment{'' if amended == 1 else 's'}. "
        f"{'Everything was run as planned.' if not number else f'{number} differences from it:'}"
    )
    columns = (Column("element", "What"), Column("planned", "Planned"), Column("run", "Run"))
    table = Table(title="Planned and run", frame=found, columns=columns)
    return Section(title="Was it run as planned?", blocks=(Sentence(text=said), *((table,) if number else ())))
