"""Nearest-neighbour matching: greedy sweeps over a sorted score, or over distances between rows of covariates.

A kernel sees scores and orders only, never an outcome. Equal distances go to the candidate with the lowest row number;
how often that decided is counted.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Order = Literal["largest", "smallest", "closest", "data", "random"]
chunk = 64


class Matches(NamedTuple):
    """Matched pairs as row numbers, in the order in which they were made, and the ties that row order decided."""

    treated: Rows
    control: Rows
    ties: int


class Offer(NamedTuple):
    """The nearest control that a treated unit can have: its place, the distance, whether another is as near."""

    control: int
    distance: float
    tied: bool


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
        return _from_all(treated[:, None], control[:, None], ratio, width)
    return _greedy(_Line(treated, control, width), len(treated), sequence, ratio)


def match_on_rows(
    treated: Array, control: Array, sequence: Rows | None, *, ratio: int, replace: bool, width: float
) -> Matches:
    """Match each treated unit to the controls nearest in Euclidean distance between rows.

    Parameters
    ----------
    treated, control : ndarray, shape (n1, q) and (n0, q)
        Coordinates; for the Mahalanobis distance, covariates whitened by `whitener`.
    sequence, ratio, replace, width
        As in `match_on_score`.

    Returns
    -------
    Matches

    Examples
    --------
    >>> found = match_on_rows(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [1.0, 1.0]]), np.array([0]), ratio=1,
    ...                       replace=False, width=np.inf)
    >>> found.control.tolist()
    [1]
    """
    if replace:
        return _from_all(treated, control, ratio, width)
    return _greedy(_Cloud(treated, control, width), len(treated), sequence, ratio)


def whitener(matrix: Array, treated: NDArray[np.bool_]) -> Array:
    """Matrix L with LL' the inverse of the covariance pooled within treated and untreated, shape (p, q).

    Parameters
    ----------
    matrix : ndarray, shape (n, p)
    treated : ndarray of bool, shape (n,)

    Returns
    -------
    ndarray
        ``matrix @ L`` has Mahalanobis distances as its Euclidean ones; directions without spread are dropped.

    References
    ----------
    Rubin (1980), doi:10.2307/2529981.
    """
    centred = matrix.copy()
    for arm in (treated, ~treated):
        centred[arm] -= matrix[arm].mean(axis=0)
    scale = matrix.std(axis=0)
    pooled = (centred / scale).T @ (centred / scale) / (len(matrix) - 2)
    size, axes = np.linalg.eigh(pooled)
    kept = size > 1e-10 * size.max()
    return np.asarray(axes[:, kept] / np.sqrt(size[kept]) / scale[:, None], float)


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


def _greedy(pool: Pool, many: int, sequence: Rows | None, ratio: int) -> Matches:
    """One control for each treated unit in turn, ``ratio`` times over."""
    made: list[tuple[int, int]] = []
    ties = 0
    for _ in range(ratio):
        for treated, offer in _closest_first(pool, many) if sequence is None else _in_turn(pool, sequence):
            pool.take(offer.control)
            made.append((treated, offer.control))
            ties += offer.tied
    return _matches(made, ties)


def _in_turn(pool: Pool, sequence: Rows) -> Iterator[tuple[int, Offer]]:
    for treated in sequence.tolist():
        offer = pool.nearest(treated)
        if offer is not None:
            yield treated, offer


def _closest_first(pool: Pool, many: int) -> Iterator[tuple[int, Offer]]:
    """Go through treated units by the distance to the nearest control they can still have."""
    offers = {treated: pool.nearest(treated) for treated in range(many)}
    waiting = [(offer.distance, treated) for treated, offer in offers.items() if offer is not None]
    heapq.heapify(waiting)
    while waiting:
        promised, treated = heapq.heappop(waiting)
        offer = pool.nearest(treated)
        if offer is None:
            continue
        if offer.distance > promised:
            heapq.heappush(waiting, (offer.distance, treated))
            continue
        yield treated, offer


def _from_all(treated: Array, control: Array, ratio: int, width: float) -> Matches:
    """Choose the ``ratio`` nearest of all controls for every treated unit."""
    made: list[tuple[int, int]] = []
    ties = 0
    for first in range(0, len(treated), chunk):
        distance = cdist(treated[first : first + chunk], control)
        rows = np.arange(len(distance))
        for _ in range(ratio):
            nearest = distance.argmin(axis=1)
            smallest = distance[rows, nearest]
            near = (smallest <= width) & (smallest < np.inf)
            ties += int(((distance == smallest[:, None]).sum(axis=1) > 1)[near].sum())
            made += zip((first + rows[near]).tolist(), nearest[near].tolist(), strict=True)
            distance[rows, nearest] = np.inf
    return _matches(made, ties)


def _matches(made: list[tuple[int, int]], ties: int) -> Matches:
    pairs = np.array(made, dtype=np.int64).reshape(-1, 2)
    return Matches(pairs[:, 0], pairs[:, 1], ties)


class _Line:
    """Controls sorted by score in blocks of equal scores; emptied blocks are skipped in near constant time."""

    def __init__(self, treated: Array, control: Array, width: float) -> None:
        self.rows: list[int] = np.argsort(control, kind="stable").tolist()
        values, block = np.unique(control, return_inverse=True)
        counts = np.bincount(block)
        self.values: list[float] = [-np.inf, *values.tolist(), np.inf]
        self.block: list[int] = (block + 1).tolist()
        self.stop: list[int] = [0, *np.cumsum(counts).tolist()]
        self.next: list[int] = [0, *(np.cumsum(counts) - counts).tolist()]
        self.left, self.right = list(range(len(values) + 2)), list(range(len(values) + 2))
        self.score: list[float] = treated.tolist()
        self.place: list[int] = (np.searchsorted(values, treated) + 1).tolist()
        self.width = width

    def nearest(self, treated: int) -> Offer | None:
        score, place = self.score[treated], self.place[treated]
        below, above = _root(self.left, place - 1), _root(self.right, place)
        down, up = score - self.values[below], self.values[above] - score
        distance = min(down, up)
        if not distance <= self.width or distance == np.inf:
            return None
        if down == up:
            return Offer(min(self.rows[self.next[below]], self.rows[self.next[above]]), distance, tied=True)
        block = below if down < up else above
        start = self.next[block]
        return Offer(self.rows[start], distance, tied=self.stop[block] - start > 1)

    def take(self, control: int) -> None:
        block = self.block[control]
        self.next[block] += 1
        if self.next[block] == self.stop[block]:
            self.left[block], self.right[block] = block - 1, block + 1


class _Cloud:
    """Controls as points; the distances to one treated unit are computed when it asks."""

    def __init__(self, treated: Array, control: Array, width: float) -> None:
        self.treated, self.control, self.width = treated, control, width
        self.taken = np.zeros(len(control))

    def nearest(self, treated: int) -> Offer | None:
        distance = cdist(self.treated[treated : treated + 1], self.control)[0] + self.taken
        control = int(distance.argmin())
        smallest = float(distance[control])
        if not smallest <= self.width or smallest == np.inf:
            return None
        return Offer(control, smallest, tied=int((distance == smallest).sum()) > 1)

    def take(self, control: int) -> None:
        self.taken[control] = np.inf


def _root(parent: list[int], block: int) -> int:
    """Nearest block that is not empty, with the path to it shortened."""
    root = block
    while parent[root] != root:
        root = parent[root]
    while parent[block] != root:
        parent[block], block = root, parent[block]
    return root
