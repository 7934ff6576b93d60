"""Shifts as planned and as they were kept, and whether the plan itself varied from week to week."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.notes import note
from coresponder_causal.data.registers import scheduled_hours
from coresponder_causal.design.call_timing import hours_in_week, within

Booleans = NDArray[np.bool_]
least_share, least_turns, least_weeks = 0.25, 0.25, 8


def took_place(roster: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """When the shifts that took place began and ended.

    A shift without delivered hours is taken as planned; one of which a part was delivered counts as a whole, unless
    ``delivered_start`` and ``delivered_end`` say which part.

    Parameters
    ----------
    roster : DataFrame
        Shifts of a city.

    Returns
    -------
    tuple of Series
        Beginnings and ends.
    """
    there = roster[~roster["delivered_hours"].eq(0)] if "delivered_hours" in roster else roster
    begun, over = (
        there[name].fillna(there[planned]) if name in there else there[planned]
        for name, planned in (("delivered_start", "shift_start"), ("delivered_end", "shift_end"))
    )
    return begun, over


def kept_shifts(roster: pd.DataFrame) -> pd.DataFrame:
    """List the shifts with what became of them, in order of time.

    Parameters
    ----------
    roster : DataFrame
        Shifts of a city.

    Returns
    -------
    DataFrame
        ``shift_start, shift_end, planned_hours, delivered_hours``; ``absent``, nothing was delivered, and ``partly``,
        less than planned, both missing where nobody wrote what was delivered; ``absence_reason``.

    Examples
    --------
    >>> begin = pd.to_datetime(["2020-07-15 12:00", "2020-07-16 12:00"])
    >>> roster = pd.DataFrame({"shift_start": begin, "shift_end": begin + pd.Timedelta("10h"), "planned_hours": 10.0})
    >>> kept_shifts(roster.assign(delivered_hours=[0.0, 6.0]))[["absent", "partly"]].values.tolist()
    [[True, False], [False, True]]
    """
    wanted = ["shift_start", "shift_end", "planned_hours", "delivered_hours", "absence_reason"]
    shifts = roster.reindex(columns=wanted).astype({"delivered_hours": "float64", "absence_reason": "str"})
    shifts = shifts.sort_values(["shift_start", "shift_end"], ignore_index=True)
    unknown = shifts["delivered_hours"].isna()
    absent = shifts["delivered_hours"].eq(0) & shifts["planned_hours"].gt(0)
    partly = shifts["delivered_hours"].lt(shifts["planned_hours"]) & ~absent
    for place, (name, is_so) in enumerate((("absent", absent), ("partly", partly)), start=4):
        shifts.insert(place, name, is_so.astype("boolean").mask(unknown))
    return shifts


def say_shifts(roster: pd.DataFrame, begin: pd.Timestamp) -> None:
    """Say how many shifts from the start on were not delivered, and why, or only in part."""
    shifts = kept_shifts(roster[roster["shift_start"] >= begin])
    if (unknown := int(shifts["absent"].isna().sum())) == len(shifts):
        note("the schedule does not say what was delivered: planned shifts count as delivered")
        return
    absent, partly = shifts["absent"].fillna(False).astype(bool), int(shifts["partly"].fillna(False).sum())
    reasons = shifts.loc[absent, "absence_reason"].fillna("no reason given").value_counts()
    why = f" ({', '.join(f'{name} {many}' for name, many in reasons.items())})" if absent.any() else ""
    parts = [f"{int(absent.sum())} of {len(shifts)} planned shifts from the start on were not delivered{why}"]
    parts += [f"{partly} were delivered in part"] if partly else []
    parts += [f"{unknown} do not say and count as delivered"] if unknown else []
    note(", ".join(parts))
    if partly and "delivered_end" not in roster:
        note("which part of a shift was delivered is not known: such shifts count as whole for their calls")


def fidelity_of(roster: pd.DataFrame, calls: pd.DataFrame | None, city: str) -> pd.DataFrame:
    """Hours planned and delivered by month, and how often a call met a team that was taken.

    Parameters
    ----------
    roster : DataFrame
        Shifts of the city.
    calls : DataFrame or None
        Calls with their clock; without them, and without ``busy``, the share of busy calls is missing.
    city : str

    Returns
    -------
    DataFrame
        One row per month from the first to the last shift: ``month, planned_hours, delivered_hours`` (missing where a
        shift does not say), ``share_delivered, calls`` (received in delivered shifts) and ``share_busy``.
    """
    hours = scheduled_hours(roster, city).drop(columns="hour_of_week").groupby("month").sum(skipna=False).reset_index()
    found = hours.assign(share_delivered=hours["delivered_hours"] / hours["planned_hours"].where(lambda h: h > 0))
    if calls is None:
        return found.assign(calls=np.nan, share_busy=np.nan)
    there = calls[calls["delivered"]]
    month = pd.PeriodIndex(there["received_at"], freq="M")
    found["calls"] = found["month"].map(month.value_counts()).fillna(0).astype("int64")
    taken = there["busy"].astype(float).groupby(month).mean() if "busy" in there else pd.Series(dtype=float)
    return found.assign(share_busy=found["month"].map(taken).astype(float))


def say_variation(roster: pd.DataFrame, begin: pd.Timestamp, last: pd.Timestamp) -> None:
    """Say where a plan that varied from week to week gives a stronger design than fixed hours do."""
    shares, turns = weekly_variation(roster, begin, last)
    varied = int(((shares >= least_share) & (shares <= 1 - least_share) & (turns >= least_turns)).sum())
    if not varied:
        return
    asks = "the plan was" if "law" in roster else "if lot decided in which, the plan was"
    note(
        f"{varied} hours of the week were planned in {100 * least_share:.0f} % to {100 * (1 - least_share):.0f} % of "
        "the weeks from the "
        f"start on and changed from week to week: {asks} drawn, and SwitchbackDesign.from_tables with "
        "switchback_randomization leads over this design"
    )


def weekly_variation(
    roster: pd.DataFrame, begin: pd.Timestamp, last: pd.Timestamp
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of whole weeks in which each hour of the week is planned, and of those that differ from the week before.

    Parameters
    ----------
    roster : DataFrame
    begin, last : Timestamp
        The start and the last day of the data.

    Returns
    -------
    tuple of ndarray, shape (168,) each
        Zeros where fewer than eight whole weeks follow the start.
    """
    monday = first_monday(begin)
    weeks = (last - monday) // pd.Timedelta(days=7)
    if weeks < least_weeks:
        return np.zeros(hours_in_week), np.zeros(hours_in_week)
    plan = weekly_plan(roster["shift_start"], roster["shift_end"], monday, weeks)
    return plan.mean(axis=0), (plan[1:] != plan[:-1]).mean(axis=0)


def first_monday(begin: pd.Timestamp) -> pd.Timestamp:
    """Return the first moment of the first Monday from a day on."""
    return begin.normalize() + pd.Timedelta(days=-begin.day_of_week % 7)


def weekly_plan(starts: pd.Series, ends: pd.Series, monday: pd.Timestamp, weeks: int) -> Booleans:
    """Whether the middle of each hour lies in a shift, week by week from a Monday on, shape (weeks, 168)."""
    middles = monday + pd.to_timedelta(np.arange(weeks * hours_in_week) + 0.5, unit="h")
    return within(middles, starts, ends).reshape(weeks, hours_in_week)
