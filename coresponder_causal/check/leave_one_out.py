"""Whether one comparison city decides the conclusion."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.left_out import decided_by_one, left_out
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign

name = "leave_one_out"
assumption = "No single comparison city decides the conclusion."


def leave_one_out(result: Result, design: SeriesDesign | PanelDesign | CoverageDesign) -> CheckResult:
    """Fit again without each comparison city in turn.

    Parameters
    ----------
    result : Result
        The estimate to be checked; its first term is looked at.
    design : the design it was made from

    Returns
    -------
    CheckResult
        Contradicts when leaving out one city changes whether the interval excludes no change, or turns the sign of an
        estimate whose interval excludes it, halves or doubles it.

    References
    ----------
    Abadie, Diamond & Hainmueller (2015), doi:10.1111/ajps.12116 (leave-one-out distribution).

    Examples
    --------
    >>> from coresponder_causal.estimate import its_segmented
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=48, freq="M"), "calls": [90, 110] * 24})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2019-07")
    >>> leave_one_out(its_segmented(d), d).verdict
    'not applicable'
    """
    least = 3 if result.placebo is None else 4  # ranks need three that are left
    if isinstance(design, SeriesDesign) or len(cities := design.comparison_units) < least:
        return not_applicable(
            name, assumption, f"It needs at least {'three' if least == 3 else 'four'} comparison cities."
        )
    chosen = result.provenance.option_values().get("inference")
    options = {"inference": "cluster"} if chosen == "auto" else {}  # one unit fewer may fall below its licence
    try:
        rows = [left_out(refit(result, design.without(city), options=options), city) for city in cities]
    except CausalError as error:
        why = f"The method cannot be fitted without each comparison city in turn: {error.what}."
        return not_applicable(name, assumption, why)
    return decided_by_one(
        result, pd.DataFrame(rows), check=name, assumption=assumption, said="Without one comparison city at a time"
    )
