"""The numbers of one cell: how each kind of metric is counted, and the interval that belongs to it.

Rows come as arrays: the number of each row's cell, its value, and the code of the person (or officer) it belongs to.
A row whose value is missing is counted as missing and takes no part; a row whose place is missing likewise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.agreement import cohen_kappa
from coresponder_causal.core.inference import critical, exact_poisson
from coresponder_causal.data.metrics_sums import Sums, framed, head, over

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one part of a metric.

    Parameters
    ----------
    cell : ndarray of int, shape (n,)
        Number of each row's cell, from 0.
    cells : int
        How many cells there are.
    value : ndarray, shape (n,)
        1 and 0, or a number; NaN where it is not known.
    cluster : ndarray of int, shape (n,)
        Person (or officer) of each row; rows without one are each their own.
    repeats : bool
        Whether codes of persons are known, so that rows may repeat them.
    """

    cell: Codes
    cells: int
    value: Array
    cluster: Codes
    repeats: bool

    def known(self) -> Rows:
        """Leave out rows whose value is missing."""
        keep = np.isfinite(self.value)
        return Rows(self.cell[keep], self.cells, self.value[keep], self.cluster[keep], self.repeats)

    def added(self, weights: Array | None = None) -> Array:
        """Add up numbers by cell; rows are counted where none are given."""
        return np.bincount(self.cell, weights, minlength=self.cells).astype(float)


def sums_of(rows: Rows) -> Sums:
    """Add up what proportions and rates need of each cell.

    Parameters
    ----------
    rows : Rows
        Each value 1 or 0.
    """
    _, cell, events, size = _pairs(rows)
    persons, squares, cross, sizes = (
        np.bincount(cell, weights, minlength=rows.cells).astype(float)
        for weights in (None, events**2, events * size, size**2)
    )
    return Sums(rows.added(rows.value), rows.added(), persons, squares, cross, sizes, rows.repeats)


