"""Bars of how many of a hundred, with all that fits the data as a thin line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.report import words
from coresponder_causal.report.colours import accent, ink, pale
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def hundred_height(picture: Picture) -> float:
    """Return the height of the picture in inches.

    Parameters
    ----------
    picture : Picture
    """
    return 0.55 + 0.52 * len(picture.data["bars"])


def draw_hundred(axes: Axes, picture: Picture) -> None:
    """Draw one bar a row, its number beyond its line.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        ``data``: ``bars`` (label, value, low, high, ours); ``labels``: ``even``, where no change would lie.
    """
    rows = picture.data["bars"]
    height = -np.arange(len(rows), dtype=float)
    even = picture.labels.number("even")
    least, most = (float(f([f(rows[["value", "low", "high"]].stack()), even, 0.0])) for f in (np.nanmin, np.nanmax))
    span = most - least
    axes.barh(height, rows["value"], height=0.56, color=[accent if ours else pale for ours in rows["ours"]], zorder=2)
    axes.hlines(height, rows["low"], rows["high"], color=ink, lw=1.6, zorder=3)
    axes.plot(rows[["low", "high"]].to_numpy().T, [height, height], "|", ms=9, mew=1.6, color=ink, zorder=3)
    axes.axvline(even, color=ink, lw=1, ls=(0, (3, 2)) if even else "-", zorder=1)
    for y, value, low, high in zip(height, *(rows[name] for name in ("value", "low", "high")), strict=True):
        limits = "" if np.isnan(low) else f"  ({words.of_hundred(low)} to {words.of_hundred(high)})"
        text, end = f"{words.of_hundred(value)}{limits}", np.nanmax([value, high, 0.0])
        blank = {"facecolor": "white", "lw": 0, "pad": 1.5}
        axes.text(end + 0.02 * span, y, text, va="center", fontsize=10, color=ink, bbox=blank, zorder=4)
    axes.set_yticks(height, rows["label"], fontsize=9.5)
    axes.tick_params(axis="both", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_ylim(height.min() - 0.5, 0.5)
    axes.set_xlim(least - 0.02 * span * (least < 0), most + 0.3 * span)
