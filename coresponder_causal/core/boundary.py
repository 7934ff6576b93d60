"""A jump at a boundary in time: local linear regressions on its two sides, and how far bends may carry them.

The running variable x is minutes from the boundary. With calls from before and after a start there are four sides, each
with a straight line of its own; the instrument is z = inside × after, or with one period z = inside.
"""

from __future__ import annotations

from itertools import product
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.two_stage import TwoStage, two_stage

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Kernel = Literal["triangular", "uniform"]
round_minutes, bin_minutes = (0, 15, 30, 45), 15


def near(minutes: Array, *, bandwidth: float, donut: float) -> Booleans:
    """Whether calls lie within the bandwidth and outside the donut.

    Examples
    --------
    >>> near(np.array([-5.0, 10.0, 120.0]), bandwidth=120, donut=10).tolist()
    [False, True, False]
    """
    return np.asarray((np.abs(minutes) >= donut) & (np.abs(minutes) < bandwidth), bool)


def weights(minutes: Array, *, bandwidth: float, kernel: Kernel) -> Array:
    """Weights of calls by their distance from the boundary: 1 − |x|/bandwidth, or 1."""
    return 1 - np.abs(minutes) / bandwidth if kernel == "triangular" else np.ones(len(minutes))


def local_linear(
    y: Array,
    d: Array,
    minutes: Array,
    *,
    inside: Booleans,
    after: Booleans,
    bandwidth: float,
    kernel: Kernel,
    covariates: pd.DataFrame | None = None,
) -> TwoStage:
    """Regress outcome and treatment on the jump at the boundary, after against before where there is a before.

    Parameters
    ----------
    y, d : ndarray, shape (n,)
        Outcome and treatment.
    minutes : ndarray, shape (n,)
        From the boundary, within the bandwidth.
    inside, after : ndarray of bool, shape (n,)
        Whether the team is on at that clock time; whether the call came after the start.
    bandwidth : float
    kernel : {"triangular", "uniform"}
    covariates : DataFrame, n rows, optional

    Returns
    -------
    TwoStage
        ``itt``: the jump of the outcome; ``first_stage``: that of the treatment; ``late``: their ratio.

    References
    ----------
    Grembi, Nannicini & Troiano (2016), doi:10.1257/app.20150076; Hahn, Todd & van der Klaauw (2001),
    doi:10.1111/1468-0262.00183.

    Examples
    --------
    >>> x = np.tile([-20.0, -10.0, 10.0, 20.0], 2)
    >>> after = np.repeat([False, True], 4)
    >>> y = 0.1 * x + (x > 0) + 2.0 * (x > 0) * after
    >>> rows = np.tile(np.arange(8), 2)
    >>> fit = local_linear(y[rows], ((x > 0) & after)[rows] * 0.5, x[rows], inside=(x > 0)[rows], after=after[rows],
    ...                    bandwidth=30, kernel="uniform")
    >>> round(fit.itt, 9), round(fit.late, 9)
    (2.0, 4.0)
    """
    x, both = minutes / bandwidth, bool(after.any() and not after.all())
    columns = {"minutes": x, "minutes inside": x * inside}
    if both:
        columns |= {
            "inside": inside.astype(float),
            "minutes after": x * after,
            "minutes inside after": x * inside * after,
        }
    lines = pd.DataFrame(columns)
    z = (inside & after if both else inside).astype(float)
    more = [] if covariates is None else [covariates.reset_index(drop=True)]
    weight = weights(minutes, bandwidth=bandwidth, kernel=kernel)
    return two_stage(y, d, z, strata=after, regressors=pd.concat([lines, *more], axis=1), weights=weight)


def curvature(y: Array, minutes: Array, sides: NDArray[np.intp]) -> float:
    """Largest second derivative, in size, of parabolas fitted to the sides; those of fewer than four moments give none.

    Parameters
    ----------
    y, minutes : ndarray, shape (n,)
    sides : ndarray of int, shape (n,)
        Which side a call is on.

    Returns
    -------
    float
        A rule of thumb after Armstrong & Kolesár (2020), who fit quartics: those of single sides of a clock boundary
        follow the noise.

    Examples
    --------
    >>> x = np.arange(5.0)
    >>> round(curvature(3 * x**2, x, np.zeros(5, int)), 9)
    6.0
    """
    found = [0.0]
    for side in range(int(sides.max()) + 1):
        x, values = minutes[sides == side], y[sides == side]
        if len(np.unique(x[:100])) > 3:
            scale = np.abs(x).max()
            found.append(abs(2 * np.polyfit(x / scale, values, 2)[0] / scale**2))
    return float(max(found))


