"""Drawing of checks that look at a series period by period, or at calls by their probability of treatment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.report.colours import accent, expected, grey, ink, pale
from coresponder_causal.report.drawing_axes import calendar_axis, start_line
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_residuals(canvas: Figure, picture: Picture) -> None:
    """Draw residuals in time above, the bars of their autocorrelations below.

    Parameters
    ----------
    canvas : Figure
    picture : Picture
        Of kind "residuals".
    """
    upper, lower = canvas.subplots(2, 1)
    rest, lags = picture.data["residuals"], picture.data["lags"]
    upper.axhline(0, color=ink, lw=0.8, zorder=1)
    upper.plot(rest["position"], rest["residual"], "o", ms=3, mfc=pale, mec="none", zorder=2)
    upper.set_ylabel("Residual / SD")
    _time(upper, rest["position"].to_numpy(float), calendar=bool(picture.labels["calendar"]))
    bound = float(lags["bound"].iloc[0])
    lower.axhspan(-bound, bound, color="#EFEFEF", lw=0, zorder=0)
    lower.axhline(0, color=ink, lw=0.8, zorder=1)
    beyond = lags["autocorrelation"].abs() > lags["bound"]
    lower.bar(lags["lag"], lags["autocorrelation"], width=0.45, color=np.where(beyond, expected, accent), zorder=2)
    lower.set_xlabel("Periods earlier")
    lower.set_ylabel("Autocorrelation")
    most = max(1.15 * float(lags["autocorrelation"].abs().max()), 1.6 * bound)
    lower.set_ylim(-most, most)


def draw_breaks(axes: Axes, picture: Picture) -> None:
    """Draw the F statistic of a break by its date.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "breaks".
    """
    dates, half = picture.data["dates"], picture.labels.number("step") / 2
    place, height = dates["position"].to_numpy(float), dates["statistic"].to_numpy(float)
    inside = dates["inside"].to_numpy(bool)
    for at in place[inside]:
        axes.axvspan(at - half, at + half, color=expected, alpha=0.18, lw=0, zorder=0)
    axes.plot(place, height, color=grey, lw=1.4, zorder=2)
    best = int(np.argmax(height))
    axes.plot(place[best], height[best], "o", ms=6.5, mfc=accent, mec="white", mew=0.6, zorder=3)
    axes.set_ylim(0, 1.1 * float(height.max()))
    axes.set_ylabel("F of a break at that date")
    _time(axes, place, calendar=bool(picture.labels["calendar"]))
    start_line(axes, picture.labels.number("start"), "start")


def draw_support(axes: Axes, picture: Picture) -> None:
    """Draw two histograms back to back over the probability of treatment.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "support".
    """
    bins = picture.data["bins"]
    tallest = 100 * float(bins[["before", "after"]].max().max())
    for arm, side, color in (("treated", 1, accent), ("untreated", -1, expected)):
        own = bins[bins["arm"] == arm]
        low, width = own["low"], own["high"] - own["low"]
        axes.bar(low, side * 100 * own["after"], width, align="edge", color=color, alpha=0.55, lw=0, zorder=2)
        axes.bar(low, side * 100 * own["before"], width, align="edge", fc="none", ec=grey, lw=0.9, zorder=3)
        axes.annotate(
            arm, (1, side * tallest), (5, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center", fontsize=9, color=color,
        )  # fmt: skip
    axes.axhline(0, color=ink, lw=0.8, zorder=4)
    axes.set_ylim(-1.12 * tallest, 1.12 * tallest)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.set_xlim(float(bins["low"].min()), float(bins["high"].max()))
    axes.set_xlabel(str(picture.labels["x"]))
    axes.set_ylabel(str(picture.labels["y"]))


def draw_placebos(axes: Axes, picture: Picture) -> None:
    """Draw a histogram of placebo estimates and the estimate itself.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "placebos".
    """
    bins, estimate = picture.data["bins"], picture.labels.number("estimate")
    axes.bar(bins["low"], bins["placebos"], bins["high"] - bins["low"], align="edge", color=pale, ec="white", lw=0.6)
    axes.axvline(0, color=ink, lw=0.8, zorder=1)
    ends = np.array([bins["low"].min(), bins["high"].max(), estimate, 0.0])
    margin = 0.06 * float(np.ptp(ends))
    axes.set_xlim(float(ends.min()) - margin, float(ends.max()) + margin)
    axes.set_ylim(0, 1.15 * float(bins["placebos"].max()))
    start_line(axes, estimate, "estimate")
    axes.set_xlabel("Estimate, on the scale of the method")
    axes.set_ylabel("Placebos")


def _time(axes: Axes, place: np.ndarray, *, calendar: bool) -> None:
    first, last = float(place.min()), float(place.max())
    axes.set_xlim(first - 0.015 * (last - first), last + 0.015 * (last - first))
    if calendar:
        calendar_axis(axes, first, last)
