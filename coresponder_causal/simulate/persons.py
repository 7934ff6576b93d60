"""Persons: who calls how often, who stands in while a person is away, and what was known of earlier calls.

Persons call in proportion to a gamma frailty, so that a few make many calls. Each call has a person who makes it in
every world, unless that person is in custody or hospital at the time: then it is the call of a stand-in who calls only
this once. Time, type, severity and potential outcomes of the call stay as they are.
"""

from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.spells import spells
from coresponder_causal.simulate.streams import Floats, Integers, Tier, normal, uniforms

Booleans = NDArray[np.bool_]

YEAR = 365 * DAY
_STEP = 10**10  # more seconds than any study has, so that a person's number and a time fit in one sortable integer
_CITY_BITS = 32
_PERSONS_PER_CALL = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Persons:
    """The persons of one city and their numbers.

    Parameters
    ----------
    first, first_stand_in : int
        Number of the first person and of the first stand-in; numbers are distinct across cities.
    expected : ndarray, shape (persons,)
        Expected calls of each person in the 72 months.
    shared : ndarray, shape (persons,)
        Standard normal part of severity that the calls of a person share.
    """

    first: int
    first_stand_in: int
    expected: Floats
    shared: Floats


def draw_persons(calls: Floats, totals: Integers, seed: int) -> list[Persons]:
    """Draw the persons of all cities.

    Parameters
    ----------
    calls : ndarray, shape (cities,)
        Expected calls in the 72 months.
    totals : ndarray of int, shape (cities,)
        Candidate calls, each of which may need a stand-in.
    seed : int
        Seed of the world.

    Returns
    -------
    list of Persons
        One entry per city; about three persons for ten expected calls.

    Examples
    --------
    >>> [len(city.expected) for city in draw_persons(np.array([100.0, 10.0]), np.array([99, 12]), 1)]
    [30, 3]
    """
    sizes = np.maximum(1, np.rint(calls * _PERSONS_PER_CALL)).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(sizes + totals)]).tolist()
    found = []
    for city, size in enumerate(sizes.tolist()):
        draws = normal(uniforms(seed, Tier.PERSONS, (city << _CITY_BITS) + np.arange(size), 2))
        frailty = draws[:, 0] ** 2  # proportional to a gamma of shape 1/2
        expected = frailty * (calls[city] / frailty.sum())
        found.append(Persons(first[city], first[city] + size, expected, draws[:, 1]))
    return found


def who_calls(persons: Persons, uniform: Floats) -> Integers:
    """Choose the person of each call in proportion to their frailty.

    Parameters
    ----------
    persons : Persons
        Persons of the city.
    uniform : ndarray, shape (calls,)
        One uniform number per call.

    Returns
    -------
    ndarray of int
        Positions among the city's persons.
    """
    cumulated = np.cumsum(persons.expected)
    chosen: Integers = np.searchsorted(cumulated, uniform * cumulated[-1], side="right")
    return np.minimum(chosen, len(cumulated) - 1)


def moment(person: Integers, received: Integers | int) -> Integers:
    """Put persons and times into numbers that sort by person, then by time.

    Parameters
    ----------
    person : ndarray of int
        Persons.
    received : ndarray of int, or int
        Local seconds since 1970.

    Returns
    -------
    ndarray of int
        Differences are seconds within a person, and more than a century between persons.

    Examples
    --------
    >>> bool(moment(np.array([1]), 0) > moment(np.array([0]), 2_000_000_000))
    True
    """
    return person * _STEP + received


def person_order(person: Integers, received: Integers) -> tuple[Integers, Integers]:
    """Sort calls by person and time.

    Parameters
    ----------
    person, received : ndarray of int, shape (calls,)
        Person and second of each call.

    Returns
    -------
    order : ndarray of int
        Positions of the calls in that order.
    key : ndarray of int
        Sorted keys: differences are seconds within a person, and more than a century between persons.

    Examples
    --------
    >>> person_order(np.array([1, 0, 1]), np.array([50, 60, 20]))[0]
    array([1, 2, 0])
    """
    key = moment(person, received)
    order = np.argsort(key)
    return order, key[order]


def away(person: Integers, received: Integers, released: Integers) -> Booleans:
    """Tell which calls fall into a stay in custody or hospital that began with an earlier call of the person.

    Parameters
    ----------
    person, received : ndarray of int, shape (calls,)
        Person who makes the call unless away, and its second.
    released : ndarray of int, shape (calls,)
        Second at which a stay that began with the call ended; not after `received` if there was none.

    Returns
    -------
    ndarray of bool
        One value per call. A stay that began with a call of a stand-in keeps nobody else away.

    Examples
    --------
    >>> away(np.zeros(4, dtype=np.int64), np.array([0, 5, 12, 20]), np.array([10, 30, 0, 0])).tolist()
    [False, True, False, False]
    """
    order, key = person_order(person, received)
    until = key + np.maximum(released - received, 0)[order]
    found = np.zeros(len(key), dtype=bool)
    while True:
        latest = np.maximum.accumulate(np.where(found, key, until))
        now = np.concatenate([[False], key[1:] < latest[:-1]])
        if (now == found).all():
            break
        found = now
    at = np.empty_like(found)
    at[order] = found
    return at


def earlier_calls(person: Integers, received: Integers, expected: Floats, uniform: Floats) -> Integers:
    """Count the person's calls in the 365 days before each call, with a drawn history for the days before the study.

    Parameters
    ----------
    person, received : ndarray of int, shape (calls,)
        Person and second of each call.
    expected : ndarray, shape (calls,)
        The person's expected calls in the 72 months.
    uniform : ndarray, shape (calls,)
        Uniform number that fixes the history.

    Returns
    -------
    ndarray of int
        Earlier calls.
    """
    cut = spells()
    order, key = person_order(person, received)
    prior = np.empty(len(person), dtype=np.int64)
    prior[order] = np.arange(len(person)) - np.searchsorted(key, key - YEAR)
    unseen = np.maximum(0, YEAR - (received - cut.first_day[0].astype(np.int64) * DAY)) / DAY
    early = np.flatnonzero(unseen)
    prior[early] += _poisson(uniform[early], expected[early] * unseen[early] / cut.days.sum())
    return prior


def _poisson(uniform: Floats, mean: Floats) -> Integers:
    """Poisson numbers by inversion."""
    term = np.exp(-mean)
    below, number = term.copy(), np.zeros(len(mean), dtype=np.int64)
    for k in count(1):
        short = uniform > below
        if not short.any() or k > mean.max() + 40 * (1 + mean.max() ** 0.5):
            break
        number += short
        term *= mean / k
        below += term
    return number
