"""Cities (or other units) in time."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.data.periods import Start, TimeAxis
from coresponder_causal.design import columns
from coresponder_causal.design.columns import counted
from coresponder_causal.design.onset import made_up, onset, refuse_two_doses
from coresponder_causal.design.panel_treatment import dosed, interrupted, treatment_of

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PanelDesign:
    """Units in time, some of which take up a treatment: made by `from_frame`, never by hand.

    Parameters
    ----------
    source : DataFrame
        The rows used, sorted by unit and time.
    axis : TimeAxis
        Time of those rows.
    cohort : Series
        First treated position by unit, NaN where never treated.
    dose : ndarray, shape (n,)
        Dose per row.
    start : str
        The start in words.
    outcome, exposure, weights, cluster : str or None
        Columns of ``source``.
    unit, time : str
        Columns of ``source``.
    covariates : tuple of str
        Columns of ``source``.
    season : float or None
        Periods in a year.
    path : str or None
        Column from which ``dose`` was read where the treatment may pause.
    notes : tuple of str
        What was said when the design was formed.
    """

    source: pd.DataFrame
    axis: TimeAxis
    cohort: pd.Series
    dose: Array
    start: str
    outcome: str | None
    unit: str
    time: str
    exposure: str | None = None
    covariates: tuple[str, ...] = ()
    weights: str | None = None
    cluster: str | None = None
    season: float | None = None
    path: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        dose = np.array(self.dose, float)
        dose.setflags(write=False)
        object.__setattr__(self, "dose", dose)

    @classmethod
    def from_frame(
        cls,
        frame: object,
        *,
        outcome: str | None,
        unit: str,
        time: str,
        cohort: str | None = None,
        treated: object = None,
        start: Start | None = None,
        start_between: tuple[Start, Start] | None = None,
        exposure: str | None = None,
        covariates: Sequence[str] = (),
        weights: str | None = None,
        cluster: str | None = None,
        season: float | Literal["auto"] | None = "auto",
        dose: str | None = None,
        phase_in: int = 0,
        path: str | None = None,
    ) -> Self:
        """Form the design, checking everything at once.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            One row per unit and period.
        outcome : str or None
            Column counted; None leaves it to `with_outcome`.
        unit, time : str
            Columns of the unit and of time (int, date, Period or ISO strings).
        cohort : str, optional
            Column of the first treated period, constant within a unit, missing where never treated.
        treated : label or list of labels, with ``start`` or ``start_between``
            The treated units instead of ``cohort``. A start date inside a period gives it the share of its days from
            the date on.
        exposure : str, optional
            Column of the denominator, e.g. population.
        covariates : sequence of str
            Columns to adjust for.
        weights, cluster : str, optional
            Columns of weights and of clusters.
        season : float, "auto" or None
            Periods in a year; ``"auto"`` is 12 for months and 365.25/7 for weeks; None: no season.
        dose : str, optional
            Column of the treated units' dose, used in units of its largest value.
        phase_in : int
            Periods over which the dose rises from the start on.
        path : str, optional
            Column of the treatment in every row, 0 or more, instead of ``cohort`` or ``treated``: it may be there from
            the first period, pause and end. Unless it only ever begins and stays, `did_switching` alone takes it.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Examples
        --------
        >>> months = pd.period_range("2019-01", periods=4, freq="M")
        >>> frame = pd.DataFrame({"city": ["A"] * 4 + ["B"] * 4, "month": [*months, *months], "calls": range(8)})
        >>> design = PanelDesign.from_frame(
        ...     frame, outcome="calls", unit="city", time="month", treated="A", start="2019-03")
        >>> design.treated_units, design.wide("calls").shape
        (['A'], (4, 2))
        """
        problems = Problems("panel")
        wanted = [outcome, unit, time, cohort, exposure, weights, cluster, dose, path, *covariates]
        table = columns.rectangular(frame, wanted, problems)
        axis = columns.time_axis(table, time, problems)
        _check_rows(table, axis, unit, problems)
        columns.check_numbers(
            table, problems, any_sign=covariates, nonnegative=(weights, dose, path), positive=(exposure,)
        )
        columns.check_outcome(table, outcome, problems)
        with collecting() as notes:
            label, first, shares = treatment_of(
                table, axis, unit, cohort, treated, start, start_between, phase_in, path, problems
            )
            refuse_two_doses(dose, phase_in, problems)
            if dose is not None and path is not None:
                problems.add("path= already holds the dose", mend="leave dose= out")
            problems.raise_if_any(DesignError)
            if dose is not None:
                label, shares = dosed(table, axis, unit, dose, label, first, problems)
            order = np.lexsort((axis.positions, _places(table[unit])))
            made = cls(
                source=table.iloc[order].reset_index(drop=True),
                axis=replace(axis, positions=axis.positions[order]),
                cohort=first,
                dose=shares[order],
                start=label,
                outcome=outcome,
                unit=unit,
                time=time,
                exposure=exposure,
                covariates=tuple(covariates),
                weights=weights,
                cluster=cluster,
                season=columns.full_season(axis.freq, season),
                path=path,
            )
            _say_unbalanced(made)
        return replace(made, notes=tuple(notes))

    def __repr__(self) -> str:
        return f"PanelDesign: {self.describe()}"

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another column of its frame."""
        columns.require_outcome(self.source, outcome, "panel")
        return replace(self, outcome=outcome)

    def with_exposure(self, column: str) -> Self:
        """Return the same design per unit of another column of its frame, which must be positive."""
        columns.require_numbers(self.source, column, "panel", sign="positive")
        return replace(self, exposure=column)

    def without_periods(self, positions: Sequence[int]) -> Self:
        """Return the design without the periods at some positions; starts stay where they are."""
        kept = columns.kept_periods(self.axis.positions, positions, self.start_position)
        return self._keep(kept, self.cohort, self.dose)

    def before_start(self, *, start: int | None = None) -> Self:
        """Return the periods before the first start, with a made-up treatment of the treated units in them.

        Parameters
        ----------
        start : int, optional
            Position from which the made-up dose is 1. Without it the dose rises linearly from 0 to 1: a drift.
        """
        before = self.positions < self.start_position
        axis = replace(self.axis, positions=self.axis.positions[before])
        fake = made_up(axis, start=start, rising_from=int(axis.positions.min()))
        source = self.source[before].reset_index(drop=True)
        treated = source[self.unit].isin(self.treated_units).to_numpy()
        return replace(
            self,
            source=source,
            axis=axis,
            cohort=self.cohort.where(self.cohort.isna(), float(fake.position)),
            dose=np.where(treated, fake.dose, 0.0),
            start=fake.label,
        )

    def without(self, *units: object) -> Self:
        """Return the design without some of the untreated units."""
        self._require_untreated(units)
        return self._keep((~self.source[self.unit].isin(units)).to_numpy(), self.cohort.drop(list(units)), self.dose)

    def until(self, ends: Mapping[object, int]) -> Self:
        """Return the design without the rows of untreated units from a position of each on."""
        self._require_untreated(tuple(ends))
        end = self.source[self.unit].map(ends).to_numpy(float)
        return self._keep(~(self.positions >= end), self.cohort, self.dose)

    def pretending(self, *units: object) -> Self:
        """Return the untreated units alone, with some of them treated as the treated unit was (exactly one)."""
        self._require_untreated(units)
        (treated,) = self.treated_units
        by_position = pd.Series(self.dose[self.rows(treated)], index=self.positions[self.rows(treated)].astype(int))
        mine = self.source[self.unit].isin(units).to_numpy()
        dose = np.where(mine, by_position.reindex(self.axis.positions).fillna(0.0).to_numpy(), 0.0)
        cohort = self.cohort.drop(treated)
        cohort[cohort.index.isin(units)] = self.cohort[treated]
        return self._keep((self.source[self.unit] != treated).to_numpy(), cohort, dose)

    def starting(self, start: Start) -> Self:
        """Return the design with another start of its treated unit (exactly one), at full dose from then on."""
        (treated,) = self.treated_units
        found = onset(self.axis, start=start)
        cohort = self.cohort.where(self.cohort.isna(), float(found.position))
        return replace(self, cohort=cohort, dose=np.where(self.rows(treated), found.dose, 0.0), start=found.label)

    def wide(self, column: str) -> pd.DataFrame:
        """Return a column as periods × units, over the periods that all units have."""
        positions, units = self.axis.positions, self.cohort.size
        each = positions.reshape(units, -1) if len(positions) % units == 0 else positions[None, :0]
        if each.size and (each == each[0]).all() and (np.diff(each[0]) > 0).all():  # balanced: rows stand in order
            index, labels = pd.Index(each[0], name="position"), self.source[self.unit].iloc[:: each.shape[1]]
            values = self.source[column].to_numpy(float).reshape(each.shape).T
            return pd.DataFrame(values, index, pd.Index(labels, name="unit")).sort_index(axis=1).dropna()
        table = pd.DataFrame(
            {"position": self.axis.positions, "unit": self.source[self.unit], "value": self.source[column]}
        )
        return table.pivot(index="position", columns="unit", values="value").dropna().astype(float)

    def rows(self, unit: object) -> NDArray[np.bool_]:
        """Rows of a unit, shape (n,)."""
        return np.asarray((self.source[self.unit] == unit).to_numpy())

    def dose_of(self, unit: object, positions: NDArray[np.int64]) -> Array:
        """Dose of a unit at given positions."""
        mine = self.rows(unit)
        own = pd.Series(self.dose[mine], index=self.axis.positions[mine])
        return np.asarray(own.reindex(positions).to_numpy(), float)

    @property
    def positions(self) -> Array:
        """Integer positions of the rows as floats, shape (n,)."""
        return self.axis.positions.astype(float)

    @property
    def treated_units(self) -> list[str]:
        """Units that are treated within the data, sorted."""
        return sorted(self.cohort.index[self.cohort.notna()], key=str)

    @property
    def comparison_units(self) -> list[str]:
        """Units never treated, sorted."""
        return sorted(self.cohort.index[self.cohort.isna()], key=str)

    @property
    def interrupted_units(self) -> list[object]:
        """Units whose treatment, given as a path, falls or is there in their first period."""
        return [] if self.path is None else interrupted(self.source[self.unit], self.dose)

    @property
    def start_position(self) -> int:
        """First position that any start touches."""
        return int(self.cohort.min())

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
        return f"the programme as run from {self.start}, with everything else that changed only there"

    @property
    def estimand(self) -> str:
        """What a method may estimate with this design."""
        outcome, treated = self.outcome or "the outcome", ", ".join(map(str, self.treated_units))
        return f"ATT on {outcome} in {treated} from {self.start} on, against {len(self.comparison_units)} others"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rows and of the statement of the design."""
        stated = (self.outcome, self.unit, self.time, self.exposure, self.covariates, self.weights, self.cluster)
        return fingerprint("PanelDesign", stated, self.season, self.start, self.cohort, self.dose, self.source)

    def describe(self) -> str:
        """Return the design in words."""
        rate = f" per {self.exposure}" if self.exposure else ""
        some = ", ".join(map(str, self.treated_units[:5])) + (", …" if len(self.treated_units) > 5 else "")
        parts = [
            f"{self.outcome or 'outcome not yet named'}{rate}",
            f"{len(self.treated_units)} treated ({some}), {len(self.comparison_units)} never treated",
            f"start {self.start}",
            f"{len(np.unique(self.axis.positions))} {self.period_name}, {counted(len(self.source), 'row')}",
        ]
        return "; ".join([*parts, *self.notes])

    def _require_untreated(self, units: Sequence[object]) -> None:
        for unit in units:
            if unit not in self.comparison_units:
                there = ", ".join(map(str, self.comparison_units[:8]))
                raise DesignError(f"'{unit}' is not an untreated unit", mend=f"choose from {there}")

    def _keep(self, rows: NDArray[np.bool_], cohort: pd.Series, dose: Array) -> Self:
        return replace(
            self,
            source=self.source[rows].reset_index(drop=True),
            axis=replace(self.axis, positions=self.axis.positions[rows]),
            cohort=cohort,
            dose=dose[rows],
        )


def _places(labels: pd.Series) -> NDArray[np.int64]:
    """Place of each row's label in the order of their texts."""
    codes, names = pd.factorize(labels)
    place = np.empty(len(names), np.int64)
    place[np.argsort(np.asarray(names.astype(str)), kind="stable")] = np.arange(len(names))
    return place[codes]


def _check_rows(table: pd.DataFrame, axis: TimeAxis, unit: str, problems: Problems) -> None:
    if table[unit].dtype == object and not table[unit].map(lambda one: isinstance(one, Hashable)).all():
        problems.add(f"'{unit}' holds lists or tables", mend="name every unit by text or a number")
        problems.raise_if_any(DesignError)
    columns.check_named(table, unit, problems, mend="name it")
    cells = {"unit": table[unit], "position": axis.positions}
    columns.check_single(cells, "a unit and period", problems, mend="keep one row per unit and period")
    if table[unit].nunique() < 2:
        problems.add("there is one unit only", mend="bring comparison units, or take a SeriesDesign")


def _say_unbalanced(design: PanelDesign) -> None:
    """Say how many unit-periods a balanced panel would have that this one lacks."""
    units, periods = len(design.cohort), len(np.unique(design.axis.positions))
    lacking = units * periods - len(design.source)
    if lacking:
        note(f"{lacking} of {units * periods} unit-periods are missing")
    skipped = int(design.axis.positions.max() - design.axis.positions.min()) + 1 - periods
    if skipped:
        note(f"{skipped} periods are missing for every unit")
