"""What the team on duty does to a call, hour of the week by hour of the week: covered against uncovered weeks.

Within an hour of the week the calls of weeks in which the team was on duty stand against those of weeks in which it
was not, less what all hours of the week have in common in each thirteen weeks. An hour that was always or never
covered, or changed with the roster once, has nothing to stand against but other times: its effect is not identified,
and no number is given for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import require_choice
from coresponder_causal.core.cyclic_pooling import basis
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import note
from coresponder_causal.design.call_timing import hours_in_week, received
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.coverage_shifts import first_monday, took_place, weekly_plan

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Whole = NDArray[np.int64]
Contrast = Literal["planned", "delivered"]
least_weeks, least_turns, weeks_together = 4, 4, 13
nothing = 1e-6  # calls that an hour without calls counts as: what the others say of it, is said of it
floor = 0.25  # of the mean variance, below which that of no hour is taken to lie


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourlyCalls:
    """Calls of whole weeks with the hour of the week and whether the team was on duty.

    Parameters
    ----------
    outcome, attended : ndarray, shape (n,)
        NaN where not known.
    hour, week : ndarray of int, shape (n,)
    plan : ndarray of bool, shape (weeks, 168)
        Whether the team was on duty.
    minutes : ndarray, shape (n,), or None
        Minutes of officers on the call, NaN where not known.
    """

    outcome: Array
    attended: Array
    hour: Whole
    week: Whole
    plan: Bools
    minutes: Array | None = None

    @property
    def on_duty(self) -> Bools:
        """Whether the team was on duty when the call came."""
        return np.asarray(self.plan[self.week, self.hour], bool)

    def of_weeks(self, chosen: Bools) -> HourlyCalls:
        """Keep some of the weeks, shape (weeks,); they are numbered anew."""
        rows, place = chosen[self.week], np.cumsum(chosen) - 1
        return HourlyCalls(
            outcome=self.outcome[rows],
            attended=self.attended[rows],
            hour=self.hour[rows],
            week=np.asarray(place[self.week[rows]], np.int64),
            plan=self.plan[chosen],
            minutes=None if self.minutes is None else self.minutes[rows],
        )

    def counts(self, weights: Array | None = None) -> Array:
        """Count calls, or sum over them, by hour of the week."""
        return np.bincount(self.hour, weights=weights, minlength=hours_in_week).astype(float)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourEffects:
    """Effects per call by hour of the week.

    Parameters
    ----------
    identified : ndarray of bool, shape (168,)
        The team was on duty in at least four weeks and off in at least four, and came and went at least four times: a
        roster that changed once compares before with after.
    effect : ndarray, shape (168,)
        Mean outcome with the team on duty less that without; NaN where not identified.
    covariance : ndarray, shape (m, m)
        Of the effects identified.
    level, level_variance : ndarray, shape (168,)
        Mean outcome of an hour without the team where that is seen, else with it, and its variance.
    """

    identified: Bools
    effect: Array
    covariance: Array
    level: Array
    level_variance: Array


def _day(since: str) -> pd.Timestamp:
    day = pd.to_datetime(since, errors="coerce")
    if pd.isna(day):
        raise DesignError(f"since={since!r} is no day", mend="write it as 2025-01-06")
    return pd.Timestamp(day)


def hourly_calls(
    d: CoverageDesign, *, contrast: Contrast, since: str | None, minutes: str | None = None
) -> HourlyCalls:
    """Take the treated city's calls of whole weeks from the start, or a later day, on."""
    require_choice("deployment", "contrast", contrast, Contrast)
    calls = d.require_calls()
    if d.outcome is None or (d.outcome != "calls" and d.outcome not in calls):
        raise DesignError("the design names no outcome of its calls", mend="name one by .with_outcome")
    if d.outcome == "calls":
        raise DesignError("every call counts as one call", mend="name an outcome that a call can have or not")
    if minutes is not None and minutes not in calls:
        raise DesignError(f"calls have no field {minutes}", mend="name the field of officers' minutes, or leave it out")
    begin = first_monday(max(d.begin, _day(since)) if since else d.begin)
    own = calls[calls["city"].eq(d.treated) & calls[received].ge(begin)]
    weeks = int((own[received].max() - begin) // pd.Timedelta(days=7)) if len(own) else 0
    if weeks < 2 * least_weeks:
        raise DesignError(f"{weeks} whole weeks of calls from {begin:%Y-%m-%d} on", mend=f"give {2 * least_weeks}")
    own = own[own[received] < begin + pd.Timedelta(days=7 * weeks)]
    planned = weekly_plan(d.roster["shift_start"], d.roster["shift_end"], begin, weeks)
    delivered = weekly_plan(*took_place(d.roster), begin, weeks)
    _say_delivered(planned, delivered, contrast)
    outcome = own[d.outcome].to_numpy(float)
    if unknown := int(np.isnan(outcome).sum()):
        note(f"{d.outcome} is not known of {unknown} of {len(own)} calls: they count as calls, not for the effect")
    return HourlyCalls(
        outcome=outcome,
        attended=own["attended"].to_numpy(float) if "attended" in own else np.full(len(own), np.nan),
        hour=own["hour_of_week"].to_numpy(np.int64),
        week=np.asarray((own[received] - begin) // pd.Timedelta(days=7), np.int64),
        plan=delivered if contrast == "delivered" else planned,
        minutes=None if minutes is None else own[minutes].to_numpy(float),
    )


def _say_delivered(planned: Bools, delivered: Bools, contrast: Contrast) -> None:
    """Say how many of the planned hours took place, and of which kind of hour the worth is."""
    missed = int((planned & ~delivered).sum())
    if missed or contrast == "delivered":
        of = {"planned": "a planned hour, its absences among it", "delivered": "an hour that took place"}[contrast]
        note(f"{missed} of {int(planned.sum())} planned hours did not take place: worth is that of {of}")


def hour_effects(calls: HourlyCalls, *, identified: Bools | None = None) -> HourEffects:
    """Estimate the effects by least squares on hour of the week × on duty, and thirteen weeks.

    Parameters
    ----------
    calls : HourlyCalls
    identified : ndarray of bool, shape (168,), optional
        Hours identified by more weeks than these: one that these weeks do not show counts next to nothing.

    Returns
    -------
    HourEffects

    Raises
    ------
    EstimationError
        If hours and stretches of weeks cannot be told apart, as where all hours changed at once.

    Notes
    -----
    The variance of an outcome is a daily and a weekly wave fitted to squared residuals, never below a quarter of their
    mean, so that an hour in which nothing happened by chance does not count as certain.
    """
    known = np.isfinite(calls.outcome)
    y, hour, week = calls.outcome[known], calls.hour[known], calls.week[known]
    cell = 2 * hour + calls.plan[week, hour]
    n = np.bincount(cell, minlength=2 * hours_in_week).astype(float)
    if identified is None:
        on_weeks, turns = calls.plan.sum(axis=0), (calls.plan[1:] != calls.plan[:-1]).sum(axis=0)
        identified = (np.minimum(on_weeks, len(calls.plan) - on_weeks) >= least_weeks) & (turns >= least_turns)
    stretch = week // weeks_together
    apart = (stretch[:, None] == np.arange(1, stretch.max(initial=0) + 1)).astype(float)
    residual, *_ = _fitted(y, cell, apart, np.ones(len(y)), n)
    variance = _variance(residual, hour)
    _, means, shift, common = _fitted(y, cell, apart, 1 / variance[hour], n)
    own = np.column_stack([means, np.repeat(variance, 2) / np.where(n > 0, n, nothing)])
    off, on = own[0::2], own[1::2]
    moved = (shift[1::2] - shift[0::2])[identified]
    covariance = np.diag((off[:, 1] + on[:, 1])[identified]) + moved @ common @ moved.T
    level = np.where((n[0::2] > 0)[:, None], off, on)
    return HourEffects(
        identified=identified,
        effect=np.where(identified, on[:, 0] - off[:, 0], np.nan),
        covariance=covariance,
        level=level[:, 0],
        level_variance=level[:, 1],
    )


def _fitted(y: Array, cell: Whole, apart: Array, weight: Array, n: Array) -> tuple[Array, Array, Array, Array]:
    """Residuals, cell means less the stretches' shares, those shares, and the covariance of the stretches' terms."""
    calls = np.maximum(n, 1)
    sums = [np.bincount(cell, weights=column, minlength=len(n)) for column in apart.T]
    share = np.reshape(sums, (apart.shape[1], len(n))).T / calls[:, None]
    mean = np.bincount(cell, weights=y, minlength=len(n)) / calls
    within = apart - share[cell]
    gram = within.T @ (weight[:, None] * within)
    if np.linalg.matrix_rank(gram) < len(gram):
        raise EstimationError(
            "hours covered and stretches of thirteen weeks cannot be told apart",
            mend="draw hours by lot, or give since= a day from which on coverage varied from week to week",
        )
    common = np.asarray(np.linalg.inv(gram), float)
    term = common @ (within.T @ (weight * (y - mean[cell])))
    return y - mean[cell] - within @ term, mean - share @ term, share, common


def _variance(residual: Array, hour: Whole) -> Array:
    """Variance of an outcome by hour of the week: waves fitted to squared residuals."""
    waves = np.column_stack([np.ones(hours_in_week), basis(np.arange(hours_in_week))])
    squares = residual**2
    term, *_ = np.linalg.lstsq(waves[hour], squares, rcond=None)
    return np.asarray(np.maximum(waves @ term, floor * max(float(squares.mean()), 1e-12)), float)
