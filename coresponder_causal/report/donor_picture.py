"""Who a synthetic control is made of, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import smallest
from coresponder_causal.report import words
from coresponder_causal.report.colours import accent, expected, grey
from coresponder_causal.report.specs import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

most_bars = 20


def donor_weights(result: Result) -> Picture:
    """Draw the weights of the comparison units, the heaviest first.

    Parameters
    ----------
    result : Result
        With the facts ``donors`` and ``donor_shares``.

    Returns
    -------
    Picture
        ``data["donors"]``: ``city, weight``.
    """
    names, shares = (
        cast("tuple[str, ...]", result.extra["donors"]),
        cast("tuple[float, ...]", result.extra["donor_shares"]),
    )
    weights = pd.DataFrame({"city": names, "weight": np.array(shares, float)})
    weights = weights.sort_values("weight", ascending=False, kind="stable", ignore_index=True)
    shown = weights.head(most_bars)
    effective = words.number(result.extra.number("effective_donors"))
    reproduced = f"{100 * result.extra.number('pre_r_squared'):.0f} %"
    rest = f" {len(weights) - len(shown)} smaller weights are not shown." if len(weights) > len(shown) else ""
    negative = (
        " Negative weights carry the control beyond the range of the others." if (shown["weight"] < 0).any() else ""
    )
    said = f"They count as {effective} units and reproduce {reproduced} of the variance before the start."
    return Picture(
        title=f"What the control of {words.city(result)} is made of",
        caption=f"Bars: weight of each comparison unit. {said}{negative}{rest}",
        alt=f"One bar per comparison unit: {result.extra['donor_weights']}. {said}",
        kind="donors",
        data={"donors": shown},
        labels=Facts({"x": "Weight"}),
        support=smallest(result.support),
    )


def draw_donors(axes: Axes, picture: Picture) -> None:
    """Draw one bar per unit, the heaviest above.

    Parameters
    ----------
    axes : Axes
    picture : Picture
        Of kind "donors".
    """
    bars = picture.data["donors"]
    place, weight = np.arange(len(bars)), bars["weight"].to_numpy(float)
    axes.barh(place, weight, height=0.62, color=np.where(weight < 0, expected, accent))
    ends = np.where(weight < 0, 0.0, weight)
    room = 0.012 * float(np.ptp(np.append(weight, 0.0)))
    for at, end, value in zip(place, ends, weight, strict=True):
        axes.text(float(end) + room, float(at), f"{value:.2f}".replace("-", "−"), va="center", fontsize=8, color=grey)
    axes.axvline(0.0, color=grey, lw=0.8)
    axes.set_yticks(place, bars["city"])
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.margins(x=0.12)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(str(picture.labels["x"]))
