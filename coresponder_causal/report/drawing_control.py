"""The picture of a monitored metric: its months beside what was expected of them, and its two charts below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.report.colours import accent, expected, grey, ink, pale
from coresponder_causal.report.drawing_axes import calendar_axis, start_line
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_control(canvas: Figure, picture: Picture) -> None:
    """Draw one metric.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        ``data``: ``path`` (position, value) of all months and ``control`` (position, expected, low, high, weighted,
        summed, beyond) of the monitored ones, the charts over their limits.
    """
    grid = canvas.add_gridspec(2, 1, height_ratios=(2.1, 1.3))
    upper = canvas.add_subplot(grid[0])
    lower = canvas.add_subplot(grid[1], sharex=upper)
    _months(upper, picture)
    _charts(lower, picture)
    upper.tick_params(axis="x", labelbottom=False)
    first, last = (float(picture.data["path"]["position"].iloc[at]) for at in (0, -1))
    lower.set_xlim(first - 0.1, last + 0.1)
    start_line(upper, picture.labels.number("since"), str(picture.labels["since_label"]))
    calendar_axis(lower, first, last)


def _months(axes: Axes, picture: Picture) -> None:
    """Every month, what was expected of it and the middle 95 %, months beyond the limits filled."""
    path, control = picture.data["path"], picture.data["control"]
    axes.plot(path["position"], path["value"], color=pale, lw=0.9, zorder=2)
    axes.plot(path["position"], path["value"], "o", ms=3.2, mfc="white", mec=grey, mew=0.9, zorder=3)
    axes.fill_between(control["position"], control["low"], control["high"], color=accent, alpha=0.15, lw=0, zorder=1)
    axes.plot(control["position"], control["expected"], color=accent, lw=1.4, zorder=4)
    over = control[control["beyond"]].merge(path, on="position")
    axes.plot(over["position"], over["value"], "o", ms=5, mfc=expected, mec="white", mew=0.6, zorder=5)
    axes.set_ylim(0, 1.08 * float(np.nanmax(np.r_[path["value"], control["high"]])))
    axes.set_ylabel(str(picture.labels["y"]))


def _charts(axes: Axes, picture: Picture) -> None:
    """Both charts over their limits, so that 1 is the limit of each."""
    control = picture.data["control"]
    axes.axhspan(-1, 1, color="#F1F1F1", lw=0, zorder=0)
    for line in (-1, 1):
        axes.axhline(line, color=ink, lw=0.8, ls=(0, (3, 2)), zorder=1)
    axes.axhline(0, color=pale, lw=0.6, zorder=1)
    for name, colour, style in (("weighted", accent, "-"), ("summed", ink, (0, (4, 1.5)))):
        axes.plot(control["position"], control[name], color=colour, ls=style, lw=1.4, zorder=3)
    most = max(1.35, 1.1 * float(control[["weighted", "summed"]].abs().to_numpy().max()))
    axes.set_ylim(-most, most)
    axes.set_ylabel("Over its limit")
    for place, colour, words in ((0.02, accent, "weighted mean"), (0.24, ink, "- - running sum")):
        axes.text(place, 0.97, words, transform=axes.transAxes, fontsize=8, color=colour, va="top")
