"""Named worlds and the cities that live in them."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate.config import WorldConfig

Preset = Literal["west_sac_like", "null"]
"""Names of the worlds that `world` knows."""

TIME_ZONE = "America/Los_Angeles"

_TREATED = ("West Sacramento", 55_000, 74, "Yolo County")
_COMPARISON = (
    ("Davis", 66_900, "Yolo County"),
    ("Woodland", 61_000, "Yolo County"),
    ("Folsom", 80_500, "Sacramento County"),
    ("Rancho Cordova", 79_300, "Sacramento County"),
    ("Citrus Heights", 87_600, "Sacramento County"),
    ("Rocklin", 71_600, "Placer County"),
    ("Chico", 101_500, "Butte County"),
    ("Redding", 93_600, "Shasta County"),
    ("Roseville", 147_800, "Placer County"),
    ("Elk Grove", 176_100, "Sacramento County"),
)
_SWORN_PER_RESIDENT = 1.1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Cities:
    """The cities of a world, the treated one first.

    Parameters
    ----------
    names, regions : tuple of str
        One per city.
    population, sworn_officers : ndarray of int, shape (cities,)
        Residents, and officers: of the comparison cities a made-up constant share of the residents.
    """

    names: tuple[str, ...]
    regions: tuple[str, ...]
    population: NDArray[np.int64]
    sworn_officers: NDArray[np.int64]


def cities(n_comparison: int) -> Cities:
    """Give the treated city and `n_comparison` comparison cities.

    Parameters
    ----------
    n_comparison : int
        Number of comparison cities; after the ten named ones come "Comparison 11" and so on.

    Returns
    -------
    Cities
        The treated city first.

    Examples
    --------
    >>> cities(2).names
    ('West Sacramento', 'Davis', 'Woodland')
    """
    name, treated_population, treated_sworn, region = _TREATED
    names, population, regions = [name], [treated_population], [region]
    for number in range(n_comparison):
        label, residents, county = _COMPARISON[number % len(_COMPARISON)]
        named = number < len(_COMPARISON)
        names.append(label if named else f"Comparison {number + 1}")
        regions.append(county if named else "elsewhere")
        population.append(residents)
    residents_of = np.array(population, dtype=np.int64)
    sworn = np.rint(residents_of * _SWORN_PER_RESIDENT).astype(np.int64)
    sworn[0] = treated_sworn
    return Cities(tuple(names), tuple(regions), residents_of, sworn)


def preset_config(preset: Preset, config: WorldConfig) -> WorldConfig:
    """Turn a configuration into that of a named world.

    Parameters
    ----------
    preset : {"west_sac_like", "null"}
        "west_sac_like" leaves it as it is; "null" takes away every effect of the programme and keeps all shocks.
    config : WorldConfig
        The configuration to start from.

    Returns
    -------
    WorldConfig
        The configuration of the named world.

    Raises
    ------
    DesignError
        If the name is not known. Mend: use one of the names listed.

    Examples
    --------
    >>> preset_config("null", WorldConfig(tau=0.2)).effect
    0.0
    """
    if preset not in get_args(Preset):
        known = ", ".join(repr(name) for name in get_args(Preset))
        raise DesignError(f"preset {preset!r} is not known", mend=f"use one of {known}")
    if preset == "null":
        return replace(config, effect=0.0, spillover=0.0, city_effect=None, attendance=0.0)
    return config
