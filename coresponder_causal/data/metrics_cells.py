"""The numbers of one cell: how each kind of metric is counted, and the interval that belongs to it.

Rows come as arrays: the number of each row's cell, its value, and the code of the person (or officer) it belongs to.
A row whose value is missing is counted as missing and takes no part; a row whose place is missing likewise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.agreement import cohen_kappa
from coresponder_causal.core.inference import (
    critical,
    exact_poisson,
    quantile_ranks,
    wilson,
)

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
smallest_shown, top_share, quantiles_shown = 10, 0.05, (("median", 0.5), ("p90", 0.9))


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

    def sums(self, weights: Array | None = None) -> Array:
        """Add up numbers by cell; rows are counted where none are given."""
        return np.bincount(self.cell, weights, minlength=self.cells).astype(float)


def proportion(rows: Rows) -> pd.DataFrame:
    """Share of yes in each cell, with the score interval; clustered where persons repeat.

    Parameters
    ----------
    rows : Rows

    Returns
    -------
    DataFrame
        One row per cell: ``statistic, numerator, denominator, value, conf_low, conf_high, interval, design_effect,
        n_persons``. Clustered: Wilson's interval at n / deff trials, deff being the clustered variance over the
        binomial one and at least 1; where all or none are yes, at as many trials as persons.
    """
    events, number = rows.sums(rows.value), rows.sums()
    share = _over(events, number)
    effect, persons = _design_effect(rows, share, number)
    trials = np.where(np.isfinite(effect), number / np.maximum(effect, 1), number)
    low, high = wilson(share * trials, trials)
    clustered = np.isfinite(effect) & (effect > 1)
    return pd.DataFrame(
        {
            "statistic": "proportion",
            "numerator": events,
            "denominator": number,
            "value": share,
            "conf_low": low,
            "conf_high": high,
            "interval": np.where(clustered, "person-clustered Wilson", "Wilson"),
            "design_effect": np.where(np.isfinite(effect), np.maximum(effect, 1), np.nan),
            "n_persons": persons,
        }
    )


def _design_effect(rows: Rows, share: Array, number: Array) -> tuple[Array, Array]:
    """Clustered over binomial variance of each cell's share (NaN where nobody repeats), and the number of persons."""
    _, cell, events, size = _pairs(rows)
    persons = np.bincount(cell, minlength=rows.cells).astype(float)
    if not rows.repeats:
        return np.full(rows.cells, np.nan), np.full(rows.cells, np.nan)
    residual = (events - share[cell] * size) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.bincount(cell, residual, minlength=rows.cells) / number**2 * persons / (persons - 1)
        binomial = share * (1 - share) / number
        effect = np.where(binomial > 0, variance / binomial, number / persons)
    return np.where((persons > 1) & (persons < number), effect, np.nan), persons


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


def rate(rows: Rows, *, per: float, exposure: Array | None = None) -> pd.DataFrame:
    """Events over rows, or over an exposure, with the exact Poisson interval.

    Parameters
    ----------
    rows : Rows
    per : float
        Multiplier.
    exposure : ndarray, shape (cells,), optional

    Returns
    -------
    DataFrame
        As `proportion`.
    """
    events = rows.sums(rows.value)
    below = rows.sums() if exposure is None else exposure
    low, high = exact_poisson(events)
    return _framed(
        rows, f"rate per {per:g}", events, below, per * _over(events, below), per * _over(low, below),
        per * _over(high, below), "exact Poisson", _persons(rows),
    )  # fmt: skip


def mean(rows: Rows) -> pd.DataFrame:
    """Mean of each cell with a t interval, clustered where persons repeat.

    Parameters
    ----------
    rows : Rows

    Returns
    -------
    DataFrame
        As `proportion`; ``numerator`` is the sum, ``n_any`` counts the rows whose value is not zero, and ``n_persons``
        the persons with such a row: the sum tells of them alone.
    """
    total, number = rows.sums(rows.value), rows.sums()
    average = _over(total, number)
    _, cell, sums, size = _pairs(rows)
    clusters = np.bincount(cell, minlength=rows.cells).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.bincount(cell, (sums - average[cell] * size) ** 2, minlength=rows.cells)
        error = np.sqrt(spread * clusters / (clusters - 1)) / number
    half = np.where(clusters > 1, critical(np.maximum(clusters - 1, 1)) * error, np.nan)
    name = np.where(rows.repeats & (clusters < number), "person-clustered t", "t")
    keep = rows.value != 0
    some = Rows(rows.cell[keep], rows.cells, rows.value[keep], rows.cluster[keep], rows.repeats)
    found = _framed(rows, "mean", total, number, average, average - half, average + half, name, _persons(some))
    return found.assign(n_any=some.sums())


def quantiles(rows: Rows) -> pd.DataFrame:
    """Median and 90th percentile of each cell with order-statistic intervals.

    Parameters
    ----------
    rows : Rows

    Returns
    -------
    DataFrame
        As `proportion`, two rows per cell; a bound that the number of rows cannot give is missing.
    """
    made = []
    for number, values in _by_cell(rows):
        ordered = np.sort(values)
        for name, level in quantiles_shown:
            low, high = quantile_ranks(len(ordered), level) if len(ordered) else (0, 1)
            bounds = [ordered[rank - 1] if 1 <= rank <= len(ordered) else np.nan for rank in (low, high)]
            found = float(np.quantile(ordered, level)) if len(ordered) else np.nan
            made.append((number, name, np.nan, float(len(ordered)), found, *bounds, "order statistics"))
    frame = pd.DataFrame(made, columns=["cell", *_head[:7]]).set_index("cell")
    return frame.assign(design_effect=np.nan, n_persons=_persons(rows)[frame.index])


