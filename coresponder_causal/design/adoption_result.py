"""Averages by the time since the start: their names, and the result that holds them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.cohort_panel import CohortPanel
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.result import Result
from coresponder_causal.core.welch import clustered_spread, welch_df
from coresponder_causal.design.adoption import AdoptionRows, adoption_estimand, count_events
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
overall = "overall"


def event_terms(events: Sequence[int]) -> pd.DataFrame:
    """Name the mean of all and those of single times since the start.

    Examples
    --------
    >>> event_terms([0, -2])["term"].tolist()
    ['overall', 'event_time=0', 'event_time=-2']
    """
    keys = pd.Series([pd.NA, *events], dtype="Int64")
    return pd.DataFrame({"event_time": keys, "term": [overall, *(f"event_time={e}" for e in events)]})


def spread_of_cohorts(
    rows: AdoptionRows, panel: CohortPanel, contrast: Array, shift: Array
) -> tuple[Array, Array, Influence]:
    """Covariance, Welch's degrees of freedom and influence of contrasts of cohorts, the untreated ones last.

    Parameters
    ----------
    rows : AdoptionRows
        Some of whose units are never treated.
    panel : CohortPanel
    contrast, shift : ndarray
        As `CohortPanel.by_cohort` takes them.
    """
    by_cohort = panel.by_cohort(contrast, shift)
    own, untreated = np.einsum("gkk->gk", by_cohort), int(np.isinf(rows.first).sum())
    df = welch_df(np.array([own[:-1].sum(axis=0), own[-1]]), (len(rows.first) - untreated, untreated))
    return by_cohort.sum(axis=0), df, panel.influence(contrast, shift, rows.units, rows.cluster, never=True)


def scored_result(
    method: str,
    d: PanelDesign,
    rows: AdoptionRows,
    events: Sequence[int],
    estimate: Array,
    scores: Array,
    behind: Bools,
    *,
    horizon: str,
    facts: dict[str, object],
) -> Result:
    """Put averages together whose errors are sums of the scores of clusters, against the period before the start.

    Parameters
    ----------
    method, d, rows, estimate, behind, horizon, facts
        As `event_result` takes them.
    events : sequence of int
        Times since the start; the first term is the mean of all.
    scores : ndarray, shape (units, k)
        Share of each unit in the error of each term.
    """
    vcov, df = clustered_spread(scores, np.isfinite(rows.first), rows.cluster)
    n, terms = len(scores), event_terms(events)
    return event_result(
        method,
        d,
        rows,
        terms,
        estimate,
        behind,
        vcov=vcov,
        df=df,
        influence=Influence(left=n * scores, right=np.eye(len(terms)), unit=rows.units, cluster=rows.cluster),
        horizon=horizon,
        facts={"interval": f"t({df[0]:.3g}), clustered by {d.cluster or d.unit}", "base": -1} | facts,
    )


def event_result(
    method: str,
    d: PanelDesign,
    rows: AdoptionRows,
    terms: pd.DataFrame,
    estimate: Array,
    behind: Bools,
    *,
    vcov: Array,
    df: Array,
    influence: Influence,
    horizon: str,
    facts: dict[str, object],
) -> Result:
    """Put averages together with what stands behind them.

    Parameters
    ----------
    method : str
    d : PanelDesign
    rows : AdoptionRows
        Rows in use.
    terms : DataFrame, k rows
    estimate : ndarray, shape (k,)
    behind : ndarray of bool, shape (n, k)
        Treated rows that each term averages.
    vcov, df, influence
        As `Result` takes them.
    horizon : str
        Of the estimand.
    facts : dict
        Beside the numbers of units.
    """
    own = np.logical_or.reduceat(behind, np.flatnonzero(np.diff(rows.unit, prepend=-1))).sum(axis=0)
    untreated = int(np.isinf(rows.first).sum())
    about = {
        "period_name": d.period_name,
        "treated_units": len(rows.first) - untreated,
        "untreated_units": untreated,
    }
    return Result(
        method=method,
        estimand=adoption_estimand(d, rows, horizon),
        terms=terms,
        estimate=estimate,
        vcov=vcov,
        df=df,
        scale="difference",
        influence=influence,
        support=pd.DataFrame(
            {"term": terms["term"], "persons": np.nan, "events": count_events(rows, behind), "units": own}
        ),
        n_obs=len(rows.outcome),
        n_units=len(rows.first),
        extra=Facts(facts | about),
    )
