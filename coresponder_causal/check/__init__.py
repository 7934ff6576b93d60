"""Checks: one file for each assumption, the battery that runs them all, and refuters by name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from coresponder_causal.check.absences import absences
from coresponder_causal.check.backdating import backdating
from coresponder_causal.check.bacon import bacon
from coresponder_causal.check.balance import balance
from coresponder_causal.check.break_date import break_date
from coresponder_causal.check.cluster_bootstrap import cluster_bootstrap
from coresponder_causal.check.control_outcomes import control_outcomes
from coresponder_causal.check.covid_interval import covid_interval
from coresponder_causal.check.displacement import displacement
from coresponder_causal.check.dowhy_bridge import dowhy_refuters
from coresponder_causal.check.evalue import evalue, evalue_of_counts, evalue_of_published
from coresponder_causal.check.exclusion import exclusion
from coresponder_causal.check.first_or_all import first_or_all
from coresponder_causal.check.first_stage import first_stage
from coresponder_causal.check.forecast_skill import forecast_skill
from coresponder_causal.check.graph_independences import Implied, graph_independences, implied_by
from coresponder_causal.check.holding import density_around_openings, holding
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
from coresponder_causal.check.placebo_hours import placebo_hours
from coresponder_causal.check.placebo_treatment import placebo_treatment
from coresponder_causal.check.pre_period import pre_period
from coresponder_causal.check.pretrends import pretrends
from coresponder_causal.check.reduced_form_before import reduced_form_before
from coresponder_causal.check.residual_autocorrelation import residual_autocorrelation
from coresponder_causal.check.robustness_value import robustness_value
from coresponder_causal.check.rosenbaum import rosenbaum
from coresponder_causal.check.specification_curve import specification_curve
from coresponder_causal.check.spillover import spillover
from coresponder_causal.check.spillover_rings import spillover_rings
from coresponder_causal.check.squad_mates import squad_mates
from coresponder_causal.check.start_range import start_range
from coresponder_causal.check.tipping_point import tipping_point
from coresponder_causal.check.vignette_balance import vignette_balance
from coresponder_causal.check.wave_attrition import wave_attrition
from coresponder_causal.check.wave_leads import wave_leads
from coresponder_causal.core.choices import names_of
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.registry import series_regression
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import smallest, with_least
from coresponder_causal.core.verdict import CheckResult, by_what_they_could_change, not_applicable
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

__all__ = [
    "CheckResult",
    "absences",
    "backdating",
    "bacon",
    "balance",
    "battery",
    "break_date",
    "by_what_they_could_change",
    "cluster_bootstrap",
    "control_outcomes",
    "covid_interval",
    "density_around_openings",
    "displacement",
    "dowhy_refuters",
    "evalue",
    "evalue_of_counts",
    "evalue_of_published",
    "exclusion",
    "first_or_all",
    "first_stage",
    "forecast_skill",
    "graph_independences",
    "holding",
    "honest",
    "hour_profile",
    "leave_one_out",
    "leave_one_week_out",
    "leniency_balance",
    "leniency_monotone",
    "levels_or_logs",
    "leverage",
    "marginal_sensitivity",
    "officer_leavers",
    "officer_trends",
    "oster",
    "overlap",
    "placebo_boundaries",
    "placebo_cities",
    "placebo_dates",
    "placebo_exposure",
    "placebo_hours",
    "placebo_treatment",
    "pre_period",
    "pretrends",
    "reduced_form_before",
    "refute",
    "residual_autocorrelation",
    "robustness_value",
    "rosenbaum",
    "specification_curve",
    "spillover",
    "spillover_rings",
    "squad_mates",
    "standing_on",
    "start_range",
    "tipping_point",
    "vignette_balance",
    "wave_attrition",
    "wave_leads",
]

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

refuters = (
    "placebo_treatment",
    "placebo_dates",
    "placebo_cities",
    "placebo_hours",
    "placebo_boundaries",
    "placebo_exposure",
    "control_outcomes",
    "leave_one_out",
    "leave_one_week_out",
    "robustness_value",
    "graph_independences",
    "cluster_bootstrap",
)
"""Checks that `refute` makes, by name."""

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
    _require_own(result, design)
    return by_what_they_could_change(standing_on(result, design, _made(result, design, names_of(controls))), result)


def refute(
    result: Result,
    design: Checked,
    which: Sequence[str] | None = None,
    *,
    controls: Sequence[str] = (),
    independences: Iterable[Implied] | None = None,
    seed: int = 1,
) -> tuple[CheckResult, ...]:
    """Try to refute a result: give the treatment to whom it was not given, take parts away, draw clusters again.

    Parameters
    ----------
    result : Result
    design : the design it was made from
    which : sequence of str, optional
        Names of refuters; by default every one that applies. Those named that do not apply say why.
    controls : sequence of str
        Outcomes that the programme cannot touch, of designs over time.
    independences : iterable of (str, str, sequence of str)
        What a causal graph implies, see `graph_independences`; by default what the graph that a design of calls carries
        implies of the columns at hand.
    seed : int
        Of placebos and bootstrap.

    Returns
    -------
    tuple of CheckResult
        Ordered as `battery` orders them. An unobserved common cause is `robustness_value`'s.

    Raises
    ------
    DesignError
        A result of another outcome than the design's.
    EstimationError
        A name that is no refuter.

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.estimate import its_segmented
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=48, freq="M"), "calls": [90, 110] * 24})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2019-07")
    >>> [one.check for one in refute(its_segmented(d), d)]
    ['placebo_dates']
    """
    _require_own(result, design)
    which = None if which is None else names_of(which)
    if unknown := sorted(set(which or ()) - set(refuters)):
        raise EstimationError(f"no refuter is called {', '.join(unknown)}", mend=f"choose from {', '.join(refuters)}")
    implied = implied_by(design) if independences is None else tuple(independences)
    there = _refuters(result, design, names_of(controls), implied, seed)
    otherwise = "It is not made for this design."
    found = [
        there[name]() if name in there else not_applicable(name, "The result cannot be refuted by it.", otherwise)
        for name in (refuters if which is None else which)
    ]
    applied = [one for one in found if which is not None or one.verdict != "not applicable"]
    return by_what_they_could_change(standing_on(result, design, applied), result)


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


def _require_own(result: Result, design: Checked) -> None:
    """Refuse a result of another outcome that was not made from the design."""
    own, given = design.outcome, result.estimand.outcome
    if own is not None and own != given and result.provenance.data != design.fingerprint:
        raise DesignError(f"a result on '{given}' and a design of '{own}'", mend="give the design it was made from")


def _made(
    result: Result,
    design: Checked,
    controls: Sequence[str],
) -> tuple[CheckResult, ...]:
    """Make the checks that belong to a design."""
    if isinstance(design, CallDesign) and result.extra.get("adjustment") == "models":
        # models make calls comparable, not weights whose balance could be shown
        return overlap(result, design), *_of_calls(result, design)
    if isinstance(design, CallDesign):
        return balance(result, design), overlap(result, design), *_of_calls(result, design)
    if isinstance(design, PartlyKnownDesign):
        return balance(result, design.calls), overlap(result, design.calls), tipping_point(result, design)
    if isinstance(design, HistoryDesign):
        return balance(result, design.calls), overlap(result, design.calls)
    if isinstance(design, OfficerDesign):
        return officer_trends(result, design), squad_mates(result, design), officer_leavers(result, design)
    if isinstance(design, StrataDesign):
        return (evalue(result, design),)  # the agency with the rows checks balance and overlap when it cuts the strata
    if isinstance(design, SwitchbackDesign):
        return (control_outcomes(result, design, outcomes=controls),)
    if isinstance(design, VignetteDesign):
        return (vignette_balance(result, design),)
    if isinstance(design, WaveDesign):
        return wave_leads(result, design), wave_attrition(result, design)
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
        *((honest(result, design),) if "event_time" in result.terms else ()),
        *((bacon(result, design),) if several and result.method == "did_two_way" else ()),
        pre_period(result, design),
        placebo_dates(result, design),
        placebo_cities(result, design),
        leave_one_out(result, design),
        control_outcomes(result, design, outcomes=controls),
        *((levels_or_logs(result, design),) if isinstance(design, PanelDesign) else ()),
        *((backdating(result, design),) if isinstance(design, PanelDesign) and "backdate" in result.extra else ()),
        *by_call,
        *(_series_checks(result, design, controls) if not isinstance(design, CoverageDesign) else ()),
    )


def _of_calls(result: Result, design: CallDesign) -> tuple[CheckResult, ...]:
    """Ask whether few weeks decide a finding, what hidden selection it survives, and whether calls stand alone."""
    return (
        leave_one_week_out(result, design, refits=0),
        placebo_exposure(result, design),
        evalue(result, design),
        robustness_value(result, design),
        oster(result, design),
        rosenbaum(result, design),
        marginal_sensitivity(result, design),
        *_of_sequences(result, design),
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


def _refuters(
    result: Result, design: Checked, controls: Sequence[str], independences: Sequence[Implied], seed: int
) -> dict[str, Callable[[], CheckResult]]:
    """Refuters that are made for a design, to be run."""
    if isinstance(design, CallDesign):
        return {
            "placebo_treatment": partial(placebo_treatment, result, design, seed=seed),
            "placebo_exposure": partial(placebo_exposure, result, design),
            "leave_one_week_out": partial(leave_one_week_out, result, design),
            "robustness_value": partial(robustness_value, result, design),
            "graph_independences": partial(graph_independences, result, design, independences=independences),
            "cluster_bootstrap": partial(cluster_bootstrap, result, design, seed=seed),
        }
    if isinstance(design, SwitchbackDesign):
        return {"control_outcomes": partial(control_outcomes, result, design, outcomes=controls)}
    if isinstance(design, CoverageDesign) and "boundary" in result.extra:
        return {"placebo_boundaries": partial(placebo_boundaries, result, design)}
    if not isinstance(design, SeriesDesign | PanelDesign | CoverageDesign):
        return {}
    return {
        "placebo_dates": partial(placebo_dates, result, design),
        "placebo_cities": partial(placebo_cities, result, design),
        "placebo_hours": partial(placebo_hours, result, design),
        "control_outcomes": partial(control_outcomes, result, design, outcomes=controls),
        "leave_one_out": partial(leave_one_out, result, design),
        "leave_one_week_out": partial(leave_one_week_out, result, design),
        "cluster_bootstrap": partial(cluster_bootstrap, result, design, seed=seed),
    }
