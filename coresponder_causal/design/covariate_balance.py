"""How far the means of a covariate lie apart between the arms, in standard deviations before adjustment."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.matched_sets import matched_for

Array = NDArray[np.float64]
most_apart = 0.1  # standard deviations; Stuart, Lee & Leacy (2013), doi:10.1016/j.jclinepi.2013.01.013


def left_apart(d: CallDesign) -> pd.Series:
    """Standardised mean differences beyond `most_apart` that adjustment left, the largest first.

    Parameters
    ----------
    d : CallDesign
        Matched or weighted.

    Returns
    -------
    Series
        By covariate or level; empty where all are alike.
    """
    frame, weights = d.covariate_frame(), d.call_weights()
    numbers = {column: frame[column].to_numpy(float) for column in frame}
    found = {column: mean_difference(x, weights, d.treated) / deviation(x, d) for column, x in numbers.items()}
    apart = pd.Series(found, dtype=float)
    return apart[apart.abs() > most_apart].sort_values(key=np.abs, ascending=False, kind="stable")


def mean_difference(x: Array, weights: Array, treated: NDArray[np.bool_]) -> float:
    """Weighted mean of the treated less that of the others."""
    first, second = (np.average(x[arm], weights=weights[arm]) for arm in (treated, ~treated))
    return float(first - second)


def deviation(x: Array, d: CallDesign) -> float:
    """Take the standard deviation before adjustment; that of both arms where the one asked for has none."""
    weights, indicator = d.sampling_weights(), is_indicator(x)
    first, second = (variance(x[arm], weights[arm], indicator=indicator) for arm in (d.treated, ~d.treated))
    own = {"ATT": first, "ATC": second}.get(matched_for(d), 0.0)
    return float(np.sqrt(own or (first + second) / 2)) or float("nan")


def is_indicator(x: Array) -> bool:
    """Whether a covariate holds nothing but 0 and 1."""
    return bool(np.isin(x, [0.0, 1.0]).all())


def variance(x: Array, weights: Array, *, indicator: bool) -> float:
    """Weighted variance, Σw(x − m)² / (Σw − Σw²/Σw); of an indicator p(1 − p)."""
    total, mean = weights.sum(), np.average(x, weights=weights)
    if indicator:
        return float(mean * (1 - mean))
    free = total - weights @ weights / total
    return float(weights @ (x - mean) ** 2 / free) if free > 0 else 0.0
