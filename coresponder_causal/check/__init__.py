"""Checks: one file for each assumption, and the battery that runs them all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from coresponder_causal.check.absences import absences
from coresponder_causal.check.balance import balance
from coresponder_causal.check.break_date import break_date
from coresponder_causal.check.control_outcomes import control_outcomes
from coresponder_causal.check.covid_interval import covid_interval
from coresponder_causal.check.displacement import displacement
from coresponder_causal.check.evalue import evalue, evalue_of_counts, evalue_of_published
from coresponder_causal.check.exclusion import exclusion
from coresponder_causal.check.first_or_all import first_or_all
from coresponder_causal.check.first_stage import first_stage
from coresponder_causal.check.forecast_skill import forecast_skill
from coresponder_causal.check.holding import density_around_openings, holding
from coresponder_causal.check.hour_profile import hour_profile
from coresponder_causal.check.leave_one_out import leave_one_out
from coresponder_causal.check.leniency_balance import leniency_balance
from coresponder_causal.check.leniency_monotone import leniency_monotone
from coresponder_causal.check.levels_or_logs import levels_or_logs
from coresponder_causal.check.leverage import leverage
from coresponder_causal.check.marginal_sensitivity import marginal_sensitivity
from coresponder_causal.check.oster import oster
from coresponder_causal.check.overlap import overlap
from coresponder_causal.check.placebo_boundaries import placebo_boundaries
from coresponder_causal.check.placebo_cities import placebo_cities
from coresponder_causal.check.placebo_dates import placebo_dates
from coresponder_causal.check.placebo_exposure import placebo_exposure
from coresponder_causal.check.pre_period import pre_period
from coresponder_causal.check.pretrends import pretrends
from coresponder_causal.check.reduced_form_before import reduced_form_before
from coresponder_causal.check.residual_autocorrelation import residual_autocorrelation
from coresponder_causal.check.robustness_value import robustness_value
from coresponder_causal.check.rosenbaum import rosenbaum
from coresponder_causal.check.specification_curve import specification_curve
from coresponder_causal.check.spillover import spillover
from coresponder_causal.check.start_range import start_range
from coresponder_causal.check.tipping_point import tipping_point
from coresponder_causal.core.registry import series_regression
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import smallest, with_least
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.design import (
    CallDesign,
    CallInstrumentDesign,
    CoverageDesign,
    HistoryDesign,
    PanelDesign,
    PartlyKnownDesign,
    SeriesDesign,
    StrataDesign,
    SwitchbackDesign,
)

__all__ = [
    "CheckResult",
    "absences",
    "balance",
    "battery",
    "break_date",
    "control_outcomes",
    "covid_interval",
    "density_around_openings",
    "displacement",
    "evalue",
    "evalue_of_counts",
    "evalue_of_published",
    "exclusion",
    "first_or_all",
    "first_stage",
    "forecast_skill",
    "holding",
    "hour_profile",
    "leave_one_out",
    "leniency_balance",
    "leniency_monotone",
    "levels_or_logs",
    "leverage",
    "marginal_sensitivity",
    "oster",
    "overlap",
    "placebo_boundaries",
    "placebo_cities",
    "placebo_dates",
    "placebo_exposure",
    "pre_period",
    "pretrends",
    "reduced_form_before",
    "residual_autocorrelation",
    "robustness_value",
    "rosenbaum",
    "specification_curve",
    "spillover",
    "standing_on",
    "start_range",
    "tipping_point",
]

Checked: TypeAlias = (
    SeriesDesign
    | PanelDesign
    | CoverageDesign
    | CallDesign
    | CallInstrumentDesign
    | PartlyKnownDesign
    | HistoryDesign
    | StrataDesign
    | SwitchbackDesign
)
"""Designs whose results have checks."""

of_refits = frozenset(
    {
        "break_date",
        "covid_interval",
        "forecast_skill",
        "leave_one_out",
        "leverage",
        "placebo_boundaries",
        "placebo_dates",
        "pre_period",
        "pretrends",
        "specification_curve",
        "start_range",
    }
)
"""Checks whose rows are fits of moved windows or fewer cities: their differences tell single periods and cities."""


def battery(
    result: Result,
    design: Checked,
    *,
    controls: Sequence[str] = (),
) -> tuple[CheckResult, ...]:
    """Every check that speaks to a result, those that do not apply included and said.

    A check that does not say what stands behind it was made of the rows of the result.

    Parameters
    ----------
    result : Result
    design : the design it was made from
    controls : sequence of str
        Outcomes in the design's frame that the programme cannot touch.
    """
    return standing_on(result, design, _made(result, design, controls))


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


def _made(
    result: Result,
    design: Checked,
    controls: Sequence[str],
) -> tuple[CheckResult, ...]:
    """Make the checks that belong to a design."""
    if isinstance(design, CallDesign) and result.extra.get("adjustment") == "models":
        # models make calls comparable, not weights whose balance could be shown
        return overlap(result, design), *_of_hidden_bias(result, design), *_of_sequences(result, design)
    if isinstance(design, CallDesign):
        alike = (balance(result, design), overlap(result, design))
        return (*alike, *_of_hidden_bias(result, design), *_of_sequences(result, design))
    if isinstance(design, PartlyKnownDesign):
        return balance(result, design.calls), overlap(result, design.calls), tipping_point(result, design)
    if isinstance(design, HistoryDesign):
        return balance(result, design.calls), overlap(result, design.calls)
    if isinstance(design, StrataDesign):
        return (evalue(result, design),)  # the agency with the rows checks balance and overlap when it cuts the strata
    if isinstance(design, SwitchbackDesign):
        return (control_outcomes(result, design, outcomes=controls),)
    if isinstance(design, CallInstrumentDesign):
        made = (reduced_form_before(result, design), hour_profile(result, design), first_stage(result, design))
        answered = design.instrument == "call_taker"
        return (*made, leniency_balance(result, design), leniency_monotone(result, design)) if answered else made
    if isinstance(design, CoverageDesign) and "boundary" in result.extra:
        return placebo_boundaries(result, design), holding(result, design)
    by_call: tuple[CheckResult, ...] = ()
    if isinstance(design, CoverageDesign) and design.calls is not None:
        by_call = (
            absences(result, design),
            holding(result, design),
            exclusion(result, design, outcomes=[name for name in controls if name in design.calls]),
        )
    several = isinstance(design, PanelDesign) and len(design.treated_units) > 1
    return (
        *((pretrends(result, design),) if several else ()),
        pre_period(result, design),
        placebo_dates(result, design),
        placebo_cities(result, design),
        leave_one_out(result, design),
        control_outcomes(result, design, outcomes=controls),
        *((levels_or_logs(result, design),) if isinstance(design, PanelDesign) else ()),
        *by_call,
        *(_series_checks(result, design, controls) if not isinstance(design, CoverageDesign) else ()),
    )


def _of_hidden_bias(result: Result, design: CallDesign) -> tuple[CheckResult, ...]:
    """Ask how much hidden selection of calls a finding survives."""
    return (
        placebo_exposure(result, design),
        evalue(result, design),
        robustness_value(result, design),
        oster(result, design),
        rosenbaum(result, design),
        marginal_sensitivity(result, design),
    )


def _of_sequences(result: Result, design: CallDesign) -> tuple[CheckResult, ...]:
    """Ask whether calls can be taken one by one: whether earlier or other calls are part of an outcome."""
    return first_or_all(result, design), displacement(result, design)


def _series_checks(
    result: Result, design: SeriesDesign | PanelDesign, controls: Sequence[str]
) -> tuple[CheckResult, ...]:
    """Look at the single periods of results behind which the regression of one series stands."""
    if series_regression(result, design) is None:
        return ()
    return (
        break_date(result, design),
        forecast_skill(result, design),
        leverage(result, design),
        covid_interval(result, design, control_outcome=next(iter(controls), None)),
        residual_autocorrelation(result, design),
    )
