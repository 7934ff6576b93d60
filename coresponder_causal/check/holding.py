"""Whether calls that come shortly before the team does are held for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import holm, homogeneity_p_value
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, judged, not_applicable
from coresponder_causal.design.coverage import CoverageDesign

Array = NDArray[np.float64]
name = "holding"
assumption = "Calls that come shortly before the covered hours are sent as they come: none is held for the team."
window, width, notable = 60.0, 15.0, 0.1


def holding(result: Result | None, design: CoverageDesign) -> CheckResult:
    """Compare the hour before with the hour after an opening, after the start with the same clock before it.

    Parameters
    ----------
    result : Result or None
        Not looked at: who is held is a matter of the design.
    design : CoverageDesign
        Formed of calls with ``dispatched_at``.

    Returns
    -------
    CheckResult
        Contradicts when calls of the hour before an opening are sent after it more often than before the start, or when
        dispatched times jump at the opening and received times do not: each by Pearson's χ² of two sides of the start,
        at 5 % after Holm's correction. The table has a row for received times, dispatched times and for the calls of
        the hour before by when they were sent: ``what, before_start_ahead, before_start_behind, after_start_ahead,
        after_start_behind`` (ahead of and behind the opening), ``odds_ratio, p_value, p_holm``. Its power is that of
        seeing a tenth of the calls of the hour before held.

    Notes
    -----
    A profile of hours that drifts moves both densities; the calls of the hour before are compared with themselves.

    References
    ----------
    McCrary (2008), doi:10.1016/j.jeconom.2007.05.005: a jump in the density where a rule begins.

    Examples
    --------
    >>> from coresponder_causal.simulate import WorldConfig, world
    >>> w = world("west_sac_like", seed=4, config=WorldConfig(n_comparison=2, monthly_calls=60))
    >>> d = CoverageDesign.from_tables(w.tables["calls"], w.tables["schedule"], outcome="arrest", start="2020-07-15")
    >>> holding(None, d).verdict
    'cannot tell'
    """
    if design.calls is None:
        return not_applicable(name, assumption, "The design was formed of counts and holds no calls.")
    calls = design.calls[design.calls["city"].eq(design.treated) & design.calls["held_minutes"].notna()]
    came, sent = _from_opening(calls)
    after = calls["after"].to_numpy(bool)
    ahead = (came >= -window) & (came < 0)
    if min((ahead & after).sum(), (ahead & ~after).sum()) == 0:
        why = "No call with a time of dispatch was received in the hour before an opening on both sides of the start."
        return not_applicable(name, assumption, why)
    near = {"received": np.abs(came) <= window, "dispatched": np.abs(sent) <= window}
    rows = [
        _row("received", came[near["received"]] >= 0, after[near["received"]]),
        _row("dispatched", sent[near["dispatched"]] >= 0, after[near["dispatched"]]),
        _row("received ahead, by dispatch", sent[ahead] >= 0, after[ahead]),
    ]
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p_value"])
    received, dispatched, crossed = (table["p_holm"] < 0.05).tolist()
    able = _power(table.iloc[2])
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=crossed or (dispatched and not received), power=able),
        power=able,
        table=table,
        sentence=_sentence(table, able, received, _quarters(calls["received_at"])),
    )


def density_around_openings(design: CoverageDesign) -> pd.DataFrame:
    """Count received and dispatched times of the treated city by quarter hours around the openings.

    Parameters
    ----------
    design : CoverageDesign
        Formed of calls.

    Returns
    -------
    DataFrame
        ``what`` ("received", "dispatched"), ``from_minute`` (−60 … 45 from the opening), ``before_start``,
        ``after_start``, and ``expected``: the calls after the start spread as before it.
    """
    calls = design.require_calls()
    own = calls[calls["city"].eq(design.treated)]
    after = own["after"].to_numpy(bool)
    edges = np.arange(-window, window + width, width)
    parts = []
    for what, minutes in zip(("received", "dispatched"), _from_opening(own), strict=True):
        early, late = (np.histogram(minutes[side & np.isfinite(minutes)], edges)[0] for side in (~after, after))
        share = early / early.sum() if early.sum() else np.full(len(early), np.nan)
        counts = {"before_start": early, "after_start": late, "expected": late.sum() * share}
        parts.append(pd.DataFrame({"what": what, "from_minute": edges[:-1], **counts}))
    return pd.concat(parts, ignore_index=True)


def _from_opening(calls: pd.DataFrame) -> tuple[Array, Array]:
    """Minutes of receipt and of dispatch from the opening nearest to receipt."""
    came = calls["minutes_from_opening"].to_numpy(float)
    return came, came + calls["held_minutes"].to_numpy(float)


def _row(what: str, behind: NDArray[np.bool_], after: NDArray[np.bool_]) -> dict[str, object]:
    """Two by two: ahead of and behind the opening, before and after the start."""
    counts = np.array([[np.sum(~behind & side), np.sum(behind & side)] for side in (~after, after)], float)
    (a, b), (c, d) = counts + 0.5 * (counts == 0).any()
    return {
        "what": what,
        "before_start_ahead": int(counts[0, 0]),
        "before_start_behind": int(counts[0, 1]),
        "after_start_ahead": int(counts[1, 0]),
        "after_start_behind": int(counts[1, 1]),
        "odds_ratio": float(d / c / (b / a)),
        "p_value": homogeneity_p_value(counts) if (counts.sum(axis=0) > 0).all() else 1.0,
    }


def _power(crossing: pd.Series) -> float:
    """Probability of seeing a tenth of the calls of the hour before held."""
    early = float(crossing["before_start_ahead"] + crossing["before_start_behind"])
    late = float(crossing["after_start_ahead"] + crossing["after_start_behind"])
    usual = float(crossing["before_start_behind"]) / early
    held = usual + notable * (1 - usual)
    std_error = float(np.sqrt(usual * (1 - usual) / early + held * (1 - held) / late))
    return float(power_of(held - usual, std_error, early + late - 2))


def _quarters(received: pd.Series) -> float:
    """Share of received times in the first minute of a quarter hour."""
    return float((received.dt.minute % 15 == 0).mean())


def _sentence(table: pd.DataFrame, able: float, received: bool, quarters: float) -> str:
    crossing = table.iloc[2]
    shares = [
        f"{crossing[f'{side}_behind']} of {crossing[f'{side}_ahead'] + crossing[f'{side}_behind']}"
        for side in ("after_start", "before_start")
    ]
    p_value = [f"{value:.3f}" for value in table["p_holm"]]
    said = (
        f"Of the calls received in the hour before an opening {shares[0]} were sent after it from the start on, and "
        f"{shares[1]} at the same clock before the start; p after Holm's correction {p_value[2]}, of dispatched times "
        f"{p_value[1]}, of received times {p_value[0]}. A tenth of those calls held would be seen with probability "
        f"{able:.2f}. {100 * quarters:.1f} % of received times fall on the first minute of a quarter hour "
        f"({100 / width:.1f} % if minutes are not rounded)."
    )
    moved = " Received times jump too: calls come at other hours than before, or their time was written late."
    return said + (moved if received else "")
