"""Drawing of gaps between groups: rows with their intervals, bounds over who is met, and labels by what was found."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.report.colours import accent, expected, grey, ink
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

tones = {"plain": grey, "other": expected, "marked": accent}
across = 3  # squares of cells beside each other, at most


def treated_height(picture: Picture) -> float:
    """Inches for its rows."""
    rows = picture.data["rows"]
    return 0.9 + 0.34 * len(rows) + 0.33 * rows["block"].nunique()


def draw_treated(axes: Axes, picture: Picture) -> None:
    """Draw a point with its interval for each row, block by block, with the numbers beside it.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "treated": ``rows`` with block, label, tone, value, low, high (shares), said.
    """
    rows = picture.data["rows"]
    block = pd.factorize(rows["block"])[0]
    height = -np.arange(len(rows), dtype=float) - 0.95 * (block + 1)
    value, low, high = (100 * rows[name].to_numpy(float) for name in ("value", "low", "high"))
    shades = [tones[str(tone)] for tone in rows["tone"]]
    axes.axvline(0, color=ink, lw=0.8, zorder=1)
    axes.hlines(height, low, high, color=shades, lw=2.2, zorder=2)
    axes.scatter(value, height, s=34, color=shades, edgecolors="white", linewidths=0.6, zorder=3)
    for place, text, shade in zip(height, rows["said"], shades, strict=True):
        axes.annotate(
            str(text), (1, place), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center", fontsize=8, color=shade, fontweight="bold" if shade == accent else "normal",
        )  # fmt: skip
    for number, name in enumerate(dict.fromkeys(rows["block"])):
        top = height[block == number].max() + 0.85
        axes.annotate(
            str(name), (0, top), (-6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            ha="right", va="center", fontsize=9, fontweight="bold", color=ink,
        )  # fmt: skip
    axes.set_yticks(height, [textwrap.fill(str(label), 30) for label in rows["label"]], fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.set_ylim(float(height.min()) - 0.7, -0.1)
    axes.set_xlabel(str(picture.labels["x"]))


def draw_contacts(canvas: Figure, picture: Picture) -> None:
    """Draw the band of each group over the share of contacts that bias brought.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        Of kind "contacts": ``bands`` with group, rho, set_low, set_high, conf_low, conf_high, hidden_from.
    """
    bands = picture.data["bands"]
    groups = list(dict.fromkeys(bands["group"]))
    for axes, name in zip(_panels(canvas, len(groups)), groups, strict=True):
        own = bands[bands["group"] == name].sort_values("rho")
        rho = 100 * own["rho"].to_numpy(float)
        ends = {part: 100 * own[part].to_numpy(float) for part in ("set_low", "set_high", "conf_low", "conf_high")}
        axes.axhline(0, color=ink, lw=0.8, zorder=1)
        axes.fill_between(rho, ends["conf_low"], ends["conf_high"], color=accent, alpha=0.16, lw=0, zorder=1)
        axes.fill_between(rho, ends["set_low"], ends["set_high"], color=accent, alpha=0.5, lw=0, zorder=2)
        axes.plot(rho, ends["set_low"], color=accent, lw=1.2, zorder=3)
        axes.plot(rho[:1], ends["set_low"][:1], "o", ms=6, mfc="white", mec=accent, mew=1.4, zorder=4, clip_on=False)
        hidden = 100 * float(own["hidden_from"].iloc[0])
        if 0 < hidden <= rho.max():
            axes.axvline(hidden, color=expected, lw=1, ls=(0, (3, 2)), zorder=2)
            axes.annotate(
                "from here on\nagainst the group", (hidden, 1), (4, -4), xycoords=("data", "axes fraction"),
                textcoords="offset points", va="top", fontsize=8, color=expected,
            )  # fmt: skip
        axes.set_title(str(name), fontsize=9.5, loc="left")
        axes.set_xlim(0, rho.max())
        axes.set_xlabel(str(picture.labels["x"]), fontsize=8.5)
    canvas.axes[0].set_ylabel(str(picture.labels["y"]))


def drift_height(picture: Picture) -> float:
    """Inches for its squares of cells."""
    cells = picture.data["cells"]
    rows = -(-cells["group"].nunique() // across)
    return 1.2 + rows * (0.9 + 0.42 * cells["written"].nunique())


def draw_drift(canvas: Figure, picture: Picture) -> None:
    """Draw for each group a row a label and a column a type found, darker where more calls were found to be it.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        Of kind "drift": ``cells`` with group, written, found, share, conf_low, conf_high.
    """
    cells = picture.data["cells"]
    groups = list(dict.fromkeys(cells["group"]))
    written, found = (list(dict.fromkeys(cells[name])) for name in ("written", "found"))
    found = sorted(found, key=lambda name: written.index(name) if name in written else len(written))
    for number, (axes, name) in enumerate(zip(_panels(canvas, len(groups)), groups, strict=True)):
        for row in cells[cells["group"] == name].to_dict("records"):
            _cell(axes, found.index(row["found"]), -written.index(row["written"]), row)
        axes.set_title(str(name), fontsize=9.5, loc="left", pad=4)
        axes.set_xlim(-0.5, len(found) - 0.5)
        axes.set_ylim(-len(written) + 0.5, 0.5)
        axes.set_xticks(range(len(found)), [textwrap.fill(text, 12) for text in found], fontsize=7, rotation=30)
        labels = [textwrap.fill(text, 18) for text in written]
        axes.set_yticks([-place for place in range(len(written))], labels, fontsize=8)
        axes.tick_params(length=0, labelleft=number % across == 0)
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)
    canvas.axes[0].set_ylabel(str(picture.labels["y"]), fontsize=8.5)


def _cell(axes: Axes, x: int, y: int, row: dict[str, object]) -> None:
    share, low, high = (100 * float(str(row[part])) for part in ("share", "conf_low", "conf_high"))
    axes.bar(x, 0.94, width=0.96, bottom=y - 0.47, color=accent, alpha=0.06 + 0.6 * share / 100, lw=0)
    axes.text(x, y + 0.13, f"{share:.0f}", ha="center", va="center", fontsize=8.5, color=ink, fontweight="bold")
    axes.text(x, y - 0.22, f"{low:.0f}–{high:.0f}", ha="center", va="center", fontsize=6.5, color=ink)


def _panels(canvas: Figure, many: int) -> list[Axes]:
    """Lay panels beside each other, three in a row, on one scale."""
    down, wide = -(-many // across), min(many, across)
    grid = canvas.subplots(down, wide, sharey=True, squeeze=False).ravel()
    for axes in grid[many:]:
        axes.remove()
    return list(grid[:many])
