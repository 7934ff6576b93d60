"""Tables that turn the words of a system into the codes of the dictionary, each with its version and its source."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.facts import Facts
from coresponder_causal.data.folder import folder, written

_PROPERTIES = {"crosswalk", "label", "version", "valid_from", "source", "note", "columns", "rows"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosswalk:
    """Words of a system beside the codes of the dictionary.

    Parameters
    ----------
    name, label : str
        Name, and what it translates.
    version : int
        Goes up by one with every change of a row.
    valid_from : date
        First day of the records it is meant for.
    source : str
        Where the words come from.
    note : str
        How it is to be used.
    columns : tuple of str
        Names that every row has, in order.
    rows : tuple of Facts
        Read-only mappings of column to text.
    """

    name: str
    label: str
    version: int
    valid_from: dt.date
    source: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[Facts, ...]

    def where(self, column: str, value: str) -> tuple[Facts, ...]:
        """Return the rows that hold a value in a column.

        Parameters
        ----------
        column, value : str

        Returns
        -------
        tuple of Facts

        Raises
        ------
        DataError
            No such column: take one of the names in the message.
        """
        if column not in self.columns:
            known = ", ".join(self.columns)
            raise DataError(f"crosswalk {self.name!r} has no column {column!r}", mend=f"take one of {known}")
        return tuple(row for row in self.rows if row[column] == value)


def crosswalk(name: str) -> Crosswalk:
    """Return one crosswalk.

    Parameters
    ----------
    name : str
        Name of a file in ``data_dictionary/crosswalks``.

    Returns
    -------
    Crosswalk

    Raises
    ------
    DataError
        No such crosswalk, or a file that breaks the format: the message names it.

    Examples
    --------
    >>> holds = crosswalk("holds")
    >>> [row["code"] for row in holds.where("hold", "yes")][:2]
    ['5150', '5585']
    """
    known = crosswalks()
    if name not in known:
        raise DataError(f"the dictionary has no crosswalk {name!r}", mend=f"take one of {', '.join(known)}")
    return _read(name)


def crosswalks() -> tuple[str, ...]:
    """Return the names of all crosswalks.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> crosswalks()
    ('dispositions', 'holds', 'nature_codes', 'ripa_perceived')
    """
    return tuple(sorted(path.stem for path in (folder() / "crosswalks").glob("*.yaml")))


@cache
def _read(name: str) -> Crosswalk:
    """Read one file."""
    return parsed(written(folder() / "crosswalks" / f"{name}.yaml"), f"{name}.yaml")


def parsed(spec: dict[str, Any], file: str) -> Crosswalk:
    """Make a crosswalk of its YAML mapping.

    Parameters
    ----------
    spec : dict
        What the file holds; every row lists one text per column.
    file : str
        Its name, for errors.

    Returns
    -------
    Crosswalk

    Raises
    ------
    DataError
        A property that is missing or unknown, a row of another length, a cell that is no text, or a row twice.
    """
    if wrong := spec.keys() ^ _PROPERTIES:
        raise DataError(f"{file} lacks or does not know {sorted(wrong)}", mend="write every property as in holds.yaml")
    columns = tuple(spec["columns"])
    for number, row in enumerate(spec["rows"], 1):
        if len(row) != len(columns) or not all(isinstance(cell, str) for cell in row):
            raise DataError(
                f"{file}, row {number} does not hold one text for each of {', '.join(columns)}",
                mend="quote codes, yes and no",
            )
    rows = tuple(map(tuple, spec["rows"]))
    if twice := sorted({row[0] for row in rows if rows.count(row) > 1}):
        raise DataError(f"{file} holds rows twice: {', '.join(twice)}", mend="keep one of each")
    facts = tuple(Facts(dict(zip(columns, row, strict=True))) for row in rows)
    named = {name: spec[name] for name in ("label", "version", "valid_from", "source", "note")}
    return Crosswalk(name=spec["crosswalk"], columns=columns, rows=facts, **named)
