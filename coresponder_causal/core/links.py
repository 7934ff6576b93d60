"""Links between the units of two arms with the least sum of distances, under limits on the links of each unit.

Pairs, several controls per treated unit, and full matching are one problem: every unit needs a number of links and may
have so many at most. It is solved on few candidate links, as an assignment of copies of the units. Dual prices of that
solution prove that no link left out can shorten the sum, or name those that could, and these are added.
"""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import KDTree

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
step = 1e-9  # distances are whole numbers of it
apart = 1e-10
few = 8
chunk = 4096


nothing = np.array([], np.int64), np.array([], np.int64)


class Limits(NamedTuple):
    """Links that every unit of an arm needs, and the number it may have at most (None: any number)."""

    low: int
    high: int | None


class Links(NamedTuple):
    """Linked rows of both arms, and the distances between them to nine decimals."""

    first: Rows
    second: Rows
    distance: Array


def least_links(
    first: Array,
    second: Array,
    of_first: Limits,
    of_second: Limits,
    *,
    width: float,
    start: tuple[Rows, Rows] = nothing,
) -> Links:
    """Link as many units as possible as often as they need, with the least sum of distances.

    Parameters
    ----------
    first, second : ndarray, shape (n1, q) and (n2, q)
        Coordinates of the units of both arms; distances are Euclidean.
    of_first, of_second : Limits
        Units of the first arm need a link at least. Where units of one arm need several, those of the other may have
        one only.
    width : float
        Largest distance allowed (``inf`` for none).
    start : tuple of ndarray of int
        Rows of both arms that are worth looking at first; they save time and change nothing.

    Returns
    -------
    Links
        Sorted by row. A link counts as a billionth longer than it is, so that among equal sums few links are taken;
        links to equally near units are spread over them.

    References
    ----------
    Rosenbaum (1989), doi:10.1080/01621459.1989.10478868; Hansen & Klopfer (2006), doi:10.1198/106186006X137047;
    Jonker & Volgenant (1987), doi:10.1007/BF02278710.

    Examples
    --------
    Pairs: the nearest to both is 0.4, and the second unit takes it at a lower sum.

    >>> found = least_links(np.array([[0.3], [0.5]]), np.array([[0.4], [0.1]]), Limits(1, 1), Limits(0, 1), width=9)
    >>> found.second.tolist(), found.distance.tolist()
    ([1, 0], [0.2, 0.1])
    """
    near, limits = _Near(first, second, width), (of_first, of_second)
    asking = [arm for arm in (0, 1) if limits[arm].low]
    candidates = [near.nearest(arm, few + 2 * limits[arm].low) for arm in asking]
    keys, added = np.unique(np.concatenate([*candidates, start[0] * len(second) + start[1]])), few
    while True:
        cost = near.cost(keys)
        linked = _assigned(near, keys, cost, limits)
        useful = near.shorter_than(_prices(near, keys, cost, linked, limits), keys, added)
        if not len(useful):
            return Links(*np.divmod(keys[linked], len(second)), np.round((cost[linked] - 1) * step, 9))
        keys, added = np.union1d(keys, useful), 2 * added


