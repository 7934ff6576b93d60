"""Whether outcomes moved that the programme cannot touch."""

from __future__ import annotations

from collections.abc import Sequence

from coresponder_causal.core.choices import names_of
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.untouched import none_moved
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign, SwitchbackDesign

name = "control_outcomes"
assumption = "Outcomes that the programme cannot touch did not move with it."


def control_outcomes(
    result: Result,
    design: SeriesDesign | PanelDesign | CoverageDesign | SwitchbackDesign,
    *,
    outcomes: Sequence[str] = (),
    term: str | None = None,
) -> CheckResult:
    """Fit the same design to outcomes that the programme cannot touch.

    Parameters
    ----------
    result : Result
        The estimate to be checked.
    design : the design it was made from
    outcomes : sequence of str
        Columns of the design's frame, e.g. burglaries and collisions.
    term : str, optional
        The term looked at; the first if not given.

    Returns
    -------
    CheckResult
        Contradicts when the smallest Holm-adjusted p-value is below 5 %; its power is that of the median control
        outcome to show a change as large as the estimate.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen & Cohen (2010), doi:10.1097/EDE.0b013e3181d61eeb.

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.estimate import its_segmented
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=48, freq="M"), "calls": [90, 110] * 24})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2019-07")
    >>> control_outcomes(its_segmented(d), d).verdict
    'not applicable'
    """
    if not outcomes:
        return not_applicable(name, assumption, "No outcome was named that the programme cannot touch.")
    place = 0 if term is None else list(result.terms["term"]).index(term)
    names = names_of(outcomes)
    fits, failed, absent = {}, [], []
    for outcome in names:
        try:
            fits[outcome] = refit(result, design.with_outcome(outcome), options={"horizons": ()})
        except (DesignError, EstimationError) as error:
            failed.append(f"{outcome}: {error.what}")
            if f"column '{outcome}' is missing" in error.what:
                absent.append(outcome)
    if len(absent) == len(names):
        return not_applicable(
            name, assumption, f"The control counts are not given in the data of this design ({', '.join(absent)})."
        )
    return none_moved(
        fits,
        failed,
        beside=result,
        place=place,
        check=name,
        assumption=assumption,
        column="outcome",
        noun="control outcomes",
    )
