"""Expected and realised calls: city × spell × hour of the week.

The log rate of a city is its level, a yearly wave, AR(1) and independent month shocks, a structural step at the start
and the COVID change; an hour-of-week profile with mean one spreads it over the week. Steps of the profile are
normalised by the profile itself, so that `tau` alone moves a city's total and `tau_hours` alone the difference between
its covered and uncovered hours.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.presets import cities
from coresponder_causal.simulate.process import ar1
from coresponder_causal.simulate.spells import COVERED, HOUR_OF_DAY, HOURS_OF_WEEK, MONTHS, spells
from coresponder_causal.simulate.streams import Tier, stream

Floats = NDArray[np.float64]

HOURS_PER_MONTH = 24 * 365.25 / 12
_DAY = 2 * np.pi * HOUR_OF_DAY / 24
_WEEK = 2 * np.pi * np.arange(HOURS_OF_WEEK) / HOURS_OF_WEEK
_PROFILE = 0.55 * np.cos(_DAY - 17 * np.pi / 12) + 0.12 * np.cos(2 * _DAY - np.pi) + 0.06 * np.cos(_WEEK - 1.6 * np.pi)
_EVENING = np.cos(_DAY - 20 * np.pi / 12)


@dataclass(frozen=True, slots=True, eq=False)
class Shocks:
    """What chance gave each city; arrays have one row per city, the treated city first.

    Parameters
    ----------
    log_rate : ndarray, shape (cities,)
        Departure of the log rate per resident from the treated city's.
    season : ndarray, shape (cities, months)
        Yearly wave.
    profile : ndarray, shape (cities, 168)
        Log profile over the hours of the week, not yet normalised.
    monthly : ndarray, shape (cities, months)
        AR(1) shocks plus independent month shocks.
    step, step_hours : ndarray, shape (cities,)
        Structural steps at the start: of the city, and of its covered against its uncovered hours.
    covid_loading : ndarray, shape (cities,)
        Loading on the COVID change.
    """

    log_rate: Floats
    season: Floats
    profile: Floats
    monthly: Floats
    step: Floats
    step_hours: Floats
    covid_loading: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Expected calls.

    Parameters
    ----------
    expected : ndarray, shape (cities, spells, 168)
        With the programme.
    without : ndarray, shape (spells, 168)
        Of the treated city had its earlier dose gone on, under the same shocks.
    dose : ndarray, shape (spells,)
        Dose that acted, 0 to 1.
    """

    expected: Floats
    without: Floats
    dose: Floats


def draw_shocks(config: WorldConfig, seed: int) -> Shocks:
    """Draw the shocks of all cities; a city's shocks do not depend on how many cities follow it.

    Parameters
    ----------
    config : WorldConfig
        Scales of the shocks.
    seed : int
        Seed of the world.

    Returns
    -------
    Shocks
        One row per city.

    Examples
    --------
    >>> draw_shocks(WorldConfig(n_comparison=3), 1).step == draw_shocks(WorldConfig(), 1).step[:4]
    array([ True,  True,  True,  True])
    """
    n, months = config.n_comparison + 1, len(MONTHS)
    normal = stream(seed, Tier.SHOCKS).standard_normal((n, 2 * months + 10))
    once = normal[:, 2 * months :]
    log_rate = config.city_rate_sd * once[:, 0]
    log_rate[0] = 0.0
    own = [np.where(np.arange(n) == 0, factor, 1.0) for factor in (config.treated_noise, config.treated_tau)]
    return Shocks(
        log_rate=log_rate,
        season=_season(config, once[:, 1:5]),
        profile=_PROFILE + config.hour_sd * (once[:, 5:6] * np.cos(_DAY) + once[:, 6:7] * np.sin(_DAY)),
        monthly=own[0][:, None]
        * (ar1(normal[:, :months], config.rho, config.ar_sd) + config.nugget_sd * normal[:, months:-10]),
        step=own[1] * config.tau * once[:, 7],
        step_hours=own[1] * config.tau_hours * once[:, 8],
        covid_loading=1 + config.covid_loading_sd * once[:, 9],
    )


def _season(config: WorldConfig, departures: Floats) -> Floats:
    """Two harmonics of the year: a shared wave with its peak in July, and each city's departure."""
    angle = 2 * np.pi * np.arange(len(MONTHS)) / 12
    waves = np.stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])
    shared = config.season_amplitude * np.array([-1.0, 0.0, 0.0, 0.3])
    return np.asarray((shared + config.season_sd * departures) @ waves)


