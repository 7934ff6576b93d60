"""Tilting that lets covariate means differ by a tolerance: entropy balancing with a price on coefficients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.logit import Why, tilt_towards, weighted_gram

Array = NDArray[np.float64]
most_steps, most_sweeps, halvings, still = 80, 2000, 40, 1e-10


def tilt_within(matrix: Array, source: Array, target: Array, tolerance: float, start: Array, why: Why) -> Array:
    """Coefficients γ with |Σ source exp(xγ) x − Σ target x| ≤ tolerance Σ target in each column but the constant.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Standardised columns after a constant.
    source, target : ndarray, shape (n,)
        Weights of the rows to be tilted and of those that they are tilted to.
    tolerance : float
        Largest difference of means, in units of the columns.
    start : ndarray, shape (k,)
    why : callable
        Says what it means that no minimum was found.

    Returns
    -------
    ndarray, shape (k,)
        The minimum of Σ source exp(xγ) − Σ target xγ + tolerance Σ target · Σ_{j>0} |γ_j|; a coefficient is 0 where
        the means are within the tolerance by themselves.

    Notes
    -----
    Newton steps of the smooth part, each with the price on the coefficients solved by coordinate descent.

    References
    ----------
    Wang & Zubizarreta (2020), doi:10.1093/biomet/asz050, theorem 1; Lee, Sun & Saunders (2014),
    doi:10.1137/130921428 (proximal Newton steps).

    Examples
    --------
    >>> x = np.column_stack([np.ones(4), [-1.0, 0.0, 1.0, 0.5]])
    >>> source, target = np.array([1.0, 1, 1, 0]), np.array([0.0, 0, 0, 1])
    >>> coef = tilt_within(x, source, target, 0.1, np.array([-1.1, 0.0]), lambda eta, step: ValueError())
    >>> round(float((source * np.exp(x @ coef)) @ x[:, 1]), 8)
    0.4
    """
    local = tilt_towards(source, target)
    price = np.full(len(start), tolerance * float(target.sum()))
    price[0] = 0.0
    coef, eta, step = start, matrix @ start, np.zeros_like(start)
    here = local(eta)
    for _ in range(most_steps):
        step = _priced_step(weighted_gram(matrix, here.curvature), matrix.T @ here.slope, coef, price)
        moved = matrix @ step
        if not np.isfinite(moved).all():
            break
        if np.max(np.abs(moved)) < still * (1 + np.max(np.abs(eta))):
            return coef
        share, paid = 1.0, here.loss + price @ np.abs(coef) / len(eta)
        for _ in range(halvings):
            there = local(eta + share * moved)
            if there.loss + price @ np.abs(coef + share * step) / len(eta) <= paid + 1e-13 * (1 + abs(paid)):
                break
            share /= 2
        coef, eta, here = coef + share * step, eta + share * moved, there
    raise why(eta, step)


def _priced_step(hessian: Array, slope: Array, coef: Array, price: Array) -> Array:
    """Step d that minimises slope'd + d'Hd/2 + Σ price |coef + d|."""
    step = np.zeros_like(coef)
    for _ in range(most_sweeps):
        largest = 0.0
        for j, own in enumerate(np.diag(hessian)):
            aim = coef[j] + step[j] - (slope[j] + hessian[j] @ step) / own
            new = np.sign(aim) * max(abs(aim) - price[j] / own, 0.0) - coef[j]
            largest, step[j] = max(largest, abs(new - step[j])), new
        if largest < still / 100 * (1 + np.abs(coef).max()):
            break
    return step
