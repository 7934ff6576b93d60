"""Whether the instrument seemed to move the outcome before there was a team to be sent."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.reduced_form import reduced_form
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, judged, not_applicable
from coresponder_causal.design.call_instrument import CallInstrumentDesign

name = "reduced_form_before"
assumption = "Before the start the outcomes of covered and of uncovered hours moved alike."


def reduced_form_before(result: Result, design: CallInstrumentDesign) -> CheckResult:
    """Give the later half of the time before the start a made-up team in the covered hours.

    Parameters
    ----------
    result : Result
        The estimate to be checked: its term ``itt`` is what the check must be able to see.
    design : CallInstrumentDesign

    Returns
    -------
    CheckResult
        Contradicts when the reduced form of calls before the start differs from 0 at 5 %. Its table has one row:
        ``estimate, std_error, df, conf_low, conf_high, p_value``.

    Examples
    --------
    >>> from coresponder_causal.validity.call_worlds import call_table, shifts, start
    >>> from coresponder_causal.estimate import call_iv
    >>> import numpy as np
    >>> calls = call_table(np.random.default_rng(2), calls=3000)
    >>> d = CallInstrumentDesign.from_tables(calls, shifts(), outcome="arrest", start=start.date())
    >>> reduced_form_before(call_iv(d, inference="week"), d).table["df"].notna().tolist()
    [True]
    """
    try:
        before = design.before_start()
        row = reduced_form(
            before.calls.outcome_values(),
            before.z(),
            strata=before.strata(),
            regressors=before.regressors(),
            week=before.timing["week"],
            covered=before.timing["covered"],
        ).row()
    except (DesignError, EstimationError) as error:
        return not_applicable(name, assumption, f"It cannot be fitted: {error.what}.")
    sought = float(result.params["itt"])
    able = float(power_of(sought, row["std_error"], row["df"]))
    sentence = (
        f"With a made-up team in the later half of the time before the start, {design.outcome} per call in covered "
        f"against uncovered hours moved by {as_change(row['estimate'], result.scale)} (95 % interval "
        f"{as_change(row['conf_low'], result.scale)} to {as_change(row['conf_high'], result.scale)}); a move as "
        f"large as the effect of the instrument would be seen with probability {able:.2f}."
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=row["p_value"] < 0.05, power=able),
        power=able,
        table=pd.DataFrame([row]),
        sentence=sentence,
    )
