"""Hours of which the data say nothing, and a lot by which the team learns about them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.decide.hour_values import HourValues
from coresponder_causal.decide.shifts import ShiftRules
from coresponder_causal.design.call_timing import received
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.coverage_shifts import first_monday
from coresponder_causal.design.switchback_calendar import SwitchbackCalendar, switchback_schedule

quarter = 13


def exploration_plan(
    rate: NDArray[np.float64], never: NDArray[np.bool_], *, hours: int, city: str, start: str, seed: int
) -> SwitchbackCalendar:
    """Draw for a quarter on which day of each week the team works the busiest stretch that it never covered.

    Parameters
    ----------
    rate : ndarray, shape (168,)
        Calls an hour.
    never : ndarray of bool, shape (168,)
        Hours that were never covered.
    hours : int
        Length of the stretch: hours a week.
    city, start, seed
        As of `switchback_schedule`.

    Returns
    -------
    SwitchbackCalendar
        One block a week, each day equally likely.

    Examples
    --------
    >>> night = np.isin(np.arange(168) % 24, [22, 23, 0, 1, 2, 3, 4, 5])
    >>> exploration_plan(
    ...     np.ones(168), night, hours=8, city="Davis", start="2027-01-04", seed=1
    ... ).law.blocks
    (('22:00', '06:00'),)
    """
    calls = (rate * never).reshape(7, 24).sum(axis=0)
    of_stretch = np.array([np.roll(calls, -first)[:hours].sum() for first in range(24)])
    first = int(of_stretch.argmax())
    return switchback_schedule(
        weeks=quarter,
        start=start,
        city=city,
        seed=seed,
        blocks=[(f"{first:02d}:00", f"{(first + hours) % 24:02d}:00")],
        covered_per_week=1,
        strata=(),
    )


def following(d: CoverageDesign, start: str | None) -> dt.date:
    """Return the Monday on which something new may begin: the one given, else the first after the calls."""
    if start is not None:
        return dt.date.fromisoformat(start)
    return first_monday(d.require_calls()[received].max() + pd.Timedelta(days=1)).date()


def explored_hours(
    city: str, values: HourValues, rules: ShiftRules, monday: dt.date, seed: int
) -> SwitchbackCalendar | None:
    """Draw the lot for hours never covered, as far as the rules keep hours back for it."""
    never, hours = values.never_covered, rules.exploration_hours
    if not never.any() or not hours:
        return None
    return exploration_plan(values.rate, never, hours=hours, city=city, start=monday.isoformat(), seed=seed)
