"""Fields that metrics use and no table holds: derived here from those that one does.

Each derived field names what it needs, in alternatives of which the first that is there is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import pandas as pd

from coresponder_causal.data.metrics_catalogue import stigmatising_terms
from coresponder_causal.data.metrics_eligible import eligible, eligible_found, eligible_reported
from coresponder_causal.data.metrics_repeat import Tables, again, followed
from coresponder_causal.data.repeat_contact import usual_horizons

Needs: TypeAlias = tuple[tuple[str, ...], ...]
five_items = ("respected", "heard", "safe", "choice", "would_call_again")
record_fields = ("engaged", "end_point", "plan_made", "referral_made", "transported_to", "recorded_at")
components = ("clinician_present", "joint_arrival", "follow_up_reached_72h", "referral_accepted")
stamps_of_units = ("dispatched_at", "arrived_at", "cleared_at", "engaged_at")
day, few_rides = pd.Timedelta(days=1), 5


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived field.

    Parameters
    ----------
    needs : tuple of tuple of str
        Alternatives, each the fields it is made of as ``table.field``.
    make : callable
        Rows and typed tables in, the column out.
    """

    needs: Needs
    make: Callable[[pd.DataFrame, Tables], pd.Series]


def in_shift(rows: pd.DataFrame, tables: Tables, *, stamp: str = "received_at") -> pd.Series:
    """Whether a call came while the team was on duty: as the call says, else by the shifts of its city.

    Parameters
    ----------
    rows : DataFrame
    tables : mapping of DataFrame
    stamp : str
        Field of the moment.

    Returns
    -------
    Series of boolean, shape (n,)
    """
    if "team_on_duty" in rows:
        return rows["team_on_duty"]
    shifts = tables["schedule"]
    inside = np.zeros(len(rows), bool)
    moments = rows[stamp].to_numpy("datetime64[us]")
    for city, own in shifts.groupby("city"):
        here = rows["city"].eq(city).fillna(False).to_numpy(bool) if "city" in rows else np.ones(len(rows), bool)
        starts, ends = (
            np.sort(own["shift_start"].to_numpy("datetime64[us]")),
            np.sort(own["shift_end"].to_numpy("datetime64[us]")),
        )
        begun = np.searchsorted(starts, moments[here], side="right")
        inside[here] |= begun > np.searchsorted(ends, moments[here], side="right")
    return pd.Series(pd.array(inside, dtype="boolean"), index=rows.index).mask(rows[stamp].isna())


def _minutes(later: str, earlier: str) -> Callable[[pd.DataFrame, Tables], pd.Series]:
    """Make the minutes between two stamps; those that run backwards are missing."""

    def made(rows: pd.DataFrame, _: Tables) -> pd.Series:
        found = (rows[later] - rows[earlier]).dt.total_seconds() / 60
        return pd.Series(found.where(found >= 0))

    return made


