"""Whether the hours at which calls come, or the mix of calls in them, moved with the start."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import holm, homogeneity_p_value, p_value
from coresponder_causal.core.weekly_gap import gap_design, spread, weekly_gap

Array = NDArray[np.float64]
columns = ["what", "standardised", "p_value"]
notable = 0.1  # a standardised difference of this size counts as imbalance
calm_p_value = 0.1


class Moved(NamedTuple):
    """How far something moved with the start, and how well that is known."""

    what: str
    standardised: float
    p_value: float
    std_error: float
    df: float


def weekly_moves(timing: pd.DataFrame, instrument: Array, covariates: pd.DataFrame) -> list[Moved]:
    """Regress the share of calls in covered hours, and each covariate's weekly gap, on that of the instrument.

    Parameters
    ----------
    timing : DataFrame, n rows
        ``covered, week`` of each call.
    instrument : ndarray, shape (n,)
        Whether the call was received in hours with the team.
    covariates : DataFrame, n rows
        Numbers known before dispatch; no column is none.

    Returns
    -------
    list of Moved
        The share first; all in standard deviations of a call.

    Raises
    ------
    EstimationError
        As `weekly_gap` and `gap_design`.
    """
    week, covered = timing["week"], timing["covered"]
    gap = weekly_gap(covariates.assign(instrument=instrument), week=week, covered=covered)
    share = covered.astype(float).groupby(week).mean().reindex(gap.index)
    mean = float(covered.mean())
    moved = [_moved("share of calls in covered hours", gap["instrument"], share, float(np.sqrt(mean * (1 - mean))))]
    return moved + [
        _moved(str(name), gap["instrument"], gap[name], float(covariates[name].std())) for name in covariates
    ]


def moved_hours(timing: pd.DataFrame) -> dict[str, object]:
    """Pearson's test of the 24 hours before against after, and the largest standardised difference of one.

    Parameters
    ----------
    timing : DataFrame
        ``after, hour`` of each call.

    Examples
    --------
    >>> same = pd.DataFrame({"after": [False, True] * 24, "hour": np.repeat(range(24), 2)})
    >>> moved_hours(same)["standardised"], moved_hours(same)["p_value"]
    (0.0, 1.0)
    """
    after, hour = timing["after"].to_numpy(bool), timing["hour"].to_numpy(int)
    counts = np.array([np.bincount(hour[side], minlength=24) for side in (~after, after)], float)
    before, later = counts / counts.sum(axis=1, keepdims=True)
    middle = (before + later) / 2
    moved = (later - before) / np.sqrt(np.where(middle > 0, middle * (1 - middle), 1.0))
    most = float(moved[np.argmax(np.abs(moved))])
    return {"what": "hours of the day", "standardised": most, "p_value": homogeneity_p_value(counts)}


def profile_table(timing: pd.DataFrame, moves: list[Moved]) -> pd.DataFrame:
    """One row for each thing that may have moved: ``what, standardised, p_value, p_holm``, hours of the day first."""
    rows = [pd.DataFrame([moved_hours(timing)]), pd.DataFrame(moves)[columns]]
    table = pd.concat(rows, ignore_index=True)
    return table.assign(p_holm=holm(table["p_value"]))


def is_calm(table: pd.DataFrame) -> bool:
    """Whether nothing moved at 10 % after Holm's correction, and nothing by a notable standardised difference."""
    return bool((table["p_holm"] >= calm_p_value).all() and (table["standardised"].abs() < notable).all())


def _moved(what: str, instrument: pd.Series, values: pd.Series, deviation: float) -> Moved:
    fit = gap_design(instrument).fit(values.to_numpy(float))
    variance, df = spread(fit)
    moved, std_error = float(fit.beta[1]) / deviation, float(np.sqrt(variance)) / deviation
    return Moved(what, moved, float(p_value(moved / std_error, df)), std_error, df)
