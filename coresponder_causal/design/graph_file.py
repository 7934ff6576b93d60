"""A causal graph's YAML file, read key by key with every mistake noted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.data.folder import written
from coresponder_causal.design.graph_parts import Arrow, GraphNode, note_broken

texts = ("name", "title", "about", "warning")
lists: Mapping[str, tuple[str, ...]] = {  # the texts of an entry of each list
    "times": ("id", "words"),
    "effects": ("treatment", "outcome"),
    "nodes": ("id", "words", "time"),
    "arrows": ("from", "to", "why"),
    "left_out": ("from", "to", "why"),
}
Entries = list[dict[str, Any]]


def contents(file: Path) -> dict[str, Any]:
    """Give what a file states, by the names of a `CausalGraph`'s parts.

    Raises
    ------
    DesignError
        If there is no such file or it is not YAML in UTF-8, or listing everything in it that is missing, unknown or
        against a rule.
    """
    if not file.is_file():
        raise DesignError(f"there is no causal graph {file}", mend="give the path of a YAML file")
    try:
        content: object = written(file)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DesignError(f"{file.name} is not a YAML file in UTF-8: {error}", mend="correct that line") from error
    if not isinstance(content, dict):
        raise DesignError(f"{file.name} has no keys", mend=f"write {', '.join((*texts, *lists))}")
    problems = Problems(f"causal graph {file.name}")
    for key in sorted(map(str, content.keys() - {*texts, *lists})):
        problems.add(f"unknown key '{key}'", mend=f"keys are {', '.join((*texts, *lists))}")
    said = {key: " ".join(str(content.get(key, "")).split()) for key in texts}
    for key in ("name", "title"):
        if not said[key]:
            problems.add(f"{key} is missing", mend="write it")
    times = tuple((one["id"], one["words"]) for one in entries(content, "times", problems))
    effects = tuple((one["treatment"], one["outcome"]) for one in entries(content, "effects", problems))
    nodes, drawn = nodes_of(content, problems), arrows_of(content, "arrows", problems)
    left = arrows_of(content, "left_out", problems)
    note_broken(times, nodes, drawn, left, effects, problems)
    problems.raise_if_any(DesignError)
    return said | {"times": times, "nodes": nodes, "arrows": drawn, "left_out": left, "effects": effects}


def nodes_of(content: Mapping[str, Any], problems: Problems) -> tuple[GraphNode, ...]:
    """Nodes of a file or of a section of a study, under ``nodes``."""
    return tuple(GraphNode(**one) for one in entries(content, "nodes", problems))


def arrows_of(content: Mapping[str, Any], key: str, problems: Problems) -> tuple[Arrow, ...]:
    """Arrows of a file or of a section of a study, under ``key``."""
    found = entries(content, key, problems, like="arrows")
    return tuple(Arrow(start=one["from"], end=one["to"], why=one["why"]) for one in found)


def entries(content: Mapping[str, Any], key: str, problems: Problems, *, like: str | None = None) -> Entries:
    """Entries of one list with all their texts, and of nodes their fields; what is wrong with them is noted."""
    given, named = content.get(key, []), lists[like or key]
    listed = key == "nodes"
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        problems.add(
            f"{key} is no list of entries", mend=f"write each as {{{', '.join(f'{one}: …' for one in named)}}}"
        )
        return []
    found: Entries = []
    for place, entry in enumerate(given, 1):
        where, known = f"{key}, entry {place}", (*named, "fields") if listed else named
        for name in sorted(map(str, entry.keys() - set(known))):
            problems.add(f"{where}: unknown key '{name}'", mend=f"keys are {', '.join(known)}")
        wrong = [name for name in named if not isinstance(entry.get(name), str) or not entry[name].strip()]
        for name in wrong:
            problems.add(f"{where}: {name} is {entry.get(name)!r}", mend="write text")
        fields = entry.get("fields", [])
        if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
            problems.add(f"{where}: fields is {fields!r}", mend="write a list of names: [one, two]")
            fields = []
        if not wrong:
            said = {name: " ".join(entry[name].split()) for name in named}
            found.append(said | ({"fields": tuple(fields)} if listed else {}))
    return found
