"""What officers who left could have changed: the mean effect had they stayed, at the least and at the most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.core.result import Result
from coresponder_causal.core.two_way_imputation import imputation_weights
from coresponder_causal.core.verdict import CheckResult, as_change, not_applicable
from coresponder_causal.design.officer_rows import officer_rows
from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]
name = "officer_leavers"
assumption = "Officers who left would have gone on like those who stayed."
width, away = 2.0, 3


def officer_leavers(result: Result, design: OfficerDesign) -> CheckResult:
    """Bound the mean effect had officers who are no longer seen stayed to the end.

    Parameters
    ----------
    result : Result
        Not looked at but for its standard error: who leaves is a matter of the design.
    design : OfficerDesign

    Returns
    -------
    CheckResult
        It reports; the table has one row per bound: ``bound, estimate``, and the estimate of those seen. An officer has
        left who is not seen in the last three periods. Each gets the periods up to the end, with as many calls as
        before, the last dose, and a rate anywhere within two standard deviations of the mean over officers: the bounds
        are the smallest and the largest mean effect that such rates can give. ``moves``: the larger distance, in
        standard errors.

    Examples
    --------
    >>> from coresponder_causal.estimate import officer_imputation
    >>> from coresponder_causal.simulate import officer_panel
    >>> frame = officer_panel(seed=1, officers=48, months=24, squads=6).frame
    >>> gone = frame["officer"].isin(frame["officer"].unique()[:9]) & (frame["month"] > frame["month"].max() - 6)
    >>> d = OfficerDesign.from_frame(frame[~gone], outcome="force", dose="calls_together", exposure="calls")
    >>> officer_leavers(officer_imputation(d), d).table["bound"].tolist()
    ['at the least', 'of those seen', 'at the most']
    """
    end = int(design.axis.positions.max())
    gone = design.seen_until[design.seen_until <= end - away]
    if gone.empty:
        return not_applicable(name, assumption, "Every officer is seen in the last periods.")
    try:
        with quietly(), collecting():
            seen, low, high, rates = _bounds(design, gone, end)
    except (DesignError, EstimationError) as error:
        return not_applicable(name, assumption, f"It cannot be bounded: {error.what.splitlines()[0]}.")
    exposed = design.first.reindex(gone.index).notna()
    ever = int(design.first.notna().sum())
    std_error = float(np.sqrt(result.vcov[0, 0]))
    said = [as_change(value, "difference") for value in (low, high)]
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="reported",
        power=None,
        table=pd.DataFrame(
            {"bound": ["at the least", "of those seen", "at the most"], "estimate": [low, seen, high]},
        ),
        sentence=f"{100 * exposed.mean():.0f} % of those who left had been exposed, "
        f"{100 * ever / len(design.first):.0f} % of all. Had "
        f"they stayed, with rates between {rates[0]:.3g} and {rates[1]:.3g}, the mean effect would lie between "
        f"{said[0]} and {said[1]}, and is {as_change(seen, 'difference')} of those seen.",
        support=pd.DataFrame({"persons": [_fewest(exposed)] * 3}),
        moves=max(abs(low - seen), abs(high - seen)) / std_error,
    )


def _fewest(exposed: pd.Series) -> float:
    """Count the smaller part of those who left: the shares would tell it."""
    parts = exposed.value_counts()
    return float(parts.min())


def _bounds(d: OfficerDesign, gone: pd.Series, end: int) -> tuple[float, float, float, tuple[float, float]]:
    """Mean effect of the rows seen, its bounds with those that were lost, and the rates that these may have."""
    officers = pd.DataFrame({"officer": d.source[d.officer], "calls": d.calls(), "rate": d.rate()})
    means = officers.assign(events=officers["calls"] * officers["rate"]).groupby("officer")[["calls", "events"]].mean()
    each = means["events"] / means["calls"]
    rates = max(0.0, float(each.mean() - width * each.std())), float(each.mean() + width * each.std())
    whole, lost = _completed(d, gone, end, means["calls"])
    weights, kept = _weights(whole)
    left, y = lost[kept], whole.rate()[kept]
    held = float(weights[~left] @ y[~left])
    ends = np.outer(weights[left], rates)
    own, rows = _weights(d)
    return float(own @ d.rate()[rows]), held + ends.min(axis=1).sum(), held + ends.max(axis=1).sum(), rates


def _weights(d: OfficerDesign) -> tuple[Array, NDArray[np.int64]]:
    """Weights of the rows in use in the mean effect, and their places."""
    rows = officer_rows(d)
    return imputation_weights(rows.two_way, ~rows.exposed, rows.mean_over(rows.exposed[:, None]))[:, 0], rows.kept


def _completed(
    d: OfficerDesign, gone: pd.Series, end: int, calls: pd.Series
) -> tuple[OfficerDesign, NDArray[np.bool_]]:
    """Give officers who left the periods up to the end, and say which rows these are; their outcome is not used."""
    last = d.source.loc[d.source.groupby(d.officer).tail(1).index].set_index(d.officer)
    repeated = [(officer, at) for officer, until in gone.items() for at in range(int(until) + 1, end + 1)]
    who, at = (pd.Series(part) for part in zip(*repeated, strict=True))
    added = last.loc[who].reset_index()
    if d.exposure is not None:
        added[d.exposure] = who.map(calls).to_numpy(float)
    source = pd.concat([d.source, added[d.source.columns]], ignore_index=True)
    positions = np.concatenate([d.axis.positions, at.to_numpy(np.int64)])
    whole = replace(d, source=source, axis=replace(d.axis, positions=positions))
    return whole, np.arange(len(source)) >= len(d.source)
