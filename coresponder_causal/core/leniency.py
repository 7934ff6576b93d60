"""How readily those who take calls bring the team: each call's number comes from the other calls alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.two_stage import swept

Array = NDArray[np.float64]
_ALONE = 1e-8


def leniency(d: Array, takers: ArrayLike, *, strata: ArrayLike, regressors: pd.DataFrame) -> Array:
    """Predict each call's treatment from its taker, by the other calls, strata and regressors taken out.

    With d̃ and T̃ the treatment and the takers' indicators without strata and regressors, and H the projection on T̃, it
    is zᵢ = ((H d̃)ᵢ − Hᵢᵢ d̃ᵢ) / (1 − Hᵢᵢ): of many takers spread evenly over strata the mean of d̃ over the taker's other
    calls, and else a coefficient that compares takers within strata. Two-stage least squares with it and the same
    strata and regressors is the improved jackknife estimator of Ackerberg & Devereux.

    Parameters
    ----------
    d : ndarray, shape (n,)
        Treatment.
    takers : array_like, shape (n,)
        Who took the call.
    strata : array_like, shape (n,)
        Labels; within each it is chance who takes a call.
    regressors : DataFrame, n rows
        Further columns, such as months.

    Returns
    -------
    ndarray, shape (n,)
        In units of the treatment, about 0 on average; 0 for a call that alone tells its taker from others.

    Raises
    ------
    EstimationError
        Takers who never share a stratum: take larger strata, or bring more calls.

    References
    ----------
    Ackerberg & Devereux (2009), doi:10.1162/rest.91.2.351; Dobbie, Goldin & Yang (2018), doi:10.1257/aer.20161503.

    Examples
    --------
    >>> brought = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 1.0])
    >>> nothing_else = pd.DataFrame(index=range(6))
    >>> leniency(brought, list("aaabbb"), strata=np.zeros(6), regressors=nothing_else).round(2).tolist()
    [0.1, 0.1, 0.3, -0.1, -0.1, -0.3]
    """
    codes = pd.factorize(np.asarray(takers))[0]
    columns = np.column_stack([d, np.eye(codes.max() + 1)[codes]])
    left, _ = swept(columns, strata=strata, regressors=regressors)
    treatment, indicators = left[:, 0], left[:, 1:]
    directions, lengths, _ = np.linalg.svd(indicators, full_matrices=False)
    basis = directions[:, lengths > 1e-9 * np.sqrt(len(d))]
    if not basis.shape[1]:
        raise EstimationError(
            "no two call takers took calls in the same cell: they cannot be compared",
            mend="bring more calls, or check the codes of call takers",
        )
    share = (basis**2).sum(axis=1)
    others = basis @ (basis.T @ treatment) - share * treatment
    return np.where(share < 1 - _ALONE, others / np.maximum(1 - share, _ALONE), 0.0)
