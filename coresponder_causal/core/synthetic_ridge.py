"""Synthetic controls corrected by ridge regression for what they leave unmatched before the start.

ω = ω_simplex + (x − X'ω_simplex)'(X'X + λI)⁻¹X', X the donors' outcomes before the start less the donors' mean in each
period. All of it is read off the Gram matrix of the donors: (X'X + λI)⁻¹X' = X'(XX' + λI)⁻¹.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.simplex import Gram, simplex_weights
from coresponder_causal.core.synthetic import Comparison

Array = NDArray[np.float64]
penalties, least_share = 20, 1e-8  # steps of the grid of λ, and its end as a share of its beginning
_at_once = 2**23  # numbers in the products of donors that are held at once


def augmented_weights(Z: Array, compared: Comparison, penalty: Array | None = None) -> tuple[Array, Array, Array]:
    """Weights on donors, which may be negative, with the penalty of each target.

    Parameters
    ----------
    Z : ndarray, shape (T0, N)
        Outcomes before the start.
    compared : Comparison
        Each donor once or not at all.
    penalty : ndarray, shape (r,), optional
        λ; where NaN, and by default, the largest whose error on periods left out one at a time is within one standard
        error of the least.

    Returns
    -------
    weights : ndarray, shape (r, N)
    simplex : ndarray, shape (r, N)
        Those of the plain synthetic control.
    penalty : ndarray, shape (r,)

    References
    ----------
    Ben-Michael, Feller & Rothstein (2021), doi:10.1080/01621459.2021.1929245, section 3.

    Examples
    --------
    >>> Z = np.random.default_rng(1).normal(size=(12, 5))
    >>> compared = Comparison(np.eye(5)[:1], np.array([[0.0, 1.0, 1.0, 1.0, 1.0]]))
    >>> weights, simplex, _ = augmented_weights(Z, compared, np.array([1e12]))
    >>> bool(np.allclose(weights, simplex)), round(float(weights.sum()), 9)
    (True, 1.0)
    """
    given = np.full(len(compared.targets), np.nan) if penalty is None else penalty
    rows = zip(*compared, given, strict=True)
    penalty = np.array([_chosen(Z, Comparison(a[None], c[None])) if np.isnan(p) else p for a, c, p in rows])
    simplex, added = _parts(Z.T @ Z, compared, penalty[:, None])
    return simplex + added[:, 0], simplex, penalty


def augmented_errors(values: Array, dose: Array, penalty: float) -> Callable[[Array], Array]:
    """Errors of a unit when effects are taken away and weights fitted to all periods again.

    Parameters
    ----------
    values : ndarray, shape (T, 1 + m)
        The unit first.
    dose : ndarray, shape (T,)
    penalty : float

    Returns
    -------
    callable
        From effects, shape (r,), to errors, shape (r, T).
    """
    y, X = values[:, 0], values[:, 1:]
    S = X.T @ X
    K = _centred(S[None], np.ones((1, len(S)), bool))[0]
    inverse = np.linalg.inv(K + penalty * np.eye(len(S)))

    def errors(effects: Array) -> Array:
        targets = y - effects[:, None] * dose
        cross = targets @ X
        simplex = simplex_weights(Gram(S, cross))
        left = cross - simplex @ S
        weights = simplex + (left - left.mean(axis=1, keepdims=True)) @ inverse
        return np.asarray(targets - weights @ X.T)

    return errors


def _parts(S: Array, compared: Comparison, penalty: Array) -> tuple[Array, Array]:
    """Simplex weights, shape (r, N), and what ridge adds to them, shape (r, q, N), by penalty, shape (r, q)."""
    there = compared.copies > 0
    S = np.broadcast_to(S, (len(there), *S.shape[-2:]))
    cross = np.einsum("ri,rij->rj", compared.targets, S)
    simplex = simplex_weights(Gram(S, cross), allowed=there)
    K = _centred(S, there)
    left = cross - np.einsum("rij,rj->ri", S, simplex)
    left = np.where(there, left - (left * there).sum(axis=1, keepdims=True) / there.sum(axis=1, keepdims=True), 0.0)
    values, vectors = np.linalg.eigh(K)
    turned = np.einsum("rij,ri->rj", vectors, left)
    added = np.einsum("rij,rqj->rqi", vectors, turned[:, None] / (np.maximum(values, 0)[:, None] + penalty[:, :, None]))
    return simplex, np.where(there[:, None], added, 0.0)


def _centred(S: Array, there: NDArray[np.bool_]) -> Array:
    """Products of donors less the donors' mean in each period, zero for others; shape (r, N, N)."""
    share = there / there.sum(axis=1, keepdims=True)
    by_mean = np.einsum("rij,rj->ri", S, share)
    whole = np.einsum("ri,ri->r", by_mean, share)
    K = S - by_mean[:, :, None] - by_mean[:, None, :] + whole[:, None, None]
    return np.asarray(K * (there[:, :, None] & there[:, None, :]))


def _chosen(Z: Array, compared: Comparison) -> float:
    """Penalty of one target, by leaving out one period before the start at a time."""
    S, periods = Z.T @ Z, len(Z)
    largest = np.linalg.eigvalsh(_centred(S[None], compared.copies > 0)[0])[-1]
    if not largest > 0:
        return 1.0
    grid = largest * least_share ** (np.arange(penalties + 1) / penalties)
    errors: list[Array] = []
    for part in np.array_split(np.arange(periods - 1), max(1, periods * S.size // _at_once)):
        z = Z[part]
        many = Comparison(*(np.repeat(each, len(part), axis=0) for each in compared))
        simplex, added = _parts(S - z[:, :, None] * z[:, None, :], many, np.tile(grid, (len(part), 1)))
        weights = simplex[:, None] + added
        errors.append((z @ compared.targets[0])[:, None] - np.einsum("rqj,rj->rq", weights, z))
    squares = np.concatenate(errors) ** 2
    mean, spread = squares.mean(axis=0), squares.std(axis=0, ddof=1) / np.sqrt(len(squares))
    best = int(np.argmin(mean))
    return float(grid[mean <= mean[best] + spread[best]].max())
