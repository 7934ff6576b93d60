"""Whether a table keeps the rules of the data dictionary: everything wrong with it, at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, fields
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data.column_readers import SEVERAL_OFFSETS
from coresponder_causal.data.columns import Finding, typed
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.zones import local_clock

if TYPE_CHECKING:
    from coresponder_causal.data.dictionary import Table

_HEAD = [entry.name for entry in fields(Finding)]


def findings(frame: object, *, table: str, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """List everything about a table that breaks a rule or casts doubt on it.

    Parameters
    ----------
    frame : DataFrame or Table
        The table, from pandas, polars or pyarrow.
    table : str
        Its name in the dictionary.
    columns : mapping of str to str, optional
        Field of the dictionary by column of the table, for columns that are named otherwise.

    Returns
    -------
    DataFrame
        One row per finding: ``rule``, ``field``, ``severity`` ("error" stops `validate`, "quality" does not),
        ``count`` of rows, ``rows`` (the first five positions, with values only where the field is open), ``mend``.

    Raises
    ------
    DataError
        No such table in the dictionary, or no table at all: correct the argument.

    Examples
    --------
    >>> cities = pd.DataFrame({"city": ["Davis"], "population": ["66,900"], "time_zone": ["America/Los_Angeles"]})
    >>> findings(cities, table="cities")[["rule", "field", "severity", "rows"]].values.tolist()
    [['number with thousands separators', 'population', 'error', ("0: '66,900'",)]]
    """
    _, found = examine(frame, table, columns)
    return pd.DataFrame([astuple(entry) for entry in found], columns=_HEAD)


def validate(frame: object, *, table: str, columns: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Give a table the types of the dictionary, or say everything that stands in the way.

    Parameters
    ----------
    frame : DataFrame or Table
        The table, from pandas, polars or pyarrow; it is left as it is.
    table : str
        Its name in the dictionary.
    columns : mapping of str to str, optional
        Field of the dictionary by column of the table, for columns that are named otherwise.

    Returns
    -------
    DataFrame
        A copy with fresh row numbers, its columns named as in the dictionary: text as ``str``, whole numbers as
        ``Int64``, numbers as ``float64``, yes or no as ``boolean``, stamps and dates as ``datetime64[us]``, months as
        ``period[M]``. Columns that the dictionary does not know are kept as they are. No row is dropped; doubts of
        quality are said as notes.

    Raises
    ------
    DataError
        Listing every broken rule with its mend.

    Examples
    --------
    >>> calls = pd.DataFrame({"call_id": [7], "city": ["Davis"], "received_at": ["2020-07-15 12:30"], "hold": ["no"]})
    >>> validate(calls, table="calls").dtypes.astype(str).tolist()
    ['str', 'str', 'datetime64[us]', 'boolean']
    """
    clean, found = examine(frame, table, columns)
    refuse(f"table {table!r}", found)
    for entry in found:
        note(f"{table}: {_sentence(entry)}{_shown(entry)}")
    return clean


def refuse(subject: str, found: Iterable[Finding]) -> None:
    """Raise every finding that is an error, together.

    Parameters
    ----------
    subject : str
        What was examined.
    found : iterable of Finding
        What was found.

    Raises
    ------
    DataError
        Listing every error with its mend.
    """
    problems = Problems(subject)
    for entry in found:
        if entry.severity == "error":
            problems.add(_sentence(entry), mend=entry.mend, rows=entry.rows, total=entry.count if entry.rows else None)
    problems.raise_if_any(DataError)


def examine(frame: object, name: str, columns: Mapping[str, str] | None) -> tuple[pd.DataFrame, list[Finding]]:
    """Type every column and gather all findings, raising none of them.

    Parameters
    ----------
    frame : DataFrame or Table
    name : str
        The table's name in the dictionary.
    columns : mapping of str to str, optional
        Field of the dictionary by column of the table.

    Returns
    -------
    DataFrame
        A typed copy, what cannot be read missing.
    list of Finding
    """
    from coresponder_causal.data import dictionary

    table = dictionary.table(name)
    raw, found = _renamed(to_pandas(frame), columns or {}, table)
    if raw.empty:
        found.append(Finding("empty table", "", "error", 0, (), "give at least one row"))
    found += _columns_of(raw, table)
    clean = raw.copy()
    for field in table.fields:
        if field.name in raw.columns:
            clean[field.name], wrong = typed(raw[field.name], field)
            found += wrong
    clean, found = _local(clean, found, table)
    return clean, [*found, *_duplicates(clean, table), *_disorder(clean, table)]


