"""Causal graphs: held against DoWhy's identification, and against separation by paths and by moral graphs."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.data import dictionary
from coresponder_causal.design import Arrow, CallDesign, CausalGraph, GraphNode, match_nearest
from coresponder_causal.design.covariates import late
from coresponder_causal.design.graph import names
from coresponder_causal.design.separators import digraph, minimal_separators, separated, without_leaving

SHIPPED = [(name, *pair) for name in names() for pair in CausalGraph.named(name).effects]


def random_dag(seed):
    draw = np.random.default_rng(seed)
    order = draw.permutation(list("abcdefg")).tolist()
    return digraph(order, [pair for pair in combinations(order, 2) if draw.random() < 0.4])


def separated_by_moral_graph(graph, a, b, given):
    """Lauritzen's way: marry parents among ancestors, forget directions, take away what is given."""
    import networkx as nx

    kept = {a, b, *given}
    kept |= {one for name in list(kept) for one in nx.ancestors(graph, name)}
    own = graph.subgraph(kept)
    moral = own.to_undirected()
    for name in own:
        moral.add_edges_from(combinations(own.predecessors(name), 2))
    moral = moral.subgraph(kept - set(given))
    return not nx.has_path(moral, a, b)


@pytest.mark.parametrize("seed", range(12))
def test_separation_is_that_of_moral_graphs_and_of_blocked_paths(seed):
    graph = random_dag(seed)
    drawn = CausalGraph(
        name="random",
        title="random",
        times=(("now", "now"),),
        nodes=tuple(GraphNode(id=one, words=one, time="now", fields=(one,)) for one in graph if graph.degree(one)),
        arrows=tuple(Arrow(start=a, end=b) for a, b in graph.edges),
    )
    ids = [node.id for node in drawn.nodes]
    for a, b in combinations(ids, 2):
        others = [one for one in ids if one not in (a, b)]
        for given in (set(one) for size in range(3) for one in combinations(others, size)):
            said = separated(graph, a, b, given)
            assert said == separated_by_moral_graph(graph, a, b, given)
            assert said == (not any(path.open for path in drawn.paths(a, b, given, longest=len(ids))))


@pytest.mark.parametrize("seed", range(20))
def test_smallest_sets_are_those_of_an_exhaustive_search_and_of_dowhy(seed):
    from dowhy.causal_identifier.auto_identifier import BackdoorAdjustment, identify_backdoor

    graph = random_dag(seed)
    order = list(graph)
    start, end = order[1], order[5]
    measured = [one for one in order if one != order[2]]
    cut = without_leaving(graph, start)
    import networkx as nx

    allowed = set(measured) - {start, end} - nx.descendants(graph, start)
    closing = [
        set(s) for n in range(len(allowed) + 1) for s in combinations(allowed, n) if separated(cut, start, end, s)
    ]
    smallest = {frozenset(one) for one in closing if not any(other < one for other in closing)}
    ours = {frozenset(one) for one in minimal_separators(cut, start, end, allowed)}
    assert ours == smallest
    found = identify_backdoor(graph, [start], [end], measured, BackdoorAdjustment.BACKDOOR_EXHAUSTIVE)
    theirs = [set(one.get_adjustment_variables()) for one in found]
    assert {frozenset(one) for one in theirs if not any(other < one for other in theirs)} == ours


@pytest.mark.parametrize(("name", "treatment", "outcome"), SHIPPED)
def test_every_effect_asked_for_is_identified_as_dowhy_does(name, treatment, outcome):
    from dowhy.causal_identifier.auto_identifier import identify_generalized_adjustment_set
    from dowhy.graph import check_valid_backdoor_set, get_instruments

    graph = CausalGraph.named(name)
    whole, found = graph.digraph(), graph.identify(treatment, outcome)
    measured = set(graph.measured())
    before = measured - {treatment, outcome, *graph.descendants(treatment)}
    moving = before & {*graph.ancestors(treatment), *graph.ancestors(outcome)}
    sets = graph.backdoor_sets(treatment, outcome)
    # where any set closes all back doors, all measured causes of the two together do
    assert bool(sets) == check_valid_backdoor_set(whole, [treatment], [outcome], moving)["is_dseparated"]
    assert found.backdoor == sets
    assert (found.general is not None) == bool(
        identify_generalized_adjustment_set(whole, [treatment], [outcome], measured)
    )
    if sets:
        assert found.general in sets
    else:
        assert found.hidden
        assert not set(found.hidden) & measured
    alone = {instrument for instrument, given in found.instruments if not given}
    assert alone >= set(get_instruments(whole, treatment, outcome)) & measured


@pytest.mark.parametrize("name", names())
def test_shipped_graphs_are_whole(name):
    import networkx as nx

    graph = CausalGraph.named(name)
    assert nx.is_directed_acyclic_graph(graph.digraph())
    assert nx.is_weakly_connected(graph.digraph())
    assert all(arrow.why.endswith(".") for arrow in (*graph.arrows, *graph.left_out))
    assert all("." in field or field == "prior_calls" for node in graph.nodes for field in node.fields)
    assert any(not node.fields for node in graph.nodes)


