"""What an instrument does to an outcome per call, with errors that persist from week to week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.inference import interval, p_value
from coresponder_causal.core.two_stage import two_stage
from coresponder_causal.core.weekly_gap import gap_design, spread, weekly_gap

Array = NDArray[np.float64]
weeks_in_block = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReducedForm:
    """An effect with the error of the weekly gap, and beside it that of blocks of eight weeks.

    Parameters
    ----------
    effect, std_error, df : float
        In units of the outcome; Satterthwaite degrees of freedom.
    weeks : int
        Weeks with calls in covered and uncovered hours.
    rho : float
        Correlation of neighbouring weeks in the persistent part of the gap.
    blocks : dict
        See `in_blocks`; empty where all weeks lie in one block.
    """

    effect: float
    std_error: float
    df: float
    weeks: int
    rho: float
    blocks: dict[str, object]

    def row(self) -> dict[str, float]:
        """Return ``estimate, std_error, df, conf_low, conf_high, p_value``, as the table of a check has them."""
        low, high = interval(self.effect, self.std_error, self.df)
        return {
            "estimate": self.effect,
            "std_error": self.std_error,
            "df": self.df,
            "conf_low": float(low),
            "conf_high": float(high),
            "p_value": float(p_value(self.effect / self.std_error, self.df)),
        }


def reduced_form(
    y: Array, z: Array, *, strata: ArrayLike, regressors: pd.DataFrame, week: ArrayLike, covered: ArrayLike
) -> ReducedForm:
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
    ReducedForm

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
    >>> round(found.effect, 1), found.row()["p_value"] < 0.01, found.blocks["blocks"]
    (0.5, True, 6)
    """
    varying = regressors.loc[:, (regressors != regressors.iloc[0]).any()]
    fit = two_stage(y, z, z, strata=strata, regressors=varying)
    gap = weekly_gap(pd.DataFrame({"y": fit.residuals[0], "z": z}), week=week, covered=covered)
    found = gap_design(gap["z"]).fit(gap["y"].to_numpy(float))
    variance, df = spread(found)
    blocks, by_block = np.asarray(week) // weeks_in_block, {}
    if len(np.unique(blocks)) > 1:
        vcov, many = fit.clustered(blocks)
        by_block = in_blocks(fit.itt, float(np.sqrt(vcov[0, 0])), many)
    return ReducedForm(
        effect=fit.itt, std_error=float(np.sqrt(variance)), df=df, weeks=len(gap), rho=found.rho, blocks=by_block
    )


def in_blocks(effect: float, std_error: float, blocks: int) -> dict[str, object]:
    """Facts of an effect whose error comes from blocks of eight weeks: t(G − 1).

    Examples
    --------
    >>> facts = in_blocks(1.0, 0.5, 11)
    >>> facts["blocks"], round(float(facts["blocks_low"]), 3)
    (11, -0.114)
    """
    low, high = interval(effect, std_error, float(blocks - 1))
    return {"blocks": blocks, "blocks_std_error": std_error, "blocks_low": float(low), "blocks_high": float(high)}
