"""Calls linked over all pairs at once: what optimal pairs and full matching share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.links import Array, Links, Rows
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.stratum_weights import Whom, stratum_weights
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.likeness import Likeness, in_deviations

Link = Callable[[Array, Array, float], Links]
most_lost = 0.5


def linked(c: CallDesign, how: Likeness, focal: NDArray[np.bool_], link: Link) -> tuple[Rows, Rows]:
    """Link calls within each group of calls that must be equal.

    Parameters
    ----------
    c : CallDesign
    how : Likeness
    focal : ndarray of bool, shape (n,)
        Calls of the first arm.
    link : callable
        Given coordinates of both arms, in standard deviations, and the largest distance allowed.

    Returns
    -------
    tuple of ndarray of int
        Rows of the design, of the first arm and of the second.

    Raises
    ------
    DesignError
        If no two calls can be linked: widen the caliper.
    """
    points, width = in_deviations(c, how)
    groups = c.groups()
    members = np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups))[:-1])
    found = [(np.array([], np.int64), np.array([], np.int64))]
    for rows in members:
        first, second = rows[focal[rows]], rows[~focal[rows]]
        if len(first) and len(second):
            ends = link(points[first], points[second], width)
            found.append((first[ends.first], second[ends.second]))
    firsts, seconds = (np.concatenate(rows) for rows in zip(*found, strict=True))
    if not len(firsts):
        raise DesignError(
            f"no treated call has an untreated call {near(c, how.caliper)}",
            mend="widen the caliper, or ask for equality in fewer columns",
        )
    return firsts, seconds


def sets_of(many: int, first: Rows, second: Rows) -> Rows:
    """Give linked units the number of their set, in the order of first rows; -1 where a unit has no link.

    Examples
    --------
    >>> sets_of(6, np.array([1, 4]), np.array([2, 2])).tolist()
    [-1, 0, 0, -1, 0, -1]
    """
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(many, many))
    component = connected_components(graph, directed=False)[1]
    sets, inside = np.full(many, -1), np.union1d(first, second)
    sets[inside] = np.unique(component[inside], return_inverse=True)[1]
    return sets


def near(c: CallDesign, caliper: object) -> str:
    """Say what a linked call had to fulfil."""
    within = [] if caliper is None else [f"within {caliper} standard deviations"]
    return " and ".join([*within, *([f"equal in {', '.join(c.equal_in)}"] if c.equal_in else [])]) or "left"


def adjusted(
    c: CallDesign,
    method: str,
    rows: tuple[Rows, Rows],
    whom: Whom,
    *,
    options: Mapping[str, object],
    pairs: NDArray[np.int64] | None = None,
) -> CallDesign:
    """Weight each set to its share among the calls asked for, and say which calls are in none."""
    sets = sets_of(len(c.source), *rows)
    meant = {"ATT": c.treated, "ATC": ~c.treated, "ATE": np.ones(len(sets), bool)}[whom]
    lost = int((sets[meant] < 0).sum())
    if lost:
        whose = {"ATT": "treated calls have no untreated call", "ATC": "untreated calls have no treated call"}
        said = f"{lost} of {int(meant.sum())} {whose.get(whom, 'calls have no call of the other kind')}"
        (doubt if lost > most_lost * meant.sum() else note)(
            f"{said} {near(c, options['caliper'])} and are left out: the estimate speaks of the others"
        )
    adjustment = Adjustment(
        method=method,
        contrast="ATM" if lost else whom,
        options=Facts(dict(options)),
        weights=stratum_weights(c.treated, sets, whom, c.sampling_weights()).weights,
        pairs=pairs,
        sets=sets,
    )
    return replace(c, adjustment=adjustment)
