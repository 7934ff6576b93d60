"""Totals of what is known only where somebody looked: scores of every unit, and accuracy of a label held against them.

Within cells of like units those looked at stand for the others (Begg & Greenes). A score is what a unit counts for: its
sum over a cell is the estimated total, and its scatter carries the noise of that estimate.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import note
from coresponder_causal.core.partial_means import Moved

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Labels = NDArray[np.int64]
fewest_looked_at = 5


def verified_scores(
    value: Array, known: Flags, cells: Labels, *, asked: Flags | None = None, odds: Array | float = 1.0
) -> Array:
    """Score every unit so that sums of scores estimate sums of a value known of some.

    Parameters
    ----------
    value : ndarray, shape (n,)
        Not looked at where unknown. Under ``odds`` other than 1: 0 or 1.
    known : ndarray of bool, shape (n,)
    cells : ndarray of int, shape (n,)
        From 0; each has a known unit.
    asked : ndarray of bool, shape (n,), optional
        Units that were to be looked at; the others of their cell were left out by lot. By default all were.
    odds : ndarray, shape (n,), or float
        The odds of units that were to be looked at and were not, over those of known ones of their cell, equal within
        a cell; 0: none of them has it, ∞: all have.

    Returns
    -------
    ndarray, shape (n,)
        m + (N/n_a) a (k − p)(r − h) + (N/n_k) k (p + (1 − p) h′)(y − r), with r the mean of a cell's n_k known units, h
        its tilted odds, p = n_k/n_a the share known of those asked, m = p r + (1 − p) h: the doubly robust score where
        h = r.

    References
    ----------
    Begg & Greenes (1983), doi:10.2307/2530820; Alonzo & Pepe (2005), doi:10.1111/j.1467-9876.2005.00477.x; tilted odds:
    Kosinski & Barnhart (2003), doi:10.1111/1541-0420.00019.

    Examples
    --------
    >>> y, known = np.array([1.0, 0.0, np.nan, np.nan]), np.array([True, True, False, False])
    >>> verified_scores(y, known, np.zeros(4, int)).tolist()
    [1.5, -0.5, 0.5, 0.5]
    >>> [float(verified_scores(y, known, np.zeros(4, int), odds=o).sum()) for o in (0.0, 1.0, np.inf)]
    [1.0, 2.0, 3.0]
    """
    wanted = np.ones(len(value), bool) if asked is None else asked
    many = int(cells.max()) + 1
    size, looked, meant = (np.bincount(cells, of, minlength=many) for of in (None, known, wanted))
    if empty := int(((size > 0) & (looked == 0)).sum()):
        raise EstimationError(
            f"in {empty} kinds of calls nobody looked", mend="name fewer columns, or draw some of these for a look"
        )
    seen = np.where(known, value, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate, share = np.bincount(cells, seen, minlength=many) / looked, looked / meant
        per_known, per_asked = size / looked, size / meant
    r, p = rate[cells], share[cells]
    other, slope = _tilted(r, np.broadcast_to(np.asarray(odds, float), r.shape))
    score = p * r + (1 - p) * other + per_asked[cells] * wanted * (known - p) * (r - other)
    return np.asarray(score + np.where(known, per_known[cells] * (p + (1 - p) * slope) * (seen - r), 0.0), float)


def verified_weights(known: Flags, cells: Labels) -> Array:
    """How many units of its cell each known one stands for; 0 for the others.

    Examples
    --------
    >>> verified_weights(np.array([True, False, True]), np.array([0, 0, 1])).tolist()
    [2.0, 0.0, 1.0]
    """
    size, looked = np.bincount(cells), np.bincount(cells, known)
    times = np.divide(size, looked, out=np.zeros(len(size)), where=looked > 0)
    return np.where(known, times[cells], 0.0)


def _tilted(r: Array, odds: Array) -> tuple[Array, Array]:
    """Share whose odds are those of r times a number, and its derivative in r."""
    if (odds == 1).all():
        return r, np.ones_like(r)
    finite = np.where(np.isfinite(odds), odds, 1.0)
    below = 1 + (finite - 1) * r
    share = np.divide(finite * r, below, out=np.zeros_like(r), where=below > 0)
    slope = np.divide(finite, below**2, out=np.zeros_like(r), where=below > 0)
    everyone = np.isinf(odds)
    return np.where(everyone, 1.0, share), np.where(everyone, 0.0, slope)


def pooled_cells(kinds: pd.DataFrame, known: Flags, *, within: int = 1) -> Labels:
    """Give cells of like units their numbers; those with few known units are put together, and said.

    Parameters
    ----------
    kinds : DataFrame of text, n rows
        What makes units alike.
    known : ndarray of bool, shape (n,)
    within : int
        So many first columns are never given up.

    Returns
    -------
    ndarray of int, shape (n,)

    Examples
    --------
    >>> kinds = pd.DataFrame({"label": ["a"] * 12, "hour": ["night"] * 9 + ["day"] * 2 + ["noon"]})
    >>> pooled_cells(kinds, np.ones(12, bool)).tolist()
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]
    """
    names = [str(name) for name in kinds]
    fine = kinds.groupby(names, sort=True, dropna=False).ngroup().to_numpy()
    looked = np.bincount(fine, known)
    few = looked < fewest_looked_at
    if few.any() and len(names) > within:
        coarse = kinds.groupby(names[:within], sort=True, dropna=False).ngroup().to_numpy()
        note(
            f"{int(few.sum())} of {len(looked)} kinds of calls with fewer than {fewest_looked_at} looked at are put "
            f"together within {' and '.join(names[:within])}"
        )
        fine = np.where(few[fine], -1 - coarse, fine)
    return np.asarray(np.unique(fine, return_inverse=True)[1], np.int64)


def accuracy(score: Array, label: Array, member: Array | None = None) -> Mapping[str, Moved]:
    """How well a label agrees with what is scored: six shares and κ, with the part of each unit in them.

    Parameters
    ----------
    score : ndarray, shape (n,)
        As `verified_scores` gives it.
    label : ndarray, shape (n,)
        0 or 1.
    member : ndarray, shape (n,), optional
        1 for units that are looked at, 0 else.

    Returns
    -------
    mapping of str to Moved
        ``sensitivity, specificity, positive_predictive_value, negative_predictive_value, kappa, prevalence, labelled``;
        NaN where nothing stands below the line. ``slope`` adds up, unit by unit, to the error.

    References
    ----------
    Zhou (1993), doi:10.1080/03610929308831209; κ: Cohen (1960), doi:10.1177/001316446002000104.

    Examples
    --------
    >>> found = accuracy(np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, 0.0]))
    >>> round(found["sensitivity"].value, 3), round(found["kappa"].value, 3)
    (0.5, 0.5)
    """
    inside = np.ones(len(score)) if member is None else member
    parts = np.array([score * label, (1 - score) * label, score * (1 - label), (1 - score) * (1 - label)]) * inside
    a, b, c, d = parts.sum(axis=1).tolist()
    above, below = 2 * (a * d - b * c), (a + b) * (b + d) + (a + c) * (c + d)
    of_above = np.array([2 * d, -2 * c, -2 * b, 2 * a])
    of_below = np.array([b + c + 2 * d, a + 2 * b + d, a + 2 * c + d, 2 * a + b + c])
    found = {
        "sensitivity": _share(parts, (1, 0, 0, 0), (1, 0, 1, 0)),
        "specificity": _share(parts, (0, 0, 0, 1), (0, 1, 0, 1)),
        "positive_predictive_value": _share(parts, (1, 0, 0, 0), (1, 1, 0, 0)),
        "negative_predictive_value": _share(parts, (0, 0, 0, 1), (0, 0, 1, 1)),
        "kappa": Moved(np.nan, np.full(len(score), np.nan)),
        "prevalence": _share(parts, (1, 0, 1, 0), (1, 1, 1, 1)),
        "labelled": _share(parts, (1, 1, 0, 0), (1, 1, 1, 1)),
    }
    if below > 0:
        found["kappa"] = Moved(above / below, (of_above - above / below * of_below) @ parts / below)
    return found


def _share(parts: Array, above: tuple[int, ...], below: tuple[int, ...]) -> Moved:
    """Ratio of two sums of the four cells."""
    over, under = np.array(above) @ parts, np.array(below) @ parts
    total = float(under.sum())
    if not total > 0:
        return Moved(np.nan, np.full(parts.shape[1], np.nan))
    value = float(over.sum()) / total
    return Moved(value, (over - value * under) / total)
