"""What a difference between calls can be, whatever the outcomes are that nobody knows.

Estimand: the difference of means of the call design behind it, of which the data give the ends of a set. `lee`: that
difference among calls whose outcome would be known either way.

Needs: comparable calls (check: balance, overlap), and a range for unknown outcomes that is true: yes and no have one.
`lee` needs no range, but that the treatment moves knowledge of the outcome one way in every call (what is unknown
would have to mean how much: check: tipping_point).

Estimator: manski: the unknown outcomes of one arm at one end of the range, those of the other at the other.
horowitz-manski: the same within each level of `by`, where calls whose level is unknown are put where they do most harm.
lee: of the arm that is known more often by the share p = 1 − q₀/q₁, all but the highest, or the lowest, share p of
known outcomes, against all known ones of the other arm; with `by` within its levels, averaged by the calls of the arm
known less often.

Inference: derivatives of both ends in the weights of calls, those of estimated weights and of p included, added up
within persons; the interval holds the value itself and not all of its set (Imbens and Manski), t(G − 1).

Breaks: bounds are wide where much is unknown: that is what the data say; find some of the lost (call_double_sample).
With p near zero which arm is trimmed is hardly known. Unknown outcomes outside the stated range are not bounded.

Reference: Manski 1990, doi:10.3386/t0094; Horowitz & Manski 2000, doi:10.1080/01621459.2000.10473902; Lee 2009,
doi:10.1111/j.1467-937X.2009.00536.x; Imbens & Manski 2004, doi:10.1111/j.1468-0262.2004.00555.x; Stoye 2009,
doi:10.3982/ECTA7347. Worked by hand, and simulated truth.

Say: Whatever became of the calls that nobody knows about, {outcome} differed among {population} by {effect} at the
least and at the most ({interval}).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.partial_means import Ends, Moved, TrimmedDifference, trimmed_difference, worst_case
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.covariates import labels
from coresponder_causal.design.partly_known import PartlyKnownDesign
from coresponder_causal.design.partly_known_estimates import (
    Arm,
    arms,
    known_facts,
    partial_result,
    point,
    require_one_sample,
)

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Method = Literal["manski", "horowitz-manski", "lee"]


@estimator(
    design=PartlyKnownDesign,
    contrasts=("ATT", "ATE", "ATC", "ATO", "ATM", "unadjusted difference"),
    reference="Manski 1990; Horowitz & Manski 2000; Lee 2009; Imbens & Manski 2004",
    checked_against="worked by hand; simulated truth",
)
def call_bounds(d: PartlyKnownDesign, *, method: Method = "manski", by: str | None = None) -> Result:
    """Bound the difference of means of treated and untreated calls where outcomes are unknown.

    Parameters
    ----------
    d : PartlyKnownDesign
    method : {"manski", "horowitz-manski", "lee"}
        Worst case; worst case in each level of ``by``; trimming, where the treatment moves knowledge one way.
    by : str, optional
        Column of the calls, known before dispatch. ``"horowitz-manski"`` bounds each of its levels, it may be missing;
        ``"lee"`` trims within its levels, which can only narrow the bounds in the limit.

    Returns
    -------
    Result
        A set, with one term ``effect``, and with ``"horowitz-manski"`` one for each level; ``extra`` holds the shares
        known in both arms.

    Raises
    ------
    EstimationError
        No or an unknown column ``by``, or a level with no known outcome in an arm: merge levels.

    References
    ----------
    Manski (1990), doi:10.3386/t0094; Horowitz & Manski (2000), doi:10.1080/01621459.2000.10473902; Lee (2009),
    doi:10.1111/j.1467-937X.2009.00536.x.

    Examples
    --------
    >>> from coresponder_causal.design import CallDesign
    >>> frame = pd.DataFrame({"attended": [1] * 40 + [0] * 40, "engaged": [1, 1, 0, None] * 10 + [1, 0, 0, 0] * 10})
    >>> plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    >>> found = call_bounds(PartlyKnownDesign.from_calls(plain, outcome="engaged"))
    >>> found.set_low.tolist(), found.set_high.tolist()
    ([0.25], [0.5])
    """
    require_one_sample(d, "call_bounds")
    levels = _levels(d, method, by)
    treated, untreated = arms(d)
    among = "whose outcome would be known either way" if method == "lee" else ""
    make = _trimmed if method == "lee" else _worst
    facts = known_facts(treated, untreated) | {"least": d.range_of_outcome[0], "most": d.range_of_outcome[1]}
    return partial_result(d, "call_bounds", make(d, treated, untreated, levels), facts, bounded=True, among=among)


def _levels(d: PartlyKnownDesign, method: Method, by: str | None) -> pd.Series | None:
    """Levels of the column asked for, as text; None where it is not asked for."""
    if by is None and method != "horowitz-manski":
        return None
    if by is None or by not in d.source or method == "manski":
        there = ", ".join([*d.calls.covariates, *d.calls.equal_in][:12])
        raise EstimationError(
            f"call_bounds: by={by!r} does not go with method='{method}'",
            mend=f"by names a column of the calls for 'horowitz-manski' or 'lee', such as {there}",
        )
    column = d.source[by]
    return pd.Series(labels(column)).where(column.notna().to_numpy())


def _worst(d: PartlyKnownDesign, treated: Arm, untreated: Arm, levels: pd.Series | None) -> dict[str, Ends]:
    """Bound the difference over all calls, and within each level."""
    y, seen, (least, most) = d.values(), d.seen(), d.range_of_outcome
    groups: dict[str, Array | None] = {"effect": None}
    if levels is not None:
        unknown = levels.isna().to_numpy()
        if unknown.any():
            note(f"{int(unknown.sum())} calls of unknown level count where they do most harm")
        for level in sorted(levels.dropna().unique()):
            groups[f"effect, {level}"] = np.where(unknown, np.nan, (levels == level).to_numpy(float))
    terms = {}
    for term, member in groups.items():
        for arm in (treated, untreated):
            if member is not None and not ((member == 1) & (arm.weights > 0)).any():
                raise EstimationError(f"no calls of both kinds behind '{term}'", mend="merge levels")
        one, other = (worst_case(y, seen, arm.weights, least, most, member=member) for arm in (treated, untreated))
        terms[term] = one.minus(other)
    return terms


def _trimmed(d: PartlyKnownDesign, treated: Arm, untreated: Arm, levels: pd.Series | None) -> dict[str, Ends]:
    """Bound the difference among calls whose outcome would be known either way."""
    more_often = treated.known.value >= untreated.known.value
    often, seldom = (treated, untreated) if more_often else (untreated, treated)
    if often.known.value - seldom.known.value < 0.01:
        note("outcomes are known about as often in both arms: which one is trimmed is hardly known")
    names = pd.Series("all", index=range(len(d.source))) if levels is None else levels.fillna("missing")
    parts = [_within(d, (names == level).to_numpy(), often.weights, seldom.weights) for level in sorted(names.unique())]
    if against := sum(turned for _, _, turned in parts):
        doubt(f"in {against} levels outcomes are known more often in the other arm: knowledge moves both ways")
    found = Ends(*(_averaged([ends[side] for ends, _, _ in parts], [size for _, size, _ in parts]) for side in (0, 1)))
    if more_often:
        return {"effect": found}
    nothing = point(Moved(0.0, np.zeros(len(d.source))))
    return {"effect": nothing.minus(found)}


def _within(d: PartlyKnownDesign, cell: Flags, often: Array, seldom: Array) -> TrimmedDifference:
    """Trim one level: often known against seldom known."""
    y, seen = d.values(), d.seen()
    more, less = np.where(cell, often, 0.0), np.where(cell, seldom, 0.0)
    if not ((more > 0) & seen).any() or not ((less > 0) & seen).any():
        raise EstimationError("a level has no known outcome in one arm", mend="merge levels")
    return trimmed_difference(y, seen, more, less)


def _averaged(values: list[Moved], sizes: list[Moved]) -> Moved:
    """Average over levels, weighted by sizes that are estimated too."""
    total = sum(size.value for size in sizes)
    middle = sum(one.value * size.value for one, size in zip(values, sizes, strict=True)) / total
    parts = [
        size.value * one.slope + (one.value - middle) * size.slope for one, size in zip(values, sizes, strict=True)
    ]
    return Moved(float(middle), np.sum(parts, axis=0) / total)
