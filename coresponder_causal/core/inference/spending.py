"""Spending a test's error over several looks at growing data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.optimize import brentq

from coresponder_causal.core.errors import DesignError, Problems

Array = NDArray[np.float64]
nodes, widest = 801, 9.0


class Looks(NamedTuple):
    """Boundaries of looks.

    Parameters
    ----------
    spent : ndarray, shape (k,)
        Error spent up to each look, both sides together.
    boundary : ndarray, shape (k,)
        Of `|Z|`.
    nominal : ndarray, shape (k,)
        Two-sided p-value below which a look decides.
    """

    spent: Array
    boundary: Array
    nominal: Array


def spending_looks(fractions: ArrayLike, *, level: float = 0.95) -> Looks:
    """Boundaries of Lan and DeMets that spend the error as O'Brien and Fleming's do.

    Parameters
    ----------
    fractions : array_like, shape (k,)
        Share of the information at each look, increasing, the last 1.
    level : float
        One less the error of all looks together.

    Returns
    -------
    Looks

    Raises
    ------
    DesignError
        Fractions that do not increase from above 0 to 1.

    Notes
    -----
    Each side spends 2 − 2Φ(z/√t), z the normal quantile at 1 − (1 − level)/4. Z at two looks has correlation √(t₁/t₂);
    the density of Z√t of trials that went on is carried from look to look by the trapezoidal rule.

    References
    ----------
    Lan & DeMets (1983), doi:10.1093/biomet/70.3.659; Armitage, McPherson & Rowe (1969), doi:10.2307/2343787.

    Examples
    --------
    >>> spending_looks([0.2, 0.4, 0.6, 0.8, 1.0]).boundary.round(2).tolist()
    [4.88, 3.36, 2.68, 2.29, 2.03]
    """
    t = np.asarray(fractions, float)
    problems = Problems("looks")
    if t.ndim != 1 or not len(t) or not np.all(np.diff(t, prepend=0.0) > 0) or not np.isclose(t[-1], 1.0):
        problems.add(f"shares of the information are {t.tolist()}", mend="let them increase from above 0 to 1")
    if not 0 < level < 1:
        problems.add(f"level={level} is none", mend="take one between 0 and 1, e.g. 0.95")
    problems.raise_if_any(DesignError)
    side = 2 * stats.norm.sf(stats.norm.isf((1 - level) / 4) / np.sqrt(t))
    boundary = np.empty(len(t))
    boundary[0] = stats.norm.isf(side[0])
    places = np.linspace(-1, 1, nodes) * min(boundary[0], widest) * np.sqrt(t[0])
    density = stats.norm.pdf(places, scale=np.sqrt(t[0]))
    for k in range(1, len(t)):
        step = np.sqrt(t[k] - t[k - 1])
        weights = density * np.gradient(places)
        weights[[0, -1]] /= 2
        new, root = side[k] - side[k - 1], np.sqrt(t[k])
        boundary[k] = brentq(_above, 0.0, widest, args=(places, weights, step, root, new), xtol=1e-12)
        further = np.linspace(-1, 1, nodes) * boundary[k] * root
        density = weights @ stats.norm.pdf(further, loc=places[:, None], scale=step)
        places = further
    return Looks(2 * side, boundary, 2 * stats.norm.sf(boundary))


def _above(z: float, places: Array, weights: Array, step: float, root: float, new: float) -> float:
    """Chance to go on until a look and be above z there, less what may be spent."""
    return float(weights @ stats.norm.sf((z * root - places) / step) - new)
