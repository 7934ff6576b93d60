"""Whether first calls after a wash-out and all calls say the same: what earlier treatment carries over to later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.inference import interval, p_value
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.overlap_of_results import difference
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, as_change, judged, not_applicable
from coresponder_causal.design.adjusted_again import adjusted_again
from coresponder_causal.design.call_rules import call_id
from coresponder_causal.design.calls import CallDesign

name = "first_or_all"
assumption = "What the team did at an earlier call does not change what it does at a later one of the same person."


def first_or_all(result: Result, design: CallDesign, *, washouts: Sequence[int] = (0, 30, 90, 180, 365)) -> CheckResult:
    """Estimate of first calls in a wash-out, and of all calls, by the same method and the same adjustment made anew.

    Parameters
    ----------
    result : Result
    design : CallDesign
        Made by `CallDesign.from_tables`, with persons and a column ``call_id``; first calls are those of its
        ``washout_days``.
    washouts : sequence of int
        Further wash-outs in days; 0 is all calls.

    Returns
    -------
    CheckResult
        Contradicts when first calls and all calls differ at 5 %; its power is that to show a difference as large as the
        estimate. One row per wash-out: ``kind, washout_days, calls, unseen`` (calls whose wash-out begins before the
        table), the estimate, and ``less_all`` with its standard error, interval and p-value: the estimate less that of
        all calls, over the calls and persons that both share. No later call is among the first ones, so that a
        difference is what earlier treatment brought, or that who calls again is another person than who does not: the
        two cannot be told apart here, and either way first calls are the ones to report.

    References
    ----------
    Hernán & Robins (2016), doi:10.1093/aje/kwv254 (eligibility and time zero).

    Examples
    --------
    >>> from coresponder_causal.estimate import call_difference
    >>> frame = pd.DataFrame({"attended": [1, 0] * 20, "hour": [0, 0, 1, 1] * 10, "minutes": [5, 7, 6, 9] * 10})
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["hour"])
    >>> with quietly():
    ...     first_or_all(call_difference(d), d).verdict
    'not applicable'
    """
    if missing := _lacks(result, design):
        return not_applicable(name, assumption, missing)
    assert design.sequence is not None  # asked above
    first = design.sequence.washout_days
    fits: dict[int, Result] = {}
    failed = []
    for days in sorted({0, first, *washouts}):
        try:
            fits[days] = _fitted(result, design, days)
        except CausalError as error:
            failed.append(f"{days} days ({' '.join(error.what.split())})")
    if not {0, first} <= fits.keys():
        return not_applicable(name, assumption, f"It cannot be estimated: {'; '.join(failed)}.")
    return _judged(result, _table(fits, design), first, failed)


def _lacks(result: Result, design: CallDesign) -> str:
    """Say for want of what the check cannot be made, nothing where it can."""
    if not isinstance(design, CallDesign) or design.sequence is None:
        return "It needs the calls that came before: a design of calls made by from_tables."
    if design.person is None:
        return "Without codes of persons nobody knows which call was a first one."
    if call_id not in design.source:
        return f"The calls have no {call_id} by which those in both estimates could be found."
    return "" if result.influence is not None else f"{result.method} keeps no influence of single calls."


def _fitted(result: Result, design: CallDesign, days: int) -> Result:
    assert design.sequence is not None  # asked before
    if days == design.sequence.asked:
        return result
    with quietly():
        return refit(result, adjusted_again(design.with_washout(days), design))


def _table(fits: dict[int, Result], design: CallDesign) -> pd.DataFrame:
    """One row per wash-out: its estimate, and what it is less that of all calls."""
    assert design.sequence is not None  # asked before
    with quietly():
        every = design.with_washout(0)
    person_of = pd.Series(every.persons, index=every.calls)
    seen = pd.Series(design.sequence.timing["days_seen"].to_numpy(float), index=design.sequence.calls[call_id])
    rows = []
    for days, fit in fits.items():
        shown = fit.tidy().iloc[0]
        own, whole = (_headline(one) for one in (fit, fits[0]))
        apart, df = difference(own, whole, person_of), float(min(fit.df[0], fits[0].df[0]))
        low, high = interval(apart.estimate, apart.std_error, df)
        told = apart.std_error > 0 and days > 0
        rows.append(
            {"kind": f"first in {days} days" if days else "all calls", "washout_days": days, "calls": fit.n_obs}
            | {
                "role": "treated" if days == design.sequence.washout_days else "comparison",
                "unseen": int((seen.loc[own[2].unit] < days).sum()),
            }
            | {key: float(shown[key]) for key in ("estimate", "std_error", "conf_low", "conf_high")}
            | {"df": df, "less_all": apart.estimate, "less_all_std_error": apart.std_error}
            | {"less_all_low": float(low), "less_all_high": float(high)}
            | {"p_value": float(p_value(apart.estimate / apart.std_error, df)) if told else np.nan}
        )
    return pd.DataFrame(rows)


def _headline(fit: Result) -> tuple[float, float, Influence]:
    """Estimate, standard error and influence of the first term."""
    assert fit.influence is not None  # its method keeps it
    first = np.eye(1, len(fit.estimate))
    return float(fit.estimate[0]), float(np.sqrt(fit.vcov[0, 0])), fit.influence.transform(first)


def _judged(result: Result, table: pd.DataFrame, first: int, failed: Sequence[str]) -> CheckResult:
    numbers = table.drop(columns=["kind", "role"])
    own, whole = (
        {str(key): float(value) for key, value in row.items()}
        for row in (numbers[numbers["washout_days"] == days].iloc[0] for days in (first, 0))
    )
    if not own["less_all_std_error"] > 0:
        return not_applicable(name, assumption, "First calls are all the calls there are: nobody called again.")
    able = float(power_of(float(result.estimate[0]), own["less_all_std_error"], own["df"]))
    less, low, high = (
        as_change(float(own[key]), result.scale) for key in ("less_all", "less_all_low", "less_all_high")
    )
    sentence = (
        f"{as_change(own['estimate'], result.scale)} in {int(own['calls'])} first calls of a wash-out of "
        f"{first} days, {as_change(whole['estimate'], result.scale)} in all {int(whole['calls'])} calls: they "
        f"differ by {less} ({low} to {high}; p {own['p_value']:.3f}). Of first calls {int(own['unseen'])} have a "
        "wash-out that begins before the table. A difference is what earlier treatment brought, or who calls again; "
        f"one as large as the estimate would be seen with probability {able:.2f}."
        + (f" Not estimated: {'; '.join(failed)}." if failed else "")
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=own["p_value"] < 0.05, power=able),
        power=able,
        table=table,
        sentence=sentence,
        support=table[["calls"]],
    )
