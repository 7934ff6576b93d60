"""How calls end: potential outcomes with and without the team, the type found, and what follows the call.

A yes/no outcome happens where a logistic draw lies below its index. Attendance moves the index and leaves the draw
alone, so both potential outcomes of a call are known.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.dispatch import Booleans, Dispatch, standard_load
from coresponder_causal.simulate.intake import DAY, Floats, Intake, Integers, person_order
from coresponder_causal.simulate.spells import MONTHS, START
from coresponder_causal.simulate.streams import Tier, stream

RECORDING_CHANGE = "2021-01-01"
"""Day on which every city changed its report form."""

REPEAT_DAYS = 90
"""Days within which another call counts as a repeat."""

_RECORDING_SHIFT = 0.15
_FOUND_SHARES = np.array([0.10, 0.38, 0.07, 0.25, 0.12, 0.05, 0.03])
_FOUND_OTHERWISE, _FOUND_WITH_TEAM = -0.6, 0.9


class _Index(NamedTuple):
    """Log-odds index of an outcome; `by_type` follows the order of the initial types."""

    base: float
    severity: float
    load: float
    evening: float
    post: float
    attended: float
    by_type: tuple[float, ...]


_INDICES = {
    "arrest": _Index(-2.6, 0.80, 0.15, -0.25, -0.15, -0.80, (-0.4, -0.3, -1.0, 0.4, 0.3, 0.8, 0.6)),
    "hold": _Index(-2.5, 0.50, 0.00, 0.05, 0.00, -0.35, (-0.3, 0.8, 1.2, -0.5, -0.8, -0.6, -0.3)),
    "ed_transport": _Index(-2.0, 0.35, -0.05, 0.05, 0.00, -0.50, (0.0, 0.2, 0.7, 0.6, -0.2, -0.8, -0.6)),
    "force": _Index(-5.1, 0.70, 0.20, 0.00, -0.10, -0.60, (-0.3, 0.2, 0.1, 0.3, -0.2, 0.6, 0.3)),
    "report_filed": _Index(-0.2, 0.35, -0.15, 0.00, 0.00, -1.10, (-0.3, 0.1, 0.4, 0.0, -0.2, 0.4, 0.5)),
}
_FOLLOWED_UP = _Index(-2.8, 0.10, -0.10, 0.00, 0.00, 1.90, (0.0, 0.4, 0.6, 0.1, 0.2, -0.4, 0.0))
_LINKED = _Index(-2.0, 0.00, 0.00, 0.00, 0.00, 0.30, (0.0, 0.4, 0.5, 0.1, -0.3, -0.3, 0.0))
_LINKED_BY_FOLLOW_UP = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Endings:
    """How calls ended; one value per call.

    Parameters
    ----------
    without, with_team : dict of str to ndarray of bool
        Potential outcomes by name, had the team not come and had it come.
    observed : dict of str to ndarray of bool
        What happened.
    final_type : ndarray of int
        Position of the type found.
    """

    without: dict[str, Booleans]
    with_team: dict[str, Booleans]
    observed: dict[str, Booleans]
    final_type: Integers


def end_calls(calls: Intake, sent: Dispatch, config: WorldConfig, seed: int) -> Endings:
    """Draw both potential outcomes of every call and keep the one that attendance chose.

    Parameters
    ----------
    calls : Intake
        Calls as received.
    sent : Dispatch
        Who attended.
    config : WorldConfig
        Its `attendance`.
    seed : int
        Seed of the world.

    Returns
    -------
    Endings
        Outcomes arrest, hold, ed_transport, force and report_filed, and the type found.

    Notes
    -----
    An arrest or a use of force always has a report, so fewer reports with the team come from calls without either.
    """
    rng = stream(seed, Tier.OUTCOMES)
    without: dict[str, Booleans] = {}
    with_team: dict[str, Booleans] = {}
    for name, index in _INDICES.items():
        score = _score(index, calls) - rng.logistic(size=len(calls.city))
        if name == "report_filed":
            score += _RECORDING_SHIFT * (calls.received >= _second(RECORDING_CHANGE))
        without[name] = score > 0
        with_team[name] = score + config.attendance * index.attended > 0
    for potential in (without, with_team):
        potential["report_filed"] |= potential["arrest"] | potential["force"]
    observed = {name: np.where(sent.attended, with_team[name], without[name]) for name in _INDICES}
    looked = _FOUND_OTHERWISE + config.attendance * (_FOUND_WITH_TEAM - _FOUND_OTHERWISE) * sent.attended
    found = rng.choice(len(_FOUND_SHARES), len(calls.city), p=_FOUND_SHARES)
    renamed = rng.logistic(size=len(calls.city)) < looked
    return Endings(without, with_team, observed, np.where(renamed, found, calls.initial_type))


@dataclass(frozen=True, slots=True, eq=False)
class Aftercare:
    """What followed the calls whose 90 days lie within the study.

    Parameters
    ----------
    call : ndarray of int
        Position of the call.
    followed_up, linked, repeated : ndarray of bool
        Reached within 72 hours, seen by a service within 30 days, another call within 90 days.
    """

    call: Integers
    followed_up: Booleans
    linked: Booleans
    repeated: Booleans


def follow_calls(calls: Intake, sent: Dispatch, config: WorldConfig, seed: int) -> Aftercare:
    """Draw follow-up and linkage, and read repeats from the later calls of the same person.

    Parameters
    ----------
    calls : Intake
        Calls as received.
    sent : Dispatch
        Who attended.
    config : WorldConfig
        Its `attendance`.
    seed : int
        Seed of the world.

    Returns
    -------
    Aftercare
        One value per call that could be followed for 90 days.
    """
    rng = stream(seed, Tier.AFTERCARE)
    n = len(calls.city)
    helped = config.attendance * sent.attended
    followed = rng.logistic(size=n) < _score(_FOLLOWED_UP, calls) + _FOLLOWED_UP.attended * helped
    likelier = _LINKED.attended * helped + _LINKED_BY_FOLLOW_UP * followed
    linked = rng.logistic(size=n) < _score(_LINKED, calls) + likelier
    order, key = person_order(calls.person, calls.received)
    repeated = np.zeros(n, dtype=bool)
    repeated[order[:-1]] = np.diff(key) <= REPEAT_DAYS * DAY
    end = _second(str((MONTHS[-1] + 1).astype("datetime64[D]")))
    complete = np.flatnonzero(calls.received < end - REPEAT_DAYS * DAY)
    return Aftercare(complete, followed[complete], linked[complete], repeated[complete])


def _score(index: _Index, calls: Intake) -> Floats:
    """Log odds of an outcome without the team."""
    hour = calls.received % DAY // 3600
    score: NDArray[np.float64] = index.base + np.array(index.by_type)[calls.initial_type]
    score += index.severity * calls.severity
    score += index.load * standard_load(calls)
    score += index.evening * ((hour >= 12) & (hour < 22))
    score += index.post * (calls.received >= _second(START))
    return score


def _second(day: str) -> int:
    """First second of a day, since 1970."""
    return int(np.datetime64(day, "s").astype(np.int64))
