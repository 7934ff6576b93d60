"""The battery: every quick check that speaks to a result, by the design that it was made from."""

from __future__ import annotations

from collections.abc import Sequence

from coresponder_causal.check.absences import absences
from coresponder_causal.check.backdating import backdating
from coresponder_causal.check.bacon import bacon
from coresponder_causal.check.balance import balance
from coresponder_causal.check.break_date import break_date
from coresponder_causal.check.control_outcomes import control_outcomes
from coresponder_causal.check.covid_interval import covid_interval
from coresponder_causal.check.displacement import displacement
from coresponder_causal.check.evalue import evalue
from coresponder_causal.check.exclusion import exclusion
from coresponder_causal.check.first_or_all import first_or_all
from coresponder_causal.check.first_stage import first_stage
from coresponder_causal.check.forecast_skill import forecast_skill
from coresponder_causal.check.holding import holding
from coresponder_causal.check.honest import honest
from coresponder_causal.check.hour_profile import hour_profile
from coresponder_causal.check.leave_one_out import leave_one_out
from coresponder_causal.check.leave_one_week_out import leave_one_week_out
from coresponder_causal.check.leniency_balance import leniency_balance
from coresponder_causal.check.leniency_monotone import leniency_monotone
from coresponder_causal.check.levels_or_logs import levels_or_logs
from coresponder_causal.check.leverage import leverage
from coresponder_causal.check.marginal_sensitivity import marginal_sensitivity
from coresponder_causal.check.officer_leavers import officer_leavers
from coresponder_causal.check.officer_trends import officer_trends
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
from coresponder_causal.check.squad_mates import squad_mates
from coresponder_causal.check.standing import Checked, require_own, standing_on
from coresponder_causal.check.tipping_point import tipping_point
from coresponder_causal.check.vignette_balance import vignette_balance
from coresponder_causal.check.wave_attrition import wave_attrition
from coresponder_causal.check.wave_leads import wave_leads
from coresponder_causal.core.choices import names_of
from coresponder_causal.core.registry import series_regression
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, by_what_they_could_change
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


def battery(
    result: Result,
    design: Checked,
    *,
    controls: Sequence[str] = (),
) -> tuple[CheckResult, ...]:
    """Every quick check that speaks to a result, those that do not apply included and said.

    What contradicts comes first, then what could change the conclusion most: see `core.verdict.could_change`. Slower
    attempts to refute are `refute`'s. A check that does not say what stands behind it was made of the rows of the
    result.

    Parameters
    ----------
    result : Result
    design : the design it was made from
    controls : sequence of str
        Outcomes in the design's frame that the programme cannot touch.

    Raises
    ------
    DesignError
        A result of another outcome than the design's.
    """
    require_own(result, design)
    return by_what_they_could_change(standing_on(result, design, _made(result, design, names_of(controls))), result)


def _made(result: Result, design: Checked, controls: Sequence[str]) -> tuple[CheckResult, ...]:
    """Make the checks that belong to a design."""
    match design:
        case CallDesign():
            return _of_calls(result, design)
        case PartlyKnownDesign():
            return balance(result, design.calls), overlap(result, design.calls), tipping_point(result, design)
        case HistoryDesign():
            return balance(result, design.calls), overlap(result, design.calls)
        case CallInstrumentDesign():
            return _of_instruments(result, design)
        case OfficerDesign():
            return officer_trends(result, design), squad_mates(result, design), officer_leavers(result, design)
        case StrataDesign():
            return (evalue(result, design),)  # the agency with the rows checks balance and overlap when it cuts strata
        case SwitchbackDesign():
            return (control_outcomes(result, design, outcomes=controls),)
        case VignetteDesign():
            return (vignette_balance(result, design),)
        case WaveDesign():
            return wave_leads(result, design), wave_attrition(result, design)
        case CoverageDesign() if "boundary" in result.extra:
            return placebo_boundaries(result, design), holding(result, design)
        case CoverageDesign():
            return *_over_time(result, design, controls), *_of_covered_calls(result, design, controls)
        case PanelDesign():
            return _of_panels(result, design, controls)
        case SeriesDesign():
            return *_over_time(result, design, controls), *_series_checks(result, design, controls)


def _over_time(
    result: Result, design: SeriesDesign | PanelDesign | CoverageDesign, controls: Sequence[str]
) -> tuple[CheckResult, ...]:
    """Ask what the time before the start, other dates, other cities and outcomes beyond reach would have shown."""
    several = isinstance(design, PanelDesign) and len(design.treated_units) > 1
    return (
        *((pretrends(result, design),) if several else ()),
        *((honest(result, design),) if "event_time" in result.terms else ()),
        *((bacon(result, design),) if several and result.method == "did_two_way" else ()),
        pre_period(result, design),
        placebo_dates(result, design),
        placebo_cities(result, design),
        leave_one_out(result, design),
        control_outcomes(result, design, outcomes=controls),
    )


def _of_panels(result: Result, design: PanelDesign, controls: Sequence[str]) -> tuple[CheckResult, ...]:
    """Ask besides whether changes compare in levels or in logs, and whether the start was felt before."""
    return (
        *_over_time(result, design, controls),
        levels_or_logs(result, design),
        *((backdating(result, design),) if "backdate" in result.extra else ()),
        *_series_checks(result, design, controls),
    )


def _of_covered_calls(result: Result, design: CoverageDesign, controls: Sequence[str]) -> tuple[CheckResult, ...]:
    """Ask of each call, where calls are at hand, whether hours alone decide and nothing else comes with them."""
    if design.calls is None:
        return ()
    return (
        absences(result, design),
        holding(result, design),
        exclusion(result, design, outcomes=[name for name in controls if name in design.calls]),
    )


def _of_instruments(result: Result, design: CallInstrumentDesign) -> tuple[CheckResult, ...]:
    """Ask whether the instrument moves who comes and nothing before; of call takers, whether their calls are alike."""
    made = (reduced_form_before(result, design), hour_profile(result, design), first_stage(result, design))
    if design.instrument != "call_taker":
        return made
    return *made, leniency_balance(result, design), leniency_monotone(result, design)


def _of_calls(result: Result, design: CallDesign) -> tuple[CheckResult, ...]:
    """Ask whether calls compare, few weeks decide, hidden selection could explain it, and calls stand alone."""
    weighted = result.extra.get("adjustment") != "models"  # models have no weights whose balance could be shown
    return (
        *((balance(result, design),) if weighted else ()),
        overlap(result, design),
        leave_one_week_out(result, design, refits=0),
        placebo_exposure(result, design),
        evalue(result, design),
        robustness_value(result, design),
        oster(result, design),
        rosenbaum(result, design),
        marginal_sensitivity(result, design),
        first_or_all(result, design),
        displacement(result, design),
    )


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
