"""Means of values, or of members, some of which are unknown: least and most they can be, and how units move them.

A mean travels as a pair: its value, and its derivative in the weight of each unit, from which variances are made.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Moved(NamedTuple):
    """A number, and its derivative in the weight of each unit, shape (n,)."""

    value: float
    slope: Array

    def plus(self, other: Moved, times: float = 1.0) -> Moved:
        """Add a multiple of another such number."""
        return Moved(self.value + times * other.value, self.slope + times * other.slope)


class Ends(NamedTuple):
    """Lower and upper end of what a number can be."""

    low: Moved
    high: Moved

    def minus(self, other: Ends) -> Ends:
        """Subtract another number that is unknown by itself."""
        return Ends(self.low.plus(other.high, -1.0), self.high.plus(other.low, -1.0))


def mean(y: Array, weights: Array) -> Moved:
    """Weighted mean over the units of positive weight; ``y`` is not looked at elsewhere.

    Examples
    --------
    >>> found = mean(np.array([1.0, 3.0, np.nan]), np.array([1.0, 1.0, 0.0]))
    >>> found.value, found.slope.tolist()
    (2.0, [-0.5, 0.5, 0.0])
    """
    used, total = weights > 0, float(weights.sum())
    value = float(weights[used] @ y[used]) / total
    return Moved(value, np.where(used, np.where(used, y, value) - value, 0.0) / total)


def worst_case(
    y: Array, seen: Flags, weights: Array, least: float | Array, most: float | Array, *, member: Array | None = None
) -> Ends:
    """Lowest and highest mean of a group whatever the unseen values are, and whoever the unknown members are.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Values; not looked at where unseen.
    seen : ndarray of bool, shape (n,)
    weights : ndarray, shape (n,)
        0 where a unit is not looked at.
    least, most : float or ndarray, shape (n,)
        Range of the values, of all or of each.
    member : ndarray, shape (n,), optional
        1 in the group, 0 not, NaN unknown; by default all are.

    Returns
    -------
    Ends
        The lower end takes ``least`` for unseen values and, among units of unknown membership, those that pull the mean
        down: every unseen one, and the seen ones below the mean.

    References
    ----------
    Manski (1990), doi:10.3386/t0094; Horowitz & Manski (2000), doi:10.1080/01621459.2000.10473902.

    Examples
    --------
    >>> y, seen = np.array([1.0, 0.0, np.nan, 1.0]), np.array([True, True, False, True])
    >>> ends = worst_case(y, seen, np.ones(4), 0.0, 1.0)
    >>> ends.low.value, ends.high.value
    (0.5, 0.75)
    >>> ends = worst_case(y, seen, np.ones(4), 0.0, 1.0, member=np.array([1.0, np.nan, 1.0, 1.0]))
    >>> ends.low.value, round(ends.high.value, 3)
    (0.5, 1.0)
    """
    inside = np.ones(len(y)) if member is None else member
    low = _lowest(np.where(seen, y, least), seen, weights, inside)
    high = _lowest(np.where(seen, -y, -np.asarray(most)), seen, weights, inside)
    return Ends(low, Moved(-high.value, -high.slope))


def _lowest(y: Array, seen: Flags, weights: Array, member: Array) -> Moved:
    """Least of all means of the group: over the known members, the unseen, and the lowest of the others."""
    may = np.isnan(member) & (weights > 0)
    sure = (member == 1) & (weights > 0) | may & ~seen
    order = np.flatnonzero(may & seen)
    order = order[np.argsort(y[order], kind="stable")]
    sums = np.cumsum(np.concatenate([[weights[sure] @ y[sure]], weights[order] * y[order]]))
    sizes = np.cumsum(np.concatenate([[weights[sure].sum()], weights[order]]))
    means = np.divide(sums, sizes, out=np.full(len(sums), np.inf), where=sizes > 0)
    taken = int(np.argmin(means))
    counted = sure.copy()
    counted[order[:taken]] = True
    return Moved(float(means[taken]), np.where(counted, y - means[taken], 0.0) / sizes[taken])


def trimmed(y: Array, weights: Array, share: Moved) -> Ends:
    """Lowest and highest mean of all but a share of the units: of the 1 − p with the lowest, or the highest, values.

    Parameters
    ----------
    y : ndarray, shape (n,)
    weights : ndarray, shape (n,)
        0 where a unit is not looked at.
    share : Moved
        p ≥ 0, estimated from weights too.

    Returns
    -------
    Ends
        The upper end is min_c {c + E max(Y − c, 0)/(1 − p)}, which also holds where values are tied; its derivative in
        p is (mean − c)/(1 − p).

    References
    ----------
    Lee (2009), doi:10.1111/j.1467-937X.2009.00536.x; Rockafellar & Uryasev (2000), doi:10.21314/JOR.2000.038.

    Examples
    --------
    >>> ends = trimmed(np.array([0.0, 1.0, 2.0, 3.0]), np.ones(4), Moved(0.25, np.zeros(4)))
    >>> ends.low.value, ends.high.value
    (1.0, 2.0)
    """
    low = _highest_part(-y, weights, share)
    return Ends(Moved(-low.value, -low.slope), _highest_part(y, weights, share))


def _highest_part(y: Array, weights: Array, share: Moved) -> Moved:
    used, kept = np.flatnonzero(weights > 0), 1 - share.value
    order = used[np.argsort(y[used], kind="stable")]
    reached = np.cumsum(weights[order]) / weights[order].sum()
    place = min(int(np.searchsorted(reached, share.value - 1e-12)), len(order) - 1)
    cut = float(y[order[place]])
    above = mean(cut + np.maximum(y - cut, 0.0) / kept, weights)
    return Moved(above.value, above.slope + (above.value - cut) / kept * share.slope)


class TrimmedDifference(NamedTuple):
    """A difference of means among those who would be known either way.

    ``ends``: those known more often less those known less often; ``size``: weight of the known among the latter;
    ``turned``: whether the share trimmed would be below zero, so that none was.
    """

    ends: Ends
    size: Moved
    turned: bool


def trimmed_difference(y: Array, seen: Flags, often: Array, seldom: Array) -> TrimmedDifference:
    """Trim the arm that is known more often, by the share p = 1 − q₀/q₁, and compare it with the other.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Values; not looked at where unseen.
    seen : ndarray of bool, shape (n,)
    often, seldom : ndarray, shape (n,)
        Weights of both arms, 0 elsewhere; each has seen units.

    References
    ----------
    Lee (2009), doi:10.1111/j.1467-937X.2009.00536.x.

    Examples
    --------
    >>> y, arm = np.array([0.0, 1.0, 2.0, 3.0, 1.0, np.nan]), np.array([1.0, 1, 1, 1, 0, 0])
    >>> found = trimmed_difference(y, np.isfinite(y), arm, 1 - arm)
    >>> found.ends.low.value, found.ends.high.value
    (-0.5, 1.5)
    """
    q1, q0 = share_of(seen, often), share_of(seen, seldom)
    cut = Moved(1 - q0.value / q1.value, q0.value / q1.value**2 * q1.slope - q0.slope / q1.value)
    turned = cut.value < 0
    cut = Moved(0.0, np.zeros(len(y))) if turned else cut
    known = seldom * seen
    other = mean(y, known)
    size = Moved(float(known.sum()), (known > 0).astype(float))
    return TrimmedDifference(trimmed(y, often * seen, cut).minus(Ends(other, other)), size, turned)


def share_of(flags: Flags, weights: Array) -> Moved:
    """Weighted share of the units that are flagged, among those of positive weight."""
    return mean(flags.astype(float), weights)
