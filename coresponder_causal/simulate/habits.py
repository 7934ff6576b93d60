"""How officers end calls: their own ways, and what riding with the team taught them.

Skill and leniency move the log odds of every call of an officer. What was learnt moves those of calls without the team
alone: it grows with the calls answered together before, most with the first ones, and may fade; squad mates may pass it
on. Each outcome of a call therefore has a known value had its officer never worked with the team.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.dispatch import Booleans, Dispatch
from coresponder_causal.simulate.force import SQUAD_SIZE, Force
from coresponder_causal.simulate.persons import moment, person_order
from coresponder_causal.simulate.rosters import Crew
from coresponder_causal.simulate.spells import START
from coresponder_causal.simulate.streams import Floats, Integers

SATURATION = 10.0
"""Calls answered together after which all but exp(-1) of what can be learnt is learnt."""

MINUTES = "minutes"
_LEARNT = {"arrest": -0.7, "hold": -0.4, "linked_30d": 0.7, MINUTES: 0.15, "stigmatising_term": -0.7}
_SKILL = {"arrest": -0.8, "hold": -0.5, "force": -0.8, "linked_30d": 0.6, MINUTES: 0.1}
_LENIENCY = {"arrest": -0.6}
_MONTH = 365.25 * 86_400 / 12


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """What the officer of each call adds to log odds of outcomes and to the log of minutes.

    Parameters
    ----------
    own : mapping of str to ndarray
        By outcome, with and without the team.
    learnt : mapping of str to ndarray
        By outcome, without the team alone.
    dose : ndarray, shape (calls,)
        Calls answered together before, faded and with those of squad mates as far as they count.
    """

    own: Mapping[str, Floats] = field(default_factory=lambda: MappingProxyType({}))
    learnt: Mapping[str, Floats] = field(default_factory=lambda: MappingProxyType({}))
    dose: Floats = field(default_factory=lambda: np.zeros(0))

    def shift(self, outcome: str, *, with_team: bool) -> Floats | float:
        """Give what to add for an outcome, had the team come or not; zero where nothing is."""
        return self.own.get(outcome, 0.0) + (0.0 if with_team else self.learnt.get(outcome, 0.0))

    def untaught(self) -> "Habits":
        """Give the habits of the same officers had none ever worked with the team."""
        return replace(self, learnt={})


NOBODY = Habits()
"""Officers who are all alike and learn nothing."""


def habits(crew: Crew, attended: Booleans, received: Integers, force: Force, config: WorldConfig) -> Habits:
    """Work out the habits of who answered each call.

    Parameters
    ----------
    crew : Crew
        Who would answer each call.
    attended : ndarray of bool, shape (calls,)
        Whether the team came.
    received : ndarray of int, shape (calls,)
        Local seconds since 1970.
    force : Force
        Officers.
    config : WorldConfig
        Its `officer_sd`, `officer_effect`, `squad_spillover` and `officer_fade`.

    Returns
    -------
    Habits
        One value per call. What happens at one time depends on earlier times alone.
    """
    officer = crew.officer(attended)
    dose = doses(officer, received, crew.rider[attended], received[attended], force, config)
    learnt = config.officer_effect * taught(dose)
    skill, leniency = config.officer_sd * force.skill[officer], config.officer_sd * force.leniency[officer]
    own = {name: by * skill + _LENIENCY.get(name, 0.0) * leniency for name, by in _SKILL.items()}
    return Habits(own, {name: by * learnt for name, by in _LEARNT.items()}, dose)


def doses(
    officer: Integers, when: Integers, rider: Integers, ridden: Integers, force: Force, config: WorldConfig
) -> Floats:
    """Count calls answered together with the team before given times.

    Parameters
    ----------
    officer, when : ndarray of int
        Officers, and local seconds since 1970.
    rider, ridden : ndarray of int, shape (attended calls,)
        Officer whose car was at the call, and when it was received.
    force : Force
        Officers.
    config : WorldConfig
        Its `squad_spillover` and `officer_fade`.

    Returns
    -------
    ndarray
        One value per officer and time: faded, and with those of squad mates as far as they count.
    """
    since = np.datetime64(START, "s").astype(np.int64)
    weight = np.exp(config.officer_fade * (ridden - since) / _MONTH)
    fading = np.exp(-config.officer_fade * (when - since) / _MONTH)
    own = fading * _before(rider, ridden, weight, officer, when)
    squad = force.squad[officer]
    of_squad = fading * _before(force.squad[rider], ridden, weight, squad, when)
    mates = np.where(squad >= 0, of_squad - own, 0.0) / (SQUAD_SIZE - 1)
    return np.asarray(own + config.squad_spillover * mates)


def taught(dose: Floats) -> Floats:
    """Share of what can be learnt that was learnt.

    Examples
    --------
    >>> taught(np.array([0.0, SATURATION])).round(2).tolist()
    [0.0, 0.63]
    """
    return np.asarray(-np.expm1(-dose / SATURATION))


def stay_longer(sent: Dispatch, held: Habits) -> Dispatch:
    """Change how long officers stay at calls without the team.

    Parameters
    ----------
    sent : Dispatch
        What was sent, as if officers were all alike.
    held : Habits
        Habits of who answered.

    Returns
    -------
    Dispatch
        With other times of clearing and officer minutes; calls with the team as they were.
    """
    alone = ~sent.attended
    longer = np.exp(held.shift(MINUTES, with_team=False))
    cleared = np.where(alone, sent.engaged + ((sent.cleared - sent.engaged) * longer).astype(np.int64), sent.cleared)
    minutes = np.where(alone, np.round((cleared - sent.arrived) / 60, 1), sent.officer_minutes)
    return replace(sent, cleared=cleared, officer_minutes=minutes)


def _before(whose: Integers, at: Integers, weight: Floats, who: Integers, when: Integers) -> Floats:
    """Sum the weights of events of the same one before a time."""
    order, key = person_order(whose, at)
    summed = np.concatenate([[0.0], np.cumsum(weight[order])])
    found: Floats = summed[np.searchsorted(key, moment(who, when))] - summed[np.searchsorted(key, moment(who, 0))]
    return found
