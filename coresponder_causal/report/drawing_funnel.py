"""Drawing of the change of a record, stage by stage."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.report.colours import accent, expected, grey, ink, pale
from coresponder_causal.report.drawing_axes import percent_axis
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

colours = {"happened": accent, "recorded": expected, "other": pale, "sum": ink}


def funnel_height(picture: Picture) -> float:
    """Inches for its bars."""
    return 1.0 + 0.42 * len(picture.data["steps"])


def draw_funnel(axes: Axes, picture: Picture) -> None:
    """Draw a bar for each stage where the one above ends, and the sums below a line.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "funnel".
    """
    steps, stages = picture.data["steps"], int(picture.labels.number("stages"))
    height = -np.arange(len(steps), dtype=float) - 0.4 * (np.arange(len(steps)) >= stages)
    begin, end, low, high = (steps[name].to_numpy(float) for name in ("begin", "end", "low", "high"))
    shades = [colours[str(role)] for role in steps["role"]]
    axes.axvline(0, color=ink, lw=0.8, zorder=1)
    axes.barh(height, end - begin, left=begin, height=0.62, color=shades, zorder=2)
    axes.hlines(height, low, high, color=ink, lw=0.9, zorder=4)
    axes.vlines(end[: stages - 1], height[1:stages] + 0.31, height[: stages - 1] - 0.31, color=grey, lw=0.7, zorder=1)
    axes.axhline((height[stages - 1] + height[stages]) / 2, color=pale, lw=0.8)
    percent_axis(axes, min(0.0, float(low.min())), max(0.0, float(high.max())))
    for place, text, shade in zip(height, steps["said"], shades, strict=True):
        axes.annotate(
            str(text), (1, place), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center", fontsize=9, color=grey if shade == pale else shade, fontweight="bold",
        )  # fmt: skip
    axes.set_yticks(height, [textwrap.fill(str(label), 30) for label in steps["label"]])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.set_ylim(float(height.min()) - 0.6, 0.6)
    axes.set_xlabel(str(picture.labels["x"]))
