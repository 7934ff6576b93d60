"""Exports become tables, and every row of every file is accounted for.

A row ends in exactly one of four ways: **accepted** as it is; **repaired** by a rule that the mapping allows, cell by
cell; a **duplicate** of a named row; or **quarantined** with its rules, kept in full. Translation that the mapping
states (names of columns, codes, formats, zones, units) is no repair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.data import dictionary
from coresponder_causal.data.ingest_account import Batch, account
from coresponder_causal.data.ingest_cells import check_columns, translate
from coresponder_causal.data.ingest_files import find_files, read_raw
from coresponder_causal.data.ingest_ledger import ledger_of, unknown_codes
from coresponder_causal.data.ingest_mapping import mapping_content, read_mapping
from coresponder_causal.data.ingest_police import fetched
from coresponder_causal.data.ingest_source import SourceMap

provenance_head = ["file", "sha256", "row", "source", "table", "end", "key", "field", "rule", "before", "after", "of"]
quarantine_head = ["file", "row", "source", "table", "rules", "raw"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Ingested:
    """What became of the exports.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Accepted and repaired rows by table, typed by the dictionary, in the order of files and rows.
    provenance : DataFrame
        One row for each source row, or for each cell that was changed: ``file, sha256, row, source, table, end, key,
        field, rule, before, after, of``. Rows are numbered as in a spreadsheet, the head being row 1. ``before`` is
        filled for open fields only.
    quarantine : DataFrame
        Rows that were not taken: ``file, row, source, table, rules, raw``. ``raw`` is the row in full: as sensitive as
        the export.
    unknown_codes : DataFrame
        Codes that neither the map nor the dictionary knows, in full: ``source, table, field, code, rows, first, last``.
    ledger : mapping
        Counts, checksums, unknown codes, and the fingerprint of the mapping: plain values that JSON can write.
    """

    tables: Mapping[str, pd.DataFrame]
    provenance: pd.DataFrame
    quarantine: pd.DataFrame
    unknown_codes: pd.DataFrame
    ledger: Mapping[str, Any]

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {end}" for end, count in self.ledger["rows"].items())
        return f"Ingested({', '.join(self.tables)}: {counts})"


def ingest(mapping: str | Path | Mapping[str, Any], *, base: str | Path | None = None) -> Ingested:
    r"""Turn exports into tables of the dictionary, every source row accounted for.

    Parameters
    ----------
    mapping : path of a TOML file, or mapping
        What becomes what; ``coresponder-causal ingest --example MAPPING.toml`` writes one with every key explained.
    base : path, optional
        Folder of the files; by default that of the mapping file, else the working folder.

    Returns
    -------
    Ingested

    Raises
    ------
    DataError
        A mapping that breaks rules, files that are not there, columns that no file has: mend as said. Rows never
        raise: they are quarantined.

    Examples
    --------
    >>> import tempfile
    >>> columns = {"call_id": "ID", "city": "Town", "received_at": "Time"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = "ID,Town,Time\n1,Davis,2024-07-01 12:00\n1,Davis,2024-07-01 12:00\n2,Davis,yesterday\n"
    ...     _ = (Path(folder) / "cad.csv").write_text(text)
    ...     source = {"name": "cad", "table": "calls", "files": "cad.csv", "columns": columns}
    ...     done = ingest({"source": [source]}, base=folder)
    >>> done.ledger["rows"]
    {'read': 3, 'accepted': 1, 'repaired': 0, 'duplicate': 1, 'quarantined': 1}
    >>> done.quarantine[["row", "rules"]].values.tolist()
    [[4, 'received_at: unreadable date']]
    """
    sources = read_mapping(mapping)
    own = Path(mapping).parent if isinstance(mapping, str | Path) else Path()
    folder = Path(own if base is None else base).resolve()
    batches = [batch for source in sources for batch in _batches(source, folder)]
    tables: dict[str, pd.DataFrame] = {}
    lines: list[pd.DataFrame] = []
    for name in dict.fromkeys(source.table for source in sources):
        tables[name], said = account(name, [batch for batch in batches if batch.source.table == name])
        lines.append(said)
    every = pd.concat(lines, ignore_index=True)
    held = every[every["end"] == "quarantined"].rename(columns={"rule": "rules"})
    stated = fingerprint(json.dumps(mapping_content(mapping), sort_keys=True, default=str))
    unknown = unknown_codes(batches)
    return Ingested(
        tables=tables,
        provenance=every[provenance_head],
        quarantine=held[quarantine_head].reset_index(drop=True),
        unknown_codes=unknown,
        ledger=ledger_of(batches, every, unknown, stated),
    )


def _batches(source: SourceMap, base: Path) -> Iterator[Batch]:
    """Read and translate the files of a source."""
    table = dictionary.table(source.table)
    files = [fetched(source.police, base)] if source.police else find_files(source.files, base, source.name)
    read = [read_raw(file, base=base, sheet=source.sheet) for file in files]
    check_columns(read, source, table)
    yield from (Batch(source, file, translate(file, source, table)) for file in read)
