"""Pictures of recording: missing values by field and week, and one share by week with its changes."""

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

too_few = "#DDDDDD"


def height_of(picture: Picture) -> float | None:
    """Height in inches of a picture of recording; None for the others.

    Parameters
    ----------
    picture : Picture

    Returns
    -------
    float or None
    """
    if picture.kind == "heat":
        return 0.95 + 0.24 * picture.data["cells"]["label"].nunique()
    return 2.0 if picture.kind == "rate" else None


def draw_quality(canvas: Figure, picture: Picture) -> None:
    """Draw missing values by field and week, or a share by week.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        ``"heat"``: ``cells`` (label, week, missing, few). ``"rate"``: ``weeks`` (week, share, few) and ``levels``
        (first, last, share, date).
    """
    axes = canvas.add_subplot()
    if picture.kind == "heat":
        _heat(axes, picture.data["cells"])
    else:
        _rate(axes, picture)


def _heat(axes: Axes, cells: pd.DataFrame) -> None:
    """Fields below each other, weeks beside each other; the darker, the more is missing."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("missing", ["#EDF4FA", "#9CC3E0", accent, "#00304D"])
    colours.set_bad("#FFFFFF", alpha=0.0)
    labels = list(dict.fromkeys(cells["label"]))
    table = cells.pivot_table(index="label", columns="week", values="missing", aggfunc="first", sort=False)
    few = cells.pivot_table(index="label", columns="week", values="few", aggfunc="first", sort=False)
    days = pd.date_range(cells["week"].min(), cells["week"].max(), freq="7D")
    table, few = (part.reindex(index=labels, columns=days) for part in (table, few.astype(float)))
    edges, rows = np.arange(len(days) + 1), np.arange(len(labels) + 1)
    grey_cells = np.ma.masked_where(few.ne(1.0).to_numpy(), np.ones(table.shape))
    shares = np.ma.masked_where((table.isna() | few.eq(1.0)).to_numpy(), table.to_numpy(float))
    axes.pcolormesh(edges, rows, shares, cmap=colours, vmin=0, vmax=1, edgecolors="#EEEEEE", linewidth=0.2)
    axes.pcolormesh(edges, rows, grey_cells, cmap=LinearSegmentedColormap.from_list("few", [too_few, too_few]))
    axes.set_ylim(len(labels), 0)
    axes.set_yticks(rows[:-1] + 0.5, [textwrap.shorten(str(label), 30, placeholder="…") for label in labels])
    axes.tick_params(axis="y", length=0, labelsize=8.5)
    axes.grid(visible=False)
    _months(axes, days)
    _key(axes, colours)


def _months(axes: Axes, days: pd.DatetimeIndex) -> None:
    """Name some months below the weeks in which they begin."""
    starts = [number for number, day in enumerate(days) if day.day <= 7]
    step = max(1, int(np.ceil(len(starts) / 4)))
    chosen = starts[::step]
    axes.set_xticks(chosen, [f"{days[number]:%b %Y}" for number in chosen])
    axes.tick_params(axis="x", labelsize=8.5)


def _key(axes: Axes, colours: object) -> None:
    """Say above the frame what the shades mean."""
    shown = [(f"{share} %", colours(share / 100)) for share in (0, 25, 50, 75, 100)]  # type: ignore[operator]
    shown.append(("few rows", too_few))
    axes.annotate(
        "missing:", (0, 1), (0, 9), xycoords="axes fraction", textcoords="offset points", ha="left", va="center",
        fontsize=8.5, color=ink,
    )  # fmt: skip
    place = 44.0
    for label, colour in shown:
        box = {"boxstyle": "square,pad=0.25", "facecolor": colour, "edgecolor": pale, "linewidth": 0.5}
        offset = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "center", "fontsize": 7}
        axes.annotate("   ", (0, 1), (place, 9), bbox=box, **offset)  # type: ignore[arg-type]
        axes.annotate(label, (0, 1), (place + 11, 9), color=ink, **offset)  # type: ignore[arg-type]
        place += 17 + 4.2 * len(label)


def _rate(axes: Axes, picture: Picture) -> None:
    """Draw the share of each week as a dot, its level as a line, each change as a dated line."""
    weeks, levels = picture.data["weeks"], picture.data["levels"]
    enough = ~weeks["few"].astype(bool)
    axes.plot(weeks["week"][~enough], weeks["share"][~enough], "o", ms=2.6, mfc="none", mec=too_few, zorder=2)
    axes.plot(weeks["week"][enough], weeks["share"][enough], "o", ms=3.2, mfc=pale, mec="none", zorder=2)
    axes.hlines(levels["share"], levels["first"], levels["last"], color=expected, lw=1.8, zorder=3)
    for _, level in levels.iterrows():
        if pd.notna(level["date"]):
            axes.axvline(level["date"], color=ink, lw=0.9, ls=(0, (3, 2)), zorder=1)
            axes.annotate(
                f"{level['date'].day} {level['date']:%b %Y}", (level["date"], 1), (0, 3),
                xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom", fontsize=8,
                color=ink,
            )  # fmt: skip
    most = max(1.08 * float(weeks["share"][enough].max() if enough.any() else 1), 0.1)
    axes.set_ylim(-0.04 * most, most)
    span = weeks["week"].min(), weeks["week"].max()
    months = pd.date_range(span[0], span[1], freq="MS")
    months = months[:: max(1, int(np.ceil(len(months) / 6)))]
    axes.set_xticks(months.to_numpy(), [f"{month:%b %Y}" for month in months])
    step = 0.25 if most > 0.5 else 0.1 if most > 0.2 else 0.05
    ticks = [tick for tick in np.arange(0, 1.01, step) if tick <= most]
    axes.set_yticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
    axes.tick_params(labelsize=8.5)
    axes.set_ylabel(str(picture.labels["y"]), fontsize=8.5, color=grey)
