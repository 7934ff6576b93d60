"""The course of calls: from the call over label, dispatch, scene and disposition to care and to the next call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.metrics_catalogue import Part
from coresponder_causal.data.metrics_needs import lacking
from coresponder_causal.data.metrics_rows import Frame, frame_of

not_known = "not known"
eligible_states = ("eligible as reported", "eligible as found only")


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the course.

    Parameters
    ----------
    stage : str
    needs : str
        Expression of the names it reads.
    goes_on : tuple of str
        States from which calls go on to the next stage; none named: from every state.
    state : callable
        Rows in, the state of each call out; missing where it is not known.
    """

    stage: str
    needs: str
    goes_on: tuple[str, ...]
    state: Callable[[Frame], pd.Series]


def pathway(tables: Mapping[str, object]) -> pd.DataFrame:
    """Count the calls in every state of every stage.

    Parameters
    ----------
    tables : mapping of str to DataFrame or Table
        ``calls`` and, for what followed, ``outcomes``.

    Returns
    -------
    DataFrame
        One row per stage and state, in order: ``stage``, ``state``, ``count``, ``entered`` (calls that reached the
        stage), ``share`` of those of them whose state is known, ``missing`` (calls whose state is not), ``lacks``
        (fields for want of which a stage cannot be shown). Calls that are not crisis-eligible, and calls to which
        nobody was sent, go no further; calls whose state is not known do, except past the label.

    Raises
    ------
    DataError
        If there is no table of calls, or a column breaks the dictionary's rules.

    Examples
    --------
    >>> calls = pd.DataFrame({
    ...     "call_id": ["a", "b"], "initial_type": ["suicide_threat", "medical_aid"], "final_type": "medical_aid",
    ...     "received_at": pd.to_datetime(["2020-01-01", "2020-01-02"]), "crisis_flagged": False, "attended": True,
    ... })
    >>> pathway({"calls": calls}).query("stage == 'label'")[["state", "count", "share"]].values.tolist()
    [['eligible as reported', 1.0, 0.5], ['not eligible', 1.0, 0.5]]
    """
    states, lacks = _states(tables)
    rows: list[dict[str, object]] = [
        {"stage": "call", "state": "received", "count": len(states), "entered": len(states)}
    ]
    for step in _steps:
        if step.stage in lacks:
            rows.append({"stage": step.stage, "lacks": ", ".join(lacks[step.stage])})
            continue
        here = states[step.stage].dropna()
        counts, missing = here.value_counts(), int(here.eq(not_known).sum())
        for state in _ordered(step, counts):
            found = {"stage": step.stage, "state": state, "count": int(counts[state]), "entered": len(here)}
            rows.append(found | {"missing": missing})
    made = pd.DataFrame(rows, columns=["stage", "state", "count", "entered", "share", "missing", "lacks"])
    known = made["entered"] - made["missing"].fillna(0)
    made["share"] = (made["count"] / known.where(known > 0)).mask(made["state"].eq(not_known))
    return made.assign(missing=made["missing"].fillna(0).astype("int64"), lacks=made["lacks"].astype("str").fillna(""))


def pathway_flows(tables: Mapping[str, object]) -> pd.DataFrame:
    """Count the calls that go from each state to each state of the next stage that can be shown.

    Parameters
    ----------
    tables : mapping of str to DataFrame or Table

    Returns
    -------
    DataFrame
        ``from_stage``, ``from_state``, ``stage``, ``state``, ``count``, in the order of the stages.
    """
    states, _ = _states(tables)
    made = []
    for before, after in pairwise(map(str, states)):
        both = states[[before, after]].dropna()
        counts = both.value_counts().rename("count").reset_index()
        named = counts.rename(columns={before: "from_state", after: "state"})
        made.append(named.assign(from_stage=before, stage=after))
    columns = ["from_stage", "from_state", "stage", "state", "count"]
    return pd.concat(made, ignore_index=True)[columns] if made else pd.DataFrame(columns=columns)


def _states(tables: Mapping[str, object]) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """State of every call at every stage it reached, and what the stages that cannot be shown lack."""
    given = {name: to_pandas(table) for name, table in tables.items()}
    if "calls" not in given:
        raise DataError("a pathway starts with calls and there is no table 'calls'", mend="give it")
    there = {name: tuple(map(str, table.columns)) for name, table in given.items()}
    parts = {step.stage: Part(kind="proportion", of="calls", counts=step.needs) for step in _steps}
    lacks = {stage: missing for stage, part in parts.items() if (missing := lacking(part, there))}
    frame = frame_of("calls", given, [part for stage, part in parts.items() if stage not in lacks], ())
    here = pd.Series(True, index=frame.typed.index)
    made = {}
    for step in _steps:
        if step.stage in lacks:
            continue
        state = step.state(frame).fillna(not_known).where(here)
        made[step.stage] = state
        if step.goes_on:
            here &= state.isin(step.goes_on)
    return pd.DataFrame(made, index=frame.typed.index), lacks


def _ordered(step: Step, counts: pd.Series) -> list[str]:
    """Put the states that go on first, then by count, what is not known last."""
    return sorted(
        counts.index, key=lambda state: (state == not_known, state not in step.goes_on, -counts[state], state)
    )


def _chosen(frame: Frame, choices: Mapping[str, str], otherwise: str) -> pd.Series:
    """Name the first expression that is yes; not known where none is and one is not known."""
    answers = {state: frame.number(expression) for state, expression in choices.items()}
    unknown = np.isnan(np.array(list(answers.values()))).any(axis=0)
    named = np.select([answer == 1 for answer in answers.values()], list(answers), otherwise)
    any_yes = np.any([answer == 1 for answer in answers.values()], axis=0)
    return pd.Series(named, index=frame.typed.index, dtype="str").mask(unknown & ~any_yes)


def _label(frame: Frame) -> pd.Series:
    """Say how a call is crisis-eligible."""
    choices = dict(zip(eligible_states, ("eligible_reported", "eligible"), strict=True))
    return _chosen(frame, choices, "not eligible")


def _dispatch(frame: Frame) -> pd.Series:
    """Say whether anybody was sent."""
    return _chosen(frame, {"somebody sent": "sent"}, "nobody sent")


def _scene(frame: Frame) -> pd.Series:
    """Say who was on scene."""
    return _chosen(frame, {"team on scene": "attended"}, "police without the team")


def _disposition(frame: Frame) -> pd.Series:
    """Say how the call ended; a hold goes before an arrest, an arrest before a transport."""
    choices = {"hold": "hold", "arrest": "arrest", "emergency department": "ed_transport"}
    return _chosen(frame, choices, "none of these")


def _link(frame: Frame) -> pd.Series:
    """Say whether the person was linked to care after this call."""
    return _chosen(frame, {"linked within 30 days": "linked_30d"}, "not linked")


def _repeat(frame: Frame) -> pd.Series:
    """Say whether another crisis-eligible call follows; not known where the data end before."""
    found = _chosen(frame, {"another call in 90 days": "again_90d"}, "no other call in 90 days")
    return found.mask(frame.number("followed_90d") != 1)


_steps = (
    Step("label", "eligible & eligible_reported", eligible_states, _label),
    Step("dispatch", "sent", ("somebody sent", not_known), _dispatch),
    Step("scene", "attended", (), _scene),
    Step("disposition", "hold & arrest & ed_transport", (), _disposition),
    Step("link", "linked_30d", (), _link),
    Step("repeat", "again_90d & followed_90d", (), _repeat),
)
