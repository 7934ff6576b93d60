"""What a logic model leaves open: outcomes nobody measures, activities without effect, assumptions about nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from coresponder_causal.data import dictionary, metric_catalogue
from coresponder_causal.plan.logic_parts import Assumption, Node, links_of, outcome_stages
from coresponder_causal.plan.questions import Columns, metric_lacks


class Finding(NamedTuple):
    """A rule, the part that breaks it, what is wrong, and the mend."""

    rule: str
    node: str
    says: str
    mend: str


def findings(nodes: Sequence[Node], assumptions: Sequence[Assumption], there: Columns | None = None) -> pd.DataFrame:
    """Find what a model leaves open.

    Parameters
    ----------
    nodes, assumptions : sequence
    there : mapping of str to collection of str, optional
        Columns by table that a city has; by default all of the dictionary.

    Returns
    -------
    DataFrame
        ``rule, node, says, mend``, one row a finding; no row: nothing is open.
    """
    links = links_of(nodes)
    columns = {name: table.names for name, table in dictionary.tables().items()} if there is None else there
    found = [
        *_unmeasured(nodes),
        *_without_source(nodes, columns),
        *_orphans(nodes, links),
        *_led_nowhere(nodes, links),
        *_untied(assumptions),
    ]
    return pd.DataFrame(found, columns=list(Finding._fields), dtype=str)


def _unmeasured(nodes: Sequence[Node]) -> Iterator[Finding]:
    for node in nodes:
        if node.wants_metric:
            kind = "output" if node.stage == "outputs" else "outcome"
            says = f"The {kind} '{node.text}' has no metric, so nobody will know whether it came."
            yield Finding(f"{kind} without a metric", node.id, says, "name a metric of metrics.yaml, or leave it out")


def _without_source(nodes: Sequence[Node], there: Columns) -> Iterator[Finding]:
    catalogue = metric_catalogue()
    for node in nodes:
        for metric in node.metrics:
            if lacks := metric_lacks(metric, there):
                says = f"{metric} ({catalogue[metric].name}) of '{node.text}' has no source: {', '.join(lacks)}."
                yield Finding("metric without a source", node.id, says, f"record {', '.join(lacks)}, or bind another")


def _orphans(nodes: Sequence[Node], links: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    starts, ends = {start for start, _ in links}, {end for _, end in links}
    for node in nodes:
        if node.stage != "activities":
            continue
        for side, linked, mend in (
            ("in", ends, "let an input lead to it"),
            ("out", starts, "let it lead to an output, or leave it out"),
        ):
            if node.id not in linked:
                yield Finding("orphan activity", node.id, f"Nothing leads {side} of '{node.text}'.", mend)


def _led_nowhere(nodes: Sequence[Node], links: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """Find outputs from which no outcome follows, and outcomes and impacts that follow from no activity."""
    stage = {node.id: node.stage for node in nodes}
    after = _reached(nodes, links)
    before = _reached(nodes, [(end, start) for start, end in links])
    for node in nodes:
        if node.stage == "outputs" and not any(stage[name] in outcome_stages for name in after[node.id]):
            says = f"No outcome rests on '{node.text}'."
            yield Finding("output without an outcome", node.id, says, "let it lead to an outcome, or leave it out")
        if node.stage in (*outcome_stages, "impact") and not any(
            stage[name] == "activities" for name in before[node.id]
        ):
            says = f"No activity leads to '{node.text}'."
            yield Finding("outcome without an activity", node.id, says, "link it to what brings it about")


def _untied(assumptions: Sequence[Assumption]) -> Iterator[Finding]:
    for assumption in assumptions:
        if not assumption.links:
            says = f"'{assumption.text}' is tied to no link."
            yield Finding("assumption without a link", assumption.id, says, "name the links it carries")


def _reached(nodes: Sequence[Node], links: Sequence[tuple[str, str]]) -> Mapping[str, set[str]]:
    """Give every node that can be reached from each along links."""
    follows: dict[str, set[str]] = {node.id: set() for node in nodes}
    for start, end in links:
        follows[start].add(end)
    found: dict[str, set[str]] = {}
    for name in follows:
        seen, open_ends = set[str](), [name]
        while open_ends:
            fresh = follows[open_ends.pop()] - seen
            seen |= fresh
            open_ends += fresh
        found[name] = seen
    return found
