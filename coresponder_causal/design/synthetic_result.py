"""From gaps between units and their synthetic controls to a result: terms, spread, course and facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.conformal import Conformal
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.gap import doubt_fit, least_named, least_r_squared, named_weights
from coresponder_causal.core.placebo_spread import error_ratios, placebo_spread, ranked_spread
from coresponder_causal.core.result import Result
from coresponder_causal.core.synthetic import explained, fit_errors, smoothed
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.design.synthetic_panel import Averages, SyntheticPanel, outcome_unit

Array = NDArray[np.float64]
seasonal_smoothing = 3  # periods over which the fit is judged in a design with a season


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Terms with their uncertainty, as the fields of `coresponder_causal.core.result.Result` of the same names.

    ``spread`` is the standard error of the gap in each period, shape (T,), where placebos give it.
    """

    estimate: Array
    vcov: Array
    df: Array
    facts: Mapping[str, object]
    placebo: Array | None = None
    crossings: Array | None = None
    spread: Array | None = None


def effects_of(gaps: list[Array], averages: Averages) -> Array:
    """Terms of the treated units and of each placebo, shape (1 + B, k), from gaps by cohort, shape (1 + B, T)."""
    parts = [gap @ weights.T for gap, weights in zip(gaps, averages.weights, strict=True)]
    return np.asarray(np.sum(parts, axis=0))


def pooled_errors(gaps: list[Array], panel: SyntheticPanel, *, intercept: bool) -> Array:
    """Root mean square of the treated units' gaps before their starts, and of placebos'; shape (1 + B,).

    Parameters
    ----------
    gaps : list of ndarray, shape (1 + B, T)
        By cohort; the first row is that of the treated.
    panel : SyntheticPanel
    intercept : bool
        Whether gaps count about their mean.
    """
    sizes = np.array([len(cohort.columns) for cohort in panel.cohorts], float)
    pairs = zip(gaps, panel.cohorts, strict=True)
    squares = np.array([fit_errors(gap, cohort.before, intercept=intercept) ** 2 for gap, cohort in pairs])
    return np.asarray(np.sqrt(sizes @ squares / sizes.sum()))


def by_placebos(gaps: list[Array], errors: Array, panel: SyntheticPanel, averages: Averages) -> Judged:
    """Judge the terms by the spread of placebos, t(m − 1).

    Parameters
    ----------
    gaps : list of ndarray, shape (1 + B, T)
        By cohort; the first row is that of the treated.
    errors : ndarray, shape (1 + B,)
        As `pooled_errors` gives them.
    panel : SyntheticPanel
    averages : Averages
    """
    effects = effects_of(gaps, averages)
    vcov, factor = placebo_spread(effects, errors)
    single = np.sqrt(np.mean(gaps[0][1:] ** 2, axis=0) * factor) if len(gaps) == 1 else None
    return Judged(
        estimate=effects[0],
        vcov=vcov,
        df=np.full(effects.shape[1], float(panel.m - 1)),
        spread=single,
        facts={
            "interval": f"t({panel.m - 1}), spread of {len(effects) - 1} placebos",
            "placebos": len(effects) - 1,
            "placebo_factor": factor,
            "placebo_std_error": float(effects[1:, 0].std()),
        },
    )


def by_ranks(gaps: list[Array], errors: Array, averages: Averages) -> Judged:
    """Judge the terms by their rank among placebos, each over its own error before the start.

    Parameters
    ----------
    gaps, errors, averages
        As in `by_placebos`.
    """
    effects = effects_of(gaps, averages)
    vcov, placebo = ranked_spread(effects, errors)
    return Judged(
        estimate=effects[0],
        vcov=vcov,
        df=np.full(effects.shape[1], np.inf),
        placebo=placebo,
        facts={
            "interval": f"rank among {len(effects) - 1} placebos, over errors before the start",
            "placebos": len(effects) - 1,
            "p_floor": 1 / len(effects),
        },
    )


def by_shifts(found: list[Conformal], periods: int) -> Judged:
    """Judge the terms by cyclic shifts of the errors, one test for each.

    Parameters
    ----------
    found : list of Conformal
        By term.
    periods : int
        Used for the first.
    """
    rows = max(len(one.crossings) for one in found)
    short = [rows - len(one.crossings) for one in found]
    padded = [
        np.pad(one.crossings, ((0, lacking), (0, 0)), constant_values=np.nan)
        for one, lacking in zip(found, short, strict=True)
    ]
    return Judged(
        estimate=np.array([one.estimate for one in found]),
        vcov=np.where(np.eye(len(found)) == 1, [one.std_error**2 for one in found], np.nan),
        df=np.full(len(found), np.inf),
        crossings=np.array(padded),
        facts={"interval": "effects that cyclic shifts of the errors do not reject", "p_floor": 1 / periods},
    )


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
