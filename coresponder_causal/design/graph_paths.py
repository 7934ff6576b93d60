"""Paths between two nodes of a causal graph: in words, causal or not, open or blocked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coresponder_causal.design.graph import CausalGraph

longest_path = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPath:
    """One path between two nodes.

    Parameters
    ----------
    nodes : tuple of str
    text : str
        The path in words, with its arrows.
    causal : bool
        Whether all arrows point along it.
    open : bool
        Whether nothing blocks it.
    """

    nodes: tuple[str, ...]
    text: str
    causal: bool
    open: bool

    def __str__(self) -> str:
        return self.text


def paths_between(
    graph: CausalGraph, a: str, b: str, given: Collection[str] = (), *, longest: int = longest_path
) -> Iterator[GraphPath]:
    """Give the paths between two nodes by their ids, the shortest first; see `CausalGraph.paths`."""
    from networkx import all_simple_paths

    whole = graph.digraph()
    opened = {name for one in given for name in (one, *graph.ancestors(one))}
    found = all_simple_paths(whole.to_undirected(), a, b, cutoff=longest)
    for nodes in sorted(map(tuple, found), key=lambda nodes: (len(nodes), nodes)):
        forward = [whole.has_edge(*pair) for pair in pairwise(nodes)]
        inner = zip(nodes[1:-1], forward, forward[1:], strict=False)
        passes = [(name in opened) if (into and not on) else (name not in given) for name, into, on in inner]
        signs = [" → " if one else " ← " for one in forward]
        text = "".join(sign + graph.words(name) for sign, name in zip(["", *signs], nodes, strict=True))
        yield GraphPath(nodes=nodes, text=text, causal=all(forward), open=all(passes))
