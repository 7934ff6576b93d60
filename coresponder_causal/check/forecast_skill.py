"""Whether the model forecasts well enough to say what would have been."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.registry import Design, series_regression
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.core.verdict import CheckResult, not_applicable

Array = NDArray[np.float64]
name = "forecast_skill"
assumption = "Before the start the model foretold the series better than last year's values did."
longest, shortest = 12, 3


def forecast_skill(result: Result, design: Design, *, season: int | None = None) -> CheckResult:
    """Forecast the time before the start from each of its dates on, and compare with the seasonal naive forecast.

    Parameters
    ----------
    result : Result
        Of one series, or of one city's gap to others.
    design : the design it was made from
    season : int, optional
        Periods back from which the naive forecast takes its values; by default the design's season, 1 without one.

    Returns
    -------
    CheckResult
        Contradicts when the mean absolute error of the model is at least that of the naive forecast: such a model does
        not deserve to define a counterfactual. ``table``: mean absolute errors by periods ahead and over all.

    Notes
    -----
    Forecasts start after two seasons and reach at most 12 periods. The coefficients are fitted anew for every origin;
    the persistence of the errors is the one the result found. Controls are taken as known.

    References
    ----------
    Hyndman & Koehler (2006), doi:10.1016/j.ijforecast.2006.03.001 (scaled errors).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> months = pd.period_range("2017-01", periods=72, freq="M")
    >>> frame = pd.DataFrame({"month": months, "calls": rng.poisson(180, 72)})
    >>> from coresponder_causal.design import SeriesDesign
    >>> from coresponder_causal.estimate import its_segmented
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> forecast_skill(its_segmented(d), d).table["ahead"].tolist()[-1]
    'all'
    """
    series = series_regression(result, design)
    if series is None:
        return not_applicable(name, assumption, "The method is not a regression of one series.")
    back = season or round(getattr(design, "season", None) or 1)
    before = int((series.time < series.start).sum())
    first = max(2 * back, 2 * series.undisturbed.shape[1])
    horizon = min(longest, (before - first) // 2)
    if horizon < shortest:
        needed = first + 2 * shortest
        why = f"{before} periods lie before the start; {needed} are needed to learn from some and foretell others."
        return not_applicable(name, assumption, why)
    errors = _errors(series, first, before, horizon)
    naive = _naive_errors(series, first, before, horizon, back)
    errors = np.where(np.isnan(naive), np.nan, errors)
    table = pd.DataFrame(
        {
            "ahead": [*(str(step + 1) for step in range(horizon)), "all"],
            "model": [*np.nanmean(np.abs(errors), axis=0), np.nanmean(np.abs(errors))],
            "naive": [*np.nanmean(np.abs(naive), axis=0), np.nanmean(np.abs(naive))],
        }
    )
    table["ratio"] = table["model"] / table["naive"]
    ratio = float(table["ratio"].iloc[-1])
    bad = ratio >= 1
    sentence = (
        f"From {len(errors)} dates before the start, up to {horizon} periods ahead, the model's mean absolute error "
        f"was {ratio:.2f} times that of repeating the values of {back} {'periods' if back > 1 else 'period'} before"
        + (": it does not deserve to define what would have been." if bad else ".")
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="contradicts" if bad else "no contradiction found",
        power=None,
        table=table,
        sentence=sentence,
    )


def _errors(series: SeriesRegression, first: int, before: int, horizon: int) -> Array:
    """Errors of forecasts from each origin, shape (origins, horizon).

    With K = LL', rows of L⁻¹ need earlier rows only: the fit of a window is least squares on the first rows of L⁻¹X,
    and the forecast of the later errors is their block of L times the white errors of the window.
    """
    root, X, y = series.root()[:before, :before], series.undisturbed[:before], series.outcome[:before]
    white = series.whitened(np.column_stack([series.outcome, series.undisturbed]))[:before]
    made = []
    for origin in range(first, before - horizon + 1):
        ahead = slice(origin, origin + horizon)
        beta = np.linalg.lstsq(white[:origin, 1:], white[:origin, 0], rcond=None)[0]
        errors = white[:origin, 0] - white[:origin, 1:] @ beta
        made.append(y[ahead] - X[ahead] @ beta - root[ahead, :origin] @ errors)
    return np.array(made)


def _naive_errors(series: SeriesRegression, first: int, before: int, horizon: int, back: int) -> Array:
    """Errors of repeating the last known value of the same season, NaN where it is missing."""
    known = dict(zip(series.time[:before].tolist(), series.outcome[:before].tolist(), strict=True))
    made = []
    for origin in range(first, before - horizon + 1):
        ahead, now = series.time[origin : origin + horizon], series.time[origin - 1]
        whole = np.maximum(np.ceil((ahead - now) / back), 1) * back
        repeated = [known.get(float(place), np.nan) for place in ahead - whole]
        made.append(series.outcome[origin : origin + horizon] - repeated)
    return np.array(made)