def worst_bias(fit: TwoStage, weight: Array, minutes: Array, sides: NDArray[np.intp], bend: float) -> float:
    """Largest bias of the jump when every side may bend with a second derivative up to ``bend``.

    Parameters
    ----------
    fit : TwoStage
    weight : ndarray, shape (n,)
        Kernel weights of its rows.
    minutes : ndarray, shape (n,)
    sides : ndarray of int, shape (n,)
    bend : float

    Returns
    -------
    float
        (bend/2) Σ over sides |Σ l x²|, l the weight with which an outcome enters the jump: exact without covariates.

    References
    ----------
    Kolesár & Rothe (2018), doi:10.1257/aer.20160945, proposition 1.
    """
    loading = np.sqrt(weight) * fit.z / float(fit.z @ fit.z) * minutes**2
    return bend / 2 * float(np.abs(np.bincount(sides, weights=loading)).sum())


def honest_interval(estimate: float, std_error: float, df: float, bias: float) -> tuple[float, float]:
    """Interval that holds 95 % of the time whatever the bias up to ``bias`` is: estimate ± cv(bias/se)·se.

    Examples
    --------
    >>> low, high = honest_interval(0.0, 1.0, 1e6, 1.0)
    >>> round(high, 3)
    2.646
    """
    half = inference.critical_with_bias(bias / std_error, df) * std_error
    return estimate - half, estimate + half


def binned(calls: pd.DataFrame, *, bandwidth: float, donut: float, kernel: Kernel) -> pd.DataFrame:
    """Mean outcome by 15 minutes on each side, and the lines through those outside the donut.

    Parameters
    ----------
    calls : DataFrame
        ``y, minutes, after, inside``.
    bandwidth, donut, kernel
        As in `local_linear`.

    Returns
    -------
    DataFrame
        ``after, inside, time`` (minutes from the boundary, middle of the bin), ``observed, calls, events, fitted``.

    Examples
    --------
    >>> calls = pd.DataFrame({"y": [0.0, 1.0, 2.0, 4.0], "minutes": [2.0, 20.0, 40.0, 80.0]})
    >>> calls = calls.assign(after=True, inside=True)
    >>> bins = binned(calls, bandwidth=120, donut=10, kernel="uniform")
    >>> bins[["time", "observed", "fitted"]].round(3).values.tolist()
    [[7.5, 0.0, 0.375], [22.5, 1.0, 1.125], [37.5, 2.0, 1.875], [82.5, 4.0, 4.125]]
    """
    y, minutes, after, inside = (calls[name].to_numpy() for name in ("y", "minutes", "after", "inside"))
    place = np.floor(minutes / bin_minutes).astype(int)
    used = near(minutes, bandwidth=bandwidth, donut=donut)
    parts = []
    for late, within in product((False, True), repeat=2):
        own = (after == late) & (inside == within) & (np.abs(minutes) < bandwidth)
        bins, which, many = np.unique(place[own], return_inverse=True, return_counts=True)
        events, middle = np.bincount(which, weights=y[own]), (bins + 0.5) * bin_minutes
        weight = weights(minutes[own & used], bandwidth=bandwidth, kernel=kernel)
        line = np.polyfit(minutes[own & used], y[own & used], 1, w=np.sqrt(weight)) if len(weight) > 1 else [np.nan]
        means = {"time": middle, "observed": events / many, "calls": many, "events": events}
        parts.append(pd.DataFrame({"after": late, "inside": within, **means, "fitted": np.polyval(line, middle)}))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


class Stamps(NamedTuple):
    """How many different clock minutes calls have, and the share of them at a full quarter of an hour."""

    distinct: int
    heaped: float


def stamps(received: pd.Series) -> Stamps:
    """Count the clock minutes of calls, and those at a full quarter of an hour.

    Examples
    --------
    >>> stamps(pd.Series(pd.to_datetime(["2020-01-01 10:00", "2020-01-02 10:00", "2020-01-01 10:07"]))).distinct
    2
    """
    clock, minute = received.dt.hour * 60 + received.dt.minute, received.dt.minute
    return Stamps(int(clock.nunique()), float(minute.isin(round_minutes).mean()))
