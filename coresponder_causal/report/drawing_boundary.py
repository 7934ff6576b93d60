"""The picture of a clock boundary: means of the outcome on its two sides, before and after the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.report.colours import accent, grey, ink
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

shade = "#EFEFEF"


def draw_boundary(axes: Axes, picture: Picture) -> None:
    """Draw binned means, the lines up to the boundary, the boundary itself and the donut.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        ``data``: ``path`` (time, after, observed, calls) and ``lines`` (after, start, end, first, last).
    """
    bins, labels = picture.data["path"], picture.labels
    axes.axvspan(-labels.number("donut"), labels.number("donut"), color=shade, lw=0, zorder=0)
    axes.axvline(0, color=ink, lw=1, ls=(0, (3, 2)), zorder=1)
    largest = float(bins["calls"].max())
    looks = ((False, grey, "white", (0, (4, 1.6))), (True, accent, accent, "solid"))
    for after, colour, fill, dashes in looks:
        own = bins[bins["after"] == after]
        axes.scatter(
            own["time"],
            own["observed"],
            s=34 * own["calls"] / largest,
            facecolor=fill,
            edgecolor=colour,
            lw=1,
            zorder=3,
        )
        lines = picture.data["lines"][picture.data["lines"]["after"] == after]
        ends, heights = (lines[list(names)].to_numpy(float).T for names in (("start", "end"), ("first", "last")))
        axes.plot(ends, heights, color=colour, ls=dashes, lw=1.8, zorder=2)
    _name(axes, picture.data["lines"])
    axes.annotate(
        str(labels["boundary"]), (0.5, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", ha="center",
        va="bottom", fontsize=9, color=ink,
    )  # fmt: skip
    edge = labels.number("bandwidth")
    axes.set_xlim(-edge, edge)
    axes.set_xticks(np.arange(-edge, edge + 1, edge / 4))
    axes.set_xlabel(str(labels["x"]))
    axes.set_ylabel(str(labels["y"]))


def _name(axes: Axes, lines: pd.DataFrame) -> None:
    """Name the two periods at the right ends of their lines, kept apart by the height of a label."""
    right = lines.sort_values("end").groupby("after")["last"].last()
    low, high = axes.get_ylim()
    least = 0.08 * (high - low)
    heights = right.copy()
    if len(heights) == 2 and abs(heights[True] - heights[False]) < least:
        push = 0.5 * (least - abs(heights[True] - heights[False]))
        up = 1.0 if heights[True] >= heights[False] else -1.0
        heights[True], heights[False] = heights[True] + up * push, heights[False] - up * push
    for after, height in heights.items():
        axes.annotate(
            "after" if after else "before", (1, height), (5, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=9, color=accent if after else grey,
        )  # fmt: skip
