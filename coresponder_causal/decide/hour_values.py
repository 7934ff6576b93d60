"""What an hour of the team is worth in each hour of the week: calls × effect, both drawn together across the week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.cyclic_pooling import pooled_cycle
from coresponder_causal.core.erlang import blocked, offered_load
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import note
from coresponder_causal.decide.hour_effects import HourEffects, HourlyCalls, hour_effects, least_weeks
from coresponder_causal.design.call_timing import hours_in_week

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
weeks_in_year = 365.25 / 7
week = np.arange(hours_in_week)
fewest = 3  # hours that can be pooled
days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourValues:
    """Values of the hours of the week, V(h) = λ(h) · e(h) a(h) τ(h), in events averted a year, less what duty costs.

    Parameters
    ----------
    calls : HourlyCalls
    effects : HourEffects
        Before pooling.
    rate : ndarray, shape (168,)
        Calls an hour, λ, pooled.
    averted, level : ndarray, shape (168,)
        Events averted per call with one team on duty, e · a · τ, pooled, NaN where not identified; and the mean outcome
        without the team.
    value : ndarray, shape (teams, 168)
        Of the first team on duty, and what the second adds; 0 where not identified.
    draws : ndarray, shape (s, teams, 168)
        Of the value, given the data.
    by_team : ndarray, shape (teams, 168)
        Value of each further team in units of that of the first, before what duty costs.
    duty : float
        What an hour of a team on duty costs, in events.
    """

    calls: HourlyCalls
    effects: HourEffects
    rate: Array
    averted: Array
    level: Array
    value: Array
    draws: Array
    by_team: Array
    duty: float = 0.0

    @property
    def identified(self) -> Bools:
        """Hours in which the team was on duty in some weeks and not in others."""
        return self.effects.identified

    @property
    def today(self) -> Array:
        """Share of weeks in which the team was on duty, shape (168,)."""
        return np.asarray(self.calls.plan.mean(axis=0), float)

    @property
    def never_covered(self) -> Bools:
        """Hours in which the team was on duty in fewer than four weeks."""
        return np.asarray(~self.identified & (self.calls.plan.sum(axis=0) < least_weeks), bool)

    def frame(self) -> pd.DataFrame:
        """One row per hour of the week, with 90 % limits of a first team's value; of two, also what the second adds."""
        first = np.where(self.identified, self.draws[:, 0], np.nan)
        low, high = np.quantile(first, [0.05, 0.95], axis=0)
        frame = pd.DataFrame(
            {
                "hour_of_week": week,
                "day": [days[hour // 24] for hour in week],
                "hour": week % 24,
                "identified": self.identified,
                "calls": self.calls.counts(),
                "calls_a_week": self.rate,
                "averted_per_call": self.averted,
                "value": np.where(self.identified, self.value[0], np.nan),
                "value_low": low,
                "value_high": high,
                "today": self.today,
            }
        )
        if len(self.value) == 1:
            return frame
        return frame.assign(second_adds=np.where(self.identified, self.value[1], np.nan))


def values_of(
    calls: HourlyCalls,
    *,
    teams: int,
    minutes_per_call: float | None,
    draws: int,
    seed: int,
    duty: float = 0.0,
    identified: Bools | None = None,
) -> HourValues:
    """Pool calls and effects of the hours of the week, and multiply them; see `deployment` and `hour_effects`.

    Raises
    ------
    DesignError
        Two teams without the time that a call takes, or a time in which one team cannot have attended so many calls.
    """
    rng = np.random.default_rng(seed)
    effects = hour_effects(calls, identified=identified)
    seen = calls.counts() + 0.5
    volume = pooled_cycle(np.log(seen / len(calls.plan)), np.diag(1 / seen), week)
    rate = np.exp(volume.mean + np.diag(volume.covariance) / 2)
    level = pooled_cycle(effects.level, np.diag(effects.level_variance), week).mean
    averted, drawn = np.full(hours_in_week, np.nan), np.zeros((draws, hours_in_week))
    open_hours = np.flatnonzero(effects.identified)
    if len(open_hours) >= fewest:
        pooled = pooled_cycle(-effects.effect[open_hours], effects.covariance, open_hours)
        averted[open_hours], drawn[:, open_hours] = pooled.mean, pooled.draws(draws, rng)
    by_team = _by_team(calls, rate, teams, minutes_per_call)
    often = np.exp(volume.draws(draws, rng)) * weeks_in_year
    paid = duty * weeks_in_year * effects.identified
    return HourValues(
        calls=calls,
        effects=effects,
        rate=rate,
        averted=averted,
        level=level,
        value=by_team * np.nan_to_num(rate * averted) * weeks_in_year - paid,
        draws=by_team * (often * drawn)[:, None] - paid,
        by_team=by_team,
        duty=duty,
    )


def _by_team(calls: HourlyCalls, rate: Array, teams: int, minutes: float | None) -> Array:
    """Say what each further team adds, in units of what the first does, shape (teams, 168)."""
    if teams == 1:
        return np.ones((1, hours_in_week))
    known = calls.on_duty & np.isfinite(calls.attended)
    if minutes is None or not known.any():
        raise DesignError(
            "what a second team adds follows from how long a call takes and how often the team attends",
            mend="give minutes_per_call=, and calls with the field attended",
        )
    load = offered_load(rate, calls.attended[known].mean(), minutes / 60)
    if not np.isfinite(load).all():
        raise DesignError(
            f"a team that takes {minutes:g} minutes a call cannot have attended so many",
            mend="correct minutes_per_call",
        )
    note(
        "what a second team adds is not seen in the data: it follows from Erlang's loss formula with "
        f"{minutes:g} minutes a call, calls that come by chance, and teams that help alike"
    )
    free = [1 - blocked(team, load) for team in range(teams + 1)]
    return np.asarray(np.diff(np.array(free), axis=0) / free[1], float)
