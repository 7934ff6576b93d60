"""A study with its plan and what may be read of it before the freeze; its document; two plans held side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.errors import DataError
from coresponder_causal.plan.before import before_start
from coresponder_causal.plan.embedded import embedded_study
from coresponder_causal.plan.evaluation_plan import EvaluationPlan
from coresponder_causal.plan.freeze import frozen_parts
from coresponder_causal.plan.frozen import (
    Change,
    changed_since,
    differences,
    frozen_state,
    plan_content,
    read_record,
    record_name,
)
from coresponder_causal.plan.operating import Operating
from coresponder_causal.plan.plan_document import plan_document
from coresponder_causal.plan.plan_file import example_plan, parse_plan, plan_name, read_plan, stated_plan
from coresponder_causal.plan.reading import read_before
from coresponder_causal.plan.study import Study, read_study
from coresponder_causal.privacy import inside
from coresponder_causal.report.specs import Spec, of_nobody
from coresponder_causal.report.tables import plain


class Planned(NamedTuple):
    """A plan, its study, and the study's tables from before the start."""

    plan: EvaluationPlan
    study: Study
    before: Mapping[str, pd.DataFrame]


def planned(path: Path | None = None) -> Planned:
    """Read a study, the plan beside it and the tables from before its start.

    Parameters
    ----------
    path : Path, optional
        The study's file; without it the embedded simulated study with the example plan.

    Returns
    -------
    Planned

    Raises
    ------
    DataError
        Listing every rule that the study, or the plan, breaks.
    """
    if path is None:
        study, tables, _ = embedded_study()
        study = replace(study, simulated=True)
        return Planned(parse_plan(example_plan(study), study), study, before_start(study, tables))
    study = read_study(path)
    return Planned(read_plan(path.parent / plan_name, study), study, read_before(study))


def unrecorded(stated: Planned) -> list[str]:
    """Say which groups a plan calls recorded that no table of the study holds, as one line where there are any.

    Parameters
    ----------
    stated : Planned
    """
    there = {str(column) for table in stated.before.values() for column in table.columns}
    calls = "calls" in stated.before
    lacking = [one.field for one in stated.plan.subgroup if one.recorded and one.field not in there]
    said = f"The plan shows groups by {', '.join(lacking)}, which no table holds: record them, or say recorded = false."
    return [said] if calls and lacking else []


def write_plan(stated: Planned, operating: Operating, out: Path) -> list[Path]:
    """Write a plan as a document: a page, the same as Markdown, and the chance of each verdict as a table.

    A plan that changed since its freeze is a draft.

    Parameters
    ----------
    stated : Planned
    operating : Operating
    out : Path
        Folder.

    Returns
    -------
    list of Path
    """
    plan, study = stated.plan, stated.study
    state = frozen_state(study)
    as_frozen = None if state is None or changed_since(state, plan, study) else state
    page = plan_document(plan, operating, frozen=as_frozen, simulated=study.simulated)
    chances = plain(operating.table, title="Chance of each verdict", support=of_nobody)
    specs: dict[Path, Spec] = {out / "index.html": page, out / "plan.md": page, out / "verdicts.csv": chances}
    return report.write_all(specs, policy=inside, into=out)


def plan_diff(old: Path, new: Path) -> list[Change]:
    """List every value in which two plans differ.

    Parameters
    ----------
    old, new : Path
        Plans, or frozen records, of which the last state is taken: the plan alone where the other is a plan, the whole
        state where both are records.

    Returns
    -------
    list of Change

    Raises
    ------
    DataError
        If one is neither a plan nor a frozen record.
    """
    one, other = _content(old), _content(new)
    if "code" not in one or "code" not in other:
        one, other = (dict(content["plan"]) for content in (one, other))
    return differences(one, other)


def _content(path: Path) -> dict[str, Any]:
    """Values of a plan, or of the last state of a record without its own hashes."""
    if not path.is_file():
        raise DataError(f"there is no file {path}", mend=f"give a {plan_name} or a {record_name}")
    if path.suffix == ".json":
        return {part: read_record(path)[-1][part] for part in frozen_parts}
    text = path.read_text(encoding="utf-8", errors="replace")
    return {"plan": plan_content(stated_plan(text, name=path.name))}
