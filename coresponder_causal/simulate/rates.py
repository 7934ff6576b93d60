"""Expected calls under four worlds: city × spell × hour of the week.

The log rate of a city is its level, a yearly wave, AR(1) and independent month shocks, a structural step at the start
and the COVID change; an hour-of-week profile with mean one spreads it over the week.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from coresponder_causal.simulate.adoption import adopter_effects
from coresponder_causal.simulate.cities import cities
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.shape import Shape
from coresponder_causal.simulate.shocks import Shocks, covid_shape
from coresponder_causal.simulate.spells import COVERED, HOURS_OF_WEEK, end_of_programme, spells
from coresponder_causal.simulate.streams import Floats, Integers, Tier, stream

WorldName = Literal["none", "bundle", "co_responder", "fewer_posts"]
"""The worlds: the earlier small dose goes on; the changed programme paid for by vacant posts; either half of it."""

WORLDS: tuple[WorldName, ...] = get_args(WorldName)

HOURS_PER_MONTH = 24 * 365.25 / 12


@dataclass(frozen=True, eq=False)
class Rates:
    """Expected calls, spread over the hours of the week only where that is asked for.

    Parameters
    ----------
    log_level : ndarray, shape (cities, spells)
        Log of the mean expected calls in a clock hour, without the treated city's changed programme.
    shape : Shape
        How they are spread over the week.
    log_effects : mapping of str to ndarray, shape (spells, 168)
        Log ratio of the treated city's calls in each world to those `without`.
    dose : ndarray, shape (spells,)
        Dose that acted, 0 to 1.
    """

    log_level: Floats
    shape: Shape
    log_effects: Mapping[WorldName, Floats]
    dose: Floats

    @cached_property
    def totals(self) -> Floats:
        """Expected calls by city and spell, without the treated city's changed programme."""
        return np.asarray(np.exp(self.log_level) * self.shape.totals())

    @cached_property
    def without(self) -> Floats:
        """Expected calls of the treated city had its earlier dose gone on, shape (spells, 168)."""
        return self.of_city(0)

    @property
    def expected(self) -> Floats:
        """Expected calls in the observed study, shape (cities, spells, 168)."""
        every = np.stack([self.of_city(city) for city in range(len(self.log_level))])
        every[0] *= np.exp(self.log_effects["bundle"])
        return every

    def of_city(self, city: int) -> Floats:
        """Give the expected calls of one city, without the treated city's changed programme.

        Parameters
        ----------
        city : int
            Position of the city.

        Returns
        -------
        ndarray, shape (spells, 168)
            Expected calls.
        """
        return np.asarray(np.exp(self.log_level[city])[:, None] * self.shape.of_city(city))

    @cached_property
    def ceiling(self) -> Floats:
        """Log ratio to `without` of the most calls in any world, shape (spells, 168)."""
        return np.asarray(np.max(list(self.log_effects.values()), axis=0))

    @cached_property
    def most(self) -> Floats:
        """Expected calls of the treated city in the world with the most, shape (spells, 168)."""
        return self.without * np.exp(self.ceiling)

    def share(self, world: WorldName) -> Floats:
        """Give a world's share of the most calls in any world.

        Parameters
        ----------
        world : {"none", "bundle", "co_responder", "fewer_posts"}
            Which world.

        Returns
        -------
        ndarray, shape (spells, 168)
            Up to 1.
        """
        return np.asarray(np.exp(self.log_effects[world] - self.ceiling))


def log_effects(config: WorldConfig) -> tuple[dict[WorldName, Floats], Floats]:
    """Give the log ratio of expected calls in each world to those with the earlier dose, and the programme's dose.

    Parameters
    ----------
    config : WorldConfig
        Its `effect` and `spillover`, or its `city_effect`, its `months_running` and `posts_effect`.

    Returns
    -------
    effects : dict of str to ndarray, shape (spells, 168)
        By world; that of the bundle is the sum of its halves.
    dose : ndarray, shape (spells,)
        0 to 1; with `city_effect` 1 at once.

    Examples
    --------
    >>> effects, dose = log_effects(WorldConfig(city_effect=-0.25, posts_effect=0.1))
    >>> [round(float(effects[world][-1, 0]), 2) for world in WORLDS], float(dose[-1])
    ([0.0, -0.15, -0.25, 0.1], 1.0)
    """
    cut = spells()
    running = cut.post & (cut.first_day < end_of_programme(config.months_running))
    if config.city_effect is not None:
        dose, at_full_dose = running.astype(np.float64), np.full(HOURS_OF_WEEK, config.city_effect)
    else:
        dose, at_full_dose = cut.dose * running, config.effect * np.where(COVERED, 1.0, config.spillover)
    team = dose[:, None] * at_full_dose
    posts = np.repeat(config.posts_effect * cut.post[:, None], HOURS_OF_WEEK, axis=1)
    return {"none": np.zeros_like(team), "bundle": team + posts, "co_responder": team, "fewer_posts": posts}, dose


def expected_calls(config: WorldConfig, shocks: Shocks) -> Rates:
    """Put level, shocks, profile and programmes together.

    Parameters
    ----------
    config : WorldConfig
        Sizes and effects.
    shocks : Shocks
        What chance gave each city.

    Returns
    -------
    Rates
        Expected calls per city, spell and hour of the week.

    Examples
    --------
    >>> from coresponder_causal.simulate.shocks import draw_shocks
    >>> config = WorldConfig()
    >>> expected_calls(config, draw_shocks(config, 1)).expected.shape
    (11, 73, 168)
    """
    cut = spells()
    population = cities(config.n_comparison).population
    level = np.log(config.monthly_calls / HOURS_PER_MONTH * population / population[0]) + shocks.log_rate
    covid = shocks.covid_loading[:, None] * covid_shape(config)
    monthly = level[:, None] + shocks.season + shocks.monthly + config.covid_amplitude * covid
    monthly += adopter_effects(config)
    by_spell = monthly[:, cut.month] + shocks.step[:, None] * cut.post
    effects, dose = log_effects(config)
    shape = Shape(shocks.profile, shocks.step_hours, config.covid_hours * covid[:, cut.month])
    return Rates(log_level=by_spell, shape=shape, log_effects=effects, dose=dose)


def draw_counts(expected: Floats, seed: int, tier: Tier = Tier.COUNTS) -> Integers:
    """Draw Poisson counts, each city from its own stream: another effect in one city leaves the others' counts alone.

    Parameters
    ----------
    expected : ndarray, shape (cities, ...)
        Expected numbers.
    seed : int
        Seed of the world.
    tier : Tier
        Part of the world whose streams are used.

    Returns
    -------
    ndarray of int, shape (cities, ...)
        Counts.

    Examples
    --------
    >>> draw_counts(np.zeros((2, 73)), 1).sum()
    np.int64(0)
    """
    return np.stack([stream(seed, tier, city).poisson(of_city) for city, of_city in enumerate(expected)])