class _Near:
    """Distances between the arms; a link is the number ``first row × n2 + second row``.

    Units at one place are set apart by less than distances are compared to, so that those nearest to a place are
    spread evenly over the units there.
    """

    def __init__(self, first: Array, second: Array, width: float) -> None:
        self.points = _set_apart(first), _set_apart(second)
        self.trees = KDTree(self.points[0]), KDTree(self.points[1])
        self.width = np.round(width / step) * step + 3 * apart

    def distance(self, keys: Rows) -> Array:
        first, second = np.divmod(keys, len(self.points[1]))
        return np.asarray(np.linalg.norm(self.points[0][first] - self.points[1][second], axis=1), float)

    def cost(self, keys: Rows) -> Rows:
        return np.rint(self.distance(keys) / step).astype(np.int64) + 1

    def nearest(self, arm: int, many: int) -> Rows:
        """Links of each unit of an arm to so many units of the other that are nearest to it."""
        other = self.trees[1 - arm]
        ranks = np.arange(1, min(many, other.n) + 1)
        ends = np.asarray(other.query(self.points[arm], k=ranks, distance_upper_bound=self.width)[1])
        starts = np.repeat(np.arange(len(ends)), len(ranks)).reshape(ends.shape)
        return self._keys(arm, starts[ends < other.n], ends[ends < other.n])

    def shorter_than(self, prices: tuple[Rows, Rows], keys: Rows, many: int) -> Rows:
        """Links, besides those known, that cost less than the prices of both their units together.

        One of the two pays half at least; of each unit, those that save most.
        """
        found = [np.array([], np.int64)]
        for arm in (0, 1):
            reach = step * np.minimum(2 * prices[arm], prices[arm] + prices[1 - arm].max())
            paying = np.flatnonzero(prices[arm] > 0)
            for part in np.array_split(paying, len(paying) // chunk + 1):
                radius = np.minimum(reach[part], self.width)
                balls = self.trees[1 - arm].query_ball_point(self.points[arm][part], radius, return_sorted=False)
                starts = np.repeat(part, list(map(len, balls)))
                seen = self._keys(arm, starts, np.fromiter(chain.from_iterable(balls), np.int64))
                first, second = np.divmod(seen, len(self.points[1]))
                excess = self.cost(seen) - prices[0][first] - prices[1][second]
                useful = np.flatnonzero(excess < 0)
                useful = useful[~np.isin(seen[useful], keys)]
                useful = useful[np.lexsort((excess[useful], starts[useful]))]
                found.append(seen[useful[_rank(starts[useful]) < many]])
        return np.unique(np.concatenate(found))

    def _keys(self, arm: int, starts: Rows, ends: Rows) -> Rows:
        first, second = (starts, ends) if arm == 0 else (ends, starts)
        return np.asarray(first * len(self.points[1]) + second, np.int64)


def _set_apart(points: Array) -> Array:
    """Points with those at one place moved apart, along the first axis and by less than `apart`."""
    _, place, many = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    order = np.argsort(place, kind="stable")
    moved = points.copy()
    moved[order, 0] += apart * (_rank(place[order]) + 0.5) / many[place[order]]
    return moved


def _rank(numbers: Rows) -> Rows:
    """Place of each among the equal numbers that stand together, from 0 on."""
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return np.arange(len(numbers)) - np.repeat(starts, np.diff(starts, append=len(numbers)))


def _penalty(near: _Near, cost: Rows) -> int:
    """Cost of going without a needed link: more than any chain of other links could save."""
    return (sum(map(len, near.points)) + 1) * int(cost.max(initial=1))


def _prices(
    near: _Near, keys: Rows, cost: Rows, linked: NDArray[np.bool_], limits: tuple[Limits, Limits]
) -> tuple[Rows, Rows]:
    """Dual prices u of the first arm and v of the second: u + v is the cost of each link, and at most that of others.

    A unit with more links than it needs has a price of 0 at most; one that could take another, of 0 at least; one that
    goes without, the penalty. These are differences u − (−v), solved from above as lengths of shortest paths.
    """
    first, second = np.divmod(keys, len(near.points[1]))
    penalty = _penalty(near, cost)
    many = [np.bincount(end[linked], minlength=len(arm)) for end, arm in zip((first, second), near.points, strict=True)]
    u = np.maximum(limits[0].low - many[0] + 1, 0) * penalty
    v = np.where(many[1] < limits[1].low, penalty, 0)
    if limits[1].high is not None:
        v[many[1] >= limits[1].high] = -(limits[0].low + 2) * penalty
    starts = np.flatnonzero(np.diff(first, prepend=-1))
    while True:
        np.maximum.at(v, second[linked], cost[linked] - u[first[linked]])
        offered = np.minimum.reduceat(np.where(linked, (limits[0].low + 2) * penalty, cost - v[second]), starts)
        lower = np.minimum(u[first[starts]], offered)
        if (lower == u[first[starts]]).all():
            break
        u[first[starts]] = lower
    for price, end in ((u, first), (v, second)):
        price[np.bincount(end, minlength=len(price)) == 0] = 0
    return u, v


def _assigned(near: _Near, keys: Rows, cost: Rows, limits: tuple[Limits, Limits]) -> NDArray[np.bool_]:
    """Say which candidates are links, by assigning copies of the first arm to copies of the second.

    Where nothing limits the links of the other arm, a unit without a partner of its own joins its nearest.
    """
    sizes, ends, distance = tuple(map(len, near.points)), np.divmod(keys, len(near.points[1])), near.distance(keys)
    closest = [_closest(end, size, distance) for end, size in zip(ends, sizes, strict=True)]
    joins = [limits[1 - arm].high is None for arm in (0, 1)]
    alone = [
        np.where(closest[arm] < 0, 0, np.append(cost, 0)[closest[arm]])
        if joins[arm]
        else np.full(sizes[arm], _penalty(near, cost))
        for arm in (0, 1)
    ]
    matrix, copies = _copied(ends, cost, alone, limits)
    number = np.stack(min_weight_full_bipartite_matching(matrix))
    number = number[:, number[1] < sizes[1] * copies]
    chosen = [number[0] % sizes[0] * sizes[1] + number[1] % sizes[1]]
    for arm in (0, 1):
        if joins[arm]:
            lacking = np.setdiff1d(np.flatnonzero(closest[arm] >= 0), number[arm])
            chosen.append(keys[closest[arm][lacking]])
    return np.isin(keys, np.concatenate(chosen))


def _copied(
    ends: tuple[Rows, Rows], cost: Rows, alone: list[Rows], limits: tuple[Limits, Limits]
) -> tuple[csr_array, int]:
    """Costs of assigning copies of the first arm to copies of the second, and the number of copies of the second.

    A unit has a copy for each link it needs and one for each it may have besides; two copies of the latter kind need
    no link. A link to a needed copy saves what its unit costs alone. Each copy of the first arm may stay alone.
    """
    sizes, copies = (len(alone[0]), len(alone[1])), tuple(map(_copies, limits, ends))
    kinds = [
        (copy, other)
        for copy in range(copies[0])
        for other in range(copies[1])
        if copy < limits[0].low or other < limits[1].low
    ]
    loners, places = np.arange(sizes[0] * copies[0]), np.arange(copies[0])
    rows = np.concatenate([*(ends[0] + copy * sizes[0] for copy, _ in kinds), loners])
    columns = np.concatenate([*(ends[1] + other * sizes[1] for _, other in kinds), sizes[1] * copies[1] + loners])
    saved = [alone[1][ends[1]] * (other < limits[1].low) for _, other in kinds]
    lone = np.outer(np.maximum(limits[0].low - places, 0), alone[0]).ravel()
    values = np.concatenate([*(cost - save for save in saved), lone]) + alone[1].max() + 1
    shape = (len(loners), sizes[1] * copies[1] + len(loners))
    return csr_array((values.astype(float), (rows, columns)), shape=shape), copies[1]


def _copies(limits: Limits, end: Rows) -> int:
    most = int(np.bincount(end).max(initial=0))
    return limits.low if limits.high is None else max(limits.low, min(limits.high, most))


def _closest(end: Rows, size: int, distance: Array) -> Rows:
    """Place of the shortest candidate link of each unit, -1 where it has none."""
    order = np.lexsort((distance, end))
    units, places = np.unique(end[order], return_index=True)
    closest = np.full(size, -1)
    closest[units] = order[places]
    return closest
