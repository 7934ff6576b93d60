"""One answer from tests on many random halves: medians, and p-values that pay for them."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from coresponder_causal.core.inference.student import critical, p_value

Array = NDArray[np.float64]


class Medians(NamedTuple):
    """Medians over partitions of k estimates, their errors, bounds and adjusted p-values, each of shape (k,)."""

    estimate: Array
    std_error: Array
    low: Array
    high: Array
    p_value: Array


def over_partitions(
    estimates: Array, std_errors: Array, df: Array, *, side: Literal["two", "greater"] = "two", level: float = 0.95
) -> Medians:
    """Medians of estimates and of bounds at 1 − (1 − level)/2; twice the median p-value, which is then valid.

    Parameters
    ----------
    estimates, std_errors : ndarray, shape (R, k)
        Of R partitions; a partition without an estimate (NaN) counts as one with p = 1.
    df : ndarray, shape (R,)
    side : {"two", "greater"}
        Whether p-values speak against no effect, or against none above zero.
    level : float

    References
    ----------
    Chernozhukov, Demirer, Duflo & Fernández-Val (2018), doi:10.3386/w24678, section 4.2.

    Examples
    --------
    >>> found = over_partitions(np.array([[2.0], [3.0], [2.5]]), np.ones((3, 1)), np.full(3, np.inf))
    >>> found.estimate.tolist(), found.p_value.round(4).tolist()
    ([2.5], [0.0248])
    """
    known = np.isfinite(estimates) & (std_errors > 0)
    size = np.where(known, estimates, np.nan) / np.where(known, std_errors, np.nan)
    raw = p_value(size, df[:, None]) if side == "two" else stats.t.sf(size, df[:, None])
    half = critical(df, 1 - (1 - level) / 2)[:, None] * std_errors
    centre, spread, low, high = (
        np.where(known.any(axis=0), np.nanmedian(np.where(known | ~known.any(axis=0), each, np.nan), axis=0), np.nan)
        for each in (np.nan_to_num(part) for part in (estimates, std_errors, estimates - half, estimates + half))
    )
    chance = np.minimum(2 * np.median(np.where(known, raw, 1.0), axis=0), 1.0)
    return Medians(centre, spread, low, high, chance)
