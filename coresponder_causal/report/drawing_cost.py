"""Drawings of what a programme costs: the chance that it is worth it, and what moves the cost most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.report import words
from coresponder_causal.report.colours import accent, ink, pale
from coresponder_causal.report.drawing_axes import start_line
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_acceptability(axes: Axes, picture: Picture) -> None:
    """Draw the chance that an averted event is worth its cost, as a band where only bounds are known.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        ``data``: ``curve`` (worth, low, high); ``labels``: ``x, y``.
    """
    curve = picture.data["curve"]
    axes.fill_between(curve["worth"], curve["low"], curve["high"], color=accent, alpha=0.18, lw=0)
    for end in ("low", "high"):
        axes.plot(curve["worth"], curve[end], color=accent, lw=1.8)
    axes.axhline(0.5, color=ink, lw=0.8, ls=(0, (3, 2)), zorder=1)
    axes.set_ylim(0, 1)
    axes.set_xlim(float(curve["worth"].min()), float(curve["worth"].max()))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel(str(picture.labels["x"]))
    axes.set_ylabel(str(picture.labels["y"]))


def tornado_height(picture: Picture) -> float:
    """Return the height of the picture in inches.

    Parameters
    ----------
    picture : Picture
    """
    return 1.2 + 0.42 * len(picture.data["bars"])


def draw_tornado(axes: Axes, picture: Picture) -> None:
    """Draw one bar a row: the net cost with one thing at its low end and at its high end.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        ``data``: ``bars`` (what, at_low, at_high, net_low, net_high); ``labels``: ``centre, x``.
    """
    rows, centre = picture.data["bars"], picture.labels.number("centre")
    height = -np.arange(len(rows), dtype=float)
    for end, color in (("net_low", pale), ("net_high", accent)):
        axes.barh(height, rows[end] - centre, left=centre, height=0.56, color=color, zorder=2)
    span = float(rows[["net_low", "net_high"]].to_numpy().max() - rows[["net_low", "net_high"]].to_numpy().min()) or 1.0
    for y, row in zip(height, rows.to_dict("records"), strict=True):
        first, last = ("at_low", "at_high") if row["net_low"] <= row["net_high"] else ("at_high", "at_low")
        least, most = sorted((row["net_low"], row["net_high"]))
        for x, name, side in ((least, first, "right"), (most, last, "left")):
            shift = 0.015 * span * (1 if side == "left" else -1)
            axes.text(x + shift, y, words.number(row[name]), ha=side, va="center", fontsize=8, color=ink)
    axes.set_yticks(height, rows["what"], fontsize=9)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_ylim(height.min() - 0.6, 0.6)
    low, high = float(rows[["net_low", "net_high"]].min().min()), float(rows[["net_low", "net_high"]].max().max())
    axes.set_xlim(low - 0.3 * span, high + 0.3 * span)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}".replace("-", "−"))
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel(str(picture.labels["x"]))
    start_line(axes, centre, "as estimated")
