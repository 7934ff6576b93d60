"""Whether hours that the team never covered moved as if it had covered them."""

from __future__ import annotations

import numpy as np

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.untouched import none_moved
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.coverage_moved import moved_hours

name = "placebo_hours"
assumption = "Hours that were never covered did not move against each other when the team came."
shifts, least_share = (-12, -9, -6, 6, 9, 12), 0.2


def placebo_hours(
    result: Result,
    design: CoverageDesign | SeriesDesign | PanelDesign | CallDesign,
    *,
    hours: tuple[int, ...] = shifts,
) -> CheckResult:
    """Take the covered hours out, treat others as covered in their place, and fit again.

    Parameters
    ----------
    result : Result
        The estimate to be checked; its first term is looked at.
    design : CoverageDesign
        Formed of calls, since counts by class of hours cannot be divided otherwise.
    hours : tuple of int
        By how many hours the covered ones are moved; those that were covered in truth stay out, on either side.

    Returns
    -------
    CheckResult
        Contradicts when the smallest Holm-adjusted p-value is below 5 %: hours drift apart by themselves, or the team
        changes hours beside its own. Its power is that of the median placebo to find a change as large as the estimate.
        A move that leaves fewer than a fifth of the uncovered hours on one side, or the same hours as another, is
        passed over.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen & Cohen (2010), doi:10.1097/EDE.0b013e3181d61eeb (negative-control exposures).

    Examples
    --------
    >>> from coresponder_causal.estimate import its_segmented
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=48, freq="M"), "calls": [90, 110] * 24})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2019-07")
    >>> placebo_hours(its_segmented(d), d).sentence
    'It needs a design of hours, formed of calls.'
    """
    if not isinstance(design, CoverageDesign) or design.calls is None or "boundary" in result.extra:
        return not_applicable(name, assumption, "It needs a design of hours, formed of calls.")
    fits, failed, tried = {}, [], set[bytes]()
    spare = ~design.covered
    for shift in hours:
        made_up = np.roll(design.covered, shift) & spare
        label = f"{abs(shift)} hours {'earlier' if shift < 0 else 'later'}"
        if made_up.tobytes() in tried or not least_share <= made_up.sum() / spare.sum() <= 1 - least_share:
            continue
        tried.add(made_up.tobytes())
        try:
            fits[label] = refit(result, moved_hours(design, made_up))
        except CausalError as error:
            failed.append(f"{label}: {error.what}")
    return none_moved(
        fits,
        failed,
        beside=result,
        place=0,
        check=name,
        assumption=assumption,
        column="hours",
        noun="placebo hours",
    )