def _officer_minutes(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    """Minutes of all police units of a call; one that never arrived spends none, one that never cleared is unknown."""
    units = tables["units"]
    police = units[units["unit_type"].isin(["patrol", "supervisor"])]
    spent = (police["cleared_at"] - police["arrived_at"]).dt.total_seconds() / 60
    spent = spent.where(spent >= 0).where(police["arrived_at"].notna(), 0.0)
    total, unknown = spent.groupby(police["call_id"]).sum(), spent.isna().groupby(police["call_id"]).any()
    total = total.mask(unknown)
    return rows["call_id"].map(total)


def _requested(rows: pd.DataFrame, _: Tables) -> pd.Series:
    """Whether the team was asked for: a call without a stamp of asking was not."""
    return rows["co_responder_requested_at"].notna().astype("boolean")


def _sent(rows: pd.DataFrame, _: Tables) -> pd.Series:
    """Whether anybody was sent: as the call says, else by any stamp of a unit; a call without one is not known."""
    if "closed_without_dispatch" in rows:
        return ~rows["closed_without_dispatch"]
    stamps = [name for name in stamps_of_units if name in rows]
    stamped = rows[stamps].notna().any(axis=1).astype("boolean")
    return pd.Series(stamped.where(stamped))


def _earlier_rides(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    """How often the officer rode with the team before the call: none, 1 to 4, 5 or more."""
    rides = tables["rides"].dropna(subset=["officer", "shift_end"])
    ends = {officer: np.sort(own.to_numpy()) for officer, own in rides.groupby("officer")["shift_end"]}
    found = pd.Series(np.zeros(len(rows)), index=rows.index)
    for officer, own in rows.groupby("primary_officer")["received_at"]:
        if officer in ends:
            found[own.index] = np.searchsorted(ends[officer], own.to_numpy(), side="right")
    names = np.select([found == 0, found < few_rides], ["none", "1 to 4"], "5 or more")
    return pd.Series(names, index=rows.index, dtype="str").mask(rows["primary_officer"].isna())


def _read_as_crisis(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    """Look up what a reader said of the call's narrative; of several readings the first counts."""
    read = tables["narratives"]
    by_hand = read[read["coded_by"].eq("hand") & read["crisis_coded"].notna()].drop_duplicates("call_id")
    return rows["call_id"].map(by_hand.set_index("call_id")["crisis_coded"]).astype("boolean")


def _within_24h(begun: str) -> Callable[[pd.DataFrame, Tables], pd.Series]:
    """Make whether the record was completed within a day; a record without a stamp was not."""

    def made(rows: pd.DataFrame, _: Tables) -> pd.Series:
        found = (rows["recorded_at"] - rows[begun] <= day) & rows["recorded_at"].notna()
        return found.astype("boolean").mask(rows[begun].isna())

    return made


def _complete(rows: pd.DataFrame, tables: Tables) -> pd.Series:
    """Whether a contact's record came within a day with every needed field filled."""
    return _within_24h("contact_at")(rows, tables) & rows[list(record_fields)].notna().all(axis=1)


def _mean_of(names: tuple[str, ...]) -> Callable[[pd.DataFrame, Tables], pd.Series]:
    """Make the mean of several fields; missing where one is."""

    def made(rows: pd.DataFrame, _: Tables) -> pd.Series:
        return rows[list(names)].astype("Float64").mean(axis=1, skipna=False)

    return made


def _was_due(rows: pd.DataFrame, _: Tables) -> pd.Series:
    """Whether a follow-up was due: as said, or because it has a date."""
    due = rows["follow_up_due"]
    return due if due.dtype == "boolean" else due.notna().astype("boolean")


def _stigmatising(rows: pd.DataFrame, _: Tables) -> pd.Series:
    """Whether a narrative holds a listed term as a whole word."""
    listed = "|".join(re.escape(term) for term in stigmatising_terms())
    found = rows["text"].str.contains(rf"\b(?:{listed})s?\b", case=False, regex=True)
    return found.astype("boolean").mask(rows["text"].isna())


def _of(table: str, *names: str) -> tuple[str, ...]:
    """Qualify names of fields."""
    return tuple(f"{table}.{name}" for name in names)


_codes = _of("calls", "initial_type", "final_type")
_persons = (_of("calls", "person"), _of("calls", "address"))
derived: Mapping[tuple[str, str], Derived] = MappingProxyType(
    {
        ("calls", "eligible"): Derived((_codes,), eligible),
        ("calls", "eligible_reported"): Derived((_of("calls", "initial_type"),), eligible_reported),
        ("calls", "eligible_found"): Derived((_codes,), eligible_found),
        ("calls", "in_shift"): Derived(
            (_of("calls", "team_on_duty"), ("calls.city", *_of("schedule", "city", "shift_start", "shift_end"))),
            in_shift,
        ),
        ("calls", "officer_minutes"): Derived(
            (("calls.call_id", *_of("units", "call_id", "unit_type", "arrived_at", "cleared_at")),), _officer_minutes
        ),
        ("calls", "minutes_request_to_assignment"): Derived(
            (_of("calls", "co_responder_requested_at", "co_responder_assigned_at"),),
            _minutes("co_responder_assigned_at", "co_responder_requested_at"),
        ),
        ("calls", "minutes_to_co_responder"): Derived(
            (_of("calls", "received_at", "co_responder_arrived_at"),),
            _minutes("co_responder_arrived_at", "received_at"),
        ),
        ("calls", "co_responder_requested"): Derived((_of("calls", "co_responder_requested_at"),), _requested),
        ("calls", "sent"): Derived(
            (
                _of("calls", "closed_without_dispatch"),
                *(_of("calls", *stamps_of_units[:many]) for many in range(len(stamps_of_units), 0, -1)),
            ),
            _sent,
        ),
        ("calls", "earlier_rides"): Derived(
            (("calls.primary_officer", *_of("rides", "officer", "shift_end")),), _earlier_rides
        ),
        ("calls", "read_as_crisis"): Derived(
            (("calls.call_id", *_of("narratives", "call_id", "crisis_coded", "coded_by")),), _read_as_crisis
        ),
        ("calls", "recorded_within_24h"): Derived((_of("calls", "recorded_at"),), _within_24h("received_at")),
        ("contacts", "complete_within_24h"): Derived((_of("contacts", *record_fields),), _complete),
        ("contacts", "components_delivered"): Derived((_of("contacts", *components),), _mean_of(components)),
        ("contacts", "follow_up_was_due"): Derived((_of("contacts", "follow_up_due"),), _was_due),
        ("surveys", "experience"): Derived((_of("surveys", *five_items),), _mean_of(five_items)),
        ("narratives", "stigmatising_term"): Derived((_of("narratives", "text"),), _stigmatising),
    }
    | {
        ("calls", f"again_{days}d"): Derived(tuple((*_codes, *who) for who in _persons), again(days))
        for days in usual_horizons
    }
    | {
        ("calls", f"followed_{days}d"): Derived((_of("calls", "received_at"),), followed(days))
        for days in usual_horizons
    }
)
