"""Hours of the week that the team covers against those it does not, before and after, in one or several cities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting
from coresponder_causal.data import frames
from coresponder_causal.data.periods import Start, TimeAxis
from coresponder_causal.design import columns, coverage_hours
from coresponder_causal.design.call_timing import first_moment, hours_in_week, received, shifts_of
from coresponder_causal.design.covariates import as_numbers
from coresponder_causal.design.coverage_calls import (
    known_at_receipt,
    pretended,
    read_calls,
    say_calls,
    timed_calls,
    with_known,
    with_sums,
)
from coresponder_causal.design.coverage_gap import log_gap
from coresponder_causal.design.coverage_shifts import fidelity_of, kept_shifts, say_shifts, say_variation
from coresponder_causal.design.eligibility import Eligible
from coresponder_causal.design.onset import Onset, made_up, onset

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class CoverageDesign:
    """Covered against uncovered hours of the week: made by `from_tables`, never by hand.

    Parameters
    ----------
    source : DataFrame
        Hours and counts by city, month and class of hours (column ``covered``).
    roster : DataFrame
        Shifts of the treated city.
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
        Hours a week after the start; ``delivered`` is NaN where a shift does not say.
    season : float or None
        Periods in a year.
    notes : tuple of str
        What was said when the design was formed.
    covariates : tuple of str
        Columns of ``calls`` known before dispatch.
    person : str or None
        Column of ``calls`` with person codes.
    calls : DataFrame or None
        Every eligible call of every city with its clock, in order of city and time: the columns of
        `coverage_calls.timed_calls`. None where counts were given.
    """

    source: pd.DataFrame
    roster: pd.DataFrame
    axis: TimeAxis
    onset: Onset
    months: NDArray[np.int64]
    covered: Booleans
    treated: str
    outcome: str | None
    exposure: str
    planned: float
    delivered: float
    season: float | None = None
    notes: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    person: str | None = None
    calls: pd.DataFrame | None = None

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
        covariates: Sequence[str] = (),
        person: str | None = None,
        eligible: Eligible | None = None,
    ) -> Self:
        """Form the design from calls and the team's schedule.

        Parameters
        ----------
        calls : frame
            Table of calls, or its counts by city, month and hour of the week (``data.panel(period="hour_of_week")``).
            Calls are kept one by one too, in ``calls``, for methods that look at them.
        schedule : frame
            Table of planned and delivered shifts.
        outcome : str or None
            ``"calls"``, a count of a boolean field, or a number per call; None leaves it to `with_outcome`.
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
        covariates : sequence of str
            Columns of the calls known before dispatch, as in `CallDesign.from_frame`.
        person : str, optional
            Column of person codes.
        eligible : mapping of field to values, optional
            Calls that could have had the team, by fields known before dispatch, e.g.
            ``{"initial_type": ["mental_health_crisis"]}``. Without it all calls given count as eligible.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Notes
        -----
        An hour of the week is covered when it is planned in at least half of the weeks from the start on. The same
        hours divide the comparison cities' calls. The share of planned hours that was delivered is reported, not used:
        the contrast is that of the plan. Time zero of a call is when it was received, in local clock time.

        Examples
        --------
        >>> hours = pd.date_range("2020-05-01 00:30", "2020-08-31 23:30", freq="h")
        >>> calls = pd.DataFrame({"call_id": range(len(hours)), "city": "Davis", "received_at": hours, "arrest": False})
        >>> calls.loc[::3, "arrest"] = True
        >>> days = pd.date_range("2020-07-01", "2020-08-31")
        >>> shifts = pd.DataFrame({"city": "Davis", "shift_start": days + pd.Timedelta("12h"), "planned_hours": 10})
        >>> shifts["shift_end"] = shifts["shift_start"] + pd.Timedelta("10h")
        >>> d = CoverageDesign.from_tables(calls, shifts, outcome="arrest", start="2020-07-01", exposure="calls")
        >>> d.calls.loc[[12, 1476], ["received_at", "covered", "after", "planned", "minutes_from_opening"]]
                     received_at  covered  after  planned  minutes_from_opening
        12   2020-05-01 12:30:00     True  False    False                  30.0
        1476 2020-07-01 12:30:00     True   True     True                  30.0
        """
        problems, late = Problems("coverage"), Problems("coverage")
        with collecting() as said:
            hourly, each = read_calls(frames.to_pandas(calls), late, outcome, covariates, person, eligible or {})
        table, axis = coverage_hours.cells_of(hourly, outcome, exposure, problems)
        shifts = frames.to_pandas(schedule)
        city = columns.attempt(lambda: coverage_hours.treated_city(shifts, table, treated), problems)
        months = np.unique(axis.positions)
        by_month = replace(axis, positions=months)
        problems.found.extend(late.found)
        with collecting() as notes:
            found = columns.attempt(
                lambda: onset(by_month, start=start, between=start_between, phase_in=phase_in), problems
            )
            coverage_hours.refuse_unplanned_dose(dose, phase_in, problems)
            problems.raise_if_any(DesignError)
            assert found is not None  # raised above otherwise
            assert city is not None
            covered, planned, delivered, found = coverage_hours.plan_of(shifts, city, by_month, found, dose)
            roster, _ = shifts_of(shifts, city)
            begin = first_moment(start if start_between is None else start_between[0])
            say_shifts(roster, begin)
            say_variation(roster, begin, first_moment(axis.label(int(months.max()) + 1)))
            if each is not None:
                each = timed_calls(each, roster=roster, city=city, covered=covered, begin=begin)
                say_calls(each, city, between=start_between is not None)
        source = coverage_hours.by_class(table, axis, covered)
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
            notes=tuple(dict.fromkeys((*said, *notes))),
            covariates=tuple(covariates),
            person=person,
            calls=each,
            roster=roster,
        )

    def __repr__(self) -> str:
        return f"CoverageDesign: {self.describe()}"

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another count of its table, or another column of its calls."""
        if self.calls is not None and outcome in self.calls and outcome not in self.source:
            added = with_sums(self.source, self.calls, outcome, hours=self.calls["covered"])
            return replace(self, source=added).with_outcome(outcome)
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
        end, begin = (first_moment(self.axis.label(position)) for position in (self.start_position, fake.position))
        before = self._keep(
            self.axis.positions < self.start_position, lambda calls: (calls[received] < end).to_numpy(bool)
        )
        if before.calls is not None:
            before = replace(before, calls=pretended(before.calls, city=self.treated, begin=begin))
        return replace(before, months=months, onset=fake)

    def without(self, city: str) -> Self:
        """Return the design without one of the comparison cities."""
        self._require_comparison(city)
        return self._without(city)

    def without_month(self, month: int) -> Self:
        """Return the design without one of its months, given by its position."""
        stays, label = self.months != month, self.axis.label(month)
        kept = self._keep(
            self.axis.positions != month, lambda calls: pd.DatetimeIndex(calls[received]).to_period("M") != label
        )
        return replace(kept, months=self.months[stays], onset=replace(self.onset, dose=self.onset.dose[stays]))

    def pretending(self, city: str) -> Self:
        """Return the comparison cities alone, with one of them in the treated city's place."""
        self._require_comparison(city)
        placebo = replace(self._without(self.treated), treated=city)
        if placebo.calls is None:
            return placebo
        on = placebo.calls["city"].eq(city) & placebo.calls["covered"] & placebo.calls["after"]
        return replace(placebo, calls=placebo.calls.assign(planned=on, delivered=on))

    def gap(self) -> pd.DataFrame:
        """Log rate of covered minus log rate of uncovered hours, months × cities, the treated city first.

        Half an event stands for none; the number of such cells is said. A rate per call is one of calls whose outcome
        is known.
        """
        cities, source = [self.treated, *self.comparison_units], self.source
        if self.exposure == "calls" and self.calls is not None and self.outcome in self.calls:
            source = with_known(source, self.calls, str(self.outcome), city=self.treated)
        return log_gap(source, self.axis.positions, cities, outcome=str(self.outcome), exposure=self.exposure)

    def require_calls(self) -> pd.DataFrame:
        """Return the calls, or refuse a design that was formed of counts."""
        if self.calls is None:
            raise DesignError(
                "the design was formed of counts and holds no calls", mend="give from_tables the table of calls"
            )
        return self.calls

    def covariate_frame(self, *, reference_levels: bool = False) -> pd.DataFrame:
        """Covariates of the calls as numbers, text by one indicator per level; see `CallDesign.covariate_frame`."""
        return as_numbers(self.require_calls(), self.covariates, reference_levels=reference_levels)

    def shifts(self) -> pd.DataFrame:
        """Return planned shifts and what became of them; see `coverage_shifts.kept_shifts`."""
        return kept_shifts(self.roster)

    def fidelity(self) -> pd.DataFrame:
        """Return planned and delivered hours and the busy team by month; see `coverage_shifts.fidelity_of`."""
        return fidelity_of(self.roster, self.calls, self.treated)

    def events(self) -> pd.Series:
        """Events by city."""
        return self.source.groupby("city")[str(self.outcome)].sum().astype(float)

    def dose_at(self, months: NDArray[np.int64]) -> Array:
        """Dose at given months."""
        return np.asarray(pd.Series(self.dose, index=self.months).reindex(months).to_numpy(), float)

    @property
    def begin(self) -> pd.Timestamp:
        """First moment that counts as after the start, of a design that holds calls."""
        first = self.require_calls().iloc[0]
        return pd.Timestamp(first[received]).normalize() - pd.Timedelta(days=int(first["day"]))

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
        parts = ("CoverageDesign", stated, self.dose, self.covered, self.source)
        if self.calls is None:
            return fingerprint(*parts)
        return fingerprint(*parts, self.covariates, self.person, self.calls)

    @property
    def design_fingerprint(self) -> str:
        """SHA-256 of who is compared with whom and when: the same whatever became of the calls."""
        stated = (self.exposure, self.treated, self.season, self.start, self.covariates, self.person)
        cells = self.source[["city", "covered", "hours"]]
        if self.calls is None:
            return fingerprint("CoverageDesign", stated, self.dose, self.covered, cells)
        known = known_at_receipt(self.calls, self.covariates, self.person)
        return fingerprint("CoverageDesign", stated, self.dose, self.covered, cells, known)

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
        parts += [] if self.calls is None else [f"{len(self.calls)} eligible calls one by one"]
        parts += [f"known before dispatch: {', '.join(self.covariates)}"] if self.covariates else []
        return "; ".join([*parts, *self.notes])

    def _without(self, city: str) -> Self:
        return self._keep(self.source["city"].ne(city).to_numpy(), lambda calls: calls["city"].ne(city).to_numpy(bool))

    def _require_comparison(self, city: str) -> None:
        if city not in self.comparison_units:
            there = ", ".join(self.comparison_units[:8])
            raise DesignError(f"'{city}' is not a comparison city", mend=f"choose from {there}")

    def _keep(self, rows: Booleans, of_calls: Callable[[pd.DataFrame], Booleans]) -> Self:
        return replace(
            self,
            source=self.source[rows].reset_index(drop=True),
            axis=replace(self.axis, positions=self.axis.positions[rows]),
            calls=None if self.calls is None else self.calls[of_calls(self.calls)].reset_index(drop=True),
        )
