"""Whether the intake label agrees better with what is found after training: month by month, corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import refuse_choice, refuse_level
from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.inference import interval, p_value
from coresponder_causal.core.known_noise import KnownNoise, known_noise
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.core.verification import accuracy, verified_scores
from coresponder_causal.decide.labelled_calls import LabelledCalls, labelled_calls

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Measure = Literal["sensitivity", "specificity", "positive_predictive_value", "kappa"]
Period = Literal["month", "quarter"]
fewest_periods, few_periods = 4, 12
terms = ("mean_after", "level", "slope")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgreementCourse:
    """A measure of agreement month by month, and how it changed.

    Parameters
    ----------
    measure : str
    start : Timestamp
        First day after training.
    table : DataFrame
        ``term, estimate, std_error, conf_low, conf_high, p_value``: ``mean_after`` (mean difference to the course
        carried forward) and, with a trend, ``level`` (jump) and ``slope`` (change of the slope, per period).
    path : DataFrame
        ``time, position, estimate, std_error, fitted, without, low, high`` (the course carried forward and its
        interval), ``calls, verified, crises, persons``.
    months_apart : float
        Standard deviation of months beside what the correction and the number of calls explain.
    notes : tuple of str
    """

    measure: str
    start: pd.Timestamp
    table: pd.DataFrame
    path: pd.DataFrame
    months_apart: float
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        first = self.table.iloc[0]
        return (
            f"AgreementCourse: {self.measure.replace('_', ' ')} {first['estimate']:+.3f} "
            f"[{first['conf_low']:+.3f}, {first['conf_high']:+.3f}] after {self.start:%Y-%m-%d}"
        )


def agreement_after_training(
    calls: pd.DataFrame,
    *,
    start: str,
    measure: Measure = "sensitivity",
    period: Period = "month",
    trend: bool = True,
    right: Sequence[str] | None = None,
    truth: str = "crisis_on_scene",
    label: str = "initial_type",
    met_by: Sequence[str] = (),
    drawn: str | None = None,
    chance: str | None = None,
    person: str | None = "person",
    time: str = "received_at",
    level: float = 0.95,
) -> AgreementCourse:
    """Follow the corrected agreement over time, and estimate its change by an interrupted time series.

    Measures are corrected as in `concordance`, within cells of before and after; a period's is that of its side and the
    mean part of its calls, so that small periods carry no bias of ratios. Periods are then regressed
    on time, on what share of the period lies after the start, and on the time since: by generalised least squares with
    the covariance that persons give the periods (sampling and correction together), and a further variance of periods.

    Parameters
    ----------
    calls, right, truth, label, met_by, drawn, chance, person, level
        As in `concordance`.
    start : str
        First day after training, such as "2022-07-01".
    measure : {"sensitivity", "specificity", "positive_predictive_value", "kappa"}
    period : {"month", "quarter"}
    trend : bool
        Whether time has a slope before the start and another after; without, only the mean changes, which rests on
        there being no trend.
    time : str
        Column of the stamp.

    Returns
    -------
    AgreementCourse

    Raises
    ------
    DesignError
        As in `concordance`, a choice that is none, or a start that is no date.
    EstimationError
        Fewer than 4 periods with enough verified calls on one side.

    Notes
    -----
    Not where something else changed in the same month: the form on scene, who is sent, the list of codes. Errors of
    periods are taken to be independent beside the persons they share. Not for a training rolled out by call taker.

    References
    ----------
    Bernal, Cummins & Gasparrini (2017), doi:10.1093/ije/dyw098; Begg & Greenes (1983), doi:10.2307/2530820; estimates
    with a known covariance: Berkey et al. (1995), doi:10.1002/sim.4780140406. Simulated truth.

    Examples
    --------
    >>> from coresponder_causal.simulate.first_calls import first_calls
    >>> made = first_calls(calls=9000, trained=0.2, seed=2)
    >>> found = agreement_after_training(made, start="2022-07-01", met_by=["night"])
    >>> bool(found.table["conf_low"][0] > 0)
    True
    """
    problems = Problems("agreement after training")
    refuse_choice("measure", measure, Measure, problems)
    refuse_choice("period", period, Period, problems)
    refuse_level(level, problems)
    day = pd.to_datetime(start, errors="coerce")
    if not isinstance(day, pd.Timestamp) or pd.isna(day):
        day = pd.Timestamp(0)
        problems.add(f"start={start!r} is no date", mend="write it as 2022-07-01")
    with collecting() as said:
        made = labelled_calls(
            calls, right=right, truth=truth, label=label, met_by=met_by, drawn=drawn, chance=chance, person=person,
            time=time, problems=problems,
        )  # fmt: skip
        periods, of = _periods(made, time, period)
        late = (pd.to_datetime(made.rows[time]) >= day).to_numpy()
        path, V = _by_period(made, periods, of, *_parts(made, late, measure))
        path = path.assign(after=_share_after(path["time"], day))
        _refuse_short(path)
        found, X = path["estimate"].to_numpy(), _regressors(path, trend=trend)
        fit = known_noise(found, V, X)
        explained = float(np.trace(V)) / len(V) / max(float(np.var(found)), 1e-12)
        note(f"the correction and chance explain {100 * explained:.0f} % of the scatter of {period}s")
        table = _changes(fit, path, level)
    without = X * np.array([1.0, 0.0, 1.0, 0.0])[: X.shape[1]]
    errors = np.sqrt(np.einsum("ij,jk,ik->i", without, fit.vcov, without))
    low, high = interval(without @ fit.beta, errors, fit.df, level)
    path = path.assign(fitted=X @ fit.beta, without=without @ fit.beta, low=low, high=high)
    return AgreementCourse(
        measure=measure, start=day, table=table, path=path, months_apart=float(np.sqrt(fit.tau_squared)),
        notes=tuple(said),
    )  # fmt: skip


def _parts(made: LabelledCalls, late: Flags, measure: Measure) -> tuple[Array, Array]:
    """Measure of each call's side of the start, and the call's part in it times the calls of the side."""
    side = pd.Series(np.where(late, "after", "before"))
    score = verified_scores(made.truth, made.known, made.cells(side=side), asked=made.asked)
    value, part = np.zeros(len(late)), np.zeros(len(late))
    for mine in (late, ~late):
        one = accuracy(score, made.label, mine.astype(float))[measure]
        value[mine], part[mine] = one.value, one.slope[mine] * mine.sum()
    return value, part


def _periods(made: LabelledCalls, time: str, period: Period) -> tuple[pd.PeriodIndex, NDArray[np.int64]]:
    """Periods of the calls in order, and the number of each call's."""
    found = pd.PeriodIndex(pd.to_datetime(made.rows[time]).dt.to_period("M" if period == "month" else "Q"))
    names = found.unique().sort_values()
    return names, np.asarray(names.get_indexer(found), np.int64)


