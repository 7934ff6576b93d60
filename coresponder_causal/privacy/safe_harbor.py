"""Whether a file of rows breaks Safe Harbor, as far as a scan can see: 45 CFR 164.514(b)(2).

A scan finds violations; it never finds their absence. The second condition, that nobody knows of a way by which what
is left could identify a person, is a matter of persons: `SafeHarbor.statement` is the text for them to sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.data.frames import to_pandas
from coresponder_causal.privacy.column_roles import column_roles, kinds_in_name, shown_names
from coresponder_causal.privacy.column_scan import Hit, scan_column
from coresponder_causal.privacy.identifiers import (
    Census,
    identifiers,
    letter_of_kind,
    not_advice,
    row_numbers,
    zip3_allowed,
)

if TYPE_CHECKING:
    from coresponder_causal.privacy.identifiers import Role

_IN_FILE_NAMES = {"PLACE", "ADDRESS", "DATE", "PERSON", "SSN", "PHONE", "EMAIL"}
_HEAD = ["letter", "identifier", "where", "what", "basis", "rows", "first_rows", "mend"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SafeHarbor:
    """What a scan of a file found.

    Parameters
    ----------
    name : str
        The file; "the file" where its name itself tells too much.
    n_rows : int
        Its rows.
    violations : DataFrame
        By letter: ``letter, identifier, where`` (column, or part of the file; columns whose names tell too much by
        their number from 0), ``what, basis`` ("declared",
        "dictionary", "column name" or "content"), ``rows`` counted, ``first_rows`` (positions from 0; never values),
        ``mend``.
    doubts : tuple of str
        What a scan cannot settle.
    roles : DataFrame
        Every ``column`` with its ``role`` and how it is known.
    census : int
        Vintage of the table of small ZIP areas.
    """

    name: str
    n_rows: int
    violations: pd.DataFrame
    doubts: tuple[str, ...]
    roles: pd.DataFrame
    census: Census

    @property
    def verdict(self) -> str:
        """One sentence, which never says that the file complies."""
        letters = ", ".join(self.violations["letter"].unique())
        if letters:
            return f"{self.name}: violations of 45 CFR 164.514(b)(2)(i), letters {letters}."
        return f"{self.name}: no violation found by these checks, in {self.n_rows} rows."

    def statement(self) -> str:
        """Text of the statement of 164.514(b)(2)(ii), for the covered entity to sign; a program cannot make it."""
        return (
            f"Statement under 45 CFR 164.514(b)(2)(ii)\n\n"
            f"File: {self.name} ({self.n_rows} rows)\n\n"
            "The covered entity named below does not have actual knowledge that the information in this file could be\n"
            "used, alone or in combination with other information, to identify an individual who is a subject of it.\n"
            "Codes that allow records to be found again, if there are any, are not derived from information about the\n"
            "individual, and the means to do so are not disclosed (164.514(c)).\n\n"
            "Covered entity: ____________________________________________\n\n"
            "Name and office: ___________________________________________\n\n"
            "Signature and date: ________________________________________\n"
        )

    def __str__(self) -> str:
        lines = [self.verdict]
        for entry in self.violations.to_dict("records"):
            first = ", ".join(map(str, entry["first_rows"])) + (
                ", …" if entry["rows"] > len(entry["first_rows"]) else ""
            )
            rows = f"; {entry['rows']} rows ({first})" if entry["first_rows"] else ""
            lines.append(
                f"  {entry['letter']}  {entry['where']}: {entry['what']} [{entry['basis']}]{rows}: {entry['mend']}"
            )
        lines += [f"  ?  {doubt}" for doubt in self.doubts]
        counted = [] if self.violations.empty else [row_numbers]
        return "\n".join([*lines, *counted, "", not_advice])


def safe_harbor(
    frame: object,
    *,
    roles: Mapping[str, Role] | None = None,
    table: str | None = None,
    name: str = "the file",
    census: Census = 2020,
    as_of: int | None = None,
    known: Iterable[str] = (),
    places: Iterable[str] = (),
) -> SafeHarbor:
    """Scan a table of rows for the identifiers of 45 CFR 164.514(b)(2)(i).

    Every column is looked at by its role, and the cells of those whose role does not condemn them by their content.

    Parameters
    ----------
    frame : DataFrame or Table
        The table, from pandas, polars or pyarrow.
    roles : mapping of str to Role, optional
        What columns hold: "name", "geography", "zip", "date", "age", "birth_year", "phone", "fax", "email", "ssn",
        "mrn", "plan", "account", "licence", "vehicle", "device", "url", "ip", "biometric", "photo", "code",
        "record_code" (one that 164.514(c) allows), "text", "other". The rest is taken from ``table`` and from names.
    table : str, optional
        Its name in the data dictionary.
    name : str
        Name of the file, or its title: it is scanned too.
    census : {2000, 2010, 2020}
        Whose counts tell small ZIP areas.
    as_of : int, optional
        Year in which ages are counted; by default the present one.
    known, places : iterable of str
        Names of persons and places besides those of the lexicon.

    Returns
    -------
    SafeHarbor
        Violations with rows counted, and doubts. Never a finding of compliance.

    Raises
    ------
    DataError
        Roles of columns that are not there, or words that are no roles: all are listed. A census of which no table is
        here.

    References
    ----------
    45 CFR 164.514(b)(2), (c).

    Examples
    --------
    >>> calls = pd.DataFrame({"city": ["Davis"] * 3, "arrest": [True, False, False], "year": [2021, 2021, 2022]})
    >>> found = safe_harbor(calls, name="calls.csv")
    >>> found.violations[["letter", "where", "rows"]].values.tolist()
    [['B', 'city', 3]]
    >>> safe_harbor(calls[["arrest", "year"]], name="calls.csv").verdict
    'calls.csv: no violation found by these checks, in 3 rows.'
    """
    zip3_allowed("000", census)
    rows = to_pandas(frame).reset_index(drop=True)
    known, places = tuple(known), tuple(places)
    stated = column_roles(rows, roles, table)
    shown = shown_names(rows.columns, known, places)
    year = datetime.now(tz=UTC).year if as_of is None else as_of
    hits = [("file name", hit) for hit in _title(kinds_in_name(name, known, places) & _IN_FILE_NAMES)]
    hits += [
        (f"name of column {i}", hit)
        for i, column in enumerate(stated)
        for hit in _title(kinds_in_name(column, known, places))
    ]
    for column, (role, basis) in stated.items():
        scanned = scan_column(rows[column], role, basis, as_of=year, census=census, known=known, places=places)
        hits += [(shown[column], hit) for hit in scanned]
    found = pd.DataFrame([_entry(where, hit) for where, hit in hits], columns=_HEAD)
    return SafeHarbor(
        name="the file" if "file name" in set(found["where"]) else name,
        n_rows=len(rows),
        violations=found.sort_values("letter", kind="stable", ignore_index=True),
        doubts=_doubts(rows, stated, shown, set(found["where"])),
        roles=pd.DataFrame(
            [(shown[column], *said) for column, said in stated.items()], columns=["column", "role", "known_by"]
        ),
        census=census,
    )


def _title(kinds: set[str]) -> list[Hit]:
    """Say what the name of a file or of a column tells of every row."""
    nowhere = np.zeros(0, bool)
    return [Hit(letter_of_kind[kind], f"reads as {kind.lower()}", "content", nowhere) for kind in sorted(kinds)]


def _entry(where: str, hit: Hit) -> tuple[object, ...]:
    """Row of the list of violations."""
    known = identifiers[hit.letter]
    rows = np.flatnonzero(hit.rows)
    mend = known.mend if hit.rows.size else "rename it"
    return hit.letter, known.label, where, hit.what, hit.basis, rows.size, tuple(rows[:5].tolist()), mend


def _doubts(
    rows: pd.DataFrame, stated: Mapping[str, tuple[Role, str]], shown: Mapping[str, str], broken: set[object]
) -> tuple[str, ...]:
    """Say what no scan settles: free text, codes said to be drawn by lot, and rows that only one person may fit."""
    texts = [shown[column] for column, (role, _) in stated.items() if role == "text"]
    codes = [shown[column] for column, (role, _) in stated.items() if role == "record_code"]
    left = [
        column
        for column, (role, _) in stated.items()
        if shown[column] not in broken and role not in {"record_code", "text"}
    ]
    doubts = []
    if hidden := sum(name != column for column, name in shown.items()):
        doubts.append(f"names of {hidden} columns are not shown, since the heading reads as a row or tells a place")
    if texts:
        doubts.append(f"free text ({', '.join(texts)}): redact it and have a person read it; a scan misses names")
    if codes:
        doubts.append(
            f"{', '.join(codes)}: somebody must attest that the code is not derived from the person (164.514(c))"
        )
    if left and len(rows):
        sizes = rows[left].astype("str").groupby(left, observed=True).size()
        alone = int((sizes == 1).sum())
        doubts.append(
            f"{alone} of {len(rows)} rows differ from every other in the {len(left)} columns without a violation"
        )
    return tuple(doubts)
