"""Eligible calls counted by block: the stamp of receipt decides the block, what was known before dispatch the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data import dictionary
from coresponder_causal.data.demand import asked_for
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.validate import validate
from coresponder_causal.design.eligibility import Eligible, eligible_rows, refuse_late_eligibility


def block_counts(
    calls: object,
    *,
    city: str,
    starts: pd.DatetimeIndex,
    block_hours: float,
    eligible: Eligible | None = None,
    carryover_minutes: float = 0.0,
) -> pd.DataFrame:
    """Count calls, and those with each yes-or-no outcome, in blocks.

    Parameters
    ----------
    calls : frame
        Table "calls" of the dictionary.
    city : str
        City whose calls are counted.
    starts : DatetimeIndex
        Local clock times at which blocks begin, in order.
    block_hours : float
        Hours of a block.
    eligible : mapping of field to values, optional
        Calls counted: those with one of the values in each field. Fields must be known before dispatch.
    carryover_minutes : float
        First minutes of every block that are left out.

    Returns
    -------
    DataFrame
        One row per block up to the last whole week with calls: ``shift_start, calls`` and outcomes.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.
    """
    chosen = dict(eligible or {})
    problems = Problems("eligibility")
    refuse_late_eligibility(chosen, list(to_pandas(calls).columns), problems)
    problems.raise_if_any(DesignError)
    table = validate(calls, table="calls")
    if isinstance(table["received_at"].dtype, pd.DatetimeTZDtype):
        raise DesignError(
            "'received_at' has an offset from UTC but no local time zone", mend="fill time_zone in the calls"
        )
    mine = asked_for(table[table["city"] == city])
    if mine.empty:
        raise DesignError(f"there is no call in {city!r}", mend="spell the city alike in calls and schedule")
    if chosen:
        mine = mine[eligible_rows(mine, chosen)]
    return _counted(mine, starts, block_hours, carryover_minutes, table["received_at"])


def _counted(
    mine: pd.DataFrame, starts: pd.DatetimeIndex, block_hours: float, skipped: float, every: pd.Series
) -> pd.DataFrame:
    """Sum by block; blocks after the last whole week with calls are left out, and said."""
    monday = starts[0].normalize()
    weeks = ((every.max().normalize() - monday).days + 1) // 7
    used = starts[starts < monday + pd.Timedelta(days=7 * weeks)]
    if every.min() >= monday + pd.Timedelta(days=7) or not len(used):
        raise DesignError(
            f"the calls run from {every.min():%Y-%m-%d} to {every.max():%Y-%m-%d} and do not cover the weeks from "
            f"{starts[0]:%Y-%m-%d} on",
            mend="bring all calls since the calendar began, for at least one whole week",
        )
    if len(used) < len(starts):
        note(f"{len(used)} of {len(starts)} blocks lie in whole weeks with calls; the others are left out")
    received = mine["received_at"]
    block = np.searchsorted(used, received, side="right") - 1
    into = (received.to_numpy() - used.to_numpy()[np.maximum(block, 0)]) / np.timedelta64(1, "m")
    inside = (block >= 0) & (into < 60 * block_hours)
    kept = inside & (into >= skipped)
    span = (received >= used[0]) & (received < used[-1] + pd.Timedelta(hours=block_hours))
    note(f"{int(kept.sum())} of {int(span.sum())} calls came in during blocks of the trial and are counted")
    outcomes = [
        entry.name
        for entry in dictionary.table("calls").fields
        if entry.type == "boolean" and entry.stage != "pre-dispatch" and entry.name in mine
    ]
    for name in outcomes:
        if missing := int(mine.loc[kept, name].isna().sum()):
            note(f"{name} is missing in {missing} counted calls, which the counts of {name} leave out")
    found = mine.loc[kept, outcomes].fillna(False).astype("int64").assign(calls=1)
    summed = found.groupby(block[kept]).sum().reindex(range(len(used)), fill_value=0)
    return summed.assign(shift_start=used)[["shift_start", "calls", *outcomes]].reset_index(drop=True)
