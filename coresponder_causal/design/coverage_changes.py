"""Calls of a coverage design with a known outcome, and the changes of every city's classes of hours."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.drdid import Method
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.triple import Changes, changes
from coresponder_causal.design.covariates import as_numbers
from coresponder_causal.design.coverage import CoverageDesign

few_cities, least_cities = 5, 3


def calls_with_outcome(d: CoverageDesign, asked: str) -> pd.DataFrame:
    """Keep the calls whose outcome is known; how many are left out is said.

    Parameters
    ----------
    d : CoverageDesign
    asked : str
        What asks, for the error.

    Raises
    ------
    DesignError
        If the design holds counts alone, or the outcome is no number per call.
    """
    name = str(d.outcome)
    if d.calls is None or name not in d.calls:
        what = "counts by hour, not calls" if d.calls is None else f"no column '{name}' of its calls"
        raise DesignError(
            f"{asked} compares calls one by one, and this design holds {what}",
            mend="form it of the table of calls, with an outcome per call, or use call_coverage",
        )
    unknown = d.calls[name].isna()
    if unknown.any():
        shares = unknown.groupby([d.calls["covered"], d.calls["after"]]).mean()
        doubt(
            f"'{name}' is not known of {int(unknown.sum())} of {len(unknown)} calls ({100 * shares.min():.1f} to "
            f"{100 * shares.max():.1f} % of a class of hours before or after): they are left out"
        )
        return d.calls[~unknown].reset_index(drop=True)
    return d.calls


def cities_of(d: CoverageDesign, calls: pd.DataFrame) -> list[str]:
    """Cities of calls, the treated one first."""
    return sorted(calls["city"].unique(), key=lambda city: (city != d.treated, city))


def refuse_few(m: int, *, predicted: bool) -> None:
    """Refuse too few comparison cities, and say where they are hardly enough.

    Parameters
    ----------
    m : int
        Comparison cities.
    predicted : bool
        Whether the interval takes account of how far cities drift apart.
    """
    if m < 1 or (m < least_cities and predicted):
        raise EstimationError(
            f"{m} comparison cities bring calls: how far cities drift apart cannot be seen",
            mend="bring the calls of at least three in the table calls; with one or two only inference='cluster' is "
            "left, with none the designs hours and instrument of a study (call_coverage, call_iv)",
        )
    if m < few_cities and predicted:
        doubt(f"{m} comparison cities: the spread between cities is hardly known")


def changes_of(d: CoverageDesign, calls: pd.DataFrame, *, method: Method) -> Changes:
    """Hold every city's classes of hours against the treated city's covered hours, see `core.triple.changes`.

    Parameters
    ----------
    d : CoverageDesign
    calls : DataFrame
        Calls of the design, or some of them, with known outcomes.
    method : {"dr", "dr_improved", "ipw", "reg"}
    """
    cities = cities_of(d, calls)
    known = as_numbers(calls, d.covariates, reference_levels=False)
    return changes(
        calls[str(d.outcome)].to_numpy(float),
        city=pd.Index(cities).get_indexer(pd.Index(calls["city"])).astype(np.int64),
        covered=calls["covered"].to_numpy(bool),
        after=calls["after"].to_numpy(bool),
        week=calls["week"].to_numpy(np.int64),
        covariates=known.to_numpy(float).reshape(len(calls), -1),
        names=cities,
        known_as=known.columns.astype(str).tolist(),
        method=method,
    )


def estimand_of_calls(d: CoverageDesign, calls: pd.DataFrame) -> Estimand:
    """Say what a triple difference of calls estimates."""
    times = pd.DatetimeIndex(calls.loc[calls["after"], "received_at"])
    return Estimand(
        contrast="ITT of coverage",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=f"calls received in covered hours of {d.treated}, relative to its uncovered hours",
        horizon=f"calls received {times.min():%Y-%m-%d} to {times.max():%Y-%m-%d}",
        scale="difference of means",
    )
