"""Tests by ranks, by redrawing the treatment and by rearranging."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]


class RankTest(NamedTuple):
    """A permutation statement: rank of the treated among all (1 = most extreme), p-value and its floor."""

    rank: int
    of: int
    p_value: float
    floor: float


def simulated_p_value(statistic: float, draws: ArrayLike) -> float:
    """(1 + number of draws at least as large) / (1 + draws), the draws made where there is nothing.

    Examples
    --------
    >>> simulated_p_value(3.0, [1.0, 2.0, 4.0])
    0.5
    """
    made = np.asarray(draws, float)
    return float((1 + np.sum(made >= statistic)) / (1 + len(made)))


def rank_test(treated: float, placebo: ArrayLike) -> RankTest:
    """Rank of `|treated|` among itself and the `|placebo|` statistics; ties count against the treated.

    Examples
    --------
    >>> rank_test(-3.0, [1.0, -2.0, 4.0])
    RankTest(rank=2, of=4, p_value=0.5, floor=0.25)
    """
    others = np.abs(np.asarray(placebo, float))
    size = abs(treated)
    rank = 1 + int(np.sum(others >= size - 1e-12 * max(size, 1.0)))
    of = len(others) + 1
    return RankTest(rank, of, rank / of, 1 / of)


def rank_critical(placebo: ArrayLike, level: float = 0.95) -> float:
    """Largest `|statistic|` that a rank test among `|placebo|` statistics does not reject; infinite below its floor.

    With m placebos a test at 1 − level can reject only if 1/(m + 1) is no larger.

    Examples
    --------
    >>> rank_critical([0.5, -2.0, 1.0], level=0.5), rank_critical([0.5, -2.0, 1.0])
    (1.0, inf)
    """
    others = np.sort(np.abs(np.asarray(placebo, float)))[::-1]
    allowed = int(np.floor((1 - level) * (len(others) + 1) + 1e-9))
    return float(others[allowed - 1]) if allowed else np.inf


def randomization_p_value(crossings: ArrayLike, value: float = 0.0) -> float:
    """(1 + number of redraws at least as extreme as the observed assignment) / (1 + redraws), at a value of the effect.

    Parameters
    ----------
    crossings : array_like, shape (B, 2)
        Lower and upper values of the effect between which each redraw is at least as extreme. Rows of NaN do not
        count: terms of one result may have different numbers of redraws.
    value : float
        Effect that is tested. Ties count against it.

    Examples
    --------
    >>> randomization_p_value([[-3.0, 1.0], [-2.0, -0.5], [-1.5, -0.2]])
    0.5
    """
    low, high = _redraws(crossings).T
    slack = 1e-9 * max(abs(value), 1.0)
    return float((1 + np.sum((low <= value + slack) & (value <= high + slack))) / (1 + len(low)))


def randomization_interval(crossings: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Values that the randomization test does not reject at 1 − level; infinite below its floor of 1/(B + 1).

    Examples
    --------
    >>> randomization_interval([[-3.0, 1.0], [-2.0, -0.5], [-1.5, -0.2]], level=0.5)
    (-2.0, -0.2)
    """
    low, high = np.sort(_redraws(crossings), axis=0).T
    allowed = int(np.floor((1 - level) * (len(low) + 1) + 1e-9))
    return (float(low[allowed - 1]), float(high[-allowed])) if allowed else (-np.inf, np.inf)


def _redraws(crossings: ArrayLike) -> Array:
    given = np.asarray(crossings, float)
    return np.asarray(given[~np.isnan(given[:, 0])], float)


def rearrangement_size(weight: ArrayLike, number: int, ratio: float) -> Array:
    """Bound on the size of the one-sided rearrangement test with one treated cluster among ``number`` others.

    2^−(q+1) + ∫ Φ((1 − w) ρ y)^(q−1) φ(y) dy + min_b {Φ(w √(q−1) b)^(q−1) + 2 Φ(−bq)}, b ≥ 0, for each weight w.

    Parameters
    ----------
    weight : array_like, shape (n,)
        w between 0 and 1.
    number : int
        q, clusters without treatment.
    ratio : float
        ρ, largest standard deviation of the treated cluster over that of any other.

    References
    ----------
    Hagemann (2025), Inference with a single treated cluster, Review of Economic Studies 92:3968.

    Examples
    --------
    >>> [round(float(rearrangement_size(np.linspace(0, 1, 501), q, 2.0).min()), 4) for q in (13, 14)]
    [0.0314, 0.0229]
    """
    w, q = np.asarray(weight, float)[:, None], number
    nodes, mass = np.polynomial.hermite_e.hermegauss(120)
    largest = special.ndtr((1 - w) * ratio * nodes) ** (q - 1) @ (mass / mass.sum())
    b = np.linspace(0.0, 4.0, 401)
    mean = (special.ndtr(w * np.sqrt(q - 1) * b) ** (q - 1) + 2 * special.ndtr(-b * q)).min(axis=1)
    return np.asarray(2.0 ** -(q + 1) + largest + mean, float)
