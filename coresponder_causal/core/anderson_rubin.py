"""Anderson–Rubin sets: the effects b at which the instrument does not move y − b·d, whatever its strength."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import brentq

Shape = Literal["interval", "two rays", "unbounded"]
_STEPS = np.array([1.7, 2.5, 4.0, 8.0, 20.0, 60.0, 300.0])
_FARTHEST, _PRECISE = 60, 1e-6


class ConfidenceSet(NamedTuple):
    """An Anderson–Rubin set by its shape and ends.

    Parameters
    ----------
    shape : {"interval", "two rays", "unbounded"}
        All from ``low`` to ``high``; all up to ``low`` and all from ``high`` on; or every value. With one instrument
        the set always holds the estimate and so is never empty.
    low, high : float
        Ends; infinite where every value is in it.
    """

    shape: Shape
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value is in the set.

        Examples
        --------
        >>> ConfidenceSet("two rays", -1.0, 2.0).holds(0.0), ConfidenceSet("interval", -1.0, 2.0).holds(0.0)
        (False, True)
        """
        if self.shape == "two rays":
            return value <= self.low or value >= self.high
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if self.shape == "unbounded":
            return "every value"
        low, high = (f"{end:.3g}".replace("-", "−") for end in (self.low, self.high))
        return f"{low} to {high}" if self.shape == "interval" else f"up to {low}, and from {high} on"


def confidence_set(excess: Callable[[float], float], estimate: float, scale: float, *, strong: bool) -> ConfidenceSet:
    """Find the set of effects that are not rejected, outwards from the estimate.

    Parameters
    ----------
    excess : callable
        |t(b)| less its critical value, of the instrument in the regression of y − b·d; negative at the estimate.
    estimate, scale : float
        Where that coefficient is zero; a standard error, which sets the steps.
    strong : bool
        Whether the first stage alone is rejected to be zero: then, and only then, the set is bounded.

    Returns
    -------
    ConfidenceSet
        Where rejected values lie on both sides of the estimate and yet the first stage is not rejected, as can happen
        when the variance is estimated anew at each b, every value is given: too much rather than too little.

    References
    ----------
    Anderson & Rubin (1949), doi:10.1214/aoms/1177730090; Dufour & Taamouti (2005),
    doi:10.1111/j.1468-0262.2005.00618.x.

    Examples
    --------
    >>> confidence_set(lambda b: abs(1 - b) - 2.0, 1.0, 1.0, strong=True)
    ConfidenceSet(shape='interval', low=-1.0, high=3.0)
    """
    low, high = (_first_rejected(excess, estimate, side * scale, beyond=strong) for side in (-1.0, 1.0))
    if strong:
        return ConfidenceSet("interval", *(end if end is not None else estimate for end in (low, high)))
    if (low is None) == (high is None):
        return ConfidenceSet("unbounded", -np.inf, np.inf)
    near, side = (low, -1.0) if low is not None else (high, 1.0)
    assert near is not None  # one of both is
    far = _last_rejected(excess, estimate, near, side * scale)
    return ConfidenceSet("two rays", *sorted((near, far)))


def _first_rejected(excess: Callable[[float], float], estimate: float, step: float, *, beyond: bool) -> float | None:
    """Where rejection begins on one side; ``beyond`` the grid it is looked for in doubling steps."""
    inside = estimate
    for outside in estimate + step * _STEPS:
        if excess(outside) > 0:
            return _root(excess, inside, outside)
        inside = outside
    if not beyond:
        return None
    for _ in range(_FARTHEST):
        outside = estimate + 2 * (inside - estimate)
        if excess(outside) > 0:
            return _root(excess, inside, outside)
        inside = outside
    return float(np.copysign(np.inf, step))


def _last_rejected(excess: Callable[[float], float], estimate: float, near: float, step: float) -> float:
    """Where rejection ends again on the side on which it began."""
    rejected = near + (near - estimate) * 1e-6
    for outside in near + step * _STEPS:
        if excess(outside) > 0:
            rejected = outside
        elif abs(outside - estimate) > abs(rejected - estimate):
            return _root(excess, rejected, outside)
    for _ in range(_FARTHEST):
        outside = estimate + 2 * (rejected - estimate)
        if excess(outside) <= 0:
            return _root(excess, rejected, outside)
        rejected = outside
    return float(np.copysign(np.inf, step))


def _root(excess: Callable[[float], float], inside: float, outside: float) -> float:
    first, last = sorted((inside, outside))
    if excess(inside) * excess(outside) > 0:
        return float(inside)
    return float(brentq(excess, first, last, xtol=_PRECISE * (last - first), rtol=_PRECISE))
