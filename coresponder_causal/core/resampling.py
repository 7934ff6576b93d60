"""The multiplier bootstrap of influence functions and the critical value of a joint band."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import critical
from coresponder_causal.core.influence import Influence

Array = NDArray[np.float64]
Multipliers = Literal["normal", "rademacher", "mammen"]

_BLOCK = 4_000_000  # multipliers held at once: 32 MB
_ROOT5 = 5**0.5
_points = {
    "rademacher": (-1.0, 1.0, 0.5),
    "mammen": ((1 - _ROOT5) / 2, (1 + _ROOT5) / 2, (_ROOT5 + 1) / (2 * _ROOT5)),
}


def influence_variance(influence: Influence) -> Array:
    """ψ'ψ / n² over units, or over the sums within clusters where the influence has clusters; shape (k, k).

    Examples
    --------
    >>> import pandas as pd
    >>> psi = Influence(left=np.array([[1.0], [1.0], [-2.0]]), right=np.eye(1), unit=pd.RangeIndex(3),
    ...                 cluster=pd.Index(["a", "a", "b"]))
    >>> influence_variance(psi).round(3).tolist()
    [[0.889]]
    """
    if influence.cluster is None:
        return influence.gram()
    sums = influence.by_cluster().to_numpy()
    return np.asarray(sums.T @ sums / influence.n**2, float)


def multiplier_draws(
    influence: Influence, *, replications: int = 999, seed: int = 1, multipliers: Multipliers = "rademacher"
) -> Array:
    """Draws of β̂* − β̂ = mean(V ψ), one multiplier V per unit, or per cluster where the influence has clusters.

    Parameters
    ----------
    influence : Influence
        Of n units on k terms.
    replications : int
        Number of draws.
    seed : int
        Seed of the multipliers.
    multipliers : {"rademacher", "mammen", "normal"}
        Two-point distributions with mean 0 and variance 1; Mammen's has third moment 1. With normal ones the mean of
        V ψ is exactly N(0, ψ'ψ/n²), from which it is drawn.

    Returns
    -------
    ndarray, shape (replications, k)

    Raises
    ------
    EstimationError
        With fewer than one replication.

    References
    ----------
    Callaway & Sant'Anna (2021), doi:10.1016/j.jeconom.2020.12.001, algorithm 1; Mammen (1993),
    doi:10.1214/aos/1176349025.

    Examples
    --------
    >>> import pandas as pd
    >>> psi = Influence(left=np.array([[1.0], [-1.0]]), right=np.eye(1), unit=pd.RangeIndex(2))
    >>> sorted(set(multiplier_draws(psi, replications=50).ravel().tolist()))
    [-1.0, 0.0, 1.0]
    """
    if replications < 1:
        raise EstimationError(f"{replications} replications", mend="ask for 999 or more")
    rng = np.random.default_rng(seed)
    if multipliers == "normal":
        return rng.standard_normal((replications, influence.right.shape[1])) @ _root(influence_variance(influence)).T
    low, high, share_low = _points[multipliers]
    left, right = influence.left, influence.right
    if influence.cluster is not None:
        left, right = influence.by_cluster().to_numpy(), np.eye(right.shape[1])
    many = int(left.shape[0])
    rows = max(1, _BLOCK // many)
    blocks = []
    for first in range(0, replications, rows):
        drawn = np.where(rng.random((min(rows, replications - first), many)) < share_low, low, high)
        blocks.append(np.asarray((left.T @ drawn.T).T @ right) / influence.n)
    return np.vstack(blocks)


def _root(covariance: Array) -> Array:
    """Give L with LL' = V, also of a singular V."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)), float)


def simultaneous_critical_value(draws: Array, scale: Array, *, level: float = 0.95) -> float:
    """Half-width, in units of ``scale``, of a band that holds all terms at once with probability ``level``.

    Parameters
    ----------
    draws : ndarray, shape (replications, k)
        Centred draws, see `multiplier_draws`.
    scale : ndarray, shape (k,)
        Standard errors; terms without one (0) are passed over.
    level : float
        Joint confidence level.

    Returns
    -------
    float
        The quantile of max_k |draw_k| / scale_k, never below the value of a single term.

    Raises
    ------
    EstimationError
        If no term has a standard error.

    References
    ----------
    Montiel Olea & Plagborg-Møller (2019), doi:10.1002/jae.2656 (sup-t bands).

    Examples
    --------
    >>> draws = np.random.default_rng(1).normal(size=(20_000, 10))
    >>> round(simultaneous_critical_value(draws, np.ones(10)), 1)
    2.8
    """
    used = scale > 0
    if not used.any():
        raise EstimationError("no term has a standard error", mend="bring more units in each group")
    largest = np.abs(draws[:, used] / scale[used]).max(axis=1)
    found = float(np.quantile(largest, level, method="inverted_cdf"))
    return max(found, float(critical(np.inf, level)))
