"""Treatments exchanged between like clusters: who gets them is drawn again, what belongs together stays together.

Clusters of the same number of calls in the same block form a cell, and within a cell whole sequences of treatments
change hands, first call for first call. Chance alone then links treatment and outcome within blocks, and the treatments
of one cluster stay as alike as they were.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


class Cells(NamedTuple):
    """Rows in the order of cells, clusters and time; where each cluster begins, how long it is, its cell."""

    rows: Codes
    first: Codes
    length: Codes
    cell: Codes


def cells_of(clusters: Codes, blocks: Codes) -> Cells:
    """Form the cells within which clusters may exchange their treatments.

    Parameters
    ----------
    clusters : ndarray of int, shape (n,)
        Cluster of each row, rows in order of time.
    blocks : ndarray of int, shape (n,)
        Block of each row; that of its first row is the cluster's.

    Examples
    --------
    >>> cells_of(np.array([0, 1, 0, 2]), np.zeros(4, int)).cell.tolist()
    [0, 0, 1]
    """
    _, own, length = np.unique(clusters, return_index=True, return_counts=True)
    _, place = np.unique(clusters, return_inverse=True)
    _, cell = np.unique(np.column_stack([length, blocks[own]]), axis=0, return_inverse=True)
    order = np.argsort(cell, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    rows = np.argsort(rank[place], kind="stable")
    length = length[order]
    return Cells(rows, np.cumsum(length) - length, length, cell[order])


def exchangeable(cells: Cells, treated: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows of cells in which not every cluster has the same treatments, shape (n,).

    Examples
    --------
    >>> cells = cells_of(np.array([0, 1, 2, 3]), np.array([0, 0, 1, 1]))
    >>> exchangeable(cells, np.array([True, False, True, True])).tolist()
    [True, True, False, False]
    """
    mean = expected(cells, treated)
    inner = np.zeros(len(treated))
    inner[cells.rows] = np.repeat(np.add.reduceat((mean * (1 - mean))[cells.rows], cells.first), cells.length)
    return np.asarray(inner > 0)


def expected(cells: Cells, treated: NDArray[np.bool_]) -> Array:
    """Share treated over all exchanges of each row: the mean of its cell at its place in the sequence, shape (n,)."""
    key = _places(cells)
    share = np.bincount(key, weights=treated[cells.rows]) / np.bincount(key)
    found = np.empty(len(treated))
    found[cells.rows] = share[key]
    return found


def groups(cells: Cells) -> int:
    """Count the groups of rows that exchange among each other: places in the sequences of each cell."""
    return int(_places(cells).max()) + 1


def _places(cells: Cells) -> Codes:
    """Give every row the number of its cell and place in the sequence, in the order of ``cells.rows``."""
    place = np.arange(len(cells.rows)) - np.repeat(cells.first, cells.length)
    pairs = np.column_stack([np.repeat(cells.cell, cells.length), place])
    return np.asarray(np.unique(pairs, axis=0, return_inverse=True)[1], np.int64)


def exchanged(cells: Cells, treated: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return the treatments after one exchange, shape (n,).

    Examples
    --------
    >>> cells = cells_of(np.array([0, 0, 1, 1]), np.zeros(4, int))
    >>> sorted({tuple(exchanged(cells, np.array([True, True, False, False]), np.random.default_rng(s)).tolist())
    ...         for s in range(9)})
    [(False, False, True, True), (True, True, False, False)]
    """
    giver = np.lexsort((rng.random(len(cells.cell)), cells.cell))
    within = np.arange(len(cells.rows)) - np.repeat(cells.first, cells.length)
    found = np.empty_like(treated)
    found[cells.rows] = treated[cells.rows][np.repeat(cells.first[giver], cells.length) + within]
    return found
