"""Attempts to refute a result, by name: the slower ones, which run its estimator again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from coresponder_causal.check.cluster_bootstrap import cluster_bootstrap
from coresponder_causal.check.control_outcomes import control_outcomes
from coresponder_causal.check.graph_independences import Implied, graph_independences, implied_by
from coresponder_causal.check.leave_one_out import leave_one_out
from coresponder_causal.check.leave_one_week_out import leave_one_week_out
from coresponder_causal.check.placebo_boundaries import placebo_boundaries
from coresponder_causal.check.placebo_cities import placebo_cities
from coresponder_causal.check.placebo_dates import placebo_dates
from coresponder_causal.check.placebo_exposure import placebo_exposure
from coresponder_causal.check.placebo_hours import placebo_hours
from coresponder_causal.check.placebo_treatment import placebo_treatment
from coresponder_causal.check.robustness_value import robustness_value
from coresponder_causal.check.standing import Checked, require_own, standing_on
from coresponder_causal.core.choices import names_of
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, by_what_they_could_change, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign, SwitchbackDesign

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
    require_own(result, design)
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
