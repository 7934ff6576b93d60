"""Whether some weeks decide the conclusion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.inference import critical, p_value
from coresponder_causal.core.left_out import decided_by_one, left_out, turning
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.adjusted_again import adjusted_again
from coresponder_causal.design.call_estimates import support

Codes = NDArray[np.int64]
name = "leave_one_week_out"
assumption = "No few weeks decide the conclusion."
received, fewest, most_turned = "received_at", 4, 3


def leave_one_week_out(
    result: Result,
    design: CallDesign | SeriesDesign | PanelDesign | CoverageDesign,
    *,
    weeks: int = 4,
    refits: int = 3,
) -> CheckResult:
    """Leave out one block of weeks at a time, of hours of the week one month.

    Parameters
    ----------
    result : Result
        The estimate to be checked; its first term is looked at.
    design : CallDesign or CoverageDesign
        The design it was made from; calls with ``received_at``.
    weeks : int
        Weeks in a block of calls.
    refits : int
        How many of the blocks that move the estimate most are truly left out, besides three of those that turn the
        conclusion.

    Returns
    -------
    CheckResult
        As of `leave_one_out`. Its table: ``left_out`` (first day of the block, or month), ``estimate, conf_low,
        conf_high, p_value, excludes``, and ``how``: "fitted again", or "influence".

    Notes
    -----
    Where a result holds the influence ψ of its calls the estimate without a block b of m calls is β − Σ_b ψ / (n − m),
    one step of Newton, and its standard error grows by √(n / (n − m)); blocks that matter are fitted again, with
    matching or weighting made again.

    References
    ----------
    Broderick, Giordano & Meager (2020), doi:10.48550/arXiv.2011.14999.

    Examples
    --------
    >>> from coresponder_causal.estimate import call_difference
    >>> rng = np.random.default_rng(1)
    >>> times = pd.date_range("2021-01-04", periods=400, freq="12h")
    >>> frame = pd.DataFrame({"attended": rng.random(400) < 0.4, "received_at": times})
    >>> frame["minutes"] = 40.0 - 9 * frame["attended"] + rng.normal(size=400)
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=[])
    >>> found = leave_one_week_out(call_difference(d), d)
    >>> found.verdict, len(found.table), found.table["how"].value_counts().tolist()
    ('no contradiction found', 8, [5, 3])
    """
    if isinstance(design, CoverageDesign):
        return _of_months(result, design)
    if not isinstance(design, CallDesign):
        return not_applicable(name, assumption, "It is for calls and hours; of a series see the leverage of periods.")
    if received not in design.source or result.influence is None:
        return not_applicable(name, assumption, "It needs the times of calls and a result with their influence.")
    block = _block(design.source[received], weeks)
    table = _one_step(result, design, block)
    if len(table) < fewest:
        return not_applicable(name, assumption, f"The calls fill only {len(table)} blocks of {weeks} weeks.")
    far = (table["estimate"] - result.estimate[0]).abs().sort_values(ascending=False, kind="stable").index
    turns = turning(result, table)
    turned = [place for place in far if turns[place]]
    for place in sorted({*far[:refits], *turned[:most_turned]}):
        without = design.source[block != table.at[place, "block"]].reset_index(drop=True)
        try:
            with quietly(), collecting():
                others = adjusted_again(replace(design, source=without, adjustment=None), design)
            again = refit(result, others)
        except CausalError:
            continue  # one step stands, and the table says so
        for column, value in left_out(again, str(table.at[place, "left_out"])).items():
            table.at[place, column] = value
        table.at[place, "how"] = "fitted again"
    blocks = dict(zip(table["left_out"], table.pop("block"), strict=True))
    found = decided_by_one(result, table, check=name, assumption=assumption, said=f"Without {weeks} weeks at a time")
    return replace(found, support=support(design, {label: block == number for label, number in blocks.items()}))


def _block(times: pd.Series, weeks: int) -> Codes:
    """Give every call the number of its block, from the first day on."""
    moments = pd.to_datetime(times)
    return np.asarray((moments - moments.min().normalize()) // pd.Timedelta(weeks=weeks), np.int64)


def _one_step(result: Result, design: CallDesign, block: Codes) -> pd.DataFrame:
    """Estimates without each block by the influence of its calls."""
    assert result.influence is not None  # asked before
    psi = result.influence.rows()[:, 0]
    where = block[design.calls.get_indexer(result.influence.unit)]
    numbers, place, many = np.unique(where, return_inverse=True, return_counts=True)
    n, sums = len(psi), np.bincount(place, weights=psi)
    estimate = float(result.estimate[0]) - sums / (n - many)
    std_error = np.sqrt(float(result.vcov[0, 0]) * n / (n - many))
    half = float(critical(result.df[0])) * std_error
    times = pd.to_datetime(design.source[received])
    first = times.groupby(block).min().reindex(numbers).dt.strftime("%Y-%m-%d")
    p = p_value(estimate / std_error, result.df[0])
    return pd.DataFrame(
        {
            "left_out": first.to_numpy(object),
            "estimate": estimate,
            "conf_low": estimate - half,
            "conf_high": estimate + half,
            "p_value": p,
            "excludes": p < 0.05,
            "how": "influence",
            "block": numbers,
        }
    )


def _of_months(result: Result, design: CoverageDesign) -> CheckResult:
    """Leave out one month of hours at a time."""
    rows, failed = [], []
    for month in design.months.tolist():
        label = str(design.axis.label(month))
        try:
            rows.append(left_out(refit(result, design.without_month(month)), label) | {"how": "fitted again"})
        except CausalError as error:
            failed.append(f"{label}: {error.what}")
    if len(rows) < fewest:
        return not_applicable(name, assumption, f"The method cannot be fitted without each month: {failed[:1]}.")
    lost = f"Not fitted: {'; '.join(failed)}. " if failed else ""
    said = f"{lost}Without one month at a time"
    return decided_by_one(result, pd.DataFrame(rows), check=name, assumption=assumption, said=said)
