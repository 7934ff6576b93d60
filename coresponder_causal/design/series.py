"""One city in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.series_effects import Course
from coresponder_causal.data.periods import Start, TimeAxis
from coresponder_causal.design import columns, known_events
from coresponder_causal.design.known_events import Pandemic
from coresponder_causal.design.onset import Onset, made_up, measured_dose, onset, refuse_two_doses

Array = NDArray[np.float64]
PhaseIn = Literal["ramp", "exclude"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SeriesDesign:
    """One city before and after a start: made by `from_frame`, never by hand.

    Parameters
    ----------
    source : DataFrame
        The rows used, sorted by time.
    axis : TimeAxis
        Time of those rows.
    onset : Onset
        Start and dose.
    outcome, exposure : str or None
        Columns of ``source``.
    city, time : str
        Name of the city; column of time.
    season : float or None
        Periods in a year.
    controls : tuple of str
        Columns that enter as regressors.
    breaks : tuple of int
        Positions from which recording changed.
    holidays : tuple of (position, days)
        Number of holidays in the periods that have any.
    covid : {"none", "drop", "pulse"}
        What is done about March to June 2020.
    phase_in : int
        Periods from the start on in which the dose was not yet full.
    notes : tuple of str
        What was said when the design was formed.
    """

    source: pd.DataFrame
    axis: TimeAxis
    onset: Onset
    outcome: str | None
    time: str
    city: str
    exposure: str | None = None
    season: float | None = None
    controls: tuple[str, ...] = ()
    breaks: tuple[int, ...] = ()
    holidays: tuple[tuple[int, int], ...] = ()
    covid: Pandemic = "none"
    phase_in: int = 0
    notes: tuple[str, ...] = ()

    @classmethod
    def from_frame(
        cls,
        frame: object,
        *,
        outcome: str | None,
        time: str,
        start: Start | None = None,
        start_between: tuple[Start, Start] | None = None,
        exposure: str | None = None,
        season: float | Literal["auto"] | None = "auto",
        controls: Sequence[str] = (),
        dose: str | None = None,
        full_dose: float | None = None,
        phase_in: int = 0,
        phase_in_as: PhaseIn = "ramp",
        exclude: Sequence[Start | tuple[Start, Start]] = (),
        breaks: Sequence[Start] = (),
        holidays: Sequence[Start] = (),
        covid: Pandemic = "none",
        city: str | None = None,
    ) -> Self:
        """Form the design, checking everything at once.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            One row per period.
        outcome : str or None
            Column counted; None leaves it to `with_outcome`.
        time : str
            Column of int, date, Period or ISO strings.
        start : int, date, Period or ISO string
            A date inside a period gives it the share of its days from the date on; a period gives 1.
        start_between : pair
            Earliest and latest start instead of ``start``.
        exposure : str, optional
            Column of the denominator, e.g. population.
        season : float, "auto" or None
            Periods in a year; ``"auto"`` is 12 for months and 365.25/7 for weeks; None: no season.
        controls : sequence of str
            Columns that enter as regressors.
        dose : str, optional
            Column of the dose (e.g. delivered hours).
        full_dose : float, optional
            What counts as the full dose, e.g. 70 hours a week; by default the largest value.
        phase_in : int
            Periods from the start on in which the programme was not yet whole.
        phase_in_as : {"ramp", "exclude"}
            Whether the dose rises linearly over the phase-in, or its periods are left out.
        exclude : sequence
            Periods left out, each a period or a pair (first, last).
        breaks : sequence
            Periods from which recording changed: each inside the series gets a step of its own.
        holidays : sequence of dates
            Public holidays and moving events: the share of a period's days that they take is a regressor.
        covid : {"none", "drop", "pulse"}
            March to June 2020 as they are, left out, or with a step of their own (periods in part by their days).
            Either is a doubt: one city's series cannot tell what lasted of the pandemic from the programme.
        city : str, optional
            Name of the city; by default the single value of the column ``city``.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Examples
        --------
        >>> frame = pd.DataFrame({"month": pd.period_range("2019-01", periods=24, freq="M"), "calls": range(24)})
        >>> design = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07-15")
        >>> design.dose[17:20].round(3).tolist()
        [0.0, 0.548, 1.0]
        """
        problems = Problems("series")
        table, axis = _read(frame, problems, outcome, time, exposure, dose, controls)
        refuse_choice("covid", covid, Pandemic, problems)
        refuse_choice("phase_in_as", phase_in_as, PhaseIn, problems)
        ramp = phase_in_as == "ramp"
        with collecting() as notes:
            found = columns.attempt(
                lambda: onset(axis, start=start, between=start_between, phase_in=phase_in, ramp=ramp), problems
            )
            _refuse_doses(dose, full_dose, phase_in if ramp else 0, problems)
            begins = 0 if found is None else found.position
            whole = begins if ramp else begins + phase_in
            known = known_events.known(
                axis, problems, begins, whole, exclude=exclude, breaks=breaks, holidays=holidays, covid=covid
            )
            assert found is not None  # raised above otherwise
            if dose is not None:
                after = axis.positions >= found.position
                found = measured_dose(table[dose].to_numpy(float), found, after, dose, full=full_dose)
            order = np.argsort(axis.positions)
            order = order[~known.left_out[order]]
            known_events.say_gaps(axis.positions[order], int(known.left_out.sum()))
        partial = int(((found.dose > 0) & (found.dose < 1)).sum()) if start_between is not None else 0
        made = cls(
            source=table,
            axis=axis,
            onset=found,
            outcome=outcome,
            time=time,
            city=_city(table, city),
            exposure=exposure,
            season=columns.full_season(axis.freq, season),
            controls=tuple(controls),
            breaks=known.breaks,
            holidays=known.holidays,
            covid=covid,
            phase_in=phase_in or partial,
            notes=tuple(notes),
        )
        made = made._keep(order)
        if not made.n_before or not made.n_after:
            raise DesignError("no period is left on one side of the start", mend="exclude fewer periods")
        return made

    def __repr__(self) -> str:
        return f"SeriesDesign: {self.describe()}"

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another column of its frame."""
        columns.require_outcome(self.source, outcome, "series")
        return replace(self, outcome=outcome)

    def with_control(self, column: str) -> Self:
        """Return the same design with another column of its frame as a regressor."""
        columns.require_numbers(self.source, column, "series")
        return replace(self, controls=(*self.controls, column))

    def with_exposure(self, column: str) -> Self:
        """Return the same design per unit of another column of its frame, which must be positive."""
        columns.require_numbers(self.source, column, "series", sign="positive")
        return replace(self, exposure=column)

    def without_periods(self, positions: Sequence[int]) -> Self:
        """Return the design without the periods at some positions; the start stays where it is."""
        return self._keep(columns.kept_periods(self.axis.positions, positions, self.start_position))

    def starting(self, start: Start) -> Self:
        """Return the design with another start, at full dose from then on."""
        return replace(self, onset=onset(self.axis, start=start), phase_in=0)

    def before_start(self, *, start: int | None = None) -> Self:
        """Return the periods before the start with a made-up treatment in them.

        Parameters
        ----------
        start : int, optional
            Position from which the made-up dose is 1. Without it the dose rises linearly from 0 halfway to 1 at the
            end: a bend in the trend.
        """
        before = self._keep(~self.after)
        middle = int((before.axis.positions.min() + before.axis.positions.max()) // 2)
        return replace(before, onset=made_up(before.axis, start=start, rising_from=middle), phase_in=0)

    def outcome_values(self) -> Array:
        """Outcome per period, shape (n,)."""
        return self.source[self.outcome].to_numpy(float)

    def exposure_values(self) -> Array:
        """Exposure per period, shape (n,); ones where none was named."""
        return np.ones(len(self.source)) if self.exposure is None else self.source[self.exposure].to_numpy(float)

    def control_values(self) -> Array:
        """Return the controls, shape (n, number of controls)."""
        return self.source[list(self.controls)].to_numpy(float)

    def course(self) -> Course:
        """Return the series and its start as the report of a method takes them."""
        return Course(
            city=self.city,
            outcome=str(self.outcome),
            treatment=self.treatment,
            start=self.start,
            periods=self.periods,
            positions=self.positions,
            start_position=self.start_position,
            dose=self.dose,
            counts=self.outcome_values(),
            exposure=self.exposure_values(),
            freq=self.freq,
            period_name=self.period_name,
            phase_in=self.phase_in,
        )

    def label(self, position: int) -> object:
        """Period at a position."""
        return self.axis.label(position)

    @property
    def positions(self) -> Array:
        """Integer positions of the periods as floats, shape (n,)."""
        return self.axis.positions.astype(float)

    @property
    def periods(self) -> pd.Index:
        """Labels of the periods."""
        return self.axis.labels(self.axis.positions)

    @property
    def dose(self) -> Array:
        """Dose per period, shape (n,)."""
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
    def after(self) -> NDArray[np.bool_]:
        """Periods from the start on, shape (n,)."""
        return np.asarray(self.positions >= self.start_position)

    @property
    def n_before(self) -> int:
        """Periods before the start."""
        return int((~self.after).sum())

    @property
    def n_after(self) -> int:
        """Periods from the start on."""
        return int(self.after.sum())

    @property
    def freq(self) -> str:
        """Kind of period."""
        return self.axis.freq

    @property
    def period_name(self) -> str:
        """Plural word for the period."""
        return self.axis.plural

    @property
    def treatment(self) -> str:
        """The treatment in words."""
        return f"the programme as run from {self.start}, with everything else that changed then"

    @property
    def estimand(self) -> str:
        """What a method may estimate with this design."""
        return f"change of {self.outcome or 'the outcome'} in {self.city} from {self.start} on against its own course"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rows and of the statement of the design."""
        stated = (self.outcome, self.time, self.city, self.exposure, self.season, self.controls, self.breaks)
        known = (self.holidays, self.covid)
        return fingerprint("SeriesDesign", stated, known, self.start, self.dose, self.source)

    def describe(self) -> str:
        """Return the design in words."""
        parts = [
            f"{self.city}: {self.outcome or 'outcome not yet named'}"
            + (f" per {self.exposure}" if self.exposure else ""),
            f"{self.n_before} {self.period_name} before and {self.n_after} from the start {self.start} on",
            f"season of {self.season:g} {self.period_name}" if self.season else "no season",
        ]
        parts += [f"controls: {', '.join(self.controls)}"] if self.controls else []
        parts += [f"recording breaks: {', '.join(str(self.label(b)) for b in self.breaks)}"] if self.breaks else []
        parts += [f"{sum(days for _, days in self.holidays)} holidays"] if self.holidays else []
        return "; ".join([*parts, *self.notes])

    def _keep(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        return replace(
            self,
            source=self.source.iloc[rows].reset_index(drop=True),
            axis=replace(self.axis, positions=self.axis.positions[rows]),
            onset=replace(self.onset, dose=self.dose[rows]),
        )


def _read(
    frame: object,
    problems: Problems,
    outcome: str | None,
    time: str,
    exposure: str | None,
    dose: str | None,
    controls: Sequence[str],
) -> tuple[pd.DataFrame, TimeAxis]:
    """Table and time axis; what is wrong with the columns is among the problems."""
    table = columns.rectangular(frame, [outcome, time, exposure, dose, *controls], problems)
    axis = columns.time_axis(table, time, problems)
    doubled = pd.Series(axis.positions).duplicated().to_numpy()
    if doubled.any():
        problems.add(
            f"{int(doubled.sum())} periods come more than once",
            mend="keep one city and one row per period",
            rows=np.flatnonzero(doubled),
        )
    columns.check_numbers(table, problems, any_sign=controls, nonnegative=(dose,), positive=(exposure,))
    columns.check_outcome(table, outcome, problems)
    return table, axis


def _refuse_doses(dose: str | None, full: float | None, phase_in: int, problems: Problems) -> None:
    refuse_two_doses(dose, phase_in, problems)
    if full is not None and dose is None:
        problems.add("full_dose= without a dose", mend="name the column of the dose, too")


def _city(table: pd.DataFrame, city: str | None) -> str:
    if city is not None:
        return city
    names: list[object] = list(table["city"].unique()) if "city" in table.columns else []
    return str(names[0]) if len(names) == 1 else "the city"
