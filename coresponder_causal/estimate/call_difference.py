"""Treated calls against untreated calls made comparable by matching or weighting: a weighted difference of means.

Estimand: the mean effect of the treatment on the outcome of the calls that the design's weights speak of: the treated
(ATT), all (ATE), those whose treatment was an open question (ATO), or the treated that found a match (ATM). Without
weights it is a plain difference, which is description.

Needs: everything that drew the treatment and moves the outcome among the covariates, balanced (check: balance); calls
of both kinds for every kind of call (check: overlap); no effect of one call's treatment on another call.

Estimator: θ = m_1 − m_0, or log m_1 − log m_0, with m_a = Σ w_i y_i / Σ w_i over the calls of arm a.

Inference: influence functions ψ_i = n w_i {D_i (y_i − m_1) g_1/W_1 − (1 − D_i)(y_i − m_0) g_0/W_0} with g = 1, or 1/m
for ratios, plus, for estimated weights, the influence of the propensity's coefficients through ∂θ/∂β. They are summed
within persons or matched sets; V = Σ_g ψ_g² / n² times G/(G − 1) · (n − 1)/(n − 2), and t(G − 1). With both persons and
matched sets V is the two-way variance V_set + V_person − V_both (no smaller than V_set), t has the smaller G, and ψ is
that of the sets, scaled to V. The estimation of the score used for matching is not counted.

Breaks: when dispatch goes by what was seen or heard but not recorded, as it does where officers ask for the team: the
hidden severity of attended calls stays in the estimate. Take call_coverage, which compares hours and not calls. With
controls used more than once the matched sets overlap: the variance is that of the weighted calls, which is too large
where the covariates explain the outcome.

Reference: Lunceford & Davidian 2004, doi:10.1002/sim.1903; Abadie & Spiess 2022, doi:10.1080/01621459.2020.1840383;
Cameron, Gelbach & Miller 2011, doi:10.1198/jbes.2010.07136 (two-way). Checked against R MatchIt 4.7.1 with sandwich
3.0.2 (matched sets) and WeightIt 1.4.0 (estimated weights).

Say: Among {population}, {outcome} differed by {effect} between calls with and without the treatment ({interval}).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.calls import CallDesign

Array = NDArray[np.float64]
Scale = Literal["difference", "ratio"]
Cluster = Literal["person", "pair", "none", "auto"]
convention = "G/(G − 1) · (n − 1)/(n − 2)"
few_clusters = 20
averaged_over = {
    "ATT": "the treated calls",
    "ATE": "all calls",
    "ATC": "the untreated calls",
    "ATO": "the calls that might as well have gone the other way (overlap weights)",
    "ATM": "the calls that have a match",
}


class _Means(NamedTuple):
    """Weighted means of treated and untreated calls, and the derivatives of the estimate in them."""

    treated: float
    untreated: float
    slopes: tuple[float, float]


class _Spread(NamedTuple):
    """One way to add influences up: its name, the labels, how many there are, the influence and its variance."""

    by: str
    clusters: int
    influence: Influence
    variance: float


@estimator(
    design=CallDesign,
    contrasts=("ATT", "ATE", "ATC", "ATO", "ATM", "unadjusted difference"),
    reference="Lunceford & Davidian 2004; Abadie & Spiess 2022",
    checked_against="R MatchIt 4.7.1, WeightIt 1.4.0, sandwich 3.0.2",
)
def call_difference(d: CallDesign, *, scale: Scale = "difference", cluster: Cluster = "auto") -> Result:
    """Weighted difference of means, or ratio of means, of treated and untreated calls.

    Parameters
    ----------
    d : CallDesign
        Matched (``match_nearest``), weighted (``weight_propensity``), or as it came.
    scale : {"difference", "ratio"}
        Difference of means in units of the outcome, or log ratio of means.
    cluster : {"auto", "person", "pair", "none"}
        What standard errors are clustered by. ``"auto"`` takes persons, matched sets, or both, where the design has
        them; no sets where controls are used more than once.

    Returns
    -------
    Result
        One term ``effect``; ``extra`` holds both means, the clusters and the effective number of calls in each arm.

    Raises
    ------
    DesignError
        If clusters are asked for that the design does not have: choose ``cluster="auto"``.
    EstimationError
        An outcome that does not vary within the arms, fewer than two clusters, or a ratio of means that are not
        positive: take the difference.

    References
    ----------
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
    weights, y = d.call_weights(), d.outcome_values()
    used = weights > 0
    means = _means(y, weights, d.treated, scale, str(d.outcome))
    influence = _influence(d, y, weights, means)[used]
    spread = _known(_spread_by(influence, d, used, _way(d, cluster)))
    effective = [float(w.sum() ** 2 / (w @ w)) for w in (weights[d.treated], weights[~d.treated])]
    effect = np.log(means.treated / means.untreated) if scale == "ratio" else means.treated - means.untreated
    return Result(
        method="call_difference",
        estimand=_estimand(d, scale),
        terms=pd.DataFrame({"term": ["effect"]}),
        estimate=np.array([effect]),
        vcov=np.array([[spread.variance]]),
        df=np.array([_df(spread)]),
        scale="log_ratio" if scale == "ratio" else "difference",
        influence=spread.influence,
        support=_support(d, y, used),
        n_obs=int(used.sum()),
        n_units=spread.clusters,
        extra=Facts(
            {
                "treatment": d.treatment,
                "yes_or_no": bool(np.isin(y, [0.0, 1.0]).all()),
                "outcome_unit": f"{str(d.outcome).replace('_', ' ')} per call",
                "adjustment": "none" if d.adjustment is None else d.adjustment.method,
                "scheme": None if d.adjustment is None else d.adjustment.options.get("scheme"),
                "calls": len(d.source),
                "share_treated": float(d.treated.mean()),
                "mean_treated": means.treated,
                "mean_untreated": means.untreated,
                "effective_treated": effective[0],
                "effective_untreated": effective[1],
                "cluster": spread.by,
                "clusters": spread.clusters,
                "small_sample": convention,
                "interval": f"t({_df(spread):.0f}), clusters: {spread.by}",
            }
        ),
    )


