"""Sections on rows: what was read, and what became of it; with the smallest counts behind tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coresponder_causal.data.quality import Quality
from coresponder_causal.report.specs import Block, Column, Section, Table


def read_section(found: Quality, account: Mapping[str, Any] | None) -> Section:
    """Say what was read, and what became of the rows of the exports."""
    spans = found.rows.assign(
        first=found.rows["first"].astype("str").str[:10], last=found.rows["last"].astype("str").str[:10]
    )
    columns = (
        Column("table", "Table"),
        Column("source", "Export"),
        Column("first", "From"),
        Column("last", "To"),
        Column("rows", "Rows", "whole"),
        Column("without_time", "Without a time", "whole"),
    )
    blocks: list[Block] = [
        Table(
            title="Rows by table and export",
            frame=spans,
            columns=columns,
            support=fewest(spans, ["rows", "without_time"]),
        )
    ]
    if account is not None:
        ends = ("read", "accepted", "repaired", "duplicate", "quarantined")
        shown = tuple(Column(end, end.capitalize(), "whole") for end in ends)
        frame = pd.DataFrame(account["sources"])[["source", "table", *ends]]
        note = (
            "Read = accepted + repaired + duplicate + quarantined. Quarantined rows are kept in full beside the tables."
        )
        heads = (Column("source", "Export"), Column("table", "Table"), *shown)
        title, support = "What became of every row of the exports", fewest(frame, list(ends))
        blocks.append(Table(title=title, frame=frame, columns=heads, note=note, support=support))
    return Section(title="What was read?", blocks=tuple(blocks))


def fewest(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the smallest count of each row, zeros aside."""
    numbers = frame[names].astype(float)
    return pd.DataFrame({"rows": numbers.where(numbers > 0).min(axis=1).fillna(0)}).reset_index(drop=True)


def parts(count: pd.Series, of: pd.Series) -> pd.DataFrame:
    """Return a part, the others and the whole."""
    return pd.DataFrame({"numerator": count, "count": of - count, "denominator": of}).reset_index(drop=True)
