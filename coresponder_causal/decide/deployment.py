"""Which hours of the week the team should cover: what the data say, what they cannot say, and what follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.inference import interval
from coresponder_causal.core.notes import collecting, doubt
from coresponder_causal.decide.exploration import exploration_plan
from coresponder_causal.decide.hour_effects import Contrast, HourlyCalls, hourly_calls
from coresponder_causal.decide.hour_values import HourValues, fewest, values_of, weeks_in_year
from coresponder_causal.decide.shifts import Schedule, ShiftRules, best_schedule
from coresponder_causal.design.call_timing import received
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.coverage_shifts import first_monday
from coresponder_causal.design.switchback_calendar import SwitchbackCalendar

Array = NDArray[np.float64]
scenarios, more_hours = 100, (-20, -10, 10, 20)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deployment:
    """A week of shifts that the data support, what it is worth, and what has to be learned first.

    Parameters
    ----------
    city, outcome : str
    rules : ShiftRules
    values : HourValues
    proposed : Schedule or None
        None where no hour's worth is identified: then today's hours stay.
    gain, gain_low, gain_high, better : float
        Events averted a year beyond today's schedule, 90 % limits, and the probability that it is more than none.
    averted, averted_today : float
        Events averted a year by the identified hours of both schedules.
    held_out : DataFrame
        ``against`` (today, or the schedule that follows calls), ``gain, low, high`` (95 %), ``weeks``: schedules chosen
        on one half of the weeks and valued on the other.
    frontier : DataFrame
        ``hours`` a week, ``averted`` a year, ``per_hour``: what one more hour a week adds since the row before.
    first_monday : date
        From which a new schedule could begin.
    exploration : SwitchbackCalendar or None
        Lot for the hours that were never covered.
    notes : tuple of str
    """

    city: str
    outcome: str
    rules: ShiftRules
    values: HourValues
    proposed: Schedule | None
    gain: float
    gain_low: float
    gain_high: float
    better: float
    averted: float
    averted_today: float
    held_out: pd.DataFrame
    frontier: pd.DataFrame
    first_monday: dt.date
    exploration: SwitchbackCalendar | None
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        gain = "today's hours stay" if self.proposed is None else f"{self.gain:.3g} averted a year beyond today"
        return f"Deployment: {self.outcome} in {self.city}, {self.rules.hours:g} hours a week, {gain}; see .frame()"

    def frame(self) -> pd.DataFrame:
        """One row per hour of the week: `HourValues.frame` with ``proposed``, the teams on duty."""
        teams = _kept_today(self.values) if self.proposed is None else self.proposed.teams
        return self.values.frame().assign(proposed=np.asarray(teams, float))


def deployment(
    design: CoverageDesign,
    *,
    rules: ShiftRules | None = None,
    contrast: Contrast = "planned",
    since: str | None = None,
    minutes_per_call: float | None = None,
    robust: bool = False,
    explore_from: str | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Deployment:
    """Choose the shifts that avert most events a year, among the hours of the week of which the data can speak.

    Parameters
    ----------
    design : CoverageDesign
        Formed of calls one by one, with an outcome to avert that a call can have or not.
    rules : ShiftRules, optional
        By default shifts of 8, 10 or 12 hours, one team, two crews, and as many hours a week as planned today.
    contrast : {"planned", "delivered"}
        Weeks told apart by the plan; or by the shifts that took place, where absences are the only variation there is:
        right only if staff does not fall out when calls go worse (`check.absences`).
    since : str, optional
        First day that counts, e.g. of a plan drawn by lot; by default the start.
    minutes_per_call : float, optional
        Minutes that a call takes the team; needed for two teams.
    robust : bool
        Make the mean gain over today in the worst tenth of the draws large, instead of the mean over all.
    explore_from : str, optional
        Monday from which never covered hours are explored; by default the first after the calls.
    draws, seed : int
        Draws of the values, and the seed of these and of the lot.

    Returns
    -------
    Deployment

    Raises
    ------
    DesignError
        No calls one by one or no outcome of theirs, too few weeks, or rules that no schedule keeps to.
    EstimationError
        If coverage changed in all hours at once, so that it cannot be told apart from time.

    Notes
    -----
    What is identified. An hour's worth is calls × (mean outcome without − with the team on duty), the effect of being
    on duty and so the product of being free, being sent and attending. It is identified where the team was on duty in
    some weeks and off in others, at least four each and back and forth, for reasons that have nothing to do with what
    calls of these weeks would have come to: by lot (`switchback_schedule`), else by assumption. What all hours share in
    thirteen weeks is taken out. Before against after the start, or a change of the roster, is not used: within one town
    that is not safe. Hours always covered and hours never covered are not identified: they stay as they are, are not
    ranked, and no wave of the week is drawn through them. For those never covered a lot is drawn.

    The number of calls is taken as it was: calls that the team itself prevents later are not counted. The interval
    of ``held_out`` is honest about the choice, but of schedules chosen on half of the weeks, which are worth a little
    less than one chosen on all; that of ``gain`` rests on the model of pooled hours.

    Examples
    --------
    >>> from coresponder_causal.simulate.hours import hours_world
    >>> world = hours_world(1, weeks=40)
    >>> d = CoverageDesign.from_tables(
    ...     world.calls, world.schedule, outcome="harm", start="2025-01-06", exposure="calls"
    ... )
    >>> found = deployment(d, rules=ShiftRules(hours=72, exploration_hours=0), draws=200)
    >>> bool(found.values.identified.all()), bool(found.gain > 0)
    (True, True)
    """
    if draws < 1:
        raise DesignError(f"draws={draws!r}", mend="ask for 1 or more, such as 1000")
    with collecting() as said:
        calls = hourly_calls(design, contrast=contrast, since=since)
        rules = rules or ShiftRules(hours=hours_today(design, contrast=contrast, since=since))
        fit = partial(values_of, teams=rules.teams, minutes_per_call=minutes_per_call, draws=draws, seed=seed)
        values = fit(calls)
        never = values.never_covered
        _say_unknown(values, never)
        if rules.exploration_hours and not never.any():
            rules = replace(rules, exploration_hours=0)
        monday = _following(design, explore_from)
        explored = _explored(design.treated, values, never, rules, monday, seed)
        proposed = chosen(values, rules, robust=robust) if values.identified.sum() >= fewest else None
        halves = _held_out(values, fit, rules, robust) if proposed else _nothing_held_out
        further = _frontier(values, rules) if proposed else pd.DataFrame(columns=["hours", "averted", "per_hour"])
    won = gains(values, proposed) if proposed else np.zeros(draws)
    low, high = np.quantile(won, [0.05, 0.95])
    return Deployment(
        city=design.treated,
        outcome=str(design.outcome),
        rules=rules,
        values=values,
        proposed=proposed,
        gain=float(won.mean()) if proposed else float("nan"),
        gain_low=float(low) if proposed else float("nan"),
        gain_high=float(high) if proposed else float("nan"),
        better=float((won > 0).mean()) if proposed else float("nan"),
        averted=worth(values.value, proposed.teams, values.identified) if proposed else float("nan"),
        averted_today=float(values.value[0] @ values.today) if proposed else float("nan"),
        held_out=halves,
        frontier=further,
        first_monday=monday,
        exploration=explored,
        notes=tuple(dict.fromkeys((*design.notes, *said))),
    )


def hours_today(design: CoverageDesign, *, contrast: Contrast = "planned", since: str | None = None) -> int:
    """Return the team hours a week of the weeks that `deployment` uses, rounded.

    Parameters
    ----------
    design : CoverageDesign
    contrast, since
        As of `deployment`.
    """
    return round(float(hourly_calls(design, contrast=contrast, since=since).plan.mean(axis=0).sum()))


_nothing_held_out = pd.DataFrame(columns=["against", "gain", "low", "high", "weeks"])


def chosen(values: HourValues, rules: ShiftRules, *, robust: bool = False, by_calls: bool = False) -> Schedule:
    """Find the schedule that is worth most, or that meets most calls, with unidentified hours as they are today."""
    kept = ~values.identified
    worth_of = values.by_team * values.rate if by_calls else values.value
    some = values.draws[:scenarios] if robust else None
    base = None if some is None else some[:, 0] @ np.where(kept, 0.0, values.today)
    return best_schedule(worth_of, rules, kept=kept, today=values.today >= 0.5, draws=some, base=base)


def worth(value: Array, teams: NDArray[np.int64], identified: NDArray[np.bool_]) -> float:
    """Events averted a year by teams on duty in identified hours."""
    on = teams >= np.arange(1, len(value) + 1)[:, None]
    return float((value * on * identified).sum())


def gains(values: HourValues, schedule: Schedule) -> Array:
    """Gain over today's schedule in each draw, shape (s,)."""
    on = (schedule.teams >= np.arange(1, len(values.value) + 1)[:, None]) * values.identified
    today = np.where(values.identified, values.today, 0.0)
    return np.asarray(np.einsum("sth,th->s", values.draws, on.astype(float)) - values.draws[:, 0] @ today)