def concentration(rows: Rows) -> pd.DataFrame:
    """Share of rows that belong to the five percent of persons with the most, with a linearised interval.

    Parameters
    ----------
    rows : Rows
        Each row a call; ``value`` is not read.

    Returns
    -------
    DataFrame
        As `proportion`.

    References
    ----------
    Langel & Tillé (2011), doi:10.1080/00949655.2010.481010 (linearisation of shares between quantiles).
    """
    made = []
    for number, people in _by_cell(Rows(rows.cell, rows.cells, rows.cluster.astype(float), rows.cluster, rows.repeats)):
        size = np.sort(np.unique(people, return_counts=True)[1])[::-1].astype(float)
        persons, calls = len(size), size.sum()
        if not persons:
            made.append((number, "share", 0.0, 0.0, np.nan, np.nan, np.nan, "linearised", np.nan, 0.0))
            continue
        top = int(np.ceil(top_share * persons))
        share, edge = size[:top].sum() / calls, size[top - 1]
        inside = np.arange(persons) < top
        influence = ((size - edge) * inside + edge * top_share - share * size) / size.mean()
        half = float(critical(np.inf)) * influence.std() / np.sqrt(persons)
        bounds = (max(share - half, 0.0), min(share + half, 1.0))
        made.append((number, "share", size[:top].sum(), calls, share, *bounds, "linearised", np.nan, float(persons)))
    return pd.DataFrame(made, columns=["cell", *_head]).set_index("cell")


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
        As `proportion`; ``numerator`` counts the rows in agreement.
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
    frame = pd.DataFrame(made, columns=["cell", *_head[:7]]).set_index("cell")
    return frame.assign(
        design_effect=np.nan,
        n_persons=_persons(Rows(rows.cell, rows.cells, rows.value * other, rows.cluster, rows.repeats).known()),
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
        As `proportion`; ``denominator`` is the number expected.
    """
    width = int(stratum.max()) + 1 if len(stratum) else 1
    key = group[rows.cell] * width + stratum
    events, number = (np.bincount(key, weights).astype(float) for weights in (rows.value, None))
    expected = rows.sums(_over(events, number)[key])
    seen = rows.sums(rows.value)
    low, high = exact_poisson(seen)
    return _framed(
        rows, "observed over expected", seen, expected, _over(seen, expected), _over(low, expected),
        _over(high, expected), "exact Poisson", _persons(rows),
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
        As `proportion`; ``denominator`` counts the rows inside.
    """
    parts = [Rows(rows.cell[k], rows.cells, rows.value[k], rows.cluster[k], rows.repeats) for k in (inside, ~inside)]
    covered, other = (mean(part) for part in parts)
    number = covered["denominator"].to_numpy()
    value = (other["value"] - covered["value"]).to_numpy() * number / 60
    error = np.hypot(*(_error(found, _size(part)) for found, part in zip((covered, other), parts, strict=True)))
    half = float(critical(np.inf)) * error * number / 60
    return _framed(rows, "hours", value, number, value, value - half, value + half, "normal", _persons(rows))


def _error(found: pd.DataFrame, size: Array) -> Array:
    """Return the standard error behind the t interval of a mean."""
    half = (found["conf_high"] - found["value"]).to_numpy(float)
    return np.asarray(half / critical(np.maximum(size - 1, 1)), float)


def _size(rows: Rows) -> Array:
    """Count the persons (or rows, where none are known) of each cell."""
    return np.bincount(_pairs(rows)[1], minlength=rows.cells).astype(float)


def is_small(cells: pd.DataFrame) -> pd.Series:
    """Whether a cell shows a count of 1 to 10: of events, of their complement, or of all rows.

    Parameters
    ----------
    cells : DataFrame
        As any kind gives them.
    """
    whole = cells["statistic"].isin(["proportion", "share"]) | cells["statistic"].str.startswith("rate")
    shown = [
        cells["denominator"],
        cells["numerator"].where(whole),
        (cells["denominator"] - cells["numerator"]).where(whole),
    ]
    found = pd.Series(False, index=cells.index)
    for count in shown:
        found |= count.gt(0) & count.le(smallest_shown)
    return found


_head = [
    "statistic", "numerator", "denominator", "value", "conf_low", "conf_high", "interval", "design_effect", "n_persons",
]  # fmt: skip


def _framed(
    rows: Rows, statistic: str, above: Array, below: Array, value: Array, low: Array, high: Array,
    interval: object, persons: Array,
) -> pd.DataFrame:  # fmt: skip
    """Put one number per cell into a frame."""
    made = dict(zip(_head, (statistic, above, below, value, low, high, interval, np.nan, persons), strict=True))
    return pd.DataFrame(made, index=range(rows.cells))


def _by_cell(rows: Rows) -> Iterator[tuple[int, Array]]:
    """Give the values of each cell."""
    order = np.argsort(rows.cell, kind="stable")
    ends = np.searchsorted(rows.cell[order], np.arange(rows.cells + 1))
    for number in range(rows.cells):
        yield number, rows.value[order[ends[number] : ends[number + 1]]]


def _persons(rows: Rows) -> Array:
    """Count the persons of each cell, where they are known."""
    return _size(rows) if rows.repeats else np.full(rows.cells, np.nan)


def _over(above: Array, below: Array) -> Array:
    """Divide; nothing by nothing is missing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)
