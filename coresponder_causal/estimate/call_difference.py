"""Treated calls against untreated calls made comparable by matching or weighting: a weighted difference of means.

Estimand: the mean effect of the treatment on the outcome of the calls that the design's weights speak of: the treated
(ATT), the untreated (ATC), all (ATE), those whose treatment was an open question (ATO), or those that have their like
in the other arm (ATM). Without weights it is a plain difference, which is description.

Needs: everything that drew the treatment and moves the outcome among the covariates, balanced (check: balance); calls
of both kinds for every kind of call (check: overlap); no effect of one call's treatment on another call.

Estimator: θ = m_1 − m_0, or log m_1 − log m_0, with m_a = Σ w_i y_i / Σ w_i over the calls of arm a. With a regression
m_a is the mean of what weighted least squares on the covariates predicts in arm a, over the calls that the estimand
speaks of: the treated for ATT, the untreated for ATC, all for ATE, else both arms with their weights; of calls that
were matched those that have a match. After matching with regression="by_arm" this is the bias-corrected matching
estimator.

Inference: ψ_i = n {w_i ∂θ/∂w_i + τ_i ∂θ/∂τ_i}, the derivatives of θ in the weights of a call in its arm and among the
calls spoken of; without a regression n w_i {D_i (y_i − m_1) g_1/W_1 − (1 − D_i)(y_i − m_0) g_0/W_0} with g = 1, or 1/m
for ratios. Where weights are estimated (propensity, balancing, shares of subclasses) ψ also has the influence of what
they are estimated from: scores of its equations times ∂θ in it; boosted trees have none, which is said. ψ is summed
within persons or matched sets (pairs, sets of full matching, bins); V = Σ_g ψ_g² / n² times G/(G − 1) · (n − 1)/(n −
k), k = 2 means, or the coefficients of the regression, and t(G − 1), without clusters t(n − k). With both persons and
matched sets V is the two-way variance V_set + V_person − V_both (no smaller than V_set), t has the smaller G, and ψ is
that of the sets, scaled to V. Where calls stand in several pairs, each pair counts as a set with copies of its calls,
and ψ is that of the persons, scaled; without persons V is that of Abadie and Imbens, with t(N − 1) for N matched calls,
outcomes of matches moved by the regression, and the spread of a match taken from calls of its arm alike in what was
matched. The estimation of the score used for matching is not counted.

Breaks: when dispatch goes by what was seen or heard but not recorded, as it does where officers ask for the team: the
hidden severity of attended calls stays in the estimate. Take call_coverage, which compares hours and not calls. Odds
ratios are not given: they are no effect on anybody's risk, and move with the covariates adjusted for even where nothing
is confounded. A regression extrapolates where one arm has no calls like the other's: see overlap first.

Reference: Lunceford & Davidian 2004, doi:10.1002/sim.1903; Abadie & Spiess 2022, doi:10.1080/01621459.2020.1840383;
Cameron, Gelbach & Miller 2011, doi:10.1198/jbes.2010.07136 (two-way); Abadie & Imbens 2006,
doi:10.1111/j.1468-0262.2006.00655.x, and 2011, doi:10.1198/jbes.2009.07333. Checked against R MatchIt 4.7.1 with
sandwich 3.0.2 (matched sets, copies, regression with shared coefficients) and WeightIt 1.4.0 (estimated weights); the
variance of Abadie and Imbens has no outside value: worked by hand + simulated truth.

Say: Among {population}, {outcome} differed by {effect} between calls with and without the treatment ({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.arm_means import ArmMeans, Regression, arm_means
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.influence_spread import Spread, spread_by, spread_two_ways
from coresponder_causal.core.matched_variance import conditional_variance, matched_variance
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.call_estimates import averaged_over, estimand, facts, support
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.covariate_balance import left_apart, most_apart
from coresponder_causal.design.matched_sets import copies, has_sets, is_copied, matched_for, matches, places, set_labels

Array = NDArray[np.float64]
Scale = Literal["difference", "ratio"]
Cluster = Literal["person", "pair", "none", "auto"]
Variance = Literal["auto", "clustered", "abadie-imbens"]
convention = "G/(G − 1) · (n − 1)/(n − k)"
few_clusters = 20
matched_call = "matched call"


@estimator(
    design=CallDesign,
    contrasts=("ATT", "ATE", "ATC", "ATO", "ATM", "unadjusted difference"),
    reference="Lunceford & Davidian 2004; Abadie & Spiess 2022",
    checked_against="R MatchIt 4.7.1, WeightIt 1.4.0, sandwich 3.0.2",
)
def call_difference(
    d: CallDesign,
    *,
    scale: Scale = "difference",
    regression: Regression = "none",
    cluster: Cluster = "auto",
    variance: Variance = "auto",
) -> Result:
    """Weighted difference of means, or ratio of means, of treated and untreated calls.

    Parameters
    ----------
    d : CallDesign
        Matched (``match_nearest``), weighted (``weight_propensity``), or as it came.
    scale : {"difference", "ratio"}
        Difference of means in units of the outcome (of yes or no the risk difference), or log ratio of means (of
        risks). There are no odds ratios.
    regression : {"none", "shared", "by_arm"}
        Weighted least squares on the design's covariates besides its weights, with coefficients that both arms share
        or with their own. It takes away what imbalance is left, where it is linear. Shared coefficients lean on the
        arms by the sums of their weights.
    cluster : {"auto", "person", "pair", "none"}
        What standard errors are clustered by. ``"auto"`` takes persons, matched sets, or both, where the design has
        them; where calls stand in several pairs, pairs and persons, or pairs and calls.
    variance : {"auto", "clustered", "abadie-imbens"}
        Added up by clusters, or after Abadie and Imbens, for matched pairs of calls that are independent of each other.
        ``"auto"`` takes the latter where calls stand in several pairs and the design has no persons.

    Returns
    -------
    Result
        One term ``effect``; ``extra`` holds both means, the clusters and the effective number of calls in each arm.

    Raises
    ------
    DesignError
        If clusters are asked for that the design does not have: choose ``cluster="auto"``; a regression without
        covariates; the variance of Abadie and Imbens without pairs or with sampling weights.
    EstimationError
        An outcome that does not vary within the arms, fewer than two clusters, or a ratio of means that are not
        positive: take the difference.

    Warns
    -----
    IdentificationWarning
        Calls as they came; without a regression, covariates whose means are still more than a tenth of a standard
        deviation apart after matching or weighting, by name.

    References
    ----------
    Stuart, Lee & Leacy (2013), doi:10.1016/j.jclinepi.2013.01.013 (a tenth);
    Lunceford & Davidian (2004), doi:10.1002/sim.1903; Abadie & Spiess (2022), doi:10.1080/01621459.2020.1840383.

    Examples
    --------
    >>> from coresponder_causal.design.weight_propensity import weight_propensity
    >>> rng = np.random.default_rng(1)
    >>> night = rng.integers(0, 2, 400)
    >>> frame = pd.DataFrame({"attended": rng.random(400) < 0.3 + 0.3 * night, "night": night})
    >>> frame["minutes"] = 30 + 10 * night - 5 * frame["attended"] + rng.normal(size=400)
    >>> c = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["night"])
    >>> round(float(call_difference(weight_propensity(c)).estimate[0]), 1)
    -5.1
    """
    if d.adjustment is None:
        doubt("calls were compared as they came: those who were sent to chose, or were chosen, by the kind of call")
    elif regression == "none" and d.covariates:
        _doubt_imbalance(d)
    weights, y, x = d.call_weights(), d.outcome_values(), _regressed(d, regression)
    used = weights > 0
    target = _target(d, weights)
    means = arm_means(y, weights, d.treated, x.to_numpy(float), target, regression=regression)
    if means.absorbed:
        listed = ", ".join(map(str, x.columns[list(means.absorbed)]))
        note(f"left out of the regression, as the other covariates determine them among the calls of an arm: {listed}")
    slopes = _slopes(means, scale, str(d.outcome))
    influence = _influence(d, weights, target, means, slopes)
    if _after_abadie_imbens(d, cluster, variance):
        spread = _matched(d, y, means, slopes, influence)
    else:
        _refuse_single(d, used)
        spread = _clustered(d, influence, _way(d, cluster), means.spent)
    _require_known(spread)
    df = float(spread.influence.n - means.spent if spread.by == "none" else spread.clusters - 1)
    effect = np.log(means.treated / means.untreated) if scale == "ratio" else means.treated - means.untreated
    return Result(
        method="call_difference",
        estimand=estimand(d, d.contrast, _population(d), ratio=scale == "ratio"),
        terms=pd.DataFrame({"term": ["effect"]}),
        estimate=np.array([effect]),
        vcov=np.array([[spread.variance]]),
        df=np.array([df]),
        scale="log_ratio" if scale == "ratio" else "difference",
        influence=spread.influence,
        support=support(d, {"effect": used}),
        n_obs=int(used.sum()),
        n_units=spread.clusters,
        extra=Facts(
            facts(d)
            | _compared(d, means, spread)
            | {"regression": regression, "interval": f"t({df:.0f}), {_how(spread)}"}
        ),
    )


def _doubt_imbalance(d: CallDesign) -> None:
    apart = left_apart(d)
    if len(apart):
        others = f", and {len(apart) - 1} more by over {most_apart:g}" if len(apart) > 1 else ""
        doubt(
            f"the calls compared still differ in '{apart.index[0]}' by {abs(apart.iloc[0]):.2f} standard "
            f"deviations{others}, which moves the estimate: match within a caliper, weigh for overlap, or take "
            "regression='by_arm'"
        )


def _compared(d: CallDesign, means: ArmMeans, spread: Spread) -> dict[str, object]:
    """Gather what a reader, and the study of coverage, want to know of the comparison."""
    weights = d.call_weights()
    effective = [float(w.sum() ** 2 / (w @ w)) for w in (weights[d.treated], weights[~d.treated])]
    return {
        "adjustment": "none" if d.adjustment is None else d.adjustment.method,
        "scheme": _scheme(d),
        "mean_treated": means.treated,
        "mean_untreated": means.untreated,
        "effective_treated": effective[0],
        "effective_untreated": effective[1],
        "cluster": spread.by,
        "clusters": spread.clusters,
        "small_sample": "none" if spread.by == matched_call else convention,
    }


def _regressed(d: CallDesign, regression: Regression) -> pd.DataFrame:
    """Covariates of the regression, none without one."""
    if regression == "none":
        return pd.DataFrame(index=pd.RangeIndex(len(d.source)))
    if not d.covariates:
        raise DesignError(
            f"regression='{regression}' needs covariates and this design has none", mend="name them in covariates="
        )
    return d.covariate_frame(reference_levels=False)


def _target(d: CallDesign, weights: Array) -> Array:
    """Weights of the calls that the estimand speaks of, shape (n,)."""
    if d.contrast == "ATE":
        return np.where(weights > 0, d.sampling_weights(), 0.0)
    arm = {"ATT": d.treated, "ATC": ~d.treated}.get(matched_for(d) if has_sets(d) else d.contrast)
    return weights if arm is None else np.where(arm, weights, 0.0)


def _slopes(means: ArmMeans, scale: Scale, outcome: str) -> Array:
    """Give the derivatives of the estimate in the mean of treated and of untreated calls."""
    if scale == "difference":
        return np.array([1.0, -1.0])
    if not (means.treated > 0 and means.untreated > 0):
        raise EstimationError(
            f"the means of '{outcome}' are {means.treated:.4g} with and {means.untreated:.4g} without the treatment: "
            "no ratio",
            mend="use scale='difference'",
        )
    return np.array([1 / means.treated, -1 / means.untreated])


def _influence(d: CallDesign, weights: Array, target: Array, means: ArmMeans, slopes: Array) -> Array:
    """Influence of every call on the estimate over n: of its outcome, and of its part in the weights; shape (n,)."""
    aimed, follows = means.per_target @ slopes, target == weights
    per_weight = means.per_weight @ slopes + np.where(follows, aimed, 0.0)
    own = np.asarray(weights * per_weight + np.where(follows, 0.0, target * aimed), float)
    if d.adjustment is None or d.adjustment.model is None:
        return own
    return own + d.adjustment.model.influence_through(d.sampling_weights() * per_weight)


def _after_abadie_imbens(d: CallDesign, cluster: Cluster, variance: Variance) -> bool:
    """Whether the variance is that of Abadie and Imbens; refused where it cannot be had."""
    if variance == "auto":
        return is_copied(d) and cluster == "auto" and d.person is None and d.weights is None
    if variance == "clustered":
        return False
    paired = d.adjustment is not None and d.adjustment.pairs is not None
    for hinders, why in (
        (not paired, "the design has no matched pairs"),
        (d.weights is not None, "the design has sampling weights"),
        (cluster != "auto", f"it knows no clusters, and cluster='{cluster}' was asked for"),
    ):
        if hinders:
            raise DesignError(f"variance='{variance}' cannot be had: {why}", mend="use variance='auto'")
    if d.person is not None and d.persons.nunique() < len(d.source):
        doubt("the variance takes calls of one person as independent of each other")
    return True


def _matched(d: CallDesign, y: Array, means: ArmMeans, slopes: Array, influence: Array) -> Spread:
    """Variance of Abadie and Imbens; the outcomes of matches are moved to the covariates of their calls."""
    pairs = matches(d)
    unit, match = pairs.T
    _refuse_single(d, np.bincount(unit, minlength=len(y)) > 0)
    own, other = (0, 1) if d.treated[unit[0]] else (1, 0)
    moved = y[match] + means.predicted[unit, other] - means.predicted[match, other]
    again = np.bincount(match, minlength=len(y)) > 1
    noise = conditional_variance(y, places(d), d.treated == d.treated[match[0]], again)
    variance = matched_variance(slopes[own] * y, slopes[other] * moved, pairs, slopes[other] ** 2 * noise)
    used = d.call_weights() > 0
    plain = spread_by(influence[used], d.calls[used], None, "none", spent=means.spent)
    return Spread(matched_call, len(np.unique(unit)), plain.scaled_to(variance), variance)


def _refuse_single(d: CallDesign, compared: NDArray[np.bool_]) -> None:
    """Refuse an arm of one call: residuals around its own mean are zero, which would pass for precision."""
    for kind, arm in (("treated", d.treated), ("untreated", ~d.treated)):
        if (arm & compared).sum() == 1:
            raise EstimationError(
                f"one {kind} call is compared: how its outcome might have varied cannot be told",
                mend=f"bring more {kind} calls",
            )


def _way(d: CallDesign, cluster: Cluster) -> str:
    """Clusters that can be had, of those asked for."""
    reused = d.adjustment is not None and d.adjustment.reused
    has = {"pair": has_sets(d) and not reused, "person": d.person is not None}
    if cluster in has and not has[cluster]:
        why = "its controls stand in several pairs" if cluster == "pair" and has_sets(d) else "the design has none"
        raise DesignError(f"cluster='{cluster}' cannot be had: {why}", mend="use cluster='auto'")
    if cluster != "auto":
        return cluster
    if is_copied(d):
        return "pair and person" if d.person else "pair and call"
    return " and ".join(by for by, there in has.items() if there) or "none"


def _clustered(d: CallDesign, influence: Array, by: str, spent: int) -> Spread:
    """Spread by one kind of cluster, by two at once, or by two in copies of calls that stand in several pairs."""
    used = d.call_weights() > 0
    calls, sets, persons, own = d.calls[used], set_labels(d)[used], d.persons[used], influence[used]
    if " and " not in by:
        return spread_by(own, calls, {"none": None, "pair": sets, "person": persons}[by], by, spent=spent)
    if not is_copied(d):
        return spread_two_ways(own, calls, sets, persons, by, spent=spent)
    rows, pair, share = copies(d)
    found = spread_two_ways(influence[rows] * share, d.calls[rows], pair, d.persons[rows], by, spent=spent)
    whole = spread_by(own, calls, persons, by, spent=spent)
    return found._replace(influence=whole.scaled_to(found.variance))


def _require_known(spread: Spread) -> None:
    """Refuse a spread of nothing, and say where few clusters stand behind it."""
    if not spread.variance > 0:
        raise EstimationError("the outcome does not vary within the arms", mend="choose an outcome that varies")
    if spread.clusters < few_clusters:
        doubt(f"{spread.clusters} clusters by {spread.by}: the standard error is hardly known")


def _how(spread: Spread) -> str:
    return "variance of Abadie and Imbens" if spread.by == matched_call else f"clusters: {spread.by}"


def _scheme(d: CallDesign) -> object:
    """Give what tells adjustments of one method apart, in the words of the study of coverage."""
    if d.adjustment is None:
        return None
    return "replace" if is_copied(d) else d.adjustment.options.get("scheme")


def _population(d: CallDesign) -> str:
    among = d.adjustment.among if d.adjustment else ""
    return f"{averaged_over.get(d.contrast, f'{len(d.source)} calls as they came')} {among}".rstrip()
