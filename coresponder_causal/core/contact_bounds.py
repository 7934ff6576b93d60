"""Group gaps in what follows a contact, where who is met may itself depend on the group: bounds over that share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.partial_means import Moved

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


class ContactBounds(NamedTuple):
    """What a gap among contacts can be.

    Parameters
    ----------
    among_group : Moved
        Effect of being perceived as of the group among contacts with the group: a point, given ρ.
    low, high : Moved
        Ends of that effect among all contacts.
    """

    among_group: Moved
    low: Moved
    high: Moved


def contact_bounds(y: ArrayLike, member: ArrayLike, rho: float, *, weights: ArrayLike | None = None) -> ContactBounds:
    """Bound the gap in an outcome of contacts when a share of the contacts with a group would not have been had.

    With a = E[Y | group], b = E[Y | reference], p = P(group) among contacts, and ρ the share of the group's contacts
    that there would not have been with persons perceived as of the reference, the effect among the group's contacts is
    a − (1 − ρ) b. Among all contacts it is at least a − b + ρ b p and at most that plus ρ (a − L)(1 − p)/(1 − ρ),
    L = max(0, 1 + (a − 1)/ρ).

    Parameters
    ----------
    y : array_like, shape (n,)
        Whether it followed, 0 or 1, of every contact on record.
    member : array_like of bool, shape (n,)
        Whether the person was perceived as of the group; else of the reference.
    rho : float
        Share, from 0 to below 1.
    weights : array_like, shape (n,), optional

    Returns
    -------
    ContactBounds
        Derivatives are in the weight of each contact.

    Raises
    ------
    EstimationError
        ρ outside [0, 1), an outcome that is not yes or no, or contacts of one group only.

    Notes
    -----
    Rests on: nobody is met less for being perceived as of the group; contacts that only it brought are not graver than
    the others; every contact is on record; nothing else that differs between groups moves the outcome (else: within
    cells in which calls are alike).

    References
    ----------
    Knox, Lowe & Mummolo (2020), doi:10.1017/S0003055420000039, proposition 1.

    Examples
    --------
    >>> y, member = np.repeat([1.0, 0.0, 1.0, 0.0], [20, 80, 30, 170]), np.repeat([True, False], [100, 200])
    >>> found = contact_bounds(y, member, 0.3)
    >>> round(found.among_group.value, 3), round(found.low.value, 3), round(found.high.value, 3)
    (0.095, 0.065, 0.122)
    """
    outcome, group = np.asarray(y, float), np.asarray(member, bool)
    w = np.ones(len(outcome)) if weights is None else np.asarray(weights, float)
    _require(outcome, group, rho, w)
    total, size = float(w.sum()), float(w @ group)
    p, with_group, without = size / total, np.where(group, w, 0.0), np.where(group, 0.0, w)
    a, b = float(with_group @ outcome / with_group.sum()), float(without @ outcome / without.sum())
    of_a = np.where(group, outcome - a, 0.0) / with_group.sum()
    of_b = np.where(group, 0.0, outcome - b) / without.sum()
    of_p = (group - p) / total
    floor, of_floor = (1 + (a - 1) / rho, 1 / rho) if rho > 0 and a > 1 - rho else (0.0, 0.0)
    odds = rho / (1 - rho)
    low = Moved(a - b + rho * b * p, of_a - (1 - rho * p) * of_b + rho * b * of_p)
    more = Moved(odds * (a - floor) * (1 - p), odds * ((1 - of_floor) * (1 - p) * of_a - (a - floor) * of_p))
    return ContactBounds(Moved(a - (1 - rho) * b, of_a - (1 - rho) * of_b), low, low.plus(more))


def hiding_share(y: ArrayLike, member: ArrayLike) -> float:
    """Return the share ρ from which on a gap that seems to favour the group is one against it; 0 where it is already.

    Examples
    --------
    >>> round(hiding_share([1, 0, 0, 0, 0, 1, 0, 0, 0], [True] * 5 + [False] * 4), 3)
    0.2
    """
    outcome, group = np.asarray(y, float), np.asarray(member, bool)
    a, b = float(outcome[group].mean()), float(outcome[~group].mean())
    return max(0.0, 1 - a / b) if b > 0 else 0.0


def _require(y: Array, group: Flags, rho: float, w: Array) -> None:
    if not 0 <= rho < 1:
        raise EstimationError(f"ρ = {rho:g} is no share below one", mend="take shares from 0 to, say, 0.5")
    if not np.isin(y, [0.0, 1.0]).all():
        raise EstimationError("the outcome of contacts is not yes or no", mend="recode it: 1 for yes, 0 for no")
    if not ((w * group).sum() > 0 and (w * ~group).sum() > 0):
        raise EstimationError("all contacts are of one group", mend="bring contacts of both")
