"""Tables behind the pictures of one treated city among others: every city's change, and the gap over time."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.prediction import Prediction

Array = NDArray[np.float64]


class CityEffects(Protocol):
    """Effect, variance and df of every city, the treated city first."""

    @property
    def effects(self) -> Array: ...  # noqa: D102
    @property
    def variances(self) -> Array: ...  # noqa: D102
    @property
    def dfs(self) -> Array: ...  # noqa: D102


def city_table(fit: CityEffects, cities: list[str], events: Array) -> pd.DataFrame:
    """One row per city: its change against the comparison cities, with its own standard error."""
    return pd.DataFrame(
        {
            "city": cities,
            "role": ["treated"] + ["comparison"] * (len(cities) - 1),
            "effect": fit.effects,
            "std_error": np.sqrt(fit.variances),
            "df": fit.dfs,
            "events": events,
        }
    )


def gap_path(
    fit: Prediction,
    outcomes: Array,
    after: NDArray[np.bool_],
    time: pd.Index,
    events: Array,
    half_width: float | None = None,
) -> pd.DataFrame:
    """Ratio of the treated city to the comparison cities' mean, and where it would lie without the programme.

    Parameters
    ----------
    fit, outcomes
        As in `predict`.
    after : ndarray of bool, shape (T,)
    time : Index, length T
    events : ndarray, shape (T,)
        The treated city's.
    half_width : float, optional
        Of the interval of no change; by default that of the prediction. Where it is infinite no band is given.

    Notes
    -----
    Both are relative to their mean before the start. The band after the start is the prediction interval of no change,
    exp(± t(df) √V): where the city's mean would lie nineteen times in twenty. There is no band before the start. The
    estimate weights months by the persistence of their errors, so it is not exactly the mean distance drawn.
    """
    series = outcomes[:, 0] - outcomes[:, 1:].mean(axis=1)
    season = fit.matrix[:, 2:] @ fit.own.beta[2:]
    expected = season - season[~after].mean()
    width = float(inference.critical(fit.df)) * np.sqrt(fit.variance) if half_width is None else half_width
    half = np.where(after & np.isfinite(width), width, np.nan)
    return pd.DataFrame(
        {
            "time": time,
            "observed": np.exp(series - series[~after].mean()),
            "counterfactual": np.exp(expected),
            "low": np.exp(expected - half),
            "high": np.exp(expected + half),
            "events": events,
            "dose": fit.matrix[:, 1],
        }
    )
