"""Averages of group-time effects: over all cells, by time since the start, by cohort, by period.

Weights are the estimated shares of the cohorts among the treated units; that they are estimated enters the standard
errors. The counterparts in R did's ``aggte``: "overall" is type "simple", "event_time" "dynamic", "cohort" "group",
"time" "calendar".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.registry import average
from coresponder_causal.core.registry import averaged as marked
from coresponder_causal.core.resampling import multiplier_draws, simultaneous_critical_value
from coresponder_causal.core.result import Result

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places = NDArray[np.intp]
By = Literal["overall", "event_time", "cohort", "time"]


@average
def aggregate(
    result: Result,
    *,
    by: By = "overall",
    balance: int | None = None,
    min_event_time: int | None = None,
    max_event_time: int | None = None,
) -> Result:
    """Average group-time effects.

    Parameters
    ----------
    result : Result
        Of `did_group_time`.
    by : {"overall", "event_time", "cohort", "time"}
        "overall": one mean of all cells from the start on, weighted by the cohorts' sizes. The others give a first row
        ``overall`` and one row per value: by event time the overall row is the plain mean of the event times ≥ 0, by
        period that of the periods, by cohort the mean of the cohorts weighted by size.
    balance : int, optional
        With ``by="event_time"``: only cohorts seen at least this long after their start, and event times that all of
        them have up to it.
    min_event_time, max_event_time : int, optional
        Event times to keep; ``max_event_time`` holds for every ``by``, ``min_event_time`` for event times.

    Returns
    -------
    Result
        Keyed by ``event_time``, ``cohort`` or ``time``. Where the group-time effects were bootstrapped,
        ``extra["critical_value"]`` is that of the band over all rows, the overall one included.

    Raises
    ------
    EstimationError
        If the result holds no group-time effects or no influence functions, or no cell is left to average.

    References
    ----------
    Callaway & Sant'Anna (2021), doi:10.1016/j.jeconom.2020.12.001, section 3 and corollary 2.

    Examples
    --------
    >>> from coresponder_causal.design.panel import PanelDesign
    >>> from coresponder_causal.estimate.did_group_time import did_group_time
    >>> from coresponder_causal.simulate.staggered import staggered
    >>> d = PanelDesign.from_frame(staggered(seed=1), outcome="y", unit="id", time="t", cohort="first_treated",
    ...                            covariates=["x"])
    >>> aggregate(did_group_time(d), by="cohort").terms["term"].tolist()
    ['overall', 'cohort=3', 'cohort=5', 'cohort=7']
    """
    kinds = {"overall": _overall, "cohort": _by_cohort, "time": _by_time}
    if by not in (*kinds, "event_time"):
        raise EstimationError(f"by={by!r} is not a choice", mend=f"choose by from event_time, {', '.join(kinds)}")
    cells = _cells(result, max_event_time)
    means = _by_event_time(cells, balance, min_event_time) if by == "event_time" else kinds[by](cells)
    how = {"function": "aggregate", "by": by, "balance": balance}
    how |= {"min_event_time": min_event_time, "max_event_time": max_event_time}
    weights = np.stack([mean.weights for mean in means.rows])
    pulls = np.stack([mean.pull for mean in means.rows], axis=1)
    averaged = result.combine(
        weights,
        _terms(means, result),
        weight_scores=cells.along(pulls),
    )
    return replace(
        averaged,
        estimand=replace(result.estimand, horizon=_horizon(by, cells)),
        support=_support(weights, averaged.terms, result),
        extra=Facts(dict(_extra(averaged, by)) | {marked: json.dumps(how)}),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Group-time effects: places of their cohorts and times, event times, the mean of w·1{cohort} over all units.

    ``scores`` counts the scores of the influence: the last are w·1{cohort} by cohort, and a constant.
    """

    att: Array
    cohort: Places
    time: Places
    event: NDArray[np.int64]
    shares: Array
    scores: int
    limit: float

    @property
    def size(self) -> Array:
        """Share of each cell's cohort among all units."""
        return np.asarray(self.shares[self.cohort], float)

    @property
    def post(self) -> Bools:
        """Cells from the start on, up to the limit."""
        return (self.event >= 0) & (self.event <= self.limit)

    def along(self, pulls: Array) -> Array:
        """Say what the scores of the influence bring into means of estimated shares, shape (scores, q)."""
        found = np.zeros((self.scores, pulls.shape[1]))
        found[-1 - len(pulls) : -1], found[-1] = pulls, -self.shares @ pulls
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Mean:
    """A mean of cells: its influence is ψ @ weights + (S − mean S) @ pull with S = w·1{cohort}."""

    weights: Array
    pull: Array


