"""Stamps that are late, impossible, rounded, or out of order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from coresponder_causal.core.inference import wilson
from coresponder_causal.data.when import event_field

if TYPE_CHECKING:
    from coresponder_causal.data.dictionary import Table

stamps_head = ["table", "field", "what", "rows", "of", "share", "low", "high", "expected"]
timeliness_head = [
    "table",
    "field",
    "deadline_hours",
    "rows",
    "in_time",
    "share",
    "low",
    "high",
    "median_hours",
    "before",
]
recorded = "recorded_at"
planned = ("planned_", "shift_")  # such times are round, and may lie ahead, by right
five_minutes = "rounded to five minutes"
midnight = "at midnight to the second"
future = "in the future"
too_early = "before the first possible day"


def stamp_faults(frame: pd.DataFrame, table: Table, *, since: pd.Timestamp | None, until: pd.Timestamp) -> pd.DataFrame:
    """Count stamps that cannot be, and stamps that were rounded.

    Parameters
    ----------
    frame : DataFrame
        Typed rows.
    table : Table
    since : Timestamp or None
        First day on which a row is possible.
    until : Timestamp
        Day after the last.

    Returns
    -------
    DataFrame
        ``table, field, what, rows, of, share, low, high, expected``. Of rounding, ``share`` estimates the share of
        stamps that were rounded: of exact ones a fifth fall on five minutes anyway.
    """
    found: list[dict[str, object]] = []
    for field in table.fields:
        column = None if field.name.startswith(planned) else frame.get(field.name)
        if (
            field.type not in ("datetime", "date")
            or column is None
            or not pd.api.types.is_datetime64_dtype(column.dtype)
        ):
            continue
        stamps = column.dropna()
        if stamps.empty:
            continue
        found.append(_share(table, field.name, future, int((stamps >= until).sum()), len(stamps), 0.0))
        if since is not None:
            found.append(_share(table, field.name, too_early, int((stamps < since).sum()), len(stamps), 0.0))
        if field.type == "datetime":
            exact = stamps == stamps.dt.normalize()
            found.append(_share(table, field.name, midnight, int(exact.sum()), len(stamps), 1 / 1440))
            found.append(_rounded(table, field.name, stamps))
    return pd.DataFrame(found, columns=stamps_head)


def _share(table: Table, field: str, what: str, rows: int, of: int, expected: float) -> dict[str, object]:
    """One row: how many, of how many, with Wilson's interval."""
    low, high = wilson(rows, of)
    told = {"table": table.name, "field": field, "what": what, "rows": rows, "of": of, "share": rows / of}
    return {**told, "low": float(low), "high": float(high), "expected": expected}


def _rounded(table: Table, field: str, stamps: pd.Series) -> dict[str, object]:
    """Estimate the share rounded to five minutes, midnight aside: the excess over the fifth that falls there anyway."""
    timed = stamps[stamps != stamps.dt.normalize()]
    rows, of = int((timed.dt.minute % 5 == 0).sum()), max(len(timed), 1)
    one = _share(table, field, five_minutes, rows, of, 0.2)
    low, high = wilson(rows, of)
    scaled = [max(0.0, (float(share) - 0.2) / 0.8) for share in (rows / of, low, high)]
    return {**one, "share": scaled[0], "low": scaled[1], "high": scaled[2]}


def timeliness(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Say how long after the event its fields were recorded, and which share within the field's deadline.

    Parameters
    ----------
    frame : DataFrame
        Typed rows.
    table : Table

    Returns
    -------
    DataFrame
        One row per field with a deadline: ``table, field, deadline_hours, rows, in_time, share, low, high,
        median_hours, before``, where ``before`` counts rows recorded before the event. Empty where the
        table has no `recorded_at`.
    """
    event = event_field(table)
    if recorded not in frame.columns or event is None or event not in frame.columns or event == recorded:
        return pd.DataFrame(columns=timeliness_head)
    lag = (frame[recorded] - frame[event]).dt.total_seconds() / 3600
    return pd.DataFrame(list(_late(frame, table, lag)), columns=timeliness_head)


def _late(frame: pd.DataFrame, table: Table, lag: pd.Series) -> Iterator[dict[str, object]]:
    """One row for each field that has a deadline and values."""
    for field in table.fields:
        if field.deadline_hours is None or field.name not in frame.columns:
            continue
        known = lag[frame[field.name].notna() & lag.notna()]
        if known.empty:
            continue
        in_time = int((known <= field.deadline_hours).sum())
        low, high = wilson(in_time, len(known))
        told = {"table": table.name, "field": field.name, "deadline_hours": field.deadline_hours, "rows": len(known)}
        share = {"in_time": in_time, "share": in_time / len(known), "low": float(low), "high": float(high)}
        yield {**told, **share, "median_hours": float(known.median()), "before": int((known < 0).sum())}


def disorder(found: pd.DataFrame, frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Count disordered stamps by pair, by row over all pairs, and by row without the first pair.

    Parameters
    ----------
    found : DataFrame
        Findings of validation.
    frame : DataFrame
        Typed rows.
    table : Table

    Returns
    -------
    DataFrame
        ``table, what, rows, of``: the pairs, then "any pair", then "any pair but" the first one, since request and
        dispatch are often one stamp or entered by two desks.
    """
    marked = found[found["rule"].str.contains(" before | out of order", regex=True)]
    rows = [
        {"table": table.name, "what": str(rule), "rows": int(count), "of": len(frame)}
        for rule, count in zip(marked["rule"], marked["count"], strict=True)
        if " before " in str(rule)
    ]
    stamps = [name for name in table.order if name in frame.columns]
    if len(stamps) > 2 and rows:
        pairs = {(a, b): frame[b] < frame[a] for i, a in enumerate(stamps) for b in stamps[i + 1 :]}
        every = pd.concat(list(pairs.values()), axis=1).any(axis=1)
        others = pd.concat([mask for pair, mask in pairs.items() if pair != (stamps[0], stamps[1])], axis=1).any(axis=1)
        least = f"any pair but {stamps[0]}–{stamps[1]}"
        told = [(f"any of the {len(pairs)} pairs", every), (least, others)]
        timed = {name: frame[name].mask(frame[name].eq(frame[name].dt.normalize())) for name in stamps}
        if any(timed[name].isna().sum() > frame[name].isna().sum() for name in stamps):
            rest = pd.concat([timed[b] < timed[a] for a, b in pairs], axis=1).any(axis=1)
            told.append(("any pair of stamps that are not exactly midnight", rest))
        for what, mask in told:
            rows.append({"table": table.name, "what": what, "rows": int(mask.sum()), "of": len(frame)})
    return pd.DataFrame(rows, columns=["table", "what", "rows", "of"])
