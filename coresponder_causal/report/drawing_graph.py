"""The picture of a causal graph: one landscape page of A4, times from left to right, every letter 7 points or more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coresponder_causal.report.colours import accent, expected, pale
from coresponder_causal.report.drawing_logic import (
    Line,
    Sheet,
    Stroke,
    box_height,
    dark,
    dashed,
    draw_arrow,
    headed,
    inset,
    large,
    leading,
    margin,
    page_height,
    page_width,
    plain,
    shade,
    stack,
)
from coresponder_causal.report.logic_layout import Layout, lay_out
from coresponder_causal.report.text_width import folded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from coresponder_causal.report.specs import Picture

share_of_gaps, widest_gap, frame, beside = 0.25, 44.0, 1.7, 2.6
filled = "#D6E8F4"
blue, orange = Stroke(lw=1.3, color=accent, over=0.4), Stroke(lw=1.5, color=expected, over=0.3)
strokes = {
    "": (Stroke(lw=0.55, color=pale),),
    "effect": (blue,),
    "open": (orange,),
    "both": (orange._replace(lw=3.6, over=0.2), blue),
}


def draw_graph(canvas: Figure, picture: Picture, *, framed: bool) -> None:
    """Draw the times, the nodes in their columns, the arrows, and below them how they are read.

    Parameters
    ----------
    canvas : Figure
        It becomes a landscape page of A4, or a taller one where a column holds more than fits.
    picture : Picture
        Of kind "graph".
    framed : bool
        Whether title, purpose and caption are part of it.
    """
    nodes, arrows = picture.data["nodes"], picture.data["arrows"]
    many = int(nodes["layer"].max()) + 1
    across = page_width - 2 * margin
    gap = round(min(widest_gap, share_of_gaps * across / max(many - 1, 1)), 1)
    wide = round((across - gap * (many - 1)) / many - 0.05, 1)
    lines = {
        name: [(line, plain) for line in folded(words, plain, wide - 2 * beside, bold=bool(role))]
        for name, words, role in nodes[["id", "words", "role"]].itertuples(index=False, name=None)
    }
    head, foot = _head(picture) if framed else [], _foot(picture) if framed else []
    top = 0.7 * margin + leading * sum(size for _, size in head) + (10 if head else 0)
    available = page_height - top - 40 - leading * sum(size for _, size in foot) - margin / 2
    columns = [nodes.loc[nodes["layer"] == layer, "id"].tolist() for layer in range(many)]
    pairs = list(arrows[["start", "end"]].itertuples(index=False, name=None))
    layout = lay_out(columns, pairs, {name: box_height(own) for name, own in lines.items()}, available=available)
    tall = page_height + layout.height - available
    canvas.set_layout_engine("none")
    canvas.set_size_inches(page_width / 72, tall / 72)
    axes = canvas.add_axes((0, 0, 1, 1), xlim=(0, page_width), ylim=(tall, 0))
    axes.set_axis_off()
    sheet = Sheet(axes=axes, stages=tuple(map(str, range(many))), wide=wide, gap=gap)
    stack(sheet, margin, 0.7 * margin, head)
    _times(sheet, picture, top, layout.height)
    routes = {
        link: [(round(top + 26 + y, 1), round(top + 26 + to, 1)) for y, to in route]
        for link, route in layout.routes.items()
    }
    column = dict(zip(nodes["id"], nodes["layer"], strict=True))
    for start, end, part in arrows[["start", "end", "part"]].itertuples(index=False, name=None):
        for stroke in strokes[part]:
            draw_arrow(sheet, routes[start, end], column[start], 0.0, stroke)
    _nodes(sheet, picture, layout, lines, top + 26)
    stack(sheet, margin, top + 38 + layout.height, foot)
    for shape in axes.patches:
        shape.set_clip_on(False)


def _head(picture: Picture) -> list[Line]:
    across = page_width - 2 * margin
    title = [(line, large) for line in folded(picture.title, large, across, bold=True)]
    return title + [(line, headed) for line in folded(str(picture.labels["about"]), headed, across)]


def _foot(picture: Picture) -> list[Line]:
    said = [picture.caption, str(picture.labels["warning"])]
    return [(line, plain) for text in said if text for line in folded(text, plain, page_width - 2 * margin)]


def _times(sheet: Sheet, picture: Picture, top: float, height: float) -> None:
    """Shade the columns of each time and write its words over them."""
    from matplotlib.patches import Rectangle

    nodes = picture.data["nodes"]
    for time, words in picture.data["times"].itertuples(index=False, name=None):
        own = nodes.loc[nodes["time"] == time, "layer"]
        if own.empty:
            continue
        left, right = sheet.left(int(own.min())), sheet.left(int(own.max())) + sheet.wide
        edge = min(sheet.gap / 2 - 1.5, 6.0)
        sheet.axes.add_patch(
            Rectangle((left - edge, top), right - left + 2 * edge, height + 34, facecolor=shade, edgecolor="none")
        )
        for place, line in enumerate(folded(words, headed, right - left, bold=True)):
            y = top + 3 + leading * headed * place
            sheet.write((left + right) / 2, y, line, headed, bold=True, across="center")


def _nodes(sheet: Sheet, picture: Picture, layout: Layout, lines: Mapping[str, list[Line]], top: float) -> None:
    """Draw each node: dashed where nothing measures it, filled where it is asked for, framed twice where adjusted."""
    from matplotlib.patches import FancyBboxPatch

    columns = ["id", "layer", "role", "measured", "adjusted"]
    for name, layer, role, measured, adjusted in picture.data["nodes"][columns].itertuples(index=False, name=None):
        left, y = sheet.left(layer), top + layout.tops[name]
        for inside in (0.0, frame) if adjusted else (0.0,):
            shape = FancyBboxPatch(
                (left + inside, y + inside),
                sheet.wide - 2 * inside,
                box_height(lines[name]) - 2 * inside,
                boxstyle="round,pad=0,rounding_size=3",
                facecolor=filled if role else "white",
                edgecolor=accent if role else dark,
                lw=1.6 if role else 0.8,
                ls="solid" if measured else dashed,
                zorder=4,
            )
            sheet.axes.add_patch(shape)
        for place, (line, size) in enumerate(lines[name]):
            middle = left + sheet.wide / 2
            sheet.write(middle, y + inset + leading * size * place, line, size, bold=bool(role), across="center")
