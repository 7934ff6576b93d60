"""How far effects scatter where there was no treatment: the spread of placebos, scaled by how well each was fitted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Spread(NamedTuple):
    """Covariance of the terms, shape (k, k), and statistics of the placebos over their standard errors, (k, B)."""

    vcov: Array
    placebo: Array


def placebo_spread(effects: Array, errors: Array) -> tuple[Array, float]:
    """Covariance of effects that placebos have, and the factor that allows for a worse fit of the treated unit.

    Parameters
    ----------
    effects : ndarray, shape (1 + B, k)
        Of the treated unit, then of placebos.
    errors : ndarray, shape (1 + B,)
        Root mean square of their gaps before the start.

    Returns
    -------
    vcov : ndarray, shape (k, k)
        Mean products of the placebos' effects times the factor.
    factor : float
        Square of the treated unit's error over the placebos' mean square, at least one: a unit that moves more than
        others before the start is taken to do so afterwards, and one that moves less is given no credit for it.

    References
    ----------
    Arkhangelsky et al. (2021), doi:10.1257/aer.20190159, algorithm 4 (units alike); Ferman & Pinto (2019),
    doi:10.1162/rest_a_00759, on units that are not.

    Examples
    --------
    >>> vcov, factor = placebo_spread(np.array([[5.0], [1.0], [-1.0]]), np.array([2.0, 1.0, 1.0]))
    >>> vcov.tolist(), factor
    ([[4.0]], 4.0)
    """
    others = effects[1:]
    factor = max(1.0, float(errors[0] ** 2 / max(np.mean(errors[1:] ** 2), np.finfo(float).tiny)))
    return others.T @ others / len(others) * factor, factor


def ranked_spread(effects: Array, errors: Array) -> Spread:
    """Effects over their errors before the start, for rank tests of the treated unit among placebos.

    Parameters
    ----------
    effects, errors
        As in `placebo_spread`.

    References
    ----------
    Abadie, Diamond & Hainmueller (2010), doi:10.1198/jasa.2009.ap08746 (ratio of errors after and before the start).

    Examples
    --------
    >>> found = ranked_spread(np.array([[6.0], [1.0], [-1.0]]), np.array([2.0, 1.0, 1.0]))
    >>> found.vcov.tolist(), found.placebo.tolist()
    ([[4.0]], [[1.0, -1.0]])
    """
    ratios = effects[1:] / errors[1:, None]
    spread = np.sqrt(np.mean(ratios**2, axis=0))
    vcov = np.where(np.eye(len(spread)) == 1, (errors[0] * spread) ** 2, np.nan)
    return Spread(vcov, ratios.T / spread[:, None])


def error_ratios(gaps: Array, after: NDArray[np.bool_], errors: Array) -> Array:
    """Root mean square of gaps after the start over that before it, shape (r,).

    Parameters
    ----------
    gaps : ndarray, shape (r, T)
    after : ndarray of bool, shape (T,)
    errors : ndarray, shape (r,)
        Those before the start.
    """
    return np.asarray(np.sqrt(np.mean(gaps[:, after] ** 2, axis=1)) / errors)
