"""Drawing of effects of several groups by the time since the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.report.colours import accent, expected, grey, ink
from coresponder_causal.report.drawing_axes import start_line
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

colours = (expected, accent, grey)
apart = 0.075  # smallest distance of two labels, in heights of the axes


def draw_groups(axes: Axes, picture: Picture) -> None:
    """Draw points and bars of each group side by side, the group's name at its last point.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "groups".
    """
    rows, labels = picture.data["groups"], picture.labels
    groups, width = [str(name) for name in labels["groups"]], labels.number("width")  # type: ignore[attr-defined]
    axes.axhline(0, color=ink, lw=0.8, zorder=1)
    ends = []
    for place, (group, color) in enumerate(zip(groups, colours, strict=False)):
        own = rows[rows["group"] == group].sort_values("position")
        x = own["position"].to_numpy() + 0.16 * width * (place - (len(groups) - 1) / 2)
        before, y = (own["event_time"] < 0).to_numpy(), own["estimate"].to_numpy()
        axes.vlines(x, own["low"], own["high"], color=color, lw=1.6, zorder=2)
        for mask, fill in ((before, "white"), (~before, color)):
            axes.plot(x[mask], y[mask], "-", color=color, lw=0.8, alpha=0.6, zorder=2)
            axes.plot(x[mask], y[mask], "o", ms=5.5, mfc=fill, mec=color, mew=1.2, zorder=3)
        ends.append((float(x[-1]), float(y[-1])))
    axes.set_xlabel(str(labels["x"]))
    axes.set_ylabel(str(labels["y"]))
    step = max(width, 2 * width * round(len(rows) / len(groups) / 16))
    first = rows["event_time"].min()
    axes.set_xticks(np.arange(np.floor(first / step) * step, rows["event_time"].max() + 1, step))
    axes.set_xlim(right=rows["position"].max() + 0.33 * np.ptp(rows["position"]))
    _name(axes, ends, [str(name) for name in labels["named"]])  # type: ignore[attr-defined]
    start_line(axes, -0.5, "first time beside the team")


def _name(axes: Axes, ends: list[tuple[float, float]], names: list[str]) -> None:
    """Write each group's name right of its last point, far enough from the others."""
    low, high = axes.get_ylim()
    order = np.argsort([height for _, height in ends])
    heights = np.array([ends[place][1] for place in order])
    for number in range(1, len(heights)):
        heights[number] = max(heights[number], heights[number - 1] + apart * (high - low))
    right = max(x for x, _ in ends)
    for place, height in zip(order, heights, strict=True):
        axes.annotate(
            names[place], (right, height), (9, 0), textcoords="offset points", va="center", fontsize=9,
            color=colours[place], fontweight="bold", bbox={"fc": "white", "ec": "none", "pad": 1},
        )  # fmt: skip
