"""Who is sent: delivered shifts, the busy team, selection on hidden severity, and the clock of a call."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.intake import Intake
from coresponder_causal.simulate.spells import Shifts
from coresponder_causal.simulate.streams import Floats, Integers, Tier, choose, logistic, normal, uniforms

Booleans = NDArray[np.bool_]

ABSENCE_REASONS = ("illness", "leave", "training", "court")
_REASON_SHARES = (0.4, 0.35, 0.2, 0.05)
_SENT_FOR_TYPE = np.array([0.1, 0.6, 0.3, 0.1, 0.3, -0.3, 0.0])
_LONGER_STAY = np.log(1.25)
_OFFICERS_LEAVE = np.log(0.70)


@dataclass(frozen=True, slots=True, eq=False)
class Absences:
    """Planned shifts that were delivered or not, in their order.

    Parameters
    ----------
    delivered : ndarray of bool, shape (shifts,)
        Whether the shift took place.
    reason : ndarray of int, shape (shifts,)
        Position in `ABSENCE_REASONS`; -1 where delivered.
    """

    delivered: Booleans
    reason: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Dispatch:
    """What was sent to each call and when; one value per call, times in local seconds since 1970.

    Parameters
    ----------
    on_duty, busy, attended : ndarray of bool
        Whether the team was on duty, was on duty and taken, and came.
    dispatched, arrived, engaged, cleared : ndarray of int
        Times in this order.
    officer_minutes : ndarray of float
        Minutes that officers stayed on scene.
    """

    on_duty: Booleans
    busy: Booleans
    attended: Booleans
    dispatched: Integers
    arrived: Integers
    engaged: Integers
    cleared: Integers
    officer_minutes: Floats


def draw_absences(shifts: Shifts, config: WorldConfig, seed: int) -> Absences:
    """Draw which planned shifts were not delivered; a day's shift fares the same in every schedule that plans it.

    Parameters
    ----------
    shifts : Shifts
        Planned shifts.
    config : WorldConfig
        Its `absence`.
    seed : int
        Seed of the world.

    Returns
    -------
    Absences
        One value per planned shift.

    Examples
    --------
    >>> from coresponder_causal.simulate.spells import planned_shifts
    >>> bool(draw_absences(planned_shifts(), WorldConfig(absence=0), 1).delivered.all())
    True
    """
    chance, why = uniforms(seed, Tier.ABSENCES, shifts.start // DAY, 2).T
    delivered = chance >= config.absence
    reason = choose(_REASON_SHARES, why)
    return Absences(delivered, np.where(delivered, -1, reason))


def within(received: Integers, shifts: Shifts, held: Booleans) -> Booleans:
    """Tell which calls were received within shifts.

    Parameters
    ----------
    received : ndarray of int, shape (calls,)
        Local seconds since 1970.
    shifts : Shifts
        Planned shifts.
    held : ndarray of bool, shape (shifts,)
        Shifts that count.

    Returns
    -------
    ndarray of bool, shape (calls,)
        One value per call.

    Examples
    --------
    >>> shifts = Shifts(start=np.array([10, 30]), end=np.array([20, 40]))
    >>> within(np.array([5, 10, 20, 35]), shifts, np.array([True, False])).tolist()
    [False, True, False, False]
    """
    start, end = shifts.start[held], shifts.end[held]
    shift = np.searchsorted(start, received, side="right") - 1
    inside = np.zeros(len(received), dtype=bool)
    began = shift >= 0
    inside[began] = received[began] < end[shift[began]]
    return inside


def send_units(calls: Intake, on_duty: Booleans, config: WorldConfig, seed: int) -> Dispatch:
    """Send patrol to every call of a city, and its team to the calls that it can and chooses to attend.

    The choice leans on hidden severity, type and earlier contacts. The team is taken by its own calls until they are
    cleared, and by other work the likelier the higher the patrol load.

    Parameters
    ----------
    calls : Intake
        Calls in order of time.
    on_duty : ndarray of bool, shape (calls,)
        Whether the city's team was on duty.
    config : WorldConfig
        Its `sent`, `elsewhere`, `selection` and `attendance`.
    seed : int
        Seed of the world.

    Returns
    -------
    Dispatch
        One value per call.
    """
    draws = uniforms(seed, Tier.DISPATCH, calls.id, 6).T
    load = standard_load(calls)
    chosen = logistic(draws[0]) < (
        config.sent
        + config.selection * calls.severity
        + _SENT_FOR_TYPE[calls.initial_type]
        + 0.1 * np.minimum(calls.prior_contacts, 5)
    )
    elsewhere = logistic(draws[1]) < config.elsewhere + 0.7 * load
    held = 1.2 + 0.5 * (calls.priority - 2) + 0.35 * load
    dispatched = calls.received + _seconds(held + 0.6 * normal(draws[2]))
    arrived = dispatched + _seconds(np.log(7.0) + 0.4 * normal(draws[3]))
    engaged = arrived + _seconds(np.log(2.0) + 0.6 * normal(draws[4]))
    stay = np.log(32.0) + 0.1 * calls.severity + 0.5 * normal(draws[5])
    if_attended = engaged + _seconds(stay + config.attendance * _LONGER_STAY)
    busy, attended = _serve(calls.received, if_attended, on_duty, chosen, elsewhere)
    cleared = np.where(attended, if_attended, engaged + _seconds(stay))
    officers = np.where(attended, np.exp(config.attendance * _OFFICERS_LEAVE), 1.0) * (cleared - arrived) / 60
    return Dispatch(on_duty, busy, attended, dispatched, arrived, engaged, cleared, np.round(officers, 1))


def standard_load(calls: Intake) -> Floats:
    """Patrol load with mean about zero and standard deviation about one.

    Parameters
    ----------
    calls : Intake
        Calls with their `patrol_load`.

    Returns
    -------
    ndarray, shape (calls,)
        Standardised load.
    """
    return (calls.patrol_load - 0.55) / 0.27


def _serve(
    received: Integers, if_attended: Integers, on_duty: Booleans, chosen: Booleans, elsewhere: Booleans
) -> tuple[Booleans, Booleans]:
    """Go through the calls received on duty in order of time: the team is busy until its last call is cleared."""
    busy, attended = np.zeros(len(received), dtype=bool), np.zeros(len(received), dtype=bool)
    in_order = np.flatnonzero(on_duty)
    free_at = 0
    queue = zip(
        in_order.tolist(),
        received[in_order].tolist(),
        if_attended[in_order].tolist(),
        chosen[in_order].tolist(),
        elsewhere[in_order].tolist(),
        strict=True,
    )
    for call, at, until, wanted, away in queue:
        busy[call] = away or at < free_at
        if wanted and not busy[call]:
            attended[call] = True
            free_at = until
    return busy, attended


def _seconds(log_minutes: Floats) -> Integers:
    """Whole seconds of durations in log minutes, at most six hours."""
    return np.asarray(np.minimum(60 * np.exp(log_minutes), DAY / 4), dtype=np.int64)
