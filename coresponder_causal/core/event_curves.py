"""Mean number of events over time where leaving competes with them, and how it moves with the weight of each unit.

One product-limit computation serves two curves. Events that themselves end a unit's follow-up give the cumulative
incidence of Aalen and Johansen; events that may come again give the mean cumulative function of Lin, Wei, Yang and
Ying, with terminal events that of Ghosh and Lin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventCurve:
    """The curve μ(t) = Σ_{u ≤ t} S(u−) ΔR(u) of weighted units, made by `event_curve`.

    Parameters
    ----------
    u : ndarray, shape (g,)
        Times at which anything happened.
    at_risk : ndarray, shape (g,)
        Weight Y(u) of the units still followed.
    events, departures : ndarray, shape (g,)
        ΔR(u) and ΔΛ(u): weight of events, and of units that leave for good, over Y(u).
    staying : ndarray, shape (g,)
        S(u−), the share that has not left for good before u.
    unit, place : ndarray of int, shape (m,)
        Unit and time (position in ``u``) of each event.
    last : ndarray of int, shape (n,)
        Number of times in ``u`` up to the end of each unit's follow-up.
    leaves : ndarray of bool, shape (n,)
        Whether that end is a departure for good.
    """

    u: Array
    at_risk: Array
    events: Array
    departures: Array
    staying: Array
    unit: Rows
    place: Rows
    last: Rows
    leaves: NDArray[np.bool_]

    def until(self, days: Array) -> Array:
        """Weights h that make `mean` the curve at each of some times, shape (g, k)."""
        return (self.u[:, None] <= np.atleast_1d(days)).astype(float)

    def area(self, days: float) -> Array:
        """Weights h that make `mean` the area under the curve up to a time, shape (g, 1)."""
        return np.maximum(days - self.u, 0.0)[:, None]

    def mean(self, h: Array) -> Array:
        """Σ_u h(u) S(u−) ΔR(u), shape (k,)."""
        return np.asarray((self.staying * self.events) @ h, float)

    def per_weight(self, h: Array) -> Array:
        """Give the derivative of `mean` in the weight of every unit, shape (n, k).

        An event of a unit raises ΔR, its being at risk lowers it; its departure lowers S for all that comes later.
        """
        jump = h * (self.staying / self.at_risk)[:, None]
        found = -_before(np.cumsum(jump * self.events[:, None], axis=0), self.last)
        np.add.at(found, self.unit, jump[self.place])
        increments = h * (self.staying * self.events)[:, None]
        later = increments[::-1].cumsum(axis=0)[::-1] - increments
        left = 1 - self.departures
        lost = np.divide(later, (left * self.at_risk)[:, None], out=np.zeros_like(later), where=left[:, None] > 1e-12)
        found += _before(np.cumsum(lost * self.departures[:, None], axis=0), self.last)
        gone = np.flatnonzero(self.leaves)
        found[gone] -= lost[self.last[gone] - 1]
        return found


def event_curve(*, unit: Rows, day: Array, followed: Array, leaves: NDArray[np.bool_], weights: Array) -> EventCurve:
    """Prepare the curve of some events.

    Parameters
    ----------
    unit, day : ndarray, shape (m,)
        Unit and time of each event, none after the end of its unit's follow-up.
    followed : ndarray, shape (n,)
        End of each unit's follow-up; events at that very time count, and come before it.
    leaves : ndarray of bool, shape (n,)
        Whether it ended by a departure after which no event can come; otherwise it was merely not observed further.
    weights : ndarray, shape (n,)
        Positive weights.

    Returns
    -------
    EventCurve

    References
    ----------
    Aalen & Johansen (1978), Scandinavian Journal of Statistics 5, 141–150; Ghosh & Lin (2000),
    doi:10.1111/j.0006-341X.2000.00554.x.

    Examples
    --------
    Four units: an event at 1 and at 3, a departure at 2, one followed to 4 without any.

    >>> followed, leaves = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, True, False])
    >>> made = event_curve(unit=np.array([0, 2]), day=np.array([1.0, 3.0]), followed=followed, leaves=leaves,
    ...                    weights=np.ones(4))
    >>> made.mean(made.until(np.array([1.0, 2.0, 4.0]))).tolist()
    [0.25, 0.25, 0.5]
    """
    u = np.unique(np.concatenate([day, followed[leaves]]))
    last = np.searchsorted(u, followed, side="right")
    place = np.searchsorted(u, day)
    ending = np.bincount(last, weights=weights, minlength=len(u) + 1)
    at_risk = ending[::-1].cumsum()[::-1][1:]
    events = np.bincount(place, weights=weights[unit], minlength=len(u)) / at_risk
    departures = np.bincount(last[leaves] - 1, weights=weights[leaves], minlength=len(u)) / at_risk
    staying = np.concatenate([[1.0], np.cumprod(1 - departures)[:-1]])[: len(u)]
    return EventCurve(
        u=u,
        at_risk=at_risk,
        events=events,
        departures=departures,
        staying=staying,
        unit=unit,
        place=place,
        last=last,
        leaves=leaves,
    )


def _before(sums: Array, last: Rows) -> Array:
    """Read a running sum at the end of each unit's follow-up, shape (n, k)."""
    return np.concatenate([np.zeros((1, sums.shape[1])), sums])[last]
