"""The account of an ingest in plain values: counts, checksums, codes that nobody knows, columns that nobody read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from coresponder_causal.core.version import VERSION
from coresponder_causal.data import dictionary
from coresponder_causal.data.ingest_account import Batch, ends
from coresponder_causal.data.ingest_source import any_other
from coresponder_causal.data.when import event_field


def ledger_of(batches: Sequence[Batch], lines: pd.DataFrame, unknown: pd.DataFrame, mapping: str) -> dict[str, Any]:
    """Sum an ingest up.

    Parameters
    ----------
    batches : sequence of Batch
    lines : DataFrame
        A line for each row or changed cell.
    unknown : DataFrame
        Codes that nobody knows, as `unknown_codes` gives them.
    mapping : str
        Fingerprint of the mapping.

    Returns
    -------
    dict
        ``mapping, version, rows, sources, reasons, repairs, unknown_codes, codes_without_a_row, taken_by_any_other,
        kept_beyond_limits, files``.
    """
    rows = lines.drop_duplicates(["table", "at"])
    return {
        "mapping": mapping,
        "version": VERSION,
        "rows": _counts(rows),
        "sources": [
            {
                "source": source,
                "table": table,
                **_counts(part),
                "local_times_that_occur_twice": sum(b.made.twice for b in batches if b.source.name == source),
                "unread_columns": sorted({name for b in batches if b.source.name == source for name in b.made.unread}),
            }
            for (source, table), part in rows.groupby(["source", "table"], sort=False)
        ],
        "reasons": _tally(rows[rows["end"] == "quarantined"], split=True),
        "duplicates": _tally(rows[rows["end"] == "duplicate"], split=False),
        "repairs": _tally(lines[lines["end"] == "repaired"], split=False),
        "unknown_codes": _hidden(unknown),
        "codes_without_a_row": _idle(batches),
        "taken_by_any_other": _swept(batches),
        "kept_beyond_limits": _beyond(batches),
        "files": [
            {
                "file": batch.file.name,
                "sha256": batch.file.sha256,
                "source": batch.source.name,
                "rows": len(batch.file.rows),
                "fields_without_a_column": list(batch.made.absent),
            }
            for batch in batches
        ],
    }


def _counts(rows: pd.DataFrame) -> dict[str, int]:
    """Rows read, and by how they ended."""
    counted = rows["end"].value_counts()
    return {"read": len(rows), **{end: int(counted.get(end, 0)) for end in ends}}


def _tally(lines: pd.DataFrame, *, split: bool) -> list[dict[str, Any]]:
    """Count lines by source, field and rule, most frequent first; a row with several rules counts for each."""
    if split:
        lines = lines.assign(rule=lines["rule"].str.split("; ")).explode("rule")
    counted = lines.groupby(["source", "table", "field", "rule"], sort=True).size().rename("rows").reset_index()
    ordered = counted.sort_values("rows", ascending=False, kind="stable")
    return [{str(name): value for name, value in entry.items()} for entry in ordered.to_dict("records")]


def unknown_codes(batches: Sequence[Batch]) -> pd.DataFrame:
    """List codes that neither the map nor the dictionary knows.

    Parameters
    ----------
    batches : sequence of Batch

    Returns
    -------
    DataFrame
        ``source, table, field, code, rows, first, last``, most frequent first; codes in full.
    """
    found: list[pd.DataFrame] = []
    for batch in batches:
        table, event = dictionary.table(batch.source.table), event_field(dictionary.table(batch.source.table))
        when = batch.made.frame.get(event or "", pd.Series(pd.NaT, index=batch.file.rows.index))
        for name, values in batch.made.unknown.items():
            cells = pd.DataFrame({"code": values.astype("str"), "when": when.loc[values.index].astype("str").str[:10]})
            found.append(cells.assign(source=batch.source.name, table=table.name, field=name))
    if not found:
        return pd.DataFrame(columns=["source", "table", "field", "code", "rows", "first", "last"])
    return _dated(pd.concat(found, ignore_index=True))


def _idle(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """Codes of a map that no row of any file holds: they may be misspelt."""
    matched: dict[tuple[str, str, str], set[str]] = {}
    stated: dict[tuple[str, str, str], set[str]] = {}
    for batch in batches:
        for name, codes in batch.made.matched.items():
            place = (batch.source.name, batch.source.table, name)
            matched[place] = matched.get(place, set()) | codes
            stated[place] = set(batch.source.codes.get(name, {})) - {any_other}
    return [
        {"source": source, "table": table, "field": name, "code": code, "rows": 0}
        for (source, table, name), codes in stated.items()
        for code in sorted(codes - matched[(source, table, name)])
    ]


def _swept(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """Cells of codes that the map does not name and its "*" took."""
    taken: dict[tuple[str, str, str], int] = {}
    for batch in batches:
        for name, rows in batch.made.swept.items():
            place = (batch.source.name, batch.source.table, name)
            taken[place] = taken.get(place, 0) + rows
    return [
        {"source": source, "table": table, "field": name, "rows": rows}
        for (source, table, name), rows in taken.items()
        if rows
    ]


def _hidden(unknown: pd.DataFrame) -> list[dict[str, Any]]:
    """Count unknown codes; of fields that are not open, without the codes."""
    if unknown.empty:
        return []
    is_open = [
        dictionary.table(table).field(name).privacy == "open"
        for table, name in zip(unknown["table"], unknown["field"], strict=True)
    ]
    shown = unknown.assign(code=unknown["code"].where(pd.Series(is_open), "(codes in unknown_codes.csv)"))
    keys = ["source", "table", "field", "code"]
    summed = shown.groupby(keys, sort=True).agg(rows=("rows", "sum"), first=("first", "min"), last=("last", "max"))
    ordered = summed.reset_index().sort_values("rows", ascending=False, kind="stable")
    return [{str(name): value for name, value in entry.items()} for entry in ordered.to_dict("records")]


def _dated(cells: pd.DataFrame) -> pd.DataFrame:
    """Count cells, with the first and last day on which they occur."""
    grouped = cells.groupby(["source", "table", "field", "code"], sort=True)
    counted = grouped.agg(rows=("when", "size"), first=("when", "min"), last=("when", "max")).reset_index()
    ordered = counted.sort_values("rows", ascending=False, kind="stable", ignore_index=True)
    return ordered.fillna({"first": "", "last": ""})


def _beyond(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """Values beyond the limits of their field that were kept."""
    kept = [
        {"source": batch.source.name, "table": batch.source.table, "field": name, "rule": rule, "rows": int(mask.sum())}
        for batch in batches
        for name, rule, mask in batch.made.kept
    ]
    if not kept:
        return []
    summed = pd.DataFrame(kept).groupby(["source", "table", "field", "rule"])["rows"].sum().reset_index()
    return [{str(name): value for name, value in entry.items()} for entry in summed.to_dict("records")]
