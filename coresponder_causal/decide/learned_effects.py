"""Effects learnt from one half of the persons, and doubly robust scores of the other half by models of the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.cross_fit import Labels, Learner, Sample
from coresponder_causal.core.doubly_robust import Contrast, Fitted, arm_scores
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.peer_models import Classification, Regression, by_arm, by_row, splits
from coresponder_causal.design.call_forest import grow_forest, outcome_scale
from coresponder_causal.design.call_learners import (
    ArmModels,
    CallSamples,
    OutcomeModel,
    PropensityModel,
    arm_learners,
    call_samples,
    draw_folds,
    pooled_learners,
)
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.covariates import as_numbers

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
EffectLearner = Literal["forest", "linear"]


class Material(NamedTuple):
    """Calls with the effect modifiers first among their regressors, and the models that learn from them."""

    samples: CallSamples
    treated: Mask
    arms: ArmModels
    pooled: tuple[Learner, Learner]
    modifiers: list[str]

    @property
    def named(self) -> Array:
        """Effect modifiers, standardised, shape (n, k)."""
        return self.samples.outcome.matrix[:, 1 : 1 + len(self.modifiers)]


class HeldOut(NamedTuple):
    """What is known of the calls of one half without having learnt from them; each of shape (n,)."""

    rows: Labels
    value: Array
    tilt: Array
    predicted: Array
    probability: Array


def material(
    c: CallDesign,
    effect_modifiers: Sequence[str],
    *,
    outcome_model: OutcomeModel,
    propensity_model: PropensityModel,
    seed: int,
) -> Material:
    """Take calls out of a design.

    Raises
    ------
    DesignError
        Modifiers that are not among the design's covariates: only what was known before dispatch may cut calls.
    """
    unknown = [name for name in effect_modifiers if name not in c.covariates]
    if unknown or not effect_modifiers:
        raise DesignError(
            f"effect modifiers {', '.join(unknown) or 'none'}: not among the covariates",
            mend=f"name some of {', '.join(c.covariates)}; what is learnt on scene cannot tell whom to send to",
        )
    plain = call_samples(c, "heterogeneity")
    first = list(map(str, as_numbers(c.source, list(effect_modifiers), levels_of=c.stratum, reference_levels=False)))
    names = [*first, *(name for name in plain.names if name not in first)]
    order = [0, *(1 + plain.names.index(name) for name in names)]
    treatment, outcome = (Sample(part.matrix[:, order], *part[1:]) for part in plain[:2])
    samples = CallSamples(treatment, outcome, names)
    arms = arm_learners(samples, c.treated, outcome_model, propensity_model, seed)
    pooled = pooled_learners(samples, outcome_model, propensity_model, seed)
    return Material(samples, c.treated, arms, pooled, first)


def held_out(
    known: Material, half: Labels, contrast: Contrast, *, learner: EffectLearner, folds: int, trees: int, seed: int
) -> HeldOut:
    """Learn effects and models from half 0 and say them of half 1.

    Parameters
    ----------
    known : Material
    half : ndarray of int, shape (n,)
        0 or 1, by whole persons.
    contrast : {"ATT", "ATE", "ATO"}
    learner : {"forest", "linear"}
        econml's CausalForestDML, or LinearDRLearner.
    folds, trees, seed : int
    """
    learning, rows = half == 0, np.flatnonzero(half == 1)
    samples, treated = known.samples, known.treated
    inner = draw_folds(samples.treatment.take(learning), folds, seed=(seed, 1))
    learnt_from = np.flatnonzero(learning)
    if learner == "forest":
        forest = grow_forest(
            samples, known.pooled, learnt_from, inner, trees=trees, seed=seed, modifiers=len(known.modifiers)
        )
        predicted = outcome_scale(samples.outcome.target)[1] * forest.effect(known.named[rows])
    else:
        predicted = _linear(known, learnt_from, inner).effect(known.named[rows])
    matrix = samples.outcome.matrix[rows]
    treatment, with_treatment, without = known.arms
    fitted = Fitted(
        treatment(samples.treatment.take(learning))(matrix),
        with_treatment(samples.outcome.take(learning & treated))(matrix),
        without(samples.outcome.take(learning & ~treated))(matrix),
    )
    y, weights = samples.outcome.target[rows], samples.outcome.weights[rows]
    scores = arm_scores(fitted, y, treated[rows], contrast, weights=weights)
    value = scores.arms[:, 0] - scores.arms[:, 1]
    return HeldOut(rows, value, scores.tilt, np.asarray(predicted, float).ravel(), fitted.probability)


def _linear(known: Material, rows: Labels, inner: Labels) -> Any:  # noqa: ANN401
    """Let econml fit effects that are linear in the modifiers to doubly robust scores."""
    from econml.dr import LinearDRLearner

    (treatment, with_treatment, without), persons = known.arms, known.samples.outcome.persons
    peer = LinearDRLearner(
        model_propensity=Classification(by_row(treatment, persons)),
        model_regression=Regression(by_arm(with_treatment, without, persons)),
        cv=splits(inner),
        random_state=1,
    )
    matrix, y, weights, _ = (part[rows] for part in known.samples.outcome)
    k = 1 + len(known.modifiers)
    others = np.column_stack([matrix[:, k:], rows])
    return peer.fit(
        y, known.treated[rows].astype(int), X=matrix[:, 1:k], W=others, sample_weight=weights, inference=None
    )
