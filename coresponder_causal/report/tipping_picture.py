"""The picture of unknown outcomes that tip a finding, and its drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.report.colours import accent, expected, grey, ink, pale
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def tipping(check: CheckResult) -> Picture:
    """Draw the estimate over deltas of the unknown outcomes of both arms, and where the finding is lost.

    Parameters
    ----------
    check : CheckResult
        Of ``check.tipping_point``.

    Returns
    -------
    Picture
        ``data["grid"]``: ``delta_treated, delta_untreated, estimate, conf_low, conf_high``.
    """
    if check.course is None:
        raise EstimationError(f"the check {check.check} carries no surface", mend="show it with report.table")
    return Picture(
        title="How far off would the unknown outcomes have to be?",
        caption="Lines: the estimate, by how far the mean of unknown outcomes lies above what the covariates say. "
        "Shaded: the interval holds no effect. Thick: the estimate is none. Dot: as expected.",
        alt=f"Contours of the estimate over the unknown outcomes of both arms. {check.sentence}",
        kind="tipping",
        data={"grid": check.course},
        labels=Facts({"x": "Unknown outcomes with the treatment", "y": "Unknown outcomes without it"}),
        support=check.support,
    )


def draw_tipping(axes: Axes, picture: Picture) -> None:
    """Draw contours of the estimate and shade where its interval holds no effect.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "tipping".
    """
    from matplotlib.ticker import MaxNLocator

    grid = picture.data["grid"]
    side = round(len(grid) ** 0.5)
    x, y, estimate, low, high = (grid[key].to_numpy(float).reshape(side, side) for key in grid)
    if x.min() < x.max() and y.min() < y.max():
        holds = (low <= 0) & (high >= 0)
        if holds.any():
            axes.contourf(x, y, -(low * high), levels=[0.0, float((-(low * high)).max()) + 1], colors=[pale], alpha=0.5)
        levels = [level for level in MaxNLocator(8).tick_values(estimate.min(), estimate.max()) if abs(level) > 1e-12]
        lines = axes.contour(x, y, estimate, levels=levels, colors=grey, linewidths=0.9, linestyles="solid")
        straight = [(line[0], line[-1]) for part in lines.allsegs for line in part if len(line) > side // 3]
        middles = [tuple((one + other) / 2) for one, other in straight]
        axes.clabel(lines, fontsize=8, fmt=lambda level: f"{level:.3g}".replace("-", "−"), colors=ink, manual=middles)
        if estimate.min() < 0 < estimate.max():
            axes.contour(x, y, estimate, levels=[0.0], colors=expected, linewidths=2.0)
    axes.plot(0, 0, "o", ms=6.5, mfc=accent, mec="white", mew=0.6, zorder=4)
    axes.annotate(
        "as expected", (0, 0), (6, 5), textcoords="offset points", fontsize=9, color=accent, fontweight="bold"
    )
    axes.set_xlabel(str(picture.labels["x"]))
    axes.set_ylabel(str(picture.labels["y"]))
    axes.grid(visible=False)
