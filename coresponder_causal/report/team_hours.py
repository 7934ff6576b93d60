"""The team's hours: shifts planned and delivered, and which eligible calls it reached in each hour of the week."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.data import surface
from coresponder_causal.data.demand import asked_for
from coresponder_causal.data.metrics_eligible import eligible
from coresponder_causal.data.registers import scheduled_hours
from coresponder_causal.design.call_timing import hours_in_week
from coresponder_causal.design.coverage_shifts import kept_shifts
from coresponder_causal.privacy import Counts
from coresponder_causal.report.hours_picture import days
from coresponder_causal.report.specs import Column, Picture, Table, of_nobody

needed_of_shifts = ("schedule.city", "schedule.shift_start", "schedule.shift_end", "schedule.planned_hours")
needed_of_calls = ("calls.received_at", "calls.attended", "calls.initial_type", "calls.final_type")
half = 0.5  # of the weeks, from which an hour counts as planned


def absent(tables: Mapping[str, pd.DataFrame], fields: Iterable[str]) -> str:
    """Name the tables and fields that there are not; empty where all are there.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    fields : iterable of str
        As ``table.field``.

    Examples
    --------
    >>> absent({"calls": pd.DataFrame({"attended": [True]})}, ["calls.attended", "calls.person", "contacts.city"])
    'calls.person, the table “contacts”'
    """
    named = dict.fromkeys(
        field if table in tables else f"the table “{table}”"
        for field in fields
        for table, _, name in (field.partition("."),)
        if table not in tables or name not in tables[table]
    )
    return ", ".join(named)


def shift_tables(schedule: pd.DataFrame, start: str | None = None) -> tuple[Table, Table]:
    """Hours planned and delivered by quarter, and why shifts fell out.

    Parameters
    ----------
    schedule : DataFrame
        Shifts of a city.
    start : str, optional
        The first day that counts.

    Returns
    -------
    tuple of Table
        ``quarter, planned, delivered, percent, missed, shifts``; and ``reason, missed``.
    """
    shifts = kept_shifts(schedule)
    shifts = shifts if start is None else shifts[shifts["shift_start"] >= pd.Timestamp(start)]
    known = shifts[shifts["absent"].notna()]
    grouped = known.groupby(known["shift_start"].dt.to_period("Q").astype(str).rename("quarter"))
    hours = grouped[["planned_hours", "delivered_hours"]].sum().set_axis(["planned", "delivered"], axis=1)
    found = hours.assign(
        percent=100 * hours["delivered"] / hours["planned"].where(hours["planned"].gt(0)),
        missed=grouped["absent"].sum().astype(int),
        shifts=grouped.size(),
    ).reset_index()
    missed = known[known["absent"].astype(bool)]
    reasons = missed["absence_reason"].fillna("no reason given").value_counts().rename_axis("reason")
    why = reasons.rename("missed").reset_index()
    unknown = len(shifts) - len(known)
    note = f"{unknown} shifts do not say what was delivered and are left out." if unknown else ""
    by_quarter = Table(
        title="Team hours by quarter",
        frame=found,
        columns=(
            Column("quarter", "Quarter"),
            Column("planned", "Hours planned", "whole"),
            Column("delivered", "Hours delivered", "whole"),
            Column("percent", "Percent delivered", "whole"),
            Column("missed", "Shifts not delivered", "whole"),
            Column("shifts", "Shifts planned", "whole"),
        ),
        note=note,
        counts=(
            Counts(
                family="shifts not delivered by quarter",
                frame=found,
                dimensions=("quarter",),
                count="missed",
                of="shifts",
            ),
        ),
    )
    by_reason = Table(
        title="Why shifts were not delivered",
        frame=why,
        columns=(Column("reason", "Reason"), Column("missed", "Shifts", "whole")),
        counts=(Counts(family="shifts not delivered by reason", frame=why, dimensions=("reason",), count="missed"),),
        support=of_nobody if why.empty else None,
    )
    return by_quarter, by_reason


def reach_picture(calls: pd.DataFrame, schedule: pd.DataFrame, city: str, start: str | None = None) -> Picture | None:
    """Eligible calls, and the share that the team reached, in each hour of the week; None where there are none.

    Parameters
    ----------
    calls, schedule : DataFrame
        Of the city; a schedule without shifts outlines no hours.
    city : str
    start : str, optional
        The first day that counts.

    Returns
    -------
    Picture
        ``data``: ``hours``, one row per hour of the week: ``hour_of_week, day, hour, covered``, ``calls``, ``events``
        (reached), ``rate`` (calls a week) and ``share``, which few calls draw towards that of all planned, or of all
        other hours.
    """
    dated = asked_for(calls[calls["received_at"].notna()])
    since = dated if start is None else dated[dated["received_at"] >= pd.Timestamp(start)]
    known = since[eligible(since).fillna(False).astype(bool) & since["attended"].notna()]
    if known.empty:
        return None
    covered = _planned(schedule, city, start)
    hour = 24 * known["received_at"].dt.day_of_week + known["received_at"].dt.hour
    cells = pd.DataFrame({"attended": known["attended"], "hour": hour, "side": hour.map(covered)})
    found = surface(cells, outcome="attended", cell="hour", group="side")
    own = found[found["side"].eq(found["hour"].map(covered))].set_index("hour").reindex(range(hours_in_week))
    weeks = max(1.0, (since["received_at"].max() - since["received_at"].min()) / pd.Timedelta(days=7))
    week = np.arange(hours_in_week)
    counts = own[["events", "calls"]].fillna(0.0)
    data = pd.DataFrame({"hour_of_week": week, "day": [days[hour // 24] for hour in week], "hour": week % 24}).assign(
        covered=covered.to_numpy(bool),
        events=counts["events"],
        calls=counts["calls"],
        rate=counts["calls"] / weeks,
        share=own["share"],
    )
    busiest = data.iloc[int(data["calls"].argmax())]
    return Picture(
        title="Eligible calls and reach by hour of the week",
        caption=(
            "Left: crisis-eligible calls a week. Right: how many of a hundred the team reached; an hour with few calls "
            "is drawn towards all planned, or all other hours, so that chance does not pass for a pattern. Outlined: "
            "hours in which the team is planned."
        ),
        alt=(
            f"Two weeks of 7 days by 24 hours, {int(data['covered'].sum())} of them outlined as planned. Most eligible "
            f"calls come on {busiest['day']} at {busiest['hour']}:00."
        ),
        kind="hours",
        data={"hours": data},
        labels=Facts({"left": "Eligible calls a week", "right": "Reached, of 100"}),
        counts=(
            Counts(
                family="eligible calls reached by hour of the week",
                frame=data,
                dimensions=("hour_of_week",),
                count="events",
                of="calls",
                part="hours",
            ),
        ),
    )


def _planned(schedule: pd.DataFrame, city: str, start: str | None) -> pd.Series:
    """Whether an hour of the week is planned in at least half of the weeks."""
    none = pd.Series(False, index=range(hours_in_week))
    if schedule.empty:
        return none
    scheduled = scheduled_hours(schedule, city)
    used = scheduled if start is None else scheduled[scheduled["month"] >= pd.Period(start, "M")]
    if used.empty:
        return none
    weeks = used["month"].drop_duplicates().dt.days_in_month.sum() / 7
    return used.groupby("hour_of_week")["planned_hours"].sum().ge(half * weeks)
