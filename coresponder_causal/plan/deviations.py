"""What was planned and what was run: every difference, found without being asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from coresponder_causal.design import PanelDesign
from coresponder_causal.plan.before import before_start, first_day, months_of
from coresponder_causal.plan.designs import settings
from coresponder_causal.plan.freeze import current_state
from coresponder_causal.plan.frozen import State, differences, frozen_state
from coresponder_causal.plan.plan_file import plan_path, read_plan
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.plan.safety import safety_bounds, safety_section
from coresponder_causal.report import words
from coresponder_causal.report.specs import Column, Page, Section, Sentence, Table, of_nobody

Row = tuple[str, str, str]
elements = {
    "plan": "plan",
    "study": "study",
    "code": "code",
    "eligibility": "codes of eligible calls",
    "before": "data from before the start",
}
who_reads = ("policy", "ledger")  # of a study: decides what is shown to whom, and no result


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
    shown = {name for name in _without_verdict(state) if any(name in table for table in tables.values())}
    rows = [*_of_state(state, now), *_of_months(state, evaluation, tables), *_of_run(state, evaluation, shown)]
    return pd.DataFrame(rows, columns=["element", "planned", "run"])


def _of_state(frozen: State, now: State) -> Iterator[Row]:
    """Give what is no longer what was frozen."""
    if frozen["donors"] != now["donors"]:
        yield "comparison cities in the tables", ", ".join(frozen["donors"]), ", ".join(now["donors"])
    for part, said in elements.items():
        for change in differences({part: frozen[part]}, {part: now[part]}):
            place = change.where.removeprefix(part).removeprefix(".")
            if part == "study" and place.split(".")[0] in who_reads:
                continue
            of_data = part == "before" and place.endswith(".sha256")  # a hash gives the last unknown cell away
            stated = ("as frozen", "other") if of_data else (_said(change.old), _said(change.new))
            yield f"{said}{f': {place}' if place else ''}", *stated


def _of_months(frozen: State, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> Iterator[Row]:
    """Give the number of months that were read, where another was planned."""
    table, start = tables.get("city_panel", tables.get("calls", pd.DataFrame())), first_day(evaluation.study)
    if start is None or table.empty:
        return
    read, wanted = (months_of(table).max() - start.to_period("M")).n + 1, frozen["plan"]["months_after"]
    if read != wanted:
        yield "months from the start on", str(wanted), str(read)


def _without_verdict(frozen: State) -> list[str]:
    return [entry["outcome"] for entry in frozen["plan"]["primary"] if not entry["verdict"]]


def _of_run(frozen: State, evaluation: Evaluation, shown: set[str]) -> Iterator[Row]:
    """Give what was run otherwise than planned: the headline, outcomes, comparison cities, checks."""
    names = [entry["name"] for entry in frozen["plan"]["design"]]
    leading = [name for name in names if name != "hours" or not _describes(evaluation)]
    first = settings()[(leading or names)[0]].estimator.__name__
    if evaluation.results and evaluation.results[0].method != first:
        yield "headline", words.methods[first], words.methods[evaluation.results[0].method]
    planned = [entry["outcome"] for entry in frozen["plan"]["primary"]]
    estimated = [str(result.estimand.outcome) for result in evaluation.results]
    for outcome in sorted(set(planned) - set(estimated) - shown):
        yield "outcome", outcome, "not estimated"
    for outcome in sorted(set(estimated) - set(planned)):
        yield "outcome", "not planned", outcome
    used = {name for design in evaluation.designs for name in _others(design)}
    if used and used != set(frozen["donors"]):
        yield "comparison cities that were used", ", ".join(frozen["donors"]), ", ".join(sorted(used))
    by_result = zip(evaluation.results, evaluation.checks, strict=True)
    made = {(r.method, c.check) for r, checks in by_result for c in checks if c.verdict != "not applicable"}
    made |= {("call_coverage", check.check) for check in evaluation.falsification}
    for entry in frozen["plan"]["design"]:
        if (settings()[entry["name"]].estimator.__name__, entry["falsification"]) not in made:
            yield f"falsification of {entry['name']}", entry["falsification"], "not made"


def _describes(evaluation: Evaluation) -> bool:
    """Whether covered hours were compared within the city alone: they then take no part in a verdict, says the plan."""
    hours = (result for result in evaluation.results if result.method == "call_coverage")
    return any(result.terms["term"].iloc[0] != "triple_difference" for result in hours)


def _others(design: object) -> tuple[str, ...]:
    return tuple(map(str, design.comparison_units)) if isinstance(design, PanelDesign) else ()


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)


def with_deviations(page: Page, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> Page:
    """Say on the page of an evaluation whether it was run as planned, with the planned bounds on rare harm.

    Where no plan was frozen the page stays as it is.

    Parameters
    ----------
    page : Page
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables it was run on.
    """
    found, state = deviations(evaluation, tables), frozen_state(evaluation.study)
    if found is None or state is None:
        return page
    bounds = safety_bounds(state, evaluation.study, tables)
    added = (_section(found, state), *((safety_section(bounds),) if len(bounds) else ()))
    return replace(page, sections=(*added, *page.sections))


def _section(found: pd.DataFrame, state: State) -> Section:
    """Put deviations on a page."""
    number, amended = len(found), len(state["plan"]["amendment"])
    said = (
        f"The plan was frozen on {words.dates(state['on'])} by {state['by']} (sha256 {state['sha256'][:12]}…), with "
        f"{amended or 'no'} amendment{'' if amended == 1 else 's'}. "
        f"{_counted(number)}"
    )
    columns = (Column("element", "What"), Column("planned", "Planned"), Column("run", "Run"))
    table = Table(title="Planned and run", frame=found, columns=columns, support=of_nobody)
    return Section(
        title="Was it run as planned?", blocks=(Sentence(text=said, support=of_nobody), *((table,) if number else ()))
    )


def _counted(number: int) -> str:
    if not number:
        return "Everything was run as planned."
    return "One difference from it:" if number == 1 else f"{number} differences from it:"
