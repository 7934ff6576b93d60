"""The cities that live in a world: one treated, the others for comparison."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

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


@cache
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