def _kept_today(values: HourValues) -> Array:
    return np.where(values.today >= 0.5, 1.0, 0.0)


def _say_unknown(values: HourValues, never: NDArray[np.bool_]) -> None:
    others = int((~values.identified & ~never).sum())
    if never.any():
        doubt(
            f"{int(never.sum())} hours of the week were never covered: what the team would do in them is not "
            "identified, they are not ranked and stay uncovered, and hours drawn by lot can tell"
        )
    if others:
        doubt(
            f"{others} hours of the week were covered all the time, or changed with the roster alone: what the team "
            "does in them is not identified, and they stay as they were in most weeks"
        )


def _following(d: CoverageDesign, start: str | None) -> dt.date:
    """Monday on which something new may begin."""
    if start is not None:
        return dt.date.fromisoformat(start)
    return first_monday(d.require_calls()[received].max() + pd.Timedelta(days=1)).date()


def _explored(
    city: str, values: HourValues, never: NDArray[np.bool_], rules: ShiftRules, monday: dt.date, seed: int
) -> SwitchbackCalendar | None:
    if not never.any() or not rules.exploration_hours:
        return None
    hours = rules.exploration_hours
    return exploration_plan(values.rate, never, hours=hours, city=city, start=monday.isoformat(), seed=seed)


def _held_out(values: HourValues, fit: Callable[..., HourValues], rules: ShiftRules, robust: bool) -> pd.DataFrame:
    """Choose on odd weeks and value on even ones, and the other way round."""
    even = np.arange(len(values.calls.plan)) % 2 == 0
    on = np.vstack([np.zeros(len(values.today)), np.cumsum(values.by_team, axis=0)])  # by teams on duty
    scores = []
    for half in (even, ~even):
        learned = fit(values.calls.of_weeks(half), identified=values.identified)
        scored = _weekly_scores(values.calls.of_weeks(~half), learned, values.today)
        schedules = chosen(learned, rules, robust=robust), chosen(learned, rules, by_calls=True)
        ours, busiest = (np.take_along_axis(on, schedule.teams[None], axis=0)[0] for schedule in schedules)
        scores.append(scored @ np.column_stack([ours - values.today, ours - busiest]))
    weekly = np.concatenate(scores) * weeks_in_year
    n = len(weekly)
    mean, error = weekly.mean(axis=0), weekly.std(axis=0, ddof=1) / np.sqrt(n)
    low, high = interval(mean, error, n - 2)
    names = ["today's schedule", "the schedule that meets most calls"]
    return pd.DataFrame({"against": names, "gain": mean, "low": low, "high": high, "weeks": n})


