"""The wild cluster bootstrap of one coefficient, from the scores of the clusters alone.

A sample multiplies the residuals of each cluster by one factor v_g. With a the column of (X'X)⁻¹ that belongs to the
coefficient, the residuals under a tested value are û + X a δ, δ = (β̂ − value)/a_j, and z_g = a'X_g'(û_g + X_g a δ) is
what a cluster adds to the estimate. A sample's t is the ratio of Σ v_g z_g to the root of the sum of the squares of
v_g z_g − a'X_g'X_g (X'X)⁻¹ Σ_h v_h s_h, s_h the cluster's scores. Numerators are linear in the value and variances
quadratic: five numbers of each sample give its t at every value, and nothing is fitted again.
"""

from __future__ import annotations

from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.sandwich import numbered_clusters
from coresponder_causal.core.serial import checked_regression

Array = NDArray[np.float64]
ClusterMultipliers = Literal["rademacher", "webb"]

_points = {"rademacher": np.array([-1.0, 1.0]), "webb": np.sqrt([0.5, 1.0, 1.5]) * np.array([[-1.0], [1.0]])}
_block = 2_000_000  # multipliers at work at once


def cluster_multipliers(
    clusters: int, *, multipliers: ClusterMultipliers = "webb", replications: int = 1999, seed: int = 1
) -> tuple[Array, bool]:
    """Draw the factors of the clusters, or list all there are where these are no more than the samples asked for.

    Parameters
    ----------
    clusters : int
        G.
    multipliers : {"rademacher", "webb"}
        −1 and 1; or these and ±√½, ±√1.5, which give 6^G samples in place of 2^G.
    replications : int
        Samples B.
    seed : int

    Returns
    -------
    multipliers : ndarray, shape (B, G)
        Where all are listed, all but the one that changes nothing: it is the sample that was observed.
    all_listed : bool

    Raises
    ------
    EstimationError
        With fewer than 19 samples, which cannot show 5 %.

    References
    ----------
    Webb (2023), Reworking wild bootstrap-based inference for clustered errors, doi:10.1111/caje.12661.

    Examples
    --------
    >>> drawn, all_listed = cluster_multipliers(4, multipliers="rademacher")
    >>> drawn.shape, all_listed
    ((15, 4), True)
    """
    if replications < 19:
        raise EstimationError(f"{replications} bootstrap samples cannot show 5 %", mend="ask for 999 or more")
    points = _points[multipliers].ravel()
    if len(points) ** clusters <= replications:
        every = np.array(list(product(points, repeat=clusters)))
        return every[(every != 1).any(axis=1)], True
    drawn = np.random.default_rng(seed).integers(len(points), size=(replications, clusters))
    return points[drawn], False


def wild_statistics(
    X: Array,
    residuals: Array,
    cluster: ArrayLike,
    *,
    multipliers: Array,
    std_error: float,
    column: int = 0,
    restricted: bool = True,
) -> Array:
    """Say how the t statistic of every bootstrap sample depends on the tested value of one coefficient.

    Parameters
    ----------
    X : ndarray, shape (n, k)
        Regressors, √weight times them where squares are weighted. Effects that are nested in the clusters may be swept
        out beforehand; others, as those of periods, must be columns.
    residuals : ndarray, shape (n,)
        Residuals û of the least squares on X.
    cluster : array_like, shape (n,)
        Labels of the clusters; column g of the multipliers belongs to the g-th that appears.
    multipliers : ndarray, shape (B, G)
        As `cluster_multipliers` gives them.
    std_error : float
        CR1 standard error of the coefficient: its small-sample factor is taken for the samples too.
    column : int
        Column of the coefficient.
    restricted : bool
        Whether samples are made under the tested value (WCR), or at the estimate (WCU).

    Returns
    -------
    ndarray, shape (1 + B, 5)
        n₀, n₁, d₀, d₁, d₂ of t = (n₀ + n₁h)/√(d₀ + d₁h + d₂h²), h the estimate less the tested value: first of the
        observed sample, then of each bootstrap sample. `core.inference` reads p-values and intervals off it.

    Raises
    ------
    EstimationError
        Arrays that do not fit together; a standard error of zero.

    References
    ----------
    Cameron, Gelbach & Miller (2008), doi:10.1162/rest.90.3.414; Roodman, Nielsen, MacKinnon & Webb (2019),
    doi:10.1177/1536867X19830877; MacKinnon, Nielsen & Webb (2023), doi:10.1002/jae.2969, for the algorithm by scores.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 4.0, 3.0])
    >>> signs, _ = cluster_multipliers(4, multipliers="rademacher")
    >>> u = y - y.mean()
    >>> rows = wild_statistics(np.ones((4, 1)), u, range(4), multipliers=signs, std_error=np.sqrt(u @ u) / 4)
    >>> rows[0].round(4).tolist(), rows.shape
    ([0.0, 1.0, 0.3125, 0.0, 0.0], (16, 5))
    """
    residuals, X = checked_regression(residuals, X)
    labels, many = numbered_clusters(cluster, len(X))
    if multipliers.ndim != 2 or multipliers.shape[1] != many:
        raise EstimationError(
            f"multipliers have shape {multipliers.shape} for {many} clusters", mend="give one column per cluster"
        )
    basis, triangle = np.linalg.qr(X)
    loading = np.linalg.solve(triangle.T, np.eye(X.shape[1])[column])  # a'X' = loading' basis'
    own = float(loading @ loading)
    scores = _sums(basis * residuals[:, None], labels, many)
    moved = _sums(basis * (basis @ loading)[:, None], labels, many)
    fixed, sloped = scores @ loading, moved @ loading / own
    if not std_error**2 > 1e-24 * float(residuals @ residuals) * own:
        raise EstimationError("the coefficient has no clustered variance to resample", mend="use more clusters")
    factor = std_error**2 / float(fixed @ fixed)
    observed = [[0.0, 1.0, std_error**2, 0.0, 0.0]]
    blocks = [
        _samples(rows, (fixed, sloped), (scores, moved / own), moved, factor, restricted)
        for rows in np.array_split(multipliers, 1 + multipliers.size // _block)
    ]
    return np.vstack([observed, *blocks])


def _sums(rows: Array, labels: NDArray[np.intp], many: int) -> Array:
    """Sum the rows within clusters."""
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels, minlength=many)
    return np.asarray(np.add.reduceat(rows[order], np.cumsum(counts) - counts, axis=0), float)


def _samples(
    multipliers: Array,
    numerators: tuple[Array, Array],
    scores: tuple[Array, Array],
    moved: Array,
    factor: float,
    restricted: bool,
) -> Array:
    """Five numbers of each sample, from what clusters add at the estimate and per unit of its distance."""
    fixed, sloped = (
        multipliers * own - np.linalg.multi_dot([multipliers, all_scores, moved.T])
        for own, all_scores in zip(numerators, scores, strict=True)
    )
    found = np.zeros((len(multipliers), 5))
    found[:, 0] = multipliers @ numerators[0]
    found[:, 2] = factor * np.einsum("bg,bg->b", fixed, fixed)
    if restricted:
        found[:, 1] = multipliers @ numerators[1]
        found[:, 3] = 2 * factor * np.einsum("bg,bg->b", fixed, sloped)
        found[:, 4] = factor * np.einsum("bg,bg->b", sloped, sloped)
    return found
