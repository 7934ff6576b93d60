"""Whether calls sum up to shifts: a call that the team attends takes the team from the next one, or reaches others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import CausalError, EstimationError
from coresponder_causal.core.inference import holm, interval, p_value
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.overlap_of_results import difference
from coresponder_causal.core.registry import refit
from coresponder_causal.core.regressors import independent
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import clustered
from coresponder_causal.core.verdict import CheckResult, as_change, judged, not_applicable
from coresponder_causal.design.call_rules import busy, call_id, duty
from coresponder_causal.design.call_sequence import CallSequence
from coresponder_causal.design.call_timing import received
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.weight_propensity import weight_propensity

Array = NDArray[np.float64]
name = "displacement"
assumption = "The team's attendance at one call does not change how other calls end."
load, block, few = "patrol_load", "hours_of_week", 10
stamps = ("dispatched_at", "cleared_at")


class Whole(NamedTuple):
    """An effect on all eligible calls of some time: its calls, attendance, estimate, spread, influence and df."""

    label: str
    calls: int
    attendance: float
    estimate: float
    std_error: float
    influence: Influence
    df: float


def displacement(result: Result, design: CallDesign) -> CheckResult:
    """Compare what whole shifts show with what attended calls show, times how often calls are attended.

    Parameters
    ----------
    result : Result
        Of attended against other calls.
    design : CallDesign
        Made by `CallDesign.from_tables` of a schedule with delivered hours, with ``team_busy`` and ``call_id``.

    Returns
    -------
    CheckResult
        ``table`` has one row for each way to look at calls whether attended or not, per eligible call: calls received
        while the team was busy, against free, within parts of the week and patrol load; and planned shifts that were
        held, against those that were not (shift-days as units, clustered by week). ``calls_say`` is what attended calls
        show, times the share attended; ``less_calls`` what is left, with interval and p-value. Contradicts when
        anything is left at 5 % after Holm's correction; its power is that to show as much as ``calls_say`` in the best
        of them. ``course``: by hour of the day the eligible calls on duty, those that found the team busy, and the
        median minutes that it was taken by a call.

    Notes
    -----
    The shift is the clean unit: whatever calls do to each other within it is in its total. Calls that find the team
    busy would also end otherwise if the load that keeps it busy does so by itself; without ``patrol_load`` among the
    columns that is not taken out, and said. Something left is displacement, or spillover of the team's presence, or
    hidden selection of attended calls: `placebo_exposure` looks at the last alone. The share attended is taken as it
    was.

    References
    ----------
    Hudgens & Halloran (2008), doi:10.1198/016214508000000292 (direct, indirect and total effects).

    Examples
    --------
    >>> from coresponder_causal.estimate import call_difference
    >>> frame = pd.DataFrame({"attended": [1, 0] * 20, "hour": [0, 0, 1, 1] * 10, "minutes": [5, 7, 6, 9] * 10})
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["hour"])
    >>> with quietly():
    ...     displacement(call_difference(d), d).verdict
    'not applicable'
    """
    if not isinstance(design, CallDesign) or design.sequence is None or call_id not in design.source:
        return not_applicable(name, assumption, "It needs calls with a call_id in a design made by from_tables.")
    if result.influence is None:
        return not_applicable(name, assumption, f"{result.method} keeps no influence of single calls.")
    try:
        with quietly():
            own = result if result.scale == "difference" else refit(result, design, options={"scale": "difference"})
    except CausalError as error:
        return not_applicable(name, assumption, f"It needs a difference: {error.what}.")
    if own.scale != "difference" or own.influence is None:
        return not_applicable(name, assumption, "Ratios do not add up over calls: estimate a difference.")
    wholes, failed = [], []
    for ask in (_busy, _held):
        try:
            with quietly():
                wholes.append(ask(own, design, design.sequence))
        except CausalError as error:
            failed.append(" ".join(error.what.split()))
    if not wholes:
        return not_applicable(name, assumption, f"Neither busy hours nor shifts can be compared: {'; '.join(failed)}.")
    return _judged(own, design, _table(own, wholes, design.sequence), failed)


def _known(sequence: CallSequence, design: CallDesign) -> pd.DataFrame:
    """Every eligible call with its shift, and the part of the week in which it was received."""
    at = pd.DatetimeIndex(sequence.calls[received])
    weekend = np.where(at.day_of_week >= 5, "weekend", "weekday")
    part = [f"{day} {hour // 3 * 3:02d}" for day, hour in zip(weekend, at.hour, strict=True)]
    calls = sequence.calls.assign(**{block: part}, _shift=sequence.timing["shift"].to_numpy())
    calls = calls[calls[str(design.outcome)].notna()]
    return calls.assign(**{str(design.outcome): calls[str(design.outcome)].astype(float)})


def _busy(own: Result, design: CallDesign, sequence: CallSequence) -> Whole:
    """Compare calls received while the team was free with those that could not be attended, as it was busy."""
    if busy not in sequence.calls:
        raise EstimationError(f"no column {busy} says when the team was taken", mend="bring it")
    calls = _known(sequence, design)
    calls = calls[calls[duty].eq(True).fillna(False).to_numpy(bool) & calls[busy].notna()]
    free = ~calls[busy].to_numpy(bool)
    covariates = dict.fromkeys((*design.covariates, block, *([load] if load in calls else [])))
    plain = CallDesign.from_frame(
        calls.assign(team_free=free),
        outcome=design.outcome,
        treatment="team_free",
        covariates=[each for each in covariates if calls[each].nunique(dropna=False) > 1],
        person=design.person,
        graph=design.graph,
    )
    weighted = weight_propensity(plain)
    fit, weights = refit(own, weighted), weighted.call_weights()
    came = plain.source[design.treatment].to_numpy(float)
    share = np.average(came[plain.treated], weights=weights[plain.treated])
    taken = np.average(came[~plain.treated], weights=weights[~plain.treated])
    assert fit.influence is not None  # of the method that the result has
    spread = float(np.sqrt(fit.vcov[0, 0]))
    label = "team free, against busy"
    return Whole(label, len(calls), share - taken, float(fit.estimate[0]), spread, fit.influence, float(fit.df[0]))


def _held(own: Result, design: CallDesign, sequence: CallSequence) -> Whole:
    """Compare planned shifts that were held with those that were not: weighted least squares of their means."""
    shifts = sequence.shifts
    if shifts is None or shifts["absent"].isna().all():
        raise EstimationError("nothing says which planned shifts were not held", mend="give a schedule with them")
    calls = _known(sequence, design)
    calls = calls[(calls["_shift"] >= 0) & ~shifts["absent"].isna().to_numpy()[calls["_shift"]]]
    numbers = calls[[str(design.outcome), design.treatment]].astype(float).assign(_shift=calls["_shift"])
    means = numbers.groupby("_shift").mean()
    size = numbers.groupby("_shift").size().to_numpy(float)
    about = shifts.loc[means.index]
    held = (~about["absent"].astype(bool)).to_numpy(float)
    missed = int((held == 0).sum())
    if missed < few:
        raise EstimationError(f"{missed} planned shifts with eligible calls were not held", mend="bring more shifts")
    begin = about["shift_start"]
    groups = {"kind": begin.dt.strftime("%a %H"), "month": begin.dt.strftime("%Y-%m")}
    dummies = pd.get_dummies(pd.DataFrame(groups), dtype=float).to_numpy()
    root = np.sqrt(size)[:, None]
    matrix = np.hstack([held[:, None], np.ones_like(root), dummies]) * root
    matrix = matrix[:, independent(matrix)]
    y = means[str(design.outcome)].to_numpy(float) * root[:, 0]
    beta = np.linalg.lstsq(matrix, y, rcond=None)[0]
    week = begin.dt.to_period("W").astype(str).to_numpy()
    residual = y - matrix @ beta
    spread = float(np.sqrt(clustered(matrix, residual, week, kind="CR2")[0, 0]))
    others = matrix[:, 1:]
    moved = matrix[:, 0] - others @ np.linalg.lstsq(others, matrix[:, 0], rcond=None)[0]
    psi = len(y) * moved * residual / (moved @ moved)
    units = pd.Index([f"shift {place}" for place in means.index])
    attendance = float(np.average(means[design.treatment][held > 0], weights=size[held > 0]))
    influence = Influence(left=psi[:, None], right=np.eye(1), unit=units)
    df = float(len(np.unique(week)) - 1)
    return Whole("shift held, against not held", len(calls), attendance, float(beta[0]), spread, influence, df)


def _table(own: Result, wholes: list[Whole], sequence: CallSequence) -> pd.DataFrame:
    """One row for each comparison, beside what attended calls show of it."""
    weeks = [pd.Series(_weeks(sequence.calls[received]), index=sequence.calls[call_id])]
    if sequence.shifts is not None:
        labels = [f"shift {place}" for place in sequence.shifts.index]
        weeks.append(pd.Series(_weeks(sequence.shifts["shift_start"]), index=labels))
    week_of = pd.concat(weeks)
    assert own.influence is not None  # asked before
    psi, rows = own.influence.transform(np.eye(1, len(own.estimate))), []
    effect, error = float(own.estimate[0]), float(np.sqrt(own.vcov[0, 0]))
    for one in wholes:
        share = one.attendance
        calls_say = (share * effect, abs(share) * error, psi.transform(np.array([[share]])))
        left = difference((one.estimate, one.std_error, one.influence), calls_say, week_of)
        df = min(one.df, float(own.df[0]))
        low, high = interval(one.estimate, one.std_error, one.df)
        said = interval(calls_say[0], calls_say[1], own.df[0])
        least, most = interval(left.estimate, left.std_error, df)
        rows.append(
            {"comparison": one.label, "calls": one.calls, "attendance": share, "estimate": one.estimate}
            | {"std_error": one.std_error, "conf_low": float(low), "conf_high": float(high), "df": df}
            | {"calls_say": calls_say[0], "calls_say_low": float(said[0]), "calls_say_high": float(said[1])}
            | {"less_calls": left.estimate, "less_calls_std_error": left.std_error}
            | {"less_calls_low": float(least), "less_calls_high": float(most)}
            | {"p_value": float(p_value(left.estimate / left.std_error, df))}
        )
    table = pd.DataFrame(rows)
    return table.assign(p_holm=holm(table["p_value"]))


def _weeks(times: pd.Series) -> NDArray[np.str_]:
    return np.asarray(times.dt.to_period("W").astype(str), str)


def _hours(sequence: CallSequence, treatment: str) -> pd.DataFrame:
    """By hour of the day: eligible calls on duty, those that found the team busy, and how long a call takes it."""
    calls = sequence.calls[sequence.calls[duty].eq(True).fillna(False).to_numpy(bool)]
    taken = calls[busy].eq(True).fillna(False) if busy in calls else pd.Series(pd.NA, index=calls.index)
    minutes = pd.Series(np.nan, index=calls.index)
    if all(stamp in calls for stamp in stamps):
        minutes = ((calls["cleared_at"] - calls["dispatched_at"]).dt.total_seconds() / 60).where(calls[treatment] == 1)
    found = pd.DataFrame({"hour": calls[received].dt.hour, "busy": taken, "minutes_taken": minutes})
    by_hour = found.groupby("hour").agg(
        calls=("busy", "size"), busy=("busy", "sum"), minutes_taken=("minutes_taken", "median")
    )
    return by_hour.reset_index()


def _judged(own: Result, design: CallDesign, table: pd.DataFrame, failed: list[str]) -> CheckResult:
    assert design.sequence is not None  # asked before
    hours = _hours(design.sequence, design.treatment)
    able = max(
        float(power_of(row["calls_say"], row["less_calls_std_error"], row["df"])) for row in table.to_dict("records")
    )
    rows = [
        f"{row['comparison']}: {as_change(row['estimate'], 'difference')} per eligible call, where attended calls say "
        f"{as_change(row['calls_say'], 'difference')} (attendance {100 * row['attendance']:.0f} %), left "
        f"{as_change(row['less_calls'], 'difference')} ({as_change(row['less_calls_low'], 'difference')} to "
        f"{as_change(row['less_calls_high'], 'difference')}; p {row['p_holm']:.3f} after Holm)"
        for row in table.to_dict("records")
    ]
    many, taken = int(hours["calls"].sum()), int(hours["busy"].sum())
    found_busy = (
        f"{taken} of {many} eligible calls in the team's hours found it busy. " if busy in design.sequence.calls else ""
    )
    unloaded = "" if load in design.sequence.calls else f" Without {load}, what a high load does by itself is in it."
    sentence = (
        f"{found_busy}{'; '.join(rows)}. Attended calls are those of the contrast {design.contrast}. The shift is the "
        "clean unit: whatever calls do to each other within it is in its total. As much as attended calls say would be "
        f"seen with probability {able:.2f}.{unloaded}" + (f" Not compared: {'; '.join(failed)}." if failed else "")
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=judged(rejects=bool((table["p_holm"] < 0.05).any()), power=able),
        power=able,
        table=table,
        course=hours,
        sentence=sentence,
        support=table[["calls"]],
    )
