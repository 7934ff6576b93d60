"""Rosenbaum's bounds: p-values and effects where calls of a matched set had odds of treatment up to Γ times apart.

A set is a row of outcomes: the one call that differs from the others in treatment first, then the others, NaN where
there are fewer. In a pair, and in a set of one treated call and its controls, the first is the treated call; a set of
one control and its treated calls is turned, which changes the sign of its statistic (``sign`` −1).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import normal_tail, yes_count_tail

Array = NDArray[np.float64]


class Tails(NamedTuple):
    """Smallest and largest one-sided p-value at one Γ."""

    low: float
    high: float


def binary_tails(outcomes: Array, sign: Array, gamma: float, *, positive: bool = True) -> Tails:
    """Exact bounds on the p-value of no effect on a yes-or-no outcome: McNemar in pairs, Mantel–Haenszel in sets.

    Parameters
    ----------
    outcomes : ndarray, shape (sets, k)
    sign : ndarray, shape (sets,)
        −1 for sets of one control and its treated calls, else 1.
    gamma : float
    positive : bool
        Whether the treated calls with the outcome are looked for to be many, or few.

    References
    ----------
    Rosenbaum (2002), Observational Studies, 2nd ed., section 4.4.

    Examples
    --------
    >>> pairs = np.repeat([[1.0, 0.0], [0.0, 1.0]], [25, 8], axis=0)
    >>> round(binary_tails(pairs, np.ones(33), 1.5).high, 3)
    0.044
    """
    towards = sign if positive else -sign
    size, yes = (~np.isnan(outcomes)).sum(axis=1), np.nansum(outcomes, axis=1)
    mixed = (yes > 0) & (yes < size)
    # of every set the yes of its first call is counted, of turned ones its no: many of them speak for an effect
    hit = np.where(towards > 0, outcomes[:, 0], 1 - outcomes[:, 0])[mixed]
    chosen = np.where(towards > 0, yes, size - yes)[mixed]
    kinds, trials = np.unique(np.column_stack([chosen, size[mixed]]), axis=0, return_counts=True)
    found = round(float(hit.sum()))
    of_kinds = kinds[:, 0], kinds[:, 1] - kinds[:, 0]
    tails = [
        yes_count_tail(found, odds * of_kinds[0] / (odds * of_kinds[0] + of_kinds[1]), trials)
        for odds in (1 / gamma, gamma)
    ]
    return Tails(min(tails[0], 1.0), min(tails[1], 1.0))


def signed_rank_tails(differences: Array, gamma: float, *, positive: bool = True) -> Tails:
    """Bounds on the p-value of Wilcoxon's signed rank test of treated minus control, by the normal law.

    Differences of zero are dropped; equal ones share their ranks.

    References
    ----------
    Rosenbaum (2002), Observational Studies, 2nd ed., section 4.3.3.

    Examples
    --------
    >>> round(signed_rank_tails(np.arange(1.0, 11.0), 2.0).high, 3)
    0.024
    """
    left = differences[differences != 0] * (1 if positive else -1)
    ranks = pd.Series(np.abs(left)).rank().to_numpy(float)
    found = float(ranks[left > 0].sum())
    tails = []
    for odds in (1 / gamma, gamma):
        chance = odds / (1 + odds)
        spread = np.sqrt(chance * (1 - chance) * float(ranks @ ranks))
        tails.append(float(normal_tail((found - chance * ranks.sum()) / spread)) if spread > 0 else 1.0)
    return Tails(*tails)


def hodges_lehmann(differences: Array, gamma: float) -> tuple[float, float]:
    """Least and largest Hodges–Lehmann estimate of a shift: quantiles Γ/(1 + Γ) and 1/(1 + Γ) of the Walsh averages.

    Found by bisection on the number of averages (d_i + d_j)/2, i ≤ j, above a value, to 1e-12 of their range, without
    making them.

    References
    ----------
    Rosenbaum (1993), doi:10.1080/01621459.1993.10476405.

    Examples
    --------
    >>> [round(end, 6) for end in hodges_lehmann(np.array([1.0, 2.0, 3.0]), 1.0)]
    [2.0, 2.0]
    """
    ordered = np.sort(differences)
    total = len(ordered) * (len(ordered) + 1) / 2
    ends = [_walsh_crossing(ordered, total * odds / (1 + odds)) for odds in (gamma, 1 / gamma)]
    return ends[0], ends[1]


def _walsh_crossing(ordered: Array, above: float) -> float:
    """Middle of the values that ``above`` of the Walsh averages exceed, half of those equal counted as exceeding."""
    slack = 1e-12 * max(float(np.abs(ordered).max()), 1e-300)
    places = np.arange(len(ordered))

    def exceeding(value: float) -> float:
        over = len(ordered) - np.maximum(np.searchsorted(ordered, 2 * value + slack - ordered, side="right"), places)
        least = len(ordered) - np.maximum(np.searchsorted(ordered, 2 * value - slack - ordered, side="left"), places)
        return float(over.sum() + least.sum()) / 2

    def crossing(most: float) -> float:
        low, high = float(ordered[0]) - 1.0, float(ordered[-1]) + 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if exceeding(middle) > most else (low, middle)
        return (low + high) / 2

    return (crossing(above) + crossing(above * (1 - 1e-9))) / 2


def m_scores(outcomes: Array, *, inner: float = 0.0, trim: float = 2.5) -> Array:
    """Scores q of every call in its set: mean of ψ of its differences from the others; shape (sets, k).

    ψ is 0 up to ``inner`` times the median absolute difference over all sets and rises to ±1 at ``trim`` times it; its
    sum over a set is divided by the number of its calls. Where the median is 0 the mean takes its place.

    References
    ----------
    Maritz (1979), doi:10.2307/2335260; Rosenbaum (2007), doi:10.1111/j.1541-0420.2006.00717.x.

    Examples
    --------
    >>> m_scores(np.array([[3.0, 1.0], [1.0, 1.5]])).round(2).tolist()
    [[0.32, -0.32], [-0.08, 0.08]]
    """
    sizes = (~np.isnan(outcomes)).sum(axis=1)
    alike = {int(size): sizes == size for size in np.unique(sizes)}
    apart = {size: outcomes[of, :size, None] - outcomes[of, None, :size] for size, of in alike.items()}
    away = np.concatenate([np.abs(part[:, ~np.eye(size, dtype=bool)]).ravel() for size, part in apart.items()])
    unit = float(np.median(away)) or float(away.mean()) or 1.0
    scores = np.full(outcomes.shape, np.nan)
    for size, part in apart.items():
        psi = np.sign(part) * np.clip((np.abs(part) / unit - inner) / (trim - inner), 0.0, 1.0)
        scores[alike[size], :size] = psi.sum(axis=2) / size
    return scores


class Deviate(NamedTuple):
    """Statistic of an M-test with the largest mean that odds Γ allow, and its variance there."""

    statistic: float
    expectation: float
    variance: float

    @property
    def p_value(self) -> float:
        """One-sided p-value by the normal law."""
        if self.variance <= 0:
            return 1.0
        return float(normal_tail((self.statistic - self.expectation) / np.sqrt(self.variance)))


def m_test(scores: Array, sign: Array, gamma: float, *, positive: bool = True) -> Deviate:
    """M-statistic of the first calls of all sets under the hidden odds worst for the finding.

    In every set the odds are Γ for the calls with the largest scores, how many is chosen for the largest mean and,
    among equals, variance.

    References
    ----------
    Gastwirth, Krieger & Rosenbaum (2000), doi:10.1111/1467-9868.00249 (separable approximation).

    Examples
    --------
    >>> round(m_test(np.array([[1.0, -1.0]] * 9), np.ones(9), 2.0).expectation, 6)
    3.0
    """
    towards = scores * np.where((sign > 0) == positive, 1.0, -1.0)[:, None]
    ordered = np.sort(towards, axis=1)  # NaN last
    size = (~np.isnan(ordered)).sum(axis=1)
    filled = np.nan_to_num(ordered)
    sums, squares = (np.cumsum(power, axis=1) for power in (filled, filled**2))
    best = np.full((2, len(ordered)), -np.inf)
    for low in range(1, ordered.shape[1]):
        used = low < size
        total = low + gamma * (size - low)
        mean = (sums[:, low - 1] + gamma * (sums[:, -1] - sums[:, low - 1])) / total
        spread = (squares[:, low - 1] + gamma * (squares[:, -1] - squares[:, low - 1])) / total - mean**2
        more = used & ((mean > best[0]) | ((mean == best[0]) & (spread > best[1])))
        best[:, more] = mean[more], spread[more]
    return Deviate(float(towards[:, 0].sum()), float(best[0].sum()), float(best[1].sum()))


def m_tails(scores: Array, sign: Array, gamma: float, *, positive: bool = True) -> Tails:
    """Bounds on the p-value of an M-test.

    The lower one is the largest of the test in the other direction, turned.
    """
    against = m_test(scores, sign, gamma, positive=not positive)
    return Tails(1 - against.p_value, m_test(scores, sign, gamma, positive=positive).p_value)


def amplified(gamma: float, treatment_odds: float) -> float:
    """By how much something hidden multiplies the odds of a higher outcome, if it does Γ's work with given odds.

    Parameters
    ----------
    gamma : float
    treatment_odds : float
        By how much it multiplies the odds of treatment; above Γ.

    References
    ----------
    Rosenbaum & Silber (2009), doi:10.1198/jasa.2009.tm08470.

    Examples
    --------
    >>> amplified(1.5, 2.0)
    4.0
    """
    return (gamma * treatment_odds - 1) / (treatment_odds - gamma)
