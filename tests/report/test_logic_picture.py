"""The picture of a logic model: where things stand, by geometry and by what was drawn; nothing is cut or covered."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.plan import LogicModel
from coresponder_causal.report.drawing_logic import draw_logic, page_height, page_width, small
from coresponder_causal.report.logic_layout import lay_out, least_gap
from coresponder_causal.report.text_width import folded, width

SHIPPED = LogicModel.shipped().picture()
dots = 200  # per inch, as files of pixels have


def picture(*, boxes_each: int = 1, text: str = "A box", links: tuple[tuple[str, str, str], ...] = ()):
    stages = ("Inputs", "Activities", "Outputs")
    boxes = [(f"{s}{i}", s, text, "", "", False) for s in stages for i in range(boxes_each)]
    names = ["id", "stage", "text", "metrics", "external", "unmeasured"]
    return report.logic_picture(
        pd.DataFrame(boxes, columns=names),
        pd.DataFrame(links, columns=["start", "end", "marks"]),
        pd.DataFrame(columns=["kind", "mark", "text"]),
        stages=(*stages, "Impact"),
        title="A model",
        purpose="",
    )


@cache
def drawn(spec, *, framed: bool = True):
    """A figure with the picture on it, and its renderer."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(dpi=dots)
    draw_logic(figure, spec, framed=framed)
    return figure, FigureCanvasAgg(figure).get_renderer()


