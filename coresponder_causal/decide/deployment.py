"""Which hours of the week the team should cover: what the data say, what they cannot say, and what follows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import collecting, doubt
from coresponder_causal.decide.exploration import explored_hours, following
from coresponder_causal.decide.held_out_weeks import held_out_weeks, nothing
from coresponder_causal.decide.hour_choice import chosen, frontier, gains, worth
from coresponder_causal.decide.hour_effects import Contrast, hourly_calls
from coresponder_causal.decide.hour_values import HourValues, fewest, values_of
from coresponder_causal.decide.officer_hours import OfficerHours, nothing_apart, told_apart, weighed
from coresponder_causal.decide.shifts import Schedule, ShiftRules
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.switchback_calendar import SwitchbackCalendar

Array = NDArray[np.float64]
nothing_further = pd.DataFrame(columns=["hours", "averted", "per_hour"])


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
        As of `held_out_weeks`: what choosing by four fifths of the weeks gains on the fifth left out.
    frontier : DataFrame
        As of `hour_choice.frontier`: what fewer and more hours a week, and of two teams the second, would avert.
    first_monday : date
        From which a new schedule could begin.
    exploration : SwitchbackCalendar or None
        Lot for the hours that were never covered.
    contrast : {"planned", "delivered"}
    robust : bool
    officers : OfficerHours or None
        How officer-hours count. Where they do, ``gain`` and all else that is averted are in events that they count as.
    apart : DataFrame
        Then ``what, today, proposed``: events and officer-hours a year each by itself, as of `told_apart`; else empty.
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
    contrast: Contrast
    robust: bool
    officers: OfficerHours | None
    apart: pd.DataFrame
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
    officers: OfficerHours | None = None,
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
    officers : OfficerHours, optional
        Make events averted, and officer-hours released less those on duty at a stated worth, large together; by default
        events alone.
    robust : bool
        Make the mean gain over today in the worst tenth of draws large, instead of the mean over all: the best so of
        five schedules, that of the mean and those of each hour's mean less 0.1 to 0.8 of its standard deviations.
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

    The number of calls is taken as it was: calls that the team itself prevents later are not counted. What a second
    team adds is not seen but follows from Erlang's loss formula: calls come by chance, and one that finds every team
    taken is lost to them.

    ``gain`` is of the schedule proposed and rests on the model of pooled hours, by which its chosen hours are already
    drawn towards the others. ``held_out`` does not: it is the gain that *choosing by four fifths of the weeks* brings,
    and what is proposed, chosen by all, is worth a little more.

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
        minutes = None if officers is None else officers.minutes
        calls = hourly_calls(design, contrast=contrast, since=since, minutes=minutes)
        rules = rules or ShiftRules(hours=hours_today(design, contrast=contrast, since=since))
        plain = partial(values_of, teams=rules.teams, minutes_per_call=minutes_per_call, draws=draws, seed=seed)
        fit = partial(plain, duty=0.0 if officers is None else officers.duty)
        values = fit(weighed(calls, officers))
        never = values.never_covered
        _say_unknown(values, never)
        if rules.exploration_hours and not never.any():
            rules = replace(rules, exploration_hours=0)
        monday = following(design, explore_from)
        explored = explored_hours(design.treated, values, rules, monday, seed)
        proposed = chosen(values, rules, robust=robust) if values.identified.sum() >= fewest else None
        held_out, further, apart = nothing, nothing_further, nothing_apart
        if proposed is not None:
            held_out = held_out_weeks(values, fit, rules, robust=robust)
            further = frontier(values, rules, robust=robust)
            if officers is not None:
                apart = told_apart(calls, plain, proposed, officers, values=values)
    return Deployment(
        city=design.treated,
        outcome=str(design.outcome),
        rules=rules,
        values=values,
        proposed=proposed,
        **_won(values, proposed),
        held_out=held_out,
        frontier=further,
        first_monday=monday,
        exploration=explored,
        contrast=contrast,
        robust=robust,
        officers=officers,
        apart=apart,
        notes=tuple(dict.fromkeys((*design.notes, *said))),
    )


def _won(values: HourValues, proposed: Schedule | None) -> dict[str, float]:
    """Gain over today with its limits, how often it is one, and events averted; NaN without a proposal."""
    names = ("gain", "gain_low", "gain_high", "better", "averted", "averted_today")
    if proposed is None:
        return dict.fromkeys(names, float("nan"))
    won = gains(values, proposed)
    low, high = np.quantile(won, [0.05, 0.95])
    today = values.value[0] @ values.today
    told = (won.mean(), low, high, (won > 0).mean(), worth(values, proposed), today)
    return dict(zip(names, map(float, told), strict=True))


def hours_today(design: CoverageDesign, *, contrast: Contrast = "planned", since: str | None = None) -> int:
    """Return the team hours a week of the weeks that `deployment` uses, rounded.

    Parameters
    ----------
    design : CoverageDesign
    contrast, since
        As of `deployment`.
    """
    return round(float(hourly_calls(design, contrast=contrast, since=since).plan.mean(axis=0).sum()))


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
