"""Whether and how an effect follows from the columns at hand, by a causal graph and DoWhy's criteria, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from coresponder_causal.design.separators import separated, without_leaving

if TYPE_CHECKING:
    from networkx import DiGraph

    from coresponder_causal.design.graph import CausalGraph
    from coresponder_causal.design.graph_paths import GraphPath

Sets = tuple[tuple[str, ...], ...]
shown_sets = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """By which ways an effect follows from the columns at hand.

    Parameters
    ----------
    graph : CausalGraph
    treatment, outcome : str
        Ids of nodes.
    moves : bool
        Whether the treatment moves the outcome at all.
    backdoor : tuple of tuple of str
        Smallest sets of measured nodes that close every back door; DoWhy holds each for valid.
    general : tuple of str or None
        A set by the general adjustment criterion, as DoWhy finds it; None where there is none.
    frontdoor : tuple of str
        Nodes that carry the whole effect and are not confounded themselves, as DoWhy finds them.
    instruments : tuple of (str, tuple of str)
        Measured nodes that move the outcome by the treatment alone, each with what must be held fixed.
    hidden : tuple of str
        Where no set exists: unmeasured nodes that would have to be measured.
    open_path : str or None
        Where no set exists: the shortest back door that stays open whatever columns are adjusted for.
    adjusted : tuple of str
        Nodes of the smallest set; where none exists, every measured node before the treatment that moves either.
    """

    graph: CausalGraph
    treatment: str
    outcome: str
    moves: bool
    backdoor: Sets = ()
    general: tuple[str, ...] | None = None
    frontdoor: tuple[str, ...] = ()
    instruments: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hidden: tuple[str, ...] = ()
    open_path: str | None = None
    adjusted: tuple[str, ...] = ()

    @property
    def identified(self) -> bool:
        """Whether adjusting for columns, or the front door, gives the effect without further assumptions."""
        return self.general is not None or bool(self.frontdoor)

    def sentences(self) -> tuple[str, ...]:
        """Say it in words, a sentence each."""
        graph = self.graph
        effect = f"The effect of “{graph.words(self.treatment)}” on “{graph.words(self.outcome)}”"
        if not self.moves:
            return (f"{effect} is none: no arrows lead from the one to the other.",)
        said = [*self._adjusting(effect), *self._helping()]
        if self.frontdoor:
            said.append(f"By the front door: all of it goes through {self._listed(self.frontdoor)}.")
        elif not self.identified:
            said.append("No front door: no measured columns carry the whole effect unconfounded.")
        rests = [one for one in graph.left_out if self._concerned(one.pair)]
        for arrow in rests:
            ends = f"“{graph.words(arrow.start)}” → “{graph.words(arrow.end)}”"
            said.append(f"It rests on there being no arrow {ends}: {arrow.why}")
        return (*said, *([graph.warning] if graph.warning else []))

    def _concerned(self, pair: tuple[str, str]) -> bool:
        """Whether an arrow that is left out would touch an instrument, or lead to the treatment."""
        return pair[1] == self.treatment or bool({name for name, _ in self.instruments} & set(pair))

    def _adjusting(self, effect: str) -> list[str]:
        if self.backdoor:
            first, *others = self.backdoor
            if not first:
                return [f"{effect} follows without adjusting for anything: no back door is open."]
            said = [f"{effect} follows from adjusting for {self._listed(first)}."]
            more = f" (and {len(others) - shown_sets} more)" if len(others) > shown_sets else ""
            if others:
                listed = "; or ".join(self._listed(one) for one in others[:shown_sets])
                said.append(f"As well: {listed}{more}.")
            return said
        if self.general is not None:
            return [f"{effect} follows, by the general criterion, from adjusting for {self._listed(self.general)}."]
        hidden, path = self._listed(self.hidden), f" ({self.open_path})" if self.open_path else ""
        return [
            f"{effect} does not follow from adjusting: no set of columns closes every back door, as {hidden} "
            f"{'is' if len(self.hidden) == 1 else 'are'} not measured{path}."
        ]

    def _helping(self) -> list[str]:
        if not self.instruments:
            return [] if self.identified else ["No measured column is an instrument either."]
        listed = [
            f"{self._listed((name,))}{f' given {self._listed(given)}' if given else ''}"
            for name, given in self.instruments
        ]
        return [f"Instruments, of those whom they move: {'; '.join(listed)}."]

    def _listed(self, ids: Sequence[str]) -> str:
        """Words of nodes with the columns that measure them."""
        said = []
        for node in map(self.graph.node, ids):
            columns = f" ({', '.join(node.columns[:2])}{' …' * (len(node.columns) > 2)})" if node.fields else ""
            said.append(f"“{node.words}”{columns}")
        return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)

    def __str__(self) -> str:
        return " ".join(self.sentences())


def identify(
    graph: CausalGraph, treatment: str, outcome: str, *, there: Collection[str] | None = None
) -> Identification:
    """Say by which ways an effect follows from the columns at hand.

    Parameters
    ----------
    graph : CausalGraph
    treatment, outcome : str
        Ids of nodes, or columns.
    there : collection of str, optional
        Columns at hand; by default all that the graph names.

    Returns
    -------
    Identification

    Notes
    -----
    Back doors, general adjustment and front doors are those of DoWhy. It knows instruments that hold without anything
    held fixed; here they may be conditional (Brito & Pearl 2002).

    References
    ----------
    Sharma & Kiciman (2020), DoWhy; Pearl (2009), Causality; Perković et al. (2018), the general criterion.

    Examples
    --------
    >>> from coresponder_causal.design.graph import CausalGraph
    >>> CausalGraph.named("call").identify("on_duty", "repeat").backdoor == (("clock",),)
    True
    """
    from dowhy.causal_identifier.auto_identifier import identify_frontdoor, identify_generalized_adjustment_set
    from dowhy.graph import check_valid_backdoor_set

    start, end = graph.node(treatment).id, graph.node(outcome).id
    if end not in graph.descendants(start):
        return Identification(graph=graph, treatment=start, outcome=end, moves=False)
    whole, measured = graph.digraph(), list(graph.measured(there))
    general = identify_generalized_adjustment_set(whole, [start], [end], measured)
    sets = tuple(
        one
        for one in graph.backdoor_sets(start, end, there=there)
        if check_valid_backdoor_set(whole, [start], [end], set(one))["is_dseparated"]
    )
    found = None if not general else tuple(sorted(general[0].get_adjustment_variables()))
    hidden = () if found is not None else _hidden(graph, whole, start, end, measured)
    most = tuple(name for name in before_treatment(graph, start, end) if name in measured)
    way = None if found is not None else open_back_door(graph, start, end, most)
    return Identification(
        graph=graph,
        treatment=start,
        outcome=end,
        moves=True,
        backdoor=sets,
        general=found,
        frontdoor=tuple(sorted(identify_frontdoor(whole, [start], [end], _between(graph, start, end, measured)) or ())),
        instruments=graph.instruments(start, end, there=there),
        hidden=hidden,
        open_path=None if way is None else way.text,
        adjusted=next(iter(sets), most if found is None else found),
    )


def _between(graph: CausalGraph, start: str, end: str, measured: Sequence[str]) -> list[str]:
    """Measured nodes on the way from treatment to outcome: a front door can hold no others."""
    on_the_way = set(graph.descendants(start)) & set(graph.ancestors(end))
    return [name for name in measured if name in on_the_way]


def _hidden(graph: CausalGraph, whole: DiGraph, start: str, end: str, measured: Sequence[str]) -> tuple[str, ...]:
    """Unmeasured nodes of which, beside all measured ones, none can be left out of what closes every back door."""
    cut, allowed = without_leaving(whole, start), before_treatment(graph, start, end)
    wanted = [name for name in allowed if name not in measured]
    for name in list(wanted):
        fewer = [one for one in allowed if one != name and (one in measured or one in wanted)]
        if separated(cut, start, end, fewer):
            wanted.remove(name)
    return tuple(wanted)


def before_treatment(graph: CausalGraph, treatment: str, outcome: str) -> tuple[str, ...]:
    """Ids of all nodes that move treatment or outcome and that the treatment does not move."""
    moving = {*graph.ancestors(treatment), *graph.ancestors(outcome)}
    late = {treatment, outcome, *graph.descendants(treatment)}
    return tuple(node.id for node in graph.nodes if node.id in moving - late)


def open_back_door(graph: CausalGraph, treatment: str, outcome: str, given: Collection[str] = ()) -> GraphPath | None:
    """Find the shortest path behind the treatment that stays open given nodes; None where all are closed.

    Parameters
    ----------
    graph : CausalGraph
    treatment, outcome : str
    given : collection of str
        Ids of nodes that are adjusted for.

    Examples
    --------
    >>> from coresponder_causal.design.graph import CausalGraph
    >>> graph = CausalGraph.named("call")
    >>> open_back_door(graph, "on_duty", "arrest", ["clock"]) is None
    True
    >>> open_back_door(graph, "on_duty", "arrest").nodes == ("on_duty", "clock", "approach", "arrest")
    True
    """
    if separated(without_leaving(graph.digraph(), treatment), treatment, outcome, given):
        return None
    moved = graph.descendants(treatment)
    every = (graph.paths(treatment, outcome, given, longest=most) for most in range(2, len(graph.nodes)))
    ways = chain.from_iterable(every)
    return next((path for path in ways if path.open and path.nodes[1] not in moved), None)
