"""Topics of weighted counts: which of two sets are the same, and whether their words come together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def matched_cosine(topics: Array, others: Array) -> Array:
    """Cosine of each topic with its partner when topics are paired one to one for the largest sum.

    Parameters
    ----------
    topics, others : ndarray, shape (k, words)
        Weights, not negative.

    Returns
    -------
    ndarray, shape (k,)
        0 for a topic without weight, or without a partner.

    References
    ----------
    Greene, O'Callaghan & Cunningham (2014), doi:10.1007/978-3-662-44848-9_32.

    Examples
    --------
    >>> matched_cosine(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[0.0, 1.0], [3.0, 4.0]])).tolist()
    [0.6, 1.0]
    """
    one, other = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300) for rows in (topics, others))
    alike = one @ other.T
    rows, columns = linear_sum_assignment(alike, maximize=True)
    found = np.zeros(len(topics))
    found[rows] = alike[rows, columns]
    return found


def leading(topic: Array, most: int, part: float) -> NDArray[np.intp]:
    """Words of a topic by weight, the largest first: at most so many, of at least a part of the largest weight.

    Examples
    --------
    >>> leading(np.array([0.1, 4.0, 2.0, 0.0]), 8, 0.25).tolist()
    [1, 2]
    """
    order = np.argsort(-topic, kind="stable")[:most]
    return np.asarray(order[(topic[order] > 0) & (topic[order] >= part * topic.max())], np.intp)


def coherence(present: Flags, words: NDArray[np.intp]) -> float:
    """Mean over pairs of words of their normalised pointwise mutual information: 1 together always, 0 by chance.

    Parameters
    ----------
    present : ndarray of bool, shape (texts, words)
        Which text has which word.
    words : ndarray of int

    Returns
    -------
    float
        −1 for a pair that never comes together; NaN for fewer than two words.

    References
    ----------
    Bouma (2009), Proceedings of GSCL 31; Röder, Both & Hinneburg (2015), doi:10.1145/2684822.2685324.

    Examples
    --------
    >>> told = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1], [0, 0, 0]], bool)
    >>> coherence(told, np.array([0, 1])), coherence(told, np.array([0, 2]))
    (1.0, 0.0)
    """
    own = present[:, words].astype(float)
    together = own.T @ own / len(own)
    share = np.diag(together)
    first, second = np.triu_indices(len(words), 1)
    if not len(first):
        return np.nan
    joint = together[first, second]
    safe = np.where(joint > 0, joint, 0.5)
    found = np.log(safe / (share[first] * share[second])) / -np.log(np.minimum(safe, 1 - 1e-12))
    return float(np.where(joint > 0, np.where(joint < 1, found, 0.0), -1.0).mean())
