"""Who answers which call, and who shares which shift with the team.

Squads of patrol work eight hours in four days on and four off. A call goes to an officer of the squad on duty, drawn
by lot. In a shift of the changed programme one officer of patrol is given to the team: by the roster, which takes
squads in turn and officers as the lot had it, or as a volunteer. This officer's car answers the team's calls and no
others; the team itself is a clinician and one of its own officers.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.force import PATROL, SQUAD_SIZE, START_MONTH, TEAM_POSTS, Force
from coresponder_causal.simulate.spells import MONTHS, PHASES, Shifts
from coresponder_causal.simulate.streams import Integers, Tier, uniforms

_WATCHES, _WATCH_HOURS, _OPENS = 3, 8, 6
_DAYS_ON = 4
_ABSENT = 0.12
_DAYS = 100_000  # more days since 1970 than any study has
_TURN, _NOT_YET = 10.0, 100.0
_OWN_CAR = 2  # of the team's four officers the first who take the patrol car

ASSIGNMENTS = ("roster", "volunteer")


class Riders(NamedTuple):
    """Who shares each shift with the team, one value per shift: officers, and position in `ASSIGNMENTS`."""

    team_officer: Integers
    rider: Integers
    assignment: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Crew:
    """Who would answer each call, one value per call.

    Parameters
    ----------
    patrol, backup : ndarray of int
        Officers of patrol who come if the team does not; the second one to urgent calls alone.
    shift : ndarray of int
        Position of the last shift that began before the call; -1 if there was none.
    rider, team_officer : ndarray of int
        Officers who come if the team does; -1 outside all shifts.
    """

    patrol: Integers
    backup: Integers
    shift: Integers
    rider: Integers
    team_officer: Integers

    def officer(self, attended: NDArray[np.bool_]) -> Integers:
        """Tell whose call each was: of the car that answered."""
        came: Integers = np.where(attended, self.rider, self.patrol)
        return came


def draw_riders(force: Force, shifts: Shifts, config: WorldConfig, seed: int) -> Riders:
    """Draw who shares each shift; a day's shift is shared by the same officers in every schedule that plans it.

    Parameters
    ----------
    force : Force
        Officers.
    shifts : Shifts
        Planned shifts.
    config : WorldConfig
        Its `ride_volunteers`.
    seed : int
        Seed of the world.

    Returns
    -------
    Riders
        One value per planned shift.

    Examples
    --------
    >>> from coresponder_causal.simulate.force import ROLES, draw_force
    >>> from coresponder_causal.simulate.spells import planned_shifts
    >>> force = draw_force(WorldConfig(), 1)
    >>> riders = draw_riders(force, planned_shifts(0), WorldConfig(), 1)
    >>> {ROLES[role] for role in force.role[riders.rider]}  # the small dose is the team's own officers' alone
    {'co_responder_officer'}
    """
    day, month = shifts.start // DAY, month_of(shifts.start)
    draws = uniforms(seed, Tier.RIDES, day, 1 + PATROL)
    posts = np.arange(PATROL)
    holder = force.holder(posts, month[:, None])
    off = (posts // SQUAD_SIZE) % 2 != (day[:, None] // _DAYS_ON) % 2
    long = shifts.end - shifts.start > (PHASES[0].closes - PHASES[0].opens) * 3600
    barred = off | ~(long & (month >= START_MONTH))[:, None]
    willing = draws[:, 1:] + _NOT_YET * (barred | (force.volunteers_from[holder] > month[:, None]))
    turn = (posts // (2 * SQUAD_SIZE) - day[:, None] // (2 * _DAYS_ON)) % _WATCHES
    in_turn = draws[:, 1:] + _TURN * turn + _NOT_YET * (barred | (force.roster_from[holder] > month[:, None]))
    volunteers = (draws[:, 0] < config.ride_volunteers) & (willing.min(axis=1) < _NOT_YET)
    best = np.where(volunteers, willing.argmin(axis=1), in_turn.argmin(axis=1))
    nobody = ~volunteers & (in_turn.min(axis=1) >= _NOT_YET)
    own = TEAM_POSTS + day % 2
    rider = np.where(nobody, own + _OWN_CAR, holder[np.arange(len(day)), best])
    return Riders(own, rider, volunteers.astype(np.int64))


def draw_crew(id_: Integers, received: Integers, force: Force, shifts: Shifts, riders: Riders, seed: int) -> Crew:
    """Draw who would answer each call.

    Parameters
    ----------
    id_, received : ndarray of int, shape (calls,)
        Ids of the calls, and local seconds since 1970.
    force : Force
        Officers.
    shifts : Shifts
        Planned shifts.
    riders : Riders
        Who shares them.
    seed : int
        Seed of the world.

    Returns
    -------
    Crew
        One value per call.
    """
    shift = np.searchsorted(shifts.start, received, side="right") - 1
    inside = (shift >= 0) & (received < shifts.end[shift])
    rider, team_officer = (np.where(inside, of[shift], -1) for of in (riders.rider, riders.team_officer))
    held = (received - _OPENS * 3600) // 3600
    squad = 2 * (held % 24 // _WATCH_HOURS) + held // 24 // _DAYS_ON % 2
    posts = squad[:, None] * SQUAD_SIZE + np.arange(SQUAD_SIZE)
    officers = force.holder(posts, month_of(received)[:, None])
    key = uniforms(seed, Tier.PATROL, id_, SQUAD_SIZE)
    key += _absent(posts, held // 24, seed) + 2.0 * (officers == rider[:, None])
    order = np.argpartition(key, 1, axis=1)[:, :2]
    two = np.take_along_axis(officers, order, axis=1)
    swap = np.diff(np.take_along_axis(key, order, axis=1), axis=1)[:, 0] < 0
    two[swap] = two[swap, ::-1]
    return Crew(two[:, 0], two[:, 1], shift, rider, team_officer)


def month_of(seconds: Integers) -> Integers:
    """Give positions in `MONTHS`.

    Parameters
    ----------
    seconds : ndarray of int
        Local seconds since 1970.

    Returns
    -------
    ndarray of int
        0 is January 2017.

    Examples
    --------
    >>> month_of(np.array([np.datetime64("2017-02-03", "s").astype(int)])).tolist()
    [1]
    """
    month = (seconds // DAY).astype("datetime64[D]").astype("datetime64[M]") - MONTHS[0]
    return np.asarray(month.astype(np.int64))


def _absent(posts: Integers, day: Integers, seed: int) -> NDArray[np.bool_]:
    """Tell who is away on a day of duty."""
    ids = posts * _DAYS + day[:, None]
    found: NDArray[np.bool_] = (uniforms(seed, Tier.LEAVE, ids.ravel(), 1)[:, 0] < _ABSENT).reshape(ids.shape)
    return found
