"""One effect for all calls: what two models leave of the outcome, on what they leave of the treatment.

Estimand: θ in y = θ D + g(X) + ε. Where the effect differs from call to call it is the mean effect of the calls that
might as well have gone the other way, each counted by p(1 − p) (ATO).

Needs: everything that drew the treatment and moves the outcome among the covariates; calls of both kinds for every kind
of call (check: overlap): calls received off duty could not have been attended and are no controls; no effect of one
call's treatment on another call.

Estimator: θ = Σ (D − p)(y − l) / Σ (D − p)², with p the probability of treatment and l the expected outcome, both
without the treatment among their regressors, fitted by econml on folds of whole persons (its cross-fitting, with
explicit splits). Folds are drawn several times; the median is taken.

Inference: ψ_i = n (D − p)(y − l − θ (D − p)) / Σ (D − p)², summed within persons, V = G/(G − 1) Σ_g ψ_g² / n² and t(G −
1); econml knows no clusters, so that its own intervals are not used. Over several draws of the folds V is the median of
V_r + (θ_r − θ)², and ψ is scaled to it.

Breaks: when dispatch goes by what was seen or heard but not recorded, as call_aipw does. With one model for both arms
the outcome model has to carry effects that differ: take call_aipw with contrast="ATO", whose scores are these with a
model of each arm, or ask for whom with dml_forest. It has no ATT: nothing here says what attended calls gained.

Reference: Robinson 1988, doi:10.2307/1912705; Chernozhukov et al. 2018, doi:10.1111/ectj.12097. Checked against econml
0.17 (LinearDML, the point estimate) and DoubleML 0.11.4 (clustered errors at given folds).

Say: Among {population}, {outcome} differed by {effect} between calls with and without the treatment ({interval}).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.cross_fit import Labels, Learner
from coresponder_causal.core.doubly_robust import median_of_partitions, say_probabilities
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import note
from coresponder_causal.core.peer_models import Classification, Regression, by_row, numbered, splits
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.call_estimates import averaged_over, estimand, facts, support
from coresponder_causal.design.call_learners import (
    CallSamples,
    OutcomeModel,
    PropensityModel,
    call_samples,
    draw_folds,
    pooled_learners,
    require_folds,
)
from coresponder_causal.design.calls import CallDesign

Array = NDArray[np.float64]


@estimator(
    design=CallDesign,
    contrasts=("ATO",),
    reference="Robinson 1988; Chernozhukov et al. 2018",
    checked_against="econml 0.17, DoubleML 0.11.4",
    setting="plain_calls",
)
def dml_linear(
    c: CallDesign,
    *,
    outcome_model: OutcomeModel = "auto",
    propensity_model: PropensityModel = "logistic",
    folds: int = 5,
    repeats: int = 5,
    seed: int = 1,
) -> Result:
    """Give the partially linear estimate: models fitted by econml, scores summed by person.

    Parameters
    ----------
    c : CallDesign
        As `CallDesign.from_frame` made it: of calls that could have gone either way.
    outcome_model : {"auto", "linear", "logistic", "ridge", "lasso", "boosted"}
        Model of the outcome of calls of both arms; ``"auto"``: logistic where it is yes or no and varies in all kinds
        of calls, else linear.
    propensity_model : {"logistic", "ridge", "lasso", "boosted"}
        Model of the treatment; ``"logistic"`` is not penalised.
    folds : int
        Folds of whole persons, two or more.
    repeats : int
        How often folds are drawn.
    seed : int
        Of the folds and of models that draw.

    Returns
    -------
    Result
        One term ``effect`` in units of the outcome; ``extra`` holds the folds and the residual variance of the
        treatment.

    Raises
    ------
    DesignError
        If the design is matched or weighted already, or has no covariates.
    EstimationError
        Models without an estimate, or fewer than two folds.

    References
    ----------
    Chernozhukov et al. (2018), doi:10.1111/ectj.12097, section 4.1.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> night = rng.integers(0, 2, 400)
    >>> frame = pd.DataFrame({"attended": rng.random(400) < 0.3 + 0.3 * night, "night": night})
    >>> frame["minutes"] = 30 + 10 * night - 5 * frame["attended"] + rng.normal(size=400)
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> round(float(dml_linear(c, repeats=2).estimate[0]), 1)
    -5.1
    """
    require_folds(c, folds, repeats, least=2)
    samples = call_samples(c, "dml_linear")
    models = pooled_learners(samples, outcome_model, propensity_model, seed)
    drawn = [draw_folds(samples.treatment, folds, seed=(seed, number)) for number in range(repeats)]
    left = [_left_over(samples, *models, fold) for fold in drawn]
    effects, influences = zip(*(_effect(*each, samples.outcome.weights) for each in left), strict=True)
    found = median_of_partitions(effects, influences, c.calls, c.persons if c.person else None)
    probabilities = [samples.treatment.target - treatment for treatment, _ in left]
    say_probabilities(probabilities)
    note(f"{folds} folds of whole persons, drawn {repeats} times")
    return Result(
        method="dml_linear",
        estimand=estimand(c, "ATO", averaged_over["ATO"], ratio=False),
        terms=pd.DataFrame({"term": ["effect"]}),
        estimate=found.estimate,
        vcov=found.vcov,
        df=found.df,
        scale="difference",
        influence=found.influence,
        support=support(c, {"effect": np.ones(len(c.source), bool)}),
        n_obs=len(c.source),
        n_units=found.clusters,
        extra=Facts(
            facts(c)
            | found.facts(c.person)
            | {
                "residual_variance_of_treatment": float(np.median([treatment.var() for treatment, _ in left])),
                "folds": folds,
                "repeats": repeats,
            }
        ),
    )


def _left_over(samples: CallSamples, treatment: Learner, outcome: Learner, fold: Labels) -> tuple[Array, Array]:
    """Let econml fit both models on the folds; what they leave of treatment and outcome, each of shape (n,)."""
    from econml.dml import LinearDML

    persons, rows = samples.outcome.persons, numbered(samples.outcome.matrix)
    peer = LinearDML(
        model_y=Regression(by_row(outcome, persons)),
        model_t=Classification(by_row(treatment, persons)),
        discrete_treatment=True,
        cv=splits(fold),
        random_state=1,
    )
    target, treated = samples.outcome.target, samples.treatment.target.astype(int)
    peer.fit(target, treated, W=rows, sample_weight=samples.outcome.weights, inference=None, cache_values=True)
    of_outcome, of_treatment, _, known = peer.residuals_
    order = np.argsort(known[:, -1])
    return of_treatment[order].ravel(), of_outcome[order].ravel()


def _effect(treatment: Array, outcome: Array, weights: Array) -> tuple[Array, Array]:
    """Slope of what is left of the outcome on what is left of the treatment, and its influence, shape (n, 1)."""
    total = float(weights @ treatment**2)
    theta = float((weights * treatment) @ outcome) / total
    psi = len(outcome) * weights * treatment * (outcome - theta * treatment) / total
    return np.array([theta]), psi[:, None]
