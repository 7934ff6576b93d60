"""The weekly gap between covered and uncovered hours, with errors that persist from week to week."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import note
from coresponder_causal.core.reml import SerialDesign, serial_design
from coresponder_causal.core.reml_fit import RemlFit

Array = NDArray[np.float64]
least_weeks = 20


def weekly_gap(values: pd.DataFrame, *, week: ArrayLike, covered: ArrayLike) -> pd.DataFrame:
    """Mean over calls in covered hours minus mean over calls in uncovered hours, by week.

    Parameters
    ----------
    values : DataFrame, n rows
        Numbers per call.
    week : array_like of int, shape (n,)
        Week of the call.
    covered : array_like of bool, shape (n,)
        Whether its hour of the week is a covered one.

    Returns
    -------
    DataFrame
        One row per week with calls in both, by its number; weeks without are counted in a note.

    Raises
    ------
    EstimationError
        If fewer than 20 weeks are left: bring a longer time, or use clusters.

    Examples
    --------
    >>> many = pd.DataFrame({"y": np.tile([1.0, 4.0], 20)})
    >>> weekly_gap(many, week=np.repeat(range(20), 2), covered=np.tile([False, True], 20))["y"].iloc[0]
    np.float64(3.0)
    """
    keys = pd.DataFrame({"week": np.asarray(week), "covered": np.asarray(covered, bool)})
    sums = values.reset_index(drop=True).groupby([keys["week"], keys["covered"]]).mean()
    sides = {side: sums[sums.index.get_level_values("covered") == side].droplevel("covered") for side in (True, False)}
    gap = sides[True].sub(sides[False]).dropna()
    many = int(keys["week"].nunique())
    if len(gap) < many:
        note(f"{many - len(gap)} of {many} weeks lack calls in covered or in uncovered hours and give no gap")
    if len(gap) < least_weeks:
        raise EstimationError(
            f"{len(gap)} weeks have calls in covered and uncovered hours",
            mend=f"bring at least {least_weeks} such weeks, or use inference='week'",
        )
    return gap


def gap_design(instrument: pd.Series) -> SerialDesign:
    """Constant and the instrument's weekly gap, in the order of its weeks.

    Raises
    ------
    EstimationError
        If the instrument is the same in every week: bring weeks from both sides of the start.
    """
    dose = instrument.to_numpy(float)
    if np.ptp(dose) < 1e-9:
        raise EstimationError(
            "the instrument's gap is the same in every week", mend="bring weeks from both sides of the start"
        )
    week = instrument.index.to_numpy(float)
    return serial_design(np.column_stack([np.ones(len(dose)), dose]), time=week - week.min())


def spread(fit: RemlFit) -> tuple[float, float]:
    """Variance and Satterthwaite df of the instrument's effect on a gap."""
    return float(fit.vcov[1, 1]), fit.record.df(np.array([0.0, 1.0]), fit.vcov)
