"""Calls as they are received: place in time, person, and what is known before anybody is sent."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.spells import HOUR_OF_DAY, HOURS_OF_WEEK, spells, weekday
from coresponder_causal.simulate.streams import Tier, stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DAY = 86_400
YEAR = 365 * DAY
INITIAL_TYPES = (
    "welfare_check",
    "mental_health_crisis",
    "suicide_threat",
    "substance_use",
    "homelessness",
    "disturbance",
    "family_conflict",
)
CALLER_TYPES = ("resident", "family", "bystander", "business", "care_provider", "person_in_crisis")
_TYPE_SHARES = (0.28, 0.14, 0.10, 0.12, 0.12, 0.16, 0.08)
_CALLER_SHARES = (0.30, 0.20, 0.18, 0.15, 0.07, 0.10)
_URGENT = np.array([0.10, 0.30, 0.70, 0.20, 0.05, 0.25, 0.20])
_STEP = 10**10  # more seconds than any study has, so that a group's number and a time fit in one sortable integer
_PERSONS_PER_CALL = 0.3
_FRAILTY_SHAPE = 0.5
_PERSON_SHARE_OF_SEVERITY = 0.36


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """Calls sorted by city and time, one value per call.

    Parameters
    ----------
    city : ndarray of int
        Position of the city.
    received : ndarray of int
        Local seconds since 1970.
    person : ndarray of int
        Number of the person, distinct across cities.
    severity : ndarray of float
        Standardised severity that no table shows.
    initial_type, caller_type : ndarray of int
        Positions in `INITIAL_TYPES` and `CALLER_TYPES`.
    priority : ndarray of int
        1 (most urgent) to 3.
    prior_contacts : ndarray of int
        Calls of the person in the 365 days before.
    patrol_load : ndarray of float
        Busy patrol units per unit on duty.
    """

    city: Integers
    received: Integers
    person: Integers
    severity: Floats
    initial_type: Integers
    caller_type: Integers
    priority: Integers
    prior_contacts: Integers
    patrol_load: Floats


def receive_calls(counts: Integers, seed: int) -> Intake:
    """Place the counted calls at random within their clock hours and draw what is known at receipt.

    Parameters
    ----------
    counts : ndarray of int, shape (cities, spells, 168)
        Calls per cell; the calls agree with them exactly.
    seed : int
        Seed of the world.

    Returns
    -------
    Intake
        One value per call.

    Examples
    --------
    >>> counts = np.zeros((11, 73, 168), dtype=np.int64)
    >>> counts[0, 0, 12] = 3
    >>> calls = receive_calls(counts, 1)
    >>> set(((calls.received // 3600) % 24).tolist())
    {12}
    """
    rng = stream(seed, Tier.INTAKE)
    city, received = _place(counts, rng)
    n = len(city)
    first_person, person, frailty = _persons(city, len(counts), rng)
    initial_type = _choose(_TYPE_SHARES, n, rng)
    shared = _PERSON_SHARE_OF_SEVERITY**0.5 * rng.standard_normal(first_person[-1])[person]
    severity = shared + (1 - _PERSON_SHARE_OF_SEVERITY) ** 0.5 * rng.standard_normal(n)
    urgent = rng.random(n) < _URGENT[initial_type]
    return Intake(
        city=city,
        received=received,
        person=person,
        severity=severity,
        initial_type=initial_type,
        caller_type=_choose(_CALLER_SHARES, n, rng),
        priority=np.where(urgent, 1, np.where(rng.random(n) < 0.7, 2, 3)),
        prior_contacts=_prior_contacts(person, received, frailty, rng),
        patrol_load=_patrol_load(received, rng),
    )


def _place(counts: Integers, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """City and second of each call: a random week of the spell, a random second of the hour; sorted."""
    cut = spells()
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    city, within = np.divmod(cell, counts[0].size)
    days_until = (np.arange(HOURS_OF_WEEK) // 24 - weekday(cut.first_day)[:, None]) % 7
    first_second = (cut.first_day.astype(np.int64)[:, None] + days_until) * DAY + HOUR_OF_DAY * 3600
    week = (rng.random(len(cell)) * cut.clock_hours.ravel()[within]).astype(np.int64)
    received = first_second.ravel()[within] + week * (7 * DAY) + rng.integers(0, 3600, len(cell))
    city, received = np.divmod(np.sort(city * _STEP + received), _STEP)
    return city, received


def _choose(shares: tuple[float, ...], n: int, rng: np.random.Generator) -> Integers:
    """Positions drawn with these shares."""
    return np.searchsorted(np.cumsum(shares)[:-1], rng.random(n), side="right")


def _persons(city: Integers, n_cities: int, rng: np.random.Generator) -> tuple[Integers, Integers, Floats]:
    """Borders of the cities' persons, the person of each call, and each person's expected calls in the study.

    Persons call in proportion to a gamma frailty, so that a few make many calls.
    """
    calls = np.bincount(city, minlength=n_cities)
    persons = np.maximum(1, np.rint(calls * _PERSONS_PER_CALL)).astype(np.int64)
    border = np.concatenate([[0], np.cumsum(persons)])
    frailty = rng.gamma(_FRAILTY_SHAPE, size=border[-1])
    cumulated = np.concatenate([[0.0], np.cumsum(frailty)])
    low, high = cumulated[border[:-1]], cumulated[border[1:]]
    target = low[city] + rng.random(len(city)) * (high - low)[city]
    person = np.clip(np.searchsorted(cumulated, target, side="right") - 1, border[city], border[city + 1] - 1)
    return border, person, frailty * np.repeat(calls / (high - low), persons)


def _prior_contacts(person: Integers, received: Integers, expected: Floats, rng: np.random.Generator) -> Integers:
    """Count the person's calls in the 365 days before, with a drawn history for the days before the study."""
    cut = spells()
    order, key = person_order(person, received)
    prior = np.empty(len(person), dtype=np.int64)
    prior[order] = np.arange(len(person)) - np.searchsorted(key, key - YEAR)
    unseen_days = np.maximum(0, YEAR - (received - cut.first_day[0].astype(np.int64) * DAY)) / DAY
    early = np.flatnonzero(unseen_days)
    prior[early] += rng.poisson(expected[person[early]] * unseen_days[early] / cut.days.sum())
    return prior


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
    key = person * _STEP + received
    order = np.argsort(key)
    return order, key[order]


def _patrol_load(received: Integers, rng: np.random.Generator) -> Floats:
    """Gamma noise around a daily wave that peaks in the early evening."""
    hour = received % DAY / 3600
    mean = 0.55 + 0.2 * np.cos(2 * np.pi * (hour - 18) / 24)
    return np.round(mean * rng.standard_gamma(6.0, len(hour)) / 6.0, 3)
