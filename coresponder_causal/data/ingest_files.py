"""The files of an export, each with its checksum and its rows as they were written."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.frames import decoded, distinct, rows_of, separators

first_row = 2  # the head is row 1, as a spreadsheet numbers them
blank = "blank row"
ragged = "not as many cells as the head"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawFile:
    """One file of an export.

    Parameters
    ----------
    name, sha256 : str
        Its path below the base folder, and its checksum.
    rows : DataFrame
        Every row as written; the number of a row in the file is its position + 2.
    broken : Series of str
        Rule that a row breaks as a row, empty where it breaks none.
    beyond : mapping of int to tuple of str
        Cells beyond the head, by position of the row.
    """

    name: str
    sha256: str
    rows: pd.DataFrame
    broken: pd.Series
    beyond: Mapping[int, tuple[str, ...]]

    def raw(self, position: int) -> str:
        """Return one row in full as JSON, blanks as null."""
        cells = {str(name): _plain(value) for name, value in self.rows.iloc[position].items()}
        if position in self.beyond:
            cells["cells beyond the head"] = list(self.beyond[position])
        return json.dumps(cells, ensure_ascii=False)


def find_files(patterns: tuple[str, ...], base: Path, source: str) -> list[Path]:
    """List the files of a source: patterns in their order, files of one pattern by name, none twice.

    Parameters
    ----------
    patterns : tuple of str
        Paths or globs below ``base``, or absolute ones.
    base : Path
    source : str
        Its name, for the error.

    Returns
    -------
    list of Path

    Raises
    ------
    DataError
        A pattern that no file matches: correct it.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        root, below = (Path(path.anchor), str(path.relative_to(path.anchor))) if path.is_absolute() else (base, pattern)
        matched = [root / below] if (root / below).is_file() else sorted(root.glob(below))
        files = [file for file in matched if file.is_file()]
        if not files:
            raise DataError(f"source '{source}': no file matches {pattern!r} in {base}", mend="correct files")
        found.update(dict.fromkeys(files))
    return list(found)


def read_raw(file: Path, *, base: Path, sheet: str | None) -> RawFile:
    """Read one file as it was written.

    Parameters
    ----------
    file, base : Path
    sheet : str or None
        Sheet of a workbook; None: the first.

    Returns
    -------
    RawFile

    Raises
    ------
    DataError
        A file that is no table.
    """
    kind = file.suffix.lower()
    if kind in separators and file.is_file() and file.stat().st_size:
        rows, broken, beyond = _delimited(file, separators[kind])
    else:
        rows, beyond = rows_of(file, sheet=sheet), {}
        broken = pd.Series(np.where(rows.isna().all(axis=1), blank, ""), index=rows.index, dtype="str")
    name = file.relative_to(base).as_posix() if file.is_relative_to(base) else file.name
    return RawFile(name=name, sha256=checksum(file), rows=rows, broken=broken, beyond=beyond)


def checksum(file: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _delimited(file: Path, separator: str) -> tuple[pd.DataFrame, pd.Series, dict[int, tuple[str, ...]]]:
    """Read delimited text row by row, so that a row with too many or too few cells costs only itself."""
    try:
        lines = list(csv.reader(io.StringIO(decoded(file), newline=""), delimiter=separator))
    except csv.Error as error:
        raise DataError(f"{file.name} cannot be read: {error}", mend="save or export it again") from error
    head = distinct([name.strip() for name in lines[0]], file)
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    body = lines[1:]
    width = len(head)
    even = [(line + [""] * (width - len(line)))[:width] for line in body]
    cells = pd.DataFrame(even, columns=head, dtype="str")
    cells = cells.mask(cells == "")
    empty = [not any(cell.strip() for cell in line) for line in body]
    rule = [blank if none else (ragged if len(line) != width else "") for line, none in zip(body, empty, strict=True)]
    beyond = {position: tuple(line[width:]) for position, line in enumerate(body) if len(line) > width}
    return cells, pd.Series(rule, dtype="str"), beyond


def _plain(value: object) -> object:
    """Make a cell one that JSON can write."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float | bool) else str(value)
