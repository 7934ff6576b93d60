"""Drawing of checks that look at a series period by period."""

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


def _time(axes: Axes, place: np.ndarray, *, calendar: bool) -> None:
    first, last = float(place.min()), float(place.max())
    axes.set_xlim(first - 0.015 * (last - first), last + 0.015 * (last - first))
    if calendar:
        calendar_axis(axes, first, last)
