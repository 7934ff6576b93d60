"""The work beside the team by officer and period: calls and hours together, and shifts that the roster planned."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.notes import note


def doses_together(
    there: pd.DataFrame,
    team: pd.Series,
    calls: pd.DataFrame,
    rides: pd.DataFrame,
    roster: pd.DataFrame | None,
    officers: pd.Index,
    freq: str,
) -> pd.DataFrame:
    """Count calls and hours beside the team, and shifts by the roster, by officer and period.

    Parameters
    ----------
    there : DataFrame
        ``call_id, officer`` of the officers on scene.
    team : Series
        Whether the team was on scene, by call.
    calls : DataFrame
        ``call_id, period``.
    rides : DataFrame
        Shared shifts that took place.
    roster : DataFrame or None
        Shared shifts that were planned.
    officers : Index
        Officers who count.
    freq : str
        Of the periods.

    Returns
    -------
    DataFrame
        ``calls_together, hours_together, rostered`` by officer and period in which there is any.
    """
    beside = there[there["call_id"].map(team).to_numpy(bool)].merge(calls[["call_id", "period"]], on="call_id")
    own = _of(rides, officers, freq)
    hours = (pd.to_datetime(own["shift_end"]) - pd.to_datetime(own["shift_start"])).dt.total_seconds() / 3600
    logged = own["calls_together"].astype(float) if "calls_together" in own else pd.Series(np.nan, own.index)
    if logged.isna().any():
        unsaid = int(logged.isna().sum())
        note(f"{unsaid} of {len(own)} shared shifts do not say how many calls: they count as one at least")
    by = [own["officer"], own["period"]]
    parts = {
        "units": beside.groupby(["officer", "period"]).size(),
        "log": logged.fillna(0.0).clip(lower=1.0).groupby(by).sum(),
        "hours_together": hours.groupby(by).sum(),
        "rostered": _planned(own if roster is None else _of(roster, officers, freq)),
    }
    found = pd.DataFrame(parts).fillna(0.0)
    found.index.names = ["officer", "period"]
    return found.assign(calls_together=found[["units", "log"]].max(axis=1)).drop(columns=["units", "log"])


def _of(shifts: pd.DataFrame, officers: pd.Index, freq: str) -> pd.DataFrame:
    """Shifts of the officers who count; one beside two of the team's staff is one shift."""
    own = shifts[shifts["officer"].isin(officers)].reset_index(drop=True)
    periods = pd.PeriodIndex(pd.to_datetime(own["shift_start"]), freq=freq)
    return own.assign(period=periods).drop_duplicates(["officer", "shift_start"])


def _planned(shifts: pd.DataFrame) -> pd.Series:
    """How many shifts are the roster's, by officer and period; all where it is not said how they came about."""
    by_roster = shifts["assignment"].eq("roster") if "assignment" in shifts else pd.Series(True, shifts.index)
    return by_roster.astype(float).groupby([shifts["officer"], shifts["period"]]).sum()
