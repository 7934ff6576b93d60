"""The causal graph of a comparison of calls on a page: what was adjusted for, and which path stays open."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.design import CallDesign, CausalGraph
from coresponder_causal.design.graph_identify import before_treatment, open_back_door
from coresponder_causal.design.graph_rules import main_graph
from coresponder_causal.report.graph_picture import graph_picture
from coresponder_causal.report.specs import Column, Fold, Section, Sentence, Table, of_nobody

label = "The causal graph, and the columns adjusted for"


def graph_section(design: CallDesign) -> Section | None:
    """Show what moves what by the graph of a design, with what it adjusts for and the path that stays open.

    Parameters
    ----------
    design : CallDesign

    Returns
    -------
    Section or None
        None where the graph does not know the treatment or the outcome.

    Examples
    --------
    >>> frame = pd.DataFrame({"attended": [1, 0, 1, 0], "hour": [1, 1, 2, 3], "arrest": [0, 1, 0, 0]})
    >>> calls = CallDesign.from_frame(frame, outcome="arrest", treatment="attended", covariates=["hour"])
    >>> "team attends ← earlier contacts → how the person is met" in graph_section(calls).blocks[0].text
    True
    """
    graph = design.graph or CausalGraph.named(main_graph)
    columns = tuple(dict.fromkeys((*design.covariates, *design.exact, *filter(None, [design.stratum]))))
    try:
        start, end = graph.node(design.treatment).id, graph.node(str(design.outcome)).id
    except DesignError:
        return None
    held = {node.id for column in columns for node in graph.nodes_of(column)} - {start, end}
    way = open_back_door(graph, start, end, sorted(held))
    said = (
        "By the causal graph no path stays open behind the treatment."
        if way is None
        else f"By the causal graph adjusting leaves paths behind the treatment open. The shortest of them: {way}."
    )
    fold = Fold(
        label=label,
        table=_columns(graph, design, columns, before_treatment(graph, start, end)),
        picture=graph_picture(graph, treatment=start, outcome=end, adjusted=columns),
    )
    return Section(
        title="What moves what, and what was adjusted for?", blocks=(Sentence(text=said, support=of_nobody), fold)
    )


def _columns(graph: CausalGraph, design: CallDesign, columns: tuple[str, ...], moving: tuple[str, ...]) -> Table:
    """Columns adjusted for, then what was not adjusted for and moves treatment or outcome, with its columns at hand."""
    rows = [
        (column, "; ".join(node.words for node in graph.nodes_of(column)) or "not in the graph", "yes")
        for column in columns
    ]
    held = {node.id for column in columns for node in graph.nodes_of(column)}
    for node in map(graph.node, (name for name in moving if name not in held)):
        there = [column for column in node.columns if column in design.source]
        rows.append((", ".join(there) or "none at hand", node.words, "no"))
    return Table(
        title="What was adjusted for",
        frame=pd.DataFrame(rows, columns=["column", "node", "adjusted"]),
        columns=(Column("column", "Column"), Column("node", "In the graph"), Column("adjusted", "Adjusted for")),
        note="Below the columns adjusted for: what else moves treatment or outcome before the treatment.",
        support=of_nobody,
    )
