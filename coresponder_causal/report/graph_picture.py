"""The picture of a causal graph: which nodes stand where, which arrows matter, what was adjusted for."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.design.graph import CausalGraph
from coresponder_causal.design.graph_identify import open_back_door
from coresponder_causal.report.specs import Picture, of_nobody

parts = {(False, False): "", (True, False): "effect", (False, True): "open", (True, True): "both"}


def graph_picture(
    graph: CausalGraph, *, treatment: str | None = None, outcome: str | None = None, adjusted: Collection[str] = ()
) -> Picture:
    """Show a causal graph on one landscape page, times from left to right.

    Parameters
    ----------
    graph : CausalGraph
    treatment, outcome : str, optional
        Ids of nodes, or columns; by default those of the first effect that the graph asks for.
    adjusted : collection of str
        Ids of nodes, or columns, that are adjusted for; columns that no node has are passed over.

    Returns
    -------
    Picture
        ``data``: ``nodes`` with ``id, words, time, layer, role, measured, adjusted`` (``role``: "treatment", "outcome"
        or ""); ``arrows`` with ``start, end, part`` ("effect" on the way from treatment to outcome, "open" on the
        shortest back door that stays open, "both", or ""); ``times`` with ``id, words``.

    Raises
    ------
    DesignError
        A treatment or an outcome that is no node.

    Examples
    --------
    >>> from coresponder_causal.design import CausalGraph
    >>> drawn = graph_picture(CausalGraph.named("call"), treatment="on_duty", outcome="arrest", adjusted=["hour"])
    >>> "Nothing stays open" in drawn.caption, int(drawn.data["nodes"]["adjusted"].sum())
    (True, 1)
    """
    first = graph.effects[0] if graph.effects else (graph.nodes[0].id, graph.nodes[-1].id)
    start, end = graph.node(treatment or first[0]).id, graph.node(outcome or first[1]).id
    held = {node.id for node in graph.nodes if node.id in adjusted or set(adjusted) & {*node.columns, *node.fields}}
    held -= {start, end}
    way = open_back_door(graph, start, end, sorted(held))
    column = layers(graph)
    roles = {start: "treatment", end: "outcome"}
    nodes = [
        (one.id, one.words, one.time, column[one.id], roles.get(one.id, ""), bool(one.fields), one.id in held)
        for one in graph.nodes
    ]
    names = ["id", "words", "time", "layer", "role", "measured", "adjusted"]
    effect = {start, *graph.descendants(start)} & {end, *graph.ancestors(end)}
    back = [] if way is None else [{*pair} for pair in pairwise(way.nodes)]
    arrows = [(*arrow.pair, parts[set(arrow.pair) <= effect, set(arrow.pair) in back]) for arrow in graph.arrows]
    said = _said(graph, end, held, None if way is None else way.text, moves=end in graph.descendants(start))
    return Picture(
        title=graph.title,
        caption=said,
        alt=_alt(graph, start, end) + said,
        kind="graph",
        data={
            "nodes": pd.DataFrame(nodes, columns=names),
            "arrows": pd.DataFrame(arrows, columns=["start", "end", "part"]),
            "times": pd.DataFrame(graph.times, columns=["id", "words"]),
        },
        labels=Facts({"about": graph.about, "warning": graph.warning}),
        support=of_nobody,
    )


def _alt(graph: CausalGraph, start: str, end: str) -> str:
    words = (f"{time}: {'; '.join(node.words for node in graph.nodes if node.time == name)}"
             for name, time in graph.times)  # fmt: skip
    return (
        f"Causal graph of {len(graph.nodes)} nodes and {len(graph.arrows)} arrows. {'. '.join(words)}. "
        f"Treatment: {graph.words(start)}. Outcome: {graph.words(end)}. "
    )


def _said(graph: CausalGraph, end: str, held: Collection[str], way: str | None, *, moves: bool) -> str:
    """Say how the picture is read, and what stays open."""
    boxed = [f"“{node.words}”" for node in graph.nodes if node.id in held]
    given = f"given {', '.join(boxed)}" if boxed else "with nothing adjusted for"
    said = [
        "Filled: treatment and outcome." + " Blue arrows: the effect." * moves,
        "Dashed: nothing measures it." if len(graph.measured()) < len(graph.nodes) else "",
        "In a double frame: adjusted for." if boxed else "",
        f"Orange: a back door that stays open {given}: {way}."
        if way
        else f"Nothing stays open behind the treatment {given}.",
    ]
    return " ".join(sentence for sentence in said if sentence)


def layers(graph: CausalGraph) -> dict[str, int]:
    """Columns of the nodes, from the left: those of a time beside each other, and every arrow leads to the right.

    Parameters
    ----------
    graph : CausalGraph

    Returns
    -------
    dict of str to int

    Examples
    --------
    >>> from coresponder_causal.design import CausalGraph
    >>> graph = CausalGraph.named("call")
    >>> at = layers(graph)
    >>> all(at[arrow.start] < at[arrow.end] for arrow in graph.arrows)
    True
    """
    from networkx import topological_sort

    order = list(topological_sort(graph.digraph()))
    before = {name: [arrow.start for arrow in graph.arrows if arrow.end == name] for name in order}
    after = {name: [arrow.end for arrow in graph.arrows if arrow.start == name] for name in order}
    at: dict[str, int] = {}
    next_free = 0
    for time, _ in graph.times:
        own = [name for name in order if graph.node(name).time == time]
        for name in own:
            at[name] = max([next_free, *(at[one] + 1 for one in before[name])])
        last = max((at[name] for name in own), default=next_free - 1)
        for name in reversed(own):  # towards what it moves, where that shortens more arrows than it lengthens
            if len(after[name]) > len(before[name]):
                at[name] = min([last, *(at[one] - 1 for one in after[name] if graph.node(one).time == time)])
        next_free = last + 1
    return at
