"""How the terms of a synthetic control are judged: by placebos, their ranks, or cyclic shifts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.conformal import Conformal
from coresponder_causal.core.placebo_spread import placebo_spread, ranked_spread
from coresponder_causal.core.synthetic import fit_errors
from coresponder_causal.design.synthetic_panel import SyntheticPanel
from coresponder_causal.design.synthetic_terms import Averages

Array = NDArray[np.float64]


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
