"""The picture of a causal graph: every node and arrow is there, times in order, nothing cut or covered."""

from itertools import combinations, pairwise

import pytest

from coresponder_causal import report
from coresponder_causal.core.errors import DesignError
from coresponder_causal.design import Arrow, CausalGraph, GraphNode
from coresponder_causal.design.graph import names
from coresponder_causal.report.colours import accent, expected
from coresponder_causal.report.drawing_graph import draw_graph
from coresponder_causal.report.drawing_logic import page_height, page_width
from coresponder_causal.report.graph_picture import layers

CALL = CausalGraph.named("call")


def drawn(graph, **asked):
    from matplotlib.figure import Figure

    figure = Figure(dpi=100)
    draw_graph(figure, report.graph_picture(graph, **asked), framed=True)
    return figure


def boxes_of(figure):
    from matplotlib.patches import FancyBboxPatch

    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]


@pytest.mark.parametrize("name", names())
def test_arrows_lead_to_the_right_and_times_stand_beside_each_other(name):
    graph = CausalGraph.named(name)
    at = layers(graph)
    assert all(at[arrow.start] < at[arrow.end] for arrow in graph.arrows)
    own = [[at[node.id] for node in graph.nodes if node.time == time] for time, _ in graph.times]
    assert all(max(before) < min(after) for before, after in pairwise(own))
    assert {column for columns in own for column in columns} == set(range(max(at.values()) + 1))


@pytest.mark.parametrize("name", names())
def test_each_shipped_graph_is_one_page_with_every_letter_readable_and_none_covered(name):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = drawn(CausalGraph.named(name))
    assert figure.get_size_inches() * 72 == pytest.approx((page_width, page_height))
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    assert min(text.get_fontsize() for text in texts) >= 7
    places = [text.get_window_extent(renderer) for text in texts]
    across, high = figure.get_size_inches() * 100
    assert all(one.x0 > 0 and one.x1 < across and one.y0 > 0 and one.y1 < high for one in places)
    shrunk = [one.padded(-1.5) for one in places]
    over = [
        (texts[i].get_text(), texts[j].get_text())
        for (i, one), (j, other) in combinations(enumerate(shrunk), 2)
        if one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1
    ]
    assert over == []


def test_unmeasured_nodes_are_dashed_and_what_is_adjusted_has_a_second_frame():
    boxes = boxes_of(drawn(CALL, treatment="on_duty", outcome="repeat", adjusted=["hour", "calls.patrol_load", "own"]))
    hidden = sum(not node.fields for node in CALL.nodes)
    assert sum(box.get_linestyle() not in ("solid", "-") for box in boxes) == hidden > 0
    assert len(boxes) == len(CALL.nodes) + 2
    assert sum(box.get_linewidth() == 1.6 for box in boxes) == 2


def test_the_effect_and_what_stays_open_are_coloured_and_said():
    from matplotlib.colors import to_hex
    from matplotlib.patches import FancyArrowPatch

    bare = report.graph_picture(CALL, treatment="on_duty", outcome="arrest")
    shut = report.graph_picture(CALL, treatment="on_duty", outcome="arrest", adjusted=["clock"])
    assert "stays open with nothing adjusted for: team on duty ← hour, day, season" in bare.caption
    assert "Nothing stays open behind the treatment given “hour, day, season”." in shut.caption
    assert set(shut.data["arrows"]["part"]) == {"", "effect"}
    said = {(a, b): part for a, b, part in bare.data["arrows"].itertuples(index=False)}
    assert said["clock", "on_duty"] == said["clock", "approach"] == "open"
    assert said["on_duty", "attended"] == said["force", "arrest"] == "effect"
    assert said["approach", "arrest"] == "both"
    figure = drawn(CALL, treatment="on_duty", outcome="arrest")
    inks = [to_hex(p.get_edgecolor()).upper() for p in figure.axes[0].patches if isinstance(p, FancyArrowPatch)]
    parts = bare.data["arrows"]["part"]
    assert inks.count(accent) == int(parts.isin(["effect", "both"]).sum())
    assert inks.count(expected) == int(parts.isin(["open", "both"]).sum())


def test_a_longer_way_is_found_where_no_short_one_is_open():
    chain = CausalGraph(
        name="chain",
        title="A chain",
        times=(("now", "now"),),
        nodes=tuple(GraphNode(id=one, words=one, time="now") for one in "abcdefty"),
        arrows=tuple(Arrow(start=a, end=b) for a, b in ("cb", "ba", "at", "cd", "de", "ef", "fy", "ty")),
        effects=(("t", "y"),),
    )
    assert "t ← a ← b ← c → d → e → f → y" in report.graph_picture(chain).caption


def test_a_treatment_that_is_no_node_is_refused_and_files_repeat(tmp_path):
    with pytest.raises(DesignError, match="no node"):
        report.graph_picture(CALL, treatment="weather")
    spec = report.graph_picture(CausalGraph.named("officer"))
    first, second = (report.write(spec, tmp_path / f"{name}.svg").read_bytes() for name in "ab")
    assert first == second
    assert all(node.words in spec.alt for node in CausalGraph.named("officer").nodes)
