"""For whom the treatment does more: a causal forest, whose averages are corrected call by call.

Estimand: the mean effect of the treatment on the outcome of the treated calls (ATT), of all (ATE) or of the calls that
might as well have gone the other way (ATO), and the same within each group of calls.

Needs: everything that drew the treatment and moves the outcome among the covariates; calls of both kinds for every kind
of call, in every group (check: overlap): calls received off duty could not have been attended and are no controls; no
effect of one call's treatment on another call.

Estimator: in each of several folds of whole persons econml's CausalForestDML learns the effect τ(x) from the others and
says it for the fold; p and l, the probability of treatment and the expected outcome, are learnt alike. m_1 = l + (1 −
p) τ and m_0 = l − p τ enter the doubly robust means of call_aipw, over all calls and over each group.

Inference: ψ summed within persons, V = G/(G − 1) Σ_g ψ_g ψ_g' / n² and t(G − 1), terms together: differences of groups
by combine(), their joint test by wald(). The forest's own intervals at single calls take all calls for independent:
they are refused where a person has several.

Breaks: when dispatch goes by what was seen or heard but not recorded, as call_aipw does. Groups are to be named before
the outcome is looked at; among many some differ by chance. τ at single calls is a ranking, not a finding. With a few
hundred calls a forest finds no difference that is not large: take call_aipw.

Reference: Wager & Athey 2018, doi:10.1080/01621459.2017.1319839; Athey, Tibshirani & Wager 2019,
doi:10.1214/18-AOS1709; Athey & Wager 2019, doi:10.1353/obs.2019.0001 (clusters, corrected averages). Checked against
dml_linear, whose number is the ATO of all calls whatever the forest says, and against simulated truth.

Say: Among {population}, {outcome} differed by {effect} between calls with and without the treatment ({interval}).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.cross_fit import Labels, Learner, out_of_fold, training_rows
from coresponder_causal.core.doubly_robust import Contrast, Fitted, say_probabilities
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.call_estimates import by_group, support
from coresponder_causal.design.call_forest import grow_forest, outcome_scale
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
from coresponder_causal.design.covariates import value_groups

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
fewest_in_arm = 20
at_middle = "effect at the middle call"


@estimator(
    design=CallDesign,
    contrasts=("ATT", "ATE", "ATO"),
    reference="Athey, Tibshirani & Wager 2019; Athey & Wager 2019",
    checked_against="dml_linear (ATO), simulated truth",
    setting="plain_calls",
)
def dml_forest(
    c: CallDesign,
    *,
    contrast: Contrast = "ATT",
    by: str | None = None,
    outcome_model: OutcomeModel = "auto",
    propensity_model: PropensityModel = "logistic",
    trees: int = 200,
    folds: int = 3,
    at_middle_call: bool = False,
    seed: int = 1,
) -> Result:
    """Causal forest with doubly robust averages, over all calls and by group, clustered by person.

    Parameters
    ----------
    c : CallDesign
        As `CallDesign.from_frame` made it: of calls that could have gone either way.
    contrast : {"ATT", "ATE", "ATO"}
        Whom effects are averaged over: treated calls, all calls, or those that might as well have gone the other way.
    by : str, optional
        One of the design's covariates, or its stratum: one term for each of its values; numbers with more than eight
        values are cut at their quartiles.
    outcome_model : {"auto", "linear", "logistic", "ridge", "lasso", "boosted"}
        Model of the outcome of calls of both arms; ``"auto"``: logistic where it is yes or no and varies in all kinds
        of calls, else linear.
    propensity_model : {"logistic", "ridge", "lasso", "boosted"}
        Model of the treatment; ``"logistic"`` is not penalised.
    trees : int
        Trees of each forest, a multiple of four.
    folds : int
        Folds of whole persons, two or more: as many forests.
    at_middle_call : bool
        Whether the effect at the call whose covariates all have their median is added, with the forest's own standard
        error (bootstrap of little bags). Refused where a person has several calls.
    seed : int
        Of the folds, the forests and models that draw.

    Returns
    -------
    Result
        The term ``effect``, then ``effect: <value>`` for each group; ``extra`` holds the ends of the middle 80 % of the
        predicted effects.

    Raises
    ------
    DesignError
        If the design is matched or weighted already, has no covariates, or persons repeat where single calls are asked
        for.
    EstimationError
        ``by`` that is not known before dispatch, a group with fewer than 20 calls of either kind, models without an
        estimate, or numbers of trees and folds that do not work.

    References
    ----------
    Athey & Wager (2019), doi:10.1353/obs.2019.0001, section 2.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> night = rng.integers(0, 2, 400)
    >>> frame = pd.DataFrame({"attended": rng.random(400) < 0.3 + 0.3 * night, "night": night})
    >>> frame["minutes"] = 30 + 10 * night - 5 * frame["attended"] * night + rng.normal(size=400)
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> found = dml_forest(c, by="night", trees=20, folds=2)
    >>> print(found.params.round().astype(int).to_string())
    term
    effect      -3
    effect: 0    0
    effect: 1   -5
    """
    require_folds(c, folds, 1, least=2)
    _require(c, trees, at_middle_call)
    samples, groups = call_samples(c, "dml_forest"), _groups(c, by)
    models = pooled_learners(samples, outcome_model, propensity_model, seed)
    fold = draw_folds(samples.treatment, folds, seed=(seed, 0))
    tau = _effects_out_of_fold(samples, models, fold, trees=trees, seed=seed)
    fitted = _fitted(samples, models, fold, tau)
    low, high = np.quantile(tau, [0.1, 0.9])
    about = {"predicted_low": low, "predicted_high": high, "by": by, "trees": trees, "folds": folds}
    result = by_group(c, [fitted], groups, method="dml_forest", contrast=contrast, about=about)
    say_probabilities([fitted.probability])
    note(f"{folds} folds of whole persons, a forest of {trees} trees for each")
    return _with_middle(result, c, samples, models, fold, seed) if at_middle_call else result


def _require(c: CallDesign, trees: int, at_middle_call: bool) -> None:
    if trees < 4 or trees % 4:
        raise EstimationError(f"{trees} trees", mend="take a multiple of four")
    many = len(c.source) - c.persons.nunique()
    if at_middle_call and many:
        raise DesignError(
            f"{many} of {len(c.source)} calls are a further call of a person: the forest's intervals at single calls "
            "take calls for independent and would be too short",
            mend="take by= for groups, whose errors are clustered by person, or the first call of each person",
        )


def _groups(c: CallDesign, by: str | None) -> dict[str, Mask]:
    """Tell which calls stand behind each term: all, then those of each value of the column asked for."""
    groups = {"effect": np.ones(len(c.source), bool)}
    if by is None:
        return groups
    known = dict.fromkeys((*c.covariates, *([c.stratum] if c.stratum else [])))
    if by not in known:
        raise EstimationError(f"by='{by}' is not among what is adjusted for", mend=f"choose from {', '.join(known)}")
    groups |= {f"effect: {text}": members for text, members in value_groups(c.source[by]).items()}
    for term, members in groups.items():
        fewest = int(min((members & c.treated).sum(), (members & ~c.treated).sum()))
        if fewest < fewest_in_arm:
            raise EstimationError(
                f"'{term}' has {fewest} calls in its smaller arm, {fewest_in_arm} are needed", mend="merge rare values"
            )
    return groups


def _fitted(samples: CallSamples, models: tuple[Learner, Learner], fold: Labels, tau: Array) -> Fitted:
    """Put the predicted effects into the expected outcomes of both arms."""
    p, expected = (out_of_fold(*pair, fold) for pair in zip(models, samples[:2], strict=True))
    return Fitted(p, expected + (1 - p) * tau, expected - p * tau)


def _effects_out_of_fold(
    samples: CallSamples, models: tuple[Learner, Learner], fold: Labels, *, trees: int, seed: int
) -> Array:
    """Predict the effect at the calls of each fold by a forest of the others, shape (n,)."""
    tau, folds, (_, unit) = np.empty(len(fold)), int(fold.max()) + 1, outcome_scale(samples.outcome.target)
    for number, training in enumerate(training_rows(fold)):
        inner = draw_folds(samples.treatment.take(training), folds, seed=(seed, number))
        forest = grow_forest(samples, models, np.flatnonzero(training), inner, trees=trees, seed=seed)
        tau[~training] = unit * forest.effect(samples.outcome.matrix[~training, 1:])
    return tau


def _with_middle(
    result: Result, c: CallDesign, samples: CallSamples, models: tuple[Learner, Learner], fold: Labels, seed: int
) -> Result:
    """Add the effect at the call with the median of every covariate, by the forest's own interval."""
    matrix = samples.outcome.matrix
    forest = grow_forest(
        samples, models, np.arange(len(matrix)), fold, trees=int(result.extra.number("trees")), seed=seed
    )
    found = forest.effect_inference(np.median(matrix[:, 1:], axis=0)[None])
    k = len(result.terms)
    vcov = np.full((k + 1, k + 1), np.nan)
    _, unit = outcome_scale(samples.outcome.target)
    vcov[:k, :k], vcov[k, k] = result.vcov, unit**2 * float(found.var.item())
    doubt(f"{at_middle}: a forest's own interval, which says nothing of a bias at this very call")
    return replace(
        result,
        terms=pd.DataFrame({"term": [*result.terms["term"], at_middle]}),
        estimate=np.append(result.estimate, unit * float(found.point_estimate.item())),
        vcov=vcov,
        df=np.append(result.df, np.inf),
        influence=None,
        support=pd.concat([result.support, support(c, {at_middle: np.ones(len(matrix), bool)})]),
    )
