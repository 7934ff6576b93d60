"""Independent random streams, one per part of a world, so that no part depends on which was made first."""

from enum import IntEnum

import numpy as np


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
