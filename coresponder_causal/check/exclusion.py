"""Whether coverage moved, call by call, what the team cannot touch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import names_of
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import holm
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.reduced_form import reduced_form
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, in_units, judged, not_applicable
from coresponder_causal.design.call_instrument import CallInstrumentDesign
from coresponder_causal.design.covariates import as_numbers
from coresponder_causal.design.coverage import CoverageDesign

Array = NDArray[np.float64]
name = "exclusion"
assumption = "Coverage moves the outcome through the team alone: what the team cannot touch did not move with it."


def exclusion(
    result: Result, design: CoverageDesign | CallInstrumentDesign, *, outcomes: Sequence[str] = ()
) -> CheckResult:
    """Take the reduced form of coverage, call by call, on outcomes that the team cannot touch.

    Parameters
    ----------
    result : Result
        The estimate to be checked: the check must be able to see a relative change as large as its first term.
    design : CoverageDesign formed of calls, or CallInstrumentDesign
        Looked at are the calls of the treated city: covered hours × after the start, hours of the week, months and the
        design's covariates taken out.
    outcomes : sequence of str
        Columns of numbers, or of yes and no, in the table of calls.

    Returns
    -------
    CheckResult
        Contradicts when the smallest Holm-adjusted p-value is below 5 %. Its table has one row per outcome: ``outcome,
        calls, estimate, std_error, df, conf_low, conf_high, p_value, p_holm``; errors are those of the weekly gap
        between covered and uncovered hours. Its power is that of the median outcome.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen & Cohen (2010), doi:10.1097/EDE.0b013e3181d61eeb.

    Examples
    --------
    >>> from coresponder_causal.estimate import call_iv
    >>> from coresponder_causal.validity.call_worlds import call_table, shifts, start
    >>> calls = call_table(np.random.default_rng(2), calls=3000)
    >>> calls["towed"] = np.random.default_rng(3).random(len(calls)) < 0.3
    >>> d = CallInstrumentDesign.from_tables(calls, shifts(), outcome="arrest", start=start.date())
    >>> exclusion(call_iv(d, inference="week"), d, outcomes=["towed"]).table["outcome"].tolist()
    ['towed']
    """
    if not outcomes:
        return not_applicable(name, assumption, "No outcome was named that the team cannot touch.")
    if isinstance(design, CoverageDesign) and design.calls is None:
        return not_applicable(name, assumption, "The design was formed of counts and holds no calls.")
    calls, z, clock, regressors = _sides(design)
    relative = _relative(result, calls, design.outcome)
    rows, able, failed = [], [], []
    for outcome in names_of(outcomes):
        try:
            row = _row(calls, outcome, z, clock, regressors)
        except EstimationError as error:
            failed.append(f"{outcome}: {error.what}")
            continue
        rows.append(row)
        sought = relative * float(calls[outcome].astype(float).mean())
        able.append(float(power_of(sought, float(str(row["std_error"])), float(str(row["df"])))))
    if not rows:
        return not_applicable(name, assumption, f"None could be fitted ({'; '.join(failed)}).")
    return _judged(pd.DataFrame(rows), float(np.median(able)), failed)


def _sides(
    d: CoverageDesign | CallInstrumentDesign,
) -> tuple[pd.DataFrame, Array, pd.DataFrame, pd.DataFrame]:
    """Return calls of the treated city, instrument, clock, and what is taken out besides hours."""
    if isinstance(d, CallInstrumentDesign):
        return d.source, d.z(), d.timing.assign(stratum=d.strata()), d.regressors()
    assert d.calls is not None  # refused above
    calls = d.calls[d.calls["city"].eq(d.treated)].reset_index(drop=True)
    z = (calls["covered"] & calls["after"]).to_numpy(float)
    months = pd.get_dummies(calls["month"], prefix="month", drop_first=True, dtype=float)
    known = as_numbers(calls, d.covariates, reference_levels=False)
    return calls, z, calls.assign(stratum=calls["hour_of_week"]), pd.concat([months, known], axis=1)


def _relative(result: Result, calls: pd.DataFrame, outcome: str | None) -> float:
    """Relative change that the estimate stands for; NaN where the mean of its outcome is not known."""
    if result.scale == "log_ratio":
        return in_units(float(result.estimate[0]), result.scale, 1.0)
    mean = float(calls[outcome].astype(float).mean()) if outcome in calls else np.nan
    return float(result.estimate[0]) / mean if mean else np.nan


def _row(
    calls: pd.DataFrame, outcome: str, z: Array, clock: pd.DataFrame, regressors: pd.DataFrame
) -> dict[str, str | int | float]:
    """Reduced form on one outcome, over the calls that have it."""
    if outcome not in calls or not (
        pd.api.types.is_numeric_dtype(calls[outcome]) or pd.api.types.is_bool_dtype(calls[outcome])
    ):
        raise EstimationError("it is not a column of numbers in the calls", mend="name another column")
    y = calls[outcome].to_numpy(float, na_value=np.nan)
    there = np.isfinite(y)
    if there.any() and np.ptp(y[there]) == 0:
        raise EstimationError("it is the same in every call", mend="name an outcome that varies")
    found = reduced_form(
        y[there],
        z[there],
        strata=clock["stratum"][there],
        regressors=regressors[there],
        week=clock["week"][there],
        covered=clock["covered"][there],
    )
    return {"outcome": outcome, "calls": int(there.sum()), **found.row()}


def _judged(table: pd.DataFrame, able: float, failed: list[str]) -> CheckResult:
    """Holm's correction, the verdict and its sentence."""
    table["p_holm"] = holm(table["p_value"])
    moved = table["p_holm"] < 0.05
    changes = "; ".join(
        f"{row.outcome} {as_change(float(str(row.estimate)), 'difference')} per call" for row in table.itertuples()
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=bool(moved.any()), power=able),
        power=able,
        table=table,
        sentence=(
            f"Coverage moved {int(moved.sum())} of {len(table)} outcomes that the team cannot touch, at the 5 % level "
            f"after Holm's correction ({changes}); a relative change as large as the estimate would be seen with "
            f"probability {able:.2f}." + (f" Not fitted: {'; '.join(failed)}." if failed else "")
        ),
    )
