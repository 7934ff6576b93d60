"""Group gaps where the group of some calls is not known: least and most they can be."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.partial_means import Ends, Moved, worst_case

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def unknown_group_bounds(y: ArrayLike, member: ArrayLike, other: ArrayLike) -> Ends:
    """Bound the difference of means of two groups, whoever the calls are whose group is unknown.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome of every call.
    member, other : array_like, shape (n,)
        1 in the group (in the reference), 0 not, NaN unknown.

    Returns
    -------
    Ends
        Both ends are reached: unknown calls may be of the one, of the other or of neither.

    References
    ----------
    Manski (1990), doi:10.3386/t0094; Horowitz & Manski (2000), doi:10.1080/01621459.2000.10473902.

    Examples
    --------
    >>> ends = unknown_group_bounds([1, 0, 0, 1, 0], [1, 1, 0, np.nan, np.nan], [0, 0, 1, np.nan, np.nan])
    >>> round(ends.low.value, 3), round(ends.high.value, 3)
    (-0.167, 0.667)
    """
    values = np.asarray(y, float)
    seen, ones = np.ones(len(values), bool), np.ones(len(values))
    least, most = float(values.min()), float(values.max())
    one, two = (worst_case(values, seen, ones, least, most, member=np.asarray(each, float)) for each in (member, other))
    return one.minus(two)


def proxy_bounds(y: ArrayLike, kinds: ArrayLike, share: ArrayLike, other: ArrayLike) -> Ends:
    """Bound the difference of two groups' rates when only their shares within kinds of call are known.

    Within a kind z with rate y_z, the part that is of the group and had the outcome lies between max(0, y_z + q_z − 1)
    and min(y_z, q_z). The most is Σ w_z min(y_z, q_z) / Σ w_z q_z less the least of the other group.

    Parameters
    ----------
    y : array_like, shape (n,)
        0 or 1.
    kinds : array_like of int, shape (n,)
        Number of each call's kind: 0, 1, …
    share, other : array_like, shape (kinds,)
        Share of the group, and of the reference, within each kind: taken as known.

    Returns
    -------
    Ends
        Derivatives are in the weights of calls; of a kind at a kink they are those of one side.

    Raises
    ------
    EstimationError
        Shares that are none, or an outcome that is not yes or no.

    References
    ----------
    Kallus, Mao & Zhou (2022), doi:10.1287/mnsc.2020.3850, proposition 4.

    Examples
    --------
    >>> ends = proxy_bounds([1, 0, 0, 0, 1, 1, 0, 0], np.repeat([0, 1], 4), [0.25, 0.75], [0.75, 0.25])
    >>> round(ends.low.value, 3), round(ends.high.value, 3)
    (-0.25, 0.75)
    """
    values, z = np.asarray(y, float), np.asarray(kinds, np.int64)
    first, second = np.asarray(share, float), np.asarray(other, float)
    if not np.isin(values, [0.0, 1.0]).all():
        raise EstimationError("the outcome is not yes or no", mend="recode it: 1 for yes, 0 for no")
    if (
        (first < 0).any()
        or (second < 0).any()
        or (first + second > 1 + 1e-9).any()
        or not (first.any() and second.any())
    ):
        raise EstimationError("shares of groups do not lie between 0 and 1 together", mend="correct them")
    return _rate(values, z, first).minus(_rate(values, z, second))


def shares_by_kind(kinds: Labels, groups: pd.Series, name: str) -> Array:
    """Share of a group within each kind, of the calls whose group is known; NaN where of none."""
    known = groups.notna().to_numpy()
    inside, among = (
        np.bincount(kinds[rows], minlength=int(kinds.max()) + 1)
        for rows in (known & (groups == name).to_numpy(bool, na_value=False), known)
    )
    return np.asarray(np.divide(inside, among, out=np.full(len(among), np.nan), where=among > 0), float)


def _rate(y: Array, z: Labels, q: Array) -> Ends:
    """Bound a group's rate."""
    many, size = np.bincount(z, minlength=len(q)), q[z].sum()
    rate = np.bincount(z, weights=y, minlength=len(q)) / np.maximum(many, 1)
    inner = np.where(rate + q > 1, rate + q - 1, 0.0), np.minimum(rate, q)
    moves = (rate + q > 1).astype(float), (rate < q).astype(float)
    ends = []
    for joint, moved in zip(inner, moves, strict=True):
        value = float((many * joint).sum() / size)
        ends.append(Moved(value, (joint[z] + moved[z] * (y - rate[z]) - value * q[z]) / size))
    return Ends(*ends)
