"""Pictures of power: how often an effect is found, against its size and against the time after the start."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.report.colours import accent, expected, grey, ink
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

colours = (accent, expected, ink)


def draw_power(canvas: Figure, picture: Picture) -> None:
    """Draw one panel against the effect, and beside it one against time where the picture has it.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        ``data``: ``curve`` (label, effect, power, low, high) and, where known, ``periods`` (periods, power, low, high);
        ``labels``: ``x, y, effect_title``, ``line, line_label`` (the level that matters), ``mde, mde_label``,
        ``periods_x, periods_title``.
    """
    two = "periods" in picture.data
    axes = canvas.add_subplot(1, 2 if two else 1, 1)
    _against_effect(axes, picture)
    if two:
        _against_time(canvas.add_subplot(1, 2, 2, sharey=axes), picture)


def _against_effect(axes: Axes, picture: Picture) -> None:
    curve, labels = picture.data["curve"], picture.labels
    lines = list(curve.groupby("label", sort=False))
    for (_, rows), colour in zip(lines, cycle(colours), strict=False):
        _line(axes, rows["effect"].abs(), rows, colour)
    effects = curve["effect"].drop_duplicates()
    axes.set_xticks(*_ticks(effects.abs(), [f"{effect:+g}".replace("-", "−") if effect else "0" for effect in effects]))
    axes.set_xlim(0 if effects.all() else -0.04 * float(effects.abs().max()), 1.04 * float(effects.abs().max()))
    axes.set_ylim(0, 1.04)
    axes.set_yticks(np.arange(6) / 5, [f"{share} %" for share in range(0, 101, 20)])
    axes.set_xlabel(str(labels["x"]))
    axes.set_ylabel(str(labels["y"]))
    _above(axes, str(labels["effect_title"]))
    _level(axes, labels.number("line"), str(labels["line_label"]), right=not effects.all())
    if len(lines) > 1:
        _name_lines(axes, lines)
    if np.isfinite(labels.number("mde")):
        place = abs(labels.number("mde"))
        axes.vlines(place, 0, labels.number("line"), color=accent, lw=1, ls=(0, (3, 2)), zorder=2)
        axes.annotate(
            str(labels["mde_label"]), (place, 0.03), (5, 0), textcoords="offset points",
            ha="left", va="bottom", fontsize=9.5, color=accent, fontweight="bold",
        )  # fmt: skip


def _against_time(axes: Axes, picture: Picture) -> None:
    rows, labels = picture.data["periods"], picture.labels
    _line(axes, rows["periods"], rows, accent)
    axes.set_xticks(*_ticks(rows["periods"], [f"{n:g}" for n in rows["periods"]]))
    axes.set_xlim(0, 1.06 * float(rows["periods"].max()))
    axes.set_xlabel(str(labels["periods_x"]))
    axes.tick_params(axis="y", labelleft=False, length=0)
    _above(axes, str(labels["periods_title"]))
    _level(axes, labels.number("line"), "", right=False)


def _line(axes: Axes, places: pd.Series, rows: pd.DataFrame, colour: str) -> None:
    """Draw a curve with the 95 % limits of its Monte-Carlo error."""
    low, high = np.clip(rows["low"], 0, 1), np.clip(rows["high"], 0, 1)
    axes.vlines(places, low, high, color=colour, lw=1, zorder=3)
    axes.plot(places, rows["power"], "o-", color=colour, ms=4, mec="white", mew=0.6, zorder=4)


def _name_lines(axes: Axes, lines: Sequence[tuple[Hashable, pd.DataFrame]]) -> None:
    """Name each line beside its end, the names kept apart from the highest down."""
    heights = sorted(((float(rows["power"].iloc[-1]), number) for number, (_, rows) in enumerate(lines)), reverse=True)
    free = 1.0
    for height, number in heights:
        place = min(height, free)
        free = place - 0.17
        axes.annotate(
            textwrap.fill(str(lines[number][0]), 18), (1, place), (5, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=9, color=colours[number % len(colours)],
        )  # fmt: skip


def _level(axes: Axes, level: float, label: str, *, right: bool) -> None:
    """Draw the level that matters as a line, named on it."""
    axes.axhline(level, color=grey, lw=0.9, zorder=1)
    axes.annotate(
        label, (float(right), level), (-4 if right else 4, 3), xycoords=("axes fraction", "data"),
        textcoords="offset points", ha="right" if right else "left", va="bottom", fontsize=8.5, color=grey,
    )  # fmt: skip


def _above(axes: Axes, label: str) -> None:
    """Say above the frame what a panel is about."""
    axes.annotate(
        label, (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points",
        ha="left", va="bottom", fontsize=9, color=ink,
    )  # fmt: skip


def _ticks(places: pd.Series, names: list[str]) -> tuple[list[float], list[str]]:
    """Keep the places whose names have room, the last one always."""
    room = 0.13 * float(places.max())
    kept: list[tuple[float, str]] = []
    for place, name in sorted(zip(places.astype(float), names, strict=True), reverse=True):
        if not kept or kept[-1][0] - place > room:
            kept.append((place, name))
    return [place for place, _ in kept], [name for _, name in kept]
