"""From the cells of one export to the typed fields of one table, with every change and every refusal by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data.column_readers import spelled
from coresponder_causal.data.columns import missing_value, read_cells, unexpected_code
from coresponder_causal.data.ingest_files import RawFile
from coresponder_causal.data.ingest_mapping import nearest
from coresponder_causal.data.ingest_source import Candidate, SourceMap, any_other, to_minutes
from coresponder_causal.data.ingest_times import read_stamps
from coresponder_causal.data.when import event_field

if TYPE_CHECKING:
    from coresponder_causal.data.dictionary import Field, Table

spaces = "spaces removed"
set_missing = "set missing"


@dataclass(frozen=True, slots=True)
class Change:
    """Cells of one field that a rule changed."""

    field: str
    rule: str
    mask: pd.Series
    before: pd.Series


@dataclass(slots=True, eq=False)
class Translated:
    """The rows of one file as rows of one table.

    Parameters
    ----------
    frame : DataFrame
        Typed fields, a row for each row of the file.
    refused : list of (rule, mask)
        Why rows are quarantined.
    changes : list of Change
        What was repaired.
    kept : list of (field, rule, mask)
        What is beyond the limits of its field and was kept.
    unknown : dict of str to Series
        Values that the code map and the dictionary do not know, by field.
    matched : dict of str to set of str
        Codes of the map that some row holds, by field.
    swept : dict of str to int
        Cells that the map's "*" took, by field.
    twice : int
        Local times kept that occur twice when the clocks go back.
    absent : tuple of str
        Mapped fields of which this file has no column.
    unread : tuple of str
        Columns that no field takes.
    """

    frame: pd.DataFrame
    refused: list[tuple[str, pd.Series]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    kept: list[tuple[str, str, pd.Series]] = field(default_factory=list)
    unknown: dict[str, pd.Series] = field(default_factory=dict)
    matched: dict[str, set[str]] = field(default_factory=dict)
    swept: dict[str, int] = field(default_factory=dict)
    twice: int = 0
    absent: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def check_columns(files: list[RawFile], source: SourceMap, table: Table) -> None:
    """Refuse a mapping that names columns which no file has, or leaves a file without a required one.

    Parameters
    ----------
    files : list of RawFile
    source : SourceMap
    table : Table

    Raises
    ------
    DataError
        Listing every such column with the closest one there is.
    """
    problems = Problems(f"source '{source.name}'")
    heads = [(file.name, tuple(map(str, file.rows.columns))) for file in files]
    anywhere = tuple(dict.fromkeys(name for _, head in heads for name in head))
    named = [(candidate.column, name) for name, many in source.columns.items() for candidate in many[:1]]
    named += [(column, name) for name, columns in source.fallback.items() for column in columns]
    named += [(str(column), name) for name, recipe in source.derived.items() for column in recipe.get("join", ())]
    for column, name in named:
        candidates = [candidate.column for candidate in source.columns.get(name, ())]
        if not {column, *(candidates if column in candidates else ())} & set(anywhere):
            problems.add(f"no file has a column '{column}' for '{name}'", mend=nearest(column, anywhere))
    if source.latest_by is not None and source.latest_by not in anywhere:
        problems.add(f"no file has the column '{source.latest_by}'", mend=nearest(source.latest_by, anywhere))
    for name in table.required:
        for file, head in heads:
            options = [candidate.column for candidate in source.columns.get(name, ())]
            if options and not set(options) & set(head) and set(options) & set(anywhere):
                problems.add(f"{file} has no column for the required '{name}'", mend=nearest(options[0], head))
    problems.raise_if_any(DataError)


def translate(file: RawFile, source: SourceMap, table: Table) -> Translated:
    """Turn the rows of a file into rows of a table.

    Parameters
    ----------
    file : RawFile
    source : SourceMap
    table : Table

    Returns
    -------
    Translated
    """
    made = Translated(pd.DataFrame(index=file.rows.index))
    usable = file.broken.eq("")
    for rule in sorted(set(file.broken[~usable])):
        made.refused.append((rule, file.broken.eq(rule)))
    event = event_field(table)
    columns: dict[str, pd.Series] = {}
    order = sorted(source.columns, key=lambda name: name != event)
    for name in order:
        raw = _chosen(file.rows, source.columns[name], columns.get(event or ""))
        if raw is None:
            made.absent += (name,)
        else:
            columns[name] = _one(raw.where(usable), file.rows, table.field(name), source, made, usable)
    for name, value in source.constants.items():
        constant = pd.Series([value] * len(file.rows), index=file.rows.index, dtype=object)
        columns[name] = _one(constant, file.rows, table.field(name), source, made, usable)
    for name, recipe in source.derived.items():
        derived = _derived(recipe, columns, file.rows, source.local_time_zone or source.time_zone)
        columns[name] = _one(derived.where(usable), file.rows, table.field(name), source, made, usable)
    if source.local_time_zone and "time_zone" in table.names and "time_zone" not in columns:
        columns["time_zone"] = pd.Series(source.local_time_zone, index=file.rows.index, dtype="str")
    made.frame = pd.DataFrame({name: columns[name] for name in table.names if name in columns}, index=file.rows.index)
    made.unread = tuple(sorted(set(map(str, file.rows.columns)) - _read_columns(source)))
    return made


def _read_columns(source: SourceMap) -> set[str]:
    """Every column that the mapping reads."""
    named = {candidate.column for many in source.columns.values() for candidate in many}
    named |= {candidate.time for many in source.columns.values() for candidate in many if candidate.time}
    joined = {str(column) for recipe in source.derived.values() for column in recipe.get("join", ())}
    latest = {source.latest_by} if source.latest_by else set()
    return named | joined | latest | {column for columns in source.fallback.values() for column in columns}


def _chosen(rows: pd.DataFrame, candidates: tuple[Candidate, ...], event: pd.Series | None) -> pd.Series | None:
    """Cells of a field: the first column that the file has; where columns have periods, the one in use at the time."""
    there = [candidate for candidate in candidates if candidate.column in rows.columns]
    if not there:
        return None
    if event is None or not any(candidate.since or candidate.until for candidate in there):
        return _cells(rows, there[0])
    chosen = pd.Series(None, index=rows.index, dtype=object)
    open_rows = pd.Series(True, index=rows.index)
    for candidate in there:
        use = open_rows & _in_use(event, candidate)
        chosen = chosen.mask(use, _cells(rows, candidate).astype(object))
        open_rows &= ~use
    return chosen


def _in_use(event: pd.Series, candidate: Candidate) -> pd.Series:
    """Rows that happened while a column was in use."""
    stamps = event.dt.start_time if isinstance(event.dtype, pd.PeriodDtype) else event
    use = pd.Series(True, index=event.index)
    if candidate.since is not None:
        use &= stamps >= pd.Timestamp(candidate.since)
    if candidate.until is not None:
        use &= stamps < pd.Timestamp(candidate.until) + pd.Timedelta(days=1)
    return use


def _cells(rows: pd.DataFrame, candidate: Candidate) -> pd.Series:
    """One column, or a date and a clock time from two."""
    cells: pd.Series = rows[candidate.column]
    if candidate.time is None or candidate.time not in rows.columns:
        return cells
    day = spelled(cells).str.replace("T00:00:00", "")
    clock = spelled(rows[candidate.time])
    return day.where(clock.isna(), day + " " + clock)


def _one(
    raw: pd.Series, rows: pd.DataFrame, entry: Field, source: SourceMap, made: Translated, usable: pd.Series
) -> pd.Series:
    """Bring the cells of one field to its type; note changes, refusals and what was kept."""
    changes: list[tuple[str, pd.Series]] = []
    cells = _tidied(raw, source, changes)
    cells = cells.mask(cells.isin([*source.missing, *entry.missing]))
    for filler in source.fallback.get(entry.name, ()):
        if filler in rows.columns:
            other = _tidied(rows[filler], source, [])
            fill = usable & cells.isna() & other.notna() & ~other.isin(source.missing)
            changes.append((f"filled from '{filler}'", fill))
            cells = cells.astype(object).mask(fill, other)
    cells = _with_codes(cells, entry, source, made)
    if entry.name in source.units:
        numbers = pd.to_numeric(cells, errors="coerce")
        cells = cells.mask(numbers.notna(), (numbers * to_minutes[source.units[entry.name]]).astype(object))
    if entry.type == "boolean":
        cells = _with_words(cells, source)
    if entry.type in ("datetime", "date"):
        stamps = read_stamps(cells, source, zoned=entry.type == "datetime")
        made.refused += [(f"{entry.name}: {rule}", mask) for rule, mask in stamps.refused.items()]
        changes += list(stamps.changed.items())
        made.twice += int(stamps.twice.sum())
        cells = stamps.column
        usable = usable & ~pd.concat([usable & False, *stamps.refused.values()], axis=1).any(axis=1)
    column = _typed(cells, entry, source, made, changes, usable)
    made.changes += [Change(entry.name, rule, mask, raw) for rule, mask in changes if mask.any()]
    return column


def _typed(
    cells: pd.Series,
    entry: Field,
    source: SourceMap,
    made: Translated,
    changes: list[tuple[str, pd.Series]],
    usable: pd.Series,
) -> pd.Series:
    """Give the cells their type; what cannot be read is quarantined, or set missing where the mapping says so."""
    column, broken = read_cells(cells, entry)
    for rule, severity, mask, _ in broken:
        mask &= usable
        if rule == missing_value:
            made.refused.append((f"{entry.name}: {rule}", mask))
        elif rule == unexpected_code:
            if mask.any():
                made.unknown[entry.name] = column[mask]
        elif rule.startswith(("below", "above")):
            if entry.name in source.beyond_limits_to_missing:
                changes.append((f"{set_missing}: {rule}", mask))
                column = column.mask(mask)
            elif mask.any():
                made.kept.append((entry.name, rule, mask))
        elif severity == "error" and entry.name in source.unreadable_to_missing:
            changes.append((f"{set_missing}: {rule}", mask))
        elif severity == "error":
            made.refused.append((f"{entry.name}: {rule}", mask))
    return column


def _tidied(raw: pd.Series, source: SourceMap, changes: list[tuple[str, pd.Series]]) -> pd.Series:
    """Blank cells are missing; spaces around and doubled inside are removed where the mapping allows it."""
    if not (pd.api.types.is_object_dtype(raw.dtype) or pd.api.types.is_string_dtype(raw.dtype)):
        return raw
    tidy = raw.map(lambda cell: " ".join(cell.split()) if isinstance(cell, str) else cell, na_action="ignore")
    empty = tidy.eq("").fillna(value=False).astype(bool)
    if "spaces" not in source.repair:
        return raw.mask(empty)
    changes.append((spaces, raw.notna() & tidy.ne(raw).fillna(value=False).astype(bool) & ~empty))
    return tidy.mask(empty)


def _with_codes(cells: pd.Series, entry: Field, source: SourceMap, made: Translated) -> pd.Series:
    """Translate raw codes; a value that the map does not know is kept and noted."""
    codes, words = source.codes.get(entry.name, {}), source.crosswalks.get(entry.name, {})
    if not codes and not words:
        return cells
    text = spelled(cells)
    lower = text.str.casefold()
    spelt = {code.casefold(): value for code, value in codes.items() if code != any_other}
    own = lower.isin(list(spelt)).fillna(value=False).astype(bool)
    exactly = text.map(dict(codes))
    seen = set(lower.dropna().unique())
    made.matched[entry.name] = {code for code in codes if code.casefold() in seen}
    listed = text.str.lower().isin(list(words)).fillna(value=False).astype(bool) & ~own
    translated: pd.Series = cells.astype(object).mask(own, exactly.where(text.isin(list(codes)), lower.map(spelt)))
    translated = translated.where(~listed, text.str.lower().map(dict(words)))
    strange = cells.notna() & ~own & ~listed
    if any_other in codes:
        made.swept[entry.name] = int(strange.sum())
        return translated.mask(strange, codes[any_other])
    strange &= ~cells.isin([*codes.values(), *words.values()])
    if strange.any() and entry.allowed is None:
        made.unknown[entry.name] = cells[strange]
    return translated


def _with_words(cells: pd.Series, source: SourceMap) -> pd.Series:
    """Read the mapping's own words for yes and no, whatever their case."""
    words = {word.lower(): True for word in source.true} | {word.lower(): False for word in source.false}
    if not words:
        return cells
    return cells.map(lambda cell: words.get(str(cell).lower(), cell), na_action="ignore").astype(object)


