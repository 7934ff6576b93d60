"""A coverage design of the hours that were never covered, some of which are treated as if they had been."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.coverage_boundary import unattended
from coresponder_causal.design.coverage_calls import hourly_counts, pretended
from coresponder_causal.design.coverage_hours import by_class


def moved_hours(d: CoverageDesign, made_up: NDArray[np.bool_]) -> CoverageDesign:
    """Keep the hours that the team did not cover, and treat some of them as covered.

    Parameters
    ----------
    d : CoverageDesign
        Formed of the table of calls.
    made_up : ndarray of bool, shape (168,)
        Hours of the week to be treated as covered, none of them covered in truth.

    Returns
    -------
    CoverageDesign
        It does not say who was attended.

    Raises
    ------
    DesignError
        A design of counts, or hours that were covered.

    Examples
    --------
    >>> from coresponder_causal.validity.boundary_worlds import boundary_design
    >>> d = boundary_design(np.random.default_rng(1), calls=500)
    >>> nights = np.arange(168) % 24 < 6
    >>> sorted(moved_hours(d, nights).calls.groupby("covered")["hour"].max().tolist())
    [5, 23]
    """
    if d.calls is None:
        raise DesignError("this design holds counts, not calls", mend="give from_tables the table of calls")
    if (made_up & d.covered).any():
        raise DesignError("some of these hours were covered in truth", mend="choose among the others")
    spare = ~d.covered[d.calls["hour_of_week"].to_numpy(int)]
    calls = d.calls[spare].reset_index(drop=True)
    calls = calls.assign(covered=made_up[calls["hour_of_week"].to_numpy(int)])
    calls = pretended(calls, city=d.treated, begin=d.begin)
    hourly = hourly_counts(calls.drop(columns=["month", "hour_of_week"]), d.outcome)
    hourly = hourly[~d.covered[hourly["hour_of_week"].to_numpy(int)]].reset_index(drop=True)
    positions = np.asarray(pd.PeriodIndex(hourly["month"]).astype("int64"))
    cells = by_class(hourly, replace(d.axis, positions=positions), made_up)
    kept = np.isin(cells["position"], d.months)
    cells = cells[kept].reset_index(drop=True)
    return unattended(
        replace(
            d,
            source=cells.drop(columns="position"),
            axis=replace(d.axis, positions=cells["position"].to_numpy()),
            covered=made_up,
            calls=calls,
        )
    )
