"""Logit of yes and no within units, given how many yeses each unit has: what units are like does not enter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]
most_steps, still, far = 50, 1e-9, 30.0


@dataclass(frozen=True, slots=True, eq=False)
class ConditionalFit:
    """A fitted conditional logit.

    Parameters
    ----------
    coef : ndarray, shape (k,)
    scores : ndarray, shape (g, k)
        Derivative of each unit's log likelihood; 0 for units that are all yes or all no.
    information : ndarray, shape (k, k)
        Negative Hessian.
    informative : ndarray of bool, shape (g,)
        Units with a yes and a no.
    """

    coef: Array
    scores: Array
    information: Array
    informative: NDArray[np.bool_]


def conditional_logit(matrix: Array, yes: NDArray[np.bool_], unit: NDArray[np.intp]) -> ConditionalFit:
    """Fit log odds = a_unit + xβ by the likelihood given each unit's number of yeses.

    The sums over all orders of yes and no, and their first two derivatives, come from one recursion over the rows of
    a unit, for all units at once: f_s ← f_s + exp(x_t β) f_{s−1}.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
    yes : ndarray of bool, shape (n,)
    unit : ndarray, shape (n,)
        Numbers of the units, from 0 on.

    Returns
    -------
    ConditionalFit

    Raises
    ------
    EstimationError
        No unit with a yes and a no, regressors that do not vary within such units, or yeses that they tell apart
        without error.

    References
    ----------
    Chamberlain (1980), doi:10.2307/2297110; Gail, Lubin & Rubinstein (1981), doi:10.1093/biomet/68.3.703 (recursion).

    Examples
    --------
    >>> x = np.tile([[0.0], [1.0]], (4, 1))
    >>> y = np.array([0, 1, 0, 1, 0, 1, 1, 0], bool)
    >>> round(float(conditional_logit(x, y, np.repeat(np.arange(4), 2)).coef[0]), 4)  # log(3 / 1)
    1.0986
    """
    many = int(unit.max()) + 1
    size, count = np.bincount(unit, minlength=many), np.bincount(unit, yes, minlength=many)
    informative = (count > 0) & (count < size)
    if not informative.any():
        raise EstimationError("no unit has a yes and a no", mend="bring more waves, or another outcome")
    kept = informative[unit]
    number = np.cumsum(informative) - 1
    blocks = _Blocks.of(matrix[kept], yes[kept], number[unit[kept]])
    coef = np.zeros(matrix.shape[1])
    here = blocks.at(coef)
    for _ in range(most_steps):
        if np.linalg.matrix_rank(here.information, hermitian=True) < len(coef):
            break
        step = np.linalg.solve(here.information, here.scores.sum(axis=0))
        share = 1.0
        while share > 1e-6 and (trial := blocks.at(coef + share * step)).value < here.value - 1e-12:
            share /= 2
        coef, here = coef + share * step, trial
        if np.abs(matrix[kept] @ coef).max() > far:
            break
        if np.abs(step).max() < still:
            scores = np.zeros((many, len(coef)))
            scores[informative] = here.scores
            return ConditionalFit(coef, scores, here.information, informative)
    raise EstimationError(
        f"{int(informative.sum())} units with a yes and a no do not settle the coefficients: a regressor does not vary "
        "within them, or tells yes from no without error",
        mend="merge answers that few gave, or leave the regressor out",
    )


@dataclass(frozen=True, slots=True)
class _Here:
    value: float
    scores: Array
    information: Array


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Units side by side, padded to the longest: regressors (g, t, k), rows that are there, and yeses."""

    x: Array
    there: NDArray[np.bool_]
    yes: NDArray[np.bool_]

    @classmethod
    def of(cls, matrix: Array, yes: NDArray[np.bool_], unit: NDArray[np.intp]) -> _Blocks:
        order = np.argsort(unit, kind="stable")
        sorted_unit = unit[order]
        size = np.bincount(sorted_unit)
        place = np.arange(len(unit)) - np.repeat(np.cumsum(size) - size, size)
        x = np.zeros((len(size), int(size.max()), matrix.shape[1]))
        there, hit = (np.zeros(x.shape[:2], bool) for _ in range(2))
        x[sorted_unit, place], there[sorted_unit, place], hit[sorted_unit, place] = matrix[order], True, yes[order]
        return cls(x, there, hit)

    def at(self, coef: Array) -> _Here:
        """Log likelihood with its derivatives."""
        units, waves, k = self.x.shape
        eta = self.x @ coef
        eta = eta - np.max(np.where(self.there, eta, -np.inf), axis=1, keepdims=True)
        weight = np.where(self.there, np.exp(eta), 0.0)
        f = np.zeros((units, waves + 1))
        d, h = np.zeros((units, waves + 1, k)), np.zeros((units, waves + 1, k, k))
        f[:, 0] = 1.0
        for t in range(waves):
            w, x = weight[:, t, None], self.x[:, None, t, :]
            crossed = d[:, :-1, :, None] * x[:, :, None, :]
            bent = h[:, :-1] + crossed + crossed.swapaxes(2, 3) + f[:, :-1, None, None] * (x[..., None] * x[:, :, None])
            h[:, 1:] += w[..., None, None] * bent
            d[:, 1:] += w[..., None] * (d[:, :-1] + f[:, :-1, None] * x)
            f[:, 1:] += w * f[:, :-1]
        rows, count = np.arange(units), self.yes.sum(axis=1)
        total = f[rows, count]
        mean = d[rows, count] / total[:, None]
        spread = h[rows, count] / total[:, None, None] - mean[:, :, None] * mean[:, None, :]
        own = np.where(self.yes, eta, 0.0).sum(axis=1)
        scores = np.where(self.yes[..., None], self.x, 0.0).sum(axis=1) - mean
        return _Here(float((own - np.log(total)).sum()), scores, spread.sum(axis=0))
