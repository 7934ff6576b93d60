"""The effect on calls of being received in hours with the team, whether it came or not: hours and months swept out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.inference import interval
from coresponder_causal.core.two_stage import two_stage
from coresponder_causal.core.weekly_gap import gap_design, spread, weekly_gap

Array = NDArray[np.float64]
weeks_in_block = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReducedForm:
    """An effect with the error of the weekly gap, and beside it that of blocks of eight weeks.

    Parameters
    ----------
    effect, variance, df : float
        In units of the outcome; Satterthwaite degrees of freedom.
    weeks : int
        Weeks with calls in covered and uncovered hours.
    rho, phi : float
        Correlation of neighbouring weeks in the persistent part of the gap, and that part's share.
    rho_limits : tuple of float
        Lower and upper 80 % limits of ``rho``.
    blocks : dict
        See `in_blocks`.
    """

    effect: float
    variance: float
    df: float
    weeks: int
    rho: float
    phi: float
    rho_limits: tuple[float, float]
    blocks: dict[str, object]


def reduced_form(
    outcome: Array, instrument: Array, *, timing: pd.DataFrame, strata: ArrayLike, regressors: pd.DataFrame
) -> ReducedForm:
    """Regress an outcome of calls on the instrument; the residuals' weekly gap says how well the effect is known.

    Parameters
    ----------
    outcome, instrument : ndarray, shape (n,)
    timing : DataFrame, n rows
        ``covered`` and ``week`` of each call.
    strata : array_like, shape (n,)
        Hours whose effects are swept out.
    regressors : DataFrame, n rows
        Months and covariates, likewise.

    Returns
    -------
    ReducedForm

    Raises
    ------
    EstimationError
        As `two_stage`, `weekly_gap` and `gap_design`.
    """
    fit = two_stage(outcome, instrument, instrument, strata=strata, regressors=regressors)
    left = pd.DataFrame({"outcome": fit.residuals[0], "instrument": instrument})
    gap = weekly_gap(left, week=timing["week"], covered=timing["covered"])
    design, values = gap_design(gap["instrument"]), gap["outcome"].to_numpy(float)
    found = design.fit(values)
    variance, df = spread(found)
    blocks = timing["week"] // weeks_in_block
    by_block: dict[str, object] = {}
    if blocks.nunique() > 1:
        vcov, many = fit.clustered(blocks)
        by_block = in_blocks(fit.itt, float(np.sqrt(vcov[0, 0])), many)
    return ReducedForm(
        effect=fit.itt,
        variance=variance,
        df=df,
        weeks=len(gap),
        rho=found.rho,
        phi=found.phi,
        rho_limits=design.rho_limits(values),
        blocks=by_block,
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
