"""Intervals and p-values of terms: of t, of ranks, of redraws of the treatment, exact, of a set, or of a bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core import inference

if TYPE_CHECKING:
    from coresponder_causal.core.result import Result

Array = NDArray[np.float64]


def half_widths(result: Result, level: float) -> Array:
    """Half-widths of the terms' intervals in standard errors; of a bootstrap's the wider half."""
    if result.wild is not None:
        std_error = np.sqrt(np.diag(result.vcov))
        low, high = limits(result, std_error, level)
        return np.asarray(np.maximum(result.estimate - low, high - result.estimate) / std_error, float)
    if result.placebo is None:
        return inference.critical(result.df, level)
    return np.array([inference.rank_critical(row, level) for row in result.placebo])


def limits(result: Result, std_error: Array, level: float) -> tuple[Array, Array]:
    """Bounds of the terms on their own scale."""
    if result.crossings is not None:
        bounds = np.array([inference.randomization_interval(rows, level) for rows in result.crossings])
        return bounds[:, 0], bounds[:, 1]
    if result.split is not None:
        return inference.split_interval(result.split, level)
    if result.set_spread is not None:
        return inference.set_interval(_ends(result), result.set_spread, result.df, level)
    if result.wild is not None:
        pairs = zip(result.wild, result.estimate, strict=True)
        bounds = np.array([inference.wild_interval(rows, float(own), level) for rows, own in pairs])
        return bounds[:, 0], bounds[:, 1]
    half = half_widths(result, level) * std_error
    return result.estimate - half, result.estimate + half


def p_values(result: Result, statistic: Array) -> Array:
    """Two-sided p-values of the terms."""
    if result.crossings is not None:
        return np.array([inference.randomization_p_value(rows) for rows in result.crossings])
    if result.split is not None:
        return inference.split_p_value(result.split)
    if result.set_spread is not None:
        return inference.set_p_value(_ends(result), result.set_spread, result.df)
    if result.wild is not None:
        pairs = zip(result.wild, result.estimate, strict=True)
        return np.array([inference.wild_p_value(rows, float(own)) for rows, own in pairs])
    if result.placebo is None:
        return inference.p_value(statistic, result.df)
    return np.array([inference.rank_test(*pair).p_value for pair in zip(statistic, result.placebo, strict=True)])


def _ends(result: Result) -> Array:
    return np.column_stack([result.set_low, result.set_high])  # type: ignore[list-item]