def _renamed(raw: pd.DataFrame, columns: Mapping[str, str], table: Table) -> tuple[pd.DataFrame, list[Finding]]:
    """Name the columns as the dictionary does, where the mapping can be followed."""
    after = Counter(columns.get(str(name), str(name)) for name in raw.columns)
    wrong = {
        "mapped column is not in the table": (name for name in columns if name not in raw.columns),
        "mapped to a field that the dictionary lacks": (name for name in columns.values() if name not in table.names),
        "two columns for one field": (name for name, count in after.items() if count > 1),
    }
    found = [Finding(rule, name, "error", 1, (), "correct columns=") for rule, names in wrong.items() for name in names]
    named = raw.reset_index(drop=True).set_axis([columns.get(str(name), str(name)) for name in raw.columns], axis=1)
    return named.loc[:, ~named.columns.duplicated()], found


def _columns_of(raw: pd.DataFrame, table: Table) -> Iterator[Finding]:
    """Find columns that are missing, and columns that nobody described."""
    for name in table.required:
        if name not in raw.columns:
            yield Finding("required column is missing", name, "error", len(raw), (), "add it, or map it with columns=")
    if len(raw.columns) and not set(raw.columns) & set(table.names):
        mend = "map them with columns=; where the file has no head, export it with one"
        yield Finding("no column is named as in the dictionary", "", "quality", len(raw), (), mend)
        return
    for name in raw.columns:
        if name not in table.names:
            mend = "map it with columns=, or leave it out of the export"
            yield Finding("column is not in the dictionary", name, "quality", int(raw[name].notna().sum()), (), mend)


def _local(clean: pd.DataFrame, found: list[Finding], table: Table) -> tuple[pd.DataFrame, list[Finding]]:
    """Turn stamps with an offset into local clock time where every row names its zone."""
    aware = [name for name in table.order if isinstance(clean.get(name, pd.Series()).dtype, pd.DatetimeTZDtype)]
    broken = any(entry.field == "time_zone" and entry.severity == "error" for entry in found)
    if not aware or broken or "time_zone" not in clean.columns or clean["time_zone"].isna().any():
        return clean, found
    for name in aware:
        clean[name] = local_clock(clean[name], clean["time_zone"])
    return clean, [entry for entry in found if entry.rule != SEVERAL_OFFSETS]


def _duplicates(clean: pd.DataFrame, table: Table) -> Iterator[Finding]:
    """Find rows whose key occurred before."""
    known = [name for name in table.key if name in clean.columns]
    required = [name for name in table.key if table.field(name).required]
    if not set(required) <= set(known):
        return
    again = clean.duplicated(known) & clean[required].notna().all(axis=1)
    if again.any():
        rows = tuple(str(row) for row in np.flatnonzero(again)[:5])
        key_names = ", ".join(known)
        mend = f"keep one row per {key_names}; counts of shorter periods are added up first"
        yield Finding("duplicated key", key_names, "error", int(again.sum()), rows, mend)


def _disorder(clean: pd.DataFrame, table: Table) -> Iterator[Finding]:
    """Count time stamps that come before an earlier one, by pair and by row."""
    stamps = [name for name in table.order if name in clean.columns]
    if len({clean[name].dt.tz is None for name in stamps}) > 1:
        rule = "some stamps have an offset, others not"
        yield Finding(rule, ", ".join(stamps), "error", len(clean), (), "export all alike")
        return
    anywhere = pd.Series(False, index=clean.index)
    pairs = []
    for first, second in combinations(stamps, 2):
        wrong = clean[second] < clean[first]
        anywhere |= wrong
        pairs.append(_disordered(f"{second} before {first}", second, wrong))
    if len(stamps) > 2:
        pairs.append(_disordered("time stamps out of order, any pair", ", ".join(stamps), anywhere))
    yield from (entry for entry in pairs if entry.count)


def _disordered(rule: str, field: str, wrong: pd.Series) -> Finding:
    """Name the rows of one pair of stamps."""
    rows = tuple(str(row) for row in np.flatnonzero(wrong)[:5])
    mend = "keep the rows; ask how the stamps are entered, and leave intervals that use them out"
    return Finding(rule, field, "quality", int(wrong.sum()), rows, mend)


def _sentence(entry: Finding) -> str:
    """State a finding in words."""
    where = f"'{entry.field}': " if entry.field else ""
    rows = f" in {entry.count} row{'s' if entry.count != 1 else ''}" if entry.rows else ""
    return f"{where}{entry.rule}{rows}"


def _shown(entry: Finding) -> str:
    """List the first rows of a finding."""
    more = ", …" if entry.count > len(entry.rows) else ""
    return f" (rows {', '.join(entry.rows)}{more})" if entry.rows else ""
