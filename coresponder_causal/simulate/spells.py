"""The calendar of a world: months, spells of constant rate within them, covered hours and planned shifts.

A spell is a run of days within one month during which the programme's dose does not change; only July 2020 has two.
Clock time is local and naive, every day has 24 hours: the two yearly changes of the clock are left out.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

START = "2020-07-15"
"""First day of the changed programme."""

MONTHS: NDArray[np.datetime64] = np.arange("2017-01", "2023-01", dtype="datetime64[M]")
"""The 72 months of a world."""

END: np.datetime64 = MONTHS[-1] + np.timedelta64(1, "M")
"""The month after the last."""

HOURS_OF_WEEK = 168
HOUR_OF_DAY: NDArray[np.int64] = np.arange(HOURS_OF_WEEK) % 24
"""Clock hour of each hour of the week; hour 0 is Monday 00:00."""

COVERED: NDArray[np.bool_] = (HOUR_OF_DAY >= 12) & (HOUR_OF_DAY < 22)
"""Whether an hour of the week belongs to the 70 hours of the full schedule."""


class Phase(NamedTuple):
    """Days of the week (Monday 0) and clock hours at which the team works from `first_day` on."""

    first_day: str
    weekdays: tuple[int, ...]
    opens: int
    closes: int

    @property
    def weekly_hours(self) -> int:
        """Planned hours a week."""
        return len(self.weekdays) * (self.closes - self.opens)


PHASES = (
    Phase("2018-01-01", (1, 3), 13, 18),
    Phase(START, (3, 4), 12, 22),
    Phase("2020-10-01", (2, 3, 4, 5), 12, 22),
    Phase("2021-01-01", (0, 1, 2, 3, 4, 5, 6), 12, 22),
)
"""The earlier small dose, then the staff arriving from the start on: 10, 20, 40 and 70 hours a week."""


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """Runs of days with one dose, in order.

    Parameters
    ----------
    first_day : ndarray of datetime64[D], shape (spells,)
        First day of the spell.
    days : ndarray of int, shape (spells,)
        Number of days.
    month : ndarray of int, shape (spells,)
        Position of the month in `MONTHS`.
    first_of_month : ndarray of int, shape (months,)
        Position of the first spell of each month.
    post : ndarray of bool, shape (spells,)
        Whether the spell lies at or after the start.
    dose : ndarray of float, shape (spells,)
        Planned weekly hours on the way from the earlier (0) to the full schedule (1); 0 before the start.
    clock_hours : ndarray of int, shape (spells, 168)
        How often each hour of the week occurs in the spell.
    """

    first_day: NDArray[np.datetime64]
    days: NDArray[np.int64]
    month: NDArray[np.int64]
    first_of_month: NDArray[np.int64]
    post: NDArray[np.bool_]
    dose: NDArray[np.float64]
    clock_hours: NDArray[np.int64]


@cache
def spells() -> Spells:
    """Cut the 72 months where the dose changes.

    Returns
    -------
    Spells
        The spells in order of time.

    Examples
    --------
    >>> cut = spells()
    >>> len(cut.days), int(cut.days.sum()), int(cut.clock_hours.sum()) == 24 * int(cut.days.sum())
    (73, 2191, True)
    """
    end = END.astype("datetime64[D]")
    changes = np.array([phase.first_day for phase in PHASES], dtype="datetime64[D]")
    first_day = np.union1d(MONTHS.astype("datetime64[D]"), changes)
    days = np.diff(np.append(first_day, end)).astype(np.int64)
    month = (first_day.astype("datetime64[M]") - MONTHS[0]).astype(np.int64)
    weekly = np.array([0] + [phase.weekly_hours for phase in PHASES])[np.searchsorted(changes, first_day, side="right")]
    earlier, full = PHASES[0].weekly_hours, PHASES[-1].weekly_hours
    post = first_day >= np.datetime64(START)
    return Spells(
        first_day=first_day,
        days=days,
        month=month,
        first_of_month=np.searchsorted(month, np.arange(len(MONTHS))),
        post=post,
        dose=np.where(post, (weekly - earlier) / (full - earlier), 0.0),
        clock_hours=_clock_hours(first_day, days),
    )


def _clock_hours(first_day: NDArray[np.datetime64], days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Occurrences of each hour of the week in runs of days."""
    days_until = (np.arange(7) - weekday(first_day)[:, None]) % 7
    occurrences = days[:, None] // 7 + (days_until < days[:, None] % 7)
    return np.repeat(occurrences, 24, axis=1)


