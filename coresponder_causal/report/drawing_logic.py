"""The picture of a logic model: one landscape page of A4, black on white, every letter 7 points or more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from coresponder_causal.report.logic_layout import Layout, lay_out
from coresponder_causal.report.specs import Picture
from coresponder_causal.report.text_width import folded, width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

page_width, page_height = 841.9, 595.3  # points
margin, gap, inset, mark_width = 22.0, 36.0, 4.5, 20.0
small, plain, headed, large = 7.0, 7.5, 8.5, 14.0
leading = 1.24
shade, dark = "#F2F2F2", "#000000"
dotted, dashed = (0, (1, 1.6)), (0, (4, 2))
Line: TypeAlias = tuple[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A page that is being filled: its axes in points downwards, and how wide a column is."""

    axes: Axes
    stages: tuple[str, ...]
    wide: float
    gap: float = gap

    def left(self, column: int) -> float:
        """Left edge of a column."""
        return margin + column * (self.wide + self.gap)

    def write(
        self, x: float, y: float, text: str, size: float, *, bold: bool = False,
        across: Literal["left", "center", "right"] = "left",
    ) -> None:  # fmt: skip
        """Write one line whose top is at ``y``."""
        weight = "bold" if bold else "normal"
        self.axes.text(
            x, y + 0.5 * leading * size, text, fontsize=size, fontweight=weight, color=dark, ha=across,
            va="center_baseline", zorder=5,
        )  # fmt: skip


def draw_logic(canvas: Figure, picture: Picture, *, framed: bool) -> None:
    """Draw headings, boxes, arrows, and below them assumptions and external factors.

    Parameters
    ----------
    canvas : Figure
        It becomes a landscape page of A4, or a taller one where a column holds more than fits.
    picture : Picture
        Of kind "logic".
    framed : bool
        Whether title and purpose are part of it.
    """
    stages = tuple(picture.data["stages"]["heading"])
    wide = (page_width - 2 * margin - gap * (len(stages) - 1)) / len(stages)
    lines = {box.id: _lines(box, wide) for box in _boxes_of(picture)}
    heights = {name: box_height(own) for name, own in lines.items()}
    head, foot = _head(picture) if framed else [], _notes(picture)
    caption = folded(picture.caption, small, page_width - 2 * margin) if framed else []
    top = 0.7 * margin + leading * sum(size for _, size in head) + (10 if head else 0)
    available = page_height - top - 34 - _foot_height(foot, caption)
    boxes, links = picture.data["boxes"], picture.data["links"]
    columns = [boxes.loc[boxes["stage"] == stage, "id"].tolist() for stage in stages]
    pairs = list(links[["start", "end"]].itertuples(index=False, name=None))
    layout = lay_out(columns, pairs, heights, available=available)
    tall = page_height + layout.height - available
    canvas.set_layout_engine("none")
    canvas.set_size_inches(page_width / 72, tall / 72)
    axes = canvas.add_axes((0, 0, 1, 1), xlim=(0, page_width), ylim=(tall, 0))
    axes.set_axis_off()
    sheet = Sheet(axes=axes, stages=stages, wide=wide)
    stack(sheet, margin, 0.7 * margin, head)
    _columns(sheet, top, layout.height)
    _links(sheet, picture, layout, top + 26)
    _boxes(sheet, picture, layout, lines, top + 26)
    _foot(sheet, foot, caption, top + 34 + layout.height)


class Box(NamedTuple):
    """A box before it has a place."""

    id: str
    stage: str
    text: str
    metrics: str
    external: str
    unmeasured: bool


class Note(NamedTuple):
    """An assumption or an external factor: its mark, and its lines."""

    mark: str
    lines: list[str]


def _boxes_of(picture: Picture) -> list[Box]:
    return [Box(*row) for row in picture.data["boxes"][list(Box._fields)].itertuples(index=False, name=None)]


def _lines(box: Box, wide: float) -> list[Line]:
    """Lines of a box, each with its size: its words, then its metrics and external factors."""
    words = [(line, plain) for line in folded(box.text, plain, wide - 2 * inset)]
    marks = f"{box.metrics} {box.external}".strip()
    return words + [(line, small) for line in folded(marks, small, wide - 2 * inset) if line]


def box_height(lines: list[Line]) -> float:
    """Height of a box with its lines."""
    return 2 * inset + leading * sum(size for _, size in lines)


def _notes(picture: Picture) -> list[tuple[str, list[Note]]]:
    """Assumptions and external factors, each list under its heading, folded to half the width of the page."""
    wide = (page_width - 2 * margin - gap) / 2 - mark_width
    notes, found = picture.data["notes"], []
    for kind, heading in (("assumption", "Assumptions"), ("external", "External factors")):
        own = notes[notes["kind"] == kind]
        if len(own):
            marked = zip(own["mark"], own["text"], strict=True)
            found.append((heading, [Note(mark, folded(text, plain, wide)) for mark, text in marked]))
    return found


def _foot_height(foot: list[tuple[str, list[Note]]], caption: list[str]) -> float:
    """Height of what stands below the boxes."""
    longest = max((sum(len(note.lines) for note in notes) for _, notes in foot), default=0)
    listed = leading * (headed + plain * longest) + 8 if foot else 0.0
    return 14 + listed + leading * small * len(caption) + margin / 2


