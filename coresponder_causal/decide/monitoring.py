"""Control charts of several metrics, read together: what is beyond its limits, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.control_chart import (
    PreModel,
    charts,
    fit_variances,
    forecast_errors,
    forecasts,
    null_histories,
)
from coresponder_causal.core.errors import DesignError, Problems
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Monitoring:
    """What a run of monitoring found.

    Parameters
    ----------
    labels : mapping of str to str
        Metrics in words.
    series : mapping of str to Monitored
    calibration : Calibration
    charts : mapping of str to DataFrame
        Of `chart`.
    alarms, checks : DataFrame
        Of `alarms` and `decide.alarm_checks`.
    calendar, looks : DataFrame
        Looks as they were fixed, and those taken; empty where none are.
    until : str
        Last month that counts.
    corrected, remarks : tuple of str
        Months whose numbers changed since the last run, and what was said.
    """

    labels: Mapping[str, str]
    series: Mapping[str, Monitored]
    calibration: Calibration
    charts: Mapping[str, pd.DataFrame]
    alarms: pd.DataFrame
    checks: pd.DataFrame
    calendar: pd.DataFrame
    looks: pd.DataFrame
    until: str
    corrected: tuple[str, ...]
    remarks: tuple[str, ...]

    def sentences(self) -> tuple[str, ...]:
        """Say what stands beyond its limits at the last month, a sentence each, or that nothing does."""
        standing = self.alarms[self.alarms["stands"]]
        if standing.empty:
            return (f"Until {self.until} no metric is beyond its limits.",)
        return tuple(
            f"{self.labels[row['metric']]}: {row['side']} than the months before foretell, since {row['month']}. "
            f"{self._first(row['metric'], row['month'])}"
            for row in standing.to_dict("records")
        )

    def _first(self, metric: str, month: str) -> str:
        """Say where the data point first."""
        own = self.checks[self.checks["metric"].eq(metric) & self.checks["month"].eq(month)]
        row = own[own["points"]].iloc[0]
        return f"Check first: {str(row['check'])[0].lower()}{str(row['check'])[1:]}. {row['found']}"


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
    problems = Problems("control charts")
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


def chart(one: Monitored, limits: Limits) -> pd.DataFrame:
    """Hold every monitored month of a metric against what the months before it foretell.

    Parameters
    ----------
    one : Monitored
    limits : Limits

    Returns
    -------
    DataFrame
        One row per monitored month: ``month, events, exposure, expected, low, high`` (the middle 95 % of what was to be
        expected), ``error`` (standardised), ``weighted, summed``, ``beyond`` (by which charts, "" for none) and
        ``side`` ("more", "fewer" or "").

    Examples
    --------
    >>> rows = pd.DataFrame({"period": pd.period_range("2020-01", periods=36, freq="M").astype(str),
    ...     "numerator": np.r_[np.random.default_rng(1).poisson(40.0, 30), [80.0] * 6], "denominator": 100.0})
    >>> one = Monitored.from_rows(rows, label="Holds", since="2022-07", share=False)
    >>> chart(one, Limits(weighted=2.5, summed=4.0))["side"].tolist()
    ['more', 'more', 'more', 'more', 'more', 'more']
    """
    model = one.model()
    told = forecasts(model, one.counts)
    weighted, summed = charts(told.errors[None])
    over = {
        "weighted": np.abs(weighted[0]) > limits.weighted,
        "summed": np.abs(summed[0]) > limits.summed,
    }
    beyond = np.column_stack([over[name] for name in rules])
    leading = np.where(over["weighted"], weighted[0], summed[0])
    return pd.DataFrame(
        {
            "month": one.months[one.n :],
            "events": one.counts[one.n :],
            "exposure": one.exposure[one.n :],
            "expected": told.expected,
            "low": told.low,
            "high": told.high,
            "error": told.errors,
            "weighted": weighted[0],
            "summed": summed[0],
            "beyond": [" and ".join(name for name, on in zip(rules, row, strict=True) if on) for row in beyond],
            "side": np.where(~beyond.any(axis=1), "", np.where(leading > 0, "more", "fewer")),
        }
    )


def alarms(shown: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One alarm a stretch of months beyond the limits: a chart that stays there raises no second one.

    Parameters
    ----------
    shown : mapping of str to DataFrame
        Of `chart`, by metric.

    Returns
    -------
    DataFrame
        ``metric, month`` (in which it was raised), ``until`` (last month of the stretch), ``side``, ``beyond``,
        ``stands`` (whether it lasts to the last month), in order of time.

    Examples
    --------
    >>> frame = pd.DataFrame({"month": ["2024-01", "2024-02", "2024-03"], "side": ["", "more", "more"],
    ...     "beyond": ["", "summed", "weighted and summed"]})
    >>> alarms({"M15": frame})[["month", "until", "stands"]].values.tolist()
    [['2024-02', '2024-03', True]]
    """
    found = []
    for metric, frame in shown.items():
        stretch = frame["side"].ne(frame["side"].shift(fill_value="")).cumsum()
        for _, own in frame[frame["side"].ne("")].groupby(stretch, sort=False):
            row = own.iloc[0]
            last = own["month"].iloc[-1]
            found.append((metric, row["month"], last, row["side"], row["beyond"], last == frame["month"].iloc[-1]))
    made = pd.DataFrame(found, columns=["metric", "month", "until", "side", "beyond", "stands"])
    return made.sort_values(["month", "metric"], ignore_index=True)
