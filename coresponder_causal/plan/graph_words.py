"""A causal graph that somebody asks for: where it is read, and what follows from it in words."""

from __future__ import annotations

from pathlib import Path

from coresponder_causal import report
from coresponder_causal.core.errors import DesignError
from coresponder_causal.design import CausalGraph
from coresponder_causal.design.graph_rules import main_graph
from coresponder_causal.plan.study import read_study
from coresponder_causal.report.specs import Picture


def graph_asked(name: str | None = None, study: str | Path | None = None) -> CausalGraph:
    """Return a graph: shipped, of a file, or the one that a study states.

    Parameters
    ----------
    name : str, optional
        Of a shipped graph, or path of a YAML file; by default that of a call.
    study : path, optional
        A study, whose graph it is; without a section [graph] that of a call.

    Raises
    ------
    DesignError
        A name that is none, or both a name and a study.
    DataError
        As of `read_study`.
    """
    if study is not None:
        if name is not None:
            raise DesignError(f"a study and the graph '{name}' are asked for", mend="name one of the two")
        return read_study(study).graph or CausalGraph.named(main_graph)
    if name is not None and Path(name).suffix in (".yaml", ".yml"):
        return CausalGraph.from_file(name)
    return CausalGraph.named(main_graph if name is None else name)


def effects_in_words(graph: CausalGraph, treatment: str | None = None, outcome: str | None = None) -> list[str]:
    """Say for each effect by which way it follows, if any, then what must be said of the whole graph.

    Parameters
    ----------
    graph : CausalGraph
    treatment, outcome : str, optional
        Nodes or columns; by default those of all effects that the graph asks for.

    Examples
    --------
    >>> said = effects_in_words(CausalGraph.named("call"), "on_duty", "arrest")
    >>> "“arrest or citation” follows from adjusting for “hour, day, season”" in said[0]
    True
    """
    pairs = [(treatment or start, outcome or end) for start, end in graph.effects]
    asked: dict[str, dict[str, list[str]]] = {}
    for start, end in [(treatment, outcome)] if treatment and outcome else pairs:
        found = graph.identify(start, end)
        asked.setdefault(found.treatment, {})[found.outcome] = [x for x in found.sentences() if x != graph.warning]
    said = []
    for start, own in asked.items():
        first, *others = own.values()
        shared = [one for one in first if others and all(one in other for other in others)]
        said += [" ".join(one for one in single if one not in shared) for single in own.values()]
        said += [f"All effects of “{graph.words(start)}”: {' '.join(shared)}"] if shared else []
    return [*said, *([graph.warning] if graph.warning else [])]


def picture_of(graph: CausalGraph, treatment: str | None = None, outcome: str | None = None) -> Picture:
    """Draw a graph for one of its effects with what is to be adjusted for.

    Parameters
    ----------
    graph : CausalGraph
    treatment, outcome : str, optional
        By default those of its first effect.
    """
    asked = treatment or graph.effects[0][0], outcome or graph.effects[0][1]
    found = graph.identify(*asked)
    return report.graph_picture(graph, treatment=found.treatment, outcome=found.outcome, adjusted=found.adjusted)
