"""Coordinates whose Euclidean distances are the distances between rows of covariates that matching uses."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
flat = 1e-10


def whitener(matrix: Array, treated: NDArray[np.bool_]) -> Array:
    """Matrix L with LL' the inverse of the covariance pooled within treated and untreated, shape (p, q).

    Parameters
    ----------
    matrix : ndarray, shape (n, p)
    treated : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray
        ``matrix @ L`` has Mahalanobis distances as its Euclidean ones; directions without spread are dropped.

    References
    ----------
    Rubin (1980), doi:10.2307/2529981.
    """
    scale = matrix.std(axis=0)
    centred = _within_arms(matrix, treated) / scale
    return np.asarray(_root_of_inverse(centred.T @ centred / (len(matrix) - 2)) / scale[:, None], float)


def rank_coordinates(matrix: Array) -> Array:
    """Coordinates of the rank-based Mahalanobis distance, shape (n, q).

    Parameters
    ----------
    matrix : ndarray, shape (n, p)

    Returns
    -------
    ndarray
        Ranks, tied ones averaged, whitened by their covariance over all rows, in which every column has the variance
        of ranks without ties: a rare value of a yes-or-no column does not count more than a common one.

    References
    ----------
    Rosenbaum (2010), Design of Observational Studies, section 8.3.

    Examples
    --------
    >>> rank_coordinates(np.array([[1.0], [10.0], [1000.0]])).ravel().round(6).tolist()
    [1.0, 2.0, 3.0]
    """
    ranks = pd.DataFrame(matrix).rank().to_numpy()
    untied = np.arange(1, len(matrix) + 1).std(ddof=1) / ranks.std(axis=0, ddof=1)
    covariance = np.atleast_2d(np.cov(ranks, rowvar=False)) * np.outer(untied, untied)
    return np.asarray(ranks @ _root_of_inverse(covariance), float)


def scaled_coordinates(matrix: Array, treated: NDArray[np.bool_]) -> Array:
    """Columns in standard deviations pooled within treated and untreated, shape (n, p).

    Parameters
    ----------
    matrix : ndarray, shape (n, p)
    treated : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray
        A column of zeros and ones has the variance Σ n_a p_a (1 − p_a) / n over both arms a; one that is the same
        within each arm stays as it is.

    Examples
    --------
    >>> treated = np.array([True, True, False, False])
    >>> scaled_coordinates(np.array([[0.0], [4.0], [0.0], [4.0]]), treated).ravel().round(4).tolist()
    [0.0, 1.4142, 0.0, 1.4142]
    """
    free = np.where(np.isin(matrix, [0.0, 1.0]).all(axis=0), len(matrix), len(matrix) - 2)
    spread = np.sqrt((_within_arms(matrix, treated) ** 2).sum(axis=0) / free)
    return np.asarray(matrix / np.where(spread > 0, spread, 1.0), float)


def _within_arms(matrix: Array, treated: NDArray[np.bool_]) -> Array:
    """Take from every row the mean of its arm."""
    centred = matrix.copy()
    for arm in (treated, ~treated):
        centred[arm] -= matrix[arm].mean(axis=0)
    return centred


def _root_of_inverse(covariance: Array) -> Array:
    """L with LL' the inverse within the directions that have spread, shape (p, q)."""
    size, axes = np.linalg.eigh(covariance)
    kept = size > flat * size.max()
    return np.asarray(axes[:, kept] / np.sqrt(size[kept]), float)
