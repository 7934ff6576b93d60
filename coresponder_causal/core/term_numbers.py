"""What a result holds is of the right shape, cannot be changed, and is never to be read as a number that it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError

if TYPE_CHECKING:
    from coresponder_causal.core.result import Result

Array = NDArray[np.float64]


def freeze(result: Result, name: str, shape: tuple[int, ...]) -> None:
    """Replace an array field by a read-only copy of the stated shape: the caller's array stays writeable."""
    value = getattr(result, name)
    if value is None:
        return
    array = np.array(value, dtype=float)
    if array.shape != shape:
        raise EstimationError(f"{name} has shape {array.shape}, not {shape}", mend="give one value per term")
    array.setflags(write=False)
    object.__setattr__(result, name, array)


def require_numbers(result: Result) -> None:
    """Refuse what must never be read as a number: no terms, non-finite estimates, negative variances."""
    if len(result.terms) == 0 or "term" not in result.terms:
        raise EstimationError(f"{result.method} has no terms", mend="name each estimate in a column 'term'")
    if result.kind == "set" and (result.set_low is None or result.set_high is None):
        raise EstimationError(f"{result.method} is a set without bounds", mend="give set_low and set_high")
    bad = ~np.isfinite(result.estimate) | ~(np.diag(result.vcov) >= 0) | ~(result.df > 0)
    if bad.any():
        names = ", ".join(map(str, result.terms.loc[bad, "term"]))
        raise EstimationError(
            f"{result.method} has no finite estimate, variance or df for {names}",
            mend="ask for terms the data support, or a longer series",
        )
