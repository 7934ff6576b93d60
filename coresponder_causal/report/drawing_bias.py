"""Drawing of how much hidden bias a finding survives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coresponder_causal.report.colours import accent, expected, grey, ink, pale
from coresponder_causal.report.drawing_axes import start_line
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_contour(axes: Axes, picture: Picture) -> None:
    """Draw contours of the estimate, the lines where it and its interval reach nothing, and the benchmarks.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "contour".
    """
    from matplotlib.ticker import MaxNLocator

    grid, marks = picture.data["grid"], picture.data["marks"]
    shape = grid["r2yz"].nunique(), grid["r2dz"].nunique()
    x, y, left, bound = (grid[name].to_numpy(float).reshape(shape) for name in ("r2dz", "r2yz", "estimate", "bound"))
    levels = [level for level in MaxNLocator(8).tick_values(left.min(), left.max()) if level]
    lines = axes.contour(x, y, left, levels=levels, colors=pale, linewidths=0.9, linestyles="solid")
    axes.clabel(lines, fontsize=7.5, fmt=lambda level: f"{level:.3g}".replace("-", "−"), colors=grey)
    for surface, dash, width in ((bound, "dashed", 1.3), (left, "solid", 2.0)):
        if surface.min() < 0 < surface.max():
            axes.contour(x, y, surface, levels=[0.0], colors=expected, linewidths=width, linestyles=dash)
    axes.plot(marks["r2dz"], marks["r2yz"], "o", ms=4.5, mfc=accent, mec="white", mew=0.5, clip_on=False, zorder=4)
    for place in marks.to_dict("records"):
        right = place["r2dz"] > 0.8 * x.max()
        axes.annotate(
            str(place["label"]), (place["r2dz"], place["r2yz"]), (-5 if right else 5, 4), textcoords="offset points",
            ha="right" if right else "left", fontsize=7.5, color=ink, clip_on=False,
        )  # fmt: skip
    axes.set_xlabel(str(picture.labels["x"]))
    axes.set_ylabel(str(picture.labels["y"]))
    axes.grid(visible=False)


def draw_bias(axes: Axes, picture: Picture) -> None:
    """Draw what is left of a finding as hidden bias grows.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "bias".
    """
    curve, limit = picture.data["curve"], picture.labels.number("limit")
    size = curve["size"].to_numpy(float)
    axes.axhline(limit, color=ink, lw=0.8, zorder=1)
    if "value" in curve:
        axes.plot(size, curve["value"], color=accent, lw=1.8, zorder=3)
        axes.set_ylim(0, max(1.1 * limit, min(1.0, 1.05 * float(curve["value"].max()))))
        axes.annotate(f"{limit:g}", (1, limit), (4, 0), xycoords=("axes fraction", "data"),
                      textcoords="offset points", va="center", fontsize=8, color=grey)  # fmt: skip
    else:
        axes.fill_between(size, curve["conf_low"], curve["conf_high"], color=accent, alpha=0.18, lw=0, zorder=2)
        axes.fill_between(size, curve["low"], curve["high"], color=accent, alpha=0.55, lw=0, zorder=3)
    axes.set_xlim(float(size.min()), float(size.max()))
    axes.set_xlabel(str(picture.labels["x"]))
    axes.set_ylabel(str(picture.labels["y"]))
    if picture.labels.get("breakdown") is not None:
        start_line(axes, picture.labels.number("breakdown"), f"lost at {picture.labels.number('breakdown'):.2f}")