def _means(y: Array, weights: Array, treated: NDArray[np.bool_], scale: Scale, outcome: str) -> _Means:
    first, second = (float(np.average(y[arm], weights=weights[arm])) for arm in (treated, ~treated))
    if scale == "difference":
        return _Means(first, second, (1.0, 1.0))
    if not (first > 0 and second > 0):
        raise EstimationError(
            f"the means of '{outcome}' are {first:.4g} with and {second:.4g} without the treatment: no ratio",
            mend="use scale='difference'",
        )
    return _Means(first, second, (1 / first, 1 / second))


def _influence(d: CallDesign, y: Array, weights: Array, means: _Means) -> Array:
    """Influence of every call on the estimate over n: of its outcome, and of its part in the propensity; shape (n,)."""
    treated = d.treated
    sums = weights[treated].sum(), weights[~treated].sum()
    per_weight = np.where(
        treated,
        means.slopes[0] * (y - means.treated) / sums[0],
        -means.slopes[1] * (y - means.untreated) / sums[1],
    )
    own = np.asarray(weights * per_weight, float)
    if d.adjustment is None or d.adjustment.slope is None:
        return own
    return own + d.propensity().influence_through(d.sampling_weights() * d.adjustment.slope * per_weight)


def _way(d: CallDesign, cluster: Cluster) -> str:
    """Clusters that can be had, of those asked for."""
    pairs = d.adjustment is not None and (d.adjustment.pairs is not None or d.adjustment.sets is not None)
    has = {"pair": pairs and d.adjustment is not None and not d.adjustment.reused, "person": d.person is not None}
    if cluster in has and not has[cluster]:
        why = "its controls stand in several pairs" if cluster == "pair" and pairs else "the design has none"
        raise DesignError(f"cluster='{cluster}' cannot be had: {why}", mend="use cluster='auto'")
    if cluster != "auto":
        return cluster
    return " and ".join(by for by, there in has.items() if there) or "none"


