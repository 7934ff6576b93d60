"""Search for few cells to hide: a cheap way for each demand, then what turns out not to be needed is shown again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresponder_causal.core.cell_system import Array
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.witnesses import Demands, Family, Mask, cheapest, met, prove


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Hidden cells, shape (n,), and the witness of each demand, shape (q, n)."""

    hidden: Mask
    moves: Array

    def cost(self, weights: Array) -> float:
        """Weight of what is hidden."""
        return float(weights[self.hidden].sum())


def covered(family: Family, demands: Demands, hidden: Mask, cost: Array, rng: np.random.Generator) -> Pattern:
    """Hide more and more, one demand after another, until each has its witness.

    Parameters
    ----------
    hidden : ndarray of bool, shape (n,)
        Hidden from the start.
    cost : ndarray, shape (n,)
        Of hiding each other cell; ∞: it stays shown.

    Raises
    ------
    DisclosureError
        When hiding all cells that may be hidden does not meet a demand, or the time is over.
    """
    hidden = hidden.copy()
    moves = np.zeros((len(demands.cell), len(hidden)))
    left = np.ones(len(moves), bool)
    for k, move in (prove(family, hidden, demands, left, rng, all_or_none=False) or {}).items():
        moves[k], left[k] = move, False
    while left.any():
        family.require_time()
        k = int(rng.choice(np.flatnonzero(left)))
        found = cheapest(family, hidden, cost, demands, k)
        if found is None:
            family.require_time()
            raise given_away(int(demands.cell[k]))
        hidden |= found != 0
        good = left & met(family, hidden, demands, found)
        moves[good] = found
        left &= ~good
    return Pattern(hidden, moves)


def thinned(
    family: Family, demands: Demands, pattern: Pattern, weights: Array, keep: Mask, rng: np.random.Generator
) -> Pattern:
    """Show cells again that no demand needs, the heaviest first, while time is left; those of ``keep`` stay hidden."""
    try:
        for cell in _by_weight(pattern.hidden & ~keep, weights, rng):
            pattern = shown_again(family, demands, pattern, cell, rng) or pattern
    except DisclosureError:  # late; what is left protects
        pass
    return pattern


def shown_again(
    family: Family, demands: Demands, pattern: Pattern, cell: int, rng: np.random.Generator
) -> Pattern | None:
    """Return the pattern without this cell, or None where a demand needs it."""
    hidden = pattern.hidden.copy()
    hidden[cell] = False
    found = prove(family, hidden, demands, pattern.moves[:, cell] != 0, rng, all_or_none=True)
    if found is None:
        return None
    moves = pattern.moves.copy()
    for k, move in found.items():
        moves[k] = move
    return Pattern(hidden, moves)


def given_away(cell: int) -> DisclosureError:
    """Say that what is shown in any case narrows a small cell."""
    return DisclosureError(
        f"a small cell (row {cell}) is given away by totals or earlier releases that stay shown",
        mend="merge categories, take coarser periods, or withhold the grand total too (already_hidden=)",
    )


def _by_weight(cells: Mask, weights: Array, rng: np.random.Generator) -> list[int]:
    shuffled = rng.permutation(np.flatnonzero(cells))
    return [int(c) for c in shuffled[np.argsort(-weights[shuffled], kind="stable")]]
