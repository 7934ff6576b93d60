"""What became of every row of a table's exports: accepted, repaired, duplicate or quarantined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from coresponder_causal.data import dictionary
from coresponder_causal.data.ingest_cells import Translated
from coresponder_causal.data.ingest_files import RawFile, first_row
from coresponder_causal.data.ingest_keys import settle
from coresponder_causal.data.ingest_mapping import SourceMap
from coresponder_causal.data.ingest_times import read_stamps

ends = ("accepted", "repaired", "duplicate", "quarantined")


class Batch(NamedTuple):
    """One file of one source, read and translated."""

    source: SourceMap
    file: RawFile
    made: Translated


def account(name: str, batches: Sequence[Batch]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stack the files of a table, settle its keys, and say what became of every row.

    Parameters
    ----------
    name : str
        The table.
    batches : sequence of Batch
        Its files, in order.

    Returns
    -------
    frame : DataFrame
        Rows that stay.
    lines : DataFrame
        A line for each row, or for each changed cell of a repaired row, in the order of files and rows; ``at`` numbers
        the rows of the table's exports.
    """
    table = dictionary.table(name)
    frame = _stacked(batches, table.names)
    rows = pd.concat([_numbered(batch) for batch in batches], ignore_index=True).assign(table=name)
    rows["rule"] = pd.concat([_refusals(batch) for batch in batches], ignore_index=True)
    rows["key"] = _keys(frame, table.key)
    sound = frame[rows["rule"].eq("").to_numpy()]
    settled = settle(sound, table.key, rows["changed"].loc[sound.index])
    rows.loc[sound.index, "rule"] = settled.rule
    repeats = settled.of.reindex(rows.index, fill_value=-1)
    repairs = _repairs(batches, frame, name)
    stays = rows["rule"].eq("")
    rows["end"] = pd.Series("accepted", index=rows.index).mask(rows.index.isin(repairs["at"]), "repaired")
    rows["end"] = rows["end"].mask(~stays, "quarantined").mask(repeats >= 0, "duplicate")
    rows["of"] = (rows["file"] + " row " + rows["row"].astype("str")).reindex(repeats).fillna("").to_numpy()
    kept = frame[stays].reset_index(drop=True)
    _assert_balance(rows, batches, kept)
    return kept, _lines(rows, repairs, batches)


def _assert_balance(rows: pd.DataFrame, batches: Sequence[Batch], kept: pd.DataFrame) -> None:
    """Hold the account against what was read."""
    read = sum(len(batch.file.rows) for batch in batches)
    counts = rows["end"].value_counts()
    assert len(rows) == read == int(counts.sum()), "rows were lost between reading and accounting"
    assert len(kept) == int(counts.reindex(["accepted", "repaired"]).fillna(0).sum()), "a kept row has no account"


def _stacked(batches: Sequence[Batch], names: tuple[str, ...]) -> pd.DataFrame:
    """Stack the files' rows; a field that a file lacks is missing there and keeps its type."""
    types = {name: batch.made.frame[name].dtype for batch in reversed(batches) for name in batch.made.frame}
    parts = []
    for batch in batches:
        part = batch.made.frame.copy()
        for name, kind in types.items():
            if name not in part:
                part[name] = pd.Series(None, index=part.index, dtype=kind)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)[[name for name in names if name in types]]


def _numbered(batch: Batch) -> pd.DataFrame:
    """Give the rows of a file their numbers, and read when each was last changed."""
    file, source, count = batch.file, batch.source, len(batch.file.rows)
    changed = pd.Series(pd.NaT, index=file.rows.index, dtype="datetime64[us]")
    if source.same_key == "latest" and source.latest_by in file.rows.columns:
        stamps = read_stamps(file.rows[source.latest_by], source, zoned=False).column
        readable = stamps.map(lambda stamp: isinstance(stamp, pd.Timestamp)).astype(bool)
        changed = pd.to_datetime(stamps.where(readable)).dt.as_unit("us")
    given = {"file": file.name, "sha256": file.sha256, "source": source.name}
    return pd.DataFrame({"row": np.arange(count) + first_row, "changed": changed.to_numpy()}).assign(**given)


def _refusals(batch: Batch) -> pd.Series:
    """Name every rule for which a row is quarantined, with semicolons between them."""
    said = pd.Series("", index=batch.file.rows.index, dtype="str")
    whole = batch.file.broken.ne("")
    for rule, mask in batch.made.refused:
        now = mask.fillna(value=False).astype(bool) & (~whole | (batch.file.broken == rule))
        said = said.mask(now, said.where(said.eq(""), said + "; ") + rule)
    return said


def _keys(frame: pd.DataFrame, key: tuple[str, ...]) -> pd.Series:
    """Spell the key of each row; a part that is missing is blank."""
    parts = [frame[name].astype("str").fillna("") for name in key if name in frame.columns]
    if not parts:
        return pd.Series("", index=frame.index, dtype="str")
    return parts[0].str.cat(pd.concat(parts[1:], axis=1), sep=" | ") if len(parts) > 1 else parts[0]


def _repairs(batches: Sequence[Batch], frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """List every changed cell: where, by which rule, from what (open fields only) to what."""
    table, offset = dictionary.table(name), 0
    found: list[pd.DataFrame] = []
    for batch in batches:
        for change in batch.made.changes:
            inside = np.flatnonzero(change.mask.fillna(value=False).to_numpy(dtype=bool))
            is_open = table.field(change.field).privacy == "open"
            before = change.before.iloc[inside].map(_word).to_numpy() if is_open else ""
            after = frame[change.field].iloc[inside + offset].map(_word).to_numpy()
            cells = {"at": inside + offset, "field": change.field, "rule": change.rule}
            found.append(pd.DataFrame(cells).assign(before=before, after=after))
        offset += len(batch.file.rows)
    empty = pd.DataFrame({"at": pd.Series(dtype="int64")} | dict.fromkeys(("field", "rule", "before", "after"), ""))
    return pd.concat(found, ignore_index=True) if found else empty.iloc[:0]


def _lines(rows: pd.DataFrame, repairs: pd.DataFrame, batches: Sequence[Batch]) -> pd.DataFrame:
    """Write the account: one line for a row, or one for each changed cell of a repaired row."""
    plain = rows[rows["end"] != "repaired"].assign(field="", before="", after="", at=lambda part: part.index)
    plain["raw"] = _raw_rows(plain, batches)
    changed = rows[rows["end"] == "repaired"].drop(columns="rule")
    cells = changed.merge(repairs, left_index=True, right_on="at").assign(raw="")
    together = pd.concat([plain, cells], ignore_index=True)
    return together.sort_values("at", kind="stable", ignore_index=True).drop(columns="changed")


def _raw_rows(rows: pd.DataFrame, batches: Sequence[Batch]) -> list[str]:
    """Quarantined rows in full, nothing of the others."""
    starts = np.cumsum([0, *(len(batch.file.rows) for batch in batches)])
    raw = []
    for at, end in zip(rows["at"], rows["end"], strict=True):
        number = int(np.searchsorted(starts, at, side="right")) - 1
        raw.append(batches[number].file.raw(int(at - starts[number])) if end == "quarantined" else "")
    return raw


def _word(value: object) -> str:
    """Spell a cell; missing is blank."""
    return "" if value is None or value is pd.NaT or value is pd.NA or value != value else str(value)
