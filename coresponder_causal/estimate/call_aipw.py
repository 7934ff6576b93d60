"""Treated calls against untreated calls by two models, of who is treated and of what follows: one may be wrong.

Estimand: the mean effect of the treatment on the outcome of the treated calls (ATT), of all (ATE), or of the calls that
might as well have gone the other way (ATO, each call counted by p(1 − p)).

Needs: everything that drew the treatment and moves the outcome among the covariates; calls of both kinds for every kind
of call (check: overlap): calls received off duty could not have been attended, p = 0, and are no controls; no effect of
one call's treatment on another call.

Estimator: with p the probability of treatment, m_1 and m_0 the expected outcome with and without it, fitted to calls of
other persons (folds of whole persons), θ = μ_1 − μ_0 or log μ_1 − log μ_0, μ_a = Σ [t m_a + ω_a 1{D = a}(y − m_a)] / Σ
t. ATE: t = 1, ω_1 = 1/p, ω_0 = 1/(1 − p). ATT: t = D, ω_1 = 1, ω_0 = p/(1 − p). ATO: t = (D − p)², ω_1 = 1 − p, ω_0 =
p, which is the partially linear estimate Σ (D − p)(y − l) / Σ (D − p)² with l = p m_1 + (1 − p) m_0. Folds are drawn
several times; the median is taken.

Inference: ψ_i = n {t m_a + ω_a 1{D = a}(y − m_a) − t μ_a} / Σ t, summed within persons, V = G/(G − 1) Σ_g ψ_g² / n² and
t(G − 1). Over several draws of the folds V is the median of V_r + (θ_r − θ)², and ψ is scaled to it. That the two
models are estimated does not count to first order; without cross-fitting (folds = 1) this needs models with few
coefficients.

Breaks: when dispatch goes by what was seen or heard but not recorded: two models do not see it either, and the interval
shrinks around the wrong value. Among calls of one simulated town whose dispatchers see more than is recorded, it lies
beside the designs that do not need this on the page docs/call_designs.md; there take call_iv or call_coverage. With p
near 0 or 1 the ATE and ATT rest on few calls: take contrast="ATO". Calls of one person that change the next are not
modelled: take the first of each.

Reference: Robins, Rotnitzky & Zhao 1994, doi:10.1080/01621459.1994.10476818; Chernozhukov et al. 2018,
doi:10.1111/ectj.12097; Li, Morgan & Zaslavsky 2018, doi:10.1080/01621459.2016.1260466. Checked against econml 0.17
(LinearDRLearner), DoubleML 0.11.4 (ATE, ATT and clustered errors at given folds) and statsmodels 0.15 (AIPW without
folds).

Say: Among {population}, {outcome} differed by {effect} between calls with and without the treatment ({interval}).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.cross_fit import Labels
from coresponder_causal.core.doubly_robust import (
    ArmMeans,
    Contrast,
    Fitted,
    arm_means,
    median_of_partitions,
    say_probabilities,
)
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import note
from coresponder_causal.core.peer_models import Classification, Regression, by_arm, by_row, numbered, splits
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.call_estimates import averaged_over, estimand, facts, support
from coresponder_causal.design.call_learners import (
    ArmModels,
    CallSamples,
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
Mask = NDArray[np.bool_]
Scale = Literal["difference", "ratio"]
Engine = Literal["own", "econml"]


@estimator(
    design=CallDesign,
    contrasts=("ATT", "ATE", "ATO"),
    reference="Robins, Rotnitzky & Zhao 1994; Chernozhukov et al. 2018",
    checked_against="econml 0.17, DoubleML 0.11.4, statsmodels 0.15",
    setting="plain_calls",
)
def call_aipw(
    c: CallDesign,
    *,
    contrast: Contrast = "ATT",
    scale: Scale = "difference",
    outcome_model: OutcomeModel = "auto",
    propensity_model: PropensityModel = "logistic",
    folds: int = 5,
    repeats: int = 10,
    trim: float = 0.0,
    engine: Engine = "own",
    seed: int = 1,
) -> Result:
    """Doubly robust difference or ratio of means of treated and untreated calls, cross-fitted by person.

    Parameters
    ----------
    c : CallDesign
        As `CallDesign.from_frame` made it: of calls that could have gone either way.
    contrast : {"ATT", "ATE", "ATO"}
        Whom the effect is averaged over: the treated calls, all calls, or those that might as well have gone the other
        way.
    scale : {"difference", "ratio"}
        Difference of means in units of the outcome, or log ratio of means.
    outcome_model : {"auto", "linear", "logistic", "ridge", "lasso", "boosted"}
        Model of the outcome, of each arm by itself; ``"auto"``: logistic where it is yes or no and varies in all kinds
        of calls, else linear.
    propensity_model : {"logistic", "ridge", "lasso", "boosted"}
        Model of the treatment; ``"logistic"`` is not penalised.
    folds : int
        Folds of whole persons; 1: models of all calls predict the calls they learnt from.
    repeats : int
        How often folds are drawn.
    trim : float
        Calls whose probability of treatment is below this, or above 1 less this, are left out, and said.
    engine : {"own", "econml"}
        Who fits the models on the folds: this package, or ``econml.dr.LinearDRLearner`` with the same models.
    seed : int
        Of the folds and of models that draw.

    Returns
    -------
    Result
        One term ``effect``; ``extra`` holds both means, the folds and the lowest and highest probability.

    Raises
    ------
    DesignError
        If the design is matched or weighted already, or has no covariates.
    EstimationError
        Models without an estimate, a treatment that is certain, fewer than one fold, or a ratio of means that are not
        positive.

    References
    ----------
    Chernozhukov et al. (2018), doi:10.1111/ectj.12097.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> night = rng.integers(0, 2, 400)
    >>> frame = pd.DataFrame({"attended": rng.random(400) < 0.3 + 0.3 * night, "night": night})
    >>> frame["minutes"] = 30 + 10 * night - 5 * frame["attended"] + rng.normal(size=400)
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> round(float(call_aipw(c, repeats=2).estimate[0]), 1)
    -5.1
    """
    require_folds(c, folds, repeats, least=1)
    if not 0 <= trim < 0.5:
        raise EstimationError(f"trim={trim:g} is no probability below one half", mend="take, say, trim=0.01")
    samples, treated, y = call_samples(c, "call_aipw"), c.treated, c.outcome_values()
    models = arm_learners(samples, treated, outcome_model, propensity_model, seed)
    fit = {"own": fitted_arms, "econml": _by_econml}[engine]
    drawn = range(1 if folds == 1 else repeats)
    fitted = [fit(samples, treated, models, draw_folds(samples.treatment, folds, seed=(seed, k))) for k in drawn]
    kept = [(each.probability >= trim) & (each.probability <= 1 - trim) for each in fitted]
    arms = [
        arm_means(each, y, treated, contrast, weights=samples.outcome.weights, among=among)
        for each, among in zip(fitted, kept, strict=True)
    ]
    effects, influences = zip(*(_effect(each, scale, str(c.outcome)) for each in arms), strict=True)
    found = median_of_partitions(effects, influences, c.calls, c.persons if c.person else None)
    say_probabilities([each.probability for each in fitted])
    _say(folds, len(drawn), kept, trim)
    among = np.any(kept, axis=0)
    return Result(
        method="call_aipw",
        estimand=estimand(c, contrast, _population(contrast, trim), ratio=scale == "ratio"),
        terms=pd.DataFrame({"term": ["effect"]}),
        estimate=found.estimate,
        vcov=found.vcov,
        df=found.df,
        scale="log_ratio" if scale == "ratio" else "difference",
        influence=found.influence,
        support=support(c, {"effect": among}),
        n_obs=int(among.sum()),
        n_units=found.clusters,
        extra=Facts(facts(c) | found.facts(c.person) | _means(arms, fitted) | {"folds": folds, "repeats": len(drawn)}),
    )


def _by_econml(samples: CallSamples, treated: Mask, models: ArmModels, fold: Labels) -> Fitted:
    """Let econml fit the models on the folds, and read its models off."""
    from econml.dr import LinearDRLearner

    treatment, with_treatment, without = models
    persons, rows = samples.outcome.persons, numbered(samples.outcome.matrix)
    parts = splits(fold)
    peer = LinearDRLearner(
        model_propensity=Classification(by_row(treatment, persons)),
        model_regression=Regression(by_arm(with_treatment, without, persons)),
        cv=parts,
        random_state=1,
    )
    weights = samples.outcome.weights
    peer.fit(samples.outcome.target, treated.astype(int), W=rows, sample_weight=weights, inference=None)
    fitted = np.empty((len(fold), 3))
    for (_, own), share, outcome in zip(parts, peer.models_propensity[0], peer.models_regression[0], strict=True):
        here = [np.column_stack([rows[own], np.full(len(own), arm)]) for arm in (1.0, 0.0)]
        fitted[own] = np.column_stack([share.predict_proba(rows[own])[:, 1], *map(outcome.predict, here)])
    return Fitted(*fitted.T)


def _means(arms: Sequence[ArmMeans], fitted: Sequence[Fitted]) -> dict[str, object]:
    """Means of both arms over the draws of folds, and the range of the probabilities."""
    first, second = np.median([each.means for each in arms], axis=0)
    return {
        "mean_treated": first,
        "mean_untreated": second,
        "lowest_probability": min(float(each.probability.min()) for each in fitted),
        "highest_probability": max(float(each.probability.max()) for each in fitted),
    }


def _effect(arms: ArmMeans, scale: Scale, outcome: str) -> tuple[Array, Array]:
    """Difference or log ratio of both means, shape (1,), and its influence, shape (n, 1)."""
    first, second = arms.means
    slopes = np.array([1.0, -1.0])
    if scale == "difference":
        return np.array([first - second]), arms.influence @ slopes[:, None]
    if not (first > 0 and second > 0):
        raise EstimationError(
            f"the means of '{outcome}' are {first:.4g} with and {second:.4g} without the treatment: no ratio",
            mend="use scale='difference'",
        )
    return np.array([np.log(first / second)]), arms.influence @ (slopes / arms.means)[:, None]


def _population(contrast: Contrast, trim: float) -> str:
    among = averaged_over[contrast]
    return f"{among} with a probability of treatment from {trim:g} to {1 - trim:g}" if trim else among


def _say(folds: int, repeats: int, kept: list[Mask], trim: float) -> None:
    if folds == 1:
        note("models predict the calls they learnt from: no cross-fitting")
    else:
        note(f"{folds} folds of whole persons, drawn {repeats} times")
    if trim:
        out = [int((~each).sum()) for each in kept]
        many = f"{min(out)} to {max(out)}" if min(out) < max(out) else f"{out[0]}"
        note(f"{many} of {len(kept[0])} calls left out: their probability is below {trim:g} or above {1 - trim:g}")
