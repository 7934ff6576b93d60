"""Whether the reduced form was zero before the start."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.inference import power
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, judged, not_applicable
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign

name = "pre_period"
assumption = "Before the start the treated city ran parallel to its comparison."
shortest = 12
steps_alone = ("did_triple",)  # methods that compare two times and know no dose between


def pre_period(result: Result, design: SeriesDesign | PanelDesign | CoverageDesign) -> CheckResult:
    """Fit a drift to the time before the start with the result's own method.

    Parameters
    ----------
    result : Result
        The estimate to be checked; its first term is looked at.
    design : the design it was made from
        Against comparison cities the drift is linear over the time before the start; in a single series, which has a
        trend of its own, it is a bend halfway; where calls of two times are compared one by one, a step halfway.

    Returns
    -------
    CheckResult
        Contradicts when the drift differs from zero at 5 %; its power is that of finding a drift as large as the
        estimate.

    References
    ----------
    Roth (2022), doi:10.1257/aeri.20210236: such a test sees little; its power is part of its verdict.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> months = pd.period_range("2017-01", periods=72, freq="M")
    >>> frame = pd.DataFrame({"month": months, "calls": rng.poisson(180, 72)})
    >>> from coresponder_causal.estimate import its_segmented
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> pre_period(its_segmented(d), d).check
    'pre_period'
    """
    before = np.unique(design.axis.positions[design.axis.positions < design.start_position])
    if len(before) < shortest:
        why = f"Only {len(before)} periods lie before the start; {shortest} are needed to see a drift."
        return not_applicable(name, assumption, why)
    step = result.method in steps_alone and not isinstance(design, SeriesDesign)
    made_up = design.before_start(start=int(before[len(before) // 2])) if step else design.before_start()
    try:
        drift = refit(result, made_up, options={"slope_change": False, "horizons": ()})
    except CausalError as error:
        why = (
            f"The method cannot be fitted to the {len(before)} periods before the start with a start that early "
            f"({made_up.start}): {error.what}."
        )
        return not_applicable(name, assumption, why)
    first = drift.tidy().iloc[0]
    able = float(power(float(result.estimate[0]), first["std_error"], drift.df[0]))
    rejects = bool(first["p_value"] < 0.05)
    table = pd.DataFrame([first[["estimate", "std_error", "p_value", "conf_low", "conf_high"]].to_dict()])
    change = as_change(float(first["estimate"]), drift.scale)
    what = "the second half's change" if step else "the drift"
    sentence = (
        f"Over the {len(before)} periods before the start {what} was {change} (p {first['p_value']:.2f}); a drift "
        f"as large as the estimate would be seen with probability {able:.2f}."
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=rejects, power=able),
        power=able,
        table=table,
        sentence=sentence,
    )
