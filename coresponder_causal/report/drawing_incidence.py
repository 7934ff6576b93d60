"""The picture of what came after calls: shares that add up in each arm, or mean numbers of both, and who is at risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.report.colours import accent, expected, grey, ink
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
trap = "kaplan_meier"
fills = ("#B5B5B5", "#D0D0D0", "#E2E2E2", "#EFEFEF")
dashes = (0, (4, 1.6))
line_height = 0.068  # of the height of the axes


def draw_incidence(canvas: Figure, picture: Picture) -> None:
    """Draw one panel for each arm, or both arms in one, and below it the calls at risk.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        ``data``: ``path`` (time, treated, kind, named, observed, low, high, at_risk); ``labels``: ``event, stacked,
        with, without, x, y``.
    """
    path, labels = picture.data["path"], picture.labels
    names = {False: str(labels["without"]), True: str(labels["with"])}
    panels = [(False,), (True,)] if labels["stacked"] else [(False, True)]
    grid = canvas.subplots(
        2, len(panels), sharex=True, sharey="row", squeeze=False, gridspec_kw={"height_ratios": [6, 1.0]}
    )
    for place, arms in enumerate(panels):
        axes, below = grid[0, place], grid[1, place]
        if labels["stacked"]:
            own = path[path["treated"] == arms[0]]
            _stack(axes, own, str(labels["event"]), named=place == len(panels) - 1)
            axes.set_title(names[arms[0]], loc="left", fontsize=9.5, color=ink)
        else:
            _lines(axes, path, names)
        _at_risk(below, path, arms, first=place == 0)
        below.set_xlabel(str(labels["x"]))
    grid[0, 0].set_ylim(bottom=0)
    grid[0, 0].set_ylabel(str(labels["y"]))
    last = float(path["time"].max())
    grid[0, 0].set_xlim(0, last)
    grid[0, 0].set_xticks(np.linspace(0, last, 4))


def _stack(axes: Axes, own: pd.DataFrame, event: str, *, named: bool) -> None:
    """Shares on top of each other, the event at the bottom with its interval, and the trap as a dashed line.

    A kind whose last point was withheld is left out.
    """
    wide = own.pivot_table(index="time", columns="kind", values="observed").drop(columns=trap)
    wide = wide.loc[:, wide.iloc[-1].notna()].interpolate("index")  # early points may have been withheld
    wide = wide[sorted(wide, key=lambda kind: (kind != event, kind))]
    tops = wide.cumsum(axis=1)
    ends = (tops - wide / 2).iloc[-1].tolist()
    for kind, fill in zip(wide, (accent, *fills), strict=False):
        share = 0.75 if kind == event else 1.0
        axes.fill_between(wide.index, tops[kind] - wide[kind], tops[kind], color=fill, alpha=share, lw=0, zorder=1)
    texts = own.drop_duplicates("kind").set_index("kind")["named"]
    first = own[own["kind"] == event].sort_values("time")
    for end in ("low", "high"):
        axes.plot(first["time"], first[end], color=accent, lw=0.9, zorder=3)
    dashed = own[own["kind"] == trap].sort_values("time")
    axes.plot(dashed["time"], dashed["observed"], color=expected, ls=dashes, lw=1.6, zorder=4)
    if named:
        heights = [*ends, float(dashed["observed"].iloc[-1])]
        shades = [*(accent if kind == event else grey for kind in wide), expected]
        _name(axes, heights, [str(texts[kind]) for kind in (*wide, trap)], shades)


def _lines(axes: Axes, path: pd.DataFrame, names: dict[bool, str]) -> None:
    """Both arms' curves with their intervals."""
    ends = []
    for treated, colour in ((False, grey), (True, accent)):
        own = path[path["treated"] == treated].sort_values("time")
        axes.fill_between(own["time"], own["low"], own["high"], color=colour, alpha=0.18, lw=0, zorder=1)
        axes.plot(own["time"], own["observed"], color=colour, zorder=3)
        ends.append(float(own["observed"].iloc[-1]))
    axes.set_ylim(0, 1.06 * float(path["high"].max()))
    _name(axes, ends, [_folded(names[False]), _folded(names[True])], [grey, accent])


def _folded(text: str) -> str:
    """Break a name after its second word."""
    words = text.split()
    return "\n".join(" ".join(part) for part in (words[:2], words[2:]) if part)


def _name(axes: Axes, heights: Sequence[float], texts: Sequence[str], colours: Sequence[str]) -> None:
    """Write names at the right ends of what they name, kept apart by the height of a line."""
    low, high = axes.get_ylim()
    least = line_height * (high - low) * (1 + max(text.count("\n") for text in texts))
    place = {}
    floor = -np.inf
    for number in np.argsort(heights, kind="stable"):
        floor = max(heights[number], floor + least)
        place[int(number)] = floor
    for number, text in enumerate(texts):
        axes.annotate(
            text, (1, place[number]), (5, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center", fontsize=9, color=colours[number],
        )  # fmt: skip


def _at_risk(axes: Axes, path: pd.DataFrame, arms: Sequence[bool], *, first: bool) -> None:
    """Write the calls at risk at four days below the curves, one line for each arm."""
    axes.set_ylim(-len(arms) + 0.4, 0.6)
    axes.grid(visible=False)
    axes.tick_params(axis="y", length=0, labelleft=False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    whole = path.drop_duplicates(["treated", "time"])
    days = np.linspace(0, float(path["time"].max()), 4)
    for line, treated in enumerate(arms):
        own = whole[whole["treated"] == treated].set_index("time")["at_risk"]
        for number, day in enumerate(days):
            told = f"{own[day]:,.0f}" if day in own else "–"
            side = "left" if number == 0 else "right" if number == len(days) - 1 else "center"
            colour = ink if len(arms) == 1 else (accent if treated else grey)
            axes.text(day, -line, told, ha=side, va="center", fontsize=8.5, color=colour)
    if first:
        axes.set_ylabel("At risk", rotation=0, ha="right", va="center", fontsize=8.5)