def _pairs(rows: Rows) -> tuple[Codes, Codes, Array, Array]:
    """Group rows by cell and person: pair of each row; cell, sum of values and size of each pair."""
    width = int(rows.cluster.max()) + 1 if len(rows.cluster) else 1
    keys, pair = np.unique(rows.cell * width + rows.cluster, return_inverse=True)
    events, size = (np.bincount(pair, weights, minlength=len(keys)).astype(float) for weights in (rows.value, None))
    return pair.astype(np.int64), np.asarray(keys // width, np.int64), events, size


def first_of_person(rows: Rows, place: Codes) -> Rows:
    """Keep the first row of each person in each cell, so that longer periods do not count more chances.

    Parameters
    ----------
    rows : Rows
    place : ndarray of int, shape (n,)
        Place of each row in the order of time.

    Returns
    -------
    Rows
        One row per person and cell, known or not.
    """
    order = np.lexsort((place, rows.cluster, rows.cell))
    width = int(rows.cluster.max()) + 1 if len(rows.cluster) else 1
    first = order[np.unique((rows.cell * width + rows.cluster)[order], return_index=True)[1]]
    return Rows(rows.cell[first], rows.cells, rows.value[first], rows.cluster[first], rows.repeats)


def mean(rows: Rows) -> pd.DataFrame:
    """Mean of each cell with a t interval, clustered where persons repeat.

    Parameters
    ----------
    rows : Rows

    Returns
    -------
    DataFrame
        As `metrics_sums.proportion`; ``numerator`` is the sum, ``n_any`` counts the rows whose value is not zero,
        and ``n_persons`` the persons with such a row: the sum tells of them alone.
    """
    total, number = rows.added(rows.value), rows.added()
    average = over(total, number)
    _, cell, sums, size = _pairs(rows)
    clusters = np.bincount(cell, minlength=rows.cells).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.bincount(cell, (sums - average[cell] * size) ** 2, minlength=rows.cells)
        error = np.sqrt(spread * clusters / (clusters - 1)) / number
    half = np.where(clusters > 1, critical(np.maximum(clusters - 1, 1)) * error, np.nan)
    name = np.where(rows.repeats & (clusters < number), "person-clustered t", "t")
    keep = rows.value != 0
    some = Rows(rows.cell[keep], rows.cells, rows.value[keep], rows.cluster[keep], rows.repeats)
    found = framed("mean", total, number, average, average - half, average + half, name, persons(some))
    return found.assign(n_any=some.added())


def kappa(rows: Rows, other: Array) -> pd.DataFrame:
    """Agreement beyond chance between two yes-or-no readings in each cell.

    Parameters
    ----------
    rows : Rows
    other : ndarray, shape (n,)
        The second reading; rows in which either is missing are left out.

    Returns
    -------
    DataFrame
        As `metrics_sums.proportion`; ``numerator`` counts the rows in agreement.
    """
    both = np.isfinite(rows.value) & np.isfinite(other)
    made = []
    for number in range(rows.cells):
        here = both & (rows.cell == number)
        table = np.zeros((2, 2))
        np.add.at(table, (rows.value[here].astype(int), other[here].astype(int)), 1)
        kappa = cohen_kappa(table)
        bounds = (kappa.estimate, kappa.low, kappa.high)
        made.append((number, "kappa", np.trace(table), table.sum(), *bounds, "normal"))
    frame = pd.DataFrame(made, columns=["cell", *head[:7]]).set_index("cell")
    return frame.assign(
        design_effect=np.nan,
        n_persons=persons(Rows(rows.cell, rows.cells, rows.value * other, rows.cluster, rows.repeats).known()),
    )


def standardised(rows: Rows, stratum: Codes, group: Codes) -> pd.DataFrame:
    """Events of each group over those expected from its mix, with the exact Poisson interval.

    Parameters
    ----------
    rows : Rows
        Cells are groups within periods.
    stratum : ndarray of int, shape (n,)
        Type of each row within its period; the rates of types are those of all groups together.
    group : ndarray of int, shape (cells,)
        Period of each cell.

    Returns
    -------
    DataFrame
        As `metrics_sums.proportion`; ``denominator`` is the number expected.
    """
    width = int(stratum.max()) + 1 if len(stratum) else 1
    key = group[rows.cell] * width + stratum
    events, number = (np.bincount(key, weights).astype(float) for weights in (rows.value, None))
    expected = rows.added(over(events, number)[key])
    seen = rows.added(rows.value)
    low, high = exact_poisson(seen)
    return framed(
        "observed over expected", seen, expected, over(seen, expected), over(low, expected),
        over(high, expected), "exact Poisson", persons(rows),
    )  # fmt: skip


def difference(rows: Rows, inside: NDArray[np.bool_]) -> pd.DataFrame:
    """Hours saved: mean of rows outside less mean of rows inside, times the rows inside, with a normal interval.

    Parameters
    ----------
    rows : Rows
        Minutes.
    inside : ndarray of bool, shape (n,)

    Returns
    -------
    DataFrame
        As `metrics_sums.proportion`; ``denominator`` counts the rows inside.
    """
    parts = [Rows(rows.cell[k], rows.cells, rows.value[k], rows.cluster[k], rows.repeats) for k in (inside, ~inside)]
    covered, other = (mean(part) for part in parts)
    number = covered["denominator"].to_numpy()
    value = (other["value"] - covered["value"]).to_numpy() * number / 60
    error = np.hypot(*(_error(found, _size(part)) for found, part in zip((covered, other), parts, strict=True)))
    half = float(critical(np.inf)) * error * number / 60
    return framed("hours", value, number, value, value - half, value + half, "normal", persons(rows))


def _error(found: pd.DataFrame, size: Array) -> Array:
    """Return the standard error behind the t interval of a mean."""
    half = (found["conf_high"] - found["value"]).to_numpy(float)
    return np.asarray(half / critical(np.maximum(size - 1, 1)), float)


def _size(rows: Rows) -> Array:
    """Count the persons (or rows, where none are known) of each cell."""
    return np.bincount(_pairs(rows)[1], minlength=rows.cells).astype(float)


def persons(rows: Rows) -> Array:
    """Count the persons of each cell, where they are known."""
    return _size(rows) if rows.repeats else np.full(rows.cells, np.nan)
