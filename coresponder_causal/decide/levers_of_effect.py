"""Levers of the effect: what more could be averted, or who more linked to care, in a year like those seen.

Reference: Manski & Pepper (2000), doi:10.1111/1468-0262.00144 (monotone treatment response and selection).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import interval
from coresponder_causal.data.metrics_eligible import eligible_reported
from coresponder_causal.decide.converted import Attendance, Bounds, times_share
from coresponder_causal.decide.deployment import Deployment
from coresponder_causal.decide.hour_choice import chosen, gains
from coresponder_causal.decide.improve import Lever
from coresponder_causal.decide.worth_of_calls import PerCall, Yearly, lacking, lacks_for, no, worth, yes

Array = NDArray[np.float64]


def lever_reach(each: PerCall, calls: pd.DataFrame) -> tuple[Lever, ...]:
    """Go to the crisis-eligible calls of the team's hours that it missed: while it was free, and while it was taken.

    Parameters
    ----------
    each : PerCall
    calls : DataFrame
        The city's calls from the start on: ``received_at, initial_type, team_on_duty, attended`` and, to tell the two
        apart, ``team_busy``.

    Returns
    -------
    tuple of Lever
        Of what all of these calls would bring: half of them bring half. One lever without ``team_busy``.

    Notes
    -----
    Not for a team that is sent to calls that need it most: those that it misses then gain less.
    """
    what = "go to every eligible call missed in its hours"
    if lacks := lacking(calls, ("received_at", "initial_type", "team_on_duty", "attended")):
        return (Lever(what=what, currency="averted", outcome=each.outcome, needs=lacks),)
    missed = yes(eligible_reported(calls)) & yes(calls["team_on_duty"]) & no(calls["attended"])
    if "team_busy" not in calls:
        return (_more_calls(each, calls, missed.astype(float), what),)
    busy = yes(calls["team_busy"])
    return (
        _more_calls(each, calls, (missed & ~busy).astype(float), f"{what} while it was free"),
        _more_calls(each, calls, (missed & busy).astype(float), f"{what} while it was taken: a second team"),
    )


def lever_follow_up(calls: pd.DataFrame, outcomes: pd.DataFrame | None) -> Lever:
    """Reach everybody within 72 hours whom the team met: people linked to care within 30 days.

    Parameters
    ----------
    calls : DataFrame
        The city's calls from the start on, ``call_id, received_at, attended`` and, where known, ``person``.
    outcomes : DataFrame or None
        ``call_id, followed_up_72h, linked_30d``.

    Returns
    -------
    Lever
        A range from none to the observed difference. People who are reached also differ otherwise from those who are
        not, so that the difference is no effect.

    Notes
    -----
    With N people a year not reached, and p₁, p₀ linked of those reached and not: whatever is not known, the gain lies
    from −N p₀ to N (1 − p₀). If a follow-up does no harm and those reached are no worse placed, from 0 to N (p₁ − p₀);
    its upper end carries the sampling error. The data cannot test either.
    """
    what = "follow up within 72 hours with everybody the team met"
    empty = Lever(what=what, currency="linked", outcome="linked_30d")
    known = pd.DataFrame() if outcomes is None else outcomes
    if lacks := lacking(calls, ("call_id", "received_at", "attended")):
        return lacks_for(empty, lacks)
    if lacks := lacking(known, ("followed_up_72h", "linked_30d")):
        return lacks_for(empty, f"{lacks}, in a table outcomes by call_id")
    met = calls[yes(calls["attended"])].merge(known[["call_id", "followed_up_72h", "linked_30d"]], on="call_id")
    there = len(met)
    met = met.dropna(subset=["followed_up_72h", "linked_30d"]).reset_index(drop=True)
    reached, linked = yes(met["followed_up_72h"]), met["linked_30d"].astype("boolean")
    person = met["person"].fillna(met["call_id"].astype(str)) if "person" in met else met["call_id"]
    many = Yearly.of_weeks(met["received_at"], _once_a_year(met, person) * ~reached) if len(met) else None
    if many is None or not all(linked[group].any() and person[group].nunique() > 1 for group in (reached, ~reached)):
        return lacks_for(empty, "both answers of enough people: reached or not, linked or not")
    shares = [Attendance.of_calls(linked[group], person[group]) for group in (reached, ~reached)]
    difference, error = shares[0].share - shares[1].share, float(np.hypot(shares[0].std_error, shares[1].std_error))
    low, high = interval(difference, error, np.inf)
    most = times_share(
        Bounds(difference, float(low), float(high)), Attendance(share=many.mean, std_error=many.std_error)
    )
    none, all_of_them = -many.mean * shares[1].share, many.mean * (1 - shares[1].share)
    return Lever(
        what=what,
        currency="linked",
        outcome="linked_30d",
        gain=Bounds(float("nan"), 0.0, max(most.high, 0.0)),
        formula="people a year not reached × (share linked of those reached − of those not), from none of it to all",
        assumes="a follow-up does no harm, and people who are reached are no worse placed than those who are not",
        said=f"observed difference alone: {most.estimate:.0f}; without these assumptions from −{-none:.0f} to "
        f"{all_of_them:.0f}; both answers are known after {len(met)} of {there} calls attended; a lot over whom to "
        "reach first would tell",
        support={"calls": float(pd.crosstab(reached, linked.to_numpy(bool)).to_numpy().min())},
    )


def lever_hours(found: Deployment) -> tuple[Lever, ...]:
    """Move today's hours to the best ones, and add the next step of hours beyond that.

    Parameters
    ----------
    found : Deployment

    Notes
    -----
    The schedule is the best by the same values that it is then worth: it is promised a little too much, more so where
    hours are poorly told apart. ``found.held_out`` values the first step by other weeks.
    """
    if found.proposed is None:
        what = "come at other hours, or for more of them"
        needs = "weeks in which the team was on duty in an hour, and weeks in which it was not, drawn by lot"
        return (Lever(what=what, currency="averted", outcome=found.outcome, needs=needs),)
    moved = gains(found.values, found.proposed)
    levers = [
        _of_draws(
            found,
            moved,
            "move today's hours to the best ones",
            "the worth of the best hours less that of today's, as many a week",
        )
    ]
    further = found.frontier.loc[found.frontier["hours"] > found.rules.hours, "hours"]
    if len(further):
        wide = chosen(found.values, found.rules.with_hours(int(further.iloc[0])))
        step = int(further.iloc[0]) - int(found.rules.hours)
        text = f"add {step} hours a week to the best ones"
        levers.append(
            _of_draws(found, gains(found.values, wide) - moved, text, "the best hours with them, less without")
        )
    return tuple(levers)


def _of_draws(found: Deployment, draws: Array, what: str, formula: str) -> Lever:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Lever(
        what=what,
        currency="averted",
        outcome=found.outcome,
        gain=Bounds(float(draws.mean()), float(low), float(high)),
        formula=formula,
        assumes="hours are worth what they were in the weeks in which the team came and stayed away in turn",
        said="of hours never covered nothing is known: they are left out",
        support={"calls": float(found.values.calls.counts().sum())},
    )


def _more_calls(each: PerCall, calls: pd.DataFrame, weight: Array, what: str) -> Lever:
    counted = Yearly.of_weeks(calls["received_at"], weight)
    return worth(
        each,
        [counted, counted],
        what=what,
        formula="such calls a year × events averted per attended call",
        assumes=f"these calls would gain as much as {each.of}",
        said="",
        many=int(weight.sum()),
    )


def _once_a_year(met: pd.DataFrame, person: pd.Series) -> Array:
    """1 at the first call of a person in each year since the first call, else 0."""
    year = (met["received_at"] - met["received_at"].min()) // pd.Timedelta(days=365.25)
    order = met["received_at"].argsort(kind="stable")
    again = pd.DataFrame({"person": person, "year": year}).iloc[order].duplicated()
    return np.asarray(~again.sort_index(), dtype=float)
