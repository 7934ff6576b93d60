"""Causal graphs: what moves what, in which order of time, which columns measure it, and what follows from that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.data.folder import folder
from coresponder_causal.design.graph_file import contents
from coresponder_causal.design.graph_parts import Arrow, GraphNode, note_broken
from coresponder_causal.design.graph_paths import GraphPath, longest_path, paths_between
from coresponder_causal.design.separators import a_separator, digraph, minimal_separators, separated, without_leaving

if TYPE_CHECKING:
    from networkx import DiGraph

    from coresponder_causal.design.graph_identify import Identification

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalGraph:
    """A causal graph without circles, bound to fields of the data dictionary.

    Parameters
    ----------
    name, title, about, warning : str
        Its one-word name, what it is of, what it says, and what must be said wherever it is used.
    times : tuple of (str, str)
        Names and words of the times from first to last.
    nodes : tuple of GraphNode
    arrows : tuple of Arrow
    left_out : tuple of Arrow
        Arrows that somebody could expect and that are not there.
    effects : tuple of (str, str)
        Pairs of treatment and outcome that are asked for.

    Raises
    ------
    DesignError
        Listing every broken rule: circles, arrows back in time, unknown fields, nodes without an arrow.

    Examples
    --------
    >>> graph = CausalGraph.named("call")
    >>> graph.backdoor_sets("on_duty", "arrest"), graph.backdoor_sets("attended", "arrest")
    ((('clock',),), ())
    >>> graph.instruments("attended", "arrest")[0]
    ('busy', ('clock', 'load'))
    """

    name: str
    title: str
    times: tuple[tuple[str, str], ...]
    nodes: tuple[GraphNode, ...]
    arrows: tuple[Arrow, ...]
    left_out: tuple[Arrow, ...] = ()
    effects: tuple[Pair, ...] = ()
    about: str = ""
    warning: str = ""

    def __post_init__(self) -> None:
        problems = Problems(f"causal graph '{self.name}'")
        note_broken(self.times, self.nodes, self.arrows, self.left_out, self.effects, problems)
        problems.raise_if_any(DesignError)

    def __repr__(self) -> str:
        size = f"{len(self.nodes)} nodes, {len(self.arrows)} arrows"
        return f"CausalGraph: {self.name}, {self.title}: {size}; see .nodes, .arrows, .identify(treatment, outcome)"

    @classmethod
    def from_file(cls, path: str | Path) -> CausalGraph:
        """Read a graph from its YAML file, whose keys data_dictionary/graphs/call.yaml explains.

        Parameters
        ----------
        path : path of a YAML file

        Raises
        ------
        DesignError
            If there is no such file or it is not YAML in UTF-8, or listing every rule that it breaks.
        """
        return cls(**contents(Path(path)))

    @classmethod
    def named(cls, name: str) -> CausalGraph:
        """Return one of the shipped graphs: call, caller, city, officer or sequence."""
        if name not in names():
            raise DesignError(f"there is no causal graph '{name}'", mend=f"choose from {', '.join(names())}")
        return _shipped(name)

    def with_changes(
        self, *, add: Sequence[Arrow] = (), remove: Sequence[Pair] = (), nodes: Sequence[GraphNode] = ()
    ) -> CausalGraph:
        """Return the graph with arrows added and taken out, and further nodes.

        Parameters
        ----------
        add : sequence of Arrow
        remove : sequence of (str, str)
            Ids of the two ends.
        nodes : sequence of GraphNode
            A node whose id is there takes the place of that node.

        Raises
        ------
        DesignError
            Listing every broken rule, also arrows to take out that are not there.
        """
        problems = Problems(f"changes of the causal graph '{self.name}'")
        there = {arrow.pair for arrow in self.arrows}
        for pair in set(remove) - there:
            problems.add(
                f"the arrow {' → '.join(pair)} is not there to be taken out", mend="name an arrow of the graph"
            )
        own = {node.id: node for node in (*self.nodes, *nodes)}
        arrows = (*(arrow for arrow in self.arrows if arrow.pair not in set(remove)), *add)
        left = tuple(arrow for arrow in self.left_out if arrow.pair not in {one.pair for one in add})
        note_broken(self.times, tuple(own.values()), arrows, left, self.effects, problems)
        problems.raise_if_any(DesignError)
        return replace(self, nodes=tuple(own.values()), arrows=arrows, left_out=left)

    def node(self, name: str) -> GraphNode:
        """Return a node by its id or by one of its columns.

        Raises
        ------
        DesignError
            No node has that id or column, or several have the column.
        """
        found = [node for node in self.nodes if node.id == name] or self.nodes_of(name)
        if len(found) != 1:
            ids = ", ".join(node.id for node in found or self.nodes)
            said = f"{len(found)} nodes" if found else "no node"
            raise DesignError(f"{said} of the causal graph '{self.name}' measure '{name}'", mend=f"name one of {ids}")
        return found[0]

    def nodes_of(self, column: str) -> list[GraphNode]:
        """Nodes that a column, or a ``table.field``, measures."""
        return [node for node in self.nodes if column in node.columns or column in node.fields]

    def words(self, name: str) -> str:
        """Return what people call a node."""
        return self.node(name).words

    def measured(self, there: Collection[str] | None = None) -> tuple[str, ...]:
        """Ids of the nodes that some field, or one of the columns ``there``, measures."""
        return tuple(
            node.id for node in self.nodes if node.fields and (there is None or set(there) & set(node.columns))
        )

    def digraph(self) -> DiGraph:
        """Return the graph as one of networkx, with the ids as its nodes."""
        return digraph([node.id for node in self.nodes], [arrow.pair for arrow in self.arrows])

    def ancestors(self, name: str) -> tuple[str, ...]:
        """Ids of all that moves a node, in the order of the nodes."""
        return self._reached(self.node(name).id, 1)

    def descendants(self, name: str) -> tuple[str, ...]:
        """Ids of all that a node moves, in the order of the nodes."""
        return self._reached(self.node(name).id, 0)

    def _reached(self, start: str, end: int) -> tuple[str, ...]:
        found, fresh = set[str](), {start}
        while fresh:
            fresh = {arrow.pair[1 - end] for arrow in self.arrows if arrow.pair[end] in fresh} - found
            found |= fresh
        return tuple(node.id for node in self.nodes if node.id in found)

    def way(self, start: str, end: str) -> str | None:
        """Write the shortest way from a node to one that it moves; None where it moves it not."""
        from networkx import NetworkXNoPath, shortest_path

        try:
            found = shortest_path(self.digraph(), self.node(start).id, self.node(end).id)
        except NetworkXNoPath:
            return None
        return " → ".join(self.words(name) for name in found)

    def paths(self, a: str, b: str, given: Collection[str] = (), *, longest: int = longest_path) -> Iterator[GraphPath]:
        """Give the paths between two nodes, the shortest first, each with whether it is causal and open.

        Parameters
        ----------
        a, b : str
        given : collection of str
            Ids of nodes that are adjusted for.
        longest : int
            Number of arrows beyond which paths are passed over.

        Examples
        --------
        >>> graph = CausalGraph.named("call")
        >>> for path in graph.paths("on_duty", "force", ["clock"], longest=3):
        ...     print(path, "open" if path.open else "blocked")
        team on duty → team attends → how the person is met → force open
        team on duty → team attends → what is written down ← force blocked
        team on duty → team attends ← how bad it is → force blocked
        team on duty ← hour, day, season → how the person is met → force blocked
        team on duty ← hour, day, season → how bad it is → force blocked
        """
        yield from paths_between(self, self.node(a).id, self.node(b).id, given, longest=longest)

    def backdoor_sets(
        self, treatment: str, outcome: str, *, there: Collection[str] | None = None
    ) -> tuple[tuple[str, ...], ...]:
        """Every set of measured nodes that closes all back doors and of which none can be left out; the smallest first.

        Parameters
        ----------
        treatment, outcome : str
            Ids, or columns.
        there : collection of str, optional
            Columns at hand; by default all that the graph names.

        Returns
        -------
        tuple of tuple of str
            Ids; empty where no set closes all back doors.
        """
        start, end = self.node(treatment).id, self.node(outcome).id
        allowed = set(self.measured(there)) - {start, *self.descendants(start)}
        return tuple(minimal_separators(without_leaving(self.digraph(), start), start, end, allowed))

    def instruments(
        self, treatment: str, outcome: str, *, there: Collection[str] | None = None
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Measured causes of the treatment that move the outcome by it alone, given the nodes beside each.

        Parameters
        ----------
        treatment, outcome, there
            As in `backdoor_sets`.

        References
        ----------
        Brito & Pearl (2002), Generalized instrumental variables.
        """
        start, end = self.node(treatment).id, self.node(outcome).id
        whole, there_are = self.digraph(), self.measured(there)
        cut = without_leaving(whole, start)
        allowed = set(there_are) - {start, *self.descendants(start)}
        found = []
        for name in (name for name in self.ancestors(start) if name in there_are):
            given = minimal_separators(cut, name, end, allowed - {name})
            helps = [one for one in given if not separated(cut, name, start, one)]
            if helps:
                found.append((name, helps[0]))
        return tuple(sorted(found))

    def implied_independences(
        self, *, there: Collection[str] | None = None, max_size: int = 4
    ) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """Pairs of columns that the graph says have nothing to do with each other, given others.

        One for each two measured nodes without an arrow between them that some set of measured nodes separates.

        Parameters
        ----------
        there : collection of str, optional
            Columns at hand; by default all that the graph names. Of a node with several the first of them is named.
        max_size : int
            Most columns that may be given.

        Returns
        -------
        tuple of (str, str, tuple of str)
            Two columns, and those given.

        Examples
        --------
        >>> there = ["hour", "team_on_duty", "call_taker"]
        >>> CausalGraph.named("call").implied_independences(there=there)
        (('call_taker', 'team_on_duty', ('hour',)),)
        """
        graph, names = self.digraph(), self.measured(there)
        column = {
            node.id: next(one for one in node.columns if there is None or one in there)
            for node in self.nodes
            if node.id in names
        }
        found = []
        for place, a in enumerate(names):
            for b in names[place + 1 :]:
                given = a_separator(graph, a, b, names)
                if given is not None and len(given) <= max_size:
                    found.append((column[a], column[b], tuple(column[name] for name in names if name in given)))
        return tuple(found)

    def identify(self, treatment: str, outcome: str, *, there: Collection[str] | None = None) -> Identification:
        """Say by which way, if any, an effect follows from the columns at hand; see `graph_identify.identify`."""
        from coresponder_causal.design.graph_identify import identify

        return identify(self, treatment, outcome, there=there)


def names() -> tuple[str, ...]:
    """Names of the shipped graphs.

    Examples
    --------
    >>> names()
    ('call', 'caller', 'city', 'officer', 'sequence')
    """
    return tuple(sorted(path.stem for path in (folder() / "graphs").glob("*.yaml")))


@cache
def _shipped(name: str) -> CausalGraph:
    return CausalGraph.from_file(folder() / "graphs" / f"{name}.yaml")
