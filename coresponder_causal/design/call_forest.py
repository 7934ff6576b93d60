"""A causal forest of calls whose models learn from whole persons."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.cross_fit import Labels, Learner
from coresponder_causal.core.peer_models import Classification, Regression, by_row, splits
from coresponder_causal.design.call_learners import CallSamples

Array = NDArray[np.float64]


def grow_forest(
    samples: CallSamples,
    models: tuple[Learner, Learner],
    rows: Labels,
    inner: Labels,
    *,
    trees: int,
    seed: int,
    modifiers: int | None = None,
) -> Any:  # noqa: ANN401
    """Let econml grow a forest of some calls, its models on folds of whole persons.

    Effects are in units of `outcome_scale`. They move with the first ``modifiers`` covariates (default: all);
    the others are adjusted for alone.
    Outcomes are rounded to nine decimals of that unit, so that no tie between splits hangs on their own unit.
    """
    from econml.dml import CausalForestDML

    treatment, outcome = (by_row(each, samples.outcome.persons) for each in models)
    forest = CausalForestDML(
        model_y=Regression(outcome),
        model_t=Classification(treatment),
        discrete_treatment=True,
        cv=splits(inner),
        drate=False,
        n_estimators=trees,
        n_jobs=1,
        random_state=seed,
    )
    matrix, _, weights, _ = (part[rows] for part in samples.outcome)
    middle, unit = outcome_scale(samples.outcome.target)
    target = np.round((samples.outcome.target[rows] - middle) / unit, 9)
    last = matrix.shape[1] if modifiers is None else 1 + modifiers
    others = np.column_stack([matrix[:, last:], rows])
    treated = samples.treatment.target[rows].astype(int)
    return forest.fit(target, treated, X=matrix[:, 1:last], W=others, sample_weight=weights)


def outcome_scale(y: Array) -> tuple[float, float]:
    """Mean and standard deviation of an outcome; 0 and 1 of one that is yes or no."""
    return (0.0, 1.0) if np.isin(y, [0.0, 1.0]).all() else (float(y.mean()), float(y.std()))
