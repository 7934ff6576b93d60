"""Drawing of what the first call tells: agreement of the label, and need by answer."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.report.colours import accent, expected, grey, ink, pale
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

shades = {"yes": accent, "no": expected, "not_known": grey, "not_asked": "white"}
names = {"yes": "yes", "no": "no", "not_known": "asked, not known", "not_asked": "not asked"}


def first_calls_height(picture: Picture) -> float:
    """Return the height of the picture in inches.

    Parameters
    ----------
    picture : Picture
    """
    rows = picture.data["rows"]
    return 1.2 + (0.62 * rows["item"].nunique() if picture.kind == "told" else 0.5 * len(rows))


def draw_first_calls(axes: Axes, picture: Picture) -> None:
    """Draw the agreement of the label, or need by answer.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "agreement" or "told".
    """
    (_told if picture.kind == "told" else _agreement)(axes, picture)
    axes.set_xlabel(str(picture.labels["x"]))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)


def _agreement(axes: Axes, picture: Picture) -> None:
    """One row per measure: what it can be in grey, the interval, the point, and a ring as recorded."""
    rows = picture.data["rows"]
    y = -np.arange(len(rows), dtype=float)
    axes.hlines(y, rows["far_low"], rows["far_high"], color=pale, lw=1.2, zorder=1)
    axes.hlines(y, rows["near_low"], rows["near_high"], color=pale, lw=9, alpha=0.35, zorder=1)
    axes.hlines(y, rows["low"], rows["high"], color=accent, lw=2.4, zorder=2)
    axes.plot(rows["as_recorded"], y, "o", ms=7, mfc="white", mec=expected, mew=1.5, zorder=3)
    axes.plot(rows["estimate"], y, "o", ms=6, mfc=accent, mec="white", mew=0.6, zorder=4)
    axes.set_yticks(y, [textwrap.fill(name, 28) for name in rows["name"]], fontsize=8.5)
    axes.set_ylim(y.min() - 0.6, 0.95)
    axes.set_xlim(min(0.0, float(rows["far_low"].min())) - 0.02, 1.02)
    first = rows.iloc[0]
    right = first["as_recorded"] > first["estimate"]
    for value, text, color, side in (
        (first["estimate"], "corrected", accent, not right), (first["as_recorded"], "as recorded", expected, right),
    ):  # fmt: skip
        axes.annotate(
            text, (value, 0), (0, 11), textcoords="offset points", color=color, fontsize=8.5,
            ha="left" if side else "right",
        )  # fmt: skip


def _told(axes: Axes, picture: Picture) -> None:
    """One row per item, its answers just below each other."""
    rows = picture.data["rows"]
    items = list(dict.fromkeys(rows["item"]))
    for place, answer in enumerate(shades):
        own = rows[rows["answer"] == answer]
        y = np.array([-items.index(item) - 0.19 * (place - 1.5) for item in own["item"]])
        axes.hlines(
            y, own["low"], own["high"], color=ink if answer == "not_asked" else shades[answer], lw=1.4, zorder=2
        )
        axes.plot(
            own["estimate"], y, "o", ms=5.5, mfc=shades[answer], zorder=3, label=names[answer],
            mec=ink if answer == "not_asked" else "white", mew=0.8, ls="none",
        )  # fmt: skip
    labels = dict(zip(rows["item"], rows["label"], strict=True))
    axes.set_yticks(
        -np.arange(len(items), dtype=float), [textwrap.fill(labels[item], 24) for item in items], fontsize=8.5
    )
    for line in np.arange(len(items) - 1):
        axes.axhline(-line - 0.5, color="#E5E5E5", lw=0.8, zorder=0)
    axes.set_ylim(-len(items) + 0.45, 0.55)
    axes.set_xlim(0, 1)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, frameon=False, fontsize=8.5, handletextpad=0.2)