def _weekly_scores(calls: HourlyCalls, learned: HourValues, share: Array) -> Array:
    """Doubly robust scores of what one team on duty averts, summed by week and hour, shape (weeks, 168)."""
    hour, on = calls.hour, calls.on_duty
    m0 = learned.level[hour]
    m1 = m0 - learned.averted[hour]
    p = np.clip(share[hour], 1e-9, 1 - 1e-9)
    rest = np.where(on, (calls.outcome - m1) / p, -(calls.outcome - m0) / (1 - p))
    score = m0 - m1 - np.nan_to_num(rest)
    usable = learned.identified[hour]
    place = calls.week[usable] * 168 + hour[usable]
    size = len(calls.plan) * 168
    return np.bincount(place, weights=score[usable], minlength=size).astype(float).reshape(-1, 168)


def _frontier(values: HourValues, rules: ShiftRules) -> pd.DataFrame:
    """Say what fewer and more hours a week avert under the same rules."""
    rows = []
    for hours in sorted({rules.hours + more for more in (*more_hours, 0)}):
        wide = rules.with_hours(hours) if hours > rules.exploration_hours + min(rules.lengths) else None
        if wide is None:
            continue
        try:
            found = chosen(values, wide)
        except DesignError:
            continue
        rows.append({"hours": hours, "averted": worth(values.value, found.teams, values.identified)})
    frame = pd.DataFrame(rows, columns=["hours", "averted"])
    return frame.assign(per_hour=frame["averted"].diff() / frame["hours"].diff())
