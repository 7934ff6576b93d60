"""Covariance of influence functions, and degrees of freedom where treated and untreated clusters spread differently."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]


def welch_df(parts: Array, clusters: tuple[int, int]) -> Array:
    """Degrees of freedom of a variance that is the sum of two (Welch and Satterthwaite).

    Parameters
    ----------
    parts : ndarray, shape (2, k)
        Variance that treated and that untreated clusters bring.
    clusters : tuple of int
        Numbers of both.

    Returns
    -------
    ndarray, shape (k,)

    References
    ----------
    Welch (1947), doi:10.1093/biomet/34.1-2.28; Satterthwaite (1946), doi:10.2307/3002019.

    Examples
    --------
    >>> welch_df(np.array([[1.0, 1.0], [0.0, 1.0]]), (5, 11)).round(1).tolist()
    [4.0, 11.4]
    """
    own = np.maximum(np.array(clusters, float)[:, None] - 1, 1.0)
    total, square = parts.sum(axis=0), (parts**2 / own).sum(axis=0)
    return np.asarray(np.divide(total**2, square, out=np.full(parts.shape[1], own.max()), where=square > 0))


def clustered_spread(scores: Array, treated: NDArray[np.bool_], cluster: pd.Index | None) -> tuple[Array, Array]:
    """Covariance of estimates from the scores of units, and Welch's degrees of freedom.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        ψ/n.
    treated : ndarray of bool, shape (n,)
        Clusters that hold one of these units count as treated.
    cluster : Index or None, length n
        Units by default.

    Returns
    -------
    vcov : ndarray, shape (k, k)
    df : ndarray, shape (k,)
    """
    touched = treated
    if cluster is not None:
        codes = pd.factorize(cluster)[0]
        sums = np.zeros((int(codes.max()) + 1, scores.shape[1]))
        np.add.at(sums, codes, scores)
        scores, touched = sums, np.bincount(codes, treated) > 0
    parts = np.array([(scores[rows] ** 2).sum(axis=0) for rows in (touched, ~touched)])
    return scores.T @ scores, welch_df(parts, (int(touched.sum()), int((~touched).sum())))
