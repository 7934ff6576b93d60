"""The course of one city: what was observed in time, and what was expected without the programme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.report.colours import expected, grey, ink, pale
from coresponder_causal.report.drawing_axes import calendar_axis, start_line
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]


def draw_course(axes: Axes, picture: Picture) -> None:
    """Draw what was observed as dots, what was expected as a line, and the programme's start."""
    data, labels = picture.data["path"], picture.labels
    spaced = _with_gaps(data)
    before, after = spaced[~spaced["after"]], spaced[spaced["after"]]
    axes.plot(data["position"], data["observed"], "o", ms=3.6, mfc=pale, mec="none", zorder=2)
    axes.plot(before["position"], before["counterfactual"], color=grey, lw=1.3, zorder=3)
    if "fitted" in data:
        axes.plot(after["position"], after["fitted"], color=grey, lw=1.3, zorder=3)
    if labels.get("whole") is not None:
        axes.axvspan(labels.number("start"), labels.number("whole"), color="#EFEFEF", lw=0, zorder=0)
    axes.fill_between(after["position"], after["low"], after["high"], color=expected, alpha=0.2, lw=0, zorder=1)
    axes.plot(after["position"], after["counterfactual"], color=expected, ls=(0, (4, 1.6)), zorder=3)
    axes.set_ylabel(str(labels["y"]))
    if picture.kind == "gap":
        axes.axhline(picture.labels.number("even"), color=ink, lw=0.8, zorder=1)
    else:
        axes.set_ylim(0, labels.number("top") if "top" in labels else None)
    first, last = float(data["position"].iloc[0]), float(data["position"].iloc[-1])
    axes.set_xlim(first - 0.015 * (last - first), last + 0.015 * (last - first))
    if labels["calendar"]:
        calendar_axis(axes, first, last)
    if labels["start"] is not None:
        start_line(axes, labels.number("start"), str(labels["start_label"]))
    _end_labels(axes, data)


def _with_gaps(data: pd.DataFrame) -> pd.DataFrame:
    """Break the lines where periods were left out: an empty row before each jump of the positions."""
    jump = data["position"].diff() > 1.5 * data["position"].diff().median()
    values = data.columns.difference(["after"])
    empty = data[jump].assign(**{name: np.nan for name in values if name != "time"})
    return pd.concat([empty, data]).sort_index(kind="stable")


def _end_labels(axes: Axes, data: pd.DataFrame) -> None:
    """Name the line and the dots beside their ends, kept apart by the height of a label."""
    heights = _ends(data)
    low, high = axes.get_ylim()
    edge, apart = 0.04 * (high - low), max(abs(heights[1] - heights[0]), 0.15 * (high - low))
    middle = np.clip(heights.mean(), low + edge + apart / 2, high - edge - apart / 2)
    sides = np.array([0.5, -0.5]) * (1 if heights[0] > heights[1] else -1)
    heights = np.clip(middle + sides * apart, low + edge, high - edge)
    for height, label, color in zip(heights, ("observed", "expected\nwithout it"), (grey, expected), strict=True):
        axes.annotate(
            label, (1, height), (5, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center", fontsize=9, color=color,
        )  # fmt: skip


def _ends(data: pd.DataFrame) -> Array:
    """Give where what was observed ends, and what was expected: dots without a line by their last few distances."""
    after = data[data["after"]] if data["after"].any() else data
    expected_end = after["counterfactual"].iloc[-1]
    if "fitted" in after:
        return np.array([after["fitted"].iloc[-1], expected_end])
    tail = after.tail(max(3, len(after) // 6))
    return np.array([expected_end + (tail["observed"] - tail["counterfactual"]).mean(), expected_end])
