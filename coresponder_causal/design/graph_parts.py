"""What a causal graph consists of, and the rules that its parts must keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from coresponder_causal.core.errors import Problems
from coresponder_causal.data import dictionary


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """One variable of a causal graph.

    Parameters
    ----------
    id, words : str
        One word, and what people call it.
    time : str
        When it comes about: one of the graph's times.
    fields : tuple of str
        Fields, as ``table.field`` of the data dictionary, or columns of a study by their names; none where nothing
        measures it.
    """

    id: str
    words: str
    time: str
    fields: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its columns, without their tables."""
        return tuple(dict.fromkeys(name.rpartition(".")[2] for name in self.fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A cause and what it moves.

    Parameters
    ----------
    start, end : str
        Ids of two nodes.
    why : str
        One sentence.
    """

    start: str
    end: str
    why: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """Ids of its two ends."""
        return self.start, self.end

    def __str__(self) -> str:
        return f"{self.start} → {self.end}"


def note_broken(
    times: Sequence[tuple[str, str]],
    nodes: Sequence[GraphNode],
    arrows: Sequence[Arrow],
    left_out: Sequence[Arrow],
    effects: Sequence[tuple[str, str]],
    problems: Problems,
) -> None:
    """Note every rule that the parts of a graph break.

    Ids are borne once; fields are in the dictionary; arrows lead from node to node, once, and not back in time; nothing
    is its own cause; every node has an arrow; what is asked for and what is left out concerns nodes.
    """
    known = {node.id: node for node in nodes}
    order = [time for time, _ in times]
    for name, count in Counter(node.id for node in nodes).items():
        if count > 1:
            problems.add(f"the id '{name}' is borne by {count} nodes", mend="give each its own")
    for node in nodes:
        if node.time not in order:
            problems.add(f"node '{node.id}' has the time '{node.time}'", mend=f"times are {', '.join(order)}")
        for name in (name for name in node.fields if not _there(name)):
            problems.add(f"node '{node.id}' names '{name}', which is not in the dictionary", mend="name a field of it")
        if not any(node.id in arrow.pair for arrow in arrows):
            problems.add(f"node '{node.id}' has no arrow", mend="connect it, or take it out")
    for pair, count in Counter(arrow.pair for arrow in arrows).items():
        if count > 1:
            problems.add(f"the arrow {' → '.join(pair)} is there {count} times", mend="write it once")
    _note_ends([*arrows, *left_out], set(known), effects, problems)
    for arrow in (arrow for arrow in arrows if set(arrow.pair) <= known.keys()):
        from_time, to_time = (known[end].time for end in arrow.pair)
        if {from_time, to_time} <= set(order) and order.index(from_time) > order.index(to_time):
            problems.add(f"the arrow {arrow} leads from '{from_time}' back to '{to_time}'", mend="turn it round")
    for arrow in left_out:
        if arrow.pair in {there.pair for there in arrows}:
            problems.add(f"the arrow {arrow} is there and is left out", mend="delete one of the two")
    _note_circles(arrows, problems)


def _note_ends(
    arrows: Sequence[Arrow], known: set[str], effects: Sequence[tuple[str, str]], problems: Problems
) -> None:
    for arrow in arrows:
        for end in set(arrow.pair) - known:
            problems.add(f"the arrow {arrow} has an end '{end}', which is no node", mend="name a node's id, or add it")
        if arrow.start == arrow.end:
            problems.add(f"the arrow {arrow} leads to itself", mend="delete it")
    for pair in effects:
        for end in set(pair) - known:
            problems.add(f"the effect of {' on '.join(pair)} names '{end}', which is no node", mend="name a node's id")


def _note_circles(arrows: Sequence[Arrow], problems: Problems) -> None:
    """Note what is left when arrows from where none arrives, and to where none leaves, are taken away over and over."""
    left = {arrow.pair for arrow in arrows if arrow.start != arrow.end}
    while True:
        causes, moved = {start for start, _ in left}, {end for _, end in left}
        kept = {pair for pair in left if pair[0] in moved and pair[1] in causes}
        if kept == left:
            break
        left = kept
    if left:
        said = ", ".join(sorted(" → ".join(pair) for pair in left))
        problems.add(f"arrows lead in a circle: {said}", mend="take one of them out, or tell times apart")


def _there(name: str) -> bool:
    """Whether a field is in the dictionary; a column without a table is a study's own."""
    table, dot, field = name.rpartition(".")
    return not dot or (table in dictionary.tables() and field in dictionary.table(table).names)
