"""The regression of one series behind a result, for checks that look at its periods one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from coresponder_causal.core.persistence import persistence

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesRegression:
    """y = Xβ + u in time, u with covariance s²(φR(ρ) + (1−φ)I), R(ρ)_ij = ρ^|t_i − t_j|, or s² times a given matrix.

    Parameters
    ----------
    outcome : ndarray, shape (n,)
        y on the scale of the method.
    matrix : ndarray, shape (n, k)
        X, its first column constant.
    time : ndarray, shape (n,)
        Integer positions, increasing.
    periods : Index, shape (n,)
        Their names.
    start : int
        First position that the programme touches.
    effect : tuple of int
        Columns of X that are the programme's: its level, and its slope where there is one; none where the method looks
        at the periods before the start alone.
    headline : ndarray, shape (k,)
        Contrast of β that is the result's first term.
    rho, phi : float
        Variance parameters as fitted; ρ = 0 where the method takes the errors as white.
    errors : ndarray, shape (n, n), optional
        Covariance of the errors over s² where ρ and φ do not tell it.

    Examples
    --------
    >>> made = SeriesRegression(outcome=np.array([1.0, 3.0]), matrix=np.ones((2, 1)), time=np.arange(2.0),
    ...     periods=pd.Index([0, 1]), start=1, effect=(), headline=np.ones(1), rho=0.6)
    >>> made.whitened(made.outcome).round(3).tolist()
    [1.0, 3.0]
    """

    outcome: Array
    matrix: Array
    time: Array
    periods: pd.Index
    start: int
    effect: tuple[int, ...]
    headline: Array
    rho: float = 0.0
    phi: float = 1.0
    errors: Array | None = None

    @property
    def undisturbed(self) -> Array:
        """Columns of X that are not the programme's."""
        return np.delete(self.matrix, self.effect, axis=1)

    def root(self) -> Array:
        """Lower Cholesky factor of the covariance of the errors over s², shape (n, n)."""
        if self.errors is not None:
            return np.asarray(np.linalg.cholesky(self.errors))
        persistent = self.phi * persistence(self.rho, self.time)
        return np.asarray(np.linalg.cholesky(persistent + (1 - self.phi) * np.eye(len(self.time))))

    def whitened(self, columns: Array) -> Array:
        """Rows less what earlier rows foretell of them, each over the standard deviation of that error (times 1/s)."""
        return np.asarray(solve_triangular(self.root(), columns, lower=True), float)

    def residuals(self) -> tuple[Array, Array]:
        """Standardised residuals, shape (n,), and the whitened regressors that they are orthogonal to, (n, k)."""
        basis_of = self.whitened(np.column_stack([self.outcome, self.matrix]))
        y, X = basis_of[:, 0], basis_of[:, 1:]
        rest = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
        return rest / np.sqrt(rest @ rest / (len(y) - X.shape[1])), X
