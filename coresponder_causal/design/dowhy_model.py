"""Designs of calls as causal models of DoWhy, and designs made of the frames that DoWhy changes.

The frame of a model holds the treatment as 0 and 1 (DoWhy's regressions refuse yes and no), the outcome and what is
adjusted for, numbers as floats and text as categories, under the row numbers of the design. DoWhy's frames keep these
row numbers through resampling, so that persons, times and whatever else a method needs are found again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.design.adjusted_again import adjusted_again
from coresponder_causal.design.call_instrument import CallInstrumentDesign
from coresponder_causal.design.call_rules import call_id
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.covariates import is_text, labels
from coresponder_causal.design.graph import CausalGraph
from coresponder_causal.design.graph_columns import column_digraph

OfCalls = CallDesign | CallInstrumentDesign
hidden = "what is not recorded"


def causal_model(design: OfCalls, *, graph: object = None) -> Any:  # noqa: ANN401
    """Form DoWhy's ``CausalModel`` of a design of calls.

    Parameters
    ----------
    design : CallDesign or CallInstrumentDesign
        With an outcome.
    graph : CausalGraph, networkx DiGraph or GML text, optional
        A `CausalGraph`, of a `CallDesign` alone, whose nodes get the names of the columns that measure them; or one
        whose nodes have the names of columns; nodes that are no columns are not measured. By default every
        column adjusted for moves treatment and outcome; with an instrument so does something that is not recorded, and
        the instrument, named as in the design, moves the treatment.

    Returns
    -------
    dowhy.CausalModel

    Raises
    ------
    DesignError
        Another design, none with an outcome, a graph without treatment or outcome, or a `CausalGraph` for calls by an
        instrument: hours and months, by which it is one, are taken out before DoWhy sees it.

    Notes
    -----
    An instrument is one given hours and months, which the design takes out and the graph does not show.

    References
    ----------
    Sharma & Kiciman (2020), arXiv:2011.04216.

    Examples
    --------
    >>> frame = pd.DataFrame({"attended": [1, 0, 1, 0], "hour": [1, 1, 2, 3], "arrest": [0, 1, 0, 0]})
    >>> c = CallDesign.from_frame(frame, outcome="arrest", treatment="attended", covariates=["hour"])
    >>> print(*causal_model(c).identify_effect().get_backdoor_variables())
    hour
    """
    from dowhy import CausalModel

    table = model_frame(design)
    own = _own_graph(design)
    model = CausalModel(table, treatment=design.treatment, outcome=str(design.outcome), graph=own)
    if graph is None and isinstance(design, CallDesign):
        return model
    # put in afterwards: on its way in, every node that is not measured is warned of
    unmeasured = (
        _own_graph(design, unmeasured=(hidden,))
        if graph is None
        else _by_columns(graph, design, table.columns.tolist())
    )
    model.init_graph(graph=unmeasured, identify_vars=False)
    nodes = set(model._graph.get_all_nodes(include_unobserved=True))
    if absent := [name for name in (design.treatment, str(design.outcome)) if name not in nodes]:
        raise DesignError(
            f"the graph has no node {', '.join(absent)}", mend="name its nodes as the columns of the design"
        )
    return model


def _by_columns(graph: object, design: OfCalls, columns: Sequence[str]) -> object:
    """Return a graph whose nodes are columns."""
    if not isinstance(graph, CausalGraph):
        return graph
    if isinstance(design, CallInstrumentDesign):
        raise DesignError(
            "a CausalGraph does not show what an instrument of calls is given",
            mend="leave graph= out, or give a networkx DiGraph whose nodes are columns",
        )
    return column_digraph(graph, columns)


def model_frame(design: OfCalls) -> pd.DataFrame:
    """Return the frame of a design's causal model: treatment, outcome, what is adjusted for, and the instrument."""
    if not isinstance(design, CallDesign | CallInstrumentDesign):
        raise DesignError(
            f"DoWhy's models are of rows that were treated or not, not of a {type(design).__name__}",
            mend="take CallDesign, or CallInstrumentDesign for calls by covered hours",
        )
    if design.outcome is None:
        raise DesignError("a causal model needs an outcome", mend="name one: design.with_outcome('…')")
    source = design.source
    columns: dict[str, Any] = {design.treatment: source[design.treatment].to_numpy(bool).astype(np.int64)}
    columns[design.outcome] = source[design.outcome].to_numpy(float)
    for name in adjusted_for(design):
        columns[name] = pd.Categorical(labels(source[name])) if is_text(source[name]) else source[name].to_numpy(float)
    if isinstance(design, CallInstrumentDesign):
        columns[design.instrument] = design.z()
    return pd.DataFrame(columns)


