"""Nearest-neighbour matching on several coordinates, and on any distance where a pair must also fulfil limits.

Controls that nothing tells apart form one kind. The nearest kinds come from a k-d tree whose k grows until they are
settled; where the limits leave few candidates, these are looked through instead.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from coresponder_causal.core.matching import Array, Matches, Offer, Rows, greedy, pick

Flags = NDArray[np.bool_]
decimals = 7
first_look, growth, dearer_in_tree, crowd_left = 8, 4, 8, 0.75


class Units(NamedTuple):
    """Units to be matched.

    Parameters
    ----------
    points : ndarray, shape (n, q)
        Coordinates whose Euclidean distances count; for the Mahalanobis distance, covariates times `whitener`.
    near : ndarray, shape (n, l)
        Columns in which a pair may differ by no more than a width.
    apart : ndarray of int, shape (n, a)
        Columns in each of which a pair must differ.
    """

    points: Array
    near: Array
    apart: Rows

    def at(self, rows: Rows) -> Units:
        """Return the units of these rows."""
        return Units(self.points[rows], self.near[rows], self.apart[rows])


def match_on_rows(
    treated: Units,
    control: Units,
    sequence: Rows | None,
    *,
    ratio: int,
    replace: bool,
    width: float,
    widths: Array,
) -> Matches:
    """Match each treated unit to the controls nearest in Euclidean distance that its limits leave it.

    Parameters
    ----------
    treated, control : Units
    sequence, ratio, replace, width
        As in `match_on_score`; distances are compared to seven decimals.
    widths : ndarray, shape (l,)
        Largest differences in the columns ``near``.

    Returns
    -------
    Matches
        Places in ``treated`` and ``control``.

    References
    ----------
    Bentley (1975), doi:10.1145/361002.361007 (k-d tree); Rosenbaum & Rubin (1985), doi:10.1080/00031305.1985.10479383.

    Examples
    --------
    >>> none = np.empty((2, 0))
    >>> found = match_on_rows(
    ...     Units(np.array([[0.0, 0.0]]), none[:1], none[:1].astype(int)),
    ...     Units(np.array([[3.0, 4.0], [1.0, 1.0]]), none, none.astype(int)),
    ...     np.array([0]), ratio=1, replace=False, width=np.inf, widths=np.empty(0))
    >>> found.control.tolist()
    [1]
    """
    cloud = _Cloud(treated, control, width, widths)
    if not replace:
        return greedy(cloud, len(treated.points), sequence, ratio)
    parts = [cloud.several(unit, ratio) for unit in range(len(treated.points))]
    chosen = [rows for rows, _ in parts]
    firsts = np.repeat(np.arange(len(chosen)), [len(rows) for rows in chosen])
    return Matches(firsts, np.concatenate(chosen), sum(ties for _, ties in parts))


class _Cloud:
    """Kinds of controls as points, with the number of each kind that is left."""

    def __init__(self, treated: Units, control: Units, width: float, widths: Array) -> None:
        columns = pd.DataFrame(np.column_stack(control))
        self.kind = np.asarray(columns.groupby(list(columns), sort=False, dropna=False).ngroup(), np.int64)
        self.rows = np.argsort(self.kind, kind="stable")
        self.left = np.bincount(self.kind)
        self.next = np.cumsum(self.left) - self.left
        self.treated, self.kinds = treated, control.at(self.rows[self.next])
        self.width, self.widths, self.bound = width, widths, width * (1 + 1e-9) + 10.0**-decimals
        self.line, self.start, self.stop = self._window()
        self._plant()

    def nearest(self, treated: int) -> Offer | None:
        kinds, distance = self._reach(treated, 1)
        if not len(kinds):
            return None
        smallest = distance.min()
        nearest = kinds[distance == smallest]
        control = self.rows[self.next[nearest]].min()
        return int(control), float(smallest), bool(self.left[nearest].sum() > 1)

    def take(self, control: int) -> None:
        kind = self.kind[control]
        self.next[kind] += 1
        self.left[kind] -= 1
        self.emptied += self.left[kind] == 0
        if self.emptied > (1 - crowd_left) * len(self.planted) > first_look:
            self._plant()

    def several(self, treated: int, ratio: int) -> tuple[Rows, int]:
        """Return the nearest ``ratio`` controls, none of them withdrawn, and how often row order decided."""
        kinds, distance = self._reach(treated, ratio)
        place = self.next[kinds][:, None] + np.arange(ratio + 1)
        there = np.arange(ratio + 1) < self.left[kinds][:, None]
        rows = np.append(self.rows[place[there]], np.full(ratio + 1, -1))
        each = np.append(np.broadcast_to(distance[:, None], there.shape)[there], np.full(ratio + 1, np.inf))
        near, chosen, ties = pick(each[None], rows[None], ratio, self.width)
        return chosen[near], ties

    def _reach(self, treated: int, many: int) -> tuple[Rows, Array]:
        """Kinds among which are the ``many`` nearest controls and all as near, with their distances."""
        start, stop, k = int(self.start[treated]), int(self.stop[treated]), first_look
        point = self.treated.points[treated]
        while k * dearer_in_tree < stop - start:
            found = self.tree.query(point, k, distance_upper_bound=self.bound)
            far, place = np.asarray(found[0], float), np.asarray(found[1], np.int64)
            kinds, distance = self._allowed(treated, self.planted[place[place < len(self.planted)]])
            seen = far[-1] * (1 - 1e-12) - 2 * 10.0**-decimals
            if seen == np.inf or self.left[kinds[distance < seen]].sum() >= many:
                return kinds, distance
            k *= growth
        return self._allowed(treated, self.line[start:stop])

    def _allowed(self, treated: int, kinds: Rows) -> tuple[Rows, Array]:
        """Of these kinds, those that are left and within the limits of the treated unit, with their distances."""
        points, near, apart = (column[treated] for column in self.treated)
        kinds = kinds[self.left[kinds] > 0]
        if len(near):
            kinds = kinds[(np.abs(self.kinds.near[kinds] - near) <= self.widths).all(axis=1)]
        if len(apart):
            kinds = kinds[(self.kinds.apart[kinds] != apart).all(axis=1)]
        distance = np.round(cdist(points[None], self.kinds.points[kinds])[0], decimals)
        within = distance <= self.width
        return kinds[within], distance[within]

    def _window(self) -> tuple[Rows, Rows, Rows]:
        """Kinds in an order, and for each treated unit the part of it to which its narrowest limit leads."""
        many = len(self.treated.points)
        everything = np.arange(len(self.left)), np.zeros(many, np.int64), np.full(many, len(self.left))
        pairs = [(self.treated.near[:, j], self.kinds.near[:, j], width) for j, width in enumerate(self.widths)]
        pairs += [(self.treated.points[:, 0], self.kinds.points[:, 0], self.width)] if self.width < np.inf else []
        windows = [everything, *(_sorted_window(*pair) for pair in pairs)]
        return min(windows, key=lambda window: int((window[2] - window[1]).sum()))

    def _plant(self) -> None:
        """Plant a tree of the kinds that are left."""
        self.planted, self.emptied = np.flatnonzero(self.left > 0), 0
        self.tree = cKDTree(self.kinds.points[self.planted])


def _sorted_window(treated: Array, control: Array, width: float) -> tuple[Rows, Rows, Rows]:
    """Put controls in order, and find the part of it that is no farther from each treated unit than the width."""
    line = np.argsort(control, kind="stable")
    reach = width * (1 + 1e-9) + 1e-9 * np.abs(treated)
    start = np.searchsorted(control[line], treated - reach)
    return line, start, np.searchsorted(control[line], treated + reach, side="right")
