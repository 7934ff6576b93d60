"""What several pictures in time share: years on the axis, and the line of the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from coresponder_causal.report.colours import ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
