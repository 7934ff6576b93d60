"""Whether the data find a break by themselves, and where."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.registry import Design, series_regression
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.core.structural_break import Break, candidates, one_break, steps
from coresponder_causal.core.verdict import CheckResult, Verdict, not_applicable

name = "break_date"
assumption = "If the series breaks once, it breaks when the programme starts."
trim, shortest, significant = 0.15, 24, 0.05


def break_date(result: Result, design: Design) -> CheckResult:
    """Look for one break at any date, as if nobody knew of the programme.

    Parameters
    ----------
    result : Result
        Of one series, or of one city's gap to others.
    design : the design it was made from

    Returns
    -------
    CheckResult
        Contradicts when a break is found at 5 % and the start, until the dose is what it typically is, lies outside the
        dates that fit as well; cannot tell when none is found. ``table``: the best date, its test and its 95 % range;
        ``course``: the test of every date.

    Notes
    -----
    The F test of a break assumes errors without autocorrelation. So outcome, regressors and break are first freed of
    the persistence that the result found (ρ and the share φ of the variance that persists, taken as known). Its p-value
    is simulated on the same regressors; the limit law, given beside it, holds without trend and persistence only. What
    breaks is the level, and the slope where the result lets it.

    References
    ----------
    Andrews (1993), doi:10.2307/2951764; Hansen (2000), doi:10.1016/S0304-4076(99)00068-8; range of dates: Bai (1997),
    doi:10.1162/003465397557132, by inversion of the likelihood ratio as Eo & Morley (2015), doi:10.3982/QE186.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> months = pd.period_range("2017-01", periods=72, freq="M")
    >>> frame = pd.DataFrame({"month": months, "calls": rng.poisson(np.where(months < "2020-07", 180, 120))})
    >>> from coresponder_causal.design import SeriesDesign
    >>> from coresponder_causal.estimate import its_segmented
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> break_date(its_segmented(d), d).table["date"].tolist()
    ['2020-07']
    """
    series = series_regression(result, design)
    if series is None:
        return not_applicable(name, assumption, "The method is not a regression of one series.")
    if not series.effect:
        return not_applicable(name, assumption, "The method is fitted to the periods before the start alone.")
    n = len(series.time)
    if n < shortest:
        return not_applicable(name, assumption, f"{n} periods are fewer than {shortest}.")
    at = candidates(n, trim)
    first, last = series.time[at[0]], series.time[at[-1]]
    if not first <= series.start <= last:
        why = f"The start lies within {100 * trim:.0f} % of an end of the series, where no break can be looked for."
        return not_applicable(name, assumption, why)
    found = _found(series, at)
    dates = series.time[at]
    low, high = dates[found.inside].min(), dates[found.inside].max()
    verdict: Verdict = "cannot tell"
    if found.p_value < significant:
        verdict = "no contradiction found" if low <= _full(series) and series.start <= high else "contradicts"
    named = {int(date): str(period) for date, period in zip(dates, series.periods[at], strict=True)}
    table = pd.DataFrame(
        {
            "date": [named[int(dates[found.place])]],
            "statistic": [found.statistics[found.place]],
            "p_value": [found.p_value],
            "p_asymptotic": [found.p_asymptotic],
            "earliest": [named[int(low)]],
            "latest": [named[int(high)]],
        }
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=verdict,
        power=None,
        table=table,
        sentence=_sentence(table.iloc[0], verdict),
        course=pd.DataFrame(
            {
                "time": series.periods[at],
                "statistic": found.statistics,
                "inside": found.inside,
                "start": dates >= series.start,
            }
        ),
    )


def _found(series: SeriesRegression, at: np.ndarray) -> Break:
    added = steps(series.time, series.time[at], slope=len(series.effect) > 1)
    m, n, q = added.shape
    columns = np.column_stack([series.outcome, series.undisturbed, added.transpose(1, 0, 2).reshape(n, m * q)])
    white = series.whitened(columns)
    k = series.undisturbed.shape[1]
    broken = white[:, 1 + k :].reshape(n, m, q).transpose(1, 0, 2)
    return one_break(white[:, 0], white[:, 1 : 1 + k], broken, trim=trim)


def _full(series: SeriesRegression) -> float:
    """First position at which the programme's dose reaches its median from the start on."""
    dose = series.matrix[:, series.effect[0]]
    return float(series.time[dose >= np.median(dose[series.time >= series.start])].min())


def _sentence(row: pd.Series, verdict: Verdict) -> str:
    test = f"largest F {row['statistic']:.1f}, p {row['p_value']:.3f}"
    if verdict == "cannot tell":
        return f"Looked at without knowing of the programme, the series shows no break ({test}, at {row['date']})."
    where = "outside" if verdict == "contradicts" else "inside"
    return (
        f"Looked at without knowing of the programme, the series breaks at {row['date']} ({test}); dates from "
        f"{row['earliest']} to {row['latest']} fit about as well, and the start of the programme lies {where} them."
    )
