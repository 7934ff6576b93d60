"""What an instrument does to an outcome per call, with errors that persist from week to week."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.inference import interval, p_value
from coresponder_causal.core.two_stage import two_stage
from coresponder_causal.core.weekly_gap import gap_design, spread, weekly_gap

Array = NDArray[np.float64]


def reduced_form(
    y: Array, z: Array, *, strata: ArrayLike, regressors: pd.DataFrame, week: ArrayLike, covered: ArrayLike
) -> dict[str, float]:
    """Effect of the instrument on the outcome, with the error of the weekly gap between covered and uncovered hours.

    Parameters
    ----------
    y, z : ndarray, shape (n,)
        Outcome and instrument per call.
    strata : array_like, shape (n,)
        Hours whose effects are taken out.
    regressors : DataFrame, n rows
        Further columns to take out; those that never vary are left aside.
    week, covered : array_like, shape (n,)
        As in `weekly_gap`.

    Returns
    -------
    dict
        ``estimate, std_error, df, conf_low, conf_high, p_value``.

    Raises
    ------
    EstimationError
        As `two_stage` and `weekly_gap` do.

    Examples
    --------
    >>> week, covered = np.repeat(np.arange(-20, 20), 2), np.tile([False, True], 40)
    >>> z, rng = (covered & (week >= 0)).astype(float), np.random.default_rng(1)
    >>> months = pd.DataFrame({"after": (week >= 0).astype(float)})
    >>> y = 0.5 * z + rng.normal(0, 0.1, 80)
    >>> found = reduced_form(y, z, strata=covered, regressors=months, week=week, covered=covered)
    >>> round(found["estimate"], 1), found["p_value"] < 0.01
    (0.5, True)
    """
    varying = regressors.loc[:, (regressors != regressors.iloc[0]).any()]
    fit = two_stage(y, z, z, strata=strata, regressors=varying)
    gap = weekly_gap(pd.DataFrame({"y": fit.residuals[0], "z": z}), week=week, covered=covered)
    variance, df = spread(gap_design(gap["z"]).fit(gap["y"].to_numpy(float)))
    std_error = float(np.sqrt(variance))
    low, high = interval(fit.itt, std_error, df)
    return {
        "estimate": fit.itt,
        "std_error": std_error,
        "df": df,
        "conf_low": float(low),
        "conf_high": float(high),
        "p_value": float(p_value(fit.itt / std_error, df)),
    }
