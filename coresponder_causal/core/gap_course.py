"""How far covered hours lay above uncovered ones, half-year by half-year, against the last one before the start."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import interval
from coresponder_causal.core.reml import serial_design
from coresponder_causal.core.two_stage import swept
from coresponder_causal.core.weekly_gap import weekly_gap

Array = NDArray[np.float64]
half_year, least_weeks = 26, 8


def gap_course(
    y: Array, *, strata: ArrayLike, regressors: pd.DataFrame, week: ArrayLike, covered: ArrayLike
) -> pd.DataFrame:
    """Estimate the gap between covered and uncovered hours in each half-year.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Outcome per call.
    strata : array_like, shape (n,)
        Hour of the week; each has an effect of its own.
    regressors : DataFrame, n rows
        Months and covariates.
    week : array_like of int, shape (n,)
        Week of the call, counted from the start.
    covered : array_like of bool, shape (n,)
        Whether its hour of the week is a covered one.

    Returns
    -------
    DataFrame
        ``half`` (0: the first from the start on), ``estimate, low, high``: 95 % intervals from the weekly gap of what
        the regression leaves, with persistent errors. The half-year −1 is what the others are compared with. A first
        or last one of fewer than eight weeks counts with its neighbour.

    Raises
    ------
    EstimationError
        Fewer than 20 weeks with calls in both, or no half-year before or after the start.

    Examples
    --------
    >>> rng, week = np.random.default_rng(1), np.repeat(np.arange(-52, 52), 40)
    >>> covered = np.tile([True, False], len(week) // 2)
    >>> y = rng.normal(size=len(week)) + 2.0 * (covered & (week >= 0))
    >>> nothing_else = pd.DataFrame(index=range(len(week)))
    >>> found = gap_course(y, strata=covered, regressors=nothing_else, week=week, covered=covered)
    >>> found["half"].tolist(), found["estimate"].abs().round().tolist()
    ([-2, -1, 0, 1], [0.0, 0.0, 2.0, 2.0])
    """
    weeks, inside = np.asarray(week, np.int64), np.asarray(covered, bool)
    half = _halves(weeks)
    shown = np.unique(half)
    others = shown[shown != -1]
    if len(others) == len(shown) or not (others >= 0).any():
        raise EstimationError("no half-year lies before, or after, the start", mend="bring calls from both sides")
    columns = (half[:, None] == others) & inside[:, None]
    left, _ = swept(np.column_stack([y, columns]), strata=strata, regressors=regressors)
    effects = np.linalg.lstsq(left[:, 1:], left[:, 0], rcond=None)[0]
    values = pd.DataFrame(columns.astype(float)).assign(y=left[:, 0] - left[:, 1:] @ effects)
    gap = weekly_gap(values, week=weeks, covered=inside)
    time = gap.index.to_numpy(float)
    design = serial_design(np.column_stack([np.ones(len(gap)), gap.drop(columns="y")]), time=time - time.min())
    fit = design.fit(gap["y"].to_numpy(float))
    df = [fit.record.df(row, fit.vcov) for row in np.eye(len(shown))[1:]]
    low, high = interval(effects, np.sqrt(np.diag(fit.vcov)[1:]), df)
    known = pd.DataFrame({"half": others, "estimate": effects, "low": low, "high": high})
    reference = pd.DataFrame({"half": [-1], "estimate": [0.0], "low": [0.0], "high": [0.0]})
    return pd.concat([known, reference]).sort_values("half", ignore_index=True)


def _halves(week: NDArray[np.int64]) -> NDArray[np.int64]:
    """Half-year of each week, the thin ones at either end joined to their neighbours."""
    half = week // half_year
    many = pd.Series(week).groupby(half).nunique()
    full = many.index[many >= least_weeks]
    return np.clip(half, full.min(), full.max()) if len(full) else half
