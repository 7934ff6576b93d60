"""Whether the instrument brings the team, in every hour, and enough to be read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.inference import holm, p_value
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, Verdict
from coresponder_causal.design.call_instrument import CallInstrumentDesign

name = "first_stage"
assumption = "The instrument brings the team, never keeps it away, and does so often enough."
enough = 23.1  # effective F at which the bias is at most 10 % of the worst, Montiel Olea & Pflueger 2013


def first_stage(result: Result, design: CallInstrumentDesign) -> CheckResult:
    """Compare the share of calls with the team with and without the instrument, hour by hour of the day.

    Parameters
    ----------
    result : Result
        Of ``call_iv``: it holds the effective F.
    design : CallInstrumentDesign

    Returns
    -------
    CheckResult
        Contradicts when the team came less often with the instrument in some hour, at 5 % after Holm's correction over
        the hours; cannot tell when the effective F is below 23.1. Its table has one row per hour of the day with calls
        of both kinds: ``hour, calls_with, calls_without, share_with, share_without, difference``.

    References
    ----------
    Montiel Olea & Pflueger (2013), doi:10.1080/00401706.2013.806694.

    Examples
    --------
    >>> from coresponder_causal.validity.call_worlds import call_table, shifts, start
    >>> from coresponder_causal.estimate import call_iv
    >>> calls = call_table(np.random.default_rng(2), calls=3000)
    >>> d = CallInstrumentDesign.from_tables(calls, shifts(), outcome="arrest", start=start.date())
    >>> first_stage(call_iv(d, inference="week"), d).table["hour"].tolist()
    [12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
    """
    favoured, z = design.encouraged(), design.z()
    frame = pd.DataFrame({"hour": design.timing["hour"], "with": favoured, "came": design.calls.treated})
    cells = frame.groupby(["hour", "with"])["came"].agg(["size", "mean"]).unstack().dropna()
    many, share = cells["size"], cells["mean"]
    table = pd.DataFrame(
        {
            "hour": cells.index.to_numpy(np.int64),
            "calls_with": many[True].to_numpy(np.int64),
            "calls_without": many[False].to_numpy(np.int64),
            "share_with": share[True].to_numpy(float),
            "share_without": share[False].to_numpy(float),
        }
    )
    table["difference"] = table["share_with"] - table["share_without"]
    effective = result.extra.number("effective_f")
    against = int(_kept_away(table))
    moved = (z[favoured].mean() - z[~favoured].mean()) * result.extra.number("first_stage")
    verdict: Verdict = "no contradiction found" if effective >= enough else "cannot tell"
    sentence = (
        f"The instrument {'lowered' if moved < 0 else 'raised'} the share of calls with the team by {abs(moved):.3f} "
        f"(effective F = {effective:,.1f}; {enough} is wanted), in single hours of the day by "
        f"{table['difference'].min():.3f} to {table['difference'].max():.3f}; "
        f"in {against} of {len(table)} hours it kept the team away."
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="contradicts" if against else verdict,
        power=None,
        table=table,
        sentence=sentence,
    )


def _kept_away(table: pd.DataFrame) -> int:
    """Count hours in which the team came less often with the instrument, at 5 % after Holm's correction."""
    variance = sum(
        table[f"share_{side}"] * (1 - table[f"share_{side}"]) / table[f"calls_{side}"] for side in ("with", "without")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.nan_to_num(table["difference"].to_numpy(float) / np.sqrt(np.asarray(variance, float)))
    adjusted = holm(p_value(statistic, np.inf))
    return int(((adjusted < 0.05) & (statistic < 0)).sum())
