"""The result of a method for officers in time."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.result import Result
from coresponder_causal.design.officer_rows import OfficerRows
from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]
few_df = 5.0


def say_rough(df: float) -> None:
    """Doubt the interval of a headline with few degrees of freedom."""
    if df < few_df:
        doubt(f"{df:.1f} degrees of freedom: below {few_df:.0f} the interval is a rough one")


def officer_result(
    method: str,
    d: OfficerDesign,
    rows: OfficerRows,
    terms: pd.DataFrame,
    estimate: Array,
    sets: NDArray[np.bool_],
    *,
    vcov: Array,
    df: Array,
    contrast: str,
    treatment: str,
    horizon: str,
    facts: dict[str, object],
    crossings: Array | None = None,
    scale: Literal["difference", "log_ratio"] = "difference",
) -> Result:
    """Put estimates together with what stands behind them.

    Parameters
    ----------
    method : str
    d : OfficerDesign
    rows : OfficerRows
        Rows in use.
    terms : DataFrame, k rows
    estimate : ndarray, shape (k,)
        On the scale of the rate, or logs of ratios.
    sets : ndarray of bool, shape (n, k)
        Rows behind each term.
    vcov, df, crossings : ndarray
        As `Result` takes them.
    contrast, treatment, horizon : str
        Of the estimand.
    facts : dict
        Beside the unit and the numbers of officers.
    scale : {"difference", "log_ratio"}
    """
    exposed = len(np.unique(rows.two_way.unit[rows.exposed]))
    about = {
        "outcome_unit": d.unit,
        "period_name": d.period_name,
        "treated_units": exposed,
        "untreated_units": rows.officers - exposed,
    }
    return Result(
        method=method,
        estimand=Estimand(
            contrast=contrast,
            outcome=str(d.outcome),
            treatment=treatment,
            population=f"{exposed} exposed officers, in calls without the team",
            horizon=horizon,
            scale=d.unit if scale == "difference" else "ratio of counted to expected events",
        ),
        terms=terms,
        estimate=estimate,
        vcov=vcov,
        df=df,
        crossings=crossings,
        scale=scale,
        support=_support(d, rows, terms["term"], sets),
        n_obs=len(rows.kept),
        n_units=rows.officers,
        extra=Facts(about | facts),
    )


def _support(d: OfficerDesign, rows: OfficerRows, terms: pd.Series, sets: NDArray[np.bool_]) -> pd.DataFrame:
    """Officers, as persons, and events behind terms; no events where the outcome does not count."""
    values = d.source[str(d.outcome)].to_numpy(float)[rows.kept]
    counts = bool(np.all((values >= 0) & (values == np.round(values))))
    officers = [len(np.unique(rows.two_way.unit[own])) for own in sets.T]
    events = values @ sets if counts else np.full(len(terms), np.nan)
    return pd.DataFrame({"term": terms, "persons": officers, "events": events, "units": officers})
