"""A simulated study with known truth: the world is drawn tier by tier, each when it is asked for.

The panel tier draws the candidates of each city and month, and costs milliseconds; calls are placed, and played
through, among these candidates, so the tiers always agree.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from numbers import Integral

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate import frames, registers
from coresponder_causal.simulate.candidates import Candidates, draw_totals, occurs, place, treated_counts
from coresponder_causal.simulate.cities import Cities, cities
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.controls import draw_controls
from coresponder_causal.simulate.dispatch import draw_absences, within
from coresponder_causal.simulate.effects import DutyPlay
from coresponder_causal.simulate.full import Full
from coresponder_causal.simulate.intake import receive_calls
from coresponder_causal.simulate.persons import Persons, draw_persons
from coresponder_causal.simulate.play import Play, alike, play
from coresponder_causal.simulate.presets import Preset, preset_config
from coresponder_causal.simulate.rates import Rates, WorldName, expected_calls
from coresponder_causal.simulate.shocks import Shocks, draw_shocks
from coresponder_causal.simulate.spells import HOURS_OF_WEEK, planned_shifts, spells
from coresponder_causal.simulate.streams import Integers
from coresponder_causal.simulate.tables import Tables
from coresponder_causal.simulate.truth import Truth, true_effects


@dataclass(frozen=True, eq=False)
class World:
    """A simulated study of one treated city among comparison cities, January 2017 to December 2022.

    Every part has its own random numbers: what is asked for first changes nothing.

    Parameters
    ----------
    config : WorldConfig
        Sizes, shocks and effects.
    seed : int
        Seed.
    """

    config: WorldConfig
    seed: int

    @cached_property
    def tables(self) -> Tables:
        """Tables of the data dictionary by name, each made when first asked for."""
        return Tables(
            {
                "calls": self._calls_table,
                "outcomes": self._outcomes_table,
                "cities": partial(registers.cities_frame, self._cities),
                "city_panel": self._city_panel_table,
                "programmes": partial(registers.programmes_frame, self._cities, self.config),
                "breaks": partial(registers.breaks_frame, self._cities),
                "schedule": self._schedule_table,
                "control_series": self._control_table,
                **self._full.makers(),
            }
        )

    @cached_property
    def answers(self) -> Tables:
        """Answers of officers ("officer_wave") and of staff ("staff_wave") item by item, each made when asked for."""
        return Tables(self._full.answers())

    @cached_property
    def themes(self) -> Tables:
        """Themes of the treated city's "narratives" and of "interviews", as a reader without error would code them."""
        return Tables(self._full.themes())

    @property
    def hours(self) -> pd.DataFrame:
        """Calls by city, month and hour of the week (0 is Monday 00:00), with clock hours, population and days."""
        counts = np.stack([self._hour_counts(city) for city in range(len(self._totals))])
        return frames.hours_frame(np.add.reduceat(counts, spells().first_of_month, axis=1), self._cities)

    @property
    def panel_counts(self) -> pd.DataFrame:
        """Calls by city and month with population and days: the sums of `hours`, without making any call."""
        counts = self._totals.copy()
        counts[0] = treated_counts(self._rates, self._totals[0], self.seed)
        return frames.panel_frame(np.add.reduceat(counts, spells().first_of_month, axis=1), self._cities)

    @property
    def treated_calls(self) -> pd.DataFrame:
        """The treated city's rows of the table of calls, without making the calls of other cities."""
        return frames.calls_frame(self._plays(0), self._cities, city=0, first=0)

    def calls_of(self, place: int) -> pd.DataFrame:
        """Rows of the table of calls of one city, by its place among the cities, without making those of others."""
        return frames.calls_frame(self._plays(place), self._cities, city=place, first=int(self._calls_before[place]))

    @property
    def detailed_calls(self) -> pd.DataFrame:
        """The treated city's calls with who took and answered them, and what was seen of whom they were about."""
        return self._full.detailed(self.treated_calls)

    @property
    def first_calls(self) -> pd.DataFrame:
        """The treated city's calls as `detailed_calls` has them, with what the caller told when asked."""
        return self._full.first_calls(self.treated_calls)

    @property
    def detailed_outcomes(self) -> pd.DataFrame:
        """The treated city's outcomes with engagement in care."""
        return self._full.detailed_outcomes(self.treated_outcomes)

    @property
    def treated_outcomes(self) -> pd.DataFrame:
        """The treated city's rows of the table of outcomes, without making the calls of other cities."""
        return frames.outcomes_frame(self._plays(0), first=0)

    @cached_property
    def truth(self) -> Truth:
        """True effects of the programme in the treated city."""
        return true_effects(self._rates, self.config, self._cities, self._duty, self._full)

    @cached_property
    def _cities(self) -> Cities:
        return cities(self.config.n_comparison)

    @cached_property
    def _shocks(self) -> Shocks:
        return draw_shocks(self.config, self.seed)

    @cached_property
    def _rates(self) -> Rates:
        return expected_calls(self.config, self._shocks)

    @cached_property
    def _totals(self) -> Integers:
        return draw_totals(self._rates, self.seed)

    @cached_property
    def _persons(self) -> list[Persons]:
        return draw_persons(self._rates.totals.sum(axis=1), self._totals.sum(axis=1), self.seed)

    @cached_property
    def _treated_candidates(self) -> Candidates:
        return place(self._rates.most, self._totals[0], 0, self.seed)

    def _candidates(self, city: int, world: WorldName = "bundle") -> Candidates:
        """Place the calls of a city in a world."""
        if city:
            return place(self._rates.of_city(city), self._totals[city], city, self.seed)
        return self._treated_candidates.take(occurs(self._treated_candidates, self._rates, world))

    def _hour_counts(self, city: int) -> Integers:
        """Count the calls of a city in the observed study by spell and hour of the week."""
        n = len(spells().days)
        return np.bincount(self._candidates(city).cell, minlength=n * HOURS_OF_WEEK).reshape(n, HOURS_OF_WEEK)

    @cached_property
    def _duties(self) -> dict[WorldName, DutyPlay]:
        return {}

    def _duty(self, world: WorldName) -> DutyPlay:
        """Give the calls of the treated city in a world, played through once."""
        if world not in self._duties:
            self._duties[world] = self._play_treated(world)
        return self._duties[world]

    def _play_treated(self, world: WorldName) -> DutyPlay:
        """Play the treated city's calls through."""
        with_team, fewer_posts = world in ("bundle", "co_responder"), world in ("bundle", "fewer_posts")
        log_load = self.config.posts_load if fewer_posts else 0.0
        calls = receive_calls(self._candidates(0, world), self._persons[0], self.config, self.seed, log_load=log_load)
        shifts = planned_shifts(self.config.months_running if with_team else 0)
        absences = draw_absences(shifts, self.config, self.seed)
        planned, delivered = (
            within(calls.received, shifts, held) for held in (np.ones_like(absences.delivered), absences.delivered)
        )
        ways = (
            self._full.officers.ways(calls, shifts) if self.config.officer_effect or self.config.officer_sd else alike
        )
        return DutyPlay(play(calls, self._persons[0], delivered, self.config, self.seed, ways), planned, delivered)

    @cached_property
    def _full(self) -> Full:
        return Full(
            self.config,
            self.seed,
            self._cities,
            play_in=self._duty,
            persons=partial(getattr, self, "_persons"),
            plays=partial(getattr, self, "_all_plays"),
        )

    def _plays(self, city: int) -> Play:
        """Give the calls of a city in the observed study, played through."""
        if not city:
            return self._duty("bundle").play
        calls = receive_calls(self._candidates(city), self._persons[city], self.config, self.seed)
        return play(calls, self._persons[city], np.zeros(len(calls.id), dtype=bool), self.config, self.seed)

    @cached_property
    def _all_plays(self) -> tuple[list[Play], list[int]]:
        """Calls of each city, and the number of calls before them."""
        plays = [self._plays(city) for city in range(len(self._totals))]
        before = np.concatenate([[0], np.cumsum([len(of_city.calls.id) for of_city in plays])])
        return plays, before.tolist()

    @cached_property
    def _calls_before(self) -> Integers:
        """Count the calls of the cities before each, without making any."""
        by_city = self._totals.sum(axis=1)
        by_city[0] = treated_counts(self._rates, self._totals[0], self.seed).sum()
        return np.concatenate([[0], np.cumsum(by_city)])

    def _calls_table(self) -> pd.DataFrame:
        plays, before = self._all_plays
        made = [frames.calls_frame(of_city, self._cities, city, before[city]) for city, of_city in enumerate(plays)]
        return pd.concat(made, ignore_index=True)

    def _outcomes_table(self) -> pd.DataFrame:
        plays, before = self._all_plays
        made = [frames.outcomes_frame(of_city, before[city]) for city, of_city in enumerate(plays)]
        return pd.concat(made, ignore_index=True)

    def _city_panel_table(self) -> pd.DataFrame:
        return frames.city_panel_frame(self.panel_counts, self._all_plays[0])

    def _schedule_table(self) -> pd.DataFrame:
        shifts = planned_shifts(self.config.months_running)
        return registers.schedule_frame(shifts, draw_absences(shifts, self.config, self.seed), self._cities)

    def _control_table(self) -> pd.DataFrame:
        return frames.control_frame(draw_controls(self.config, self._shocks, self.seed), self._cities)


def world(preset: Preset = "west_sac_like", *, seed: int, config: WorldConfig | None = None) -> World:
    """Draw a simulated study.

    Parameters
    ----------
    preset : str
        Name from `presets`: "west_sac_like" has a programme that prevents calls and changes how attended calls end;
        "null" has the same shocks and no effect of any kind; the others each teach a mistake.
    seed : int
        Seed, 0 or more; the same seed gives the same shocks whatever the effects, and the comparison cities' counts
        do not depend on the effects either.
    config : WorldConfig, optional
        Sizes, shocks and effects; the default ones if not given. What makes the named world is changed in it.

    Returns
    -------
    World
        `.tables`, `.hours`, `.panel_counts` and `.truth`, each made when asked for.

    Raises
    ------
    DesignError
        If the preset is not known or the seed is no whole number ≥ 0. Mend: as the message says.

    Examples
    --------
    >>> study = world(seed=1)
    >>> study.panel_counts.shape
    (792, 5)
    >>> study.truth.averted_calls > 0
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise DesignError(f"seed = {seed!r} is not a whole number of 0 or more", mend="give seed= such a number")
    return World(config=preset_config(preset, config or WorldConfig()), seed=int(seed))
