"""Whether single periods decide the estimate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.registry import Design, series_regression
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.core.verdict import CheckResult, Verdict, as_change, not_applicable

Array = NDArray[np.float64]
name = "leverage"
assumption = "No single period decides the estimate."
shown, named, too_much = 10, 3, 1.0


class Deletion(NamedTuple):
    """Leaving out each period: leverage, change of the headline, and ratio of s without it to s, shapes (n,)."""

    leverage: Array
    change: Array
    spread: Array


def leverage(result: Result, design: Design) -> CheckResult:
    """Leave out one period at a time, the persistence of the errors held as the result found it.

    Parameters
    ----------
    result : Result
        Of one series, or of one city's gap to others; its first term is looked at.
    design : the design it was made from

    Returns
    -------
    CheckResult
        Contradicts when leaving out one period moves the estimate by more than its standard error, the variance of the
        errors being the one without that period. ``table``: the ten periods that move it most: leverage (0 to 1), the
        estimate without each, and its move in standard errors.

    References
    ----------
    Belsley, Kuh & Welsch (1980), Regression Diagnostics, chapter 2; with correlated errors: Martin (1992),
    doi:10.1111/j.2517-6161.1992.tb01449.x.

    Examples
    --------
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=48, freq="M"), "calls": [90, 110] * 24})
    >>> frame.loc[40, "calls"] = 900
    >>> from coresponder_causal.design import SeriesDesign
    >>> from coresponder_causal.estimate import its_segmented
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2019-07")
    >>> leverage(its_segmented(d), d).table["period"].tolist()[0]
    '2020-05'
    """
    series = series_regression(result, design)
    if series is None:
        return not_applicable(name, assumption, "The method is not a regression of one series.")
    if not series.effect:
        return not_applicable(name, assumption, "The method is fitted to the periods before the start alone.")
    found = deletions(series)
    estimate, error = float(result.estimate[0]), float(np.sqrt(result.vcov[0, 0]))
    rows = pd.DataFrame(
        {
            "period": series.periods.astype(str),
            "leverage": found.leverage,
            "estimate": estimate + found.change,
            "moved": found.change / (error * found.spread),
        }
    )
    order = np.argsort(-rows["moved"].abs().to_numpy(), kind="stable")
    table = rows.iloc[order[:shown]].reset_index(drop=True)
    heavy = rows.loc[rows["moved"].abs() > too_much, "period"]
    verdict: Verdict = "contradicts" if len(heavy) else "no contradiction found"
    moves = (f"{moved:+.2f}".replace("-", "−") for moved in table["moved"].head(named))
    largest = ", ".join(f"{period} ({move})" for period, move in zip(table["period"].head(named), moves, strict=True))
    ends = (float(rows["estimate"].min()), float(rows["estimate"].max()))
    span = " to ".join(as_change(end, result.scale) for end in ends)
    sentence = (
        f"Without one period at a time the estimate runs from {span}; {largest} move it most, in standard errors."
        + (f" Leaving out {', '.join(heavy)} alone moves it by more than its standard error." if len(heavy) else "")
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=verdict,
        power=None,
        table=table,
        sentence=sentence,
        moves=float(rows["moved"].abs().max()),
    )


def deletions(series: SeriesRegression) -> Deletion:
    """Leave out each row in closed form: as if it had a dummy of its own, with the covariance of the errors fixed.

    With P = K⁻¹ − K⁻¹X(X'K⁻¹X)⁻¹X'K⁻¹ and the headline a'y, it moves by −a_t (Py)_t / P_tt, and y'Py = (n − k)s² falls
    by (Py)²_t / P_tt; leverage is 1 − P_tt / (K⁻¹)_tt.
    """
    inverse = series.whitened(np.eye(len(series.time)))
    white = series.whitened(np.column_stack([series.outcome, series.matrix]))
    y, X = white[:, 0], white[:, 1:]
    pseudo = np.linalg.pinv(X)
    basis = np.linalg.qr(X)[0]
    weights = (series.headline @ pseudo) @ inverse
    unexplained = y - X @ (pseudo @ y)
    rest = inverse.T @ unexplained
    own = np.sum(inverse**2, axis=0)
    left = own - np.sum((basis.T @ inverse) ** 2, axis=0)
    alone = left < 1e-10 * own  # a period that the regression reproduces: nothing else speaks to its coefficient
    jump = np.where(alone, 0.0, rest / np.where(alone, 1.0, left))
    whole, spare = float(unexplained @ unexplained), len(y) - X.shape[1]
    without = np.maximum(whole - jump * rest, 0.0) / (spare - 1)
    return Deletion(leverage=1 - left / own, change=-weights * jump, spread=np.sqrt(without / (whole / spare)))
