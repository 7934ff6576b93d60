"""Exports brought in from the command line: the tables, and one screen that says what became of every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole
from coresponder_causal.data import ingest, write_ingested
from coresponder_causal.data.ingest_write import Form, example
from coresponder_causal.plan.run import refuse_filled, refuse_present

forms = ("csv", "parquet")
longest = 8  # reasons, repairs or codes listed on the screen; the ledger has them all


def ingest_into(mapping: Path | None, out: Path, *, form: str = "csv", force: bool = False) -> list[str]:
    """Ingest exports into a folder.

    Parameters
    ----------
    mapping : Path or None
        The mapping file.
    out : Path
        Folder; one that holds files is refused without ``force``.
    form : {"csv", "parquet"}
    force : bool

    Returns
    -------
    list of str
        The account, a line each.

    Raises
    ------
    DataError
        No mapping, an unknown form, a filled folder, or whatever `coresponder_causal.data.ingest` refuses.
    """
    if mapping is None:
        raise DataError("no mapping was given", mend="name one, or write one: coresponder-causal ingest --example FILE")
    if form not in forms:
        raise DataError(f"there is no form '{form}'", mend=f"take one of {', '.join(forms)}")
    refuse_filled(out, force=force)
    done = ingest(mapping)
    written = write_ingested(done, out, form=cast("Form", form))
    return [*account_lines(done.ledger), "", *map(str, written)]


def write_mapping_example(target: Path, *, force: bool = False) -> Path:
    """Write a mapping with every key explained.

    Parameters
    ----------
    target : Path
    force : bool
        Whether a file of that name is replaced.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        The file is there: name another, or replace it with ``--force``.
    """
    refuse_present(target, force=force)
    return write_whole(target, example.read_bytes())


def account_lines(ledger: Mapping[str, Any]) -> list[str]:
    """State on one screen what became of every row.

    Parameters
    ----------
    ledger : mapping
        As `coresponder_causal.data.ingest` gives it.

    Returns
    -------
    list of str
    """
    lines = [
        f"{entry['source']} → {entry['table']}: {entry['read']:,} rows read = {entry['accepted']:,} accepted + "
        f"{entry['repaired']:,} repaired + {entry['duplicate']:,} duplicate + {entry['quarantined']:,} quarantined"
        for entry in ledger["sources"]
    ]
    absent = [{**entry, "what": name} for entry in ledger["files"] for name in entry["fields_without_a_column"]]
    for title, entries, names in (
        ("Quarantined, by reason", ledger["reasons"], ("rule",)),
        ("Repaired, cells by rule", ledger["repairs"], ("field", "rule")),
        ("Duplicates", ledger["duplicates"], ("rule",)),
        ("Codes that neither the map nor the dictionary knows; kept", ledger["unknown_codes"], ("field", "code")),
        ("Codes of the map that no row holds; misspelt?", ledger["codes_without_a_row"], ("field", "code")),
        ('Codes that the map does not name, taken by its "*"', ledger["taken_by_any_other"], ("field",)),
        ("Beyond the limits of the field; kept", ledger["kept_beyond_limits"], ("field", "rule")),
        ("Fields without a column in some file", absent, ("what",)),
    ):
        lines += _listed(title, entries, names)
    unread = [entry for entry in ledger["sources"] if entry["unread_columns"]]
    if unread:
        lines += [
            "Columns not read",
            *(f"  {entry['source']}: {', '.join(entry['unread_columns'])}" for entry in unread),
        ]
    return lines


def _listed(title: str, entries: Sequence[Mapping[str, Any]], names: tuple[str, ...]) -> list[str]:
    """Head a list and cut it to the length of a screen."""
    rows = [
        f"  {entry['rows']:>8,}  {entry['source']}: {': '.join(str(entry[name]) for name in names)}"
        for entry in entries
    ]
    more = [f"  … and {len(rows) - longest} more in ledger.json"] if len(rows) > longest else []
    return [title, *rows[:longest], *more] if rows else []
