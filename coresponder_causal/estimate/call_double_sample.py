"""Difference between calls where a sample of those without an outcome was followed up until it was known.

Estimand: the difference of means of the call design behind it, over calls that answered and that did not.

Needs: comparable calls (check: balance, overlap); drawn by lot with stated chances among calls without an outcome, each
of them (`design.double_sampling` draws); drawn ones that stay unknown cost a bound each (check: tipping_point).

Estimator: m_a = (Σ w y over calls known at first + Σ_h W_h ȳ_h) / Σ w over arm a, with W_h the weights of the others in
cell h of arm and chance, and ȳ_h the mean of those drawn in it. Drawn calls still unknown count at both ends of the
range of outcomes: the result is then a set.

Inference: derivatives in the weights of calls, known at first, drawn and not drawn, and those of estimated weights;
summed within persons; t(G − 1).

Breaks: when those drawn are not drawn by lot, or answer otherwise than they would have the first time; with few drawn
in a cell its mean is hardly known: said.

Reference: Hansen & Hurwitz 1946, doi:10.1080/01621459.1946.10501894; Frangakis & Rubin 2001,
doi:10.1111/j.0006-341X.2001.00333.x. Worked by hand, and simulated truth.

Say: Among {population}, {outcome} differed by {effect} ({interval}); a sample of the lost calls was found
again.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.partial_means import Ends, Moved, mean, worst_case
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.partly_known import PartlyKnownDesign
from coresponder_causal.design.partly_known_estimates import Arm, arms, partial_result

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
few = 10


@estimator(
    design=PartlyKnownDesign,
    contrasts=("ATT", "ATE", "ATC", "ATO", "ATM", "unadjusted difference"),
    reference="Hansen & Hurwitz 1946; Frangakis & Rubin 2001",
    checked_against="worked by hand; simulated truth",
    setting="double_sample",
)
def call_double_sample(d: PartlyKnownDesign) -> Result:
    """Let the calls that were drawn and found stand for all that were lost.

    Parameters
    ----------
    d : PartlyKnownDesign
        Formed with ``drawn=``, and ``chance=`` where not all had the same.

    Returns
    -------
    Result
        One term ``effect``, a set where drawn calls stay unknown; ``extra`` holds how many were drawn and found.

    Raises
    ------
    EstimationError
        A design without a draw, a drawn call without a chance, an outcome of a call that was neither known at first
        nor drawn, or a cell in which none was drawn.

    References
    ----------
    Hansen & Hurwitz (1946), doi:10.1080/01621459.1946.10501894; Frangakis & Rubin (2001),
    doi:10.1111/j.0006-341X.2001.00333.x.

    Examples
    --------
    >>> from coresponder_causal.design import CallDesign
    >>> frame = pd.DataFrame({"attended": [1] * 4 + [0] * 4, "night": [0, 1] * 4, "drawn": [0, 0, 1, 0, 0, 0, 1, 0],
    ...                       "engaged": [1, 1, 0, None, 1, 0, 1, None]})
    >>> frame = pd.concat([frame] * 10, ignore_index=True)
    >>> plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> found = call_double_sample(PartlyKnownDesign.from_calls(plain, outcome="engaged", drawn="drawn"))
    >>> found.estimate.tolist()
    [-0.25]
    """
    cells = _cells(d)
    treated, untreated = arms(d)
    one, other = (_mean(d, arm, cells) for arm in (treated, untreated))
    drawn, seen = d.was_drawn(), d.seen()
    still = int((drawn & ~seen).sum())
    if still:
        note(f"{still} of {int(drawn.sum())} drawn calls stay unknown and count at both ends of the range of outcomes")
    used = int(drawn.sum()) / max(int((cells >= 0).sum()), 1)
    return partial_result(
        d,
        "call_double_sample",
        {"effect": one.minus(other)},
        {
            "adjustment": "half drawn" if used >= 0.35 else "a quarter drawn",
            "known_first": int((seen & ~drawn).sum()),
            "drawn": int(drawn.sum()),
            "found": int((drawn & seen).sum()),
        },
        bounded=still > 0,
    )


def _cells(d: PartlyKnownDesign) -> NDArray[np.int64]:
    """Cell of arm and chance of each call without an outcome at first, −1 for the others; shape (n,)."""
    if d.drawn is None or d.reviewed is not None:
        raise EstimationError("the design says of no call that it was drawn", mend="name the column: drawn=")
    drawn, chance = d.was_drawn(), d.chances()
    lost = drawn | ~d.seen()
    if bad := int((lost & ~(chance > 0)).sum()):
        raise EstimationError(
            f"{bad} calls without an outcome at first have no chance above 0 of being drawn",
            mend="draw among all of them, as double_sampling does",
        )
    kinds = pd.DataFrame({"arm": d.calls.treated, "chance": chance})
    cells = np.where(lost, kinds.groupby(["arm", "chance"], dropna=False).ngroup().to_numpy(), -1)
    for cell in np.unique(cells[lost]):
        many = int((drawn & (cells == cell)).sum())
        if many == 0:
            raise EstimationError("none was drawn in a cell of arm and chance", mend="draw one or more of each")
        if many < few:
            doubt(f"{many} calls drawn stand for the {int((cells == cell).sum())} lost ones of their kind")
    return np.asarray(cells, np.int64)


def _mean(d: PartlyKnownDesign, arm: Arm, cells: NDArray[np.int64]) -> Ends:
    """Mean of an arm: its ends, from the calls known at first and from each cell of lost ones."""
    first = np.where(cells < 0, arm.weights, 0.0)
    total = float(arm.weights.sum())
    parts = [(mean(d.values(), first), first)] if first.any() else []
    ends = [Ends(part, part) for part, _ in parts]
    sizes = [size for _, size in parts]
    for cell in np.unique(cells[(cells >= 0) & (arm.weights > 0)]):
        lost = np.where(cells == cell, arm.weights, 0.0)
        followed = np.where(d.was_drawn(), lost, 0.0)
        ends.append(worst_case(d.values(), d.seen(), followed, *d.range_of_outcome))
        sizes.append(lost)
    low, high = (_put_together([end[side] for end in ends], sizes, total) for side in (0, 1))
    return Ends(low, high)


def _put_together(means: list[Moved], sizes: list[Array], total: float) -> Moved:
    """Mean over parts whose sizes are sums of weights."""
    value = sum(one.value * size.sum() for one, size in zip(means, sizes, strict=True)) / total
    slope = [size.sum() * one.slope + (one.value - value) * (size > 0) for one, size in zip(means, sizes, strict=True)]
    return Moved(float(value), np.sum(slope, axis=0) / total)
