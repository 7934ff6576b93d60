"""Doubly robust means of both arms over a tilted population, and one answer from several random partitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import doubt, note

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Contrast = Literal["ATT", "ATE", "ATO"]
far = 0.01
few_persons = 20


class Fitted(NamedTuple):
    """Probability of treatment and expected outcome with and without it, of every call; each of shape (n,)."""

    probability: Array
    with_treatment: Array
    without: Array


class ArmMeans(NamedTuple):
    """Doubly robust means with and without the treatment, and their influence.

    Parameters
    ----------
    means : ndarray, shape (2,)
    influence : ndarray, shape (n, 2)
        ψ, with V = ψ'ψ / n² for independent rows.
    """

    means: Array
    influence: Array


class Scores(NamedTuple):
    """Doubly robust scores of both arms, (n, 2), and the weight h of each call in the population, (n,).

    The mean of arm a over the population is Σ scores[:, a] / Σ tilt, and so it is within any group.
    """

    arms: Array
    tilt: Array


def arm_scores(
    fitted: Fitted, y: Array, treated: Mask, contrast: Contrast, *, weights: Array, among: Mask | None = None
) -> Scores:
    """Score every call as in `arm_means`.

    Parameters
    ----------
    fitted : Fitted
    y : ndarray, shape (n,)
    treated : ndarray of bool, shape (n,)
    contrast : {"ATT", "ATE", "ATO"}
    weights : ndarray, shape (n,)
        Sampling weights s.
    among : ndarray of bool, shape (n,), optional
        Rows that count; others have scores and tilts of 0.

    Raises
    ------
    EstimationError
        As `arm_means`.

    Examples
    --------
    >>> half, none = np.full(2, 0.5), np.zeros(2)
    >>> arm_scores(Fitted(half, none, none), np.array([3.0, 1.0]), np.array([True, False]), "ATE",
    ...            weights=np.ones(2)).arms.tolist()
    [[6.0, 0.0], [0.0, 2.0]]
    """
    p, d = fitted.probability, treated.astype(float)
    with np.errstate(divide="ignore"):
        tilt, first, second = {
            "ATE": (np.ones_like(p), 1 / p, 1 / (1 - p)),
            "ATT": (d, np.ones_like(p), p / (1 - p)),
            "ATO": ((d - p) ** 2, 1 - p, p),
        }[contrast]
    own = weights if among is None else weights * among
    expected = np.column_stack([fitted.with_treatment, fitted.without])
    arms = np.column_stack([treated & (own > 0), ~treated & (own > 0)])
    if not arms.any(axis=0).all():
        raise EstimationError("no call of one kind is left", mend="leave fewer calls out")
    weight = np.where(arms, np.column_stack([first, second]), 0.0)
    scores = own[:, None] * (tilt[:, None] * expected + weight * (y[:, None] - expected))
    if not np.isfinite(scores).all():
        raise EstimationError(
            f"the treatment of {int((~np.isfinite(scores).all(axis=1)).sum())} calls is certain",
            mend="leave out kinds of calls that always or never get it, or take contrast='ATO'",
        )
    return Scores(scores, own * tilt)


def arm_means(
    fitted: Fitted, y: Array, treated: Mask, contrast: Contrast, *, weights: Array, among: Mask | None = None
) -> ArmMeans:
    """Mean outcome with and without the treatment, over the population of a contrast.

    μ_a = Σ s [t m_a + ω_a 1{D = a} (y − m_a)] / Σ s t, with (t, ω_1, ω_0) = (1, 1/p, 1/q) for ATE, (D, 1, p/q) for ATT
    and ((D − p)², q, p) for ATO, q = 1 − p. t is the tilt h(p) of the population with its derivative, h + h'(D − p),
    for h = 1, p and pq: the scores do not move with small errors of p and m.

    Parameters
    ----------
    fitted : Fitted
    y : ndarray, shape (n,)
    treated : ndarray of bool, shape (n,)
    contrast : {"ATT", "ATE", "ATO"}
    weights : ndarray, shape (n,)
        Sampling weights s.
    among : ndarray of bool, shape (n,), optional
        Rows that the means speak of; others have no influence.

    Returns
    -------
    ArmMeans

    Raises
    ------
    EstimationError
        Calls whose treatment is certain where the contrast divides by its chance, or a kind of which none is left.

    References
    ----------
    Robins, Rotnitzky & Zhao (1994), doi:10.1080/01621459.1994.10476818; Crump, Hotz, Imbens & Mitnik (2006),
    doi:10.3386/t0330; Li, Morgan & Zaslavsky (2018), doi:10.1080/01621459.2016.1260466.

    Examples
    --------
    >>> half, none = np.full(4, 0.5), np.zeros(4)
    >>> arms = arm_means(Fitted(half, none, none), np.array([3.0, 5.0, 1.0, 1.0]), np.array([True, True, False, False]),
    ...                  "ATE", weights=np.ones(4))
    >>> arms.means.tolist()
    [4.0, 1.0]
    """
    scores, tilt = arm_scores(fitted, y, treated, contrast, weights=weights, among=among)
    total = float(tilt.sum())
    means = scores.sum(axis=0) / total
    return ArmMeans(means, len(y) * (scores - tilt[:, None] * means) / total)


def say_probabilities(drawn: Sequence[Array]) -> None:
    """Note how far probabilities of treatment reach; a doubt where more than one call in twenty is all but certain."""
    p = np.concatenate(drawn)
    outside = float(((p < far) | (p > 1 - far)).mean())
    said = (
        f"probabilities of treatment from {p.min():.3g} to {p.max():.3g}; {100 * outside:.1f} % of the calls below "
        f"{far:g} or above {1 - far:g}"
    )
    if outside > 1 / 20:
        doubt(f"{said}: such calls have next to no counterpart")
    else:
        note(said)


class Repeated(NamedTuple):
    """One answer from several partitions; the influence is scaled so that V = Σ_g ψ_g ψ_g' / n² over clusters."""

    estimate: Array
    vcov: Array
    influence: Influence
    clusters: int

    @property
    def df(self) -> Array:
        """Degrees of freedom of each term: clusters − 1."""
        return np.full(len(self.estimate), self.clusters - 1.0)

    def facts(self, person: str | None) -> dict[str, object]:
        """Tell how calls were made comparable, and standard errors and intervals made."""
        return {
            "adjustment": "models",
            "clusters": self.clusters,
            "small_sample": "G/(G − 1)",
            "interval": f"t({self.clusters - 1}), clusters: {'person' if person else 'none'}",
        }


