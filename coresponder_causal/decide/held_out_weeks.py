"""What choosing hours is worth: schedules chosen on four fifths of the weeks, valued on the fifth they have not seen.

A schedule valued on the weeks that chose it is worth too much there: it took the hours in which chance was kind. Valued
on other weeks it is not. Each week is left out once, in the fifth of its number; the mean of its doubly robust scores
over the weeks is that of five schedules, each chosen on four fifths of the weeks. So the interval is one of the value
of *choosing by that many weeks*: a choice by all of them is worth a little more. Weeks count as independent.

Reference: Bayle, Bayle, Janson & Mackey (2020), Cross-validation confidence intervals for test error, NeurIPS 33;
Dudík, Langford & Li (2011), Doubly robust policy evaluation and learning, ICML.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import interval
from coresponder_causal.decide.hour_choice import chosen
from coresponder_causal.decide.hour_effects import HourlyCalls
from coresponder_causal.decide.hour_values import HourValues, weeks_in_year
from coresponder_causal.decide.shifts import ShiftRules
from coresponder_causal.design.call_timing import hours_in_week

Array = NDArray[np.float64]
folds = 5
others = ("today's schedule", "the schedule that meets most calls")
nothing = pd.DataFrame(columns=["against", "gain", "low", "high", "weeks", "folds"])


def held_out_weeks(
    values: HourValues, fit: Callable[..., HourValues], rules: ShiftRules, *, robust: bool = False
) -> pd.DataFrame:
    """Choose on four fifths of the weeks and value on the fifth left out, for each fifth.

    Parameters
    ----------
    values : HourValues
        Of all weeks: which hours are identified, and today's schedule.
    fit : callable
        Gives the values of some weeks' calls, ``identified=`` as of all.
    rules : ShiftRules
    robust : bool
        As of `deployment`.

    Returns
    -------
    DataFrame
        ``against`` (today's schedule, or the one that meets most calls, chosen on the same weeks), ``gain, low, high``
        a year (95 %), ``weeks, folds``.
    """
    on = np.vstack([np.zeros(hours_in_week), np.cumsum(values.by_team, axis=0)])  # by teams on duty
    fold = np.arange(len(values.calls.plan)) % folds
    weekly = np.zeros((len(fold), len(others)))
    for own in (fold == number for number in range(folds)):
        learned = fit(values.calls.of_weeks(~own), identified=values.identified)
        schedules = chosen(learned, rules, robust=robust), chosen(learned, rules, by_calls=True)
        ours, busiest = (np.take_along_axis(on, schedule.teams[None], axis=0)[0] for schedule in schedules)
        hours = [schedule.teams * values.identified for schedule in schedules]
        scored = _weekly_scores(values.calls.of_weeks(own), learned, values.today)
        worked = np.array([(hours[0] - values.today * values.identified).sum(), (hours[0] - hours[1]).sum()])
        weekly[own] = scored @ np.column_stack([ours - values.today, ours - busiest]) - values.duty * worked
    weekly *= weeks_in_year
    n = len(weekly)
    mean, error = weekly.mean(axis=0), weekly.std(axis=0, ddof=1) / np.sqrt(n)
    low, high = interval(mean, error, n - 1)
    return pd.DataFrame({"against": others, "gain": mean, "low": low, "high": high, "weeks": n, "folds": folds})


def _weekly_scores(calls: HourlyCalls, learned: HourValues, share: Array) -> Array:
    """Doubly robust scores of what one team on duty averts, summed by week and hour, shape (weeks, 168)."""
    hour, on = calls.hour, calls.on_duty
    m0 = learned.level[hour]
    m1 = m0 - learned.averted[hour]
    p = np.clip(share[hour], 1e-9, 1 - 1e-9)
    rest = np.where(on, (calls.outcome - m1) / p, -(calls.outcome - m0) / (1 - p))
    score = m0 - m1 - np.nan_to_num(rest)
    usable = learned.identified[hour]
    place = calls.week[usable] * hours_in_week + hour[usable]
    size = len(calls.plan) * hours_in_week
    return np.bincount(place, weights=score[usable], minlength=size).astype(float).reshape(-1, hours_in_week)
