"""Shifts that can be worked, and the set of them that is worth most: a mixed-integer program.

Every crew takes shifts that begin on the hour of any day. A shift is kept apart from the crew's next one by asking
that no hour of the week lies in two of its shifts lengthened by the rest: on a circle two arcs meet exactly if the
beginning of one lies in the other, so that these 168 rows say no more and no less. What an hour is worth by the number
of teams is concave, and so a straight piece per team.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.design.call_timing import hours_in_week

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
Keep = NDArray[np.bool_]
days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
hour_of_day = np.arange(hours_in_week) % 24
at_night = (hour_of_day >= 22) | (hour_of_day < 6)
usual_lengths = (8, 10, 12)
gap, seconds = 1e-4, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRules:
    """What a week of shifts must keep to.

    Parameters
    ----------
    hours : float
        Most team hours a week; two teams on duty at a time use two.
    lengths : tuple of int
        Hours of a shift.
    teams : {1, 2}
        Most teams on duty at a time.
    crews : int
        Crews (an officer and a clinician) that share the shifts.
    most_shifts : int
        Most shifts of a crew in a week.
    rest_hours : int
        Least hours between two shifts of a crew.
    night_hours : int
        Least hours of the week from 22:00 to 6:00 in which a team is on duty.
    exploration_hours : int
        Hours a week kept back to learn about hours of the week of which the data say nothing; 0 for none.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.

    Examples
    --------
    >>> ShiftRules(hours=70).candidates.shape
    (504, 2)
    """

    hours: float
    lengths: tuple[int, ...] = usual_lengths
    teams: Literal[1, 2] = 1
    crews: int = 2
    most_shifts: int = 5
    rest_hours: int = 11
    night_hours: int = 0
    exploration_hours: int = 8

    def __post_init__(self) -> None:
        problems = Problems("rules of shifts")
        if not self.lengths or not all(1 <= length <= 24 for length in self.lengths):
            problems.add(f"lengths={self.lengths!r}", mend="give hours from 1 to 24, e.g. (8, 10, 12)")
        if self.teams not in (1, 2):
            problems.add(f"teams={self.teams!r}", mend="give 1 or 2")
        if self.crews < self.teams or self.most_shifts < 1:
            problems.add(
                f"{self.crews} crews of {self.most_shifts} shifts do not make {self.teams} teams",
                mend="give as many crews as teams, and a shift for each",
            )
        if not 0 <= self.rest_hours <= 100 or not 0 <= self.night_hours <= int(at_night.sum()):
            problems.add(
                f"rest_hours={self.rest_hours!r}, night_hours={self.night_hours!r}",
                mend=f"give rest from 0 to 100, and nights from 0 to {int(at_night.sum())}",
            )
        if self.exploration_hours and not 6 <= self.exploration_hours <= 10:
            problems.add(f"exploration_hours={self.exploration_hours!r}", mend="keep 6 to 10 hours back, or 0")
        if not self.hours - self.exploration_hours >= min(self.lengths, default=1):
            problems.add(f"{self.hours:g} hours a week hold no shift", mend="give more hours, or explore less")
        if self.teams in (1, 2) and self.hours > self.teams * hours_in_week:
            problems.add(
                f"{self.hours:g} hours a week",
                mend=f"give at most {self.teams * hours_in_week}: a week has {hours_in_week} for each team",
            )
        problems.raise_if_any(DesignError)

    @property
    def candidates(self) -> Whole:
        """Beginnings (hours of the week) and lengths of all shifts, shape (168 · lengths, 2)."""
        starts, lengths = np.meshgrid(np.arange(hours_in_week), self.lengths, indexing="ij")
        return np.column_stack([starts.ravel(), lengths.ravel()])

    def with_hours(self, hours: float) -> ShiftRules:
        """Return the same rules for another number of hours a week."""
        return replace(self, hours=hours)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """Shifts of a week.

    Parameters
    ----------
    shifts : DataFrame
        ``crew, start`` (hour of the week), ``hours``, in order of time.
    teams : ndarray of int, shape (168,)
        Teams on duty.
    value : float
        What the program was asked to make large.
    bound : float
        No schedule under the rules is worth more.
    """

    shifts: pd.DataFrame
    teams: Whole
    value: float
    bound: float


def best_schedule(
    value: Array,
    rules: ShiftRules,
    *,
    kept: Keep | None = None,
    today: Keep | None = None,
) -> Schedule:
    """Find the shifts that are worth most.

    Parameters
    ----------
    value : ndarray, shape (teams, 168)
        What the first team on duty is worth in each hour of the week, and what the second adds.
    rules : ShiftRules
    kept, today : ndarray of bool, shape (168,), optional
        Hours that stay as they are, and whether one team is on duty in them today. ``value`` is not read there.

    Raises
    ------
    DesignError
        If no schedule keeps to the rules; loosen one of those named.
    EstimationError
        If the program was not solved in a minute.

    Examples
    --------
    >>> evening = np.where((hour_of_day >= 14) & (hour_of_day < 22), 1.0, 0.1)[None]
    >>> found = best_schedule(evening, ShiftRules(hours=40, exploration_hours=0, crews=1))
    >>> found.value, sorted(set(found.shifts["start"] % 24))
    (40.0, [14])
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    still = np.zeros(hours_in_week, bool) if kept is None else kept
    inside, rows, low, high = _rows(rules, still, np.zeros(hours_in_week, bool) if today is None else today)
    worth = np.where(still, 0.0, value).ravel()
    of_shifts = rows.shape[1] - worth.size
    whole = np.zeros(rows.shape[1], np.int64)
    whole[:of_shifts] = 1
    if rules.teams > 1:
        whole[of_shifts : of_shifts + hours_in_week] = 1
    found = milp(
        np.concatenate([np.zeros(of_shifts), -worth]), integrality=whole, bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(rows, low, high), options={"time_limit": seconds, "mip_rel_gap": gap},
    )  # fmt: skip
    if found.x is None:
        raise _no_schedule(found.status, rules, still)
    return _read(found.x[:of_shifts], rules, inside, -float(found.fun), -float(found.mip_dual_bound))


