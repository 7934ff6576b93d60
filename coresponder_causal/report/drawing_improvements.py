"""Drawing of what would help most: ranked bars, one panel a currency."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.report.colours import accent, expected, grey, ink, pale
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

shades = {"averted": accent, "linked": accent, "interval": expected}
letters = 92


def improvements_height(picture: Picture) -> float:
    """Return the height of the picture in inches.

    Parameters
    ----------
    picture : Picture
    """
    bars = picture.data["bars"]
    return 0.3 + 0.62 * len(bars) + 0.75 * bars["currency"].nunique()


def draw_improvements(canvas: Figure, picture: Picture) -> None:
    """Draw a bar a change below its name, with its interval as a line and its numbers beside it.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        ``data``: ``bars`` (currency, what, estimate, low, high, factor, said); ``labels``: the axis of each currency.
    """
    panels = [(str(name), rows) for name, rows in picture.data["bars"].groupby("currency", sort=False)]
    all_axes = canvas.subplots(len(panels), 1, squeeze=False, height_ratios=[len(rows) + 0.6 for _, rows in panels])
    for axes, (currency, rows) in zip(all_axes[:, 0], panels, strict=True):
        _panel(axes, rows, currency, str(picture.labels[currency]))


def _panel(axes: Axes, rows: pd.DataFrame, currency: str, label: str) -> None:
    factor = rows["factor"].to_numpy(float)
    estimate, low, high = (rows[name].to_numpy(float) * factor for name in ("estimate", "low", "high"))
    height, only_ends = -np.arange(len(rows), dtype=float), np.isnan(estimate)
    axes.barh(height, np.nan_to_num(estimate), height=0.34, color=shades[currency], zorder=2)
    axes.barh(height[only_ends], (high - low)[only_ends], left=low[only_ends], height=0.34, color=pale, zorder=2)
    axes.hlines(height[~only_ends], low[~only_ends], high[~only_ends], color=ink, lw=1.4, zorder=3)
    axes.axvline(0, color=ink, lw=0.8, zorder=1)
    least, most = min(0.0, float(low.min())), max(float(high.max()), 100.0 if currency == "interval" else 0.0)
    if currency == "interval":
        axes.axvline(100, color=ink, lw=0.8, ls=(0, (3, 2)), zorder=1)
        axes.annotate("today", (100, 0.7), (3, 0), textcoords="offset points", va="top", fontsize=8.5, color=grey)
    span = most - least or 1.0
    for y, end, what, said in zip(height, high, rows["what"], rows["said"], strict=True):
        axes.text(
            max(end, 0.0) + 0.015 * span, y, str(said), va="center", fontsize=8.5, color=ink, zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
        axes.annotate(
            textwrap.shorten(str(what), letters, placeholder="…"), (0, y + 0.22), (4, 0),
            textcoords="offset points", va="bottom", fontsize=8.5, color=grey,
        )  # fmt: skip
    axes.set_xlim(least - 0.01 * span, most + 0.22 * span)
    axes.set_ylim(float(height.min()) - 0.4, 0.7)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.locator_params(axis="x", nbins=6)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xlabel(label[:1].upper() + label[1:])
