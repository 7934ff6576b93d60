"""Limits of several control charts that are read together, and how long they stay silent without a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.control_chart import PreModel, charts, fit_variances, forecast_errors
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.null_histories import null_histories
from coresponder_causal.core.run_length import first_alarms, limits_for
from coresponder_causal.design.monitored import Monitored

Array = NDArray[np.float64]
longest = 3  # horizon of the simulated histories, in run lengths
rules = ("weighted", "summed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one metric's two charts.

    Parameters
    ----------
    weighted, summed : float
        Of the exponentially weighted mean and the cumulative sum.
    """

    weighted: float
    summed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Limits of all charts together, and what was measured of them on other histories without a change.

    Parameters
    ----------
    limits : mapping of str to Limits
        By metric.
    run_length : int
        Months stated.
    measured, error, median : float
        Months until the first false alarm of any chart: mean, its Monte-Carlo error, and median. Histories that stay
        silent count with the horizon alone.
    silent : float
        Share of histories without an alarm in the run length.
    histories : int
        Number of histories, each for the limits and for the measurement.
    """

    limits: Mapping[str, Limits]
    run_length: int
    measured: float
    error: float
    median: float
    silent: float
    histories: int


def calibrate_charts(
    series: Mapping[str, Monitored], *, run_length: int = 60, histories: int = 1000, seed: int = 1
) -> Calibration:
    """Choose limits at which all charts together give one false alarm in ``run_length`` months on average, or fewer.

    Parameters
    ----------
    series : mapping of str to Monitored
        Each with regressors of 3 × ``run_length`` months after those of its pre-model.
    run_length : int
        Months.
    histories : int
        Histories without a change that are simulated for the limits; as many more measure them.
    seed : int

    Returns
    -------
    Calibration

    Raises
    ------
    DesignError
        No metric, a run length under 12 months or fewer than 100 histories.

    Notes
    -----
    Every history is fitted again, so that limits hold on average over what 24 or more months leave unknown of the
    coefficients and of the errors. Metrics are simulated independently of each other; where they move together, false
    alarms come less often than stated.
    """
    problems = Problems("this set of control charts")
    if not series:
        problems.add("there is no metric to monitor", mend="name one that has 5 events a month")
    if run_length < 12:
        problems.add(f"run_length={run_length}", mend="state 12 months or more")
    if histories < 100:
        problems.add(f"histories={histories}", mend="simulate 100 or more")
    problems.raise_if_any(DesignError)
    rng = np.random.default_rng(seed)
    models = {name: one.model(ahead=longest * run_length) for name, one in series.items()}
    chosen, held_out = (_paths(series, models, histories, rng) for _ in range(2))
    limits = limits_for(chosen, run_length=run_length).values
    lengths = first_alarms(held_out, limits)
    pairs = limits.reshape(-1, len(rules))
    return Calibration(
        limits={name: Limits(weighted=float(w), summed=float(s)) for name, (w, s) in zip(series, pairs, strict=True)},
        run_length=run_length,
        measured=float(lengths.mean()),
        error=float(lengths.std(ddof=1) / np.sqrt(histories)),
        median=float(np.median(lengths)),
        silent=float((lengths > run_length).mean()),
        histories=histories,
    )


def _paths(
    series: Mapping[str, Monitored], models: Mapping[str, PreModel], histories: int, rng: np.random.Generator
) -> list[Array]:
    """Both charts of every metric on histories without a change."""
    made: list[Array] = []
    for name, one in series.items():
        model = models[name]
        drawn = null_histories(model, model.residuals(one.counts[: one.n]), draws=histories, rng=rng)
        residuals = model.residuals(drawn)
        errors = forecast_errors(model, residuals, fit_variances(model, residuals[:, : one.n]))
        made += charts(errors)
    return made
