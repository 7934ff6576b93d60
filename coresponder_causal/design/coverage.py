"""Hours of the week that the team covers against those it does not, before and after, in one or several cities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.core.regressors import log_rate
from coresponder_causal.data import frames
from coresponder_causal.data.panel import panel
from coresponder_causal.data.periods import Start, TimeAxis, parse_time
from coresponder_causal.data.registers import scheduled_hours
from coresponder_causal.design import columns
from coresponder_causal.design.onset import Onset, made_up, measured_dose, onset, refuse_two_doses

Array = NDArray[np.float64]
hours_in_week = 168


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CoverageDesign:
    """Covered against uncovered hours of the week: made by `from_tables`, never by hand.

    Parameters
    ----------
    source : DataFrame
        Hours and counts by city, month and class of hours (column ``covered``).
    axis : TimeAxis
        Months of those rows.
    onset : Onset
        Start and dose by month, in the order of ``months``.
    months : ndarray, shape (T,)
        Positions of the months.
    covered : ndarray of bool, shape (168,)
        Hours of the week, Monday 00:00 first, that are scheduled after the start.
    treated : str
        City with the programme.
    outcome : str or None
        Count in ``source``.
    exposure : str
        ``"hours"``, or a count such as ``"calls"`` for a rate per call.
    planned, delivered : float
        Hours a week after the start.
    season : float or None
        Periods in a year.
    notes : tuple of str
        What was said when the design was formed.
    """

    source: pd.DataFrame
    axis: TimeAxis
    onset: Onset
    months: NDArray[np.int64]
    covered: NDArray[np.bool_]
    treated: str
    outcome: str | None
    exposure: str
    planned: float
    delivered: float
    season: float | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_tables(
        cls,
        calls: object,
        schedule: object,
        *,
        outcome: str | None,
        start: Start | None = None,
        start_between: tuple[Start, Start] | None = None,
        treated: str | None = None,
        exposure: str = "hours",
        season: float | Literal["auto"] | None = "auto",
        dose: Literal["planned_hours", "delivered_hours"] | None = None,
        phase_in: int = 0,
    ) -> Self:
        """Form the design from calls and the team's schedule.

        Parameters
        ----------
        calls : frame
            Table of calls, or its counts by city, month and hour of the week (``data.panel(period="hour_of_week")``).
        schedule : frame
            Table of planned and delivered shifts.
        outcome : str or None
            ``"calls"`` or a count of a boolean field; None leaves it to `with_outcome`.
        start, start_between, phase_in
            As in `SeriesDesign.from_frame`.
        treated : str, optional
            City with the programme; by default the only city of the schedule.
        exposure : str
            ``"hours"`` (rate per hour) or a count such as ``"calls"`` (rate per call).
        season : float, "auto" or None
            Periods in a year.
        dose : {"planned_hours", "delivered_hours"}, optional
            Use the schedule's hours in covered hours of the week as the dose of a month, in units of its fullest month,
            instead of a step: staff that arrives over months is no step, and a step fitted to it finds too little.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Notes
        -----
        An hour of the week is covered when it is planned in at least half of the weeks from the start on. The same
        hours divide the comparison cities' calls. The share of planned hours that was delivered is reported, not used:
        the contrast is that of the plan.
        """
        problems = Problems("coverage")
        given = frames.to_pandas(calls)
        with collecting() as said:
            hourly = given if "hour_of_week" in given.columns else panel(given, unit="city", period="hour_of_week")
        table = columns.rectangular(hourly, ["city", "month", "hour_of_week", "hours", outcome, exposure], problems)
        axis = columns.time_axis(table, "month", problems)
        _check_cells(table, axis, problems)
        columns.numbers(table, "hours", problems, sign="positive")
        if outcome is not None:
            columns.varies(columns.numbers(table, outcome, problems, sign="nonnegative"), f"'{outcome}'", problems)
        shifts = frames.to_pandas(schedule)
        city = columns.attempt(lambda: _treated_city(shifts, table, treated), problems)
        months = np.unique(axis.positions)
        by_month = replace(axis, positions=months)
        with collecting() as notes:
            found = columns.attempt(
                lambda: onset(by_month, start=start, between=start_between, phase_in=phase_in), problems
            )
            if dose not in (None, "planned_hours", "delivered_hours"):
                problems.add(f"dose={dose!r} is not in the schedule", mend="give planned_hours or delivered_hours")
            refuse_two_doses(dose, phase_in, problems)
            problems.raise_if_any(DesignError)
            assert found is not None  # raised above otherwise
            assert city is not None
            scheduled = scheduled_hours(shifts, city)
            covered, planned, delivered = _covered(scheduled, by_month, found.position)
            if dose is not None:
                hours = _dose_hours(scheduled, by_month, covered, dose)
                found = measured_dose(hours, found, months >= found.position, dose)
            _say_hours(covered, planned, delivered)
        source = _by_class(table, axis, covered)
        return cls(
            source=source,
            axis=replace(axis, positions=source.pop("position").to_numpy()),
            onset=found,
            months=months,
            covered=covered,
            treated=city,
            outcome=outcome,
            exposure=exposure,
            planned=planned,
            delivered=delivered,
            season=columns.full_season(axis.freq, season),
            notes=(*said, *notes),
        )

    def __repr__(self) -> str:
        return f"CoverageDesign: {self.describe()}"

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another count of its table."""
        columns.require_outcome(self.source, outcome, "coverage", sign="nonnegative")
        return replace(self, outcome=outcome)

    def before_start(self, *, start: int | None = None) -> Self:
        """Return the months before the start with a made-up treatment in them.

        Parameters
        ----------
        start : int, optional
            Position from which the made-up dose is 1. Without it the dose rises linearly from 0 to 1: a drift.
        """
        months = self.months[self.months < self.start_position]
        fake = made_up(replace(self.axis, positions=months), start=start, rising_from=int(months.min()))
        return replace(self._keep(self.axis.positions < self.start_position), months=months, onset=fake)

    def without(self, city: str) -> Self:
        """Return the design without one of the comparison cities."""
        self._require_comparison(city)
        return self._keep(self.source["city"].ne(city).to_numpy())

    def pretending(self, city: str) -> Self:
        """Return the comparison cities alone, with one of them in the treated city's place."""
        self._require_comparison(city)
        return replace(self._keep(self.source["city"].ne(self.treated).to_numpy()), treated=city)

    def gap(self) -> pd.DataFrame:
        """Log rate of covered minus log rate of uncovered hours, months × cities, the treated city first.

        Half an event stands for none; the number of such cells is said.
        """
        cities, months = [self.treated, *self.comparison_units], np.unique(self.axis.positions)
        counts, exposure = (self._cells(name, cities, months) for name in (str(self.outcome), self.exposure))
        zeros = int((counts == 0).sum())
        if zeros:
            note(f"{zeros} of {counts.size} city-month-class counts are zero: half an event was put in their place")
        empty = int((exposure <= 0).sum())
        if empty:
            raise DesignError(
                f"no '{self.exposure}' in {empty} of {counts.size} city-month-class cells",
                mend="use exposure='hours', or leave out the cities with few calls",
            )
        uncovered, covered = np.moveaxis(log_rate(counts, exposure), 2, 0)
        gap = pd.DataFrame(covered - uncovered, index=pd.Index(months, name="position"), columns=cities)
        if gap[self.treated].isna().all() or gap.isna().all().any():
            raise DesignError("a city has no covered or no uncovered hours", mend="bring every hour of the week")
        if gap.isna().to_numpy().any():
            doubt(f"{int(gap.isna().any(axis=1).sum())} months are not there for every city and were left out of all")
        return gap.dropna()

    def events(self) -> pd.Series:
        """Events by city."""
        return self.source.groupby("city")[str(self.outcome)].sum().astype(float)

    def dose_at(self, months: NDArray[np.int64]) -> Array:
        """Dose at given months."""
        return np.asarray(pd.Series(self.dose, index=self.months).reindex(months).to_numpy(), float)

    @property
    def comparison_units(self) -> list[str]:
        """Cities without the programme, sorted."""
        return sorted(set(self.source["city"].unique()) - {self.treated})

    @property
    def dose(self) -> Array:
        """Dose by month, shape (T,)."""
        return self.onset.dose

    @property
    def start(self) -> str:
        """The start in words."""
        return self.onset.label

    @property
    def start_position(self) -> int:
        """First position the start touches."""
        return self.onset.position

    @property
    def period_name(self) -> str:
        """Plural word for the period."""
        return self.axis.plural

    @property
    def treatment(self) -> str:
        """The treatment in words."""
        return (
            f"scheduled team hours as planned from {self.start} ({int(self.covered.sum())} of {hours_in_week} a week)"
        )

    @property
    def estimand(self) -> str:
        """What a method may estimate with this design."""
        return f"ITT of coverage on {self.outcome or 'the outcome'} in {self.treated} from {self.start} on"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rows and of the statement of the design."""
        stated = (self.outcome, self.exposure, self.treated, self.season, self.start)
        return fingerprint("CoverageDesign", stated, self.dose, self.covered, self.source)

    def describe(self) -> str:
        """Return the design in words."""
        per = "hour" if self.exposure == "hours" else self.exposure
        n = len(self.comparison_units)
        parts = [
            f"{self.outcome or 'outcome not yet named'} per {per} in {self.treated}",
            f"{int(self.covered.sum())} covered and {int((~self.covered).sum())} uncovered hours of the week",
            f"{n} comparison {'city' if n == 1 else 'cities'} with hours",
            f"start {self.start}",
        ]
        return "; ".join([*parts, *self.notes])

    def _require_comparison(self, city: str) -> None:
        if city not in self.comparison_units:
            there = ", ".join(self.comparison_units[:8])
            raise DesignError(f"'{city}' is not a comparison city", mend=f"choose from {there}")

    def _cells(self, column: str, cities: list[str], months: NDArray[np.int64]) -> Array:
        """Return a column as months × cities × (uncovered, covered), missing where there is no row."""
        cells = np.full((len(months), len(cities), 2), np.nan)
        place = pd.Index(cities).get_indexer(pd.Index(self.source["city"]))
        time = np.searchsorted(months, self.axis.positions)
        cells[time, place, self.source["covered"].to_numpy(int)] = self.source[column].to_numpy(float)
        return cells

    def _keep(self, rows: NDArray[np.bool_]) -> Self:
        return replace(
            self,
            source=self.source[rows].reset_index(drop=True),
            axis=replace(self.axis, positions=self.axis.positions[rows]),
        )


def _check_cells(table: pd.DataFrame, axis: TimeAxis, problems: Problems) -> None:
    if axis.freq != "M":
        problems.add(f"time is in periods '{axis.freq}'", mend="count by month and hour of the week")
    hours = table["hour_of_week"]
    if not pd.api.types.is_integer_dtype(hours) or not hours.between(0, hours_in_week - 1).all():
        problems.add("'hour_of_week' is not a whole number from 0 to 167", mend="count hours from Monday 00:00")
    cells = pd.DataFrame({"city": table["city"], "month": axis.positions, "hour": hours})
    doubled = cells.duplicated().to_numpy()
    if doubled.any():
        problems.add(
            f"{columns.counted(int(doubled.sum()), 'row')} with a city, month and hour of another row",
            mend="keep one row for each",
            rows=np.flatnonzero(doubled),
        )


def _say_hours(covered: NDArray[np.bool_], planned: float, delivered: float) -> None:
    note(
        f"{int(covered.sum())} of {hours_in_week} hours of the week count as covered; "
        f"{planned:.1f} hours a week planned and {delivered:.1f} delivered from the start on"
    )


def _dose_hours(scheduled: pd.DataFrame, months: TimeAxis, covered: NDArray[np.bool_], dose: str) -> Array:
    """Share of the covered clock hours of each month that was planned or delivered."""
    inside = scheduled[covered[scheduled["hour_of_week"].to_numpy(int)]]
    position = parse_time(inside["month"]).positions
    by_month = inside[dose].astype(float).groupby(position).sum().reindex(months.positions).fillna(0.0).to_numpy()
    days = np.array([months.period_days(int(position)) or 0 for position in months.positions])
    return np.asarray(by_month / days)


def _by_class(table: pd.DataFrame, axis: TimeAxis, covered: NDArray[np.bool_]) -> pd.DataFrame:
    """Sum every numeric column by city, month and class of hours."""
    keys = {"position": axis.positions, "covered": covered[table["hour_of_week"].to_numpy(int)]}
    numeric = table.select_dtypes("number").drop(columns="hour_of_week")
    cells = numeric.assign(city=table["city"].astype(str), month=table["month"], **keys)
    return cells.groupby(["city", "position", "month", "covered"], as_index=False, sort=True).sum()


def _treated_city(schedule: pd.DataFrame, table: pd.DataFrame, treated: str | None) -> str:
    if schedule.empty or "city" not in schedule.columns:
        raise DesignError("the schedule names no city", mend="give planned shifts with a column 'city'")
    cities = sorted(map(str, schedule["city"].dropna().unique()))
    if treated is None and len(cities) != 1:
        raise DesignError(f"the schedule holds {len(cities)} cities", mend="name one with treated=")
    city = cities[0] if treated is None else treated
    if city not in cities or city not in table["city"].unique():
        raise DesignError(f"'{city}' is not in both the schedule and the calls", mend="spell the city alike in both")
    return city


def _covered(scheduled: pd.DataFrame, months: TimeAxis, start: int) -> tuple[NDArray[np.bool_], float, float]:
    """Covered hours of the week, and planned and delivered hours a week, from the start to the last month of data."""
    when = parse_time(scheduled["month"]).positions
    used = scheduled[(when >= start) & (when <= months.positions.max())]
    weeks = sum(months.period_days(int(m)) or 0 for m in months.positions if m >= start) / 7
    by_hour = used.groupby("hour_of_week")[["planned_hours", "delivered_hours"]].sum().reindex(range(hours_in_week))
    planned, delivered = by_hour.fillna(0.0).to_numpy(float).T
    covered = planned / weeks >= 0.5
    if not covered.any() or covered.all():
        raise DesignError(
            f"{int(covered.sum())} of {hours_in_week} hours are planned in at least half of the weeks after the start",
            mend="check the schedule: covered and uncovered hours are both needed",
        )
    return covered, float(planned.sum() / weeks), float(delivered.sum() / weeks)
