"""Whether outcomes moved that the programme cannot touch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import holm, power
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, judged, not_applicable
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
    >>> from coresponder_causal.estimate import its_segmented
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=48, freq="M"), "calls": [90, 110] * 24})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2019-07")
    >>> control_outcomes(its_segmented(d), d).verdict
    'not applicable'
    """
    if not outcomes:
        return not_applicable(name, assumption, "No outcome was named that the programme cannot touch.")
    place = 0 if term is None else list(result.terms["term"]).index(term)
    rows, behind, failed = [], [], []
    for outcome in outcomes:
        try:
            fit = refit(result, design.with_outcome(outcome), options={"horizons": ()})
        except (DesignError, EstimationError) as error:
            failed.append(f"{outcome}: {error.what}")
        else:
            rows.append(_row(fit, place, outcome))
            behind += [] if fit.support is None else [fit.support.iloc[[place]]]
    if not rows:
        return not_applicable(name, assumption, f"None could be fitted ({'; '.join(failed)}).")
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p_value"])
    able = float(np.median(power(float(result.estimate[place]), table["std_error"], table["df"])))
    moved = table.loc[table["p_holm"] < 0.05, "outcome"]
    changes = "; ".join(_words(row, result.scale) for row in rows)
    sentence = (
        f"{len(moved)} of {len(table)} control outcomes moved at the 5 % level after Holm's correction ({changes}); a "
        f"change as large as the estimate would be seen in one of them with probability {able:.2f}."
        + (f" Not fitted: {'; '.join(failed)}." if failed else "")
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=len(moved) > 0, power=able),
        power=able,
        table=table,
        sentence=sentence,
        support=pd.concat(behind, ignore_index=True) if len(behind) == len(rows) else None,
    )


def _row(fit: Result, place: int, outcome: str) -> dict[str, str | float]:
    first = fit.tidy().iloc[place]
    shown = {column: float(first[column]) for column in ("estimate", "std_error", "conf_low", "conf_high", "p_value")}
    return {"outcome": outcome} | shown | {"df": float(fit.df[place])}


def _words(row: dict[str, str | float], scale: str) -> str:
    return f"{row['outcome']} {as_change(float(str(row['estimate'])), scale)}"
