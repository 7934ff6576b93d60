"""Bounds on rare harms: too few events for a verdict, pooled over all months, with an exact upper limit."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coresponder_causal.core.inference import exact_poisson
from coresponder_causal.plan.before import before_start
from coresponder_causal.plan.frozen import State
from coresponder_causal.plan.study import Study
from coresponder_causal.report.specs import Column, Section, Sentence, Table, of_nobody

per = 1000
most_hidden = 10  # events that a sensitive study does not tell apart


def safety_bounds(frozen: State, study: Study, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Bound the rate of every planned outcome that gets no verdict, before the start and from it on.

    Parameters
    ----------
    frozen : mapping
        Frozen state of the plan.
    study : Study
    tables : mapping of DataFrame
        Validated tables; calls are read, or else the panel of cities.

    Returns
    -------
    DataFrame
        ``outcome, when, calls, events`` (text), ``upper``: 95 % limit of the rate per 1,000 calls, exact for a Poisson
        count. Of a sensitive study 1 to 10 events are told as "10 or fewer" and bounded as 10. An outcome that the
        tables do not hold has no row.
    """
    source = "calls" if "calls" in tables else "city_panel"
    if source not in tables:
        return pd.DataFrame(columns=["outcome", "when", "calls", "events", "upper"])
    table, earlier = tables[source], before_start(study, {source: tables[source]})[source]
    rows = []
    for entry in frozen["plan"]["primary"]:
        if entry["verdict"] or entry["outcome"] not in table:
            continue
        (calls, events), (calls_before, events_before) = (
            _counted(one[one["city"] == study.city] if "city" in one else one, entry["outcome"], source)
            for one in (table, earlier)
        )
        for when, n, found in (
            ("before the start", calls_before, events_before),
            ("from the start on", calls - calls_before, events - events_before),
        ):
            rows.append({"outcome": entry["label"], "when": when, "calls": n} | _bounded(found, n, study.sensitive))
    return pd.DataFrame(rows, columns=["outcome", "when", "calls", "events", "upper"])


def _counted(rows: pd.DataFrame, outcome: str, source: str) -> tuple[int, int]:
    """Count the calls whose outcome is known, and those that had it."""
    known = rows[rows[outcome].notna()]
    return int(len(known) if source == "calls" else known["calls"].sum()), int(known[outcome].sum())


def _bounded(events: int, calls: int, sensitive: bool) -> dict[str, object]:
    hidden = sensitive and 0 < events <= most_hidden
    counted = most_hidden if hidden else events
    upper = float(exact_poisson(counted)[1]) / calls * per if calls else float("nan")
    return {"events": f"{most_hidden} or fewer" if hidden else f"{events:,}", "upper": upper}


def safety_section(found: pd.DataFrame) -> Section:
    """Put the bounds on a page."""
    columns = (
        Column("outcome", "Outcome"),
        Column("when", "When"),
        Column("calls", "Calls", "whole"),
        Column("events", "Events"),
        Column("upper", f"At most, per {per:,} calls", "number"),
    )
    note = "Upper end of the exact 95 % interval of a Poisson count, all months pooled."
    said = "No verdict: there are too few events for one. The bound says how common they may be, not what caused them."
    told = found["events"].str.replace(",", "").str.extract(r"^(\d+)", expand=False).astype(float)
    behind = pd.DataFrame({"calls": found["calls"].astype(float), "events": told})
    table = Table(title="Planned outcomes without a verdict", frame=found, columns=columns, note=note, support=behind)
    return Section(title="How common may rare harm be?", blocks=(Sentence(text=said, support=of_nobody), table))
