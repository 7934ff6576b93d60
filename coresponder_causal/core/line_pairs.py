"""Pairs on one score with the least sum of distances, by one sweep over both sorted arms.

On a line some best pairing is in order: crossed pairs can be uncrossed at no cost, also within a caliper. So the best
pairs of the first rows with the first controls follow from those of one row or one control fewer (Monge 1781; Aggarwal
et al. 1992). Let every row take the nearest free control below it, from the top row down: no row of a best pairing in
order need go lower, since it would come nearer by going up to that control; and likewise above. That leaves each row a
narrow window.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.links import Array, Links, Rows, step


def least_line_pairs(first: Array, second: Array, *, ratio: int, width: float) -> Links:
    """Pair as many units as possible with ``ratio`` units of the other arm, with the least sum of distances.

    Parameters
    ----------
    first, second : ndarray, shape (n1,) and (n2,)
        Scores, compared to nine decimals.
    ratio : int
        Units of the second arm for each of the first; each unit has one before any has two, as far as that can be.
    width : float
        Largest distance allowed (``inf`` for none).

    Returns
    -------
    Links
        Of all best pairings one in order: of two units of the first arm, the higher never has the lower partner.

    References
    ----------
    Rosenbaum (1989), doi:10.1080/01621459.1989.10478868; Aggarwal et al. (1992), doi:10.1109/SFCS.1992.267793.

    Examples
    --------
    >>> found = least_line_pairs(np.array([0.3, 0.5]), np.array([0.4, 0.1]), ratio=1, width=np.inf)
    >>> found.second.tolist(), found.distance.tolist()
    ([1, 0], [0.2, 0.1])
    """
    order = np.repeat(np.argsort(first, kind="stable"), ratio), np.argsort(second, kind="stable")
    x, y = (np.rint(score[rows] / step).astype(np.int64) for score, rows in zip((first, second), order, strict=True))
    low, high = _windows(x, y, np.rint(min(width, np.ptp(x) + np.ptp(y) + 1e9) / step))
    penalty = 2 * int(max(x.max(), y.max()) - min(x.min(), y.min()) + 1)
    alone = penalty * np.tile(np.arange(ratio, 0, -1), len(first))
    found = _sweep(x, y, low, high, alone)
    rows = np.flatnonzero(found >= 0)
    pairs = order[0][rows], order[1][found[rows]]
    sorted_rows = np.lexsort(pairs[::-1])
    distance = np.round(np.abs(x[rows] - y[found[rows]]) * step, 9)
    return Links(pairs[0][sorted_rows], pairs[1][sorted_rows], distance[sorted_rows])


def _windows(x: Rows, y: Rows, width: float) -> tuple[Rows, Rows]:
    """Give each row the controls it may have, first and past the last: in the caliper, and between nearest free."""
    rows, last = np.arange(len(x)), np.searchsorted(y, x, side="right") - 1
    below = np.minimum.accumulate((last - rows)[::-1])[::-1] + rows
    above = np.maximum.accumulate(np.maximum(np.searchsorted(y, x), last) - rows) + rows
    low = np.maximum(np.searchsorted(y, x - width), below)
    high = np.minimum(np.searchsorted(y, x + width, side="right"), above + 1)
    return low, np.maximum(high, low)


def _sweep(x: Rows, y: Rows, low: Rows, high: Rows, alone: Rows) -> Rows:
    """Control of each row, -1 where it stays alone.

    Within a row, ``total[j]`` is the least cost of the rows so far with controls before ``low + j``. What led there is
    kept in two bits: whether this control is better than those before it, and whether the row takes it.
    """
    total, start = np.zeros(1, np.int64), 0
    better, takes = [], []
    for row in range(len(x)):
        past = np.arange(low[row], high[row] + 1) - start
        before = total[np.minimum(past, len(total) - 1)]
        after = before + alone[row]
        taken = before[:-1] + np.abs(x[row] - y[low[row] : high[row]])
        taking = np.append(False, taken <= after[1:])
        after[1:] = np.minimum(after[1:], taken)
        total, start = np.minimum.accumulate(after), low[row]
        better.append(np.packbits(np.append(True, total[1:] < total[:-1])))
        takes.append(np.packbits(taking))
    return _traced(low, len(total) - 1 + start, better, takes)


def _traced(low: Rows, end: int, better: list[NDArray[np.uint8]], takes: list[NDArray[np.uint8]]) -> Rows:
    """Read the best pairing off the bits, from the last row back."""
    found = np.full(len(low), -1)
    for row in range(len(low) - 1, -1, -1):
        place = min(end - low[row], 8 * len(better[row]) - 1)
        place = int(np.flatnonzero(np.unpackbits(better[row])[: place + 1])[-1])
        end = place + low[row]
        if np.unpackbits(takes[row])[place]:
            end -= 1
            found[row] = end
    return found
