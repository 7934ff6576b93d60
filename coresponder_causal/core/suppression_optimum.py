"""The pattern of least weight, by cuts: cells of which some must be hidden, or a demand fails.

A master problem chooses cells, and for each demand that its choice leaves unmet a linear program returns the reason as
an inequality in the hidden cells (capacity constraints of Fischetti & Salazar 2001, doi:10.1287/mnsc.47.7.1008.9805).
What the master chooses weighs no more than any protection: once its choice protects, it is the best.
"""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_array

from coresponder_causal.core.cell_system import Array
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.suppression_search import Pattern
from coresponder_causal.core.witnesses import Demands, Family, Mask, cheapest, prove_together, room

_SLIGHT = 1e-3  # room given to shown cells, so that of equally violated cuts one with few cells is found
_SLACK = 1e-7
_ROUNDS = 60
_CUTS = 8  # new ones in a round
_HALF = 0.5


def lightest(
    family: Family, demands: Demands, start: Pattern, weights: Array, shown: Mask, keep: Mask, rng: np.random.Generator
) -> tuple[Pattern, bool]:
    """Look for the protection of least weight, in half of the time that is left.

    Parameters
    ----------
    start : Pattern
        That protects; its moves are used again where they can be.
    weights : ndarray, shape (n,)
        Loss from hiding each cell.
    shown, keep : ndarray of bool, shape (n,)
        Cells that stay shown, and that stay hidden.

    Returns
    -------
    tuple of Pattern and bool
        Whether it was found; if not, the pattern is the last choice of the master problem, which does not protect.
    """
    family = replace(family, deadline=(monotonic() + family.deadline) / 2)
    free, cuts = ~(shown | keep), np.zeros((0, len(keep)))
    pattern = Pattern(keep, start.moves)
    try:
        for _ in range(_ROUNDS):
            if (chosen := _choice(cuts, weights, free, family)) is None:
                break
            pattern, new, protects = _judged(family, demands, Pattern(keep | chosen, pattern.moves), free, rng)
            if protects or not new:  # no new cut: whole numbers reach less far than the programs say
                return pattern, protects
            cuts = np.unique(np.vstack([cuts, *new]), axis=0)
    except DisclosureError:  # late
        pass
    return pattern, False


def _choice(cuts: Array, weights: Array, free: Mask, family: Family) -> Mask | None:
    """Solve the master problem: cells of least weight that satisfy all cuts, or None."""
    columns, chosen = np.flatnonzero(free), np.zeros(len(free), bool)
    if not len(cuts) or not columns.size:
        return None if len(cuts) else chosen
    found = milp(
        weights[columns],
        integrality=np.ones(len(columns), int),
        constraints=LinearConstraint(csc_array(cuts[:, columns]), 1.0, np.inf),
        bounds=Bounds(0, 1),
        options={"time_limit": max(family.deadline - monotonic(), 0.01), "mip_rel_gap": 0.0},
    )
    if found.status != 0:
        return None
    chosen[columns] = found.x > _HALF
    return chosen


def _judged(
    family: Family, demands: Demands, choice: Pattern, free: Mask, rng: np.random.Generator
) -> tuple[Pattern, list[Array], bool]:
    """Find witnesses for a choice, or cuts that it violates, and say whether all demands are met.

    Others are looked for in place of moves of the choice that go beyond its cells.
    """
    moves, hidden = choice.moves.copy(), choice.hidden
    open_ = (moves[:, ~hidden] != 0).any(axis=1)
    for k, move in prove_together(family, hidden, demands, open_, rng).items():
        moves[k], open_[k] = move, False
    cuts: list[Array] = []
    stay = np.full(len(hidden), np.inf)
    for k in rng.permutation(np.flatnonzero(open_)).tolist():
        if len(cuts) == _CUTS:
            break
        family.require_time()
        if (cut := _cut(family, demands, k, hidden, free)) is not None:
            cuts.append(cut)
        elif (single := cheapest(family, hidden, stay, demands, k)) is not None:
            moves[k], open_[k] = single, False
    return Pattern(hidden, moves), cuts, not open_.any()


def _cut(family: Family, demands: Demands, k: int, hidden: Mask, free: Mask) -> Array | None:
    """Σ cut·hidden ≥ 1 with 0 ≤ cut ≤ 1, shape (n,), which this choice violates because demand k is unmet, or None.

    The dual of pushing the cell towards its target bounds how far it comes whatever is hidden: the sum, over hidden
    cells, of what moving them is worth times the room they have.
    """
    cell, way = int(demands.cell[k]), demands.target[k] - family.system.values[demands.cell[k]]
    fall, rise = room(family, hidden | free, bool(demands.known[k]))
    low = np.where(hidden, fall, np.maximum(fall, -_SLIGHT))
    high = np.where(hidden, rise, np.minimum(rise, _SLIGHT))
    low[cell], high[cell] = min(way, 0.0), max(way, 0.0)
    aim = np.zeros(len(hidden))
    aim[cell] = -np.sign(way)
    A = family.system.relations
    found = linprog(aim, A_eq=A, b_eq=np.zeros(A.shape[0]), bounds=np.column_stack([low, high]))  # type: ignore[call-overload]
    if found.status != 0:
        return None
    worth = found.lower.marginals + found.upper.marginals  # negative where rising helps
    worth[np.abs(worth) < _SLACK] = 0.0
    own, worth[cell] = abs(worth[cell]), 0.0
    reach = np.zeros(len(hidden))
    for helping, side in ((worth < 0, rise), (worth > 0, fall)):
        reach[helping] = -worth[helping] * side[helping]
    need = abs(way) * (1 - own) - reach[~free].sum()
    if need < _SLACK:
        return None
    cut = np.where(free, np.minimum(reach / need, 1.0), 0.0)
    return cut if cut[hidden].sum() < 1 - _SLACK else None