def extent(figure, text, renderer) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a text, in points from the upper left of the page."""
    place, tall = text.get_window_extent(renderer), figure.get_size_inches()[1] * 72
    points = 72 / dots
    return place.x0 * points, place.x1 * points, tall - place.y1 * points, tall - place.y0 * points


def test_crossing_links_are_uncrossed_by_the_order_of_boxes():
    layout = lay_out([["a", "b"], ["c", "d"]], [("a", "d"), ("b", "c")], dict.fromkeys("abcd", 30.0), available=100)
    assert (layout.tops["a"] < layout.tops["b"]) == (layout.tops["d"] < layout.tops["c"])
    assert layout.routes["a", "d"][0][0] == pytest.approx(layout.tops["a"] + 15)


def test_a_link_that_passes_a_column_goes_between_its_boxes():
    columns = [["a"], ["p", "q", "r"], ["z"]]
    links = [("a", "z"), ("a", "p"), ("a", "q"), ("a", "r"), ("p", "z"), ("q", "z"), ("r", "z")]
    layout = lay_out(columns, links, dict.fromkeys("apqrz", 40.0), available=220)
    (_, lane), (leaves, _) = layout.routes["a", "z"]
    assert lane == leaves
    assert all(abs(lane - (layout.tops[name] + 20)) >= 20 + least_gap / 2 for name in "pqr")


def test_boxes_keep_their_distance_and_a_column_too_full_makes_the_page_grow():
    names = [f"n{i}" for i in range(9)]
    layout = lay_out([names, ["z"]], [(name, "z") for name in names], dict.fromkeys([*names, "z"], 50.0), available=300)
    tops = np.sort([layout.tops[name] for name in names])
    assert layout.height == pytest.approx(9 * 50 + 8 * least_gap)
    assert np.diff(tops).min() >= 50 + least_gap - 1e-9
    assert (tops[0], tops[-1] + 50) == (pytest.approx(0), pytest.approx(layout.height))


def test_lines_are_no_wider_than_asked_and_lose_no_letter():
    text = "Fewer arrests, and a wordthatislongerthanthelineallows here"
    lines = folded(text, 7.5, 50)
    assert all(width(line, 7.5) <= 50 for line in lines)
    assert "".join(lines).replace("-", "").replace(" ", "") == text.replace(" ", "")
    assert folded("", 7.5, 50) == [""]
    assert width("mm", 10) == pytest.approx(2 * width("m", 10), rel=0.02)
    assert width("calls", 8, bold=True) > width("calls", 8)


@pytest.mark.parametrize(
    "spec",
    [SHIPPED, picture(boxes_each=9, text="Many words that fill a box on more lines than one would wish for " * 3)],
    ids=["shipped", "crowded"],
)
def test_no_text_is_cut_covered_or_smaller_than_seven_points(spec):
    figure, renderer = drawn(spec)
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    places = [extent(figure, text, renderer) for text in texts]
    wide, tall = figure.get_size_inches() * 72
    assert min(text.get_fontsize() for text in texts) >= small >= 7
    assert all(left > 0 and right < wide and top > 0 and bottom < tall for left, right, top, bottom in places)
    shrunk = [(left + 1, right - 1, top + 1, bottom - 1) for left, right, top, bottom in places]
    over = [
        (texts[i].get_text(), texts[j].get_text())
        for (i, one), (j, other) in combinations(enumerate(shrunk), 2)
        if one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
    ]
    assert over == []


def test_the_shipped_model_is_one_landscape_page_without_colour():
    from matplotlib.colors import to_rgb

    figure, _ = drawn(SHIPPED)
    assert figure.get_size_inches() * 72 == pytest.approx((page_width, page_height))
    axes = figure.axes[0]
    colours = [colour(patch) for patch in axes.patches for colour in (lambda p: p.get_facecolor(), edge)]
    colours += [text.get_color() for text in axes.texts]
    assert all(len(set(np.round(to_rgb(colour), 6))) == 1 for colour in colours)


def edge(patch):
    return patch.get_edgecolor() if patch.get_edgecolor()[3] else (0, 0, 0)


def test_every_box_link_and_note_is_drawn_and_said():
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    figure, _ = drawn(SHIPPED)
    data = SHIPPED.data
    marked = int((data["links"]["marks"] != "").sum())
    patches = figure.axes[0].patches
    assert sum(isinstance(patch, FancyArrowPatch) for patch in patches) == len(data["links"])
    assert sum(isinstance(patch, FancyBboxPatch) for patch in patches) == len(data["boxes"]) + marked
    written = " ".join(text.get_text() for text in figure.axes[0].texts)
    for words in (*data["boxes"]["text"], *data["notes"]["text"], SHIPPED.title):
        assert words in written
    assert all(words in SHIPPED.alt for words in data["boxes"]["text"])


def boxes_of(figure):
    """Left, right, top and bottom of every box, in points."""
    from matplotlib.patches import FancyBboxPatch

    return [
        (p.get_x(), p.get_x() + p.get_width(), p.get_y(), p.get_y() + p.get_height())
        for p in figure.axes[0].patches
        if isinstance(p, FancyBboxPatch) and p.get_zorder() == 4
    ]


def test_no_arrow_runs_through_a_box():
    from matplotlib.patches import FancyArrowPatch

    figure, _ = drawn(SHIPPED)
    boxes = boxes_of(figure)
    for arrow in (p for p in figure.axes[0].patches if isinstance(p, FancyArrowPatch)):
        x, y = np.vstack(arrow.get_path().to_polygons(closed_only=False)).T
        for left, right, top, bottom in boxes:
            assert not ((x > left + 0.5) & (x < right - 0.5) & (y > top) & (y < bottom)).any()


def test_the_words_of_a_box_stay_inside_it():
    figure, renderer = drawn(SHIPPED)
    inside = 0
    for text in figure.axes[0].texts:
        x, y = text.get_position()
        for left, right, top, bottom in boxes_of(figure):
            if left < x < right and top < y < bottom:
                start, end, upper, lower = extent(figure, text, renderer)
                assert left < start < end < right
                assert top < upper < lower < bottom
                inside += 1
    assert inside > 2 * len(SHIPPED.data["boxes"])


def test_what_nothing_measures_is_dotted_and_what_rests_on_an_assumption_is_dashed():
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    spec = picture(links=(("Inputs0", "Activities0", "A1"), ("Activities0", "Outputs0", "")))
    spec.data["boxes"].loc[2, "unmeasured"] = True
    patches = drawn(spec)[0].axes[0].patches
    arrows = [patch.get_linestyle() for patch in patches if isinstance(patch, FancyArrowPatch)]
    boxes = [p.get_linestyle() for p in patches if isinstance(p, FancyBboxPatch) and p.get_zorder() == 4]
    assert [style in ("solid", "-") for style in arrows] == [False, True]
    assert [style in ("solid", "-") for style in boxes] == [True, True, False]


def test_the_caption_explains_only_what_is_there():
    plain = picture(links=(("Inputs0", "Activities0", ""),)).caption
    assert "dashed" not in plain
    assert "M:" not in plain
    assert "dashed arrow" in SHIPPED.caption
    assert "E: external" in SHIPPED.caption


def test_a_page_leaves_the_title_to_itself_and_files_repeat(tmp_path):
    bare, _ = drawn(picture(), framed=False)
    assert "A model" not in [text.get_text() for text in bare.axes[0].texts]
    first, second = (report.write(picture(), tmp_path / f"{name}.svg").read_bytes() for name in "ab")
    assert first == second
    assert b'width="841.9pt"' in first
