"""Who persons are: race as perceived, home and decade of birth. A stand-in shares those of whom it stands in for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.persons import Persons
from coresponder_causal.simulate.streams import Floats, Integers, Tier, choose, logistic, uniforms

Booleans = NDArray[np.bool_]

RACES = (
    "white",
    "hispanic",
    "asian",
    "black",
    "multiple",
    "middle_eastern_south_asian",
    "native_american",
    "pacific_islander",
)
DECADES = (
    "before_1940",
    "1940_1949",
    "1950_1959",
    "1960_1969",
    "1970_1979",
    "1980_1989",
    "1990_1999",
    "2000_2009",
    "2010_2019",
)
_RACE_SHARES = (0.45, 0.30, 0.08, 0.08, 0.04, 0.02, 0.02, 0.01)
_DECADE_SHARES = (0.02, 0.04, 0.09, 0.14, 0.17, 0.22, 0.20, 0.11, 0.01)
_UNHOUSED, _UNHOUSED_BY_CALLS, _UNHOUSED_BY_RACE = -2.6, 0.5, 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """Traits of a city's persons, one value per person.

    Parameters
    ----------
    race, decade : ndarray of int
        Positions in `RACES` and `DECADES`.
    white, unhoused : ndarray of bool
        Whether perceived as white, and whether without a home.
    agrees : ndarray of float
        Uniform number that fixes the answer to the question about linkage.
    """

    race: Integers
    decade: Integers
    white: Booleans
    unhoused: Booleans
    agrees: Floats


def draw_traits(persons: Persons, seed: int) -> Traits:
    """Draw the traits of a city's persons.

    Who calls often is more often without a home, and so are persons not perceived as white.

    Parameters
    ----------
    persons : Persons
        Persons of the city.
    seed : int
        Seed of the world.

    Returns
    -------
    Traits
        One value per person.

    Examples
    --------
    >>> from coresponder_causal.simulate.persons import draw_persons
    >>> made = draw_traits(draw_persons(np.array([1e5]), np.array([0]), 1)[0], 1)
    >>> bool(made.unhoused[~made.white].mean() > made.unhoused[made.white].mean())
    True
    """
    draws = uniforms(seed, Tier.TRAITS, persons.first + np.arange(len(persons.expected)), 4).T
    race = choose(_RACE_SHARES, draws[0])
    white = race == RACES.index("white")
    often = np.log1p(persons.expected)
    unhoused = logistic(draws[2]) < _UNHOUSED + _UNHOUSED_BY_CALLS * often + _UNHOUSED_BY_RACE * ~white
    return Traits(race, choose(_DECADE_SHARES, draws[1]), white, unhoused, draws[3])
