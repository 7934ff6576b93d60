"""The picture of a week: two panels of days by hours, covered hours outlined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.report import words
from coresponder_causal.report.colours import accent, expected, grey, ink
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
least_reach = float(np.log(1.5))  # ends of the shades, so that small changes stay pale
marked, dark = 0.3, 0.55  # shares of that reach from which a cell carries its sign, and from which it is dark


def draw_hours(canvas: Figure, picture: Picture) -> None:
    """Draw planned hours, or calls, on the left; changes, or how many calls were reached, on the right.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        ``data``: ``hours`` (day, hour, covered, and planned, pooled; or rate, share) in order of the week; ``labels``:
        ``left, right``.
    """
    rows = picture.data["hours"]
    reached = "share" in rows
    of_left, of_right = ("rate", "share") if reached else ("planned", "pooled")
    amount, told, covered = (rows[name].to_numpy(float).reshape(7, 24).T for name in (of_left, of_right, "covered"))
    names = list(dict.fromkeys(rows["day"]))
    left, right = canvas.add_subplot(1, 2, 1), canvas.add_subplot(1, 2, 2)
    most = float(np.nanmax(amount, initial=0.0)) if reached else max(1.0, float(amount.max()))
    shown = panel(left, amount, shades(("#FFFFFF", "#4D4D4D")), (0.0, most), names)
    key(left, shown, [0.0, most], ["none", f"{most:.3g} {'' if reached else 'h '}a week"])
    finish(left, covered > 0, str(picture.labels["left"]))
    if covered.any():
        day, hour = np.argwhere(covered.T > 0)[0]
        left.text(day + 0.08, hour - 0.2, "covered", ha="left", va="bottom", fontsize=8.5, color=ink)
    (_draw_shares if reached else _draw_changes)(right, told, names)
    finish(right, covered > 0, str(picture.labels["right"]))
    right.tick_params(axis="y", labelleft=False)


def _draw_shares(axes: Axes, shares: Array, names: list[str]) -> None:
    most = max(0.05, float(np.nanmax(shares, initial=0.0)))
    shown = panel(axes, shares, shades(("#EEF5FA", accent)), (0.0, most), names)
    key(axes, shown, [0.0, most], ["none", f"{100 * most:.0f} of 100"])


def _draw_changes(axes: Axes, change: Array, names: list[str]) -> None:
    reach = max(least_reach, float(np.nanmax(np.abs(change), initial=0.0)))
    shown = panel(axes, change, shades((accent, "#F7F7F7", expected)), (-reach, reach), names)
    _signs(axes, change, reach)
    ends = [words.percent_size(100 * float(np.expm1(end))) for end in (-reach, reach)]
    key(axes, shown, [-reach, 0.0, reach], [f"{ends[0]} fewer", "0", f"{ends[1]} more"])


def panel(axes: Axes, cells: Array, colours: Colormap, limits: tuple[float, float], names: list[str]) -> QuadMesh:
    """Draw 24 hours downwards and 7 days across."""
    low, high = limits
    across, down = np.arange(8), np.arange(25)  # as paths: a page shows no picture within a picture
    shown = axes.pcolormesh(across, down, cells, cmap=colours, vmin=low, vmax=high, edgecolors="face", linewidth=0.2)
    axes.set_ylim(24, 0)
    axes.set_xticks(np.arange(7) + 0.5, names)
    axes.xaxis.tick_top()
    axes.set_yticks([0, 6, 12, 18, 24], ["0:00", "6:00", "12:00", "18:00", "24:00"])
    axes.tick_params(length=0, labelsize=8.5)
    axes.grid(visible=False)
    for place in range(1, 7):
        axes.axvline(place, color="white", lw=0.8)
    return shown


def _signs(axes: Axes, change: Array, reach: float) -> None:
    """Write the sign of larger changes into their cells, for those who see no colour."""
    for hour, day in np.argwhere(np.abs(np.nan_to_num(change)) >= marked * reach):
        sign, colour = "+" if change[hour, day] > 0 else "−", "white" if abs(change[hour, day]) > dark * reach else ink
        axes.text(
            day + 0.5, hour + 0.5, sign, ha="center", va="center_baseline", fontsize=8.5, fontweight="bold",
            color=colour,
        )  # fmt: skip


def finish(axes: Axes, covered: NDArray[np.bool_], label: str) -> None:
    """Outline the covered hours and name the panel."""
    from matplotlib.collections import LineCollection

    padded = np.pad(covered, 1)
    across = [((day, hour), (day + 1, hour)) for hour, day in np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1])]
    upright = [((day, hour), (day, hour + 1)) for hour, day in np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1])]
    axes.add_collection(LineCollection([*across, *upright], colors=ink, linewidths=1.6, clip_on=False, zorder=4))
    axes.set_title(label, fontsize=9.5, color=ink, loc="left")


def key(axes: Axes, shown: QuadMesh, places: list[float], names: list[str]) -> None:
    """Draw the shades with their meaning below a panel."""
    strip = axes.inset_axes((0.0, -0.09, 1.0, 0.03))
    low, high = shown.get_clim()
    ends = np.linspace(low, high, 65)
    strip.pcolormesh(ends, [0, 1], (ends[None, 1:] + ends[:-1]) / 2, cmap=shown.get_cmap(), edgecolors="face")
    strip.set_yticks([])
    strip.set_xticks(places, names)
    first, *_, last = strip.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    strip.tick_params(length=0, labelsize=8, labelcolor=grey)
    strip.grid(visible=False)


def shades(colours: tuple[str, ...]) -> Colormap:
    """Blend colours into a scale."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", list(colours))
