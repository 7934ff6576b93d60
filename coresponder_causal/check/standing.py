"""A result, its design and its checks belong together, and the same people stand behind all three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import smallest, with_least
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.design import (
    CallDesign,
    CallInstrumentDesign,
    CoverageDesign,
    HistoryDesign,
    OfficerDesign,
    PanelDesign,
    PartlyKnownDesign,
    SeriesDesign,
    StrataDesign,
    SwitchbackDesign,
    VignetteDesign,
    WaveDesign,
)

Checked: TypeAlias = (
    SeriesDesign
    | PanelDesign
    | CoverageDesign
    | CallDesign
    | CallInstrumentDesign
    | PartlyKnownDesign
    | HistoryDesign
    | OfficerDesign
    | StrataDesign
    | SwitchbackDesign
    | WaveDesign
    | VignetteDesign
)
"""Designs whose results have checks."""

of_refits = frozenset(
    {
        "backdating",
        "break_date",
        "covid_interval",
        "forecast_skill",
        "honest",
        "leave_one_out",
        "leave_one_week_out",
        "leverage",
        "placebo_boundaries",
        "placebo_dates",
        "placebo_hours",
        "pre_period",
        "pretrends",
        "specification_curve",
        "start_range",
    }
)
"""Checks whose rows are fits of moved windows or fewer cities: their differences tell single periods and cities."""


def standing_on(
    result: Result,
    design: Checked,
    checks: Sequence[CheckResult],
) -> tuple[CheckResult, ...]:
    """Give checks that do not say what stands behind them the smallest counts behind their result.

    Behind those of `of_refits` stands the smallest count of any period of any city.

    Parameters
    ----------
    result : Result
    design : the design it was made from
    checks : sequence of CheckResult
    """
    behind = finest = smallest(result.support)
    if isinstance(design, SeriesDesign | PanelDesign | CoverageDesign) and design.outcome is not None:
        finest = with_least(behind, design.source[design.outcome])
    return tuple(
        one if one.support is not None else replace(one, support=finest if one.check in of_refits else behind)
        for one in checks
    )


def require_own(result: Result, design: Checked) -> None:
    """Refuse a result of another outcome that was not made from the design."""
    own, given = design.outcome, result.estimand.outcome
    if own is not None and own != given and result.provenance.data != design.fingerprint:
        raise DesignError(f"a result on '{given}' and a design of '{own}'", mend="give the design it was made from")
