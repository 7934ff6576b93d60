"""Whether calls of another mix came in the covered hours after the start, or more of them."""

from __future__ import annotations

import numpy as np

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.hour_profile import notable, profile_table, weekly_moves
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.design.call_instrument import CallInstrumentDesign

name = "hour_profile"
assumption = "When calls come, and of which kind, did not change with the start: hours can be compared over time."


def hour_profile(result: Result | None, design: CallInstrumentDesign) -> CheckResult:
    """Compare the hours of calls, and what was known of them before dispatch, before and after the start.

    Parameters
    ----------
    result : Result or None
        Not looked at: who calls when is a matter of the design.
    design : CallInstrumentDesign
        The design itself, or one formed of calls that the programme cannot touch, such as medical calls.

    Returns
    -------
    CheckResult
        Contradicts when, after Holm's correction, the distribution of calls over the hours of the day, the weekly share
        of covered hours, or the weekly gap of a covariate between covered and uncovered hours moved at 5 %. The table
        has one row for each: ``what, standardised, p_value, p_holm``; of the hours of the day ``standardised`` is the
        largest of the 24. Its power is that of the median of the others to see a standardised difference of 0.1.

    Examples
    --------
    >>> from coresponder_causal.validity.call_worlds import call_table, shifts, start
    >>> def drawn(moved):
    ...     calls = call_table(np.random.default_rng(2), calls=6000, moved=moved)
    ...     return CallInstrumentDesign.from_tables(calls, shifts(), outcome=None, start=start.date())
    >>> hour_profile(None, drawn(False)).verdict, hour_profile(None, drawn(True)).verdict
    ('no contradiction found', 'contradicts')
    """
    if design.instrument != "coverage_post":
        return not_applicable(name, assumption, "The instrument does not compare hours before and after.")
    try:
        moves = weekly_moves(design.timing, design.z(), design.calls.covariate_frame())
    except EstimationError as error:
        return not_applicable(name, assumption, f"It cannot be fitted: {error.what}.")
    able = float(np.median([power_of(notable, row.std_error, row.df) for row in moves]))
    table = profile_table(design.timing, moves)
    moved = table.loc[table["p_holm"] < 0.05, "what"].tolist()
    said = ", ".join(f"{row.what} by {row.standardised:+.2f} standard deviations" for row in table.itertuples())
    sentence = (
        f"{len(moved)} of {len(table)} moved with the start at the 5 % level after Holm's correction ({said}); a "
        f"shift of {notable} standard deviations would be seen with probability {able:.2f}."
        + (" Covered against uncovered hours of this city alone is then not safe." if moved else "")
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=bool(moved), power=able),
        power=able,
        table=table,
        sentence=sentence,
    )
