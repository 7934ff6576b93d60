"""One city's calls played through in one world: received, attended, ended, followed and recorded."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.aftercare import Aftercare, follow_calls
from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.dispatch import Dispatch, send_units
from coresponder_causal.simulate.habits import NOBODY, Habits, stay_longer
from coresponder_causal.simulate.intake import Intake, identify
from coresponder_causal.simulate.outcomes import Endings, end_calls
from coresponder_causal.simulate.persons import Persons, away
from coresponder_causal.simulate.recording import Records, record


@dataclass(frozen=True, slots=True, eq=False)
class Play:
    """A city's calls in one world, one value per call in order of time.

    Parameters
    ----------
    calls, sent, endings, care, records
        What happened at each stage.
    """

    calls: Intake
    sent: Dispatch
    endings: Endings
    care: Aftercare
    records: Records


Ways = Callable[[Intake, NDArray[np.bool_]], Habits]
"""Gives the habits of who answered each call, from which calls the team attended."""


def alike(calls: Intake, attended: NDArray[np.bool_]) -> Habits:
    """Give the habits of officers who are all alike."""
    return NOBODY


def play(
    calls: Intake,
    persons: Persons,
    on_duty: NDArray[np.bool_],
    config: WorldConfig,
    seed: int,
    ways: Ways = alike,
) -> Play:
    """Play the calls of a city through.

    Who is away depends on how earlier calls ended, and that on who was known to call: the calls are gone through again
    until nobody's whereabouts change. What happens at one time depends on earlier times alone, so this ends.

    Parameters
    ----------
    calls : Intake
        Calls of the city as if nobody were ever away.
    persons : Persons
        Persons of the city.
    on_duty : ndarray of bool, shape (calls,)
        Whether the city's team was on duty.
    config : WorldConfig
        Effects and error rates.
    seed : int
        Seed of the world.
    ways : callable
        Gives the officers' habits; officers who are all alike if not given.

    Returns
    -------
    Play
        One value per call.
    """
    is_away = np.zeros(len(on_duty), dtype=bool)
    while True:
        sent = send_units(calls, on_duty, config, seed)
        held = ways(calls, sent.attended)
        sent = stay_longer(sent, held)
        endings = end_calls(calls, sent, config, seed, held)
        days = endings.hospital_days + endings.custody_days
        released = np.where(days > 0, sent.cleared + (days * DAY).astype(np.int64), calls.received)
        found = away(calls.caller, calls.received, released)
        if (found == is_away).all():
            break
        is_away = found
        calls = identify(calls, persons, is_away)
    care = follow_calls(calls, sent, config, seed, held)
    return Play(calls, sent, endings, care, record(calls, sent, care, config, seed))