def median_of_partitions(
    estimates: Sequence[Array],
    influences: Sequence[Array],
    unit: pd.Index,
    clusters: pd.Index | None,
    *,
    kind: str = "person",
) -> Repeated:
    """Median of the estimates of several partitions; their spread is in the variance.

    V = med_r {V_r + (θ_r − θ)²} for each term, V_r summed within clusters times G/(G − 1). Covariances of terms are
    those of the mean influence, scaled to these variances.

    Parameters
    ----------
    estimates : sequence of ndarray, shape (k,)
    influences : sequence of ndarray, shape (n, k)
    unit : Index, length n
        Labels of the calls.
    clusters : Index, length n, or None
        Who or what stands behind each call, by default persons; None: calls are independent.
    kind : str
        What one of these is, for what is said of them.

    Returns
    -------
    Repeated

    Raises
    ------
    EstimationError
        With fewer than two clusters, or an outcome that leaves no spread.

    References
    ----------
    Chernozhukov et al. (2018), doi:10.1111/ectj.12097, definition 3.3.

    Examples
    --------
    >>> psi = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    >>> found = median_of_partitions([np.array([0.0]), np.array([3.0]), np.array([1.0])], [psi] * 3,
    ...                              pd.RangeIndex(4), None)
    >>> found.estimate.tolist(), round(float(found.vcov[0, 0]), 4)
    ([1.0], 1.8333)
    """
    labels, found = pd.factorize(unit if clusters is None else clusters)
    kind = "call" if clusters is None else kind
    many, n = len(found), len(unit)
    if many < 2:
        raise EstimationError(f"all calls are of one {kind}", mend=f"bring calls of more {kind}s")
    if many < few_persons:
        doubt(f"{many} {kind}s: the standard error is hardly known")
    factor = many / (many - 1)
    estimate = np.median(estimates, axis=0)
    variances = [
        factor * (summed(psi, labels, many) ** 2).sum(axis=0) / n**2 + (theta - estimate) ** 2
        for theta, psi in zip(estimates, influences, strict=True)
    ]
    variance, mean = np.median(variances, axis=0), np.mean(influences, axis=0)
    sums = summed(mean, labels, many)
    plain = (sums**2).sum(axis=0) / n**2
    if not (plain > 0).all():
        raise EstimationError("the outcome does not vary", mend="choose an outcome that varies")
    scale = np.diag(np.sqrt(variance / plain))
    influence = Influence(left=mean, right=scale, unit=unit, cluster=clusters)
    return Repeated(estimate, scale @ (sums.T @ sums) @ scale / n**2, influence, many)


def summed(psi: Array, labels: NDArray[np.intp], many: int) -> Array:
    """Sum rows within labels 0, 1, …: shape (many, k)."""
    return np.column_stack([np.bincount(labels, weights=column, minlength=many) for column in psi.T])
