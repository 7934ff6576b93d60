"""A causal graph whose nodes are columns, as libraries want it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from coresponder_causal.design.separators import digraph

if TYPE_CHECKING:
    from networkx import DiGraph

    from coresponder_causal.design.graph import CausalGraph


def column_digraph(graph: CausalGraph, columns: Collection[str]) -> DiGraph:
    """Return a graph with columns for nodes; a node that none of them measures keeps its id.

    Parameters
    ----------
    graph : CausalGraph
    columns : collection of str
        Those at hand. Of a node that several measure each stands for it, with all its arrows.

    Examples
    --------
    >>> from coresponder_causal.design.graph import CausalGraph
    >>> made = column_digraph(CausalGraph.named("call"), ["hour", "time_zone", "attended", "arrest"])
    >>> sorted(made.successors("hour")) == sorted(made.successors("time_zone")), "severity" in made
    (True, True)
    """
    named = {node.id: [name for name in node.columns if name in columns] or [node.id] for node in graph.nodes}
    nodes = dict.fromkeys(name for own in named.values() for name in own)
    arrows = [(a, b) for arrow in graph.arrows for a in named[arrow.start] for b in named[arrow.end] if a != b]
    return digraph(nodes, arrows)
