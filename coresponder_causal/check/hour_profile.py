"""Whether calls of another mix came in the covered hours after the start, or more of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import holm, homogeneity_p_value, p_value
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.core.weekly_gap import gap_design, spread, weekly_gap
from coresponder_causal.design.call_instrument import CallInstrumentDesign

name = "hour_profile"
assumption = "When calls come, and of which kind, did not change with the start: hours can be compared over time."
columns = ["what", "standardised", "p_value"]
notable = 0.1  # a standardised difference of this size counts as imbalance


class _Moved(NamedTuple):
    """How far something moved with the start, and how well that is known."""

    what: str
    standardised: float
    p_value: float
    std_error: float
    df: float


def hour_profile(result: Result | None, design: CallInstrumentDesign) -> CheckResult:
    """Compare the hours of calls, and what was known of them before dispatch, before and after the start.

    Parameters
    ----------
    result : Result or None
        Not looked at: who calls when is a matter of the design.
    design : CallInstrumentDesign
        The design itself, or one formed of calls that the programme cannot touch, such as medical calls.

    Returns
    -------
    CheckResult
        Contradicts when, after Holm's correction, the distribution of calls over the hours of the day, the weekly share
        of covered hours, or the weekly gap of a covariate between covered and uncovered hours moved at 5 %. The table
        has one row for each: ``what, standardised, p_value, p_holm``; of the hours of the day ``standardised`` is the
        largest of the 24. Its power is that of the median of the others to see a standardised difference of 0.1.

    Examples
    --------
    >>> from coresponder_causal.validity.call_worlds import call_table, shifts, start
    >>> def drawn(moved):
    ...     calls = call_table(np.random.default_rng(2), calls=6000, moved=moved)
    ...     return CallInstrumentDesign.from_tables(calls, shifts(), outcome=None, start=start.date())
    >>> hour_profile(None, drawn(False)).verdict, hour_profile(None, drawn(True)).verdict
    ('no contradiction found', 'contradicts')
    """
    if design.instrument != "coverage_post":
        return not_applicable(name, assumption, "The instrument does not compare hours before and after.")
    try:
        rows = [_share_of_covered(design), *_covariates(design)]
    except EstimationError as error:
        return not_applicable(name, assumption, f"It cannot be fitted: {error.what}.")
    able = float(np.median([power_of(notable, row.std_error, row.df) for row in rows]))
    profile = _hours_of_day(design)
    table = pd.concat([pd.DataFrame([profile]), pd.DataFrame(rows)[columns]], ignore_index=True)
    table["p_holm"] = holm(table["p_value"])
    moved = table.loc[table["p_holm"] < 0.05, "what"].tolist()
    said = ", ".join(f"{row.what} by {row.standardised:+.2f} standard deviations" for row in table.itertuples())
    sentence = (
        f"{len(moved)} of {len(table)} moved with the start at the 5 % level after Holm's correction ({said}); a "
        f"shift of {notable} standard deviations would be seen with probability {able:.2f}."
        + (" Covered against uncovered hours of this city alone is then not safe." if moved else "")
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=bool(moved), power=able),
        power=able,
        table=table,
        sentence=sentence,
    )


def _hours_of_day(d: CallInstrumentDesign) -> dict[str, object]:
    """Pearson's test of the 24 hours before against after, and the largest standardised difference of one."""
    after, hour = d.timing["after"].to_numpy(bool), d.timing["hour"].to_numpy(int)
    counts = np.array([np.bincount(hour[side], minlength=24) for side in (~after, after)], float)
    before, later = counts / counts.sum(axis=1, keepdims=True)
    middle = (before + later) / 2
    moved = (later - before) / np.sqrt(np.where(middle > 0, middle * (1 - middle), 1.0))
    most = float(moved[np.argmax(np.abs(moved))])
    return {"what": "hours of the day", "standardised": most, "p_value": homogeneity_p_value(counts)}


def _share_of_covered(d: CallInstrumentDesign) -> _Moved:
    """Share of the week's calls that came in covered hours, regressed on the instrument's weekly gap."""
    values = pd.DataFrame({"z": d.z()})
    gap = weekly_gap(values, week=d.timing["week"], covered=d.timing["covered"])
    share = d.timing["covered"].astype(float).groupby(d.timing["week"]).mean().reindex(gap.index)
    mean = float(d.timing["covered"].mean())
    return _row("share of calls in covered hours", gap["z"], share, float(np.sqrt(mean * (1 - mean))))


def _covariates(d: CallInstrumentDesign) -> list[_Moved]:
    """Weekly gap of every covariate between covered and uncovered hours, regressed on that of the instrument."""
    known = d.calls.covariate_frame()
    if known.empty:
        return []
    gap = weekly_gap(known.assign(z=d.z()), week=d.timing["week"], covered=d.timing["covered"])
    return [_row(str(name), gap["z"], gap[name], float(known[name].std())) for name in known]


def _row(what: str, instrument: pd.Series, values: pd.Series, deviation: float) -> _Moved:
    """Regress a weekly series on the instrument's; all in standard deviations of a call."""
    fit = gap_design(instrument).fit(values.to_numpy(float))
    variance, df = spread(fit)
    moved, std_error = float(fit.beta[1]) / deviation, float(np.sqrt(variance)) / deviation
    return _Moved(what, moved, float(p_value(moved / std_error, df)), std_error, df)
