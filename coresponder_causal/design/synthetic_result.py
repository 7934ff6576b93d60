"""From gaps between units and their synthetic controls to a result: terms, spread, course and facts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.gap import doubt_fit, least_named, least_r_squared, named_weights
from coresponder_causal.core.placebo_spread import error_ratios
from coresponder_causal.core.result import Result
from coresponder_causal.core.synthetic import explained, fit_errors, smoothed
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.design.synthetic_judged import Judged
from coresponder_causal.design.synthetic_panel import SyntheticPanel, outcome_unit
from coresponder_causal.design.synthetic_terms import Averages

Array = NDArray[np.float64]
seasonal_smoothing = 3  # periods over which the fit is judged in a design with a season


def left_out_range(gaps: Array, terms: Averages) -> tuple[float, float]:
    """Least and largest mean effect of gaps of one cohort, shape (r, T), each without another donor."""
    effects = gaps @ terms.weights[0][0]
    return float(effects.min()), float(effects.max())


def fit_facts(
    d: PanelDesign, panel: SyntheticPanel, gaps: Array, weights: Array, *, errors: Array | None, intercept: bool
) -> dict[str, object]:
    """Say how well the treated are fitted and by whom, and doubt a fit that is no evidence.

    Parameters
    ----------
    d : PanelDesign
    panel : SyntheticPanel
        With one cohort.
    gaps : ndarray, shape (1 + B, T)
        Of the treated unit, or of the mean of several, then of placebos.
    weights : ndarray, shape (m,)
        Of the donors.
    errors : ndarray, shape (1 + B,), optional
        Those of the gaps before the start; None without placebos.
    intercept : bool
        Whether the control may be shifted by a constant.
    """
    (cohort,), names = panel.cohorts, [str(unit) for unit in panel.units[panel.k :]]
    chosen = np.abs(weights) >= least_named
    ranked: dict[str, object] = {}
    if errors is not None:
        ratios = error_ratios(gaps, cohort.dose > 0, errors)
        ranked = {
            "error_ratio": float(ratios[0]),
            "error_ratio_rank": inference.rank_test(float(ratios[0]), ratios[1:]).rank,
            "error_ratio_p_value": inference.simulated_p_value(float(ratios[0]), ratios[1:]),
        }
    return {
        "effective_donors": float(1 / np.sum(weights**2)),
        "donor_weights": named_weights(names, weights),
        "donors": tuple(name for name, seen in zip(names, chosen, strict=True) if seen),
        "donor_shares": tuple(float(weight) for weight in weights[chosen]),
        "pre_error": float(fit_errors(gaps[:1], cohort.before, intercept=intercept)[0]),
        **poorest_fit(d, panel, [gaps], intercept=intercept),
        **ranked,
    }


def poorest_fit(d: PanelDesign, panel: SyntheticPanel, gaps: list[Array], *, intercept: bool) -> dict[str, object]:
    """Share of variance before the start that is reproduced, the least of any cohort's; doubted where it is small.

    Parameters
    ----------
    d : PanelDesign
    panel : SyntheticPanel
    gaps : list of ndarray, shape (1 + B, T)
        By cohort.
    intercept : bool
    """
    periods, shares = seasonal_smoothing if d.season else 1, []
    for gap, cohort in zip(gaps, panel.cohorts, strict=True):
        course = panel.values[cohort.before][:, cohort.columns].mean(axis=1)
        course, left = smoothed(np.column_stack([course, gap[0, cohort.before]]), periods).T
        shares.append(explained(course, left - left.mean() if intercept else left))
    doubt_fit(min(shares))
    return {"pre_r_squared": min(shares), "weights_reproduce": bool(min(shares) >= least_r_squared)}


def synthetic_result(
    d: PanelDesign,
    panel: SyntheticPanel,
    averages: Averages,
    judged: Judged,
    *,
    method: str,
    gap: Array | None,
    facts: Mapping[str, object],
) -> Result:
    """Put a result together.

    Parameters
    ----------
    d : PanelDesign
    panel : SyntheticPanel
    averages : Averages
    judged : Judged
    method : str
    gap : ndarray, shape (T,), optional
        Of one treated unit, or the mean of several that start together.
    facts : mapping
        Further facts.
    """
    counts = panel.counts
    events = panel.outcome.to_numpy(float) if counts else np.full(panel.outcome.shape, np.nan)
    return Result(
        method=method,
        estimand=panel.estimand,
        terms=averages.terms,
        estimate=judged.estimate,
        vcov=judged.vcov,
        df=judged.df,
        placebo=judged.placebo,
        crossings=judged.crossings,
        scale="log_ratio" if panel.log else "difference",
        support=_support(panel, averages, events),
        path=None if gap is None else _path(d, panel, gap, judged),
        n_obs=panel.outcome.size,
        n_units=len(panel.units),
        extra=Facts(
            {
                "city": panel.estimand.population,
                "start": d.start,
                "m": panel.m,
                "treated_units": panel.k,
                "periods": len(panel.outcome),
                "outcome_unit": outcome_unit(d),
                "period_name": d.period_name,
                "log": panel.log,
            }
            | ({"mean_events": float(events[:, : panel.k].mean())} if counts else {})
            | dict(facts)
            | dict(judged.facts)
        ),
    )


def _support(panel: SyntheticPanel, averages: Averages, events: Array) -> pd.DataFrame:
    """Events of the treated units in the periods behind each term."""
    behind = np.zeros(len(averages.terms))
    for cohort, weights in zip(panel.cohorts, averages.weights, strict=True):
        behind = behind + (weights != 0) @ events[:, cohort.columns].sum(axis=1)
    names = averages.terms["term"]
    return pd.DataFrame({"term": names, "persons": np.nan, "events": behind, "units": len(panel.units)})


def _path(d: PanelDesign, panel: SyntheticPanel, gap: Array, judged: Judged) -> pd.DataFrame:
    """Give the treated beside their synthetic control; after the start with where it might lie."""
    (cohort,) = panel.cohorts
    recorded = panel.outcome.iloc[:, cohort.columns].mean(axis=1).to_numpy()
    observed = np.maximum(recorded, 0.5) if panel.log else panel.values[:, cohort.columns].mean(axis=1)
    half = np.full(len(gap), np.nan)
    if judged.spread is not None:
        half = np.where(panel.positions >= cohort.start, inference.critical(judged.df[0]) * judged.spread, np.nan)
    ends = {"counterfactual": gap, "low": gap + half, "high": gap - half}
    courses = {name: observed * np.exp(-end) if panel.log else observed - end for name, end in ends.items()}
    events = {"events": panel.outcome.iloc[:, cohort.columns].sum(axis=1).to_numpy()} if panel.counts else {}
    time = d.axis.labels(panel.outcome.index.to_numpy())
    shown = recorded if panel.log else observed
    return pd.DataFrame({"time": time, "observed": shown} | courses | events | {"dose": cohort.dose})
