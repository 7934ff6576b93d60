"""Who is treated in a panel, from when and with which dose: from a cohort column, or from names and a start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data.periods import Start, TimeAxis, parse_start, share_after
from coresponder_causal.design import columns
from coresponder_causal.design.columns import counted
from coresponder_causal.design.onset import Onset, measured_dose, onset

Array = NDArray[np.float64]


def treatment_of(
    table: pd.DataFrame,
    axis: TimeAxis,
    unit: str,
    cohort: str | None,
    treated: object,
    start: Start | None,
    between: tuple[Start, Start] | None,
    phase_in: int,
    path: str | None,
    problems: Problems,
) -> tuple[str, pd.Series, Array]:
    """Start in words, first treated position by unit, dose by row; from a cohort, from names and a start, or a path."""
    units = pd.Index(sorted(table[unit].dropna().unique(), key=str))
    nothing = "", pd.Series(np.nan, index=units), np.zeros(len(table))
    if (cohort is None) + (treated is None) + (path is None) != 2:
        problems.add("give either cohort=, or treated= with a start, or path=", mend="pass exactly one of them")
        return nothing
    if path is not None:
        if start is not None or between is not None or phase_in:
            problems.add("path= already holds the treatment", mend="leave start=, start_between= and phase_in= out")
            return nothing
        return _from_path(table, axis, unit, path, units, problems)
    if cohort is not None:
        if start is not None or between is not None:
            problems.add("cohort= already holds the starts", mend="leave start= and start_between= out")
            return nothing
        return _from_cohort(table, axis, unit, cohort, units, problems)
    names = [treated] if pd.api.types.is_scalar(treated) else list(cast("Iterable[object]", treated))
    unknown = [str(name) for name in names if name not in units]
    if unknown or not names:
        there = columns.some_of(units, unit, most=12)
        problems.add(
            f"treated {', '.join(unknown) or '(nobody)'} is not among the units{there}", mend="correct treated="
        )
    found = columns.attempt(lambda: onset(axis, start=start, between=between, phase_in=phase_in), problems)
    if found is None:
        return nothing
    if not unknown and len(names) == len(units):
        problems.add("every unit is treated", mend="bring units without the programme")
    first = pd.Series(np.where(units.isin(names), float(found.position), np.nan), index=units)
    return found.label, first, np.where(table[unit].isin(names), found.dose, 0.0)


def _from_cohort(
    table: pd.DataFrame, axis: TimeAxis, unit: str, cohort: str, units: pd.Index, problems: Problems
) -> tuple[str, pd.Series, Array]:
    changing = table.groupby(unit)[cohort].nunique(dropna=False).loc[lambda n: n > 1]
    if len(changing):
        some = columns.some_of(changing.index, unit, most=3)
        problems.add(
            f"'{cohort}' changes within {counted(len(changing), 'unit')}{some}: the treatment switches off or moves",
            mend="give each unit one first treated period, or the treatment of every row: path= and did_switching",
        )
    starts = table.groupby(unit)[cohort].first().reindex(units)
    if starts.isna().all():
        problems.add(f"no unit is ever treated: '{cohort}' is missing everywhere", mend="give the first treated period")
    shares, first = np.zeros(len(table)), pd.Series(np.nan, index=units)
    place_of, periods = pd.factorize(axis.positions)
    for value in starts.dropna().unique():
        plain = int(value) if isinstance(value, float) and float(value).is_integer() else value
        place = columns.attempt(lambda plain=plain: parse_start(plain, axis), problems)  # type: ignore[misc]
        if place is None:
            continue
        members = starts.index[starts == value]
        first[members] = float(np.floor(place))
        rows = (table[cohort] == value).to_numpy(bool)
        shares[rows] = share_after(axis, plain, periods)[place_of[rows]]
    early = first.index[first <= axis.positions.min()]
    if len(early):
        some = columns.some_of(early, unit, most=3)
        problems.add(f"no period before the start in {counted(len(early), 'unit')}{some}", mend="leave them out")
    beyond = first.index[first > axis.positions.max()]
    if len(beyond):
        note(f"{counted(len(beyond), 'unit')} with a start after the data end: counted as never treated")
        first[beyond] = np.nan
    if len(beyond) and first.isna().all():
        problems.add("no unit is treated within the data", mend="bring the periods after the starts")
    return f"column '{cohort}'", first, shares


def _from_path(
    table: pd.DataFrame, axis: TimeAxis, unit: str, path: str, units: pd.Index, problems: Problems
) -> tuple[str, pd.Series, Array]:
    """First change of the treatment by unit, and the treatment itself in parts of its largest value."""
    values = pd.to_numeric(table[path], errors="coerce").fillna(0.0).to_numpy(float)
    first = pd.Series(np.nan, index=units)
    frame = pd.DataFrame({"unit": table[unit], "position": axis.positions, "value": values}).sort_values("position")
    changed = frame["value"] != frame.groupby("unit")["value"].transform("first")
    starts = frame[changed].groupby("unit")["position"].min()
    first[starts.index] = starts.to_numpy(float)
    largest = float(values.max(initial=0.0))
    if not len(starts) or not largest > 0:
        problems.add(f"'{path}' never changes within a unit", mend="give the treatment of every unit and period")
        return f"column '{path}'", first, np.zeros(len(table))
    return f"changes of '{path}'", first, values / largest


def interrupted(unit: pd.Series, dose: Array) -> list[object]:
    """Units, of rows sorted by unit and time, whose treatment falls, or is there in their first period.

    Examples
    --------
    >>> interrupted(pd.Series(list("aaabbb")), np.array([0.0, 1, 0, 0, 1, 1]))
    ['a']
    """
    labels = unit.to_numpy()
    begins = np.append(True, labels[1:] != labels[:-1])
    falls = np.append(False, dose[1:] < dose[:-1]) & ~begins
    return list(pd.unique(unit[falls | (begins & (dose > 0))]))


def dosed(
    table: pd.DataFrame,
    axis: TimeAxis,
    unit: str,
    dose: str,
    label: str,
    first: pd.Series,
    problems: Problems,
) -> tuple[str, Array]:
    """Replace the dose of the treated units by a column."""
    values = table[dose].to_numpy(float)
    starts = table[unit].map(first).to_numpy(float)
    treated = ~np.isnan(starts)
    if (values[~treated] > 0).any():
        problems.add(f"'{dose}' is above 0 in untreated units", mend="make it 0 there, or name those units as treated")
    blank = Onset(label, int(np.nanmin(starts)), values)
    found = columns.attempt(
        lambda: measured_dose(values[treated], blank, axis.positions[treated] >= starts[treated], dose), problems
    )
    problems.raise_if_any(DesignError)
    assert found is not None  # raised above otherwise
    shares = np.zeros(len(table))
    shares[treated] = found.dose
    return found.label, shares
