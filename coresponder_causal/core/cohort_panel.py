"""Mean courses of cohorts in a balanced panel, and the spread of contrasts of them.

Every comparison of changes without covariates is a contrast of the cohorts' mean courses, Σ_g C_g'ȳ_g, and a unit moves
it by its departure from the course of its cohort, ψ_i/n = w_i (C_g'(y_i − ȳ_g)/W_g + m_g), where W_g is the weight of
the cohort and m_g not 0 where the estimate holds the unit against something else than the mean of its cohort. So G
means of T periods and G matrices T × T of squares and products say all that n units have to say:

    V = Σ_g C_g' S_g C_g / W_g² + m_g m_g' Σ_{i in g} w_i²,    S_g = Σ_{i in g} w_i² (y_i − ȳ_g)(y_i − ȳ_g)'

Contrasts sum to zero over the periods of a cohort, so that outcomes are taken from the mean of their unit: what units
differ by in level costs no digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.influence import Influence

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
at_once = 2**14  # units whose courses are held beside the result


@dataclass(frozen=True, slots=True, eq=False)
class CohortPanel:
    """Cohorts of a balanced panel, made by `cohort_panel`.

    Parameters
    ----------
    outcome : ndarray, shape (n, T)
        From the mean of each unit.
    weight : ndarray, shape (n,)
    group : ndarray of int, shape (n,)
        Number of each unit's cohort, below G.
    mean : ndarray, shape (G, T)
        Weighted mean course of each cohort.
    size, squares : ndarray, shape (G,)
        Sums of weights, and of their squares.
    products : ndarray, shape (G, T, T)
        S_g.
    cross : ndarray, shape (G, T)
        Σ w_i² (y_i − ȳ_g): zero without weights.
    """

    outcome: Array
    weight: Array
    group: Ints
    mean: Array
    size: Array
    squares: Array
    products: Array
    cross: Array

    def by_cohort(self, contrast: Array, shift: Array | None = None) -> Array:
        """Part of each cohort in the covariance of the contrasts, shape (G, k, k).

        Parameters
        ----------
        contrast : ndarray, shape (G, T, k)
            C.
        shift : ndarray, shape (G, k), optional
            m.
        """
        own = contrast / self.size[:, None, None]
        parts = np.swapaxes(own, 1, 2) @ self.products @ own
        if shift is None:
            return np.asarray(parts)
        half = np.einsum("gtk,gt,gl->gkl", own, self.cross, shift)
        parts = parts + half + np.swapaxes(half, 1, 2)
        return np.asarray(parts + self.squares[:, None, None] * shift[:, :, None] * shift[:, None, :])

    def influence(
        self, contrast: Array, shift: Array, unit: pd.Index, cluster: pd.Index | None = None, *, never: bool
    ) -> Influence:
        """Influence functions of the contrasts, thin: T + 2 numbers a unit.

        Parameters
        ----------
        contrast, shift : ndarray
            As `by_cohort` takes them.
        unit, cluster : Index, length n
            Labels.
        never : bool
            Whether the last cohort is that of the units never treated. The last columns of ``left`` are w·1{cohort} of
            the others and a constant, of which `aggregate` makes the influence of estimated shares.
        """
        from scipy.sparse import csr_array

        (n, periods), groups, k = self.outcome.shape, len(self.size), contrast.shape[2]
        treated = groups - never
        base = groups * periods
        own = np.where(self.group < treated, base + never + self.group, base)
        places = np.empty((n, periods + 2), np.int32)
        places[:, :periods] = (self.group * periods)[:, None] + np.arange(periods)
        places[:, periods], places[:, periods + 1] = own, base + groups
        values = np.empty((n, periods + 2))
        for some in (slice(at, at + at_once) for at in range(0, n, at_once)):
            np.subtract(self.outcome[some], self.mean[self.group[some]], out=values[some, :periods])
        values[:, :periods] *= self.weight[:, None]
        values[:, periods], values[:, periods + 1] = self.weight, 1.0
        ends = np.arange(0, n * (periods + 2) + 1, periods + 2)
        left = csr_array((values.ravel(), places.ravel(), ends), shape=(n, base + groups + 1))
        order = [*([groups - 1] if never else []), *range(treated)]
        own_contrast = contrast / self.size[:, None, None]
        right = np.vstack([own_contrast.reshape(base, k), shift[order], np.zeros((1, k))])
        return Influence(left=left, right=n * right, unit=unit, cluster=cluster, inner=self._inner(order, n))

    def _inner(self, order: list[int], n: int) -> Array:
        """Left'left of `influence`: cohorts meet in the constant alone."""
        groups, periods = self.mean.shape
        base = groups * periods
        inner = np.zeros((base + groups + 1, base + groups + 1))
        for place, g in enumerate(order):
            rows, own = slice(g * periods, (g + 1) * periods), base + place
            inner[rows, rows] = self.products[g]
            inner[rows, own] = inner[own, rows] = self.cross[g]
            inner[own, own] = self.squares[g]
            inner[own, -1] = inner[-1, own] = self.size[g]
        inner[-1, -1] = n
        return inner


def cohort_panel(outcome: Array, group: Ints, weight: Array | None = None) -> CohortPanel:
    """Take means and products of a balanced panel by cohort.

    Parameters
    ----------
    outcome : ndarray, shape (n, T)
    group : ndarray of int, shape (n,)
        Number of each unit's cohort; none is empty.
    weight : ndarray, shape (n,), optional
        Sampling weight of each unit.

    Returns
    -------
    CohortPanel

    Examples
    --------
    A difference in differences of two units each: the mean change of the first less that of the second cohort.

    >>> made = cohort_panel(np.array([[0.0, 3.0], [0, 5], [0, 1], [0, 1]]), np.array([0, 0, 1, 1]))
    >>> contrast = np.array([[[-1.0], [1]], [[1], [-1]]])
    >>> np.einsum("gt,gtk->k", made.mean, contrast).tolist()
    [3.0]
    >>> made.by_cohort(contrast).sum(axis=0).tolist()
    [[0.5]]
    """
    n, periods = outcome.shape
    outcome = outcome - outcome.mean(axis=1, keepdims=True)
    groups = int(group.max()) + 1
    w = np.ones(n) if weight is None else weight
    size, squares = (np.bincount(group, power, groups).astype(float) for power in (w, w**2))
    mean, cross = np.empty((groups, periods)), np.zeros((groups, periods))
    products = np.empty((groups, periods, periods))
    for g in range(groups):
        mine = group == g
        own = outcome[mine]
        if weight is None:
            mean[g] = own.mean(axis=0)
            own = own - mean[g]
        else:
            mean[g] = w[mine] @ own / size[g]
            own = w[mine, None] * (own - mean[g])
            cross[g] = w[mine] @ own
        products[g] = own.T @ own
    return CohortPanel(outcome, w, group, mean, size, squares, products, cross)
