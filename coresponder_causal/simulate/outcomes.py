"""How calls end: potential outcomes with and without the team, the type found, and stays in custody and hospital.

A yes/no outcome happens where a logistic draw lies below its index. Attendance moves the index and leaves the draw
alone, so both potential outcomes of a call are known. Of the incidents behind the calls some are reported; the team
changes no incident, but which of them are reported.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.dispatch import Booleans, Dispatch, standard_load
from coresponder_causal.simulate.habits import NOBODY, Habits
from coresponder_causal.simulate.intake import Intake, since_start
from coresponder_causal.simulate.streams import Floats, Integers, Tier, choose, logistic, normal, uniforms

RECORDING_CHANGE = "2021-01-01"
"""Day on which every city changed its report form."""

FOLLOW_UP_DAYS = 90
"""Days after a call in which repeats and stays are counted."""

_RECORDING_SHIFT = 0.15
_UNREPORTED = 1.0
_FOUND_SHARES = (0.10, 0.38, 0.07, 0.25, 0.12, 0.05, 0.03)
_FOUND_OTHERWISE, _FOUND_WITH_TEAM = -0.6, 0.9


class Index(NamedTuple):
    """Log-odds index of an outcome; `by_type` follows the order of the initial types."""

    base: float
    severity: float
    load: float
    evening: float
    post: float
    attended: float
    by_type: tuple[float, ...]


INDICES = {
    "arrest": Index(-2.6, 0.80, 0.15, -0.25, -0.15, -0.80, (-0.4, -0.3, -1.0, 0.4, 0.3, 0.8, 0.6)),
    "hold": Index(-2.5, 0.50, 0.00, 0.05, 0.00, -0.35, (-0.3, 0.8, 1.2, -0.5, -0.8, -0.6, -0.3)),
    "ed_transport": Index(-2.0, 0.35, -0.05, 0.05, 0.00, -0.50, (0.0, 0.2, 0.7, 0.6, -0.2, -0.8, -0.6)),
    "force": Index(-5.1, 0.70, 0.20, 0.00, -0.10, -0.60, (-0.3, 0.2, 0.1, 0.3, -0.2, 0.6, 0.3)),
    "report_filed": Index(-0.2, 0.35, -0.15, 0.00, 0.00, -1.10, (-0.3, 0.1, 0.4, 0.0, -0.2, 0.4, 0.5)),
}


class _Stay(NamedTuple):
    """Log-normal length of a stay: median days and spread of the log."""

    median: float
    spread: float


_CUSTODY, _ON_HOLD, _AT_EMERGENCY = _Stay(2.0, 1.3), _Stay(4.0, 0.6), _Stay(0.3, 0.5)


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
    hospital_days, custody_days : ndarray of float
        Days in hospital that began when the call was cleared, and days in custody after them.
    """

    without: dict[str, Booleans]
    with_team: dict[str, Booleans]
    observed: dict[str, Booleans]
    final_type: Integers
    hospital_days: Floats
    custody_days: Floats


def end_calls(calls: Intake, sent: Dispatch, config: WorldConfig, seed: int, held: Habits = NOBODY) -> Endings:
    """Draw both potential outcomes of every call and keep the one that attendance chose.

    Parameters
    ----------
    calls : Intake
        Calls as received.
    sent : Dispatch
        Who attended.
    config : WorldConfig
        Its `attendance` and `reporting`.
    seed : int
        Seed of the world.
    held : Habits
        Habits of the officers who answered; officers who are all alike if not given.

    Returns
    -------
    Endings
        Outcomes arrest, hold, ed_transport, force, report_filed and incident (something a report could be filed on),
        the type found, and the stays that began.

    Notes
    -----
    An arrest or a use of force always has a report, so fewer reports with the team come from calls without either.
    """
    draws = uniforms(seed, Tier.OUTCOMES, calls.id, len(INDICES) + 4).T
    without, with_team = _potential(calls, draws, config, held)
    observed = {name: np.where(sent.attended, with_team[name], without[name]) for name in without}
    looked = _FOUND_OTHERWISE + config.attendance * (_FOUND_WITH_TEAM - _FOUND_OTHERWISE) * sent.attended
    drawn = choose(_FOUND_SHARES, draws[5])
    found = np.where(calls.problem == calls.initial_type, drawn, calls.problem)
    final_type = np.where(logistic(draws[6]) < looked, found, calls.initial_type)
    hospital, custody = _stays(observed, normal(draws[7]), normal(draws[8]))
    return Endings(without, with_team, observed, final_type, hospital, custody)


def score(index: Index, calls: Intake) -> Floats:
    """Give the log odds of an outcome without the team.

    Parameters
    ----------
    index : Index
        Its coefficients.
    calls : Intake
        Calls as received.

    Returns
    -------
    ndarray, shape (calls,)
        Log odds.
    """
    hour = calls.received % DAY // 3600
    found: NDArray[np.float64] = index.base + np.array(index.by_type)[calls.initial_type]
    found += index.severity * calls.severity
    found += index.load * standard_load(calls)
    found += index.evening * ((hour >= 12) & (hour < 22))
    found += index.post * since_start(calls.received)
    return found


def _potential(
    calls: Intake, draws: Floats, config: WorldConfig, held: Habits
) -> tuple[dict[str, Booleans], dict[str, Booleans]]:
    """Outcomes without and with the team; whether there was an incident is the same in both."""
    without: dict[str, Booleans] = {}
    with_team: dict[str, Booleans] = {}
    for uniform, (name, index) in zip(draws, INDICES.items(), strict=False):
        excess = score(index, calls) - logistic(uniform)
        by_team = config.attendance * index.attended
        if name == "report_filed":
            incident = excess + _UNREPORTED > 0
            excess += _RECORDING_SHIFT * (calls.received >= np.datetime64(RECORDING_CHANGE, "s").astype(np.int64))
            by_team += config.reporting
        without[name] = excess + held.shift(name, with_team=False) > 0
        with_team[name] = excess + by_team + held.shift(name, with_team=True) > 0
    for potential in (without, with_team):
        incident |= potential["arrest"] | potential["force"]
    for potential in (without, with_team):
        potential["report_filed"] = potential["report_filed"] & incident | potential["arrest"] | potential["force"]
        potential["incident"] = incident
    return without, with_team


def _stays(observed: dict[str, Booleans], in_hospital: Floats, in_custody: Floats) -> tuple[Floats, Floats]:
    """Days in hospital after a hold or a transport, and days in custody after an arrest, to a hundredth."""
    on_hold, at_emergency = _length(_ON_HOLD, in_hospital), _length(_AT_EMERGENCY, in_hospital)
    hospital = np.where(observed["hold"], on_hold, np.where(observed["ed_transport"], at_emergency, 0.0))
    return hospital, np.where(observed["arrest"], _length(_CUSTODY, in_custody), 0.0)


def _length(stay: _Stay, normal_draw: Floats) -> Floats:
    """Days of stays."""
    return np.asarray(np.round(stay.median * np.exp(stay.spread * normal_draw), 2))