def _rows(rules: ShiftRules, still: Keep, today: Keep) -> tuple[Array, Any, Array, Array]:
    """Rows of the program over shifts by crew and pieces by team and hour, with their limits."""
    from scipy.sparse import block_array, coo_array, csr_array, eye_array, hstack, kron

    shifts = rules.candidates
    inside = _covers(shifts)
    worked = kron(np.ones((1, rules.crews)), csr_array(inside), format="csr")
    rest = csr_array(_covers(shifts + np.array([0, rules.rest_hours])))
    pieces = hstack([eye_array(hours_in_week)] * rules.teams)
    on_duty = hstack([worked, -pieces])
    of_shifts = worked.shape[1]
    none = coo_array((1, rules.teams * hours_in_week))
    lengths = np.tile(shifts[:, 1], rules.crews)[None].astype(float)
    first = np.concatenate([np.zeros(of_shifts), at_night, np.zeros((rules.teams - 1) * hours_in_week)])[None]
    crew = eye_array(rules.crews)
    by_crew = kron(crew, np.ones((1, len(shifts))))
    blocks: list[tuple[Any, Any, Any]] = [
        (on_duty, 0.0, 0.0),
        (hstack([worked[still], coo_array((int(still.sum()), none.shape[1]))]), 1.0 * today[still], 1.0 * today[still]),
        (hstack([kron(crew, rest), coo_array((rules.crews * hours_in_week, none.shape[1]))]), 0.0, 1.0),
        (hstack([by_crew, coo_array((rules.crews, none.shape[1]))]), 0.0, float(rules.most_shifts)),
        (hstack([csr_array(lengths), none]), 0.0, float(rules.hours - rules.exploration_hours)),
        (csr_array(first), float(rules.night_hours), np.inf),
    ]
    if rules.crews > 1:  # crews are alike: the first works at least as many hours as the next
        order = kron(np.eye(rules.crews)[:-1] - np.eye(rules.crews)[1:], csr_array(shifts[:, 1][None].astype(float)))
        blocks.append((hstack([order, coo_array((rules.crews - 1, none.shape[1]))]), 0.0, np.inf))
    if rules.teams > 1:  # the second team comes after the first
        steps = hstack([coo_array((hours_in_week, of_shifts)), eye_array(hours_in_week), -eye_array(hours_in_week)])
        blocks.append((steps, 0.0, np.inf))
    rows = csr_array(block_array([[block] for block, _, _ in blocks]))
    low = np.concatenate([np.broadcast_to(low, block.shape[0]) for block, low, _ in blocks])
    high = np.concatenate([np.broadcast_to(high, block.shape[0]) for block, _, high in blocks])
    return inside, rows, low, high


def _covers(shifts: Whole) -> Array:
    """Which hours of the week each arc covers, shape (168, n)."""
    since = (np.arange(hours_in_week)[:, None] - shifts[:, 0]) % hours_in_week
    return (since < shifts[:, 1]).astype(float)


def _read(x: Array, rules: ShiftRules, inside: Array, value: float, bound: float) -> Schedule:
    crew, which = np.divmod(np.flatnonzero(x > 0.5), len(rules.candidates))
    chosen = rules.candidates[which]
    shifts = pd.DataFrame({"crew": crew + 1, "start": chosen[:, 0], "hours": chosen[:, 1]})
    shifts = shifts.sort_values(["start", "crew"], ignore_index=True)
    teams = np.asarray(inside[:, which].sum(axis=1), np.int64)
    return Schedule(shifts=shifts, teams=teams, value=value, bound=bound)


def _no_schedule(status: int, rules: ShiftRules, still: Keep) -> Exception:
    if status == 1:
        return EstimationError(f"no schedule was found in {seconds:g} seconds", mend="allow fewer crews or lengths")
    kept = f", with {int(still.sum())} hours of the week left as they are" if still.any() else ""
    return DesignError(
        f"no shifts of {', '.join(map(str, rules.lengths))} hours keep to {rules.hours:g} hours a week, "
        f"{rules.night_hours} of them at night, {rules.rest_hours} hours of rest and {rules.most_shifts} shifts "
        f"for each of {rules.crews} crews{kept}",
        mend="allow the lengths of today's shifts, more crews, less rest or fewer hours at night",
    )
