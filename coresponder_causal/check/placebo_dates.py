"""Whether the method would have found a change before there was one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.inference import holm, power
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign

name = "placebo_dates"
assumption = "Nothing like the estimated change happened before the start."
shortest, most = 18, 24


def placebo_dates(
    result: Result, design: SeriesDesign | PanelDesign | CoverageDesign, *, dates: int = 5
) -> CheckResult:
    """Move the start to made-up dates within the time before the real one and fit again.

    Parameters
    ----------
    result : Result
        The estimate to be checked; its first term is looked at.
    design : the design it was made from
    dates : int
        Number of made-up starts, spread evenly over the middle of the time before the start.

    Returns
    -------
    CheckResult
        Contradicts when the smallest Holm-adjusted p-value is below 5 %; its power is that of the median made-up start
        to find a change as large as the estimate. ``course``: the same at every admissible start, at most 24 of them
        evenly spread, and whether a 5 % test would call it a change: their share is the empirical size of the method
        on these data. Neighbouring starts share most of their periods, so that it is a rough number.

    References
    ----------
    Bertrand, Duflo & Mullainathan (2004), doi:10.1162/003355304772839588 (placebo laws).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> months = pd.period_range("2017-01", periods=72, freq="M")
    >>> frame = pd.DataFrame({"month": months, "calls": rng.poisson(180, 72)})
    >>> from coresponder_causal.estimate import its_segmented
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> placebo_dates(its_segmented(d), d).check
    'placebo_dates'
    """
    before = np.unique(design.axis.positions[design.axis.positions < design.start_position])
    if len(before) < shortest:
        why = f"Only {len(before)} periods lie before the start; {shortest} are needed to place made-up starts."
        return not_applicable(name, assumption, why)
    chosen, tried = (_spread(len(before) / 3, 5 * len(before) / 6, number) for number in (dates, most))
    rows = {place: _row(result, design, int(before[place])) for place in sorted({*chosen, *tried})}
    table, course = (pd.DataFrame([row for place in which if (row := rows[place])]) for which in (chosen, tried))
    if table.empty:
        return not_applicable(name, assumption, "The time before the start is too short for this method to be fitted.")
    table["p_holm"] = holm(table["p_value"])
    able = float(np.median(power(float(result.estimate[0]), table["std_error"], table["df"])))
    found = int((table["p_holm"] < 0.05).sum())
    sentence = (
        f"Of {len(table)} made-up starts before the real one, {found} show a change at the 5 % level after Holm's "
        f"correction (smallest adjusted p {table['p_holm'].min():.2f}); a change as large as the estimate would be "
        f"seen with probability {able:.2f} at the typical one. Of {len(course)} starts over the same time a 5 % test "
        f"without correction calls {(course['p_value'] < 0.05).sum()} a change: an empirical size of "
        f"{100 * (course['p_value'] < 0.05).mean():.0f} %."
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=found > 0, power=able),
        power=able,
        table=table,
        sentence=sentence,
        course=course.assign(called=course["p_value"] < 0.05),
    )


def _spread(first: float, last: float, number: int) -> list[int]:
    """Whole places between two, evenly spread."""
    return [int(place) for place in np.unique(np.linspace(first, last, number).astype(int))]


def _row(
    result: Result, design: SeriesDesign | PanelDesign | CoverageDesign, position: int
) -> dict[str, object] | None:
    """Headline of the fit with a made-up start, None where it cannot be fitted."""
    try:
        made_up = refit(result, design.before_start(start=position), options={"slope_change": False, "horizons": ()})
    except CausalError:
        return None
    first = made_up.tidy().iloc[0]
    return {
        "start": str(design.axis.label(position)),
        "estimate": first["estimate"],
        "std_error": first["std_error"],
        "df": made_up.df[0],
        "p_value": first["p_value"],
    }
