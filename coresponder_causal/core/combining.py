"""Linear combinations of terms: which combine, and the covariance of those that do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.influence import Influence

if TYPE_CHECKING:
    from coresponder_causal.core.result import Result

Array = NDArray[np.float64]


def require_combinable(result: Result, w: Array, terms: pd.DataFrame) -> None:
    """Refuse weights that do not fit, and terms whose uncertainty is not that of a sum."""
    if w.shape != (len(terms), len(result.terms)):
        raise EstimationError(
            f"weights have shape {w.shape}, not {(len(terms), len(result.terms))}",
            mend="one row each, one column per term",
        )
    if result.kind == "set":
        raise EstimationError(f"{result.method} is a set: its bounds do not combine", mend="combine point estimates")
    own_tests = {"ranks among placebos": result.placebo, "randomization tests": result.crossings}
    for what, held in (own_tests | {"exact tests": result.split, "bootstrap tests": result.wild}).items():
        if held is not None:
            raise EstimationError(f"{what} do not combine", mend="ask for another inference")
    used = (w != 0).any(axis=0)
    if result.event_base is not None and np.any(np.isfinite(result.event_base) & used):
        raise EstimationError("terms in events do not combine with log ratios", mend="give them zero weight")


def combined_vcov(weights: Array, vcov: Array) -> Array:
    """W V W', NaN where a pair of terms is used whose covariance was not estimated."""
    unknown = np.isnan(vcov)
    combined = weights @ np.where(unknown, 0.0, vcov) @ weights.T
    used = (weights != 0).astype(float)
    return np.asarray(np.where(used @ unknown @ used.T > 0, np.nan, combined))


def clustered_gram(influence: Influence) -> Array:
    """Covariance of means whose clusters are independent, from the sums of influence within each."""
    sums = influence.by_cluster().to_numpy()
    return np.asarray(sums.T @ sums, float) / influence.n**2
