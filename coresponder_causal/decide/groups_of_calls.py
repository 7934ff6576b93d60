"""Effects in groups of calls that could have gone either way: one set of doubly robust models, averaged by group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.doubly_robust import Contrast, say_probabilities
from coresponder_causal.decide.group_rows import (
    Contrasted,
    Cuts,
    Estimates,
    Grouped,
    Mask,
    group_rows,
    say_recorded,
    too_small,
)
from coresponder_causal.design.call_estimates import by_group, support
from coresponder_causal.design.call_learners import (
    OutcomeModel,
    PropensityModel,
    arm_learners,
    call_samples,
    draw_folds,
    fitted_arms,
    require_folds,
)
from coresponder_causal.design.calls import CallDesign

Array = NDArray[np.float64]


def groups_of_calls(
    c: CallDesign,
    fields: Sequence[str],
    cuts: Cuts,
    contrast: Contrast,
    outcome_model: OutcomeModel,
    propensity_model: PropensityModel,
    folds: int,
    repeats: int,
    seed: int,
) -> tuple[Estimates, Grouped, pd.DataFrame]:
    """Estimate all calls and every group by the same models; see `subgroups`.

    Returns
    -------
    Estimates, Grouped, DataFrame
        The last counts what stands behind each group.
    """
    require_folds(c, folds, repeats, least=2)
    grouped = group_rows(c.source, fields, cuts, adjusted=grouping_columns(c), is_small=lambda rows: _is_small(c, rows))
    say_recorded(c.source, fields, {f"calls with {c.treatment}": c.treated, "other calls": ~c.treated})
    samples = call_samples(c, "subgroups")
    models = arm_learners(samples, c.treated, outcome_model, propensity_model, seed)
    drawn = [
        fitted_arms(samples, c.treated, models, draw_folds(samples.treatment, folds, seed=(seed, k)))
        for k in range(repeats)
    ]
    say_probabilities([each.probability for each in drawn])
    about = {"folds": folds, "repeats": repeats}
    result = by_group(c, drawn, grouped.terms, method="call_aipw", contrast=contrast, about=about)

    def contrasted(weights: Array) -> Contrasted:
        one = result.combine(weights[None], pd.DataFrame({"term": ["contrast"]}))
        return Contrasted(float(one.estimate[0]), float(np.sqrt(one.vcov[0, 0])), float(one.df[0]))

    def together(weights: Array) -> float:
        free = weights[: int(np.linalg.matrix_rank(weights))]
        names = pd.DataFrame({"term": [f"contrast {k}" for k in range(len(free))]})
        return float(result.combine(free, names).wald().p_value)

    without = float(result.extra.number("mean_untreated"))
    return Estimates(result, contrasted, together, without), grouped, support(c, grouped.terms)


def grouping_columns(c: CallDesign) -> list[str]:
    """Name what a design adjusts for, which may cut its calls."""
    return list(dict.fromkeys((*c.covariates, *([c.stratum] if c.stratum else []))))


def _is_small(c: CallDesign, rows: Mask) -> bool:
    parts = {"all": rows, "treated": rows & c.treated, "untreated": rows & ~c.treated}
    return too_small(c.outcome_values()[rows], support(c, parts))
