"""The causal graph of a study: one of those shipped or a file of its own, with its changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.design import CausalGraph
from coresponder_causal.design.graph_file import arrows_of, nodes_of
from coresponder_causal.design.graph_rules import main_graph

keys_of_graph = ("name", "file", "nodes", "add", "remove")


def study_graph(given: Mapping[str, Any], file: Path | None, problems: Problems) -> CausalGraph | None:
    """Make the graph that a section [graph] states, noting every rule that it breaks.

    Parameters
    ----------
    given : mapping
        ``name`` of a shipped graph (by default that of a call), or ``file``; ``nodes`` and arrows to ``add``, written
        as in a graph's own file; arrows to ``remove``, pairs of ids.
    file : Path or None
        Where its file lies.
    problems : Problems
        Of the study; it grows.

    Returns
    -------
    CausalGraph or None
        None where it could not be made.

    Examples
    --------
    >>> problems = Problems("study")
    >>> arrow = {"from": "weather", "to": "severity", "why": "Heat makes it worse."}
    >>> node = {"id": "weather", "words": "weather", "time": "received", "fields": ["degrees"]}
    >>> study_graph({"nodes": [node], "add": [arrow]}, None, problems).nodes_of("degrees")[0].words
    'weather'
    >>> study_graph({"add": [arrow]}, None, problems), len(problems.found)
    (None, 1)
    """
    if "name" in given and "file" in given:
        problems.add("[graph] names a shipped graph and a file", mend="give one of the two")
    own = Problems("graph")
    nodes, more = nodes_of(given, own), arrows_of(given, "add", own)
    removed = given.get("remove", [])
    if not isinstance(removed, list) or not all(map(_pair, removed)):
        own.add(f"remove is {removed!r}", mend='write a list of pairs of ids: [["place", "attended"]]')
        removed = []
    start = _start(given, file, own)
    if start is not None and not own.found:
        try:
            return start.with_changes(add=more, nodes=nodes, remove=[(a, b) for a, b in removed])
        except DesignError as error:
            own.found += _points(error)
    problems.found += [f"[graph]: {point}" for point in own.found]
    return None


def _start(given: Mapping[str, Any], file: Path | None, problems: Problems) -> CausalGraph | None:
    """Return the graph that changes are made to."""
    try:
        return CausalGraph.named(str(given.get("name", main_graph))) if file is None else CausalGraph.from_file(file)
    except DesignError as error:
        problems.found += _points(error)
    return None


def _points(error: DesignError) -> list[str]:
    """Give the rules that an error lists one by one."""
    first, *points = error.what.splitlines()
    return [point.strip().split(". ", 1)[-1] for point in points] or [f"{first}: {error.mend}"]


def _pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(name, str) for name in value)
