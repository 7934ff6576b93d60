"""The schedule that is worth most by the values of the hours, what it gains, and what more hours or teams would add."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.decide.hour_values import HourValues
from coresponder_causal.decide.shifts import Schedule, ShiftRules, best_schedule
from coresponder_causal.design.call_timing import hours_in_week

Array = NDArray[np.float64]
worst, cautions, more_hours = 0.1, (0.1, 0.2, 0.4, 0.8), (-20, -10, 0, 10, 20)


def chosen(values: HourValues, rules: ShiftRules, *, robust: bool = False, by_calls: bool = False) -> Schedule:
    """Find the schedule that is worth most, or that meets most calls, with unidentified hours as they are today.

    The robust one is, of the schedules best by each hour's mean less so many standard deviations, the one whose
    gain over today is on average largest in the worst tenth of draws. The schedule best by the mean is among them.
    """
    if by_calls:
        return _best(values, values.by_team * values.rate, rules)
    found = _best(values, values.value, rules)
    if not robust:
        return found
    spread = values.draws.std(axis=0)
    others = [_best(values, values.value - many * spread, rules) for many in cautions]
    return max((found, *others), key=lambda one: worst_gain(values, one))


def _best(values: HourValues, worth_of: Array, rules: ShiftRules) -> Schedule:
    return best_schedule(worth_of, rules, kept=~values.identified, today=values.today >= 0.5)


def worst_gain(values: HourValues, schedule: Schedule) -> float:
    """Return the mean gain over today's schedule in the worst tenth of draws (conditional value at risk)."""
    won = np.sort(gains(values, schedule))
    return float(won[: max(1, round(worst * len(won)))].mean())


def worth(values: HourValues, schedule: Schedule) -> float:
    """Return what is averted a year by teams on duty in identified hours."""
    return float((values.value * _on(values, schedule)).sum())


def gains(values: HourValues, schedule: Schedule) -> Array:
    """Gain over today's schedule in each draw, shape (s,)."""
    today = np.where(values.identified, values.today, 0.0)
    won = np.einsum("sth,th->s", values.draws, _on(values, schedule).astype(float))
    return np.asarray(won - values.draws[:, 0] @ today)


def frontier(values: HourValues, rules: ShiftRules, *, robust: bool = False) -> pd.DataFrame:
    """Say what fewer and more hours a week avert under the same rules, and of that with one team on duty at most.

    Returns
    -------
    DataFrame
        ``hours`` a week, ``averted`` a year, ``per_hour``: what one more hour a week adds since the row before; with
        two teams ``one_team``: what as many hours avert with no second team on duty, and ``second_adds``: what they
        avert beyond that.
    """
    first = replace(values, value=values.value[:1], draws=values.draws[:, :1], by_team=values.by_team[:1])
    rows = []
    least = rules.exploration_hours + min(rules.lengths)
    most = rules.teams * hours_in_week
    for hours in (rules.hours + more for more in more_hours if least <= rules.hours + more <= most):
        averted = _at(values, rules.with_hours(hours), robust)
        if np.isnan(averted):
            continue
        two = rules.teams > 1 and hours <= hours_in_week
        alone = _at(first, replace(rules, hours=hours, teams=1), robust) if two else np.nan
        rows.append({"hours": hours, "averted": averted, "one_team": alone})
    frame = pd.DataFrame(rows, columns=["hours", "averted", "one_team"], dtype=float)
    frame.insert(2, "per_hour", frame["averted"].diff() / frame["hours"].diff())
    if rules.teams == 1:
        return frame.drop(columns="one_team")
    return frame.assign(second_adds=frame["averted"] - frame["one_team"])


def _at(values: HourValues, rules: ShiftRules, robust: bool) -> float:
    """Return what the best schedule averts, NaN where none keeps to the rules."""
    try:
        return worth(values, chosen(values, rules, robust=robust))
    except DesignError:
        return float("nan")


def _on(values: HourValues, schedule: Schedule) -> NDArray[np.bool_]:
    """Whether each team is on duty, in identified hours alone, shape (teams, 168)."""
    return np.asarray((schedule.teams >= np.arange(1, len(values.value) + 1)[:, None]) & values.identified, bool)
