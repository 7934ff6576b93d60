"""Pictures of description: a metric in time, the course of calls, shares in cells, one rate by several definitions."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coresponder_causal.report.colours import accent, expected, ink, pale
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

flow_colours = (accent, "#56B4E9", expected, "#E69F00", "#009E73")
node_width, node_gap, line_height, label_width = 0.16, 0.035, 0.043, 17
unnamed = ("not known", "other")


def size_of(picture: Picture, *, framed: bool) -> tuple[float, float]:
    """Return width and height of a picture in inches.

    Parameters
    ----------
    picture : Picture
    framed : bool
        Whether title and caption are part of it.
    """
    more = 1.2 if framed else 0.0
    if picture.kind == "trend":
        return 5.4 + more, 1.9 + more
    if picture.kind == "flow":
        return 7.6, 4.2 + more
    rows = len(picture.data["rates"]) if picture.kind == "rates" else picture.data["surface"]["cell"].nunique()
    return 5.4 + more, (0.5 * rows if picture.kind == "rates" else 0.215 * rows) + 0.9 + more


def draw_metrics(canvas: Figure, picture: Picture) -> None:
    """Draw one of the pictures of description.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        Of kind "trend", "flow", "surface" or "rates".
    """
    draw = {"trend": _trend, "flow": _flow, "surface": _surface, "rates": _rates}[picture.kind]
    draw(canvas.add_subplot(), picture)


def _trend(axes: Axes, picture: Picture) -> None:
    """Draw a line with its interval as a band, and the start as a line."""
    data, labels = picture.data["trend"], picture.labels
    axes.fill_between(data["position"], data["low"], data["high"], color=accent, alpha=0.18, lw=0)
    axes.plot(data["position"], data["value"], color=accent, lw=1.5)
    axes.set_ylabel(str(labels["y"]))
    top = np.nanmax(np.r_[data["high"].to_numpy(float), data["value"].to_numpy(float)])
    low = np.nanmin(np.r_[data["low"].to_numpy(float), data["value"].to_numpy(float), 0.0])
    axes.set_ylim(1.05 * float(low), 1.08 * float(top) if top > 0 else 1)
    first, last = float(data["position"].iloc[0]), float(data["position"].iloc[-1])
    axes.set_xlim(first - 0.01, last + 0.01)
    step = 0.5 if last - first < 2 else 1.0
    ticks = np.arange(np.ceil(first / step) * step, last + 1e-9, step)
    axes.set_xticks(ticks, [f"{'Jul ' if tick % 1 else ''}{int(tick)}" for tick in ticks])
    if labels["start"] is not None and first < labels.number("start") < last:
        place = labels.number("start")
        axes.axvline(place, color=ink, lw=1, ls=(0, (3, 2)))
        axes.annotate(
            str(labels["start_label"]), (place, 1), (0, 3), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", va="bottom", fontsize=8.5, color=ink,
        )  # fmt: skip


class Node(NamedTuple):
    """A state of a stage and how many calls are in it."""

    column: int
    state: str
    calls: float
    stage: str


class Stream(NamedTuple):
    """Calls that go from a state of one stage to a state of the next."""

    column: int
    from_state: str
    state: str
    calls: float


def _flow(axes: Axes, picture: Picture) -> None:
    """Draw states as bars, one column a stage, and the calls between them as bands."""
    nodes = [Node(*row) for row in picture.data["nodes"][list(Node._fields)].itertuples(index=False, name=None)]
    streams = [Stream(*row) for row in picture.data["flows"][list(Stream._fields)].itertuples(index=False, name=None)]
    whole = max(sum(node.calls for node in own) for own in _columns(nodes))
    places = _places(nodes, whole)
    leaving = {key: top for key, (_, top) in places.items()}
    entering = dict(leaving)
    for stream in streams:
        start, end = (stream.column, stream.from_state), (stream.column + 1, stream.state)
        height = stream.calls / whole
        _band(axes, stream.column, leaving[start], entering[end], height, _colour(nodes, *start))
        leaving[start] -= height
        entering[end] -= height
    for node in nodes:
        _bar(axes, node, *places[node.column, node.state], _colour(nodes, node.column, node.state))
    for own in _columns(nodes):
        axes.text(own[0].column, 1.3, own[0].stage, fontsize=8.5, fontweight="bold", color=ink, va="bottom")
    axes.set_xlim(-0.02, nodes[-1].column + 1.0)
    axes.set_ylim(min(bottom for bottom, _ in places.values()) - 0.04, 1.36)
    axes.axis("off")


def _columns(nodes: list[Node]) -> list[list[Node]]:
    """Group the states by stage."""
    return [[node for node in nodes if node.column == column] for column in range(nodes[-1].column + 1)]


def _places(nodes: list[Node], whole: float) -> dict[tuple[int, str], tuple[float, float]]:
    """Bottom and top of every state, stacked from above with room for its name."""
    found: dict[tuple[int, str], tuple[float, float]] = {}
    for own in _columns(nodes):
        top = 1.27
        for node in own:
            height = node.calls / whole
            found[node.column, node.state] = (top - height, top)
            lines = 1 + len(textwrap.wrap(node.state, label_width))
            top -= max(height, line_height * lines) + node_gap
    return found


def _colour(nodes: list[Node], column: int, state: str) -> str:
    """Colour of a state by its place in its column; what is not known is grey."""
    if state in unnamed:
        return pale
    states = [node.state for node in nodes if node.column == column and node.state not in unnamed]
    return flow_colours[states.index(state) % len(flow_colours)]


def _bar(axes: Axes, node: Node, bottom: float, top: float, colour: str) -> None:
    """Draw a state with its name and its number beside it."""
    axes.bar(node.column, max(top - bottom, 0.004), node_width, bottom, align="edge", color=colour)
    axes.text(
        node.column + node_width + 0.02, (top + bottom) / 2,
        f"{textwrap.fill(node.state, label_width)}\n{node.calls:,.0f}", va="center", ha="left", fontsize=7, color=ink,
        linespacing=1.05, bbox={"facecolor": "white", "alpha": 0.65, "lw": 0, "pad": 0.6},
    )  # fmt: skip


def _band(axes: Axes, column: int, left: float, right: float, height: float, colour: str) -> None:
    """Draw one band whose edges bend from one column to the next."""
    bend = np.linspace(0, 1, 30)
    ease = bend**2 * (3 - 2 * bend)
    across = column + node_width + bend * (1 - node_width)
    top = left + (right - left) * ease
    axes.fill_between(across, top - height, top, color=colour, alpha=0.3, lw=0)


def _surface(axes: Axes, picture: Picture) -> None:
    """Draw cells as tiles with their numbers written on them, the darker the larger the share."""
    data = picture.data["surface"]
    groups, cells = list(dict.fromkeys(data["group"])), list(dict.fromkeys(data["cell"]))
    shares = data.pivot(index="cell", columns="group", values="share").loc[cells, groups].to_numpy(float)
    across, down = (np.arange(len(names) + 1) - 0.5 for names in (groups, cells))
    axes.pcolormesh(across, down, shares, cmap=_blues(), edgecolors="face", linewidth=0.2)
    axes.invert_yaxis()
    middle = float(shares.min() + 0.7 * (shares.max() - shares.min()))
    columns = ["group", "cell", "share", "conf_low", "conf_high"]
    for group, cell, share, low, high in data[columns].itertuples(index=False, name=None):
        axes.text(
            groups.index(group), cells.index(cell), f"{100 * share:.0f} %  ({100 * low:.0f}–{100 * high:.0f})",
            ha="center", va="center", fontsize=7.5, color="white" if share > middle else ink,
        )  # fmt: skip
    axes.set_xticks(np.arange(len(groups)), [textwrap.fill(str(name), 20) for name in groups])
    axes.set_yticks(np.arange(len(cells)), [str(name) for name in cells], fontsize=7.5)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set_ylabel(str(picture.labels["y"]))


def _blues() -> Colormap:
    """Shades from nearly white to the accent."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", ["#EEF5FA", accent])


def _rates(axes: Axes, picture: Picture) -> None:
    """Draw one bar a definition, its name and what it divides by above it."""
    rows = picture.data["rates"]
    height = -np.arange(len(rows), dtype=float)
    most = float(rows["percent"].max())
    axes.barh(height - 0.2, rows["percent"], height=0.3, color=accent)
    written = rows[["counts", "divides_by", "percent"]].itertuples(index=False, name=None)
    for y, (counts, divides_by, percent) in zip(height, written, strict=True):
        axes.text(0, y + 0.02, f"{counts}, of {divides_by}", fontsize=8, va="bottom", color=ink)
        axes.text(
            percent + 0.01 * most, y - 0.2, f"{percent:.1f} %", fontsize=9.5, va="center", color=accent,
            fontweight="bold",
        )  # fmt: skip
    axes.set_yticks([])
    axes.set_ylim(height.min() - 0.55, 0.45)
    axes.set_xlim(0, 1.3 * most)
    axes.set_xlabel(str(picture.labels["x"]))
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
