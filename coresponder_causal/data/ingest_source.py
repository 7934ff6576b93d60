"""One export as a mapping states it: the values that `ingest` works from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

Twice: TypeAlias = Literal["quarantine", "earlier", "later"]
Skipped: TypeAlias = Literal["quarantine", "forward", "keep"]
SameKey: TypeAlias = Literal["quarantine", "latest"]

any_other = "*"
to_minutes = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A column that may hold a field: its name, a second column with the clock time, and when it was in use."""

    column: str
    time: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMap:
    """How the rows of one export become rows of one table.

    Parameters
    ----------
    name, table : str
    files : tuple of str
        Paths or globs below the base folder.
    sheet : str or None
        Sheet of a workbook.
    police : mapping of str
        What to ask openpolicedata for, in place of files; empty otherwise.
    columns : mapping of str to tuple of Candidate
        Source columns by field.
    fallback : mapping of str to tuple of str
        Columns that fill a field where it is missing, the first that is filled; such a row is repaired.
    constants : mapping of str
    codes : mapping of str to mapping
        Canonical value by raw value and field; ``"*"`` stands for every other value.
    crosswalks : mapping of str to mapping
        Likewise from crosswalks of the dictionary, raw values in small letters.
    units : mapping of str to str
        Unit of the export, of fields in minutes.
    derived : mapping of str to mapping
        Fields computed of others.
    missing, true, false, date_formats : tuple of str
    day_first : bool or None
        How dates with slashes are read; None: not at all.
    time_zone, local_time_zone : str or None
        Zone of the stamps as exported, and of the city's clocks.
    ambiguous, nonexistent : str
        What becomes of local times that occur twice, or never, when the clocks change.
    repair, unreadable_to_missing, beyond_limits_to_missing : tuple of str
        Repairs allowed, the latter two by field.
    same_key : {"quarantine", "latest"}
        What becomes of rows of one key and different content.
    latest_by : str or None
        Column that says which row is the latest.
    """

    name: str
    table: str
    files: tuple[str, ...]
    sheet: str | None
    police: Mapping[str, Any]
    columns: Mapping[str, tuple[Candidate, ...]]
    fallback: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, object]
    codes: Mapping[str, Mapping[str, object]]
    crosswalks: Mapping[str, Mapping[str, str]]
    units: Mapping[str, str]
    derived: Mapping[str, Mapping[str, Any]]
    missing: tuple[str, ...]
    true: tuple[str, ...]
    false: tuple[str, ...]
    date_formats: tuple[str, ...]
    day_first: bool | None
    time_zone: str | None
    local_time_zone: str | None
    ambiguous: Twice
    nonexistent: Skipped
    repair: tuple[str, ...]
    unreadable_to_missing: tuple[str, ...]
    beyond_limits_to_missing: tuple[str, ...]
    same_key: SameKey
    latest_by: str | None
