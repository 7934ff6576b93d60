"""Proportions and rates of a cell from seven whole numbers, whoever added them up: memory, DuckDB or Spark.

Sums of whole numbers depend on no order, so that every engine gives the same proportion and interval to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import exact_poisson, wilson

Array = NDArray[np.float64]
head = (
    "statistic", "numerator", "denominator", "value", "conf_low", "conf_high", "interval", "design_effect", "n_persons",
)  # fmt: skip
smallest_shown = 10


@dataclass(frozen=True, slots=True)
class Sums:
    """What a proportion or a rate needs of each cell, shapes (cells,): e events and n rows of each person, added up.

    Parameters
    ----------
    events, number, persons : ndarray
        Rows that are a yes, rows whose answer is known, and persons they belong to; rows without a person are each
        their own.
    squares, cross, sizes : ndarray
        Σe², Σen and Σn² over persons.
    repeats : bool
        Whether codes of persons are known, so that rows may repeat them.
    """

    events: Array
    number: Array
    persons: Array
    squares: Array
    cross: Array
    sizes: Array
    repeats: bool


columns_of_sums = tuple(field.name for field in fields(Sums) if field.name != "repeats")


def proportion(sums: Sums) -> pd.DataFrame:
    """Share of yes in each cell, with the score interval; clustered where persons repeat.

    Parameters
    ----------
    sums : Sums

    Returns
    -------
    DataFrame
        One row per cell: ``statistic, numerator, denominator, value, conf_low, conf_high, interval, design_effect,
        n_persons``. Clustered: Wilson's interval at n / deff trials, deff being the clustered variance over the
        binomial one and at least 1; where all or none are yes, at as many trials as persons.
    """
    share = over(sums.events, sums.number)
    effect = _design_effect(sums, share)
    trials = np.where(np.isfinite(effect), sums.number / np.maximum(effect, 1), sums.number)
    low, high = wilson(share * trials, trials)
    name = np.where(np.isfinite(effect) & (effect > 1), "person-clustered Wilson", "Wilson")
    found = framed("proportion", sums.events, sums.number, share, low, high, name, persons_known(sums))
    return found.assign(design_effect=np.where(np.isfinite(effect), np.maximum(effect, 1), np.nan))


def _design_effect(sums: Sums, share: Array) -> Array:
    """Clustered over binomial variance of each cell's share; NaN where nobody repeats."""
    if not sums.repeats:
        return np.full(len(share), np.nan)
    number, persons = sums.number, sums.persons
    with np.errstate(invalid="ignore", divide="ignore"):
        residual = sums.squares - 2 * share * sums.cross + share**2 * sums.sizes
        variance = residual / number**2 * persons / (persons - 1)
        binomial = share * (1 - share) / number
        effect = np.where(binomial > 0, variance / binomial, number / persons)
    return np.where((persons > 1) & (persons < number), effect, np.nan)


def rate(sums: Sums, *, per: float, exposure: Array | None = None) -> pd.DataFrame:
    """Events over rows, or over an exposure, with the exact Poisson interval.

    Parameters
    ----------
    sums : Sums
    per : float
        Multiplier.
    exposure : ndarray, shape (cells,), optional

    Returns
    -------
    DataFrame
        As `proportion`.
    """
    below = sums.number if exposure is None else exposure
    low, high = exact_poisson(sums.events)
    value, low, high = (per * over(above, below) for above in (sums.events, low, high))
    return framed(f"rate per {per:g}", sums.events, below, value, low, high, "exact Poisson", persons_known(sums))


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


def persons_known(sums: Sums) -> Array:
    """Count the persons of each cell, shape (cells,), where codes of persons are known."""
    return sums.persons if sums.repeats else np.full(len(sums.persons), np.nan)


def over(above: Array, below: Array) -> Array:
    """Divide; nothing by nothing is missing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)


def framed(
    statistic: str, above: Array, below: Array, value: Array, low: Array, high: Array, interval: object, persons: Array
) -> pd.DataFrame:
    """Put one number per cell, each of shape (cells,), into a frame with the columns of `proportion`."""
    made = dict(zip(head, (statistic, above, below, value, low, high, interval, np.nan, persons), strict=True))
    return pd.DataFrame(made, index=range(len(value)))
