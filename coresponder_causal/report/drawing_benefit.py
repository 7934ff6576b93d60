"""Drawing of effects in fifths of the predicted benefit, and of the gain of a ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coresponder_causal.report.colours import accent, grey, ink
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_benefit(canvas: Figure, picture: Picture) -> None:
    """Draw the fifths on the left and the curve on the right; grey where the tests do not pass.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        Of kind "benefit".
    """
    left, right = canvas.subplots(1, 2, width_ratios=(1.0, 1.1))
    gates, curve = picture.data["gates"], picture.data["curve"]
    color = accent if picture.labels["passed"] else grey
    for axes in (left, right):
        axes.axhline(0, color=ink, lw=0.8, zorder=1)
    left.vlines(gates["group"], gates["low"], gates["high"], color=color, lw=2.2, zorder=2)
    left.plot(gates["group"], gates["estimate"], "o", ms=6.5, mfc=color, mec="white", mew=0.6, zorder=4)
    left.plot(gates["group"], gates["predicted"], "o", ms=9, mfc="none", mec=ink, mew=0.9, zorder=3)
    left.set_xticks(gates["group"], ["first", "2", "3", "4", "last"])
    left.set_xlim(0.5, 5.5)
    left.set_xlabel("Fifths by predicted benefit")
    left.set_ylabel(str(picture.labels["y"]))
    share = 100 * curve["share"]
    right.fill_between(share, curve["low"], curve["high"], color=color, alpha=0.2, lw=0)
    right.plot(share, curve["gain"], color=color, lw=1.8)
    right.set_xlim(0, 100)
    right.set_xlabel("Calls ranked first, %")
    right.set_ylabel("Benefit over all calls")
