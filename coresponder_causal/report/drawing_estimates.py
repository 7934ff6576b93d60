"""Estimates with their intervals: a row a city, design or covariate, or a point a time since the start."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from coresponder_causal.report.colours import accent, grey, ink, pale
from coresponder_causal.report.drawing_axes import percent_axis, start_line
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_forest(axes: Axes, picture: Picture) -> None:
    """Draw a row for each city or design, the treated one apart from the others."""
    rows = picture.data["cities"]
    height = -np.arange(len(rows), dtype=float)
    height[rows["role"].ne("treated").to_numpy()] -= 0.5
    treated = rows["role"].eq("treated").to_numpy()
    axes.axvline(0, color=ink, lw=0.8, zorder=1)
    low, high = (rows[end].where(np.isfinite(rows[end])).fillna(edge) for end, edge in _edges(rows))
    for mask, color, width, size in ((~treated, pale, 1.2, 4.2), (treated, accent, 2.6, 7.0)):
        axes.hlines(height[mask], low[mask], high[mask], color=color, lw=width, zorder=2)
        axes.plot(rows["effect"][mask], height[mask], "o", ms=size, mfc=color, mec="white", mew=0.6, zorder=3)
    axes.set_yticks(height, ["\n".join(_short(line) for line in str(city).split("\n")) for city in rows["city"]])
    for label, is_treated in zip(axes.get_yticklabels(), treated, strict=True):
        label.set(color=accent if is_treated else "#444444", fontweight="bold" if is_treated else "normal")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.set_ylim(height.min() - 0.7, 0.8)
    axes.set_xlabel(str(picture.labels["x"]))
    ends = rows[["low", "high"]].where(np.isfinite(rows[["low", "high"]]))
    if "range" in picture.data:
        _range(axes, picture.data["range"], str(picture.labels["range"]))
        ends = pd.concat([ends, picture.data["range"]])
    if picture.labels["percent"]:
        least, most = min(ends["low"].min(), rows["effect"].min(), 0), max(ends["high"].max(), rows["effect"].max(), 0)
        percent_axis(axes, float(least), float(most))


def _edges(rows: pd.DataFrame) -> tuple[tuple[str, float], tuple[str, float]]:
    """Give where a bar without an end runs to: beyond everything that has one."""
    ends = rows[["effect", "low", "high"]].where(np.isfinite(rows[["effect", "low", "high"]]))
    span = float(ends.max().max() - ends.min().min()) or 1.0
    return ("low", float(ends.min().min()) - span), ("high", float(ends.max().max()) + span)


def draw_love(axes: Axes, picture: Picture) -> None:
    """Draw a row for each covariate: how far the groups were apart as they came, and are after adjustment."""
    rows = picture.data["balance"]
    height = -np.arange(len(rows), dtype=float)
    small = picture.labels.number("small")
    axes.hlines(height, rows["after"], rows["before"], color=pale, lw=1, zorder=1)
    axes.plot(rows["before"], height, "o", ms=5.5, mfc="white", mec=grey, mew=1.2, zorder=2)
    axes.plot(rows["after"], height, "o", ms=5.5, mfc=accent, mec="white", mew=0.6, zorder=3)
    axes.axvline(small, color=ink, lw=1, ls=(0, (3, 2)), zorder=1)
    axes.set_yticks(height, [_short(str(name)) for name in rows["covariate"]])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    most = max(1.12 * float(rows[["before", "after"]].max().max()), 1.5 * small)
    axes.set_xlim(-0.02 * most, most)
    axes.set_ylim(height.min() - 0.7, 0.9)
    axes.set_xlabel(str(picture.labels["x"]))
    first = rows.iloc[0]
    sides: tuple[tuple[str, str, Literal["left", "right"], str], ...] = (
        ("before", "as they came", "right", grey),
        ("after", "adjusted", "left", accent),
    )
    for name, label, side, color in sides:
        axes.annotate(
            label, (first[name], 0), (0, 6), textcoords="offset points", ha=side, va="bottom", fontsize=9, color=color
        )


def draw_events(axes: Axes, picture: Picture) -> None:
    """Draw an estimate for each time since the start, those before it apart."""
    rows = picture.data["events"]
    after, base = (rows["event_time"] >= 0).to_numpy(), rows["low"].isna().to_numpy()
    axes.axhline(0, color=ink, lw=0.8, zorder=1)
    for mask, color in ((~after & ~base, grey), (after & ~base, accent)):
        axes.vlines(rows["position"][mask], rows["low"][mask], rows["high"][mask], color=color, lw=1.6, zorder=2)
        axes.plot(rows["position"][mask], rows["estimate"][mask], "o", ms=5, mfc=color, mec="white", mew=0.6, zorder=3)
    axes.plot(rows["position"][base], rows["estimate"][base], "o", ms=5, mfc="white", mec=grey, mew=1.2, zorder=3)
    axes.set_xlabel(str(picture.labels["x"]))
    axes.set_ylabel(str(picture.labels["y"]))
    if picture.labels["step"]:
        first, step = float(rows["position"].min()), picture.labels.number("step")
        axes.set_xticks(np.arange(np.ceil(min(first, 0.0) / step), rows["position"].max() / step) * step)
    start_line(axes, -0.5, "start")


def _short(name: str) -> str:
    return textwrap.shorten(name, 38, placeholder="…")


def _range(axes: Axes, limits: pd.DataFrame, label: str) -> None:
    """Shade where the city would be expected without the programme, and say so above the frame."""
    axes.axvspan(limits["low"].iloc[0], limits["high"].iloc[0], color="#EFEFEF", lw=0, zorder=0)
    axes.annotate(
        label, (0, 1), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha="center", va="bottom", fontsize=8.5, color=grey,
    )  # fmt: skip
