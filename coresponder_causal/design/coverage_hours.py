"""Which hours of the week a schedule covers, what it planned and delivered, and the cells that this makes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data.periods import TimeAxis, parse_time
from coresponder_causal.data.registers import scheduled_hours
from coresponder_causal.design import columns
from coresponder_causal.design.onset import Onset, measured_dose, refuse_two_doses

Array = NDArray[np.float64]
hours_in_week = 168


def treated_city(schedule: pd.DataFrame, table: pd.DataFrame, treated: str | None) -> str:
    """Return the city whose schedule it is."""
    if schedule.empty or "city" not in schedule.columns:
        raise DesignError("the schedule names no city", mend="give planned shifts with a column 'city'")
    cities = sorted(map(str, schedule["city"].dropna().unique()))
    if treated is None and len(cities) != 1:
        raise DesignError(f"the schedule holds {len(cities)} cities", mend="name one with treated=")
    city = cities[0] if treated is None else treated
    if city not in cities or city not in table["city"].unique():
        raise DesignError(f"'{city}' is not in both the schedule and the calls", mend="spell the city alike in both")
    return city


def cells_of(
    hourly: pd.DataFrame, outcome: str | None, exposure: str, problems: Problems
) -> tuple[pd.DataFrame, TimeAxis]:
    """Read counts by city, month and hour of the week, with the months of their rows."""
    table = columns.rectangular(hourly, ["city", "month", "hour_of_week", "hours", outcome, exposure], problems)
    axis = columns.time_axis(table, "month", problems)
    _check_cells(table, axis, problems)
    columns.numbers(table, "hours", problems, sign="positive")
    columns.check_outcome(table, outcome, problems, sign="nonnegative")
    return table, axis


def _check_cells(table: pd.DataFrame, axis: TimeAxis, problems: Problems) -> None:
    """Refuse rows that are not one for each city, month and hour of the week."""
    if axis.freq != "M":
        problems.add(f"time is in periods '{axis.freq}'", mend="count by month and hour of the week")
    hours = table["hour_of_week"]
    if not pd.api.types.is_integer_dtype(hours) or not hours.between(0, hours_in_week - 1).all():
        problems.add("'hour_of_week' is not a whole number from 0 to 167", mend="count hours from Monday 00:00")
    cells = {"city": table["city"], "month": axis.positions, "hour": hours}
    columns.check_single(cells, "a city, month and hour", problems, mend="keep one row for each")


def by_class(table: pd.DataFrame, axis: TimeAxis, covered: NDArray[np.bool_]) -> pd.DataFrame:
    """Sum every numeric column by city, month and class of hours."""
    keys = {"position": axis.positions, "covered": covered[table["hour_of_week"].to_numpy(int)]}
    numeric = table.select_dtypes("number").drop(columns="hour_of_week")
    cells = numeric.assign(city=table["city"].astype(str), month=table["month"], **keys)
    return cells.groupby(["city", "position", "month", "covered"], as_index=False, sort=True).sum()


def refuse_unplanned_dose(dose: str | None, phase_in: int, problems: Problems) -> None:
    """Refuse a dose that no schedule holds, or one beside a phase-in."""
    if dose not in (None, "planned_hours", "delivered_hours"):
        problems.add(f"dose={dose!r} is not in the schedule", mend="give planned_hours or delivered_hours")
    refuse_two_doses(dose, phase_in, problems)


def plan_of(
    shifts: pd.DataFrame, city: str, months: TimeAxis, found: Onset, dose: str | None
) -> tuple[NDArray[np.bool_], float, float, Onset]:
    """Covered hours, hours a week planned and delivered, and the start with the dose of the schedule where wanted."""
    scheduled = scheduled_hours(shifts, city)
    covered, planned, delivered = covered_hours(scheduled, months, found.position)
    if dose is not None:
        hours = dose_hours(scheduled, months, covered, dose)
        found = measured_dose(hours, found, months.positions >= found.position, dose)
    say_hours(covered, planned, delivered)
    return covered, planned, delivered, found


def covered_hours(scheduled: pd.DataFrame, months: TimeAxis, start: int) -> tuple[NDArray[np.bool_], float, float]:
    """Covered hours of the week, and hours a week planned and delivered (NaN if unknown), from the start on."""
    planned, delivered = weekly_hours(scheduled, months, start)
    covered = planned >= 0.5
    if not covered.any() or covered.all():
        raise DesignError(
            f"{int(covered.sum())} of {hours_in_week} hours are planned in at least half of the weeks after the start",
            mend="check the schedule: covered and uncovered hours are both needed",
        )
    return covered, float(planned.sum()), float(delivered.sum())


def weekly_hours(scheduled: pd.DataFrame, months: TimeAxis, start: int) -> tuple[Array, Array]:
    """Team hours planned and delivered a week in each hour of the week, from the start to the last month of data.

    Parameters
    ----------
    scheduled : DataFrame
        As `scheduled_hours` returns it.
    months : TimeAxis
        Months of the data.
    start : int
        Position of the start.

    Returns
    -------
    tuple of ndarray, shape (168,) each
        Monday 00:00 first; delivered hours are NaN where a shift does not say.
    """
    when = parse_time(scheduled["month"]).positions
    used = scheduled[(when >= start) & (when <= months.positions.max())]
    weeks = sum(months.period_days(int(m)) or 0 for m in months.positions if m >= start) / 7
    by_hour = used.groupby("hour_of_week")[["planned_hours", "delivered_hours"]].sum(skipna=False) / weeks
    planned, delivered = by_hour.reindex(range(hours_in_week), fill_value=0.0).to_numpy(float).T
    return planned, delivered


def say_hours(covered: NDArray[np.bool_], planned: float, delivered: float) -> None:
    """Say how many hours of the week are covered, and how many were planned and delivered."""
    given = f" and {delivered:.1f} delivered" if np.isfinite(delivered) else ""
    note(
        f"{int(covered.sum())} of {hours_in_week} hours of the week count as covered; {planned:.1f} hours a week "
        f"planned{given} from the start on, counted in whole months"
    )


def dose_hours(scheduled: pd.DataFrame, months: TimeAxis, covered: NDArray[np.bool_], dose: str) -> Array:
    """Share of the covered clock hours of each month that was planned or delivered."""
    inside = scheduled[covered[scheduled["hour_of_week"].to_numpy(int)]]
    if inside[dose].isna().any():
        unknown = inside.loc[inside[dose].isna(), "month"].nunique()
        raise DesignError(
            f"the dose '{dose}' is not known in {columns.counted(unknown, 'month')}",
            mend="fill it in the schedule, or use dose='planned_hours'",
        )
    position = parse_time(inside["month"]).positions
    by_month = inside[dose].astype(float).groupby(position).sum().reindex(months.positions).fillna(0.0).to_numpy()
    days = np.array([months.period_days(int(position)) or 0 for position in months.positions])
    return np.asarray(by_month / days)
