"""Who is sent: delivered shifts, the busy team, selection on hidden severity, and the clock of a call."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.intake import DAY, Floats, Intake, Integers
from coresponder_causal.simulate.spells import planned_shifts
from coresponder_causal.simulate.streams import Tier, stream

Booleans = NDArray[np.bool_]

ABSENCE_REASONS = ("illness", "leave", "training", "court")
_REASON_SHARES = (0.4, 0.35, 0.2, 0.05)
_SENT_FOR_TYPE = np.array([0.1, 0.6, 0.3, 0.1, 0.3, -0.3, 0.0])
_SENT = -0.1
_BUSY_ELSEWHERE = -1.8
_LONGER_STAY = np.log(1.25)
_OFFICERS_LEAVE = np.log(0.70)


@dataclass(frozen=True, slots=True, eq=False)
class Absences:
    """Planned shifts that were delivered or not, in the order of `planned_shifts`.

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


def draw_absences(config: WorldConfig, seed: int) -> Absences:
    """Draw which planned shifts were not delivered.

    Parameters
    ----------
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
    >>> bool(draw_absences(WorldConfig(absence=0), 1).delivered.all())
    True
    """
    rng = stream(seed, Tier.ABSENCES)
    n = len(planned_shifts().start)
    delivered = rng.random(n) >= config.absence
    reason = np.searchsorted(np.cumsum(_REASON_SHARES)[:-1], rng.random(n), side="right")
    return Absences(delivered, np.where(delivered, -1, reason))


def send_units(calls: Intake, absences: Absences, config: WorldConfig, seed: int) -> Dispatch:
    """Send patrol to every call, and the team of the treated city to the calls it can and chooses to attend.

    The choice leans on hidden severity, type and earlier contacts. The team is taken by its own calls until they are
    cleared, and by other work the likelier the higher the patrol load.

    Parameters
    ----------
    calls : Intake
        Calls sorted by city and time.
    absences : Absences
        Which shifts took place.
    config : WorldConfig
        Its `selection` and `attendance`.
    seed : int
        Seed of the world.

    Returns
    -------
    Dispatch
        One value per call.

    Examples
    --------
    >>> counts = np.zeros((11, 73, 168), dtype=np.int64)
    >>> counts[0, -1, 12:22] = 5
    >>> from coresponder_causal.simulate.intake import receive_calls
    >>> config = WorldConfig(absence=0)
    >>> sent = send_units(receive_calls(counts, 1), draw_absences(config, 1), config, 1)
    >>> int(sent.on_duty.sum()), bool((sent.attended & sent.busy).any())
    (50, False)
    """
    rng = stream(seed, Tier.DISPATCH)
    n = len(calls.city)
    load = standard_load(calls)
    on_duty = _on_duty(calls, absences)
    chosen = rng.logistic(size=n) < (
        _SENT
        + config.selection * calls.severity
        + _SENT_FOR_TYPE[calls.initial_type]
        + 0.1 * np.minimum(calls.prior_contacts, 5)
    )
    elsewhere = rng.logistic(size=n) < _BUSY_ELSEWHERE + 0.7 * load
    held = _minutes(1.2 + 0.5 * (calls.priority - 2) + 0.35 * load, 0.6, rng)
    dispatched = calls.received + held
    arrived = dispatched + _minutes(np.full(n, np.log(7.0)), 0.4, rng)
    engaged = arrived + _minutes(np.full(n, np.log(2.0)), 0.6, rng)
    stay = np.log(32.0) + 0.1 * calls.severity + 0.5 * rng.standard_normal(n)
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

    Examples
    --------
    >>> from coresponder_causal.simulate.intake import receive_calls
    >>> counts = np.ones((2, 73, 168), dtype=np.int64)
    >>> calls = receive_calls(counts, 1)
    >>> bool(abs(standard_load(calls).mean()) < 0.1)
    True
    """
    return (calls.patrol_load - 0.55) / 0.27


def _on_duty(calls: Intake, absences: Absences) -> Booleans:
    """Whether a call of the treated city was received within a delivered shift."""
    shifts = planned_shifts()
    start, end = shifts.start[absences.delivered], shifts.end[absences.delivered]
    on_duty = np.zeros(len(calls.city), dtype=bool)
    treated = calls.received[: np.searchsorted(calls.city, 1)]
    shift = np.searchsorted(start, treated, side="right") - 1
    began = shift >= 0
    on_duty[: len(treated)][began] = treated[began] < end[shift[began]]
    return on_duty


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


def _minutes(log_median: Floats, spread: float, rng: np.random.Generator) -> Integers:
    """Whole seconds of log-normal durations whose median is given in log minutes."""
    return _seconds(log_median + spread * rng.standard_normal(len(log_median)))


def _seconds(log_minutes: Floats) -> Integers:
    """Whole seconds of durations in log minutes, at most six hours."""
    return np.asarray(np.minimum(60 * np.exp(log_minutes), DAY / 4), dtype=np.int64)
