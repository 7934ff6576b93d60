"""Pictures of what a design can find, and of how often its methods err."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.inference import interval
from coresponder_causal.report import words
from coresponder_causal.report.specs import Picture
from coresponder_causal.validity import Calibration, Power
from coresponder_causal.validity.calibrate import nominal
from coresponder_causal.validity.power import wanted

axes = {"x": "True change at full dose, percent", "y": "Share that finds it"}
bars = "Bars: 95 % limits of the simulation's own error."


def power_picture(found: Power) -> Picture:
    """Power against the size of the effect, with the smallest detectable one, and against the time after the start.

    Parameters
    ----------
    found : Power
        As `coresponder_causal.validity.power` gives it.

    Returns
    -------
    Picture
        ``data``: ``curve`` (label, effect, power, low, high) and, where lengths of time were looked at, ``periods``
        (periods, power, low, high).
    """
    method, kind, period = words.method(found.method), "fall" if found.at < 0 else "rise", found.period_name
    data = {"curve": _limits(found.curve, "power")[["effect", "power", "low", "high"]].assign(label=method)}
    if len(found.periods):
        data["periods"] = _limits(found.periods, "power")[["periods", "power", "low", "high"]]
    return Picture(
        title=words.capital(f"{found.name.partition(',')[0]}: power"),
        caption=(
            f"Share of redrawn studies in which the 5 % test finds the change ({method}). The counts are drawn from "
            f"the time before the start alone. {bars}"
        ),
        alt=f"Power against the size of a true {kind}, and against {period} after the start. {found.sentence}",
        kind="power",
        data=data,
        labels=Facts(
            axes
            | {
                "effect_title": found.name.rpartition("and ")[2],
                "line": wanted,
                "line_label": "four in five",
                "mde": found.mde,
                "mde_label": "" if np.isnan(found.mde) else words.percent(found.mde),
                "periods_x": words.capital(f"{period} from the start on"),
                "periods_title": f"for a {kind} of {abs(found.at):g} %",
            }
        ),
        support=found.support,
    )


def calibration_picture(found: Calibration) -> Picture:
    """Share of redrawn studies in which each method finds a change, against the true one.

    Parameters
    ----------
    found : Calibration
        As `coresponder_causal.validity.calibrate` gives it.

    Returns
    -------
    Picture
        ``data``: ``curve`` (label, effect, power, low, high); at effect 0 ``power`` is the size.
    """
    rows = _limits(found.table, "rejected")
    curve = rows[["effect", "low", "high"]].assign(power=rows["rejected"], label=rows["method"].map(words.method))
    return Picture(
        title=words.capital(f"{found.name.partition(',')[0]}: size and power"),
        caption=(
            "Share of redrawn studies in which the 5 % test finds a change: without one it should be 5 % or less. The "
            f"counts are drawn from the time before the start alone. {bars}"
        ),
        alt=f"One line per method, against the true change. {found.sentence}",
        kind="power",
        data={"curve": curve},
        labels=Facts(axes | {"effect_title": "", "line": nominal, "line_label": "5 %", "mde": None, "mde_label": ""}),
        support=found.support,
    )


def _limits(rows: pd.DataFrame, rate: str) -> pd.DataFrame:
    """Add the 95 % limits of a rate's Monte-Carlo error."""
    low, high = interval(rows[rate], rows[f"{rate}_error"], np.inf)
    return rows.assign(low=low.clip(0, 1), high=high.clip(0, 1))
