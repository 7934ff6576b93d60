"""Control charts of several metrics, read together: what is beyond its limits, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.core.control_chart import (
    charts,
    forecasts,
)
from coresponder_causal.decide.chart_limits import Calibration, Limits, rules
from coresponder_causal.design.monitored import Monitored


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
