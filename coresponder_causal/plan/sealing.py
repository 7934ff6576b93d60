"""Sealed-offset blinding, for outcomes that are already known: estimates shifted by a number that nobody has seen.

Analysts see that designs run, how precise they are and whether checks contradict them, and not which way results go:
every log ratio is moved by the same secret number, so that differences between designs stay as they are. The number
lies in a file whose hash is frozen with the plan; it is told once the plan is frozen. It keeps honest people honest:
whoever holds the tables can compute what they like.
"""

from __future__ import annotations

import json
import secrets
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.notes import note
from coresponder_causal.core.parsed import read_json
from coresponder_causal.plan.frozen import frozen_state, opened_name, seal_hash, sealed_name
from coresponder_causal.plan.reading import unguarded
from coresponder_causal.plan.run import Evaluation, run
from coresponder_causal.plan.study import Study

spread = 0.3  # standard deviation of the offset, log scale: as large as effects that are hoped for


def seal(study: Study) -> Path:
    """Draw a secret offset and seal it in a file beside a study; `evaluate` then refuses until it is opened.

    Parameters
    ----------
    study : Study
        Read from a file.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If a seal is there: a second draw would be a choice.
    """
    folder = _folder(study)
    if (folder / sealed_name).is_file():
        raise DataError(f"there is a seal {sealed_name}", mend="use it: drawing again would be choosing")
    content = {"offset": secrets.SystemRandom().gauss(0.0, spread), "salt": secrets.token_hex(16)}
    return write_whole(folder / sealed_name, json.dumps(content).encode())


def blinded(study: Study) -> pd.DataFrame:
    """Run a sealed study and show its estimates shifted by the sealed offset.

    Parameters
    ----------
    study : Study

    Returns
    -------
    DataFrame
        ``method, outcome, ratio, low, high`` (shifted), ``contradicted`` (checks that contradict). Results that are no
        ratios are left out, which a note says.

    Raises
    ------
    DataError
        If the study has no seal.
    """
    offset = _offset(study)
    return shifted(run(study, *unguarded(study)), offset)


def shifted(evaluation: Evaluation, offset: float) -> pd.DataFrame:
    """Return the first term of every log ratio of an evaluation, moved by an offset."""
    rows = []
    for result, checks in zip(evaluation.results, evaluation.checks, strict=True):
        if result.scale != "log_ratio":
            note(f"{result.method} of {result.estimand.outcome} is no ratio: it is not shown blinded")
            continue
        first = result.tidy().iloc[0]
        ratio, low, high = np.exp(first[["estimate", "conf_low", "conf_high"]].to_numpy(float) + offset)
        against = ", ".join(check.check for check in checks if check.verdict == "contradicts")
        rows.append((result.method, result.estimand.outcome, ratio, low, high, against or "none"))
    return pd.DataFrame(rows, columns=["method", "outcome", "ratio", "low", "high", "contradicted"])


def unseal(study: Study, *, by: str, on: date | None = None) -> float:
    """Open the seal of a frozen study: from then on it is evaluated as any other.

    Parameters
    ----------
    study : Study
    by : str
        Who opens it.
    on : date, optional
        By default today.

    Returns
    -------
    float
        The offset that was added to every log ratio.

    Raises
    ------
    DataError
        If there is no seal, the plan is not frozen, or the seal is not the one that was frozen with it.
    """
    offset, state = _offset(study), frozen_state(study)
    if state is None:
        raise DataError("the plan is not frozen", mend="coresponder-causal plan freeze STUDY.toml, then unseal")
    if state.get("seal") != seal_hash(study):
        raise DataError(f"{sealed_name} is not the seal that was frozen with the plan", mend="restore it from a copy")
    opened = {"offset": offset, "by": by, "on": (on or date.today()).isoformat(), "seal": state["seal"]}
    write_whole(_folder(study) / opened_name, json.dumps(opened, indent=1).encode())
    return offset


def _offset(study: Study) -> float:
    file = _folder(study) / sealed_name
    if not file.is_file():
        raise DataError("the study has no seal", mend="draw one: coresponder-causal plan seal STUDY.toml")
    return float(read_json(file, {"offset": (int, float)}, mend="restore it from a copy")["offset"])


def _folder(study: Study) -> Path:
    if study.folder is None:
        raise DataError("the study has no file beside which a seal could lie", mend="read one: plan.read_study")
    return study.folder
