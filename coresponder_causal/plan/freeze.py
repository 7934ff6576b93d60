"""Freeze a plan: seal what was decided, and what it was decided on, before outcomes after the start can be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.version import VERSION
from coresponder_causal.data.metrics_eligible import eligibility
from coresponder_causal.plan.before import donors
from coresponder_causal.plan.code import code_hash
from coresponder_causal.plan.evaluation_plan import EvaluationPlan
from coresponder_causal.plan.frozen import (
    differences,
    listed,
    plan_content,
    read_record,
    seal_hash,
    sealed,
    study_content,
    write_record,
)
from coresponder_causal.plan.operating import operating_characteristics
from coresponder_causal.plan.study import Study

growing = ("schedule",)  # shifts are added to it as they are worked
frozen_parts = ("plan", "study", "code", "donors", "eligibility", "before")


def freeze(
    plan: EvaluationPlan, study: Study, before: Mapping[str, pd.DataFrame], *, by: str, on: date | None = None
) -> Path:
    """Freeze a plan, or a plan with one more amendment.

    Parameters
    ----------
    plan : EvaluationPlan
    study : Study
        Read from a file: the record is written beside it.
    before : mapping of DataFrame
        Its tables with the rows from before the start alone, as `read_before` gives them.
    by : str
        Who freezes it.
    on : date, optional
        Day of the freeze, by default today.

    Returns
    -------
    Path
        The record. It appears whole or not at all; earlier states stay in it.

    Raises
    ------
    DataError
        If something that is frozen changed and no amendment says why, or an earlier amendment was changed or taken out.
    """
    if study.folder is None:
        raise DataError("the study has no file beside which a record could lie", mend="read one: plan.read_study")
    states = read_record(study.folder)
    state = current_state(plan, study, before)
    if states:
        _require_amendment(states[-1], state)
    found = operating_characteristics(plan, study, before, seed=study.seed)
    state |= {
        "on": (on or date.today()).isoformat(),
        "by": by,
        "seal": seal_hash(study),
        "operating": found.table.to_dict("records"),
        "changes": [str(change) for change in _changes(states[-1], state)] if states else [],
    }
    return write_record(study.folder, [*states, sealed(state, states[-1]["sha256"] if states else "")])


def current_state(plan: EvaluationPlan, study: Study, before: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return everything that a freeze holds on to.

    Parameters
    ----------
    plan : EvaluationPlan
    study : Study
    before : mapping of DataFrame
        Validated tables with the rows from before the start alone.

    Returns
    -------
    dict
        ``plan, study``; ``code``: version and hash of the source; ``donors``: comparison cities; ``eligibility``: hash
        of the codes that make a call eligible; ``before``: rows and hash of every table but those that grow.
    """
    return {
        "plan": plan_content(plan),
        "study": study_content(study),
        "code": {"version": VERSION, "sha256": code_hash()},
        "donors": donors(study, before, plan.months_after),
        "eligibility": fingerprint({stage: dict(eligibility(stage)) for stage in ("reported", "found")}),
        "before": {name: rows_and_hash(table) for name, table in before.items() if name not in growing},
    }


def rows_and_hash(table: pd.DataFrame) -> dict[str, Any]:
    """Count the rows of a table and hash them whatever their order."""
    columns = sorted(map(str, table.columns))
    rows = np.sort(pd.util.hash_pandas_object(table[columns], index=False).to_numpy())
    return {"rows": len(table), "sha256": fingerprint(tuple(columns), rows)}


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Any]:
    return differences({part: old[part] for part in frozen_parts}, {part: new[part] for part in frozen_parts})


def _require_amendment(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Refuse to freeze again without a reason; earlier reasons stay as they are."""
    before, now = old["plan"]["amendment"], new["plan"]["amendment"]
    if now[: len(before)] != before:
        raise DataError(
            f"{len(before)} amendments are frozen, and the plan no longer begins with them",
            mend="restore them; a change of an amendment is another amendment",
        )
    changed = [change for change in _changes(old, new) if not change.where.startswith("plan.amendment")]
    if len(now) == len(before):
        raise DataError(
            "\n  ".join(["no amendment says why the plan is frozen again", *(listed(changed) or ["nothing changed"])]),
            mend="add an [[amendment]] with on, who, what and why",
        )
