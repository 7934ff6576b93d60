"""What somebody who sees a table with hidden cells can work out about them.

The attacker knows the relations, every shown cell, and that counts are not negative; perhaps also bounds of some hidden
cells, for instance that small ones lie between 1 and 10. What each cell can be is bounded by two linear programs.
They allow fractions, so the interval contains that of an attacker who uses that counts are whole; in a network (see
`CellSystem.network`) both are the same. `coresponder_causal.core.witnesses` proves intervals for whole numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from coresponder_causal.core.cell_system import Array, CellSystem
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.programs import least

_SLACK = 1e-6  # of a count; counts are whole


class Unknowns(NamedTuple):
    """Hidden cells as the attacker meets them: A x = b with low ≤ x ≤ high; ``cells`` are their positions."""

    cells: NDArray[np.intp]
    A: csr_array
    b: Array
    low: Array
    high: Array


def intervals(
    system: CellSystem,
    hidden: ArrayLike,
    *,
    bounds: tuple[ArrayLike, ArrayLike] | None = None,
    cells: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """Smallest and largest value that each cell can have, given what is shown.

    Parameters
    ----------
    system : CellSystem
    hidden : array of bool, shape (n,)
    bounds : two arrays of shape (n,), optional
        What is known of hidden cells beforehand, by default 0 to ∞; read at hidden cells only.
    cells : array of int, shape (m,), optional
        Positions whose interval is wanted; by default all.

    Returns
    -------
    tuple of two ndarray, shape (m,)
        Low and high: the value itself for shown cells, ∞ where nothing bounds it.

    Raises
    ------
    EstimationError
        When the bounds contradict what is shown.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, section 4.3, doi:10.1002/9781118348239

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.core.cell_system import of_table
    >>> counts = pd.DataFrame({"district": ["a", "b", "c"], "count": [4, 20, 6]})
    >>> table = of_table(counts, ["district"])
    >>> [bound.tolist() for bound in intervals(table, [True, False, True, False])]
    [[0.0, 20.0, 0.0, 30.0], [10.0, 20.0, 10.0, 30.0]]
    """
    hidden = np.asarray(hidden, bool)
    wanted = np.ones(len(system.values), bool)
    if cells is not None:
        wanted[:] = False
        wanted[np.asarray(cells)] = True
    low, high = system.values.copy(), system.values.copy()
    for part in parts(unknowns(system, hidden, bounds)):
        if wanted[part.cells].any():
            low[part.cells], high[part.cells] = _extents(part, wanted[part.cells])
    chosen = slice(None) if cells is None else np.asarray(cells)
    return low[chosen], high[chosen]


def unknowns(
    system: CellSystem, hidden: NDArray[np.bool_], bounds: tuple[ArrayLike, ArrayLike] | None = None
) -> Unknowns:
    """Put the shown cells in and return the equations that are left."""
    cells = np.flatnonzero(hidden)
    low, high = (0.0, np.inf) if bounds is None else (np.asarray(bound, float) for bound in bounds)
    A = csr_array(system.relations[:, cells])
    b = -(system.relations[:, np.flatnonzero(~hidden)] @ system.values[~hidden])
    used = np.flatnonzero(np.diff(A.indptr))
    n = len(hidden)
    return Unknowns(
        cells, csr_array(A[used]), b[used], np.broadcast_to(low, n)[cells] + 0.0, np.broadcast_to(high, n)[cells] + 0.0
    )


def parts(whole: Unknowns) -> list[Unknowns]:
    """Split hidden cells into groups that no equation joins."""
    r, m = whole.A.shape
    if not m:
        return []
    joined = csr_array(abs(whole.A))
    label = connected_components(csr_array(joined.T @ joined), directed=False)[1] if r else np.arange(m)
    row_label = label[whole.A.indices[whole.A.indptr[:-1]]] if r else np.empty(0, int)
    found = []
    for group in range(int(label.max()) + 1):
        columns, rows = np.flatnonzero(label == group), np.flatnonzero(row_label == group)
        A = csr_array(whole.A[rows][:, columns])
        found.append(Unknowns(whole.cells[columns], A, whole.b[rows], whole.low[columns], whole.high[columns]))
    return found


def propagated(part: Unknowns) -> tuple[Array, Array]:
    """Bounds that follow from one equation at a time, repeated until nothing changes."""
    low, high = part.low.copy(), part.high.copy()
    entries = part.A.tocoo()
    row, column = (np.asarray(place, np.intp) for place in entries.coords)
    sign = np.asarray(entries.data, float)
    for _ in range(len(part.b) + 1):
        smallest = np.where(sign > 0, low[column], -high[column])
        largest = np.where(sign > 0, high[column], -low[column])
        under = part.b[row] - _others(largest, row, len(part.b), np.inf)
        over = part.b[row] - _others(smallest, row, len(part.b), -np.inf)
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, column, np.where(sign > 0, under, -over))
        np.minimum.at(new_high, column, np.where(sign > 0, over, -under))
        if (new_low == low).all() and (new_high == high).all():
            break
        low, high = new_low, new_high
    return low, high


def _others(terms: Array, row: NDArray[np.intp], n: int, endless: float) -> Array:
    """Sum of the other terms of each equation; one endless other makes it endless."""
    infinite = ~np.isfinite(terms)
    finite = np.where(infinite, 0.0, terms)
    count = np.bincount(row, infinite, n)[row] - infinite
    total = np.asarray(np.bincount(row, finite, n), float)
    return np.where(count > 0, endless, total[row] - finite)


def _extents(part: Unknowns, wanted: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Bounds from outside by propagation and by programs, met from inside by the points that programs find.

    One program pushes all open bounds at once; the first that closes none is followed by one for a single cell.
    """
    low, high = propagated(part)
    if (low > high + _SLACK).any():
        raise _contradiction()
    lowest, highest = np.full(len(low), np.inf), np.full(len(low), -np.inf)
    together = True
    while True:
        falling, rising = wanted & (lowest > low + _SLACK), wanted & (highest < high - _SLACK)
        undecided = int(falling.sum() + rising.sum())
        if not undecided:
            return low, high
        aim = np.where(rising & np.isfinite(high), -1.0, np.where(falling, 1.0, 0.0))
        single = None
        if not together or not aim.any():
            single = int(np.flatnonzero(falling | rising)[0])
            aim = np.zeros(len(low))
            aim[single] = 1.0 if falling[single] else -1.0
        point = _optimum(part, aim, low, high)
        if point is not None:
            lowest, highest = np.minimum(lowest, point), np.maximum(highest, point)
        if single is not None and aim[single] > 0 and point is not None:
            low[single] = lowest[single] = point[single]
        elif single is not None:
            high[single] = highest[single] = np.inf if point is None else point[single]
        left = int((wanted & (lowest > low + _SLACK)).sum() + (wanted & (highest < high - _SLACK)).sum())
        together = left < undecided


def _optimum(part: Unknowns, aim: Array, low: Array, high: Array) -> Array | None:
    """Point that minimises the aim, or None where it falls for ever."""
    found = least(aim, part.A, part.b, low, high)
    if found.x is None:
        if not (found.endless and aim.any()):
            raise _contradiction()
        _optimum(part, np.zeros_like(aim), low, high)  # raises where nothing is possible at all
        return None
    near = np.round(found.x)
    return np.where(np.abs(near - found.x) < _SLACK, near, found.x)


def _contradiction() -> EstimationError:
    return EstimationError(
        "what is known of hidden cells contradicts what is shown", mend="widen bounds= of cells that can lie outside"
    )
