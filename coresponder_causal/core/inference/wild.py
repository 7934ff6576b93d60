"""P-values and intervals of the wild bootstrap."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Tails = Literal["symmetric", "equal"]


def wild_p_value(statistics: Array, distance: float, *, tails: Tails = "symmetric") -> float:
    """Share of bootstrap samples, the observed one among them, that are at least as extreme as the observed one.

    Parameters
    ----------
    statistics : ndarray, shape (1 + B, 5)
        As `coresponder_causal.core.wild_bootstrap.wild_statistics` gives them; ties count against an effect.
    distance : float
        Estimate less the tested value.
    tails : {"symmetric", "equal"}
        By `|t|`; or twice the smaller share of t's on one side, at most 1.

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0, 1.0, 0.0, 0.0], [2.0, 0.0, 1.0, 0.0, 0.0], [-0.5, 0.0, 1.0, 0.0, 0.0]])
    >>> round(wild_p_value(rows, 1.0), 3), round(wild_p_value(rows, 1.0, tails="equal"), 3)
    (0.667, 1.0)
    """
    return float(_wild_p_values(statistics, np.array([distance]), tails)[0])


def wild_interval(
    statistics: Array, estimate: float, level: float = 0.95, *, tails: Tails = "symmetric"
) -> tuple[float, float]:
    """Values around the estimate that the wild bootstrap does not reject at 1 − level; infinite where none is rejected.

    The ends are where the p-value, a step function, first falls to 1 − level: looked for in quarters of a standard
    error up to ten and in growing steps to a million, then by bisection.

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0, 1.0, 0.0, 0.0], [2.0, 0.0, 1.0, 0.0, 0.0], [-0.5, 0.0, 1.0, 0.0, 0.0]])
    >>> [round(bound, 6) for bound in wild_interval(rows, 3.0, level=0.5)]
    [1.0, 5.0]
    """
    reach = np.sqrt(statistics[0, 2]) * np.concatenate([np.arange(0.0, 10.0, 0.25), np.geomspace(10.0, 1e6, 40)])
    low, high = (_wild_end(statistics, side * reach, 1 - level, tails) for side in (1.0, -1.0))
    return float(estimate - low), float(estimate - high)


def _wild_end(statistics: Array, reach: Array, rejected: float, tails: Tails) -> float:
    """Distance at which values begin to be rejected on one side of the estimate."""
    inner, outer = reach[0], reach[0]
    for distances in np.array_split(reach[1:], 10):  # ends are near more often than far
        kept = _wild_p_values(statistics, distances, tails) > rejected + 1e-12
        if not kept.all():
            first = int(np.argmin(kept))
            inner, outer = (distances[first - 1] if first else outer), distances[first]
            break
        outer = distances[-1]
    else:
        return float(np.sign(reach[-1]) * np.inf)
    for _ in range(50):
        middle = (inner + outer) / 2
        within = _wild_p_values(statistics, np.array([middle]), tails)[0] > rejected + 1e-12
        inner, outer = (middle, outer) if within else (inner, middle)
    return float(outer)


def _wild_p_values(statistics: Array, distances: Array, tails: Tails) -> Array:
    """P-values at several distances of the estimate from the tested value."""
    h = distances[:, None]
    n0, n1, d0, d1, d2 = statistics.T
    numerator, variance = n0 + n1 * h, np.maximum(d0 + d1 * h + d2 * h**2, 0.0)
    if tails == "symmetric":
        extreme = numerator**2 * d0[0] >= h**2 * variance * (1 - 1e-9)
        return np.asarray(extreme.mean(axis=1), float)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.nan_to_num(numerator / np.sqrt(variance), nan=0.0)
    slack = 1e-9 * np.abs(t[:, :1])
    above, below = (t >= t[:, :1] - slack).mean(axis=1), (t <= t[:, :1] + slack).mean(axis=1)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(above, below)), float)