@dataclass(frozen=True, slots=True, eq=False)
class _Means:
    """Rows of an aggregate: the overall one, then one per value of the key (an event time, or a row of the cells)."""

    overall: _Mean
    key: str = ""
    values: tuple[int, ...] = ()
    each: tuple[_Mean, ...] = ()

    @property
    def rows(self) -> tuple[_Mean, ...]:
        """All rows, the overall one first."""
        return (self.overall, *self.each)


def _cells(result: Result, max_event_time: int | None) -> _Cells:
    cohorts = result.extra.get("cohorts")
    if not isinstance(cohorts, tuple) or not {"cohort", "time", "event_time"} <= set(result.terms):
        raise EstimationError(f"{result.method} holds no group-time effects", mend="give it a result of did_group_time")
    if result.influence is None:
        raise EstimationError(
            "the result carries no influence functions (they do not leave the session)", mend="run did_group_time again"
        )
    left = result.influence.left
    cells = _Cells(
        att=result.estimate,
        cohort=np.array([cohorts.index(str(label)) for label in result.terms["cohort"]], np.intp),
        time=pd.factorize(result.terms["time"], sort=True)[0],
        event=result.terms["event_time"].to_numpy(np.int64),
        shares=np.asarray(left.sum(axis=0)).ravel()[-1 - len(cohorts) : -1] / left.shape[0],
        scores=left.shape[1],
        limit=np.inf if max_event_time is None else max_event_time,
    )
    if not cells.post.any():
        raise EstimationError("no group-time effect from the start on", mend="widen max_event_time or take longer data")
    return cells


def _sized(cells: _Cells, keep: Bools) -> _Mean:
    """Mean of some cells, weighted by the estimated shares of their cohorts."""
    total = cells.size[keep].sum()
    weights = np.where(keep, cells.size / total, 0.0)
    off = np.where(keep, cells.att - weights @ cells.att, 0.0) / total
    pull = np.bincount(cells.cohort, weights=off, minlength=len(cells.shares))
    return _Mean(weights, pull.astype(float))


def _plain(means: list[_Mean]) -> _Mean:
    """Mean of means with equal weights."""
    return _Mean(np.mean([m.weights for m in means], axis=0), np.mean([m.pull for m in means], axis=0))


def _overall(cells: _Cells) -> _Means:
    return _Means(_sized(cells, cells.post))


def _by_event_time(cells: _Cells, balance: int | None, min_event_time: int | None) -> _Means:
    first, last = -np.inf if min_event_time is None else min_event_time, cells.limit
    keep = np.ones(len(cells.att), bool)
    if balance is not None:
        cohorts = range(len(cells.shares))
        longest = np.array([cells.event[cells.cohort == g].max(initial=-1) for g in cohorts])
        seen = max(int(np.ptp(cells.event[cells.cohort == g])) for g in np.unique(cells.cohort))
        keep = longest[cells.cohort] >= balance
        first, last = max(first, balance - seen), min(last, balance)
    keep &= (cells.event >= first) & (cells.event <= last)
    events = [int(e) for e in np.unique(cells.event[keep])]
    each = tuple(_sized(cells, keep & (cells.event == e)) for e in events)
    after = [mean for e, mean in zip(events, each, strict=True) if e >= 0]
    if not after:
        raise EstimationError("no event time from the start on is left", mend="lower balance, widen the event times")
    return _Means(_plain(after), "event_time", tuple(events), each)


