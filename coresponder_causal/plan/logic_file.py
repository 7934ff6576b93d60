"""A logic model's YAML file: read key by key with every mistake noted, and written again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data.folder import folder, written
from coresponder_causal.plan.logic_parts import Assumption, External, Node, Part

keys = ("title", "purpose", "nodes", "assumptions", "external")
texts = ("id", "stage", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a file states, before its rules are checked."""

    title: str
    purpose: str
    nodes: tuple[Node, ...]
    assumptions: tuple[Assumption, ...]
    external: tuple[External, ...]


def shipped_file() -> Path:
    """Where the co-responder programme's own model lies.

    Examples
    --------
    >>> shipped_file().name
    'logic_model.yaml'
    """
    return folder() / "logic_model.yaml"


def contents(file: Path, problems: Problems) -> Contents:
    """Read a file and note every key that is missing, unknown or of the wrong kind.

    Parameters
    ----------
    file : Path
    problems : Problems
        What is noted is added to it.

    Raises
    ------
    DataError
        If there is no such file, or it is not YAML in UTF-8: the message gives the line.
    """
    if not file.is_file():
        raise DataError(
            f"there is no logic model {file}", mend="give its path, or write one: coresponder-causal logic init FILE"
        )
    try:
        content: object = written(file)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{file.name} is not a YAML file in UTF-8: {error}", mend="correct that line") from error
    if not isinstance(content, dict):
        raise DataError(f"{file.name} has no keys", mend=f"write {', '.join(keys)}")
    for key in content.keys() - set(keys):
        problems.add(f"unknown key '{key}'", mend=f"keys are {', '.join(keys)}")
    return Contents(
        title=_text(content, "title", "the model", problems),
        purpose=_text(content, "purpose", "the model", problems),
        nodes=tuple(Node(**entry) for entry in _entries(content, "nodes", Node, problems)),
        assumptions=tuple(Assumption(**entry) for entry in _entries(content, "assumptions", Assumption, problems)),
        external=tuple(External(**entry) for entry in _entries(content, "external", External, problems)),
    )


def as_yaml(title: str, purpose: str, parts: Mapping[str, Sequence[Part]]) -> str:
    """Write a model as the text of its file, below the lines that explain the keys.

    Parameters
    ----------
    title, purpose : str
    parts : mapping of str to sequence
        ``nodes``, ``assumptions`` and ``external``.

    Returns
    -------
    str
    """
    head = [line for line in shipped_file().read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    entries = {
        key: [{name: _plain(value) for name, value in asdict(part).items() if value} for part in own]
        for key, own in parts.items()
    }
    stated = {"title": title, "purpose": purpose} | entries
    body = yaml.safe_dump(stated, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
    return "\n".join([*head, body])


def _plain(value: str | tuple[str, ...]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)


def _entries(content: Mapping[str, Any], key: str, kind: type[Part], problems: Problems) -> list[dict[str, Any]]:
    """Entries of one list of the file, with every property that their kind has."""
    given = content.get(key, [])
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        problems.add(f"{key} is no list of entries", mend="write each as in logic_model.yaml, with '- id:' before it")
        return []
    names = [field.name for field in fields(kind)]
    found = []
    for place, entry in enumerate(given, 1):
        where = f"{key}, entry {place} ({entry.get('id', 'without id')})"
        for name in entry.keys() - set(names):
            problems.add(f"{where}: unknown key '{name}'", mend=f"keys are {', '.join(names)}")
        read = {name: _text(entry, name, where, problems) for name in names if name in texts}
        found.append(read | {name: _list(entry, name, where, problems) for name in names if name not in texts})
    return found


def _text(entry: Mapping[str, Any], name: str, where: str, problems: Problems) -> str:
    value = entry.get(name)
    if not isinstance(value, str):
        said = "is missing" if value is None else f"is {value!r}"
        problems.add(f"{where}: {name} {said}", mend="write text, in quotes if YAML takes it for another thing")
        return f"without {name}"
    return " ".join(value.split())


def _list(entry: Mapping[str, Any], name: str, where: str, problems: Problems) -> tuple[str, ...]:
    value = entry.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        problems.add(f"{where}: {name} is {value!r}", mend="write a list of names: [one, two]")
        return ()
    return tuple(value)
