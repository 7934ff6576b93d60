"""The picture of a week: which hours the team was planned in, and in which hours the outcome changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.random_effects import between_cities
from coresponder_causal.core.result import Result
from coresponder_causal.data.registers import scheduled_hours
from coresponder_causal.design.call_timing import first_moment, hours_in_week
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.coverage_hours import weekly_hours
from coresponder_causal.report import words
from coresponder_causal.report.sentences import sentence
from coresponder_causal.report.specs import Picture

Array = NDArray[np.float64]
days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def hours_picture(design: CoverageDesign, result: Result | None = None) -> Picture:
    """Planned hours, and the change of the outcome from before to after the start, in each hour of the week.

    Parameters
    ----------
    design : CoverageDesign
        Formed of calls.
    result : Result, optional
        An estimate of the design, whose sentence is put below the picture.

    Returns
    -------
    Picture
        ``data``: ``hours``, one row per hour of the week: ``hour_of_week, day, hour, covered, planned`` (team hours a
        week from the start on), ``events_before, events_after, change`` (log ratio of rates in the treated city) and
        ``pooled``, the change drawn towards the mean of all hours by what chance alone would make of it.

    Notes
    -----
    Each change has variance 1/events before + 1/events after, half an event standing for none; the spread between
    hours is estimated by restricted maximum likelihood.

    Raises
    ------
    DesignError
        A design of counts, or without an outcome: give from_tables the table of calls and name an outcome.
    """
    data, spread = _hours(design)
    covered = data["covered"].to_numpy(bool)
    inside, outside = (words.percent(_percent(data.loc[side, "pooled"].mean())) for side in (covered, ~covered))
    per = "hour" if design.exposure == "hours" else design.exposure.removesuffix("s")
    what = f"{words.capital(str(design.outcome).replace('_', ' '))} per {per}"
    flat = " The hours do not differ beyond chance, so that all show the mean." if spread == 0 else ""
    found = f" {sentence(result).text}" if result else ""
    return Picture(
        title=f"{design.treated}: hours of the week",
        caption=(
            f"Left: team hours planned a week from {design.start} on. Right: change of {what.lower()} from before to "
            f"after the start in {design.treated} alone; each hour is drawn towards the mean of all by what chance "
            f"alone would do, so that few events do not pass for a pattern.{flat} Outlined: hours that count as "
            f"covered. This describes; it takes out no shock that the hours share.{found}"
        ),
        alt=(
            f"Two weeks of 7 days by 24 hours. {int(covered.sum())} of {hours_in_week} hours are outlined as covered. "
            f"{what} changed by {inside} on average in covered hours and by {outside} in the others."
        ),
        kind="hours",
        data={"hours": data},
        labels=Facts({"left": "Team hours planned a week", "right": f"Change of {what.lower()}"}),
        support=data[["events_before", "events_after"]],
    )


def _hours(d: CoverageDesign) -> tuple[pd.DataFrame, float]:
    """Numbers of every hour of the week, and the spread of the changes between hours."""
    calls = d.require_calls()
    own = calls[calls["city"].eq(d.treated)]
    if d.outcome is None:
        raise DesignError("the design names no outcome", mend="name one by .with_outcome")
    if d.exposure == "calls" and d.outcome in own:
        own = own[own[d.outcome].notna()]
    after = own["after"].to_numpy(bool)
    events = [_sums(own[side], d.outcome) for side in (~after, after)]
    exposure = _clock(d) if d.exposure == "hours" else [_sums(own[side], d.exposure) for side in (~after, after)]
    held = [np.maximum(count, 0.5) for count in events]
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.log(held[1] / exposure[1]) - np.log(held[0] / exposure[0])
    variance, seen = 1 / held[0] + 1 / held[1], np.isfinite(change)
    spread, _ = between_cities(change[seen], variance[seen])
    mean = float(np.average(change[seen], weights=1 / (variance[seen] + spread)))
    pooled = np.where(seen, mean + spread / (spread + variance) * (change - mean), np.nan)
    planned, _ = weekly_hours(
        scheduled_hours(d.roster, d.treated), replace(d.axis, positions=d.months), d.start_position
    )
    week = np.arange(hours_in_week)
    data = pd.DataFrame({"hour_of_week": week, "day": [days[hour // 24] for hour in week], "hour": week % 24})
    return data.assign(
        covered=d.covered,
        planned=planned,
        events_before=events[0],
        events_after=events[1],
        change=change,
        pooled=pooled,
    ), float(spread)


def _sums(calls: pd.DataFrame, name: str) -> Array:
    """Count calls, or sum a column of theirs, by hour of the week."""
    weights = None if name == "calls" else calls[name].astype(float).fillna(0.0).to_numpy()
    return np.bincount(calls["hour_of_week"], weights=weights, minlength=hours_in_week).astype(float)


def _clock(d: CoverageDesign) -> list[Array]:
    """How often each hour of the week occurs before and after the start."""
    first, end = (first_moment(d.axis.label(int(month))) for month in (d.months.min(), d.months.max() + 1))
    clock = pd.date_range(first, end, freq="h", inclusive="left")
    hour, after = (clock.day_of_week * 24 + clock.hour).to_numpy(), np.asarray(clock >= d.begin)
    return [np.bincount(hour[side], minlength=hours_in_week).astype(float) for side in (~after, after)]


def _percent(log_ratio: float) -> float:
    return 100 * float(np.expm1(log_ratio))
