"""One instrument, one treatment: reduced form, first stage and their ratio; fixed effects and covariates swept out.

By the theorem of Frisch, Waugh and Lovell everything follows from what is left of outcome y, treatment d and
instrument z after strata and regressors W are taken off them, and the ratio (z̃'y)/(z̃'d) is two-stage least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.regressors import full_rank_basis

Array = NDArray[np.float64]
_NOTHING_LEFT = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class TwoStage:
    """What is left of the variables, and the two regressions on the instrument.

    Parameters
    ----------
    y, d, z : ndarray, shape (n,)
        Outcome, treatment and instrument without strata and regressors; of a weighted fit times the root of the weight.
    itt, first_stage : float
        Coefficients of the instrument in the regressions of outcome and treatment.
    spent : int
        Strata and regressors taken off, for degrees of freedom; the instrument is not among them.
    """

    y: Array
    d: Array
    z: Array
    itt: float
    first_stage: float
    spent: int

    @property
    def late(self) -> float:
        """Ratio of both: the two-stage least-squares coefficient of the treatment."""
        return self.itt / self.first_stage

    @property
    def residuals(self) -> tuple[Array, Array]:
        """Residuals of the regressions of outcome and treatment on the instrument, each of shape (n,)."""
        return self.y - self.itt * self.z, self.d - self.first_stage * self.z

    def clustered(self, cluster: ArrayLike) -> tuple[Array, int]:
        """Cluster-robust covariance of ``(itt, first_stage)``, and the number of clusters.

        Parameters
        ----------
        cluster : array_like, shape (n,)
            Labels.

        Returns
        -------
        vcov : ndarray, shape (2, 2)
            With the factor G/(G − 1) · (n − 1)/(n − K) of Stata, K the strata, regressors and the instrument.
        clusters : int

        Raises
        ------
        EstimationError
            Fewer than two clusters: choose smaller ones.
        """
        labels, found = pd.factorize(np.asarray(cluster))
        if len(found) < 2:
            raise EstimationError(f"{len(found)} cluster, two are needed", mend="cluster by a shorter span of time")
        scores = np.zeros((len(found), 2))
        np.add.at(scores, labels, np.stack(self.residuals, axis=1) * self.z[:, None])
        n, k = len(self.z), self.spent + 1
        factor = len(found) / (len(found) - 1) * (n - 1) / (n - k)
        return np.asarray(factor * scores.T @ scores / float(self.z @ self.z) ** 2), len(found)


def two_stage(
    y: Array, d: Array, z: Array, *, strata: ArrayLike, regressors: pd.DataFrame, weights: Array | None = None
) -> TwoStage:
    """Sweep strata and regressors out of outcome, treatment and instrument, and regress on the instrument.

    Parameters
    ----------
    y, d, z : ndarray, shape (n,)
        Outcome, treatment, instrument.
    strata : array_like, shape (n,)
        Labels; each has an effect of its own.
    regressors : DataFrame, n rows
        Further columns, the constant not among them.
    weights : ndarray, shape (n,), optional
        Positive weights of the rows; by default all count alike.

    Returns
    -------
    TwoStage

    Raises
    ------
    EstimationError
        Regressors that others absorb, too few rows, an instrument that strata and regressors explain, or one that does
        not move the treatment at all.

    Examples
    --------
    >>> z = np.array([0.0, 1.0, 0.0, 1.0])
    >>> y, nothing_else = np.array([1.0, 2.0, 3.0, 6.0]), pd.DataFrame(index=range(4))
    >>> found = two_stage(y, z / 2, z, strata=[0, 0, 1, 1], regressors=nothing_else)
    >>> found.itt, found.first_stage, found.late
    (2.0, 0.5, 4.0)
    """
    labels, found = pd.factorize(np.asarray(strata))
    spent = len(found) + regressors.shape[1]
    if len(y) <= spent + 1:
        raise EstimationError(
            f"{len(y)} calls for {spent} effects of hours, months and covariates",
            mend="bring more calls, or adjust for less",
        )
    weight = np.ones(len(y)) if weights is None else weights
    swept = _within(np.column_stack([y, d, z, regressors.to_numpy(float)]), labels, len(found), weight)
    left, matrix = swept[:, :3], swept[:, 3:]
    if matrix.shape[1]:
        basis = full_rank_basis(matrix, list(map(str, regressors)))
        left = left - basis @ (basis.T @ left)
        left = left - basis @ (basis.T @ left)
    own_y, own_d, own_z = (np.ascontiguousarray(column) for column in left.T)
    strength = float(own_z @ own_z)
    if strength <= _NOTHING_LEFT * max(float(z @ z), 1.0):
        raise EstimationError(
            "hours, months and covariates explain the instrument: nothing of it is left",
            mend="bring calls from before the start, or take out the covariate that repeats the instrument",
        )
    itt, first = float(own_z @ own_y) / strength, float(own_z @ own_d) / strength
    if abs(first) <= 1e-12:
        raise EstimationError(
            "the instrument does not move the treatment: the first stage is 0",
            mend="check the schedule and the treatment",
        )
    return TwoStage(own_y, own_d, own_z, itt, first, spent)


def _within(values: Array, labels: NDArray[np.intp], many: int, weight: Array) -> Array:
    """Take the weighted mean of its stratum off every row, and multiply what is left by the root of its weight."""
    order, sizes = np.argsort(labels, kind="stable"), np.bincount(labels, minlength=many)
    first, share = np.cumsum(sizes) - sizes, weight[:, None]
    sums = np.add.reduceat((share * values)[order], first, axis=0) / np.add.reduceat(share[order], first, axis=0)
    return np.asarray(np.sqrt(share) * (values - sums[labels]))
