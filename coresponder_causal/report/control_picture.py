"""The picture of one monitored metric: its months, what was to be expected, and both charts over their limits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.decide.monitoring import Monitoring
from coresponder_causal.privacy import Counts
from coresponder_causal.report.specs import Picture
from coresponder_causal.report.time_axis import positions


def control_picture(
    found: Monitoring, name: str, *, counts: tuple[Counts, ...] = (), support: pd.DataFrame | None = None
) -> Picture:
    """Show one metric with its charts.

    Parameters
    ----------
    found : Monitoring
    name : str
        The metric.
    counts : tuple of Counts
        Behind the rows of ``path``.
    support : DataFrame, optional
        Behind the same rows; by default their events.

    Returns
    -------
    Picture
        ``data``: ``path`` and ``control``, as `drawing_control.draw_control` takes them; values are percent of what
        they are divided by, or events.
    """
    one, frame, limits = found.series[name], found.charts[name], found.calibration.limits[name]
    place = positions(pd.Series(pd.PeriodIndex(one.months, freq="M")))
    factor = 100 / one.exposure if one.share else np.ones(len(one.exposure))
    ahead = factor[one.n :]
    path = pd.DataFrame({"position": place, "month": one.months, "value": factor * one.counts})
    control = pd.DataFrame(
        {
            "position": place[one.n :],
            "expected": ahead * frame["expected"],
            "low": ahead * frame["low"],
            "high": ahead * frame["high"],
            "weighted": frame["weighted"] / limits.weighted,
            "summed": frame["summed"] / limits.summed,
            "beyond": frame["side"].ne(""),
        }
    )
    own = found.alarms[found.alarms["metric"].eq(name)]
    many = f"{len(own)} alarm{'s' if len(own) != 1 else ''}"
    return Picture(
        title=f"{found.labels[name]}, by month",
        caption=(
            "Above: each month; line and band: what the months before it foretell, and the middle 95 %. Filled: beyond "
            "the limits. Below: both charts over their limits; the grey field is as expected."
        ),
        alt=f"{found.labels[name]} by month, monitored since {one.months[one.n]}: {many}.",
        kind="control",
        data={"path": path, "control": control},
        labels=Facts(
            {
                "y": "Percent" if one.share else "Events",
                "since": float(control["position"].iloc[0]) - 1 / 24,
                "since_label": "monitored",
            }
        ),
        support=pd.DataFrame({"events": one.counts}) if support is None else support,
        counts=counts,
    )
