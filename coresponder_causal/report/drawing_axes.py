"""What several pictures share: years on the axis, the line of the start, and log ratios as percent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from coresponder_causal.report import words
from coresponder_causal.report.colours import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes

changes = (
    -0.9, -0.8, -0.7, -0.6, -0.5, -0.4, -0.3, -0.2, -0.1, -0.05, -0.02, -0.01,
    0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 9.0,
)  # fmt: skip
letter_width = 0.036  # of an axis beside long names


def calendar_axis(axes: Axes, first: float, last: float) -> None:
    """Years, or half-years where the series is short."""
    step = 0.5 if last - first < 3 else max(1, round((last - first) / 9))
    low, high = axes.get_xlim()
    ticks = np.arange(np.ceil(low / step) * step, high, step)
    names = [f"{'Jan' if tick % 1 == 0 else 'Jul'} {int(tick)}" if step == 0.5 else f"{int(tick)}" for tick in ticks]
    axes.set_xticks(ticks, names)


def start_line(axes: Axes, position: float, label: str) -> None:
    """Draw the start as a vertical line, named above the frame where no point can lie."""
    axes.axvline(position, color=ink, lw=1, ls=(0, (3, 2)), zorder=2)
    low, high = axes.get_xlim()
    side: Literal["left", "right"] = "left" if position < low + 0.6 * (high - low) else "right"
    axes.annotate(
        label, (position, 1), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points",
        ha=side, va="bottom", fontsize=9, color=ink,
    )  # fmt: skip


def percent_axis(axes: Axes, low: float, high: float) -> None:
    """Label the axis of log ratios with percent changes, with room for each."""
    margin = 0.04 * (high - low)
    axes.set_xlim(low - margin, high + margin)
    inside = sorted((change for change in changes if low <= np.log1p(change) <= high), key=lambda c: abs(np.log1p(c)))
    kept: dict[float, str] = {}
    for change in inside:
        place, said = float(np.log1p(change)), words.percent(100 * change).replace(".0 %", " %")
        room = letter_width * (high - low) / 2
        if all(abs(place - other) > room * (len(said) + len(there)) for other, there in kept.items()):
            kept[place] = said
    axes.set_xticks(list(kept), list(kept.values()))
