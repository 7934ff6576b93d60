"""Tests of several hypotheses at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from coresponder_causal.core.inference.student import p_value

Array = NDArray[np.float64]
grid = 1000  # sharpened q-values are looked for among 0.001, 0.002, …, 1


class Block(NamedTuple):
    """Hypotheses whose statistics were drawn together where there is nothing: their places, and draws (B, places)."""

    places: NDArray[np.intp]
    draws: Array


def holm(p_values: ArrayLike) -> Array:
    """Holm-adjusted p-values, in the order given.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p_values, float)
    order = np.argsort(raw)
    stepped = np.maximum.accumulate(raw[order] * (len(raw) - np.arange(len(raw))))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def step_down(statistics: ArrayLike, blocks: Sequence[Block], df: ArrayLike = np.inf) -> Array:
    """P-values of a family, adjusted by the largest statistic of all hypotheses not yet passed.

    Step s asks for the probability that any of the hypotheses from the s-th largest statistic on reaches it. Within a
    block this is (1 + number of draws whose maximum does) / (1 + B); over blocks, and hypotheses in no block, whose
    dependence on each other is not known, probabilities add up. Without blocks this is Holm's correction.

    Parameters
    ----------
    statistics : array_like, shape (k,)
        Sizes of the statistics; ties count against a finding.
    blocks : sequence of Block
        Draws of the sizes of the same statistics.
    df : array_like, shape (k,) or ()
        Of the t law of a hypothesis in no block.

    Returns
    -------
    ndarray, shape (k,)

    References
    ----------
    Westfall & Young (1993), Resampling-Based Multiple Testing, algorithm 2.8; Romano & Wolf (2005),
    doi:10.1111/j.1468-0262.2005.00615.x; their p-values: Romano & Wolf (2016), doi:10.1016/j.spl.2016.02.012.

    Examples
    --------
    >>> draws = np.array([[0.5, 0.4], [2.5, 0.1], [0.3, 1.5], [0.2, 0.6]])
    >>> step_down([2.0, 1.0], [Block(np.array([0, 1]), draws)]).tolist()
    [0.4, 0.4]
    """
    size = np.abs(np.asarray(statistics, float))
    degrees = np.broadcast_to(np.asarray(df, float), size.shape)
    order = np.argsort(-size, kind="stable")
    step = np.argsort(order)
    reached = size[order] * (1 - 1e-12)
    chance = np.zeros(len(size))
    alone = np.ones(len(size), bool)
    for places, draws in blocks:
        alone[places] = False
        left = np.argsort(step[places])
        largest = np.maximum.accumulate(np.abs(draws)[:, left[::-1]], axis=1)[:, ::-1]
        first = np.searchsorted(step[places][left], np.arange(len(size)))
        for s in np.flatnonzero(first < len(places)):
            chance[s] += (1 + np.sum(largest[:, first[s]] >= reached[s])) / (1 + len(draws))
    for j in np.flatnonzero(alone):
        passed = np.arange(len(size)) <= step[j]
        chance[passed] += p_value(size[order][passed], degrees[j])
    return np.asarray(np.maximum.accumulate(np.minimum(chance, 1.0))[step], float)


def deviate(p_values: ArrayLike) -> Array:
    """Size of the standard normal statistic that has these two-sided p-values.

    Examples
    --------
    >>> deviate([0.05, 1.0]).round(2).tolist()
    [1.96, 0.0]
    """
    return np.asarray(-special.ndtri(np.asarray(p_values, float) / 2) + 0.0, float)


def as_student(deviates: Array, df: ArrayLike) -> Array:
    """Sizes of t(df) statistics with the two-sided p-values of standard normal ones, column by column.

    Examples
    --------
    >>> as_student(np.array([[1.96, -1.96]]), [np.inf, 9.0]).round(2).tolist()
    [[1.96, 2.26]]
    """
    sizes, degrees = np.abs(np.asarray(deviates, float)), np.asarray(df, float)
    moved = np.isfinite(degrees)
    sizes[:, moved] = stats.t.isf(special.ndtr(-sizes[:, moved]), degrees[moved])
    return np.asarray(sizes, float)


def sharpened_q(p_values: ArrayLike) -> Array:
    """Sharpened q-values: the smallest false discovery rate, in steps of .001, at which each hypothesis is rejected.

    At each rate q, Benjamini–Hochberg at q' = q/(1 + q) rejects r₁ of m; then at q' m/(m − r₁). All are rejected in the
    second stage where all are in the first. They may be smaller than the p-values: with many true findings some false
    ones are allowed.

    Parameters
    ----------
    p_values : array_like, shape (m,)

    Returns
    -------
    ndarray, shape (m,)
        No smaller than .001.

    References
    ----------
    Anderson (2008), doi:10.1198/016214508000000841; Benjamini, Krieger & Yekutieli (2006), doi:10.1093/biomet/93.3.491.

    Examples
    --------
    >>> sharpened_q([0.02, 0.01, 0.03, 0.08, 0.168, 0.168, 0.168]).tolist()
    [0.076, 0.076, 0.076, 0.087, 0.107, 0.107, 0.107]
    """
    raw = np.asarray(p_values, float)
    order, many = np.argsort(raw, kind="stable"), len(raw)
    rank, rates = np.arange(1, many + 1), np.arange(1, grid + 1) / grid
    cautious = rates / (1 + rates)

    def rejected(rate: Array) -> NDArray[np.int_]:
        return np.asarray(((rate[:, None] * rank / many >= raw[order]) * rank).max(axis=1, initial=0))

    first = rejected(cautious)
    with np.errstate(divide="ignore"):
        second = rejected(cautious * many / (many - first))
    found = rank <= second[:, None]
    q = np.empty(many)
    q[order] = np.where(found.any(axis=0), rates[np.argmax(found, axis=0)], 1.0)
    return q