def covid_shape(config: WorldConfig) -> Floats:
    """Give the share of the COVID change in force in each month: 1 in March 2020, then a straight line to 0.

    Parameters
    ----------
    config : WorldConfig
        Its `covid_months`.

    Returns
    -------
    ndarray, shape (months,)
        Shares.

    Examples
    --------
    >>> covid_shape(WorldConfig(covid_months=4))[37:43].tolist()
    [0.0, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    since = (MONTHS - np.datetime64("2020-03")).astype(np.int64)
    return np.where(since >= 0, np.maximum(0.0, 1 - since / config.covid_months), 0.0)


def log_effect(config: WorldConfig) -> tuple[Floats, Floats]:
    """Give the programme's log ratio and its dose.

    Parameters
    ----------
    config : WorldConfig
        Its `effect` and `spillover`, or its `city_effect`.

    Returns
    -------
    effect : ndarray, shape (spells, 168)
        Log ratio of expected calls with against without the changed programme.
    dose : ndarray, shape (spells,)
        0 to 1; with `city_effect` 1 at once.

    Examples
    --------
    >>> effect, dose = log_effect(WorldConfig(city_effect=-0.25))
    >>> float(effect.min()), abs(float(effect.max())), float(dose[-1])
    (-0.25, 0.0, 1.0)
    """
    cut = spells()
    if config.city_effect is not None:
        dose = cut.post.astype(np.float64)
        return np.repeat(config.city_effect * dose[:, None], HOURS_OF_WEEK, axis=1), dose
    at_full_dose = config.effect * np.where(COVERED, 1.0, config.spillover)
    return cut.dose[:, None] * at_full_dose, cut.dose


def expected_calls(config: WorldConfig, shocks: Shocks) -> Rates:
    """Put level, shocks, profile and programme together.

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
    >>> config = WorldConfig()
    >>> expected_calls(config, draw_shocks(config, 1)).expected.shape
    (11, 73, 168)
    """
    cut = spells()
    population = cities(config.n_comparison).population
    level = np.log(config.monthly_calls / HOURS_PER_MONTH * population / population[0]) + shocks.log_rate
    covid = shocks.covid_loading[:, None] * covid_shape(config)
    monthly = level[:, None] + shocks.season + shocks.monthly + config.covid_amplitude * covid
    by_spell = monthly[:, cut.month] + shocks.step[:, None] * cut.post
    expected = spread(by_spell, shocks, config.covid_hours * covid[:, cut.month])
    effect, dose = log_effect(config)
    without = expected[0].copy()
    expected[0] *= np.exp(effect)
    return Rates(expected=expected, without=without, dose=dose)


def spread(log_level: Floats, shocks: Shocks, evening: Floats) -> Floats:
    """Spread a mean log rate per clock hour over the hours of the week.

    Parameters
    ----------
    log_level : ndarray, shape (cities, spells)
        Log of the mean expected number in a clock hour.
    shocks : Shocks
        Profiles and their structural steps.
    evening : ndarray, shape (cities, spells)
        Log shift of the profile towards the evening.

    Returns
    -------
    ndarray, shape (cities, spells, 168)
        Expected number in all clock hours of the spell.

    Examples
    --------
    >>> config = WorldConfig()
    >>> shocks = draw_shocks(config, 1)
    >>> flat = spread(np.zeros((11, 73)), shocks, np.zeros((11, 73))) / spells().clock_hours
    >>> bool(np.allclose(flat.mean(axis=2), 1))
    True
    """
    cut = spells()
    profile = evening[:, :, None] * _EVENING
    profile += shocks.profile[:, None, :]
    profile += shocks.step_hours[:, None, None] * (cut.post[:, None] & COVERED)
    np.exp(profile, out=profile)
    profile *= (np.exp(log_level) / profile.mean(axis=2))[:, :, None]
    profile *= cut.clock_hours
    return profile


def draw_counts(expected: Floats, seed: int, tier: Tier = Tier.COUNTS) -> NDArray[np.int64]:
    """Draw Poisson counts, each city from its own stream: another effect in one city leaves the others' counts alone.

    Parameters
    ----------
    expected : ndarray, shape (cities, spells, 168)
        Expected numbers.
    seed : int
        Seed of the world.
    tier : Tier
        Part of the world whose streams are used.

    Returns
    -------
    ndarray of int, shape (cities, spells, 168)
        Counts.

    Examples
    --------
    >>> draw_counts(np.zeros((2, 73, 168)), 1).sum()
    np.int64(0)
    """
    return np.stack([stream(seed, tier, city).poisson(of_city) for city, of_city in enumerate(expected)])
