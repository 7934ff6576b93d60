"""When a programme starts: a date, a period, an interval of dates, or a dose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import doubt
from coresponder_causal.data.periods import Start, TimeAxis, share_after, start_between

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Onset:
    """The treated unit's dose per row of a time axis.

    Parameters
    ----------
    label : str
        The start in words.
    position : int
        First position that the start touches.
    dose : ndarray, shape (n,)
        0 before, 1 at full dose.
    """

    label: str
    position: int
    dose: Array

    def __post_init__(self) -> None:
        dose = np.array(self.dose, float)
        dose.setflags(write=False)
        object.__setattr__(self, "dose", dose)

    @property
    def is_step(self) -> bool:
        """Whether the dose is full from the period after the start on."""
        return int(((self.dose > 0) & (self.dose < 1)).sum()) <= 1


def onset(
    axis: TimeAxis,
    *,
    start: Start | None = None,
    between: tuple[Start, Start] | None = None,
    phase_in: int = 0,
    ramp: bool = True,
) -> Onset:
    """Dose per row from a start.

    Parameters
    ----------
    axis : TimeAxis
    start : int, date, Period or ISO string
        A date inside a period gives that period the share of its days from the date on; a period gives 1.
    between : pair of such values
        Earliest and latest start: the dose rises linearly between them.
    phase_in : int
        Periods over which the dose rises linearly from the start's period on.
    ramp : bool
        False leaves the dose full in the phase-in, whose periods the design then leaves out.

    Raises
    ------
    DesignError
        Unless exactly one of ``start`` and ``between`` is given and fits the axis, and periods lie on both sides.
    """
    if between is not None and (not isinstance(between, (tuple, list)) or len(between) != 2):
        raise DesignError("start_between= is not a pair", mend="give (earliest, latest)")
    if (start is None) == (between is None):
        raise DesignError("give either start= or start_between=", mend="pass exactly one of the two")
    if not isinstance(phase_in, int) or phase_in < 0 or (phase_in and between is not None):
        raise DesignError(
            f"phase_in={phase_in!r} cannot be used here", mend="use it with start= and a number of periods"
        )
    if between is None:
        assert start is not None  # one of the two is given
        dose, label = share_after(axis, start), str(start)
    else:
        dose, label = start_between(axis, *between), f"{between[0]} to {between[1]}"
    touched = axis.positions[dose > 0]
    if not len(touched) or touched.min() == axis.positions.min():
        side = "after" if not len(touched) else "before"
        raise DesignError(
            f"no period lies {side} the start {label}: the data run from {axis.label(int(axis.positions.min()))} "
            f"to {axis.label(int(axis.positions.max()))}",
            mend="correct the start, or bring a longer series",
        )
    position = int(touched.min())
    if phase_in:
        if phase_in >= axis.positions.max() - position + 1:
            raise DesignError(
                f"phase_in={phase_in} periods reach beyond the data: full dose is never seen", mend="give fewer periods"
            )
        dose = dose * np.clip((axis.positions - position + 1) / (phase_in + 1), 0, 1) if ramp else dose
    return Onset(label, position, dose)


def refuse_two_doses(dose: str | None, phase_in: int, problems: Problems) -> None:
    """Refuse a measured dose together with a made one."""
    if dose is not None and phase_in:
        problems.add("dose= and phase_in= both shape the dose", mend="give one of them")


def made_up(axis: TimeAxis, *, start: int | None, rising_from: int) -> Onset:
    """Return a treatment that nobody had, for checks on the time before the real one.

    Parameters
    ----------
    axis : TimeAxis
    start : int or None
        Position from which the dose is 1; without it the dose rises linearly from 0 at ``rising_from`` to 1 at the end.
    rising_from : int
        Position.
    """
    positions, last = axis.positions, int(axis.positions.max())
    ramp = np.maximum(positions - rising_from, 0) / (last - rising_from)
    first = rising_from + 1 if start is None else start
    dose = ramp if start is None else (positions >= start).astype(float)
    return Onset(f"made-up start {axis.label(first)}", first, np.asarray(dose, float))


def measured_dose(
    values: Array, found: Onset, after: NDArray[np.bool_], name: str, *, full: float | None = None
) -> Onset:
    """Dose from a column, in units of the full dose; a dose that falls back to nothing is said.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Dose per row, e.g. delivered hours.
    found : Onset
        The start that divides before from after.
    after : ndarray of bool, shape (n,)
    name : str
        Name of the column.
    full : float, optional
        What counts as the full dose; by default the largest value.
    """
    if full is not None and not full > 0:
        raise DesignError(f"the full dose is {full:g}", mend="give a positive number, e.g. 70 hours a week")
    largest = float(values.max(initial=0.0))
    if not largest > 0 or not np.ptp(values) > 0:
        raise DesignError(f"the dose '{name}' never varies", mend="give a column that rises with the programme")
    if not (values[after] > 0).any():
        raise DesignError(f"the dose '{name}' is 0 from the start on", mend="correct the start or the column")
    typical = float(np.median(values[after & (values > 0)]))
    if full is None and largest > 5 * typical:
        doubt(f"the full dose of '{name}' is {largest:g}, its typical dose {typical:g}: is the largest a slip?")
    full = largest if full is None else full
    early = float(values[~after].mean()) / full if (~after).any() else 0.0
    if early > 0:
        doubt(
            f"the dose '{name}' is on average {100 * early:.0f} % of full before the start: "
            "the contrast is between doses"
        )
    if (values[after] == 0).any():
        doubt(f"the treatment switches off: the dose '{name}' is 0 in {int((values[after] == 0).sum())} periods after")
    return Onset(f"{found.label}, dose '{name}' (full dose {full:g})", found.position, values / full)