def test_the_graph_of_a_call_and_the_stages_of_the_dictionary_agree():
    graph = CausalGraph.named("call")
    fields = [*dictionary.table("calls").fields, *dictionary.table("outcomes").fields]
    unbound = {entry.name for entry in fields if not graph.nodes_of(entry.name)}
    assert unbound == {"call_id", "died_365d"}
    for entry in fields:
        if entry.name not in ("team_on_duty", "team_busy"):
            assert (late(entry.name) is None) == (entry.stage == "pre-dispatch"), entry.name


def test_what_helps_where_no_column_does():
    graph = CausalGraph.named("call")
    said = str(graph.identify("attended", "arrest"))
    assert "“how bad it is” is not measured (team attends ← how bad it is → " in said
    assert dict(graph.instruments("attended", "arrest")) == {
        "busy": ("clock", "load"),
        "call_taker": ("clock",),
        "on_duty": ("clock",),
    }
    for arrow in graph.left_out[:3]:  # each absence carries an instrument
        less = dict(graph.with_changes(add=[arrow]).instruments("attended", "arrest"))
        assert arrow.start not in less
    assert "call_taker" not in str(
        graph.identify("attended", "arrest", there=["hour", "team_on_duty", "arrest", "attended"])
    )


def test_the_city_design_identifies_the_bundle_alone():
    graph = CausalGraph.named("city")
    assert graph.identify("team", "arrests").general is None
    calm = graph.with_changes(remove=[arrow.pair for arrow in graph.arrows if arrow.start == "local"])
    assert ("city", "month") in calm.backdoor_sets("decision", "arrests")
    assert "five officer posts" in str(graph.identify("decision", "arrests"))


def test_what_breaks_a_rule_is_said_at_once(tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text(
        "name: ours\ntitle: Ours\ncolour: red\ntimes: [{id: a, words: early}, {id: b, words: late}]\n"
        "nodes: [{id: x, words: x, time: b, fields: [calls.moon]}, {id: y, words: y, time: a},"
        "{id: z, words: z, time: c}]\n"
        "arrows: [{from: x, to: y, why: So.}, {from: x, to: w, why: So.}, {from: y, to: x, why: So.}, {from: y}]\n"
    )
    with pytest.raises(DesignError) as caught:
        CausalGraph.from_file(file)
    for said in (
        "colour",
        "calls.moon",
        "back to 'a'",
        "'w', which is no node",
        "'z' has no arrow",
        "time 'c'",
        "circle",
        "entry 4",
    ):
        assert said in str(caught.value)


def calls(**columns):
    draw = np.random.default_rng(1)
    frame = pd.DataFrame({"attended": np.tile([0, 1], 20), "arrest": draw.integers(0, 2, 40)})
    return frame.assign(hour=draw.normal(size=40), **{name: draw.normal(size=40) for name in columns.values()})


def test_an_effect_of_the_treatment_cannot_be_adjusted_for_and_the_way_is_named():
    stated = {"outcome": "arrest", "treatment": "attended"}
    way = "'minutes_on_scene' comes about after dispatch \\(team attends → time and units on scene\\)"
    with pytest.raises(DesignError, match=way):
        CallDesign.from_frame(calls(a="minutes_on_scene"), covariates=["hour", "minutes_on_scene"], **stated)
    design = CallDesign.from_frame(calls(a="minutes_on_scene"), covariates=["hour"], **stated)
    with pytest.raises(DesignError, match=way):
        match_nearest(design, antiexact=["minutes_on_scene"])


def test_a_graph_of_a_study_decides_over_its_own_columns():
    graph = CausalGraph.named("call").with_changes(
        nodes=[
            GraphNode(id="beds", words="free beds", time="received", fields=("beds",)),
            GraphNode(id="mood", words="mood of the shift", time="scene", fields=("mood",)),
            GraphNode(id="roster", words="roster", time="received"),
            GraphNode(id="weather", words="weather", time="received"),
        ],
        add=[
            Arrow(start="roster", end="attended"),
            Arrow(start="roster", end="beds"),
            Arrow(start="weather", end="beds"),
            Arrow(start="weather", end="arrest"),
            Arrow(start="attended", end="mood"),
        ],
    )
    frame = calls(a="beds", b="mood", c="stars")
    stated = {"outcome": "arrest", "treatment": "attended"}
    with pytest.raises(DesignError, match="'mood' comes about after dispatch \\(team attends → mood of the shift\\)"):
        CallDesign.from_frame(frame, covariates=["mood"], graph=graph, **stated)
    with pytest.warns(
        IdentificationWarning, match="adjusting for 'beds' opens a path and closes none: team attends ← roster"
    ):
        CallDesign.from_frame(frame, covariates=["beds", "hour"], graph=graph, **stated)
    plain = CallDesign.from_frame(frame, covariates=["stars", "hour"], graph=graph, **stated)
    assert sum("stars is not in the data dictionary and not in the causal graph" in said for said in plain.notes) == 1


def test_independences_are_of_columns_and_hold_in_the_graph():
    graph = CausalGraph.named("call")
    there = ["hour", "team_on_duty", "patrol_load", "call_taker", "initial_type", "caller_type"]
    found = graph.implied_independences(there=there)
    assert ("call_taker", "team_on_duty", ("hour",)) in found
    whole = graph.digraph()
    for a, b, given in found:
        assert {a, b, *given} <= set(there)
        assert separated(whole, graph.node(a).id, graph.node(b).id, [graph.node(one).id for one in given])
