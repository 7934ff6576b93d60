"""Triple differences of calls: every city's change in its covered and its uncovered hours, at one mix of calls.

The calls of the treated city's covered hours are the target. Each other class g of hours of a city is held against it
by a doubly robust difference-in-differences of repeated cross-sections, DRDID(target, g): the change of the target less
the change that the calls of g would have had at the target's covariates. A triple difference is a sum of three of them,

    DDD_j = DRDID(target, treated uncovered) + DRDID(target, j covered) − DRDID(target, j uncovered)

for comparison city j, and not the difference of two comparisons that are each adjusted to a mix of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.drdid import Method, TwoByTwo, cross_section_effect, independent_columns
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import note

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
classes = ("uncovered", "covered")


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Changes of both classes of hours of 1 + m cities, each less that of the treated city's covered hours.

    Parameters
    ----------
    change : ndarray, shape (1 + m, 2)
        −DRDID(target, g) of uncovered and covered hours, the treated city first; its covered hours are 0.
    errors : ndarray, shape (T, 1 + m, 2)
        Their influence summed by week, as a weekly series whose mean after less mean before the start is the error of
        ``change``, to first order. A week without calls has no error.
    week : ndarray of int, shape (T,)
        Weeks with a call.
    after : ndarray of bool, shape (T,)
        Whether the week lies after the start.
    trimmed : int
        Calls that count nothing because they are nearly all of the target's class.
    """

    change: Array
    errors: Array
    week: NDArray[np.int64]
    after: Booleans
    trimmed: int


def changes(
    outcome: Array,
    *,
    city: NDArray[np.int64],
    covered: Booleans,
    after: Booleans,
    week: NDArray[np.int64],
    covariates: Array,
    names: list[str],
    known_as: Sequence[str],
    method: Method = "dr",
) -> Changes:
    """Hold every class of hours against the covered hours of city 0.

    Parameters
    ----------
    outcome : ndarray, shape (n,)
        One value per call.
    city : ndarray of int, shape (n,)
        Position of the call's city in ``names``; 0 is the treated one.
    covered, after : ndarray of bool, shape (n,)
        Whether the call came in a covered hour of the week, and after the start.
    week : ndarray of int, shape (n,)
        Week of the call.
    covariates : ndarray, shape (n, p)
        Without a constant; p may be 0.
    names : list of str
        Cities, for notes and errors.
    known_as : sequence of str
        Covariates, for errors.
    method : {"dr", "dr_improved", "ipw", "reg"}
        As in `cross_section_effect`.

    Returns
    -------
    Changes

    Raises
    ------
    EstimationError
        If a class of hours of a city has no calls before or after, or its calls do not overlap with the target's.

    References
    ----------
    Ortiz-Villavicencio & Sant'Anna (2025), arXiv:2505.09942; Sant'Anna & Zhao (2020),
    doi:10.1016/j.jeconom.2020.06.003.

    Examples
    --------
    Eight cells of one call each, here with an effect of 10 − 5 in the treated city's covered and uncovered hours:

    >>> cells = np.array(list(product([0, 1], [False, True], [False, True])))
    >>> city, covered, after = cells[:, 0], cells[:, 1] == 1, cells[:, 2] == 1
    >>> y = 2.0 * after + 3.0 * covered * after + (10.0 * covered - 5.0 * ~covered) * after * (city == 0)
    >>> found = changes(y, city=city, covered=covered, after=after, week=np.where(after, 0, -1),
    ...                 covariates=np.empty((8, 0)), names=["A", "B"], known_as=[])
    >>> found.change.round(9).tolist()
    [[-18.0, 0.0], [-13.0, -10.0]]
    """
    weeks, place = np.unique(week, return_inverse=True)
    later = np.bincount(place, weights=after) > 0
    spans = np.where(later, later.sum(), -(~later).sum())
    target = (city == 0) & covered
    change, errors = np.zeros((len(names), 2)), np.zeros((len(weeks), len(names), 2))
    trimmed = 0
    for j, side in product(range(len(names)), (0, 1)):
        if (j, side) == (0, 1):
            continue
        rows = np.flatnonzero(target | ((city == j) & (covered == side)))
        where = f"{classes[side]} hours of {names[j]}"
        found = _against(outcome[rows], after[rows], target[rows], covariates[rows], method, where, known_as)
        change[j, side] = -found.att
        by_week = np.bincount(place[rows], weights=found.influence, minlength=len(weeks)) / len(rows)
        errors[:, j, side] = -spans * by_week
        trimmed += found.trimmed
    return Changes(change, errors, weeks.astype(np.int64), later, trimmed)


def _against(
    outcome: Array,
    after: Booleans,
    target: Booleans,
    covariates: Array,
    method: Method,
    where: str,
    known_as: Sequence[str],
) -> TwoByTwo:
    """DRDID(target, g), with errors that say which class of hours g is."""
    kept = independent_columns(covariates)
    if len(kept) < covariates.shape[1]:
        note(f"{where}: {covariates.shape[1] - len(kept)} covariates add nothing to the others, and are left out")
    counts = [int((there & (after == side)).sum()) for there in (target, ~target) for side in (False, True)]
    if 0 in counts:
        raise EstimationError(
            f"{where}: {counts[2]} calls before and {counts[3]} after the start, beside {counts[0]} and {counts[1]} in "
            "the covered hours of the treated city",
            mend="leave out cities without calls in each class of hours on both sides of the start",
        )
    try:
        return cross_section_effect(outcome, after, target, covariates[:, kept], method=method)
    except EstimationError as error:
        if not kept:
            raise
        place, apart = _farthest_apart(covariates[:, kept], target)
        raise EstimationError(
            f"{where}: {error.what}; '{known_as[kept[place]]}' differs most, by {apart:.1f} standard deviations",
            mend=f"leave out '{known_as[kept[place]]}', or use method='reg' and say that it extrapolates",
        ) from error


def _farthest_apart(covariates: Array, target: Booleans) -> tuple[int, float]:
    """Column of the largest standardised difference of the two groups, and that difference."""
    here, there = covariates[target], covariates[~target]
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(here.mean(axis=0) - there.mean(axis=0)) / np.sqrt((here.var(axis=0) + there.var(axis=0)) / 2)
    apart = np.nan_to_num(apart, posinf=np.inf)
    return int(apart.argmax()), float(apart.max())
