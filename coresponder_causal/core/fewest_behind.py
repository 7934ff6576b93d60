"""How few persons stand behind a combination of sums that were shown.

Somebody who knows of whom each sum is made adds and subtracts sums so that most persons cancel. What is left tells of
those who do not: of one person, if sums were chosen carelessly. Persons who stand in the same sums in the same way can
only cancel together, so the question is one about a few classes of persons.
"""

from __future__ import annotations

from itertools import chain, combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
most_tried = 2000
_ZERO = 1e-9


def fewest_behind(sums: Array, sizes: NDArray[np.int64], *, threshold: int) -> int:
    """Fewest persons that a combination of sums concerns, if they are fewer than a threshold.

    Parameters
    ----------
    sums : ndarray, shape (sums, classes, answers)
        Weight of each answer of the persons of a class in each sum.
    sizes : ndarray of int, shape (classes,)
        Persons of each class.
    threshold : int

    Returns
    -------
    int
        The threshold where every combination that is not empty concerns as many or more. Where too many combinations
        would have to be tried, 1: nothing is known to be safe.

    Notes
    -----
    Combinations that cancel every class of ``threshold`` persons or more form a space of some dimension d. One that
    concerns fewest classes cancels others until one direction is left, and d - 1 classes suffice for that, so trying
    all sets of as many classes finds it (the cocircuits of a matroid; Oxley 2011, Matroid Theory, section 2.1).

    Examples
    --------
    Twenty persons, then nineteen of them; then two groups that share ten.

    >>> first = np.array([[[1.0], [1.0]], [[1.0], [0.0]]])
    >>> fewest_behind(first, np.array([19, 1]), threshold=11)
    1
    >>> second = np.array([[[1.0], [1.0], [0.0]], [[1.0], [0.0], [1.0]]])
    >>> fewest_behind(second, np.array([10, 12, 12]), threshold=11)
    11
    """
    _, classes, answers = sums.shape
    directions = _directions(sums.reshape(len(sums), classes * answers)).reshape(-1, classes, answers)
    left = _cancelling(directions, np.flatnonzero(sizes >= threshold))
    small = np.flatnonzero(sizes < threshold)
    chosen = len(left) - 1
    if not len(left):
        return threshold
    if comb(len(small), chosen) > most_tried:
        return 1
    fewest = threshold
    alone = [np.setdiff1d(small, [one]) for one in small]
    sets = (np.array(some, np.intp) for many in range(chosen + 1) for some in combinations(small.tolist(), many))
    for cancelled in chain(alone, sets):
        one = _cancelling(left, cancelled)
        if len(one) == 1 or (len(one) and len(cancelled) == len(small) - 1):
            fewest = min(fewest, int(sizes[(np.abs(one[0]) > _ZERO).any(axis=1)].sum()))
        if fewest == sizes[small].min():
            break
    return fewest


def _directions(rows: Array) -> Array:
    """Orthonormal rows that span the same space."""
    _, values, right = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(right[values > _ZERO * max(1.0, values.max(initial=0.0))])


def _cancelling(sums: Array, classes: NDArray[np.intp]) -> Array:
    """Directions among sums in which some classes cancel."""
    if not len(classes) or not len(sums):
        return sums
    held = sums[:, classes].reshape(len(sums), -1)
    left, values, _ = np.linalg.svd(held, full_matrices=True)
    rank = int((values > _ZERO).sum())
    return np.asarray(np.tensordot(left[:, rank:].T, sums, axes=1))
