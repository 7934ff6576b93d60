"""Nearest-neighbour matching: the greedy order of choices, and choices along one sorted score.

A kernel sees scores and orders only, never an outcome. Equal distances go to the candidate with the lowest row number;
how often that decided is counted.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Order = Literal["largest", "smallest", "closest", "data", "random"]
Offer = tuple[int, float, bool]
"""The nearest control that a treated unit can have: its place, the distance, whether another is as near."""

most_at_once = 2_000_000


class Matches(NamedTuple):
    """Matched pairs as row numbers, in the order in which they were made, and the ties that row order decided."""

    treated: Rows
    control: Rows
    ties: int


class Pool(Protocol):
    """Controls that are still to be had."""

    def nearest(self, treated: int) -> Offer | None:
        """Nearest control to the treated unit at this place, None where none is left within the caliper."""

    def take(self, control: int) -> None:
        """Withdraw a control."""


def match_on_score(
    treated: Array, control: Array, sequence: Rows | None, *, ratio: int, replace: bool, width: float
) -> Matches:
    """Match each treated unit to the controls nearest in one score.

    Parameters
    ----------
    treated, control : ndarray, shape (n1,) and (n0,)
        Scores.
    sequence : ndarray of int, shape (n1,), or None
        Order in which treated units choose; None lets the closest pair of all go first.
    ratio : int
        Controls per treated unit; with more than one, every treated unit has its first before any has its second.
    replace : bool
        Whether a control may serve several treated units.
    width : float
        Largest distance allowed (``inf`` for none).

    Returns
    -------
    Matches
        Places in ``treated`` and ``control``.

    References
    ----------
    Rubin (1973), doi:10.2307/2529684.

    Examples
    --------
    >>> found = match_on_score(np.array([0.5, 0.6]), np.array([0.0, 0.55, 0.9]), np.array([1, 0]), ratio=1,
    ...                        replace=False, width=np.inf)
    >>> found.treated.tolist(), found.control.tolist()
    ([1, 0], [1, 2])
    """
    if replace:
        return _all_in_reach(treated, control, ratio, width)
    turn = np.arange(len(treated)) if sequence is None else sequence
    line = _Line(treated[turn], control, width)
    found = greedy(line, len(turn), None if sequence is None else np.arange(len(turn)), ratio)
    return Matches(turn[found.treated], line.order[found.control], found.ties)


def processing_order(score: Array, order: Order, rng: np.random.Generator) -> Rows | None:
    """Order in which treated units choose; equal scores in row order; None for ``"closest"``.

    Examples
    --------
    >>> processing_order(np.array([0.2, 0.9, 0.9]), "largest", np.random.default_rng(1)).tolist()
    [1, 2, 0]
    """
    if order == "closest":
        return None
    if order == "random":
        return rng.permutation(len(score))
    if order == "data":
        return np.arange(len(score))
    return np.argsort(-score if order == "largest" else score, kind="stable")


def greedy(pool: Pool, many: int, sequence: Rows | None, ratio: int) -> Matches:
    """Give each of ``many`` treated units one control in turn, ``ratio`` times over."""
    treated: list[int] = []
    control: list[int] = []
    ties = 0
    for _ in range(ratio):
        for unit, offer in _closest_first(pool, many) if sequence is None else _in_turn(pool, sequence):
            pool.take(offer[0])
            treated.append(unit)
            control.append(offer[0])
            ties += offer[2]
    return Matches(np.array(treated, np.int64), np.array(control, np.int64), ties)


def pick(distance: Array, rows: Rows, ratio: int, width: float) -> tuple[NDArray[np.bool_], Rows, int]:
    """Choose for each treated unit the ``ratio`` nearest of its candidates, equally near ones by row.

    Parameters
    ----------
    distance, rows : ndarray, shape (b, c)
        Distances of the candidates, ``inf`` where there is none, and their rows; c > ``ratio``.
    ratio : int
    width : float

    Returns
    -------
    tuple
        Whether there is a choice within ``width`` and which, each of shape (b, ratio), and how many choices had a
        candidate left that was as near.
    """
    first = np.lexsort((rows, distance), axis=1)[:, : ratio + 1]
    ordered = np.take_along_axis(distance, first, axis=1)
    near = (ordered[:, :-1] <= width) & np.isfinite(ordered[:, :-1])
    ties = int((near & (ordered[:, :-1] == ordered[:, 1:])).sum())
    return near, np.take_along_axis(rows, first[:, :-1], axis=1), ties


def _in_turn(pool: Pool, sequence: Rows) -> Iterator[tuple[int, Offer]]:
    for treated in sequence.tolist():
        offer = pool.nearest(treated)
        if offer is not None:
            yield treated, offer


def _closest_first(pool: Pool, many: int) -> Iterator[tuple[int, Offer]]:
    """Go through treated units by the distance to the nearest control they can still have."""
    offers = ((pool.nearest(treated), treated) for treated in range(many))
    waiting = [(offer[1], treated) for offer, treated in offers if offer is not None]
    heapq.heapify(waiting)
    while waiting:
        promised, treated = heapq.heappop(waiting)
        offer = pool.nearest(treated)
        if offer is None:
            continue
        if offer[1] > promised:
            heapq.heappush(waiting, (offer[1], treated))
            continue
        yield treated, offer


class _Blocks(NamedTuple):
    """Scores in order: rows by score, and of each block of equal scores the value and the places it starts and ends."""

    rows: Rows
    value: Array
    start: Rows
    stop: Rows


def _blocks(score: Array) -> _Blocks:
    rows = np.argsort(score, kind="stable")
    ranked = score[rows]
    start = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    return _Blocks(rows, ranked[start], start, np.append(start[1:], len(score)))


def _all_in_reach(treated: Array, control: Array, ratio: int, width: float) -> Matches:
    """Choose the ``ratio`` nearest of all controls for every treated unit, among the blocks next to it."""
    rows, value, start, stop = _blocks(control)
    firsts, seconds, ties = [], [], 0
    size = max(1, most_at_once // (2 * ratio * (ratio + 1)))
    for first in range(0, len(treated), size):
        score = treated[first : first + size, None]
        block = np.searchsorted(value, score) + np.arange(-ratio, ratio)
        there = (block >= 0) & (block < len(value))
        block = block.clip(0, len(value) - 1)
        place = start[block][..., None] + np.arange(ratio + 1)
        there = there[..., None] & (place < stop[block][..., None])
        distance = np.where(there, np.abs(value[block] - score)[..., None], np.inf)
        candidates = rows[place.clip(max=len(rows) - 1)]
        shape = len(score), 2 * ratio * (ratio + 1)
        near, chosen, tied = pick(distance.reshape(shape), candidates.reshape(shape), ratio, width)
        firsts.append(first + np.nonzero(near)[0])
        seconds.append(chosen[near])
        ties += tied
    return Matches(np.concatenate(firsts), np.concatenate(seconds), ties)


class _Line:
    """Controls sorted by score in blocks of equal scores; emptied blocks are skipped in near constant time.

    A control is known by its place in that order, where neighbours in score are neighbours in memory.
    """

    def __init__(self, treated: Array, control: Array, width: float) -> None:
        self.order, value, start, stop = _blocks(control)
        self.values: list[float] = [-np.inf, *value.tolist(), np.inf]
        self.block: list[int] = np.repeat(np.arange(1, len(value) + 1), stop - start).tolist()
        self.next: list[int] = [0, *start.tolist()]
        self.stop: list[int] = [0, *stop.tolist()]
        self.left, self.right = list(range(len(value) + 2)), list(range(len(value) + 2))
        self.score: list[float] = treated.tolist()
        self.place: list[int] = (np.searchsorted(value, treated) + 1).tolist()
        self.width = width

    def nearest(self, treated: int) -> Offer | None:
        score, above, left, right = self.score[treated], self.place[treated], self.left, self.right
        below = above - 1
        if left[below] != below:
            below = _root(left, below)
        if right[above] != above:
            above = _root(right, above)
        down, up = score - self.values[below], self.values[above] - score
        distance = min(down, up)
        if distance > self.width or distance == np.inf:
            return None
        if down == up:
            return min(self.next[below], self.next[above], key=self.order.__getitem__), distance, True
        block = below if down < up else above
        start = self.next[block]
        return start, distance, self.stop[block] - start > 1

    def take(self, control: int) -> None:
        block = self.block[control]
        self.next[block] += 1
        if self.next[block] == self.stop[block]:
            self.left[block], self.right[block] = block - 1, block + 1


def _root(parent: list[int], block: int) -> int:
    """Nearest block that is not empty, with the path to it halved."""
    while parent[block] != block:
        parent[block] = parent[parent[block]]
        block = parent[block]
    return block
