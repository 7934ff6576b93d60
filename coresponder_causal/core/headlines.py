"""Headlines of many panels at once, for methods that can give them without all that a `Result` says beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panels:
    """Many panels of one treated city, of the same periods.

    Parameters
    ----------
    courses : ndarray, shape (s, T, 1 + m)
        Log rates, one panel after the other, the treated city first.
    dose, positions : ndarray, shape (T,)
    after : ndarray of bool, shape (T,)
        Periods from the start on.
    season : float or None
        Periods in a year.
    """

    courses: Array
    dose: Array
    positions: Array
    after: NDArray[np.bool_]
    season: float | None


Headlines: TypeAlias = Callable[[Panels, Mapping[str, Any]], Array | None]
"""Estimate, standard error and df of many panels, shape (s, 3), by a method's options; None where these forbid it."""
_headlines: dict[str, Headlines] = {}


def headlines_of(method: str) -> Callable[[Headlines], Headlines]:
    """Register the function that gives a method's headline for many panels at once.

    Parameters
    ----------
    method : str
        Name of the estimator.
    """

    def register(function: Headlines) -> Headlines:
        _headlines[method] = function
        return function

    return register


def headlines(method: str) -> Headlines | None:
    """Return the function that `headlines_of` registered, None where there is none."""
    return _headlines.get(method)
