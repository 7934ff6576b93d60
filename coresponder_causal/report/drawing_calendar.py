"""The picture of a switchback's calendar: one square per half-day, filled where the team is on duty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from coresponder_causal.report.colours import accent, grey, ink
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

free = "#E6E6E6"


def calendar_height(rows: int) -> float:
    """Height in inches that keeps the weeks' labels apart."""
    return 1.3 + 0.17 * rows


def draw_calendar(axes: Axes, picture: Picture) -> None:
    """Draw weeks downwards and the blocks of a week from left to right.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        ``data``: ``calendar`` (week, place, covered, monday) and ``blocks`` (place, day, clock).
    """
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    cells, blocks = picture.data["calendar"], picture.data["blocks"]
    per_day = int((blocks["day"] == blocks["day"].iloc[0]).sum())
    for covered, colour in ((True, accent), (False, free)):
        some = cells[cells["covered"] == covered]
        squares = [
            Rectangle((_left(int(place), per_day), int(week) - 0.42), 0.92, 0.84)
            for week, place in zip(some["week"], some["place"], strict=True)
        ]
        axes.add_collection(PatchCollection(squares, facecolor=colour, edgecolor="none"))
    weeks = int(cells["week"].max())
    axes.set_xlim(-0.2, _left(len(blocks) - 1, per_day) + 1.2)
    axes.set_ylim(weeks + 0.7, 0.3)
    shown = cells.drop_duplicates("week")
    mondays = [f"{day.day} {day:%b %Y}" for day in pd.DatetimeIndex(shown["monday"])]
    axes.set_yticks(shown["week"].to_numpy(float), mondays)
    axes.tick_params(axis="y", length=0, labelsize=7.5)
    for place, clock in zip(blocks["place"], blocks["clock"], strict=True):
        axes.annotate(
            str(clock)[:2], (_left(int(place), per_day) + 0.46, 1), (0, 3), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", va="bottom", fontsize=7.5, color=grey,
        )  # fmt: skip
    for day, own in blocks.groupby("day", sort=False):
        middle = (_left(int(own["place"].iloc[0]), per_day) + _left(int(own["place"].iloc[-1]), per_day) + 0.92) / 2
        axes.annotate(
            str(day), (middle, 1), (0, 14), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="center", va="bottom", fontsize=9, color=ink,
        )  # fmt: skip
    axes.set_xticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _left(place: int, per_day: int) -> float:
    """Left edge of a block; days stand a little apart."""
    return place + 0.35 * (place // per_day)
