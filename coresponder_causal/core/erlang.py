"""A team that is called while it is taken is lost to that call: Erlang's loss formula."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def blocked(teams: int, load: ArrayLike) -> Array:
    """Return the share of calls that find every team taken, B(c, a), by the recursion in c.

    Parameters
    ----------
    teams : int
        Teams on duty, c.
    load : array_like
        Offered load a: calls an hour that want a team, times the hours that each takes.

    References
    ----------
    Erlang (1917); Kleinrock (1975), Queueing Systems I, section 3.5.

    Examples
    --------
    >>> blocked(1, 0.5).round(4).item(), blocked(2, 0.5).round(4).item()
    (0.3333, 0.0769)
    """
    a = np.asarray(load, float)
    share = np.ones_like(a)
    for c in range(1, teams + 1):
        share = a * share / (c + a * share)
    return share


def offered_load(calls: ArrayLike, attended: ArrayLike, hours: float) -> Array:
    """Return the load behind what one team attended: the calls it was wanted at, also those that found it taken.

    Parameters
    ----------
    calls : array_like
        Calls an hour.
    attended : array_like
        Share of calls that one team on duty attended.
    hours : float
        Hours that a call takes the team.

    Returns
    -------
    ndarray
        a with attended · calls · hours = a (1 − B(1, a)) = a / (1 + a); infinite where a team cannot have attended so
        many.

    Examples
    --------
    >>> offered_load(0.5, 0.4, 1.0).round(3).item()
    0.25
    """
    carried = np.asarray(calls, float) * np.asarray(attended, float) * hours
    return np.where(carried < 1, carried / np.maximum(1 - carried, 1e-12), np.inf)
