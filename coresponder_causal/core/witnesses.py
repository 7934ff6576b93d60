"""Proofs of protection: other tables that agree with everything shown.

A small cell is protected when two tables of whole numbers have the same shown cells and the same relations, one in
which it is 1 and one in which it is threshold − 1: nobody can exclude either, however he computes. Each is the
*witness* of a *demand*, and is kept as a *move*, the difference to the true table. To check it takes additions alone,
so that a protection does not rest on the solver that found it.

Two attackers are met. The first knows that counts are not negative. The second knows besides which hidden cells are
small, and that each of them lies in 1 … threshold − 1; one symbol for all hidden cells makes him hypothetical. Where
small cells add up to a small total his knowledge alone narrows them (a total of two is at least 2, its parts at most
threshold − 2). There what is shown may not narrow them further, and the first attacker's range must be the full one.

Not met is an attacker who knows also that complementary cells are none of the small ones, or who asks which tables
would have led to just this pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import hstack

from coresponder_causal.core.cell_system import Array, CellSystem
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.programs import least

Mask = NDArray[np.bool_]
_FREE = 1e-4  # price of moving a hidden cell by one: short moves are preferred
_GAP = 0.05  # of a whole-number program that only looks for a move


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Linked tables, which of their cells are small, and until when (`time.monotonic`) to look for a protection."""

    system: CellSystem
    primary: Mask
    threshold: int
    deadline: float

    def require_time(self) -> None:
        """Refuse when the time is over."""
        if monotonic() > self.deadline:
            raise DisclosureError(
                f"{len(self.primary)} cells, {int(self.primary.sum())} of them small, were not protected in time",
                mend="take coarser periods or merge categories, or allow more seconds by time_limit=",
            )


@dataclass(frozen=True, slots=True, eq=False)
class Demands:
    """Values that cells must be able to have, and whether small cells are known to be small then; shape (q,) each."""

    cell: NDArray[np.intp]
    target: Array
    known: Mask


def room(family: Family, movable: Mask, known: bool) -> tuple[Array, Array]:
    """How far each cell can fall (≤ 0) and rise (≥ 0), shape (n,) each."""
    values, small = family.system.values, family.primary & known
    fall = np.where(small, 1.0, 0.0) - values
    rise = np.where(small, family.threshold - 1.0 - values, np.inf)
    return np.where(movable, fall, 0.0), np.where(movable, rise, 0.0)


def met(family: Family, hidden: Mask, demands: Demands, move: Array) -> Mask:
    """Demands of which this move is a witness, shape (q,): whole, sums right, shown cells unmoved, target reached."""
    if (move != np.round(move)).any() or (family.system.relations @ move).any():
        return np.zeros(len(demands.cell), bool)
    within = [
        bool(((f <= move) & (move <= r)).all()) for f, r in (room(family, hidden, known) for known in (False, True))
    ]
    reached = family.system.values[demands.cell] + move[demands.cell] == demands.target
    return np.asarray(reached & np.where(demands.known, within[1], within[0]), bool)


def cheapest(family: Family, hidden: Mask, cost: Array, demands: Demands, k: int) -> Array | None:
    """Witness of demand k that moves hidden cells, and others at their cost, or None.

    Parameters
    ----------
    hidden : ndarray of bool, shape (n,)
    cost : ndarray, shape (n,)
        Of hiding each cell that is shown; ∞: it stays shown.

    Notes
    -----
    The cost of hiding a cell is spread over the units by which it could move, as in the linear relaxation of the
    fixed charge. Whole numbers are asked for only where the linear program does not give them.
    """
    cell, way = demands.cell[k], demands.target[k] - family.system.values[demands.cell[k]]
    movable = hidden | np.isfinite(cost)
    fall, rise = room(family, movable, bool(demands.known[k]))
    columns = np.flatnonzero(movable)
    up, down = rise[columns], -fall[columns]
    up[columns == cell], down[columns == cell] = max(way, 0.0), max(-way, 0.0)
    fixed = np.where(columns == cell, np.concatenate([[up], [down]]), 0.0)
    A = family.system.relations[:, columns]
    price = np.where(hidden[columns], 0.0, cost[columns])
    units = [_FREE + price / np.clip(side, 1.0, max(abs(way), 1.0)) for side in (up, down)]
    fixed, most = fixed.ravel(), np.concatenate([up, down])
    for whole in (False, True):
        seconds = family.deadline - monotonic()
        found = least(np.concatenate(units), hstack([A, -A]), 0, fixed, most, whole=whole, seconds=seconds, gap=_GAP)
        if found.x is None:
            return None
        move = np.zeros(len(hidden))
        move[columns] = np.round(found.x[: len(columns)] - found.x[len(columns) :])
        if met(family, movable, demands, move)[k]:
            return move
    return None


def push(family: Family, hidden: Mask, demands: Demands, asked: Mask, rng: np.random.Generator) -> Array | None:
    """One move that pulls all asked cells to their bounds together, where small cells are known: it meets many demands.

    Where both targets of a cell are asked for, chance chooses.
    """
    columns = np.flatnonzero(hidden)
    fall, rise = room(family, hidden, True)
    aim, order = np.zeros(len(hidden)), rng.permutation(np.flatnonzero(asked & demands.known))
    aim[demands.cell[order]] = np.where(demands.target > family.system.values[demands.cell], -1.0, 1.0)[order]
    if not aim.any():
        return None
    found = least(aim[columns], family.system.relations[:, columns], 0, fall[columns], rise[columns])
    if found.x is None:
        return None
    move = np.zeros(len(hidden))
    move[columns] = np.round(found.x)
    return move


def prove(
    family: Family, hidden: Mask, demands: Demands, asked: Mask, rng: np.random.Generator, *, all_or_none: bool
) -> dict[int, Array] | None:
    """Witnesses of the demands asked for among the hidden cells alone: many together, the rest one by one.

    Returns
    -------
    dict of int to ndarray, or None
        Those found; None when one is missing and ``all_or_none``.
    """
    found = prove_together(family, hidden, demands, asked, rng)
    stay = np.full(len(hidden), np.inf)
    left = asked.copy()
    left[list(found)] = False
    for k in rng.permutation(np.flatnonzero(left)).tolist():
        if not left[k]:
            continue
        family.require_time()
        move = cheapest(family, hidden, stay, demands, k)
        if move is not None:
            _keep(found, move, left, met(family, hidden, demands, move))
        elif all_or_none:
            return None
    return found


def prove_together(
    family: Family, hidden: Mask, demands: Demands, asked: Mask, rng: np.random.Generator
) -> dict[int, Array]:
    """Witnesses that meet many of the demands asked for, as long as pushing yields new ones."""
    found: dict[int, Array] = {}
    left = asked.copy()
    true = np.zeros(len(hidden))
    _keep(found, true, left, met(family, hidden, demands, true))
    while (move := push(family, hidden, demands, left, rng)) is not None:
        family.require_time()
        good = met(family, hidden, demands, move)
        if not (left & good).any():
            break
        _keep(found, move, left, good)
    return found


def _keep(found: dict[int, Array], move: Array, left: Mask, good: Mask) -> None:
    """Enter a witness for the open demands that it meets."""
    found.update(dict.fromkeys(np.flatnonzero(left & good).tolist(), move))
    left &= ~good
