"""Measure how long effects of several starts take: ``python -m coresponder_causal.validity.adoption_speed``.

Beside each stands a least-squares fit of ten columns to the same rows on the same machine, so that a ratio says what
seconds on one machine do not. The kernel works from arrays; the whole call has the design's checks, the fingerprint of
its rows and its notes besides. Seconds are those of one processor.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from time import process_time

import numpy as np
import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.core.resampling import influence_variance, multiplier_draws
from coresponder_causal.core.result import Result
from coresponder_causal.core.two_way import two_way_clustered, two_way_fit
from coresponder_causal.design.adoption import adoption_rows, starts_before
from coresponder_causal.design.group_time import group_time_cells, group_time_effects
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.estimate import did_group_time, did_imputation, did_interaction, did_two_way

sizes = (5_000, 50_000)
periods, starts, draws, ols_columns, repeats = 20, (6, 9, 12, 15), 1_000, 10, 3


def adopters_frame(units: int) -> pd.DataFrame:
    """Draw units of which four in five start in one of four periods.

    Examples
    --------
    >>> adopters_frame(10).shape
    (200, 5)
    """
    rng = np.random.default_rng(units)
    first = rng.choice([*map(float, starts), np.nan], size=units)
    t = np.arange(1, periods + 1)
    y = rng.normal(size=(units, 1)) + rng.normal(size=(units, periods)) + 0.5 * (t >= first[:, None])
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), periods),
            "t": np.tile(t, units),
            "y": y.ravel(),
            "first": np.repeat(first, periods),
            "x": np.repeat(rng.normal(size=units), periods),
        }
    )


def measure(units: int) -> pd.DataFrame:
    """Time kernels and whole calls on a balanced panel.

    Parameters
    ----------
    units : int
        Units, of twenty periods each.

    Returns
    -------
    DataFrame
        ``what, units, kernel_seconds, whole_seconds, ols_seconds, kernel_over_ols``; no kernel where it is not called
        by itself.
    """
    frame = adopters_frame(units)
    form = partial(PanelDesign.from_frame, frame, outcome="y", unit="unit", time="t", cohort="first")
    plain, adjusted = form(), form(covariates=["x"])
    whole: dict[str, Callable[[], Result]] = {
        "group-time": lambda: did_group_time(plain),
        "group-time, band of 1,000 draws": lambda: did_group_time(plain, inference="bootstrap", replications=draws),
        "group-time, doubly robust": lambda: did_group_time(adjusted),
        "imputation": lambda: did_imputation(plain),
        "interaction": lambda: did_interaction(plain),
        "two-way": lambda: did_two_way(plain),
    }
    kernels = {
        "group-time": _group_time(plain, drawn=0),
        "group-time, band of 1,000 draws": _group_time(plain, drawn=draws),
        "group-time, doubly robust": _group_time(adjusted, drawn=0),
        "two-way": _two_way(plain),
    }
    ols = _seconds(_ols(frame))
    rows = []
    with quietly():
        for what, call in whole.items():
            kernel = _seconds(kernels[what]) if what in kernels else np.nan
            rows.append((what, units, kernel, _seconds(call), ols, kernel / ols))
    names = ["what", "units", "kernel_seconds", "whole_seconds", "ols_seconds", "kernel_over_ols"]
    return pd.DataFrame(rows, columns=names)


def _seconds(call: Callable[[], object]) -> float:
    """Return the least processor time of a few calls."""
    found = []
    for _ in range(repeats):
        begun = process_time()
        call()
        found.append(process_time() - begun)
    return min(found)


def _group_time(d: PanelDesign, *, drawn: int) -> Callable[[], object]:
    rows = adoption_rows(d, starts_before(d))
    cells = list(group_time_cells(rows, "never", "varying", 0))

    def run() -> object:
        effects = group_time_effects(rows, cells, "dr", panel=True)
        vcov = influence_variance(effects.influence)
        if not drawn:
            return vcov
        return multiplier_draws(effects.influence, replications=drawn, multipliers="normal")

    return run


def _two_way(d: PanelDesign) -> Callable[[], object]:
    unit = pd.factorize(d.source[d.unit])[0]
    rows = pd.DataFrame({"unit": unit, "effect": d.axis.positions, "cluster": unit, "weight": 1.0})
    rows, regressors = rows.assign(outcome=d.source["y"].to_numpy(float)), pd.DataFrame({"dose": d.dose})
    return lambda: two_way_clustered(two_way_fit(rows, regressors), rows, kind="CR1", convention="fixest")


def _ols(frame: pd.DataFrame) -> Callable[[], object]:
    x, y = np.random.default_rng(1).normal(size=(len(frame), ols_columns)), frame["y"].to_numpy(float)
    return lambda: np.linalg.lstsq(x, y, rcond=None)


if __name__ == "__main__":  # pragma: no cover
    for many in sizes:
        sys.stdout.write(measure(many).round(4).to_string(index=False) + "\n\n")