def _by_period(
    made: LabelledCalls, periods: pd.PeriodIndex, of: NDArray[np.int64], value: Array, part: Array
) -> tuple[pd.DataFrame, Array]:
    """Measure of each period that is large enough, and the covariance of all by the persons they share."""
    codes, names = pd.factorize(made.persons)
    rows, sums = [], []
    shown = made.shown({str(number): of == number for number in range(len(periods))})
    for number in map(int, shown):
        period, mine = periods[number], of == number
        estimate = float((value[mine] + part[mine]).mean())
        rows.append({"time": period, "position": float(number), "estimate": estimate, **made.counts(mine)})
        sums.append(np.bincount(codes, np.where(mine, part, 0.0), minlength=len(names)) / mine.sum())
    if len(rows) < len(periods):
        note(
            f"{len(periods) - len(rows)} of {len(periods)} periods are left out: too few crises found, or others, "
            "to be told, or the smallest beside one that is not"
        )
    moved = np.array(sums).reshape(-1, len(names))
    V = np.asarray(len(names) / (len(names) - 1) * moved @ moved.T, float)
    path = pd.DataFrame(rows, columns=["time", "position", "estimate", "calls", "verified", "crises", "persons"])
    return path.assign(std_error=np.sqrt(np.diag(V))), V


def _share_after(periods: pd.Series, day: pd.Timestamp) -> Array:
    """Share of the days of each period from the start on."""
    first = periods.map(lambda one: one.start_time)
    days = periods.map(lambda one: (one.end_time - one.start_time).days + 1).to_numpy(float)
    before = (day - first).dt.days.to_numpy(float)
    return np.asarray(np.clip(1 - before / days, 0, 1), float)


def _regressors(path: pd.DataFrame, *, trend: bool) -> Array:
    """Constant and share after the start; with a trend time, and time since, too."""
    position, after = path["position"].to_numpy(float), path["after"].to_numpy(float)
    since = position - position[after > 0].min()
    return np.column_stack([np.ones(len(path)), after, *([since, after * since] if trend else [])])


def _refuse_short(path: pd.DataFrame) -> None:
    before, after = int((path["after"] == 0).sum()), int((path["after"] > 0).sum())
    if min(before, after) < fewest_periods:
        raise EstimationError(
            f"{before} periods before the start and {after} after have verified calls enough",
            mend=f"bring {fewest_periods} on each side, or take period='quarter'",
        )
    if min(before, after) < few_periods:
        doubt(f"{before} periods before the start and {after} after: a short course tells little of a trend")


def _changes(fit: KnownNoise, path: pd.DataFrame, level: float) -> pd.DataFrame:
    """Mean change after the start and, where there is a trend, the jump and the change of the slope."""
    trend = len(fit.beta) > 2
    after = _regressors(path, trend=trend)[path["after"].to_numpy() > 0].mean(axis=0)
    mean = after * np.array([0.0, 1.0, 0.0, 1.0])[: len(after)]
    weights = np.array([mean, [0, 1, 0, 0], [0, 0, 0, 1]] if trend else [mean])
    estimates, errors = weights @ fit.beta, np.sqrt(np.diag(weights @ fit.vcov @ weights.T))
    low, high = interval(estimates, errors, fit.df, level)
    return pd.DataFrame({
        "term": terms[: len(weights)], "estimate": estimates, "std_error": errors, "conf_low": low, "conf_high": high,
        "p_value": p_value(estimates / errors, fit.df),
    })  # fmt: skip