def _derived(
    recipe: Mapping[str, Any], columns: Mapping[str, pd.Series], rows: pd.DataFrame, zone: str | None
) -> pd.Series:
    """Compute a field of others; missing where one of them has no column.

    Minutes are those of the clock's zone, so that none is gained or lost when clocks change; a stamp in the hour that
    occurs twice leaves them missing.
    """
    nothing = pd.Series(None, index=rows.index, dtype=object)
    kind = next(key for key in recipe if key != "with")
    used = recipe[kind] if isinstance(recipe[kind], list) else [recipe[kind]]
    if not set(used) <= set(rows.columns if kind == "join" else columns):
        return nothing
    if kind == "join":
        parts = [spelled(rows[name]).str.strip() for name in used]
        return parts[0].str.cat(pd.concat(parts[1:], axis=1), sep=str(recipe.get("with", "-")))
    if kind == "hour_of":
        return pd.Series(columns[used[0]].dt.hour, dtype="Int64")
    if kind == "minutes_between":
        begun, ended = (columns[name] for name in used)
        if zone is not None:
            begun, ended = (s.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT") for s in (begun, ended))
        return pd.Series((ended - begun).dt.total_seconds() / 60)
    return pd.Series(columns[used[0]].groupby(columns[used[0]]).cumcount() + 1, dtype="Int64")
