"""Synthetic controls of many units at once: weights on the simplex from one Gram matrix of all series.

A comparison names a target, a weighted mean of units, and how often each unit may serve as its donor. The treated unit
and every placebo are rows of one comparison, so that all of them are solved together and refits do not touch the data.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.simplex import Gram, simplex_weights

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Comparison(NamedTuple):
    """Targets as weights on units, shape (r, N), and how often each unit is a donor, shape (r, N)."""

    targets: Array
    copies: Array


class Synthetic(NamedTuple):
    """Donor weights, shape (r, N), and each target less its synthetic control, shape (r, T), from its own base."""

    weights: Array
    gaps: Array


def one_and_placebos(number: int) -> Comparison:
    """Compare the first of ``number`` units with all others, then each other with those that remain.

    Examples
    --------
    >>> one_and_placebos(3).copies.tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    copies = 1 - np.eye(number)
    copies[:, 0] = 0.0
    return Comparison(np.eye(number), copies)


def each_left_out(one: Comparison, units: NDArray[np.int64]) -> Comparison:
    """Make the same single comparison without each of some donors in turn."""
    copies = np.repeat(one.copies, len(units), axis=0)
    copies[np.arange(len(units)), units] = 0.0
    return Comparison(np.repeat(one.targets, len(units), axis=0), copies)


def smoothed(values: Array, periods: int) -> Array:
    """Average over so many periods, narrower at both ends.

    Parameters
    ----------
    values : ndarray, shape (T, N)
    periods : int
        Odd; 1 leaves the values as they are.

    Examples
    --------
    >>> smoothed(np.array([[0.0], [3.0], [6.0], [0.0]]), 3).ravel().tolist()
    [1.5, 3.0, 3.0, 3.0]
    """
    near = np.abs(np.subtract.outer(np.arange(len(values)), np.arange(len(values)))) <= periods // 2
    return np.asarray(near @ values / near.sum(axis=1, keepdims=True))


def control_weights(Z: Array, compared: Comparison, *, ridge: Array | float = 0.0) -> Array:
    """Donor weights under which units come closest to their targets.

    Parameters
    ----------
    Z : ndarray, shape (n, N)
        Units by what is to be matched, such as outcomes before the start; centred where a constant is free.
    compared : Comparison
    ridge : float or ndarray, shape (r,)
        Penalty on the squared weights, of each copy of a donor.

    Returns
    -------
    ndarray, shape (r, N)

    Examples
    --------
    >>> Z = np.array([[0.5, 0.0, 2.0], [0.75, 1.0, 0.0]])
    >>> control_weights(Z, Comparison(np.eye(3)[:1], np.array([[0.0, 1.0, 1.0]]))).round(9).tolist()
    [[0.0, 0.75, 0.25]]
    """
    S, copies = Z.T @ Z, compared.copies
    inner = np.broadcast_to(S, (len(copies), *S.shape))
    penalty = np.broadcast_to(ridge, len(copies))
    if penalty.any():
        extra = penalty[:, None] / np.where(copies > 0, copies, 1.0)
        inner = inner + extra[:, :, None] * np.eye(len(S))
    return simplex_weights(Gram(inner, compared.targets @ S), allowed=copies > 0)


def synthetic_control(
    values: Array, before: Mask, compared: Comparison, *, intercept: bool = True, smoothing: int = 1
) -> Synthetic:
    """Synthetic controls that match the outcomes before the start.

    Parameters
    ----------
    values : ndarray, shape (T, N)
    before : ndarray of bool, shape (T,)
        Periods to which weights are fitted.
    compared : Comparison
    intercept : bool
        Whether a control may be shifted by a constant: gaps are then less their mean before the start.
    smoothing : int
        Periods over which outcomes are averaged before they are matched.

    Returns
    -------
    Synthetic

    References
    ----------
    Abadie, Diamond & Hainmueller (2010), doi:10.1198/jasa.2009.ap08746; Doudchenko & Imbens (2016),
    doi:10.3386/w22791, and Ferman & Pinto (2021), doi:10.3982/QE1596 (shifted by a constant).
    """
    Z = smoothed(values[before], smoothing)
    weights = control_weights(Z - Z.mean(axis=0) if intercept else Z, compared)
    return Synthetic(weights, gaps(values, before, compared, weights, intercept=intercept))


def gaps(values: Array, before: Mask, compared: Comparison, weights: Array, *, intercept: bool) -> Array:
    """Targets less their weighted donors, shape (r, T), with an intercept less their mean before the start."""
    found = (compared.targets - weights) @ values.T
    return found - found[:, before].mean(axis=1, keepdims=True) if intercept else found


def fit_errors(gaps: Array, before: Mask, *, intercept: bool) -> Array:
    """Root mean square of gaps before the start, shape (r,); with an intercept about their mean."""
    seen = gaps[:, before]
    return np.asarray(seen.std(axis=1) if intercept else np.sqrt(np.mean(seen**2, axis=1)))


def explained(course: Array, gap: Array) -> float:
    """Share of a unit's variance before the start that its control reproduces.

    Parameters
    ----------
    course, gap : ndarray, shape (T0,)
        Of the unit, and what its control leaves of it.
    """
    total = course - course.mean()
    return float(1 - np.sum(gap**2) / max(float(total @ total), np.finfo(float).tiny))
