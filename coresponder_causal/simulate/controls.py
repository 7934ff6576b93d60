"""Control series that the programme cannot touch: burglaries and traffic collisions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.cities import cities
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.rates import HOURS_PER_MONTH, draw_counts
from coresponder_causal.simulate.shocks import Shocks, covid_shape
from coresponder_causal.simulate.spells import COVERED, HOUR_OF_DAY, MONTHS, spells
from coresponder_causal.simulate.streams import Floats, Tier

SHARE_OF_SHOCKS = 0.5
"""Share of a city's month shocks, structural steps and COVID loading that reaches its control series."""


class ControlSeries(NamedTuple):
    """A control series: events a month in the treated city, clock hour of its peak, log change in March 2020."""

    name: str
    monthly_in_treated: float
    peak_hour: int
    covid: float


CONTROL_SERIES = (ControlSeries("burglary", 30.0, 2, -0.20), ControlSeries("traffic_collision", 65.0, 17, -0.45))


def draw_controls(config: WorldConfig, shocks: Shocks, seed: int) -> NDArray[np.int64]:
    """Draw the counts of all control series.

    Parameters
    ----------
    config : WorldConfig
        Number of cities and scales of the shocks.
    shocks : Shocks
        Shocks of the calls, of which the control series feel half.
    seed : int
        Seed of the world.

    Returns
    -------
    ndarray of int, shape (cities, months, series, 168)
        Counts.
    """
    cut = spells()
    n = config.n_comparison + 1
    expected = np.concatenate([_expected(config, shocks, series) for series in CONTROL_SERIES])
    counts = np.add.reduceat(draw_counts(expected, seed, Tier.CONTROLS), cut.first_of_month, axis=1)
    return counts.reshape(len(CONTROL_SERIES), n, len(MONTHS), -1).transpose(1, 2, 0, 3)


def _expected(config: WorldConfig, shocks: Shocks, series: ControlSeries) -> Floats:
    """Give the expected events by city, spell and hour of the week."""
    cut = spells()
    population = cities(config.n_comparison).population
    loading = 1 + SHARE_OF_SHOCKS * (shocks.covid_loading - 1)
    monthly = SHARE_OF_SHOCKS * shocks.monthly + series.covid * loading[:, None] * covid_shape(config)
    by_spell = monthly[:, cut.month] + SHARE_OF_SHOCKS * shocks.step[:, None] * cut.post
    by_spell += np.log(series.monthly_in_treated / HOURS_PER_MONTH * population / population[0])[:, None]
    profile = 0.5 * np.cos(2 * np.pi * (HOUR_OF_DAY - series.peak_hour) / 24)
    step = SHARE_OF_SHOCKS * shocks.step_hours[:, None, None] * (cut.post[:, None] & COVERED)
    shape = np.exp(profile + step)
    shape /= shape.mean(axis=2, keepdims=True)
    return np.exp(by_spell)[:, :, None] * shape * cut.clock_hours