def _spread_by(influence: Array, d: CallDesign, used: NDArray[np.bool_], by: str) -> _Spread:
    """Spread by one kind of cluster, or by pairs and persons at once."""
    if by == "none":
        return _spread(influence, d.calls[used], None, by)
    labels = {"pair": _sets(d)[used], "person": d.persons[used]}
    if by in labels:
        return _spread(influence, d.calls[used], labels[by], by)
    pair, person = (_spread(influence, d.calls[used], label, name) for name, label in labels.items())
    within = pd.Index(pd.DataFrame(labels).groupby(list(labels)).ngroup())
    both = _spread(influence, d.calls[used], within, by)
    variance = max(pair.variance, pair.variance + person.variance - both.variance)
    scaled = pair.influence.transform(np.array([[np.sqrt(variance / pair.variance) if pair.variance > 0 else 1.0]]))
    return _Spread(by, min(pair.clusters, person.clusters), scaled, variance)


def _spread(influence: Array, calls: pd.Index, cluster: pd.Index | None, by: str) -> _Spread:
    """Influence with the labels to add it up by; the small-sample factor is in it, so that V = Σ ψ_g² / n²."""
    n = len(influence)
    many = n if cluster is None else cluster.nunique()
    if many < 2 or n < 3:
        raise EstimationError(f"{many} clusters by {by} in {n} calls", mend="use cluster='none', or bring more calls")
    factor = np.sqrt(many / (many - 1) * (n - 1) / (n - 2))
    psi = Influence(left=influence[:, None], right=np.array([[n * factor]]), unit=calls, cluster=cluster)
    sums = psi.rows() if cluster is None else psi.by_cluster().to_numpy()
    return _Spread(by, many, psi, float((sums**2).sum()) / n**2)


def _sets(d: CallDesign) -> pd.Index:
    """Label of each call's matched set, of pairs the row of the treated call; other calls are their own."""
    labels = np.arange(len(d.source))
    if d.adjustment is not None and d.adjustment.sets is not None:
        return pd.Index(np.where(d.adjustment.sets < 0, len(labels) + labels, d.adjustment.sets))
    if d.adjustment is not None and d.adjustment.pairs is not None:
        labels[d.adjustment.pairs[:, 1]] = d.adjustment.pairs[:, 0]
    return pd.Index(labels)


def _known(spread: _Spread) -> _Spread:
    """Refuse a spread of nothing, and say where few clusters stand behind it."""
    if not spread.variance > 0:
        raise EstimationError("the outcome does not vary within the arms", mend="choose an outcome that varies")
    if spread.clusters < few_clusters:
        doubt(f"{spread.clusters} clusters by {spread.by}: the standard error is hardly known")
    return spread


def _df(spread: _Spread) -> float:
    return float(spread.influence.n - 2 if spread.by == "none" else spread.clusters - 1)


def _support(d: CallDesign, y: Array, used: NDArray[np.bool_]) -> pd.DataFrame:
    persons = d.persons[used].nunique() if d.person else np.nan
    return pd.DataFrame({"term": ["effect"], "persons": persons, "events": y[used].sum(), "units": int(used.sum())})


def _estimand(d: CallDesign, scale: Scale) -> Estimand:
    return Estimand(
        contrast=d.contrast,
        outcome=str(d.outcome),
        treatment=f"{d.treatment}, yes against no",
        population=averaged_over.get(d.contrast, f"{len(d.source)} calls as they came"),
        horizon=_horizon(d.source),
        scale="ratio of means" if scale == "ratio" else "difference of means",
    )


def _horizon(calls: pd.DataFrame) -> str:
    """When the calls were received, where the frame has that column."""
    if "received_at" not in calls:
        return "the calls of the frame"
    received = pd.to_datetime(calls["received_at"])
    return f"calls received {received.min():%Y-%m-%d} to {received.max():%Y-%m-%d}"
