"""What a causal graph says of columns that somebody wants to adjust for, or to choose calls by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from coresponder_causal.design.graph import CausalGraph

main_graph = "call"


@lru_cache(maxsize=4096)
def why_late(column: str, treatment: str | None = None, graph: CausalGraph | None = None) -> str | None:
    """Say how a column comes to be an effect of the treatment, or at what time it comes about; None if before.

    Parameters
    ----------
    column : str
    treatment : str, optional
        Column of the treatment; one that the graph does not know counts as that of its first effect.
    graph : CausalGraph, optional
        By default that of a call.

    Examples
    --------
    >>> why_late("booked_365d"), why_late("hour")
    ('team attends → how the person is met → arrest or citation → days in custody', None)
    """
    graph = graph or CausalGraph.named(main_graph)
    start = _treatment(graph, treatment)
    nodes = graph.nodes_of(column)
    if start is None or not nodes or column == treatment:
        return None
    ways = [None if node.id == start else graph.way(start, node.id) for node in nodes]
    if all(way is not None for way in ways):
        return ways[0]
    order = [time for time, _ in graph.times]
    node = min(nodes, key=lambda one: order.index(one.time))
    if order.index(node.time) < max(1, order.index(graph.node(start).time)):
        return None
    return f"time “{dict(graph.times)[node.time]}”"


def _treatment(graph: CausalGraph, treatment: str | None) -> str | None:
    """Id of the treatment's node."""
    found = graph.nodes_of(treatment) if treatment else []
    if found:
        return found[0].id
    return graph.effects[0][0] if graph.effects else None


@lru_cache(maxsize=1024)
def opened(
    columns: tuple[str, ...], treatment: str, outcome: str | None, graph: CausalGraph | None = None
) -> tuple[str, ...]:
    """Say which columns open a path that was closed and close none, as colliders do.

    Parameters
    ----------
    columns : tuple of str
        Columns that are adjusted for.
    treatment : str
    outcome : str or None
        One that the graph does not know counts as that of its first effect.
    graph : CausalGraph, optional
        By default that of a call.

    Returns
    -------
    tuple of str
        A sentence for each such column.

    References
    ----------
    Greenland (2003), doi:10.1097/01.EDE.0000042804.12056.6C (M-bias).
    """
    graph = graph or CausalGraph.named(main_graph)
    nodes = {column: graph.nodes_of(column) for column in columns}
    ids = {column: own[0].id for column, own in nodes.items() if len(own) == 1}
    start = _treatment(graph, treatment)
    ends = graph.nodes_of(outcome) if outcome else []
    end = ends[0].id if ends else next((y for _, y in graph.effects), None)
    if start is None or end is None or start == end or not ids:
        return ()
    said = []
    for column, name in ids.items():
        without = {one for one in ids.values() if one != name}
        before = _back_doors(graph, start, end, without)
        after = _back_doors(graph, start, end, without | {name})
        if not before - after and (new := sorted(after - before, key=lambda path: (len(path), path))):
            said.append(f"adjusting for '{column}' opens a path and closes none: {new[0]}")
    return tuple(said)


def _back_doors(graph: CausalGraph, start: str, end: str, given: set[str]) -> set[str]:
    paths = graph.paths(start, end, sorted(given), longest=4)
    return {path.text for path in paths if path.open and not path.causal}


def unknown(columns: Sequence[str], graph: CausalGraph | None = None) -> list[str]:
    """Columns that no node of the graph measures."""
    graph = graph or CausalGraph.named(main_graph)
    return [name for name in columns if not graph.nodes_of(name)]