def days_of_months() -> NDArray[np.int64]:
    """Days of each month.

    Returns
    -------
    ndarray of int, shape (months,)
        28 to 31.

    Examples
    --------
    >>> days_of_months()[:3]
    array([31, 28, 31])
    """
    return np.add.reduceat(spells().days, spells().first_of_month)


def weekday(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Weekday of each day, Monday 0.

    Parameters
    ----------
    days : ndarray of datetime64[D]
        Calendar days.

    Returns
    -------
    ndarray of int
        0 to 6.

    Examples
    --------
    >>> weekday(np.array(["2020-07-15"], dtype="datetime64[D]"))
    array([2])
    """
    thursday = 3  # 1 January 1970
    return (days.astype("datetime64[D]").astype(np.int64) + thursday) % 7


LONGEST_RUN = int((MONTHS[-1] - np.datetime64(START, "M")).astype(np.int64)) + 1
"""Months from the start to the end of the data."""


def phases(months_running: int = LONGEST_RUN) -> tuple[Phase, ...]:
    """Give the phases of a programme that runs for some months from July 2020 on and then falls back to its small dose.

    Parameters
    ----------
    months_running : int
        Months; 0 is the earlier small dose all along.

    Returns
    -------
    tuple of Phase
        In order of time.

    Examples
    --------
    >>> [(phase.first_day, phase.weekly_hours) for phase in phases(18)][-2:]
    [('2021-01-01', 70), ('2022-01-01', 10)]
    >>> phases(0) == PHASES[:1]
    True
    """
    end = end_of_programme(months_running)
    kept = tuple(phase for phase in PHASES if np.datetime64(phase.first_day) < end)
    if len(kept) == 1 or end > MONTHS[-1]:
        return kept
    return (*kept, PHASES[0]._replace(first_day=str(end)))


def end_of_programme(months_running: int) -> np.datetime64:
    """Give the first day after the programme.

    Parameters
    ----------
    months_running : int
        Months from July 2020 on.

    Returns
    -------
    datetime64[D]
        First day of a month.

    Examples
    --------
    >>> str(end_of_programme(30))
    '2023-01-01'
    """
    end: np.datetime64 = (np.datetime64(START, "M") + np.timedelta64(months_running, "M")).astype("datetime64[D]")
    return end


@dataclass(frozen=True, slots=True, eq=False)
class Shifts:
    """Planned shifts of the team in order; times in seconds since 1970, local clock.

    Parameters
    ----------
    start, end : ndarray of int, shape (shifts,)
        First second of the shift and first second after it.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]


@cache
def planned_shifts(months_running: int = LONGEST_RUN) -> Shifts:
    """List every planned shift.

    Parameters
    ----------
    months_running : int
        Months from July 2020 on in which the changed programme runs; 0 is the earlier small dose all along.

    Returns
    -------
    Shifts
        In order of time, without overlaps.

    Examples
    --------
    >>> shifts = planned_shifts()
    >>> int((shifts.end - shifts.start)[-7:].sum()) // 3600
    70
    """
    run = phases(months_running)
    first = np.array([phase.first_day for phase in run], dtype="datetime64[D]")
    last = np.append(first[1:], END.astype("datetime64[D]"))
    starts, ends = [], []
    for phase, begin, stop in zip(run, first, last, strict=True):
        days = np.arange(begin, stop)
        midnight = days[np.isin(weekday(days), phase.weekdays)].astype("datetime64[s]").astype(np.int64)
        starts.append(midnight + phase.opens * 3600)
        ends.append(midnight + phase.closes * 3600)
    return Shifts(np.concatenate(starts), np.concatenate(ends))
