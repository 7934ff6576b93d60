"""Rare events of one city before and after the start, compared exactly.

Estimand: the rate of the outcome over all periods from the start on, against its rate over all periods before, in this
city.

Needs: a rate that would have stayed as it was, with neither trend nor season that matters at these numbers (check:
placebo_dates, control_outcomes); a recording practice that did not change; whole years on both sides, or no season.

Estimator: the log ratio of two rates, log(Y1/E1) − log(Y0/E0), Y events and E exposure after and before. Where one side
has no event, half an event is added to both for the estimate alone.

Inference: given all events, those after the start are binomial; the interval is Clopper and Pearson's and the p-value
twice the smaller tail. Exact for Poisson counts. Events are divided beforehand by their dispersion where it exceeds 1:
Pearson's χ² of the periods about the two rates over its degrees of freedom, times (1 + ρ)/(1 − ρ), ρ the correlation of
neighbouring periods, not below 0. `rate_after_upper` is the largest rate after the start that the events there do not
rule out at 95 %, one-sided: about three events in all where there was none (rule of three).

Breaks: with a trend, a season that covers the two sides unequally, or recording that changed: nothing is adjusted for;
with some dozens of events on either side its_counts adjusts. A few events can rule out large effects only: no finding
is not a finding of no effect, read the interval.

Reference: Przyborowski & Wilenski 1940, doi:10.1093/biomet/31.3-4.313; Hanley & Lippman-Hand 1983,
doi:10.1001/jama.1983.03330370053031 (rule of three). Checked against scipy's binomial test and simulated truth.

Say: In {city}, {outcome} changed by {mean_post} from the years before to the time after the start ({interval}).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.inference import exact_poisson
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.serial import positive_correlation
from coresponder_causal.core.series_effects import Course
from coresponder_causal.design import known_events
from coresponder_causal.design.series import SeriesDesign

Array = NDArray[np.float64]
many_events, many_a_period = 50, 5  # on either side; on average
"""From here on a regression can adjust for what this comparison cannot, and from here on it must."""


class _Side(NamedTuple):
    """Events, exposure, and rate on one side of the start."""

    events: float
    exposure: float
    rate: float


@estimator(
    design=SeriesDesign,
    contrasts=("ratio of two rates",),
    reference="Przyborowski & Wilenski 1940; Hanley & Lippman-Hand 1983",
    checked_against="scipy's binomial test; worked by hand and simulated truth",
    setting="rare",
)
def its_rare(d: SeriesDesign) -> Result:
    """Exact comparison of the number of events before and after the start.

    Parameters
    ----------
    d : SeriesDesign

    Returns
    -------
    Result
        Term ``mean_post``, a log rate ratio. ``path``: observed, the rate before with its interval (counterfactual,
        low, high) and the rate on either side (fitted), as events per period. ``extra``: ``events_before,
        events_after, dispersion, rho, expected_after`` (events at the rate before) and ``rate_after_upper`` (per unit
        of exposure).

    Raises
    ------
    EstimationError
        If counts are negative, or there is no event on either side: wait.

    References
    ----------
    Przyborowski & Wilenski (1940), Homogeneity of results in testing samples from Poisson series,
    doi:10.1093/biomet/31.3-4.313.

    Examples
    --------
    >>> months = pd.period_range("2018-07", periods=48, freq="M")
    >>> frame = pd.DataFrame({"month": months, "force": [1, 0, 0, 1] * 6 + [0, 0, 1, 0, 0, 0] * 4})
    >>> d = SeriesDesign.from_frame(frame, outcome="force", time="month", start="2020-07")
    >>> its_rare(d).tidy(scale="ratio")[["estimate", "conf_low", "conf_high"]].round(2).to_numpy().tolist()
    [[0.33, 0.08, 1.1]]
    """
    course = d.course()
    if (course.counts < 0).any():
        raise EstimationError(f"'{d.outcome}' has negative values", mend="give counts")
    before, after = _side(course, ~course.after), _side(course, course.after)
    if before.events + after.events == 0:
        raise EstimationError(f"'{d.outcome}' never happened in {len(course.counts)} {d.period_name}", mend="wait")
    _say_what_is_not_adjusted(d, before, after)
    spread, rho = _dispersion(course, before, after)
    split = np.array([[after.events / spread, before.events / spread, after.exposure / before.exposure]])
    half = 0.5 if min(before.events, after.events) == 0 else 0.0
    if half:
        note("no event on one side of the start: the estimate adds half an event to both sides, the interval none")
    counted = np.array([after.events, before.events]) + half
    facts = {
        "interval": "exact, given all events",
        "events_before": before.events,
        "events_after": after.events,
        "dispersion": spread,
        "rho": rho,
        "expected_after": before.rate * after.exposure,
        "rate_after_upper": spread * float(exact_poisson(after.events / spread, 0.9)[1]) / after.exposure,
    }
    return Result(
        method="its_rare",
        estimand=_estimand(d),
        terms=pd.DataFrame({"term": ["mean_post"]}),
        estimate=np.array([np.log(counted[0] / counted[1] * before.exposure / after.exposure)]),
        vcov=np.array([[spread * np.sum(1 / counted)]]),
        df=np.array([np.inf]),
        scale="log_ratio",
        split=split,
        support=pd.DataFrame({"term": ["mean_post"], "persons": np.nan, "events": course.counts.sum(), "units": 1}),
        path=_path(course, before, after, spread),
        n_obs=len(course.counts),
        n_units=1,
        extra=Facts(course.facts() | facts),
    )


def _side(course: Course, rows: NDArray[np.bool_]) -> _Side:
    events, exposure = float(course.counts[rows].sum()), float(course.exposure[rows].sum())
    return _Side(events, exposure, events / exposure)


def _say_what_is_not_adjusted(d: SeriesDesign, before: _Side, after: _Side) -> None:
    stated = {
        "recording breaks": d.breaks,
        "controls": d.controls,
        "holidays": d.holidays,
        "the pandemic's first months": d.covid == "pulse",
    }
    ignored = [name for name, there in stated.items() if there]
    if ignored:
        doubt(f"two rates are compared as they are: {', '.join(ignored)} cannot be adjusted for")
    partial = int(((d.dose > 0) & (d.dose < 1)).sum())
    if partial:
        note(f"{partial} {d.period_name} from the start on had less than the full dose, and count as wholly after it")
    if d.season and min(d.n_before, d.n_after) < d.season:
        note("less than a year on one side of the start: a season would count as a change")
    known_events.say_pandemic_kept(d.axis)
    a_period = (before.events + after.events) / len(d.positions)
    if a_period >= many_a_period:
        doubt(
            f"{a_period:.1f} events a period are not rare: trend and season count as the programme's; take its_counts"
        )
        return
    note("trend and season are not taken out: what they changed between the two sides counts as the programme's")
    if min(before.events, after.events) >= many_events:
        note(f"{before.events:g} events before and {after.events:g} after: its_counts can adjust for trend and season")


def _dispersion(course: Course, before: _Side, after: _Side) -> tuple[float, float]:
    """Return the variance of a total over Poisson's, at least 1, and the correlation of neighbouring periods."""
    expected = course.exposure * np.where(course.after, after.rate, before.rate)
    there = expected > 0
    residuals = (course.counts[there] - expected[there]) / np.sqrt(expected[there])
    free = len(residuals) - sum(side.events > 0 for side in (before, after))
    spread = max(1.0, float(residuals @ residuals) / free) if free else 1.0
    rho = positive_correlation(residuals, course.positions[there])
    return spread * (1 + rho) / (1 - rho), rho


def _path(course: Course, before: _Side, after: _Side, spread: float) -> pd.DataFrame:
    low, high = (spread * bound / before.exposure for bound in exact_poisson(before.events / spread))
    return pd.DataFrame(
        {
            "time": course.periods,
            "observed": course.counts,
            "counterfactual": before.rate * course.exposure,
            "low": low * course.exposure,
            "high": high * course.exposure,
            "fitted": np.where(course.after, after.rate, before.rate) * course.exposure,
            "events": course.counts,
            "dose": course.dose,
        }
    )


def _estimand(d: SeriesDesign) -> Estimand:
    return Estimand(
        contrast="ratio of the rates after and before",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=d.city,
        horizon=f"{d.n_after} {d.period_name} from {d.start}",
        scale="ratio of rates",
    )
