"""How estimated weights move with what they were estimated from, so that standard errors can count it."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]
Scheme = Literal["att", "ate", "atc", "overlap", "matching"]


class Part(NamedTuple):
    """Coefficients γ behind weights that are a function of η = x'γ.

    Parameters
    ----------
    score : ndarray, shape (n,)
        Unit i adds ``score[i] x_i`` to the equations that γ solves.
    slope : ndarray, shape (n,)
        Derivative of each weight in its η.
    bread : ndarray, shape (k, k)
        γ̂ − γ ≈ bread' Σ score x.
    """

    score: Array
    slope: Array
    bread: Array


class WeightModel(NamedTuple):
    """What weights were estimated by: regressors and one part, or more, for each set of coefficients or moments.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Rows x_i, the constant among them; rows of units without part in the estimation may be zero.
    parts : tuple of Part

    Examples
    --------
    A mean of ones estimated by itself: the weight of every unit moves with it.

    >>> one = Part(score=np.array([-1.0, 1.0]), slope=np.ones(2), bread=np.array([[0.5]]))
    >>> WeightModel(np.ones((2, 1)), (one,)).influence_through(np.array([1.0, 3.0])).tolist()
    [-2.0, 2.0]
    """

    matrix: Array
    parts: tuple[Part, ...]

    def arrays(self) -> list[Array]:
        """Every array of the model."""
        return [self.matrix, *(array for part in self.parts for array in part)]

    def influence_through(self, per_weight: Array) -> Array:
        """Influence, over n, of the estimated coefficients on a quantity that moves by ``per_weight`` with each weight.

        Parameters
        ----------
        per_weight : ndarray, shape (n,)
            Derivative of the quantity in each unit's weight.

        Returns
        -------
        ndarray, shape (n,)
        """
        total = np.zeros(len(self.matrix))
        for part in self.parts:
            total += part.score * (self.matrix @ (part.bread @ (self.matrix.T @ (part.slope * per_weight))))
        return total


def of_log_odds(linear: Array, treated: NDArray[np.bool_], scheme: Scheme) -> tuple[Array, Array]:
    """Weights from the log odds η of treatment, and their derivatives in η; with p = 1/(1 + e^−η), dp = p(1 − p) dη.

    Parameters
    ----------
    linear : ndarray, shape (n,)
    treated : ndarray of bool, shape (n,)
    scheme : {"att", "ate", "atc", "overlap", "matching"}
        Weights of treated and untreated units: 1 and p/(1 − p); 1/p and 1/(1 − p); (1 − p)/p and 1; 1 − p and p;
        min(p, 1 − p) over p and over 1 − p.

    Returns
    -------
    tuple of ndarray, shape (n,)

    Examples
    --------
    >>> of_log_odds(np.log([3.0, 3.0]), np.array([True, False]), "matching")[0].round(6).tolist()
    [0.333333, 1.0]
    """
    sign = np.where(treated, 1.0, -1.0)
    against = np.exp(-sign * linear)  # odds of the other arm, where a unit was treated (1 − p)/p
    if scheme == "ate":
        return 1 + against, -sign * against
    if scheme == "overlap":
        own = expit(-sign * linear)
        return own, -sign * own * (1 - own)
    if scheme == "matching":
        return np.minimum(against, 1.0), np.where(against < 1, -sign * against, 0.0)
    moving = treated if scheme == "atc" else ~treated
    return np.where(moving, against, 1.0), np.where(moving, -sign * against, 0.0)
