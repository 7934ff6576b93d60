"""Least squares over the simplex: weights that are not negative and sum to one.

min_w |y − Xw|² + ζ²|w|², solved exactly by an active set on the Gram matrix, so that refits cost nothing in the length
of the series. An intercept is taken out beforehand, see `gram_of`. Many problems are solved at once: all weights that
break the optimality conditions change sides together, and what does not settle so is left to a search that takes one
weight at a time and is finite.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]
_TOLERANCE = 1e-12  # of a gradient, against the size of the problem
_STEPS = 20  # changes of the active set allowed for each weight
_PATIENCE = 3  # exchanges of all that break the conditions, without fewer doing so, before one is taken at a time
_TIE = 1e-13  # of the products' size, added to their diagonal: of weights equally good, the most even ones


class Gram(NamedTuple):
    """X'X + ζ²I, shape (m, m) or (r, m, m), and X'y, shape (m,) or (r, m) for r targets."""

    inner: Array
    cross: Array


def gram_of(X: Array, y: Array, *, intercept: bool = True, ridge: float = 0.0) -> Gram:
    """Gram matrix and cross products of donors and targets.

    Parameters
    ----------
    X : ndarray, shape (n, m)
        Donors.
    y : ndarray, shape (n,) or (r, n)
        Target, or one in each row.
    intercept : bool
        Whether the fit may be shifted by a constant: then columns and targets are centred.
    ridge : float
        ζ² ≥ 0.

    Returns
    -------
    Gram
    """
    if intercept:
        X, y = X - X.mean(axis=0), y - y.mean(axis=-1, keepdims=True)
    return Gram(X.T @ X + ridge * np.eye(X.shape[1]), y @ X)


def simplex_weights(gram: Gram, *, allowed: NDArray[np.bool_] | None = None, near: Array | None = None) -> Array:
    """Weights w ≥ 0, Σw = 1 that minimise w'Gw − 2h'w for every target h.

    Parameters
    ----------
    gram : Gram
        As `gram_of` makes it.
    allowed : ndarray of bool, shape (r, m), optional
        Donors that each target may use; by default all.
    near : ndarray, shape (m,), optional
        Weights that solve a similar problem, from which the search starts; for problems in which all are allowed.

    Returns
    -------
    ndarray, shape (m,) or (r, m)
        Where several weights are equally good, one of them.

    Raises
    ------
    EstimationError
        Products that are not finite; a target without donors.

    References
    ----------
    Lawson & Hanson (1974), Solving least squares problems, chapter 23, with one equation more; Wolfe (1976),
    doi:10.1007/BF01580381 (the nearest point of a polytope); Júdice & Pires (1994), doi:10.1016/0305-0548(94)90106-6
    (exchanges in blocks).

    Examples
    --------
    >>> X = np.array([[0.0, 2.0, 5.0], [1.0, 0.0, 5.0], [2.0, 4.0, 5.0]])
    >>> simplex_weights(gram_of(X, 0.25 * X[:, 0] + 0.75 * X[:, 1])).round(9).tolist()
    [0.25, 0.75, 0.0]
    """
    if not (np.isfinite(gram.inner).all() and np.isfinite(gram.cross).all()):
        raise EstimationError("donors or target are not finite", mend="leave out periods that are missing")
    h = np.atleast_2d(gram.cross)
    G = np.broadcast_to(gram.inner, (*h.shape, h.shape[1]))
    free = np.ones(h.shape, bool) if allowed is None else np.broadcast_to(allowed, h.shape)
    if not free.any(axis=1).all():
        raise EstimationError("there is nobody to be weighted", mend="bring comparison units")
    weights, settled = _exchanged(G, h, free, free if near is None else np.broadcast_to(near > 0, h.shape))
    for row in np.flatnonzero(~settled):
        there = np.flatnonzero(free[row])
        weights[row] = 0.0
        weights[row, there] = _weights(G[row][np.ix_(there, there)], h[row, there], near)
    return weights if gram.cross.ndim == 2 else np.asarray(weights[0])


def _exchanged(
    G: Array, h: Array, allowed: NDArray[np.bool_], start: NDArray[np.bool_]
) -> tuple[Array, NDArray[np.bool_]]:
    """Let all weights that break the conditions change sides, until none does; and which problems came to that."""
    scale = np.maximum(np.abs(G).max(axis=(1, 2)), np.abs(h).max(axis=1))
    scale[scale == 0] = 1.0
    w, free = np.zeros(h.shape), np.array(start)
    left, settled = np.arange(len(h)), np.zeros(len(h), bool)
    fewest, patience = np.full(len(h), h.shape[1] + 1), np.full(len(h), _PATIENCE)
    while len(left):
        A, b, F = G[left], h[left] / scale[left, None], free[left]
        now, level = _equality_solutions(A, b, F, scale[left])
        gain = b - np.einsum("rij,rj->ri", A, now) / scale[left, None] - level[:, None]
        wrong = (F & (now < 0)) | (allowed[left] & ~F & (gain > _TIE))
        many = wrong.sum(axis=1)
        done = many == 0
        w[left[done]], settled[left[done]] = now[done], True
        free[left] ^= wrong
        patience[left] = np.where(many < fewest[left], _PATIENCE, patience[left] - 1)
        fewest[left] = np.minimum(fewest[left], many)
        left = left[~done & (patience[left] > 0)]
    return w, settled


def _equality_solutions(G: Array, h: Array, free: NDArray[np.bool_], scale: Array) -> tuple[Array, Array]:
    """Minimise w'Gw/scale − 2h'w over Σw = 1 with weights of the free alone; and the multiplier of the sum."""
    r, k = len(h), int(free.sum(axis=1).max())
    rows, places = np.arange(r)[:, None], np.argsort(~free, axis=1, kind="stable")[:, :k]
    there = free[rows, places]
    system = np.zeros((r, k + 1, k + 1))
    inner = G[rows[:, :, None], places[:, :, None], places[:, None, :]] / scale[:, None, None]
    system[:, :k, :k] = inner * (there[:, :, None] & there[:, None, :])
    diagonal = np.arange(k)
    system[:, diagonal, diagonal] += np.where(there, _TIE, 1.0)
    system[:, k, :k] = system[:, :k, k] = there
    system[:, k, k] = np.where(there.any(axis=1), 0.0, 1.0)
    right = np.concatenate([np.where(there, h[rows, places], 0.0), np.ones((r, 1))], axis=1)
    solution = np.linalg.solve(system, right[:, :, None])[:, :, 0]
    w = np.zeros(h.shape)
    w[rows, places] = solution[:, :k]
    return w, solution[:, k]


def _weights(G: Array, h: Array, near: Array | None = None) -> Array:
    """Start at the best vertex, or near a solution; free one weight at a time while the objective falls."""
    vertex = int(np.argmin(np.diag(G) - 2 * h))
    free = np.arange(len(h)) == vertex
    w: Array = free.astype(float)
    if near is not None:
        w, free = _inside(G, h, near, near > 0)
    slack = _TOLERANCE * (np.abs(G).max() + np.abs(h).max())
    for _ in range(_STEPS * len(h)):
        gradient = h - G @ w
        gain = np.where(free, -np.inf, gradient - w @ gradient)
        entering = int(np.argmax(gain))
        if gain[entering] <= slack:
            return w
        trial = free.copy()
        trial[entering] = True
        better, trial = _inside(G, h, w, trial)
        if (better - w) @ (G @ (better + w) - 2 * h) >= 0:  # rounding alone called it in
            return w
        w, free = better, trial
    raise EstimationError(
        f"weights of {len(h)} donors did not settle", mend="leave out donors that are copies of others"
    )


def _inside(G: Array, h: Array, w: Array, free: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_]]:
    """Go to the best point of the free weights that sum to one, stopping at and giving up weights that reach zero."""
    while True:
        goal = np.zeros_like(w)
        goal[free] = _equality_solution(G[np.ix_(free, free)], h[free])
        falling = free & (goal <= 0)
        if not falling.any():
            return goal, free
        room = np.where(falling, w / np.where(falling, w - goal, 1.0), np.inf)
        w = np.maximum(w + room.min() * (goal - w), 0.0)
        free = free & (room > room.min())
        w[~free] = 0.0


def _equality_solution(G: Array, h: Array) -> Array:
    """Minimise w'Gw − 2h'w over Σw = 1."""
    n = len(h)
    system = np.ones((n + 1, n + 1))
    scale = float(np.abs(G).max()) or 1.0
    system[:n, :n], system[n, n] = G / scale, 0.0
    right = np.append(h / scale, 1.0)
    try:
        return np.asarray(np.linalg.solve(system, right)[:n])
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(system, right)[0][:n])
