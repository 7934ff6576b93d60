"""Whether the model forecasts well enough to say what would have been."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from coresponder_causal.core.inference import simulated_p_value
from coresponder_causal.core.registry import Design, series_regression
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.core.verdict import CheckResult, Verdict, not_applicable

Array = NDArray[np.float64]
name = "forecast_skill"
assumption = "Before the start the model foretold the series better than last year's values did."
longest, shortest, draws = 12, 3, 199


class _Window(NamedTuple):
    """Rows known at the first origin, rows before the start, periods ahead, and periods back of the naive forecast."""

    first: int
    before: int
    horizon: int
    back: int

    @property
    def origins(self) -> range:
        return range(self.first, self.before - self.horizon + 1)


def forecast_skill(result: Result, design: Design) -> CheckResult:
    """Forecast the time before the start from each of its dates on, and compare with the seasonal naive forecast.

    Parameters
    ----------
    result : Result
        Of one series, or of one city's gap to others.
    design : the design it was made from
        Its season says from how far back the naive forecast takes its values: 1 period without one.

    Returns
    -------
    CheckResult
        Contradicts when the mean absolute error of the model is at least that of the naive forecast, and by more than a
        right model would show in one of twenty such series: such a model does not deserve to define a counterfactual.
        Cannot tell when it is as large, but may be so by chance. ``table``: mean absolute errors by periods ahead and
        over all.

    Notes
    -----
    Forecasts start after two seasons and reach at most 12 periods. The coefficients are fitted anew for every origin;
    the persistence of the errors is the one the result found. Controls are taken as known. What a right model would
    show comes from 199 series simulated from the fit to the time before the start.

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
    back = round(getattr(design, "season", None) or 1)
    before = int((series.time < series.start).sum())
    first = max(2 * back, 2 * series.undisturbed.shape[1])
    horizon = min(longest, (before - first) // 2)
    if horizon < shortest:
        needed = first + 2 * shortest
        why = f"{before} periods lie before the start; {needed} are needed to learn from some and foretell others."
        return not_applicable(name, assumption, why)
    window = _Window(first, before, horizon, back)
    paths = np.column_stack([series.outcome[:before], _simulated(series, before)])
    naive = _naive_errors(series.time[:before], paths, window)
    model = np.where(np.isnan(naive), np.nan, _errors(series, paths, window))
    table = pd.DataFrame({"ahead": [*(str(step + 1) for step in range(horizon)), "all"]})
    for kind, errors in (("model", model), ("naive", naive)):
        size = np.abs(errors[:, :, 0])
        table[kind] = [*np.nanmean(size, axis=0), np.nanmean(size)]
    table["ratio"] = table["model"] / table["naive"]
    ratios = np.nanmean(np.abs(model), axis=(0, 1)) / np.nanmean(np.abs(naive), axis=(0, 1))
    chance = simulated_p_value(float(ratios[0]), ratios[1:])
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=_verdict(float(ratios[0]), chance),
        power=None,
        table=table,
        sentence=_sentence(float(ratios[0]), chance, window, len(model)),
    )


def _verdict(ratio: float, chance: float) -> Verdict:
    if ratio < 1:
        return "no contradiction found"
    return "contradicts" if chance < 0.05 else "cannot tell"


def _sentence(ratio: float, chance: float, window: _Window, origins: int) -> str:
    said = (
        f"From {origins} dates before the start, up to {window.horizon} periods ahead, the model's mean absolute error "
        f"was {ratio:.2f} times that of repeating the values of {window.back} "
        f"{'periods' if window.back > 1 else 'period'} before"
    )
    if ratio < 1:
        return f"{said}."
    often = f"if the model were right, so large a ratio would come with probability {chance:.2f}"
    if chance < 0.05:
        return f"{said} ({often}): it does not deserve to define what would have been."
    return f"{said}; {often}, so that these dates are too few to judge it."


def _simulated(series: SeriesRegression, before: int) -> Array:
    """Series before the start as the model says they come, shape (before, draws)."""
    white = series.whitened(np.column_stack([series.outcome, series.undisturbed]))[:before]
    beta = np.linalg.lstsq(white[:, 1:], white[:, 0], rcond=None)[0]
    rest = white[:, 0] - white[:, 1:] @ beta
    scale = np.sqrt(rest @ rest / (before - len(beta)))
    shocks = np.random.default_rng(0).standard_normal((before, draws))
    return np.asarray((series.undisturbed[:before] @ beta)[:, None] + scale * series.root()[:before, :before] @ shocks)


def _errors(series: SeriesRegression, paths: Array, window: _Window) -> Array:
    """Errors of forecasts of each path from each origin, shape (origins, horizon, paths).

    With K = LL', rows of L⁻¹ need earlier rows only: the fit of a window is least squares on the first rows of L⁻¹X,
    and the forecast of the later errors is their block of L times the white errors of the window.
    """
    X, root = series.undisturbed[: window.before], series.root()[: window.before, : window.before]
    white = solve_triangular(root, np.column_stack([X, paths]), lower=True)
    regressors, outcomes = white[:, : X.shape[1]], white[:, X.shape[1] :]
    made = []
    for origin in window.origins:
        ahead = slice(origin, origin + window.horizon)
        beta = np.linalg.lstsq(regressors[:origin], outcomes[:origin], rcond=None)[0]
        errors = outcomes[:origin] - regressors[:origin] @ beta
        made.append(paths[ahead] - X[ahead] @ beta - root[ahead, :origin] @ errors)
    return np.array(made)


def _naive_errors(time: Array, paths: Array, window: _Window) -> Array:
    """Errors of repeating the last known value of the same season, NaN where it is missing."""
    made = []
    for origin in window.origins:
        ahead = time[origin : origin + window.horizon]
        whole = np.maximum(np.ceil((ahead - time[origin - 1]) / window.back), 1) * window.back
        place = np.searchsorted(time, ahead - whole)
        known = time[place] == ahead - whole
        repeated = np.where(known[:, None], paths[place], np.nan)
        made.append(paths[origin : origin + window.horizon] - repeated)
    return np.array(made)
