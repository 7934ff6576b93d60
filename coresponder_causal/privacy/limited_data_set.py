"""A limited data set, 45 CFR 164.514(e): sixteen identifiers out; town, state, ZIP, dates stay; an agreement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, DisclosureError
from coresponder_causal.core.notes import note
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.privacy.column_roles import column_roles, kinds_in_name, shown_names
from coresponder_causal.privacy.column_scan import text_kinds
from coresponder_causal.privacy.identifiers import letter_of_kind, not_advice, row_numbers

if TYPE_CHECKING:
    from coresponder_causal.privacy.identifiers import Role

purposes = ("research", "public health", "health care operations")
_STAYS = {"zip", "date", "age", "birth_year", "code", "record_code", "other"}
_OF_A_TOWN = {"city", "town", "county", "state", "region", "precinct"}
_ALLOWED_IN_CELLS = {"C", "R"}
_AGREEMENT = (
    "the permitted uses and disclosures by the recipient, for research, public health or health care operations alone",
    "who is permitted to use or receive the data",
    "no use or disclosure other than the agreement permits, or the law requires",
    "safeguards that prevent any other use or disclosure",
    "any use or disclosure that the agreement does not provide for is reported to the covered entity",
    "agents to whom the data are given agree to the same restrictions",
    "nobody identifies the data or contacts the individuals",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class LimitedDataSet:
    """A table without the sixteen identifiers, and what must be agreed before it is handed over.

    Parameters
    ----------
    frame : DataFrame
        The columns that stay.
    taken_out : DataFrame
        The ``column``s that do not, with the ``role`` that condemned each and the ``cells`` that were filled.
    purpose : str
        What it is for.
    """

    frame: pd.DataFrame
    taken_out: pd.DataFrame
    purpose: str

    @property
    def agreement(self) -> tuple[str, ...]:
        """What the data use agreement of 164.514(e)(4)(ii)(C) must hold."""
        return _AGREEMENT

    def checklist(self) -> str:
        """Text of the checklist of the agreement, to be filled in by the parties."""
        points = "\n".join(f"  [ ] {point}" for point in self.agreement)
        gone = ", ".join(self.taken_out["column"]) or "none"
        return (
            f"Data use agreement for a limited data set, 45 CFR 164.514(e)(4)\n\nPurpose: {self.purpose}\n"
            f"Rows: {len(self.frame)}; columns: {', '.join(map(str, self.frame.columns))}\nTaken out: {gone}\n\n"
            f"The agreement establishes:\n{points}\n\n"
            "The set is still protected health information: it is kept, sent and destroyed as such.\n"
            f"{not_advice}\n"
        )

    def __str__(self) -> str:
        return self.checklist()

    def __repr__(self) -> str:
        return f"LimitedDataSet({len(self.frame)} rows, {len(self.frame.columns)} columns, for {self.purpose})"


def limited_data_set(
    frame: object,
    *,
    purpose: str,
    roles: Mapping[str, Role] | None = None,
    table: str | None = None,
) -> LimitedDataSet:
    """Take the sixteen identifiers of 45 CFR 164.514(e)(2) out of a table.

    Town or city, county, state, ZIP code, dates, ages and derived link codes may stay; streets and points on the map,
    free text, and everything from names to photographs may not. A code stays only when its role is "code" or
    "record_code": numbers of records, accounts and licences go.

    Parameters
    ----------
    frame : DataFrame or Table
        The table, from pandas, polars or pyarrow; it is left as it is.
    purpose : {"research", "public health", "health care operations"}
        What it is for: the law allows no other.
    roles : mapping of str to Role, optional
        What columns hold, as for `safe_harbor`.
    table : str, optional
        Its name in the data dictionary.

    Returns
    -------
    LimitedDataSet

    Raises
    ------
    DataError
        Another purpose, or roles that are wrong: correct them.
    DisclosureError
        Cells or names of columns that stay hold names, numbers or addresses: all such columns are listed, by row
        numbers.

    Examples
    --------
    >>> calls = pd.DataFrame({"name": ["Ann Ash"], "city": ["Davis"], "received_at": ["2021-07-04"], "hold": [True]})
    >>> limited = limited_data_set(calls, purpose="research")
    >>> limited.frame.columns.tolist(), limited.taken_out["column"].tolist()
    (['city', 'received_at', 'hold'], ['name'])
    """
    if purpose not in purposes:
        raise DataError("a limited data set is not for that purpose", mend=f"take one of {', '.join(purposes)}")
    rows = to_pandas(frame)
    stated = column_roles(rows, roles, table)
    kept = [name for name, (role, _) in stated.items() if role in _STAYS or _is_town(name, role)]
    gone = [(name, role, int(rows[name].notna().sum())) for name, (role, _) in stated.items() if name not in kept]
    shown = shown_names(rows.columns)
    _refuse_cells(rows[kept], shown)
    gone = [(shown[name], role, cells) for name, role, cells in gone]
    taken_out = pd.DataFrame(gone, columns=["column", "role", "cells"])
    if gone:
        note(f"limited data set: taken out {', '.join(f'{name} ({role})' for name, role, _ in gone)}")
    return LimitedDataSet(frame=rows[kept].copy(), taken_out=taken_out, purpose=purpose)


def _is_town(name: str, role: Role) -> bool:
    """Whether a column of geography is no finer than a town, by its name."""
    return role == "geography" and bool(_OF_A_TOWN & set(name.lower().split("_")))


def _stays(kind: str) -> bool:
    """Whether a kind of identifier may stand in a cell or in a heading."""
    return letter_of_kind[kind] in _ALLOWED_IN_CELLS or kind in {"PLACE", "ZIP"}


def _refuse_cells(rows: pd.DataFrame, shown: Mapping[str, str]) -> None:
    """Refuse columns that stay whose cells or names hold identifiers that must go."""
    found = []
    for name in rows.columns:
        in_name = [kind.lower() for kind in sorted(kinds_in_name(name)) if not _stays(kind)]
        found += [f"  {shown[name]}: its name reads as {kind}" for kind in in_name]
        for kind, mask in text_kinds(rows[name]).items():
            if not _stays(kind):
                first = ", ".join(map(str, np.flatnonzero(mask)[:5]))
                found.append(f"  {shown[name]}: {int(mask.sum())} cells read as {kind.lower()} (rows {first})")
    if found:
        lines = "\n".join(found)
        raise DisclosureError(
            f"cells hold identifiers that a limited data set may not\n{lines}\n{row_numbers}",
            mend="take these columns out, declare the role that they have, or give the table a heading",
        )
