"""Independent random numbers for every part of a world, so that no part depends on which was made first.

Series of a city come from a numpy generator of their own. What belongs to one call, person or shift comes from a
counter-based generator: the number is a function of the seed, the part of the world and the entity's own id. Changing,
adding or removing one call therefore leaves the draws of all others as they were.
"""

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from coresponder_causal.simulate.philox import WORDS, philox

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Tier(IntEnum):
    """The parts of a world that draw at random."""

    SHOCKS = 0
    COUNTS = 1
    INTAKE = 2
    DISPATCH = 3
    OUTCOMES = 4
    AFTERCARE = 5
    ABSENCES = 6
    CONTROLS = 7
    PROCESS = 8
    PLACES = 9
    PERSONS = 10
    RECORDING = 11
    TWIN = 12
    OFFICERS = 13
    RIDES = 14
    PATROL = 15
    LEAVE = 16
    STAFF = 17
    WAVES = 18
    TRAITS = 19
    LABELS = 20
    NARRATIVES = 21
    INTERVIEWS = 22
    CONTACTS = 23
    SURVEYS = 24
    ATTITUDES = 25
    ENGAGEMENT = 26
    TOLD = 27


def stream(seed: int, tier: Tier, part: int = 0) -> np.random.Generator:
    """Give the generator of one part of the world with this seed.

    Parameters
    ----------
    seed : int
        Seed of the world.
    tier : Tier
        Part of the world.
    part : int
        Number within the part, e.g. of the city.

    Returns
    -------
    numpy.random.Generator
        The same one at every call.

    Examples
    --------
    >>> stream(1, Tier.COUNTS).random() == stream(1, Tier.COUNTS).random() != stream(1, Tier.INTAKE).random()
    True
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(tier), part)))


def uniforms(seed: int, tier: Tier, ids: Integers, k: int) -> Floats:
    """Draw k uniform numbers for each entity, which depend on nothing but the seed, the tier and the entity's id.

    Parameters
    ----------
    seed : int
        Seed of the world.
    tier : Tier
        Part of the world.
    ids : ndarray of int, shape (n,)
        Ids of the entities, 0 or more.
    k : int
        Numbers for each.

    Returns
    -------
    ndarray, shape (n, k)
        Numbers strictly between 0 and 1, with 32 bits each. The first ones do not depend on k.

    Examples
    --------
    >>> alone, among = (uniforms(1, Tier.INTAKE, np.array(ids), 2) for ids in ([7], [3, 7, 9]))
    >>> bool((alone[0] == among[1]).all())
    True
    """
    key = _key(seed, tier)
    found = np.empty((k, len(ids)))
    counter = np.zeros((WORDS, len(ids)), dtype=np.uint32)
    counter[0], counter[1] = ids & 0xFFFFFFFF, ids >> 32
    for first in range(0, k, WORDS):
        counter[2] = first // WORDS
        words = philox(counter, key)[: k - first]
        np.multiply(words, 2.0**-32, out=found[first : first + WORDS])
    found += 2.0**-33
    return found.T


def logistic(uniform: Floats) -> Floats:
    """Turn uniform numbers into standard logistic ones.

    Parameters
    ----------
    uniform : ndarray
        Numbers strictly between 0 and 1.

    Returns
    -------
    ndarray
        Of the same shape.

    Examples
    --------
    >>> logistic(np.array([0.5])).tolist()
    [0.0]
    """
    return np.asarray(np.log(uniform / (1 - uniform)))


def normal(uniform: Floats) -> Floats:
    """Turn uniform numbers into standard normal ones.

    Parameters
    ----------
    uniform : ndarray
        Numbers strictly between 0 and 1.

    Returns
    -------
    ndarray
        Of the same shape.

    Examples
    --------
    >>> normal(np.array([0.5])).tolist()
    [0.0]
    """
    return np.asarray(ndtri(uniform))


def choose(shares: Sequence[float], uniform: Floats) -> Integers:
    """Turn uniform numbers into positions with given shares.

    Parameters
    ----------
    shares : sequence of float
        Shares that sum to one.
    uniform : ndarray
        Numbers strictly between 0 and 1.

    Returns
    -------
    ndarray of int
        Of the same shape.

    Examples
    --------
    >>> choose((0.2, 0.8), np.array([0.1, 0.9])).tolist()
    [0, 1]
    """
    return np.asarray(np.searchsorted(np.cumsum(shares)[:-1], uniform, side="right"))


@lru_cache(maxsize=64)
def _key(seed: int, tier: Tier) -> tuple[int, int]:
    """Two words of key for a part of the world."""
    first, second = np.random.SeedSequence(seed, spawn_key=(int(tier),)).generate_state(2, np.uint32).tolist()
    return first, second