def _by_cohort(cells: _Cells) -> _Means:
    """Plain mean within each cohort; overall weighted by the estimated shares of the cohorts."""
    cohorts, rows = np.unique(cells.cohort[cells.post], return_index=True)
    each = tuple(_sized(cells, cells.post & (cells.cohort == g)) for g in cohorts)
    shares = cells.shares[cohorts]
    total = shares.sum()
    weights = np.sum([mean.weights * share / total for mean, share in zip(each, shares, strict=True)], axis=0)
    pull = np.zeros(len(cells.shares))
    pull[cohorts] = [(mean.weights - weights) @ cells.att / total for mean in each]
    return _Means(_Mean(weights, pull), "cohort", tuple(np.flatnonzero(cells.post)[rows].tolist()), each)


def _by_time(cells: _Cells) -> _Means:
    times, rows = np.unique(cells.time[cells.post], return_index=True)
    each = [_sized(cells, cells.post & (cells.time == t)) for t in times]
    return _Means(_plain(each), "time", tuple(np.flatnonzero(cells.post)[rows].tolist()), tuple(each))


def _terms(means: _Means, result: Result) -> pd.DataFrame:
    """Keys of the rows; the overall row has none."""
    if not means.key:
        return pd.DataFrame({"term": ["overall"]})
    if means.key == "event_time":
        keys = pd.Series([pd.NA, *means.values], dtype="Int64")
    else:
        column = result.terms[means.key]
        kind = column.dtype if isinstance(column.dtype, pd.PeriodDtype) else "Int64"
        keys = pd.Series([pd.NA, *column.iloc[list(means.values)]], dtype=kind)
    names = ["overall", *(f"{means.key}={label}" for label in keys.iloc[1:])]
    return pd.DataFrame({means.key: keys, "term": names})


def _horizon(by: By, cells: _Cells) -> str:
    how = {
        "overall": "mean of all cohort-periods from the start on",
        "event_time": "by time since the start",
        "cohort": "by cohort",
        "time": "by period",
    }[by]
    return how if np.isinf(cells.limit) else f"{how}, up to {int(cells.limit)} periods after it"


def _support(weights: Array, terms: pd.DataFrame, result: Result) -> pd.DataFrame | None:
    """Events of all cells in a mean; units that any of them compares."""
    if result.support is None:
        return None
    used = weights != 0
    events, units = (result.support[column].to_numpy(float) for column in ("events", "units"))
    return pd.DataFrame(
        {
            "term": terms["term"],
            "persons": np.nan,
            "events": [events[row].sum() for row in used],
            "units": [max(int(units[row].max()), _behind(result.influence, row)) for row in used],
        }
    )


def _behind(influence: Influence | None, used: NDArray[np.bool_]) -> int:
    """Units with a score in one of the cells; one that lies on the mean of its group exactly has none."""
    if influence is None:
        return 0
    reach = np.abs(influence.right[:, used]).sum(axis=1)
    return int(np.count_nonzero(abs(influence.left) @ reach))


def _extra(averaged: Result, by: By) -> Facts:
    options = averaged.provenance.option_values()
    extra = {key: value for key, value in averaged.extra.items() if key != "cohorts"} | {"aggregated_by": by}
    if options.get("inference") == "bootstrap" and averaged.influence is not None:
        how = {key: options[key] for key in ("replications", "seed", "multipliers")}
        draws = multiplier_draws(averaged.influence, **how)
        scale = np.sqrt(np.diag(averaged.vcov))
        extra["critical_value"] = simultaneous_critical_value(draws, scale, level=options["level"])
    return Facts(extra)
