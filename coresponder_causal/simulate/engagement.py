"""How persons come into care, stay and leave: month by month out of care, linked to it, or engaged in it.

A link to care after a call opens the way. Engagement changes no call: how many calls a city has is drawn before who
makes them.
"""

import numpy as np

from coresponder_causal.simulate.persons import Persons
from coresponder_causal.simulate.play import Play
from coresponder_causal.simulate.rosters import month_of
from coresponder_causal.simulate.spells import MONTHS
from coresponder_causal.simulate.streams import Integers, Tier, uniforms
from coresponder_causal.simulate.traits import Booleans, Traits

OUT, LINKED, ENGAGED = 0, 1, 2
_TAKES_UP, _LOSES_TOUCH, _LEAVES = 0.45, 0.25, 0.06
_WITHOUT_HOME = 2.0  # leaving and losing touch are so many times as likely without a home
_MONTHS_AFTER = 3
_PER_PERSON = 128  # more months than any study has


def states(play: Play, persons: Persons, traits: Traits, seed: int) -> Integers:
    """Follow everybody through the months.

    Parameters
    ----------
    play : Play
        The city's calls; only a person's own calls count, not those of a stand-in.
    persons : Persons
        Persons of the city.
    traits : Traits
        Their traits.
    seed : int
        Seed of the world.

    Returns
    -------
    ndarray of int, shape (months, persons)
        `OUT`, `LINKED` or `ENGAGED` at the end of each month.
    """
    n, calls = len(persons.expected), play.calls
    own = calls.person == persons.first + calls.caller
    opened = np.zeros((len(MONTHS), n), dtype=bool)
    linked = own & play.care.observed["linked_30d"]
    opened[month_of(calls.received[linked]), calls.caller[linked]] = True
    harder = np.where(traits.unhoused, _WITHOUT_HOME, 1.0)
    state, path = np.zeros(n, dtype=np.int64), np.zeros((len(MONTHS), n), dtype=np.int64)
    ids = (persons.first + np.arange(n)) * _PER_PERSON
    for month in range(len(MONTHS)):
        draw = uniforms(seed, Tier.ENGAGEMENT, ids + month, 1)[:, 0]
        leaves = draw < np.select([state == ENGAGED, state == LINKED], [_LEAVES * harder, _LOSES_TOUCH * harder], 0.0)
        rises = (state == LINKED) & (draw > 1 - _TAKES_UP)
        state = np.where(leaves, OUT, np.where(rises, ENGAGED, state))
        state = np.maximum(state, LINKED * opened[month])
        path[month] = state
    return path


def engaged_soon(path: Integers, play: Play) -> Booleans:
    """Tell after which calls the person was engaged in care within three months.

    Parameters
    ----------
    path : ndarray of int, shape (months, persons)
        From `states`.
    play : Play
        The city's calls.

    Returns
    -------
    ndarray of bool, shape (calls,)
        One value per call.
    """
    month, whom = month_of(play.calls.received), play.calls.caller
    later = np.minimum(month + np.arange(_MONTHS_AFTER + 1)[:, None], len(MONTHS) - 1)
    return np.asarray((path[later, whom] == ENGAGED).any(axis=0))
