"""Looks at one city's effect on a calendar that was fixed beforehand, the error of all of them together kept at 5 %."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.inference import spending_looks
from coresponder_causal.core.notes import collecting, note, quietly
from coresponder_causal.design.series import SeriesDesign
from coresponder_causal.estimate import its_counts

fewest_after = 3


def look_calendar(start: str, months: Sequence[int], *, level: float = 0.95) -> pd.DataFrame:
    """Lay looks on the calendar, with what each may spend of the error.

    Parameters
    ----------
    start : ISO date
        Start of the programme.
    months : sequence of int
        Months after the start at which the effect is looked at, the last of them the planned end.
    level : float
        One less the error of all looks together.

    Returns
    -------
    DataFrame
        ``look, months, until`` (last month that counts), ``share`` (of the planned months), ``spent``, ``boundary``
        (of the test statistic) and ``nominal`` (p-value below which the look decides).

    Raises
    ------
    DesignError
        Months that do not increase, or fewer than 3.

    Notes
    -----
    The share of the planned months stands for the share of the information, which is exact where every month brings
    as much. How often looks find an effect where there is none is measured by `decide.look_runs` and shown in
    docs/monitoring.md.

    Examples
    --------
    >>> look_calendar("2020-07-15", [12, 24])[["until", "nominal"]].round(4).values.tolist()
    [['2021-06', 0.0031], ['2022-06', 0.049]]
    """
    problems = Problems("the calendar of looks")
    if not months or np.any(np.diff(months) <= 0) or min(months) < fewest_after:
        problems.add(
            f"months after the start are {list(months)}", mend=f"let them increase, from {fewest_after} on: 6,12,24"
        )
    problems.raise_if_any(DesignError)
    shares = np.array(months, float) / months[-1]
    found = spending_looks(shares, level=level)
    first = pd.Period(start, "M")
    return pd.DataFrame(
        {
            "look": np.arange(1, len(months) + 1),
            "months": list(months),
            "until": [str(first + (later - 1)) for later in months],
            "share": shares,
            "spent": found.spent,
            "boundary": found.boundary,
            "nominal": found.nominal,
        }
    )


def take_look(rows: pd.DataFrame, *, start: str, until: str, nominal: float, label: str) -> dict[str, object]:
    """Estimate the effect on one metric from the months until a look, and hold it against the look's boundary.

    Parameters
    ----------
    rows : DataFrame
        ``period, numerator, denominator`` of the metric by month.
    start : ISO date
    until : str
        Last month that counts.
    nominal : float
        P-value below which the look decides.
    label : str
        The metric.

    Returns
    -------
    dict
        ``until, p_value, ratio, low, high`` (at one less the nominal level) and ``decides``: "fewer", "more" or "".

    Raises
    ------
    DesignError, EstimationError
        As of `SeriesDesign.from_frame` and `estimate.its_counts`.
    """
    seen = rows[(rows["period"] <= until) & rows["denominator"].gt(0)].sort_values("period")
    frame = seen[["period", "numerator", "denominator"]].rename(columns={"numerator": "events"})
    with quietly(), collecting() as said:
        design = SeriesDesign.from_frame(
            frame, outcome="events", exposure="denominator", time="period", start=start, city=label
        )
        row = its_counts(design).tidy(level=1 - nominal).iloc[0]
    for text in said:
        note(f"look of {until}: {text}")
    found = {name: float(row[name]) for name in ("p_value", "estimate", "conf_low", "conf_high")}
    decides = "" if found["p_value"] > nominal else "fewer" if found["estimate"] < 0 else "more"
    return {
        "until": until,
        "p_value": found["p_value"],
        "ratio": float(np.exp(found["estimate"])),
        "low": float(np.exp(found["conf_low"])),
        "high": float(np.exp(found["conf_high"])),
        "decides": decides,
    }
