"""What separates two variables in a causal graph: d-separation, and the smallest sets that bring it about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from networkx import DiGraph

Names: TypeAlias = Collection[str]
most_sets = 64


def digraph(nodes: Iterable[str], arrows: Iterable[tuple[str, str]]) -> DiGraph:
    """Make a graph of networkx, in which the order of nodes is that given."""
    from networkx import DiGraph

    made = DiGraph()
    made.add_nodes_from(nodes)
    made.add_edges_from(arrows)
    return made


def without_leaving(graph: DiGraph, node: str) -> DiGraph:
    """Take away the arrows that leave a node: what is left between it and others is not its effect."""
    made = graph.copy()
    made.remove_edges_from(list(graph.out_edges(node)))
    return made


def separated(graph: DiGraph, a: str, b: str, given: Names = ()) -> bool:
    """Whether every path between two nodes is blocked, given others.

    Examples
    --------
    >>> chain = digraph("abc", ["ab", "bc"])
    >>> separated(chain, "a", "c"), separated(chain, "a", "c", "b")
    (False, True)
    """
    from networkx.algorithms.d_separation import is_d_separator

    return bool(is_d_separator(graph, {a}, {b}, set(given)))


def a_separator(graph: DiGraph, a: str, b: str, allowed: Names, included: Names = ()) -> frozenset[str] | None:
    """One set that separates two nodes and of which none but those ``included`` can be left out; None without any."""
    from networkx.algorithms.d_separation import find_minimal_d_separator

    if graph.has_edge(a, b) or graph.has_edge(b, a):
        return None
    found = find_minimal_d_separator(graph, {a}, {b}, included=set(included), restricted=set(allowed) - {a, b})
    return None if found is None else frozenset(found)


def minimal_separators(graph: DiGraph, a: str, b: str, allowed: Names) -> list[tuple[str, ...]]:
    """Every set of allowed nodes that separates two nodes and of which none can be left out; at most 64 of them.

    Parameters
    ----------
    graph : DiGraph
    a, b : str
    allowed : collection of str
        Nodes that a set may hold.

    Returns
    -------
    list of tuple of str
        The smallest first, in the order of the alphabet; empty where nothing separates the two.

    References
    ----------
    van der Zander, Liśkiewicz & Textor (2014), Constructing separators and adjustment sets in ancestral graphs.

    Examples
    --------
    >>> graph = digraph("tuvy", ["ut", "uv", "vy", "ty"])
    >>> minimal_separators(without_leaving(graph, "t"), "t", "y", "uv")
    [('u',), ('v',)]
    """
    found: set[frozenset[str]] = set()
    for candidate in _branches(graph, a, b, frozenset(allowed) - {a, b}, frozenset()):
        if all(not separated(graph, a, b, candidate - {one}) for one in candidate):
            found.add(candidate)
        if len(found) == most_sets:
            break
    return sorted((tuple(sorted(one)) for one in found), key=lambda names: (len(names), names))


def _branches(
    graph: DiGraph, a: str, b: str, allowed: frozenset[str], included: frozenset[str]
) -> Iterator[frozenset[str]]:
    """Separators with all of ``included``: with or without each further node in turn."""
    candidate = a_separator(graph, a, b, allowed, included)
    if candidate is None:
        return
    if not (further := sorted(candidate - included)):
        yield candidate
        return
    yield from _branches(graph, a, b, allowed, included | {further[0]})
    yield from _branches(graph, a, b, allowed - {further[0]}, included)
