"""Mean scores wave by wave, of persons who met the team and of others, and their drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report.colours import accent, grey
from coresponder_causal.report.score_names import score_name
from coresponder_causal.report.sentences import finding
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

aside = 0.04  # of the axis, so that intervals of one wave do not cover each other


def over_waves(result: Result) -> Picture:
    """Draw the mean score of every wave, of persons who were exposed on any and of others.

    Parameters
    ----------
    result : Result
        Of `wave_change`.

    Returns
    -------
    Picture
        ``data["path"]``: ``time, treated, observed, low, high, persons, events``.
    """
    assert result.path is not None  # every result of this method has one
    exposure = str(result.extra["exposure"]).replace("_", " ")
    outcome = score_name(result.estimand.outcome)
    return Picture(
        title=f"{outcome}, wave by wave",
        caption="Means with 95 % intervals of persons who answered on two waves or more. That groups stand "
        "apart at first is no effect: look at how the distance changes.",
        alt=f"{outcome} by wave, of persons with {exposure} on any wave and of others. {finding(result).text}",
        kind="waves",
        data={"path": result.path},
        labels=Facts({"x": "Wave", "y": outcome, "with": f"with {exposure}", "without": "others"}),
        support=result.path[["persons", "events"]],
    )


def draw_waves(axes: Axes, picture: Picture) -> None:
    """Draw one line with intervals for each group, named at its end.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "waves".
    """
    path, labels = picture.data["path"], picture.labels
    first, last = float(path["time"].min()), float(path["time"].max())
    for treated, colour, side in ((False, grey, -1), (True, accent, 1)):
        own = path[path["treated"] == treated].sort_values("time")
        place = own["time"] + side * aside * (last - first) / 2
        axes.vlines(place, own["low"], own["high"], color=colour, lw=1.6, zorder=2)
        axes.plot(place, own["observed"], "o-", color=colour, ms=5.5, mec="white", mew=0.6, lw=1.6, zorder=3)
        shown = own[own["observed"].notna()]
        if len(shown):
            axes.annotate(
                str(labels["with" if treated else "without"]),
                (float(shown["time"].iloc[-1]) + aside * (last - first) / 2, float(shown["observed"].iloc[-1])),
                (8, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                color=colour,
                fontweight="bold",
            )
    waves = np.unique(path["time"])
    axes.set_xticks(waves, [f"{wave:g}" for wave in waves])
    axes.set_xlim(first - 0.08 * (last - first), last + 0.42 * (last - first))
    axes.set_xlabel(str(labels["x"]))
    axes.set_ylabel(str(labels["y"]))
