"""Estimates without one part of the data at a time, judged together: whether one part decides the conclusion."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, Verdict, as_change

nominal = 0.05


def left_out(fit: Result, part: str) -> dict[str, str | float]:
    """Row of the fit without a part: ``left_out, estimate, conf_low, conf_high, p_value, excludes``.

    Parameters
    ----------
    fit : Result
    part : str
        What was left out.
    """
    first = fit.tidy().iloc[0]
    shown = {column: float(first[column]) for column in ("estimate", "conf_low", "conf_high", "p_value")}
    row: dict[str, str | float] = {"left_out": part, **shown, "excludes": bool(first["p_value"] < nominal)}
    return row


def decided_by_one(result: Result, table: pd.DataFrame, *, check: str, assumption: str, said: str) -> CheckResult:
    """Verdict on whether leaving one part out changes the conclusion.

    Parameters
    ----------
    result : Result
        Of all parts; its first term is looked at.
    table : DataFrame
        Rows of `left_out`.
    check, assumption : str
    said : str
        How the sentence begins, e.g. "Without one comparison city at a time".

    Returns
    -------
    CheckResult
        Contradicts when leaving out one part changes whether the interval excludes no change, or turns the sign of an
        estimate whose interval excludes it, halves or doubles it.
    """
    turned = turning(result, table)
    low, high = (as_change(float(end), result.scale) for end in (table["estimate"].min(), table["estimate"].max()))
    who = (
        f" The conclusion changes without {', '.join(map(str, table.loc[turned, 'left_out']))}." if turned.any() else ""
    )
    verdict: Verdict = "contradicts" if turned.any() else "no contradiction found"
    return CheckResult(
        check=check,
        assumption=assumption,
        verdict=verdict,
        power=None,
        table=table,
        sentence=f"{said} the estimate runs from {low} to {high}.{who}",
        moves=furthest(result, table["estimate"]),
    )


def furthest(result: Result, estimates: ArrayLike) -> float:
    """How far the first term is moved at most by other choices, in its standard errors; unknown estimates left out."""
    away = np.abs(np.asarray(estimates, float) - result.estimate[0])
    return float(np.nanmax(away) / np.sqrt(result.vcov[0, 0]))


def turning(result: Result, table: pd.DataFrame) -> pd.Series:
    """Say without which parts the conclusion changes, as of `decided_by_one`."""
    first = result.tidy().iloc[0]
    estimate, excludes = float(first["estimate"]), bool(first["p_value"] < nominal)
    turned = table["excludes"] != excludes
    if excludes:
        ratio = table["estimate"] / estimate
        turned |= (ratio < 0.5) | (ratio > 2)
    return turned
