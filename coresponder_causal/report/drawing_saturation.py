"""Drawing of how new codes ran out over interviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coresponder_causal.report.colours import accent, expected, grey, ink, pale
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_saturation(axes: Axes, picture: Picture) -> None:
    """Draw codes so far as a line in its band, new codes as bars, the base shaded, and the run that brought little.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "saturation".
    """
    from matplotlib.ticker import MaxNLocator

    course, labels = picture.data["course"], picture.labels
    held, top = course["interview"], float(course[["codes", "codes_high"]].to_numpy().max())
    base, run = labels.number("base"), labels.number("run")
    axes.axvspan(0.5, base + 0.5, color="#F2F2F2", lw=0, zorder=0)
    axes.text(0.6, 1.08 * top, "base", color=grey, fontsize=8, va="center")
    axes.fill_between(held, course["codes_low"], course["codes_high"], color=pale, alpha=0.3, lw=0, zorder=1)
    axes.bar(held, course["new"], width=0.6, color=pale, zorder=2)
    axes.plot(held, course["codes"], "o-", color=accent, ms=3.6, lw=1.4, zorder=3)
    if labels["at"] is not None:
        at = labels.number("at")
        axes.axvspan(at + 0.5, at + run + 0.5, color=expected, alpha=0.12, lw=0, zorder=0)
        axes.axvline(at + 0.5, color=expected, lw=1.0, zorder=1)
        axes.text(at + 0.6, 1.16 * top, f"reached at {at:.0f}+{run:.0f}", color=expected, fontsize=9, va="center")
    else:
        axes.text(held.iloc[-1], 1.16 * top, "not reached", color=ink, fontsize=9, ha="right", va="center")
    axes.set_xlim(0.5, float(held.iloc[-1]) + 0.5)
    axes.set_ylim(0, 1.24 * top)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(str(labels["x"]))
    axes.set_ylabel(str(labels["y"]))