def adjusted_for(design: OfCalls) -> list[str]:
    """Columns that the design adjusts for: covariates, columns in which matched calls are equal, and the stratum."""
    calls = calls_of(design)
    return list(dict.fromkeys([*calls.covariates, *calls.equal_in]))


def calls_of(design: OfCalls) -> CallDesign:
    """Return the calls of a design."""
    return design if isinstance(design, CallDesign) else design.calls


def made_again(
    design: OfCalls, data: pd.DataFrame, *, treatment: str, outcome: str, adjusted: Iterable[str], instrument: str
) -> OfCalls:
    """Make a design of a frame of its causal model that DoWhy has changed, adjusted as the design was.

    Parameters
    ----------
    design : CallDesign or CallInstrumentDesign
        The design of the model.
    data : DataFrame
        Rows under the row numbers of the design, each as often as it was drawn, with columns DoWhy has put in.
    treatment, outcome : str
        Columns of ``data`` that take the places of treatment and outcome.
    adjusted : iterable of str
        Columns of ``data`` that are adjusted for; those that the design does not know become covariates.
    instrument : str
        Column of ``data`` with the instrument, not looked at where the design has none.

    Raises
    ------
    DesignError
        Rows that the design does not have, or a design that can no longer be formed.
    """
    data = data.sort_index(kind="stable")
    rows = data.index.to_numpy()
    if not (
        pd.api.types.is_integer_dtype(data.index) and len(rows) and 0 <= rows.min() <= rows.max() < len(design.source)
    ):
        raise DesignError(
            "the frame has rows that are not those of the design",
            mend="make the model by coresponder_causal.design.causal_model(design)",
        )
    calls, wanted = calls_of(design), list(adjusted)
    known = [name for name in adjusted_for(design) if name in wanted]
    source = _changed(calls, data, [*known, *(new for new in wanted if new not in known), treatment, outcome])
    with quietly(), collecting():
        plain = CallDesign.from_frame(
            source,
            outcome=outcome,
            treatment=treatment,
            covariates=[
                *(name for name in calls.covariates if name in wanted),
                *sorted(name for name in wanted if name not in known),
            ],
            exact=[name for name in calls.exact if name in wanted],
            person=calls.person,
            stratum=calls.stratum if calls.stratum in wanted else None,
            weights=calls.weights,
            graph=calls.graph,
            on_duty="only" if isinstance(design, CallDesign) else "all",
        )
        if isinstance(design, CallDesign):
            return adjusted_again(plain, design)
    timing = design.timing.iloc[rows].reset_index(drop=True).assign(instrument=data[instrument].to_numpy(float))
    return replace(design, calls=plain, timing=timing)


def _changed(calls: CallDesign, data: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Rows of the calls as drawn, with the columns that are no longer what they were."""
    rows = data.index.to_numpy()
    source = calls.source.iloc[rows].reset_index(drop=True)
    for name in dict.fromkeys(names):
        if name in source and is_text(source[name]):
            continue  # text is drawn with its row, and never changed
        if name not in source or not np.array_equal(data[name].to_numpy(float), source[name].to_numpy(float)):
            source[name] = data[name].to_numpy()
    repeated = call_id in source and source[call_id].duplicated().any()
    return source.drop(columns=call_id) if repeated else source


def _own_graph(design: OfCalls, unmeasured: Sequence[str] = ()) -> str:
    """Causal graph that a design states, as GML text."""
    treatment, outcome = design.treatment, str(design.outcome)
    causes = [*adjusted_for(design), *unmeasured]
    arrows = [(treatment, outcome), *((cause, end) for cause in causes for end in (treatment, outcome))]
    if isinstance(design, CallInstrumentDesign):
        arrows.append((design.instrument, treatment))
    nodes = dict.fromkeys(name for arrow in arrows for name in arrow)
    written = [f"node [ id {place} label {json.dumps(name)} ]" for place, name in enumerate(nodes)]
    place = {name: number for number, name in enumerate(nodes)}
    written += [f"edge [ source {place[one]} target {place[other]} ]" for one, other in arrows]
    return f"graph [ directed 1 {' '.join(written)} ]"
