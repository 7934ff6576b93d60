"""Errors of weighted sums of outcomes by clusters: CR2 for estimators that are linear but no least-squares fit.

An estimator is θ̂ = v'y with weights v that are orthogonal to all nuisance effects; imputation is one. Its errors are
judged by the residuals of a regression on a basis that spans what the outcomes may be expected to be. With the weights
of least squares on that basis the results are those of `coresponder_causal.core.sandwich.clustered`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.sandwich import numbered_clusters, quadratic_df, rows_of_clusters, singular

Array = NDArray[np.float64]


class ClusteredSums(NamedTuple):
    """Covariance of k sums, their degrees of freedom, and the share s_g of each of G clusters: Σ_g s_g s_g' is vcov."""

    vcov: Array
    df: Array
    scores: Array


def clustered_sums(weights: Array, outcome: Array, basis: Array, cluster: ArrayLike) -> ClusteredSums:
    """CR2 covariance and Satterthwaite degrees of freedom of weighted sums, under working independence.

    Parameters
    ----------
    weights : ndarray, shape (n, k)
        v. Where rows have a precision w: v/√w.
    outcome : ndarray, shape (n,)
        y, or √w y.
    basis : ndarray, shape (n, p)
        Orthonormal columns that span what outcomes are expected to be (with precisions: √w times it). Effects that are
        nested in clusters may be swept out of the outcome and the basis instead, if the weights are orthogonal to them.
    cluster : array_like, shape (n,)

    Returns
    -------
    ClusteredSums
        s_g = v_g'(I − H_gg)^−½ e_g, e the residuals. vcov is unbiased where the basis holds and errors are independent
        with equal variance; what the basis does not hold makes it larger.

    Raises
    ------
    EstimationError
        Missing labels, fewer than two clusters, or a sum whose variance could never be seen.

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28(2):169; Pustejovsky & Tipton (2018),
    doi:10.1080/07350015.2016.1247004; Borusyak, Jaravel & Spiess (2024), doi:10.1093/restud/rdae007, on residuals about
    the mean effects of groups.

    Examples
    --------
    >>> y, mean = np.array([1.0, 1.0, -1.0, -1.0]), np.full((4, 1), 0.5)
    >>> found = clustered_sums(np.full((4, 1), 0.25), y, mean, ["a", "a", "b", "b"])
    >>> found.vcov.round(9).tolist(), found.df.round(9).tolist()
    ([[1.0]], [1.0])
    """
    labels, many = numbered_clusters(cluster, len(outcome))
    residuals = outcome - basis @ (basis.T @ outcome)
    k = weights.shape[1]
    scores, own, shared = np.empty((many, k)), np.empty((many, k)), np.empty((many, k, basis.shape[1]))
    for g, rows in enumerate(rows_of_clusters(labels, many)):
        loading = _adjusted(basis[rows], weights[rows])
        scores[g], own[g] = residuals[rows] @ loading, np.sum(loading**2, axis=0)
        shared[g] = loading.T @ basis[rows]
    variance = np.sum(weights**2, axis=0)
    df = [quadratic_df(own[:, j], shared[:, j], float(variance[j])) for j in range(k)]
    return ClusteredSums(scores.T @ scores, np.array(df), scores)


def _adjusted(block: Array, weights: Array) -> Array:
    """(I − BB')^−½ v, B a cluster's rows of the basis; directions that the cluster determines alone get 0.

    With BB' = U s² U' and r = √(1 − s²) this is v + U (1/r − 1) U'v; of B'B = R s² R', which may be the smaller, U is
    B R/s, and (1/r − 1)/s² = 1/(r + r²).
    """
    tall = block.shape[0] > block.shape[1]
    square, axes = np.linalg.eigh(block.T @ block if tall else block @ block.T)
    alone = 1 - square < singular
    root = np.sqrt(np.where(alone, 1.0, 1 - square))
    added = np.where(alone, -1.0, 1 / (root + root**2) if tall else 1 / root - 1)
    seen = block @ axes if tall else axes
    return np.asarray(weights + seen @ (added[:, None] * (seen.T @ weights)))
