"""The frozen record of a plan: a chain of whole states, each sealed by a hash over itself and the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.parsed import json_of
from coresponder_causal.plan.evaluation_plan import EvaluationPlan
from coresponder_causal.plan.plan_file import plan_path, read_plan
from coresponder_causal.plan.study import Study

record_name = "PLAN.frozen.json"
sealed_name, opened_name = "PLAN.sealed.json", "PLAN.opened.json"
State = Mapping[str, Any]
shown_changes = 8


class Change(NamedTuple):
    """A value that two states do not share, by its place; missing on one side where only the other has it."""

    where: str
    old: object
    new: object

    def __str__(self) -> str:
        return f"{self.where}: {_short(self.old)} → {_short(self.new)}"


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return f"{text[:57]}…" if len(text) > 58 else text


def plain(content: object) -> Any:  # noqa: ANN401 (what JSON holds)
    """Return a value as JSON would give it back, dates as text.

    Examples
    --------
    >>> plain({"a": (1, 2.5), "b": Path("c")})
    {'a': [1, 2.5], 'b': 'c'}
    """
    return json.loads(json.dumps(content, default=str))


def plan_content(plan: EvaluationPlan) -> dict[str, Any]:
    """Return a plan as plain values."""
    return dict(plain(asdict(plan)))


def study_content(study: Study) -> dict[str, Any]:
    """Return what of a study decides its results, as plain values: names of files, but not where they lie."""
    kept = asdict(study)
    del kept["folder"], kept["graph_file"]
    for name in ("bias", "funnel", "cost", "graph", "groups", "fairness", "qualitative", "workforce", "first_calls"):
        if kept[name] is None:
            del kept[name]
    kept["tables"] = {name: [source.path.name, dict(source.columns)] for name, source in study.tables.items()}
    kept["ledger"] = None if study.ledger is None else study.ledger.path.name
    return dict(plain(_named(kept)))


def _named(value: object) -> object:
    """Return what holds files with their names in their place."""
    if isinstance(value, Mapping):
        return {key: _named(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_named(part) for part in value]
    return value.name if isinstance(value, Path) else value


def differences(old: State, new: State) -> list[Change]:
    """List every value that differs between two states, by its place.

    Parameters
    ----------
    old, new : mapping
        Plain values.

    Examples
    --------
    >>> [str(change) for change in differences({"a": {"b": 1}, "c": [1]}, {"a": {"b": 2}, "c": [1, 5]})]
    ['a.b: 1 → 2', 'c.2: nothing → 5']
    """
    one, other = dict(_flat("", old)), dict(_flat("", new))
    places = [*one, *(place for place in other if place not in one)]
    return [Change(p, one.get(p), other.get(p)) for p in places if one.get(p) != other.get(p)]


def _flat(where: str, value: object) -> Iterator[tuple[str, object]]:
    """Give every single value with its place; entries of a list are counted from 1."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(f"{where}.{key}" if where else str(key), part)
    elif isinstance(value, list):
        for number, part in enumerate(value, 1):
            yield from _flat(f"{where}.{number}", part)
    else:
        yield where, value


def sealed(state: State, previous: str) -> dict[str, Any]:
    """Return a state with the hash of the one before it and its own over everything else."""
    content = dict(plain(state)) | {"previous": previous}
    return content | {"sha256": _digest(content)}


def _digest(content: State) -> str:
    text = json.dumps({key: value for key, value in content.items() if key != "sha256"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_record(folder: Path, states: Sequence[State]) -> Path:
    """Write all states of a record, whole or not at all."""
    return write_states(folder / record_name, states)


def write_states(file: Path, states: Sequence[State], *, private: bool = False) -> Path:
    """Write a chain of sealed states into a file, whole or not at all."""
    return write_whole(file, json.dumps({"states": list(states)}, indent=1).encode(), private=private)


def read_record(path: Path) -> list[dict[str, Any]]:
    """Read a frozen record and make sure that nobody changed it.

    Parameters
    ----------
    path : Path
        The record, or the folder in which it lies.

    Returns
    -------
    list of dict
        Its states, the oldest first; none where nothing was frozen.

    Raises
    ------
    DataError
        If it is no record, or a state was changed, taken out or put in since it was sealed.
    """
    file = path / record_name if path.is_dir() else path
    if not file.is_file():
        return []
    try:
        states = json_of(file.read_text(encoding="utf-8"))["states"]
        chain = [("", states[0]), *((one["sha256"], after) for one, after in pairwise(states))]
        broken = [i for i, (previous, state) in enumerate(chain, 1) if not _holds(previous, state)]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(f"{file.name} is no frozen record: {error}", mend="restore it from a copy") from error
    if broken:
        raise DataError(
            f"{file.name} was changed after it was frozen: state {broken[0]} of {len(states)} does not match its hash",
            mend="restore it from a copy; changes of a plan are amendments",
        )
    return list(states)


def _holds(previous: str, state: State) -> bool:
    return bool(state["previous"] == previous and state["sha256"] == _digest(state))


def frozen_state(study: Study) -> dict[str, Any] | None:
    """Return the last frozen state of a study's plan; None where there is no plan, or none is frozen."""
    if study.folder is None or plan_path(study) is None:
        return None
    states = read_record(study.folder)
    return states[-1] if states else None


def seal_hash(study: Study) -> str | None:
    """Hash of the seal beside a study; None where there is none."""
    file = None if study.folder is None else study.folder / sealed_name
    return hashlib.sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else None


def changed_since(state: State, plan: EvaluationPlan, study: Study) -> list[Change]:
    """List what changed of a plan and its study since they were frozen."""
    return differences(
        {"plan": state["plan"], "study": state["study"]},
        {"plan": plan_content(plan), "study": study_content(study)},
    )


def require_frozen(study: Study) -> None:
    """Refuse to go on where a study has a plan that is not frozen as it stands.

    Parameters
    ----------
    study : Study
        A study without a plan beside it passes.

    Raises
    ------
    DataError
        If the plan is not frozen, it or the study changed since, or its results are sealed.
    """
    path = plan_path(study)
    if path is None or not study.designs:
        return
    plan, state = read_plan(path, study), frozen_state(study)
    if state is None:
        raise DataError(
            f"the plan {path.name} is not frozen, so that outcomes from the start on cannot be read",
            mend="coresponder-causal plan check STUDY.toml, then plan freeze STUDY.toml",
        )
    if changed := changed_since(state, plan, study):
        raise DataError(
            "\n  ".join(["plan or study changed after the freeze", *listed(changed)]),
            mend="undo it, or say why in an [[amendment]] and freeze again",
        )
    if seal_hash(study) is not None and not path.with_name(opened_name).is_file():
        raise DataError(
            "the study's results are sealed",
            mend="coresponder-causal plan blinded STUDY.toml shows them shifted; plan unseal opens the seal",
        )


def listed(changes: Sequence[Change | str], most: int = shown_changes) -> list[str]:
    """Return changes as lines, and how many more there are."""
    more = [f"and {len(changes) - most} more"] if len(changes) > most else []
    return [*map(str, changes[:most]), *more]
