"""What a comparator gives: an estimate with its error, or the set that its test does not reject."""

from __future__ import annotations

from typing import NamedTuple


class Comparison(NamedTuple):
    """Estimate, standard error and df of one comparator; the term it is held against is the cell's effect."""

    estimate: float
    std_error: float
    df: float


class Inverted(NamedTuple):
    """Estimate of one comparator, the set that its test does not reject, and the p-value of no effect.

    Where ``low`` exceeds ``high`` the set is all but what lies between.
    """

    estimate: float
    std_error: float
    low: float
    high: float
    p_value: float
