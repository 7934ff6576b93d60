"""What chance gives each city: level, yearly wave, month shocks, structural steps and its loading on COVID."""

from dataclasses import dataclass

import numpy as np

from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.process import ar1
from coresponder_causal.simulate.spells import HOUR_OF_DAY, HOURS_OF_WEEK, MONTHS
from coresponder_causal.simulate.streams import Floats, Tier, stream

_DAY = 2 * np.pi * HOUR_OF_DAY / 24
_WEEK = 2 * np.pi * np.arange(HOURS_OF_WEEK) / HOURS_OF_WEEK
_PROFILE = 0.55 * np.cos(_DAY - 17 * np.pi / 12) + 0.12 * np.cos(2 * _DAY - np.pi) + 0.06 * np.cos(_WEEK - 1.6 * np.pi)


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
