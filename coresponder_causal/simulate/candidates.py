"""Candidate calls: every call that can occur in any of the worlds, drawn once for all of them.

Each city has one Poisson number of candidates a spell. A candidate has a fixed id, hour and mark, which depend on
nothing but the seed and the id. It is a call of a world if its mark lies below that world's share of the most calls in
any world at its hour. So a call is the same call in every world in which it occurs, and worlds differ by the effect
alone. Only the treated city has calls that some worlds lack.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.rates import Rates, WorldName, draw_counts
from coresponder_causal.simulate.spells import HOUR_OF_DAY, HOURS_OF_WEEK, spells, weekday
from coresponder_causal.simulate.streams import Floats, Integers, Tier, uniforms

DAY = 86_400
"""Seconds."""

_ID_BITS = 32


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Candidate calls of one city, one value per candidate.

    Parameters
    ----------
    id : ndarray of int
        City and spell in the upper half, number within the spell in the lower.
    number : ndarray of int
        Position among the city's candidates.
    cell : ndarray of int
        Spell times 168 plus hour of the week.
    mark : ndarray of float
        Uniform number that decides in which worlds the call occurs.
    within : ndarray of float, shape (2, candidates)
        Uniform numbers that place it in the weeks of the spell and in the seconds of its hour.
    """

    id: Integers
    number: Integers
    cell: Integers
    mark: Floats
    within: Floats

    @property
    def received(self) -> Integers:
        """Local seconds since 1970."""
        week = (self.within[0] * spells().clock_hours.ravel()[self.cell]).astype(np.int64)
        second = (self.within[1] * 3600).astype(np.int64)
        received: Integers = second + week * (7 * DAY) + _first_seconds()[self.cell]
        return received

    def take(self, rows: NDArray[np.bool_] | Integers) -> "Candidates":
        """Keep some candidates.

        Parameters
        ----------
        rows : ndarray of bool or int
            Which.

        Returns
        -------
        Candidates
            The kept ones.
        """
        return Candidates(self.id[rows], self.number[rows], self.cell[rows], self.mark[rows], self.within[:, rows])


def draw_totals(rates: Rates, seed: int) -> Integers:
    """Draw the number of candidates of each city and spell.

    Parameters
    ----------
    rates : Rates
        Expected calls.
    seed : int
        Seed of the world.

    Returns
    -------
    ndarray of int, shape (cities, spells)
        Numbers; those of comparison cities are their calls.
    """
    expected = rates.totals.copy()
    expected[0] = rates.most.sum(axis=1)
    return draw_counts(expected, seed)


def place(intensity: Floats, totals: Integers, city: int, seed: int) -> Candidates:
    """Place the candidates of one city in its hours.

    Parameters
    ----------
    intensity : ndarray, shape (spells, 168)
        Expected candidates.
    totals : ndarray of int, shape (spells,)
        Candidates to place.
    city : int
        Position of the city.
    seed : int
        Seed of the world.

    Returns
    -------
    Candidates
        In order of their ids.

    Examples
    --------
    >>> found = place(np.ones((73, 168)), np.ones(73, dtype=np.int64), 0, 1)
    >>> bool((found.cell // 168 == np.arange(73)).all())
    True
    """
    spell = np.repeat(np.arange(len(totals)), totals)
    number = np.arange(len(spell))
    ids = ((city * len(totals) + spell) << _ID_BITS) + number - np.repeat(np.cumsum(totals) - totals, totals)
    draws = uniforms(seed, Tier.PLACES, ids, 4).T
    border = np.cumsum(intensity, axis=1)
    border = border / border[:, -1:] + np.arange(len(totals))[:, None]
    cell = np.searchsorted(border.ravel(), spell + draws[1], side="right")
    return Candidates(ids, number, cell, draws[0], draws[2:])


def occurs(candidates: Candidates, rates: Rates, world: WorldName) -> NDArray[np.bool_]:
    """Tell which candidates of the treated city are calls of a world.

    Parameters
    ----------
    candidates : Candidates
        Of the treated city.
    rates : Rates
        Effects in all worlds.
    world : {"none", "bundle", "co_responder", "fewer_posts"}
        Which world.

    Returns
    -------
    ndarray of bool
        One value per candidate.
    """
    return np.asarray(candidates.mark < rates.share(world).ravel()[candidates.cell])


def treated_counts(rates: Rates, totals: Integers, seed: int) -> Integers:
    """Count the calls of the treated city by spell, placing only candidates that may not be calls of the bundle.

    Parameters
    ----------
    rates : Rates
        Expected calls.
    totals : ndarray of int, shape (spells,)
        Candidates of the treated city.
    seed : int
        Seed of the world.

    Returns
    -------
    ndarray of int, shape (spells,)
        Calls in the observed study.
    """
    thinned = (rates.log_effects["bundle"] < rates.ceiling).any(axis=1)
    if not thinned.any():
        return totals
    placed = place(rates.most, np.where(thinned, totals, 0), 0, seed)
    kept = placed.cell[occurs(placed, rates, "bundle")] // HOURS_OF_WEEK
    return np.where(thinned, np.bincount(kept, minlength=len(totals)), totals)


@cache
def _first_seconds() -> Integers:
    """First second of each spell and hour of the week, flattened."""
    cut = spells()
    days_until = (np.arange(HOURS_OF_WEEK) // 24 - weekday(cut.first_day)[:, None]) % 7
    first: Integers = (cut.first_day.astype(np.int64)[:, None] + days_until) * DAY + HOUR_OF_DAY * 3600
    return first.ravel()
