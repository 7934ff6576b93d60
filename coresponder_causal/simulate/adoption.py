"""Programmes of comparison cities: which have one, from when on, and what it does to their calls."""

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.spells import END, MONTHS
from coresponder_causal.simulate.streams import Floats

FIRST_ADOPTION = "2021-01"
"""Month in which the first wave of comparison cities starts its own programme."""

WAVE_MONTHS = 6
"""Months between waves."""

GROWTH_MONTHS = 12
"""Months until a programme of a comparison city has its full effect, in a straight line."""


def adoption_months(config: WorldConfig) -> NDArray[np.datetime64]:
    """Give the month in which each comparison city starts a programme of its own.

    The first `adopters` comparison cities have one; they join the waves in turn.

    Parameters
    ----------
    config : WorldConfig
        Its `adopters` and `adoption_waves`.

    Returns
    -------
    ndarray of datetime64[M], shape (cities,)
        The treated city first; not a time for it and for cities without a programme of their own.

    Examples
    --------
    >>> adoption_months(WorldConfig(n_comparison=4, adopters=3, adoption_waves=2)).astype(str).tolist()
    ['NaT', '2021-01', '2021-07', '2021-01', 'NaT']
    """
    months = np.full(config.n_comparison + 1, "NaT", dtype="datetime64[M]")
    turn = np.arange(min(config.adopters, config.n_comparison))
    later = WAVE_MONTHS * (turn % config.adoption_waves)
    months[1 : len(turn) + 1] = np.datetime64(FIRST_ADOPTION) + later.astype("timedelta64[M]")
    return months


def adopter_effects(config: WorldConfig) -> Floats:
    """Give the log ratio of each comparison city's calls with against without its own programme.

    Parameters
    ----------
    config : WorldConfig
        Its `adopters`, `adoption_waves` and `adopter_effect`.

    Returns
    -------
    ndarray, shape (cities, months)
        The treated city first, with zeros.

    Examples
    --------
    >>> effects = adopter_effects(WorldConfig(adopters=1, adopter_effect=-0.24))
    >>> effects[:3, [47, 48, 71]].round(2).tolist()
    [[0.0, 0.0, 0.0], [0.0, -0.02, -0.24], [0.0, 0.0, 0.0]]
    """
    start = adoption_months(config)
    since = (MONTHS - np.where(np.isnat(start), END, start)[:, None]).astype(np.int64) + 1
    return np.where(since > 0, config.adopter_effect * np.minimum(since / GROWTH_MONTHS, 1.0), 0.0)
