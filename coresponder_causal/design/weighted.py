"""What every weighting of calls does in the end: carry the weights, and say how many calls stand behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign

Array = NDArray[np.float64]
heaviest = 0.1


def weighted(c: CallDesign, adjustment: Adjustment, said: Sequence[str] = ()) -> CallDesign:
    """Return the design with its weights, and with notes on what they rest on.

    Parameters
    ----------
    c : CallDesign
    adjustment : Adjustment
    said : sequence of str
        What was said when the weights were made.
    """
    with collecting() as notes:
        if c.exact:
            note(f"weights do not keep calls equal in {', '.join(c.exact)}: put these among the covariates, or match")
        _say_effective(adjustment.weights * c.sampling_weights(), c.treated)
    return replace(c, adjustment=adjustment, notes=(*c.notes, *said, *notes))


def _say_effective(weights: Array, treated: NDArray[np.bool_]) -> None:
    sizes = []
    for name, arm in (("treated", treated), ("untreated", ~treated)):
        own = weights[arm]
        effective, share = own.sum() ** 2 / (own @ own), own.max() / own.sum()
        sizes.append(f"{effective:.0f} of {len(own)} {name} calls")
        if share > heaviest:
            doubt(
                f"one {name} call carries {100 * share:.0f} % of the weight of its arm: "
                "the comparison rests on few calls"
            )
    note(f"effective number after weighting: {' and '.join(sizes)}")
