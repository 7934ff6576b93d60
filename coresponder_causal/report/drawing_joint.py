"""Drawing of themes beside results: who brought a theme up, and the interval of its result."""

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

shades = {"convergent": accent, "discordant": expected, "silent": pale}
"""Colours of the verdicts, which are written beside as well."""


def joint_height(picture: Picture) -> float:
    """Return the height of the picture in inches.

    Parameters
    ----------
    picture : Picture
    """
    return 1.5 + 0.62 * len(picture.data["themes"])


def draw_joint(canvas: Figure, picture: Picture) -> None:
    """Draw shares by group on the left and intervals on the right, a row a theme.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        ``data``: ``themes`` (theme, says, outcome, said, help_low, help_high, verdict), ``shares`` (theme, label,
        cases_with, cases, share); ``labels``: ``heard``.
    """
    groups = list(dict.fromkeys(picture.data["shares"]["label"]))
    heard, intervals = canvas.subplots(1, 2, sharey=True, width_ratios=(0.9 + 0.16 * len(groups), 1.4))
    themes = picture.data["themes"]
    height = -np.arange(len(themes), dtype=float)
    _heard(heard, picture.data["shares"], dict(zip(themes["theme"], height, strict=True)), groups)
    heard.set_xlabel(str(picture.labels["heard"]))
    names = [
        f"{textwrap.fill(theme, 24)}\nsaid: {'both' if says == 'mixed' else says}"
        for theme, says in zip(themes["theme"], themes["says"], strict=True)
    ]
    heard.set_yticks(height, names, fontsize=8.5)
    _intervals(intervals, themes, height)
    for axes in (heard, intervals):
        axes.tick_params(axis="both", length=0)
        axes.grid(visible=False)
        axes.set_ylim(height.min() - 0.6, 0.6)
        axes.spines[["left", "bottom"]].set_visible(False)


def _heard(axes: Axes, shares: pd.DataFrame, height: dict[str, float], groups: list[str]) -> None:
    """Squares, darker where more of a group brought the theme up, with how many of how many."""
    for theme, label, some, heard, share in shares[["theme", "label", "cases_with", "cases", "share"]].to_numpy():
        if theme not in height:
            continue
        place, y = groups.index(label), height[theme]
        axes.bar(place, 0.72, width=0.92, bottom=y - 0.36, color=accent, alpha=0.08 + 0.57 * float(share), lw=0)
        axes.text(place, y, f"{some:g}/{heard:g}", ha="center", va="center", fontsize=8, color=ink)
    axes.set_xlim(-0.5, len(groups) - 0.5)
    axes.set_xticks(range(len(groups)), [textwrap.fill(name, 11) for name in groups], fontsize=7.5, rotation=45)
    axes.xaxis.set_ticks_position("top")


def _intervals(axes: Axes, themes: pd.DataFrame, height: np.ndarray) -> None:
    """Each interval on a scale of its own, right is help, with verdict, outcome and numbers."""
    low, high = (themes[name].to_numpy(float) for name in ("help_low", "help_high"))
    size = np.fmax(np.abs(low), np.abs(high))
    axes.vlines(np.zeros(len(height)), height - 0.34, height + 0.06, color=ink, lw=0.9, zorder=3)
    rows = zip(height, low / size, high / size, themes.to_dict("records"), strict=True)
    for y, left, right, row in rows:
        color = shades[str(row["verdict"])]
        if np.isfinite(left):
            axes.hlines(y - 0.12, left, right, color=color, lw=5, zorder=2)
        said = textwrap.fill(f"{row['outcome']}: {row['said']}", 48)
        axes.annotate(said, (-1.05, y + 0.08), va="bottom", fontsize=7.5, color=grey, annotation_clip=False)
        axes.annotate(
            str(row["verdict"]), (1.1, y - 0.12), va="center", fontsize=9, color=ink if color == pale else color,
            fontweight="normal" if color == pale else "bold", annotation_clip=False,
        )  # fmt: skip
    axes.set_xlim(-1.05, 1.75)
    axes.set_xticks([-0.55, 0.55], ["harms", "helps"], fontsize=8.5)
    axes.set_xlabel("Result, each row on a scale of its own")
