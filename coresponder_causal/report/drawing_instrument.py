"""Shares of calls with the team by hour or by leniency, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coresponder_causal.report.colours import accent, grey, ink, pale
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_shares(axes: Axes, picture: Picture) -> None:
    """Draw two lines with points, or one, over shaded hours."""
    rows, labels = picture.data["shares"], picture.labels
    for x, share in zip(rows["x"], rows["covered"], strict=True):
        if share > 0:
            axes.axvspan(x - 0.5, x + 0.5, color=pale, alpha=0.22 * share, lw=0, zorder=0)
    sides = (("without", grey, 3.6), ("with", accent, 5.0))
    for side, color, size in sides:
        known = rows[rows[f"share_{side}"].notna()]
        if known.empty:
            continue
        axes.plot(known["x"], known[f"share_{side}"], "o-", color=color, ms=size, mec="white", mew=0.5, lw=1.4)
        named = known.iloc[int(known[f"share_{side}"].argmax()) if side == "with" else 0]
        axes.annotate(
            str(labels[side]), (named["x"], named[f"share_{side}"]), (0, 6), textcoords="offset points",
            ha="center" if side == "with" else "left", va="bottom", fontsize=9, color=color,
        )  # fmt: skip
    if len(rows) > 12:
        axes.set_xticks(range(0, 25, 4))
    else:
        axes.set_xticks(rows["x"])
    axes.axhline(0, color=ink, lw=0.8, zorder=1)
    ends = rows[["share_without", "share_with"]]
    axes.set_ylim(min(0.0, float(ends.min().min())), 1.12 * float(ends.max().max()))
    axes.set_xlabel(str(labels["x"]))
    axes.set_ylabel(str(labels["y"]))