def _head(picture: Picture) -> list[Line]:
    """Lines of title and purpose, each with its size."""
    wide = page_width - 2 * margin
    title = [(line, large) for line in folded(picture.title, large, wide, bold=True)]
    return title + [(line, headed) for line in folded(str(picture.labels["purpose"]), headed, wide)]


def _columns(sheet: Sheet, top: float, height: float) -> None:
    """Shade each column and write its heading over it."""
    from matplotlib.patches import Rectangle

    for column, stage in enumerate(sheet.stages):
        left = sheet.left(column)
        sheet.axes.add_patch(
            Rectangle((left - 4, top), sheet.wide + 8, height + 30, facecolor=shade, edgecolor="none", zorder=0)
        )
        words = folded(stage, headed, sheet.wide, bold=True)
        for place, line in enumerate(words):
            y = top + 3 + leading * headed * (place + (2 - len(words)) / 2)
            sheet.write(left + sheet.wide / 2, y, line, headed, bold=True, across="center")


def _boxes(sheet: Sheet, picture: Picture, layout: Layout, lines: Mapping[str, list[Line]], top: float) -> None:
    """Draw each box with its lines; one that should be measured and is not has a dotted edge."""
    from matplotlib.patches import FancyBboxPatch

    for box in _boxes_of(picture):
        left, y = sheet.left(sheet.stages.index(box.stage)), top + layout.tops[box.id]
        shape = FancyBboxPatch(
            (left, y),
            sheet.wide,
            box_height(lines[box.id]),
            boxstyle="round,pad=0,rounding_size=3",
            facecolor="white",
            edgecolor=dark,
            lw=1.3 if box.unmeasured else 0.8,
            ls=dotted if box.unmeasured else "solid",
            zorder=4,
        )
        sheet.axes.add_patch(shape)
        stack(sheet, left + inset, y + inset, lines[box.id])


def stack(sheet: Sheet, x: float, y: float, lines: list[Line]) -> None:
    """Write lines one below the other; those of a title are bold."""
    for line, size in lines:
        sheet.write(x, y, line, size, bold=size == large)
        y += leading * size


def _links(sheet: Sheet, picture: Picture, layout: Layout, top: float) -> None:
    """Draw each link as curves across the gaps and straight lanes through the columns it passes."""
    column = {box.id: sheet.stages.index(box.stage) for box in _boxes_of(picture)}
    for start, end, marks in picture.data["links"][["start", "end", "marks"]].itertuples(index=False, name=None):
        style = Stroke(ls=dashed if marks else "solid")
        place = draw_arrow(sheet, layout.routes[start, end], column[start], top, style)
        if marks:
            _badge(sheet, *place, marks)


class Stroke(NamedTuple):
    """How a line is drawn; dashes and dots by their lengths."""

    ls: str | tuple[int, tuple[float, float]] = "solid"
    lw: float = 0.8
    color: str = dark
    over: float = 0.0


def draw_arrow(
    sheet: Sheet, route: Sequence[tuple[float, float]], column: int, top: float, style: Stroke
) -> tuple[float, float]:
    """Draw one link from a column on: curves across the gaps, straight lanes between; return where it begins."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    points: list[tuple[float, float]] = []
    for place, heights in enumerate(route, column):
        x, far = sheet.left(place) + sheet.wide, sheet.left(place + 1)
        y, to = (top + height for height in heights)
        middle = (x + far) / 2
        points += [(x, y), (middle, y), (middle, to), (far, to)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3]
    codes += [Path.LINETO, *[Path.CURVE4] * 3] * (len(points) // 4 - 1)
    shape = FancyArrowPatch(
        path=Path(points, codes),
        arrowstyle="-|>,head_length=3.2,head_width=1.5",
        mutation_scale=1,
        lw=style.lw,
        color=style.color,
        ls=style.ls,
        shrinkA=0,
        shrinkB=0,
        zorder=3 + style.over,
        joinstyle="miter",
        capstyle="butt",
        fill=True,
    )
    sheet.axes.add_patch(shape)
    return points[0]


def _badge(sheet: Sheet, x: float, y: float, marks: str) -> None:
    """Write the marks of assumptions on the beginning of an arrow."""
    from matplotlib.patches import FancyBboxPatch

    wide = width(marks, small, bold=True) + 4
    shape = FancyBboxPatch(
        (x + 2, y - 4.5), wide, 9, boxstyle="round,pad=0,rounding_size=3", facecolor="white", edgecolor=dark, lw=0.6,
        zorder=5,
    )  # fmt: skip
    sheet.axes.add_patch(shape)
    sheet.write(x + 2 + wide / 2, y - 0.5 * leading * small, marks, small, bold=True, across="center")


def _foot(sheet: Sheet, foot: list[tuple[str, list[Note]]], caption: list[str], top: float) -> None:
    """Write assumptions on the left, external factors on the right, and the caption below both."""
    lowest = top + 6
    for side, (heading, notes) in enumerate(foot):
        x, y = margin + side * (page_width - 2 * margin + gap) / 2, top + 6
        sheet.write(x, y, heading, headed, bold=True)
        y += leading * headed
        for note in notes:
            sheet.write(x, y, note.mark, plain, bold=True)
            for line in note.lines:
                sheet.write(x + mark_width, y, line, plain)
                y += leading * plain
        lowest = max(lowest, y + 8)
    stack(sheet, margin, lowest, [(line, small) for line in caption])
