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
from coresponder_causal.core.regressors import full_rank_qr
from coresponder_causal.core.sandwich import clustered, clustered_df

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

    def few_clustered(self, cluster: ArrayLike) -> tuple[Array, int, float]:
        """Covariance of ``(itt, first_stage)`` for few clusters of unequal weight, their number, and its df.

        Bell & McCaffrey's CR2 and degrees of freedom of the regressions on the instrument as it is left: clusters in
        which it varies most count for more than their share.

        Parameters
        ----------
        cluster : array_like, shape (n,)
            Labels.

        Returns
        -------
        vcov : ndarray, shape (2, 2)
        clusters : int
        df : float

        Raises
        ------
        EstimationError
            Fewer than two clusters: bring more of them.
        """
        instrument, (of_y, of_d) = self.z[:, None], self.residuals
        own_y, own_d, both = (
            float(clustered(instrument, residual, cluster, kind="CR2")[0, 0]) for residual in (of_y, of_d, of_y + of_d)
        )
        shared = (both - own_y - own_d) / 2
        df = clustered_df(instrument, cluster, np.ones(1))
        return np.array([[own_y, shared], [shared, own_d]]), len(pd.unique(np.asarray(cluster))), df


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
    left, spent = swept(np.column_stack([y, d, z]), strata=strata, regressors=regressors, weights=weights)
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


def swept(
    values: Array, *, strata: ArrayLike, regressors: pd.DataFrame, weights: Array | None = None
) -> tuple[Array, int]:
    """Take strata and regressors off columns by least squares.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Columns.
    strata : array_like, shape (n,)
        Labels; each has an effect of its own.
    regressors : DataFrame, n rows
        Further columns, the constant not among them.
    weights : ndarray, shape (n,), optional
        Of the rows.

    Returns
    -------
    left : ndarray, shape (n, k)
        Times the root of the weights.
    spent : int
        Strata and regressors taken off.

    Raises
    ------
    EstimationError
        Regressors that others absorb, or too few rows: bring more calls, or adjust for less.

    Examples
    --------
    >>> swept(np.array([[1.0], [3.0], [5.0], [5.0]]), strata=[0, 0, 1, 1], regressors=pd.DataFrame(index=range(4)))[0].T
    array([[-1.,  1.,  0.,  0.]])
    """
    labels, found = pd.factorize(np.asarray(strata))
    spent = len(found) + regressors.shape[1]
    if len(values) <= spent + 1:
        raise EstimationError(
            f"{len(values)} calls for {spent} effects of hours, months and covariates",
            mend="bring more calls, or adjust for less",
        )
    weight = np.ones(len(values)) if weights is None else weights
    within = _within(np.column_stack([values, regressors.to_numpy(float)]), labels, len(found), weight)
    left, matrix = within[:, : values.shape[1]], within[:, values.shape[1] :]
    if matrix.shape[1]:
        basis, _ = full_rank_qr(matrix, list(map(str, regressors)))
        left = left - basis @ (basis.T @ left)
        left = left - basis @ (basis.T @ left)
    return left, spent


def _within(values: Array, labels: NDArray[np.intp], many: int, weight: Array) -> Array:
    """Take the weighted mean of its stratum off every row, and multiply what is left by the root of its weight."""
    order, sizes = np.argsort(labels, kind="stable"), np.bincount(labels, minlength=many)
    first, share = np.cumsum(sizes) - sizes, weight[:, None]
    sums = np.add.reduceat((share * values)[order], first, axis=0) / np.add.reduceat(share[order], first, axis=0)
    return np.asarray(np.sqrt(share) * (values - sums[labels]))
