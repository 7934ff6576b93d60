"""Which cells of a family of tables to hide, so that small counts cannot be worked out from what is shown.

Hidden are all *primary* cells, 1 … threshold − 1, and as few *complementary* ones as make every primary cell
uncertain over that whole range (`coresponder_causal.core.witnesses` says which attackers are met and what a proof is).
Zeros may be shown. All hidden cells must be printed with one symbol: primaries marked apart give themselves away.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from time import monotonic

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from coresponder_causal.core.attacker import intervals
from coresponder_causal.core.cell_system import Array, CellSystem
from coresponder_causal.core.errors import DataError, DisclosureError
from coresponder_causal.core.suppression_optimum import lightest
from coresponder_causal.core.suppression_search import Pattern, covered, given_away, thinned
from coresponder_causal.core.witnesses import Demands, Family, Mask, cheapest, met, prove

_MARGIN, _ZERO = 4.0, 2.0  # weight of a margin and of a zero against an inner cell


@dataclass(frozen=True, slots=True, eq=False)
class Suppression:
    """What to hide.

    Parameters
    ----------
    hidden, primary : ndarray of bool, shape (n,)
    low, high : ndarray, shape (n,)
        What somebody can work out who knows which hidden cells are small: bounds by linear programs.
    optimal : bool
        Whether no pattern of less weight protects.
    seconds : float
        Time it took.
    """

    hidden: Mask
    primary: Mask
    low: Array
    high: Array
    optimal: bool
    seconds: float


def suppress(
    system: CellSystem,
    *,
    threshold: int = 11,
    fixed: ArrayLike | None = None,
    already_hidden: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    time_limit: float = 60.0,
    seed: int = 0,
) -> Suppression:
    """Choose cells to hide so that every small cell stays uncertain between 1 and threshold − 1.

    Parameters
    ----------
    system : CellSystem
    threshold : int
        Smallest count that may be shown, beside zero.
    fixed : array of bool, shape (n,), optional
        Cells that are public already, or whose zero everybody knows. Grand totals always are, unless they are small.
    already_hidden : array of bool, shape (n,), optional
        Cells that were hidden before and stay so, or that are not printed at all.
    weights : array, shape (n,), optional
        Loss from hiding each cell. By default inner cells are cheap, margins dear.
    time_limit : float
        Seconds. What is protected by then is returned, even if better could be found; nothing unprotected is.
    seed : int
        Of the search.

    Returns
    -------
    Suppression

    Raises
    ------
    DisclosureError
        When the cells that stay shown give a small one away, or no protection was found in time.

    References
    ----------
    Fischetti & Salazar (2001), doi:10.1287/mnsc.47.7.1008.9805; Hundepool et al. (2012), doi:10.1002/9781118348239

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.core.cell_system import of_table
    >>> counts = pd.DataFrame({"a": [*"xxyyzz"], "b": [*"uvuvuv"], "count": [4, 30, 25, 14, 40, 50]})
    >>> suppress(of_table(counts, ["a", "b"])).hidden.reshape(4, 3).astype(int).tolist()
    [[1, 1, 0], [1, 1, 0], [0, 0, 0], [0, 0, 0]]
    """
    start = monotonic()
    n = len(system.values)
    primary = (system.values > 0) & (system.values < threshold)
    before = _mask(already_hidden, n)
    shown = (_mask(fixed, n) | (system.roots & ~primary)) & ~before
    loss = _weights(system, weights)
    family, rng = Family(system, primary, threshold, start + time_limit), np.random.default_rng(seed)
    if (primary & shown).any():
        raise given_away(int(np.flatnonzero(primary & shown)[0]))
    keep = primary | before
    pattern, optimal = Pattern(keep, np.zeros((0, n))), True
    if primary.any():
        demands = _demands(family, rng)
        pattern, optimal = _protected(family, demands, keep, shown, loss, rng)
        _require_proof(family, demands, pattern)
    bounds = np.where(primary, 1.0, 0.0), np.where(primary, threshold - 1.0, np.inf)
    low, high = intervals(system, pattern.hidden, bounds=bounds)
    return Suppression(pattern.hidden, primary, low, high, optimal, monotonic() - start)


def _mask(given: ArrayLike | None, n: int) -> Mask:
    mask = np.zeros(n, bool) if given is None else np.asarray(given, bool)
    if mask.shape != (n,):
        raise DataError(f"{mask.size} marks for {n} cells", mend="give one for each cell of the system")
    return mask


def _weights(system: CellSystem, weights: ArrayLike | None) -> Array:
    """Little more for large cells; more for zeros, which many know, and for margins."""
    if weights is not None:
        given = np.asarray(weights, float)
        if given.shape != system.values.shape or not (np.isfinite(given) & (given >= 0)).all():
            raise DataError(
                "weights are not one finite number from 0 on for each cell", mend="give the loss of hiding it"
            )
        return given
    loss = 1.0 + 0.05 * np.log1p(system.values)
    return np.where(system.margins, _MARGIN, np.where(system.values == 0, _ZERO, 1.0)) * loss


def _demands(family: Family, rng: np.random.Generator) -> Demands:
    """Ask the full range of every small cell, for the second attacker cut to what his knowledge alone leaves."""
    cells, top = np.flatnonzero(family.primary), family.threshold - 1.0
    everything = np.ones(len(family.primary), bool)
    full = Demands(np.repeat(cells, 2), np.tile([1.0, top], len(cells)), np.ones(2 * len(cells), bool))
    wide = prove(family, everything, full, full.known, rng, all_or_none=False) or {}
    narrow = np.setdiff1d(np.arange(2 * len(cells)), list(wide))
    if not narrow.size:
        return full
    bounds = np.where(family.primary, 1.0, 0.0), np.where(family.primary, top, np.inf)
    low, high = intervals(family.system, everything, bounds=bounds, cells=full.cell[narrow])
    inward = np.where(full.target[narrow] == top, -1.0, 1.0)
    known = np.append(full.known, np.zeros(narrow.size, bool))
    demands = Demands(np.append(full.cell, full.cell[narrow]), np.append(full.target, full.target[narrow]), known)
    demands.target[narrow] = np.where(inward < 0, np.floor(high), np.ceil(low))
    stay = np.full(len(everything), np.inf)
    for k, step in zip(narrow.tolist(), inward, strict=True):
        while cheapest(family, everything, stay, demands, k) is None:  # fractions reach further than whole numbers
            family.require_time()
            demands.target[k] += step
    _require_doubt(demands)
    return demands


def _require_doubt(demands: Demands) -> None:
    """Refuse small cells that the knowledge which cells are small settles by itself: as many ones as their total."""
    both = pd.Series(demands.target[demands.known]).groupby(demands.cell[demands.known]).nunique()
    if (both == 1).any():
        raise given_away(int(both.index[both == 1][0]))


def _protected(
    family: Family, demands: Demands, keep: Mask, shown: Mask, loss: Array, rng: np.random.Generator
) -> tuple[Pattern, bool]:
    """Find any protection, then the lightest; where that takes too long, thin out the first and what came near."""
    cost = np.where(shown, np.inf, loss)
    first = covered(family, demands, keep, cost, rng)
    chosen, optimal = lightest(family, demands, first, loss, shown, keep, rng)
    if optimal:
        return chosen, True
    found = [thinned(family, demands, first, loss, keep, rng)]
    with contextlib.suppress(DisclosureError):  # late; the first protects
        found.append(thinned(family, demands, covered(family, demands, chosen.hidden, cost, rng), loss, keep, rng))
    return min(found, key=lambda pattern: pattern.cost(loss)), False


def _require_proof(family: Family, demands: Demands, pattern: Pattern) -> None:
    """Every witness once more, by additions alone."""
    for k in range(len(demands.cell)):
        if not met(family, pattern.hidden, demands, pattern.moves[k])[k]:
            raise given_away(int(demands.cell[k]))
