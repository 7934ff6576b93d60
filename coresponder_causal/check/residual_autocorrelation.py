"""Whether what the method leaves unexplained is white."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.autocorrelation import autocorrelations, breusch_godfrey, ljung_box
from coresponder_causal.core.inference import critical
from coresponder_causal.core.registry import Design, series_regression
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable

name = "residual_autocorrelation"
assumption = "The model of the errors takes up all that persists from period to period."
most_lags, shortest = 24, 24


def residual_autocorrelation(result: Result, design: Design) -> CheckResult:
    """Autocorrelation of the standardised residuals, which are white when the model of the errors is right.

    Parameters
    ----------
    result : Result
        Of one series, or of one city's gap to others.
    design : the design it was made from

    Returns
    -------
    CheckResult
        Always "reported": the interval already allows for persistence, and such tests see either too little or, in
        long series, what does not matter. ``table``: lag, autocorrelation, its bounds if all were 0, and the tests of
        all lags up to it; ``course``: the residuals. The sentence tests n/5 lags at most: with more lags the tests
        reject sound models of short series too often.

    References
    ----------
    Ljung & Box (1978), doi:10.1093/biomet/65.2.297; Godfrey (1978), doi:10.2307/1913829.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> months = pd.period_range("2017-01", periods=72, freq="M")
    >>> frame = pd.DataFrame({"month": months, "calls": rng.poisson(180, 72)})
    >>> from coresponder_causal.design import SeriesDesign
    >>> from coresponder_causal.estimate import its_segmented
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> residual_autocorrelation(its_segmented(d), d).verdict
    'reported'
    """
    series = series_regression(result, design)
    if series is None:
        return not_applicable(name, assumption, "The method is not a regression of one series.")
    if len(series.time) < shortest:
        return not_applicable(name, assumption, f"{len(series.time)} periods are fewer than {shortest}.")
    rest, X = series.residuals()
    lags = min(most_lags, len(rest) // 3)
    bound = float(critical(np.inf)) / np.sqrt(len(rest))
    (box, box_p), (multiplier, multiplier_p) = ljung_box(rest, lags), breusch_godfrey(rest, X, lags)
    table = pd.DataFrame(
        {
            "lag": np.arange(1, lags + 1),
            "autocorrelation": autocorrelations(rest, lags),
            "bound": bound,
            "ljung_box": box,
            "ljung_box_p_value": box_p,
            "breusch_godfrey": multiplier,
            "breusch_godfrey_p_value": multiplier_p,
        }
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="reported",
        power=None,
        table=table,
        sentence=_sentence(table, few=min(lags, len(rest) // 5), gaps=bool((np.diff(series.time) > 1).any())),
        course=pd.DataFrame({"time": series.periods, "residual": rest}),
        support=_events(result, len(rest)),
    )


def _events(result: Result, periods: int) -> pd.DataFrame | None:
    """Events of every period, since a residual tells them; None where the result does not know them."""
    path = result.path
    return None if path is None or "events" not in path or len(path) != periods else path[["events"]]


def _sentence(table: pd.DataFrame, *, few: int, gaps: bool) -> str:
    beyond = int((table["autocorrelation"].abs() > table["bound"]).sum())
    tested = table.iloc[few - 1]
    spans = " Lags count the periods that are there." if gaps else ""
    return (
        f"{beyond} of {len(table)} autocorrelations of the standardised residuals lie outside their 95 % bounds, where "
        f"{0.05 * len(table):.1f} would by chance; over the first {few} lags Ljung–Box p "
        f"{tested['ljung_box_p_value']:.2f}, Breusch–Godfrey p {tested['breusch_godfrey_p_value']:.2f}. This is "
        f"reported and decides nothing.{spans}"
    )
