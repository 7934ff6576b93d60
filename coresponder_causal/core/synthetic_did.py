"""Synthetic difference-in-differences: weights on units and on periods, and its three variances.

Everything is solved for many comparisons at once, see `coresponder_causal.core.synthetic`: the treated units, placebos
and bootstrap samples differ only in their targets and in how often each unit is a donor.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.simplex import Gram, simplex_weights
from coresponder_causal.core.synthetic import Comparison, Synthetic, control_weights, gaps

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
_time_ridge = 1e-6  # ζ of the time weights, in standard deviations of first differences
_at_once = 2**24  # numbers in the products of periods that are held at once


def synthetic_did(
    values: Array, before: Mask, late: Array, compared: Comparison, *, treated: int, held: Array | None = None
) -> tuple[Synthetic, Array]:
    """Gaps of targets to their synthetic controls, less the gap's weighted mean before the start.

    Parameters
    ----------
    values : ndarray, shape (T, N)
    before : ndarray of bool, shape (T,)
    late : ndarray, shape (T,)
        Weights of the periods after the start in the effect; sum one.
    compared : Comparison
    treated : int
        Units behind each target, N1.
    held : ndarray, shape (T,), optional
        Weights of the periods before the start, where they are not to be fitted.

    Returns
    -------
    Synthetic
    time_weights : ndarray, shape (r, T)
        Zero after the start.

    Notes
    -----
    ω minimises |Y_target − ω0 − ω'Y_donors|²/T0 + ζ²|ω|² before the start, ζ = (N1 T1)^¼ σ, σ the standard deviation of
    the donors' first differences before the start; λ minimises |Y_late − λ0 − Y_before λ|²/N0 + (10⁻⁶σ)²|λ|² over the
    donors. Both lie on the simplex and are solved exactly.

    References
    ----------
    Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021), doi:10.1257/aer.20190159, algorithm 1.

    Examples
    --------
    >>> t, units = np.arange(6.0), np.arange(5.0)
    >>> values = np.add.outer(t**2, units)
    >>> values[4:, 0] += 3.0
    >>> before = t < 4
    >>> compared = Comparison(np.eye(5)[:1], np.array([[0.0, 1.0, 1.0, 1.0, 1.0]]))
    >>> found, _ = synthetic_did(values, before, ~before / 2, compared, treated=1)
    >>> np.abs(found.gaps).round(6).tolist()
    [[0.0, 0.0, 0.0, 0.0, 3.0, 3.0]]
    """
    after = int((late > 0).sum())
    sigma = noise_level(values[before], compared.copies)
    Z = values[before]
    ridge = np.sqrt(treated * after) * sigma**2 * len(Z)
    weights = control_weights(Z - Z.mean(axis=0), compared, ridge=ridge)
    time = np.zeros((len(weights), len(values)))
    if held is None:
        time[:, before] = _time_weights(Z, late @ values, compared.copies, sigma)
    else:
        time[:] = held
    course = gaps(values, before, compared, weights, intercept=False)
    return Synthetic(weights, course - np.sum(course * time, axis=1, keepdims=True)), time


def noise_level(Z: Array, copies: Array) -> Array:
    """Compute the standard deviation of the donors' first differences, shape (r,).

    Parameters
    ----------
    Z : ndarray, shape (T0, N)
    copies : ndarray, shape (r, N)
    """
    steps = np.diff(Z, axis=0)
    n = copies.sum(axis=1) * len(steps)
    mean = copies @ steps.sum(axis=0) / n
    return np.asarray(np.sqrt(np.maximum(copies @ (steps**2).sum(axis=0) - n * mean**2, 0.0) / (n - 1)))


def _time_weights(Z: Array, late: Array, copies: Array, sigma: Array) -> Array:
    """Weights on the periods before the start from regressions of the donors' later mean on their earlier outcomes."""
    rows = max(1, _at_once // Z.shape[0] ** 2)
    parts: list[Array] = []
    for at in (0, *range(1, len(copies), rows)):
        c = copies[at : at + rows if at else 1]
        n = c.sum(axis=1)
        mean, level = c @ Z.T / n[:, None], c @ late / n
        inner = np.einsum("rj,tj,sj->rts", c, Z, Z, optimize=True) - n[:, None, None] * mean[:, :, None] * mean[:, None]
        cross = (c * late) @ Z.T - (n * level)[:, None] * mean
        ridge = n * (_time_ridge * sigma[at : at + len(c)]) ** 2
        near = parts[0][0] if parts and len(Z) < n.min() else None  # else many weights are as good but for the ridge
        parts.append(simplex_weights(Gram(inner + ridge[:, None, None] * np.eye(len(Z)), cross), near=near))
    return np.concatenate(parts)


def placebo_sets(controls: int, sizes: Sequence[int], draws: int, seed: int) -> list[Comparison]:
    """Put controls in the place of the treated: all sets of so many of them, or so many at random.

    Parameters
    ----------
    controls : int
        Units never treated; they stand last.
    sizes : sequence of int
        Treated units by their start.
    draws, seed : int
        Of sets, where there are more, or several starts.

    Returns
    -------
    list of Comparison
        One for each start. No control in a set is a donor of any start.

    Examples
    --------
    >>> (placebo,) = placebo_sets(3, [2], 10, 1)
    >>> placebo.targets.tolist()
    [[0.0, 0.0, 0.5, 0.5, 0.0], [0.0, 0.0, 0.5, 0.0, 0.5], [0.0, 0.0, 0.0, 0.5, 0.5]]
    """
    treated = sum(sizes)
    if len(sizes) == 1 and comb(controls, treated) <= draws:
        sets = np.array(list(combinations(range(controls), treated)))
    else:
        rows = np.tile(np.arange(controls), (draws, 1))
        sets = np.random.default_rng(seed).permuted(rows, axis=1)[:, :treated]
    donors = np.ones((len(sets), treated + controls))
    donors[:, :treated] = 0.0
    np.put_along_axis(donors, treated + sets, 0.0, axis=1)
    return [Comparison(_shares(treated + part, donors.shape[1]), donors) for part in _split(sets, sizes)]


def bootstrap_sets(controls: int, sizes: Sequence[int], draws: int, seed: int) -> list[Comparison]:
    """Units drawn with replacement, among them treated ones of every start and two controls or more.

    Parameters
    ----------
    controls, sizes, draws, seed
        As in `placebo_sets`.

    References
    ----------
    Arkhangelsky et al. (2021), doi:10.1257/aer.20190159, algorithm 2.
    """
    treated, rng = sum(sizes), np.random.default_rng(seed)
    n = treated + controls
    groups = np.repeat(np.arange(len(sizes) + 1), [*sizes, controls])
    found: list[Array] = []
    while len(found) < draws:
        copies = np.bincount(rng.integers(n, size=n), minlength=n).astype(float)
        if len(np.unique(groups[copies > 0])) == len(sizes) + 1 and (copies[treated:] > 0).sum() > 1:
            found.append(copies)
    drawn = np.array(found)
    donors = np.where(groups == len(sizes), drawn, 0.0)
    own = (np.where(groups == g, drawn, 0.0) for g in range(len(sizes)))
    return [Comparison(part / part.sum(axis=1, keepdims=True), donors) for part in own]


def left_out_effects(own: Array, donors: Array, weights: Array) -> Array:
    """Effects with each unit left out in turn, the weights of units and periods held as they are.

    Parameters
    ----------
    own : ndarray, shape (N1, k)
        Later less earlier outcome of each treated unit, periods weighted; by term.
    donors : ndarray, shape (N0, k)
        The same of the donors.
    weights : ndarray, shape (N0,)
        Of the donors, none of them all.

    Returns
    -------
    ndarray, shape (N1 + N0, k)

    References
    ----------
    Arkhangelsky et al. (2021), doi:10.1257/aer.20190159, algorithm 3.

    Examples
    --------
    >>> left_out_effects(np.array([[1.0], [3.0]]), np.array([[0.0], [1.0]]), np.array([0.5, 0.5])).ravel().tolist()
    [2.5, 0.5, 1.0, 2.0]
    """
    total = weights @ donors
    w = weights[:, None]
    return np.concatenate(
        [(own.sum(axis=0) - own) / (len(own) - 1) - total, own.mean(axis=0) - (total - w * donors) / (1 - w)]
    )


def _shares(places: NDArray[np.int64], number: int) -> Array:
    chosen = np.zeros((len(places), number))
    np.put_along_axis(chosen, places, 1.0 / places.shape[1], axis=1)
    return chosen


def _split(sets: NDArray[np.int64], sizes: Sequence[int]) -> list[NDArray[np.int64]]:
    return np.split(sets, np.cumsum(sizes)[:-1], axis=1)
