"""The decision rule: from estimates of several designs to one verdict, the same for plans, drawn worlds and results.

Over the designs that no check contradicts:

- fewer (more): as many designs as needed, each two of which count as different (`assumptions.apart`), have an interval
  wholly below (above) no change after Holm's correction for the primary outcomes, and none the other way;
- else no meaningful effect: the first design's equivalence interval lies within the smallest effect and its inverse;
- else consistent, not established: one such interval or more, and all designs on the same side;
- else uninformative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import critical

Array = NDArray[np.float64]
Truths = NDArray[np.bool_]
verdicts = ("fewer", "more", "no meaningful effect", "consistent, not established", "uninformative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When results are enough for a verdict.

    Parameters
    ----------
    smallest_effect : float
        Ratio nearest to 1 that would matter to the city, below 1; its inverse bounds rises.
    designs_needed : int
        Designs that count as different and must agree.
    level, equivalence_level : float
        Of the intervals, and of the interval that shows that no meaningful effect is left.
    """

    smallest_effect: float = 0.85
    designs_needed: int = 2
    level: float = 0.95
    equivalence_level: float = 0.90


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What the rule looks at, of n studies by d designs in the order in which they are believed.

    Parameters
    ----------
    down, up : ndarray of bool, shape (n, d)
        Whether the corrected interval lies wholly below, or above, no change.
    sign : ndarray, shape (n, d)
        Of the estimate.
    within : ndarray of bool, shape (n, d)
        Whether the equivalence interval lies within the smallest effect and its inverse.
    holds : ndarray of bool, shape (n, d)
        Whether no check contradicts the design.
    """

    down: Truths
    up: Truths
    sign: Array
    within: Truths
    holds: Truths


def judged(seen: Seen, apart: Truths, needed: int) -> NDArray[np.int_]:
    """Apply the rule.

    Parameters
    ----------
    seen : Seen
    apart : ndarray of bool, shape (d, d)
        Which pairs of designs count as two.
    needed : int
        Designs that must agree.

    Returns
    -------
    ndarray of int, shape (n,)
        Place in `verdicts`.
    """
    holds = seen.holds
    down, up = seen.down & holds, seen.up & holds
    below, above = ((seen.sign * way > 0) & holds for way in (-1, 1))
    first = np.argmax(holds, axis=1)[:, None]
    within = holds.any(axis=1) & np.take_along_axis(seen.within, first, 1)[:, 0]
    alone = (down.any(axis=1) & ~above.any(axis=1)) | (up.any(axis=1) & ~below.any(axis=1))
    conditions = [
        _enough(down, apart, needed) & ~up.any(axis=1),
        _enough(up, apart, needed) & ~down.any(axis=1),
        within,
        alone,
    ]
    return np.asarray(np.select(conditions, range(len(conditions)), len(conditions)))


def judge(
    estimates: Array,
    std_errors: Array,
    df: Array,
    holds: Truths,
    apart: Truths,
    rule: Rule,
    outcomes: int,
) -> NDArray[np.int_]:
    """Apply the rule to studies whose designs are judged by t, at Holm's first step.

    Holm's later steps can only find more.

    Parameters
    ----------
    estimates, std_errors : ndarray, shape (n, d)
        Log ratios of n studies by d designs, in the order in which these are believed.
    df : ndarray, shape (d,)
    holds : ndarray of bool, shape (n, d)
    apart : ndarray of bool, shape (d, d)
    rule : Rule
    outcomes : int
        Primary outcomes with a verdict.

    Returns
    -------
    ndarray of int, shape (n,)
        Place in `verdicts`.

    Examples
    --------
    >>> rule, se, df, yes = Rule(), np.full((4, 2), 0.05), np.full(2, 30.0), np.ones((4, 2), bool)
    >>> log_ratios = np.array([[-0.3, -0.3], [-0.3, -0.05], [0.01, 0.0], [-0.11, 0.1]])
    >>> [verdicts[i] for i in judge(log_ratios, se, df, yes, ~np.eye(2, dtype=bool), rule, 1)]
    ['fewer', 'consistent, not established', 'no meaningful effect', 'uninformative']
    """
    cut = critical(df, 1 - (1 - rule.level) / outcomes)
    down, up = (way * estimates > cut * std_errors for way in (-1, 1))
    reach = np.abs(estimates) + critical(df, rule.equivalence_level) * std_errors
    within = reach < -np.log(rule.smallest_effect)
    seen = Seen(down=down, up=up, sign=np.sign(estimates), within=within, holds=holds)
    return judged(seen, apart, rule.designs_needed)


def _enough(found: Truths, apart: Truths, needed: int) -> Truths:
    """Whether as many designs as needed, each two of which count as different, found something, by study."""
    sets = [list(one) for one in combinations(range(found.shape[1]), needed) if _all_apart(one, apart)]
    reached = [found[:, one].all(axis=1) for one in sets]
    return np.logical_or.reduce(reached, axis=0) if reached else np.zeros(len(found), bool)


def _all_apart(places: Sequence[int], apart: Truths) -> bool:
    return all(apart[i, j] for i, j in combinations(places, 2))
