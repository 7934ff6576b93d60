"""What a logic model consists of, and the rules that its parts must keep."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from coresponder_causal.core.errors import Problems
from coresponder_causal.data import dictionary, metric_catalogue

headings: Mapping[str, str] = MappingProxyType(
    {
        "inputs": "Inputs",
        "activities": "Activities",
        "outputs": "Outputs",
        "short": "Short-term outcomes",
        "medium": "Medium-term outcomes",
        "long": "Long-term outcomes",
        "impact": "Impact",
    }
)
stages = tuple(headings)
outcome_stages = ("short", "medium", "long")
Link: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One box of a logic model.

    Parameters
    ----------
    id : str
        One word.
    stage : {"inputs", "activities", "outputs", "short", "medium", "long", "impact"}
    text : str
        What stands in the box.
    leads_to : tuple of str
        Nodes of later stages that follow from it.
    metrics : tuple of str
        Metrics of the catalogue that measure it.
    fields : tuple of str
        Tables, or ``table.field``, of the dictionary in which it is written down.
    """

    id: str
    stage: str
    text: str
    leads_to: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    @property
    def wants_metric(self) -> bool:
        """Whether it is an output or outcome that no metric measures."""
        return self.stage in ("outputs", *outcome_stages) and not self.metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """What must hold for links to work.

    Parameters
    ----------
    id, text : str
    links : tuple of str
        The links it carries, each as ``"from -> to"``.
    """

    id: str
    text: str
    links: tuple[str, ...] = ()

    @property
    def pairs(self) -> tuple[Link, ...]:
        """The two ends of every link."""
        return tuple((start.strip(), end.strip()) for start, _, end in (link.partition("->") for link in self.links))


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """What moves nodes and is not steered by the programme.

    Parameters
    ----------
    id, text : str
    touches : tuple of str
        Nodes it can move.
    """

    id: str
    text: str
    touches: tuple[str, ...] = ()


Part: TypeAlias = Node | Assumption | External


def links_of(nodes: Iterable[Node]) -> tuple[Link, ...]:
    """Every link, by its two ends, in the order of the nodes."""
    return tuple((node.id, end) for node in nodes for end in node.leads_to)


def note_broken(
    nodes: Sequence[Node], assumptions: Sequence[Assumption], external: Sequence[External], problems: Problems
) -> None:
    """Note every rule that the parts break.

    Parameters
    ----------
    nodes, assumptions, external : sequence
    problems : Problems
        What the rules broken are added to.
    """
    if not nodes:
        problems.add("there is no node", mend="write one for each input, activity, output and outcome")
    _note_names([*nodes, *assumptions, *external], problems)
    known = {node.id: node for node in nodes}
    for node in nodes:
        if node.stage not in stages:
            problems.add(f"node '{node.id}' has the stage '{node.stage}'", mend=f"stages are {', '.join(stages)}")
        for what, mend in _unknown(node):
            problems.add(f"node '{node.id}' names {what}", mend=mend)
        _note_links(node, known, problems)
    links = set(links_of(nodes))
    for assumption in assumptions:
        for text, pair in zip(assumption.links, assumption.pairs, strict=True):
            if pair not in links:
                problems.add(
                    f"assumption '{assumption.id}' carries '{text}', which is no link",
                    mend='write "from -> to" with a node and one that it leads to',
                )
    for factor in external:
        for name in (name for name in factor.touches if name not in known):
            problems.add(f"external factor '{factor.id}' touches '{name}', which is no node", mend="name a node's id")


def _note_names(parts: Sequence[Part], problems: Problems) -> None:
    """Note ids that are not one word or that several parts bear, and parts without text."""
    for name, count in Counter(part.id for part in parts).items():
        if count > 1:
            problems.add(f"the id '{name}' is borne by {count} parts", mend="give each its own")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            problems.add(f"the id '{name}' is not one word", mend="write small letters, digits and _")
    for part in (part for part in parts if not part.text.strip()):
        problems.add(f"'{part.id}' has no text", mend="say in a few words what it is")


def _unknown(node: Node) -> Iterator[tuple[str, str]]:
    """Metrics and fields that the catalogue and the dictionary do not know, each with its mend."""
    catalogue, tables = metric_catalogue(), dictionary.tables()
    ends = f"{next(iter(catalogue))} to {list(catalogue)[-1]}"
    for name in (name for name in node.metrics if name not in catalogue):
        yield f"the metric '{name}', which is not in the catalogue", f"take an id of metrics.yaml, {ends}"
    for name in node.fields:
        table, dot, field = name.partition(".")
        if table not in tables:
            yield f"the table '{table}', which the dictionary does not have", f"take of {', '.join(tables)}"
        elif dot and field not in tables[table].names:
            yield f"the field '{name}', which is not there", f"take a field of {table}.yaml"


def _note_links(node: Node, known: Mapping[str, Node], problems: Problems) -> None:
    """Note links that lead nowhere, twice to the same node, or not to a later stage."""
    for end, count in Counter(node.leads_to).items():
        if count > 1:
            problems.add(f"node '{node.id}' leads to '{end}' {count} times", mend="name it once")
        if end not in known:
            problems.add(
                f"node '{node.id}' leads to '{end}', which is no node", mend="name a node's id, or add the node"
            )
        elif {node.stage, known[end].stage} <= set(stages) and (
            stages.index(known[end].stage) <= stages.index(node.stage)
        ):
            problems.add(
                f"node '{node.id}' ({node.stage}) leads to '{end}' ({known[end].stage}), which is not a later stage",
                mend="turn the link round, or move one of the two to another stage",
            )
