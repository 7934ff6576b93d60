"""Calls as they are received: person, and what is known before anybody is sent."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.candidates import DAY, Candidates
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.labels import DISTURBANCE, write_labels
from coresponder_causal.simulate.persons import Persons, earlier_calls, who_calls
from coresponder_causal.simulate.spells import START
from coresponder_causal.simulate.streams import Floats, Integers, Tier, choose, normal, uniforms
from coresponder_causal.simulate.traits import draw_traits

INITIAL_TYPES = (
    "welfare_check",
    "mental_health_crisis",
    "suicide_threat",
    "substance_use",
    "homelessness",
    "disturbance",
    "family_conflict",
)
HOMELESSNESS = INITIAL_TYPES.index("homelessness")
CALLER_TYPES = ("resident", "family", "bystander", "business", "care_provider", "person_in_crisis")
_TYPE_SHARES = (0.28, 0.14, 0.10, 0.12, 0.12, 0.16, 0.08)
_CALLER_SHARES = (0.30, 0.20, 0.18, 0.15, 0.07, 0.10)
_URGENT = np.array([0.10, 0.30, 0.70, 0.20, 0.05, 0.25, 0.20])
_PERSON_SHARE_OF_SEVERITY = 0.36
_LOAD_SHAPE = 6


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """Calls of one city in order of time, one value per call.

    Parameters
    ----------
    id : ndarray of int
        Id of the candidate call.
    number : ndarray of int
        Its position among the city's candidates.
    received : ndarray of int
        Local seconds since 1970.
    caller : ndarray of int
        Position, among the city's persons, of who makes the call unless away.
    person : ndarray of int
        Number of the person, distinct across cities.
    severity : ndarray of float
        Standardised severity that no table shows.
    problem : ndarray of int
        Position of the true type in `INITIAL_TYPES`.
    initial_type, caller_type : ndarray of int
        Positions in `INITIAL_TYPES` of the type written, and in `CALLER_TYPES`.
    priority : ndarray of int
        1 (most urgent) to 3.
    prior_contacts : ndarray of int
        Calls of the person in the 365 days before.
    patrol_load : ndarray of float
        Busy patrol units per unit on duty.
    history : ndarray of float
        Uniform number that fixes the person's calls before the study.
    """

    id: Integers
    number: Integers
    received: Integers
    caller: Integers
    person: Integers
    severity: Floats
    problem: Integers
    initial_type: Integers
    caller_type: Integers
    priority: Integers
    prior_contacts: Integers
    patrol_load: Floats
    history: Floats


def receive_calls(
    candidates: Candidates, persons: Persons, config: WorldConfig, seed: int, *, log_load: float = 0.0
) -> Intake:
    """Draw what is known at receipt.

    Parameters
    ----------
    candidates : Candidates
        Calls of one city.
    persons : Persons
        Persons of the city.
    config : WorldConfig
        Its `label_error` and `label_bias`.
    seed : int
        Seed of the world.
    log_load : float
        Log ratio of the patrol load from the start of the changed programme on.

    Returns
    -------
    Intake
        One value per call, in order of time, as if nobody were ever away.

    Examples
    --------
    >>> from coresponder_causal.simulate.candidates import place
    >>> from coresponder_causal.simulate.persons import draw_persons
    >>> placed = place(np.ones((73, 168)), np.ones(73, dtype=np.int64), 0, 1)
    >>> calls = receive_calls(placed, draw_persons(np.array([73.0]), np.array([73]), 1)[0], WorldConfig(), 1)
    >>> bool((np.diff(calls.received) > 0).all()), len(calls.person)
    (True, 73)
    """
    calls = candidates.take(np.argsort(candidates.received, kind="stable"))
    draws = uniforms(seed, Tier.INTAKE, calls.id, 7 + _LOAD_SHAPE).T
    caller = who_calls(persons, draws[0])
    own = (1 - _PERSON_SHARE_OF_SEVERITY) ** 0.5 * normal(draws[1])
    problem, caller_type = choose(_TYPE_SHARES, draws[2]), choose(_CALLER_SHARES, draws[5])
    initial_type = problem
    if config.label_error or config.label_bias:
        labels = write_labels(calls.id, caller, problem, caller_type, draw_traits(persons, seed), persons, config, seed)
        initial_type = np.where(labels.written, DISTURBANCE, problem)
    urgent = draws[3] < _URGENT[initial_type]
    made = Intake(
        id=calls.id,
        number=calls.number,
        received=calls.received,
        caller=caller,
        person=persons.first + caller,
        severity=_PERSON_SHARE_OF_SEVERITY**0.5 * persons.shared[caller] + own,
        problem=problem,
        initial_type=initial_type,
        caller_type=caller_type,
        priority=np.where(urgent, 1, np.where(draws[4] < 0.7, 2, 3)),
        prior_contacts=np.zeros(len(caller), dtype=np.int64),
        patrol_load=_patrol_load(calls.received, draws[7:], log_load),
        history=draws[6],
    )
    return identify(made, persons, np.zeros(len(caller), dtype=bool))


def identify(calls: Intake, persons: Persons, is_away: NDArray[np.bool_]) -> Intake:
    """Name the person of each call, a stand-in where its caller is away, and count their earlier calls.

    Parameters
    ----------
    calls : Intake
        Calls of one city.
    persons : Persons
        Persons of the city.
    is_away : ndarray of bool, shape (calls,)
        Whether the caller is in custody or hospital.

    Returns
    -------
    Intake
        The same calls.
    """
    person = np.where(is_away, persons.first_stand_in + calls.number, persons.first + calls.caller)
    expected = np.where(is_away, 0.0, persons.expected[calls.caller])
    prior = earlier_calls(person, calls.received, expected, calls.history)
    return replace(calls, person=person, prior_contacts=prior)


def since_start(received: Integers) -> NDArray[np.bool_]:
    """Tell which calls were received on the first day of the changed programme or later.

    Parameters
    ----------
    received : ndarray of int
        Local seconds since 1970.

    Returns
    -------
    ndarray of bool
        One value per call.
    """
    return np.asarray(received >= np.datetime64(START, "s").astype(np.int64))


def _patrol_load(received: Integers, uniform: Floats, log_load: float) -> Floats:
    """Gamma noise around a daily wave that peaks in the early evening."""
    hour = received % DAY / 3600
    mean = 0.55 + 0.2 * np.cos(2 * np.pi * (hour - 18) / 24)
    noise = -np.log(uniform).sum(axis=0) / _LOAD_SHAPE
    return np.asarray(np.round(mean * noise * np.exp(log_load * since_start(received)), 3))
