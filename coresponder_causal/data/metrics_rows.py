"""The rows that metrics count: one table with what is joined to it and derived from it, every column typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.data.columns import Finding, typed
from coresponder_causal.data.demand import asked_for, origin
from coresponder_causal.data.metrics_catalogue import Part, names_in, time_of
from coresponder_causal.data.metrics_fields import derived
from coresponder_causal.data.metrics_needs import absent, needs
from coresponder_causal.data.metrics_repeat import cities_of, order_of
from coresponder_causal.data.validate import refuse

also_read = {
    "calls": ("call_id", "city", "person", "crisis_on_scene", "crisis_flagged", origin),
    "contacts": ("contact_id", "city", "person"),
}


@dataclass(slots=True, eq=False)
class Frame:
    """Rows of one table, their time, and columns made when first asked for.

    Parameters
    ----------
    rows : str
        Name of the table.
    typed : DataFrame
        Its typed columns and those joined to it.
    tables : mapping of DataFrame
        Typed columns of other tables.
    """

    rows: str
    typed: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    made: dict[str, pd.Series] = field(default_factory=dict)
    numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def at(self) -> pd.Series:
        """Time of each row, shape (n,)."""
        return self.typed[time_of[self.rows]]

    def column(self, name: str) -> pd.Series:
        """Return a column, derived where no table holds it, shape (n,)."""
        if name in self.typed:
            return self.typed[name]
        if name not in self.made:
            self.made[name] = derived[self.rows, name].make(self.typed, self.tables)
        return self.made[name]

    def number(self, expression: str) -> NDArray[np.float64]:
        """Value of an expression as numbers, shape (n,): yes is 1, no 0, and NaN where anything it reads is unknown.

        Of yes-or-no fields alone, an answer that does not depend on the unknown one is known: no & unknown is no.
        """
        if expression not in self.numbers:
            self.numbers[expression] = self._evaluated(expression)
        return self.numbers[expression]

    def _evaluated(self, expression: str) -> NDArray[np.float64]:
        """Evaluate an expression of checked names; anything but a yes or no that is unknown makes it unknown."""
        columns = {name: self.column(name) for name in names_in(expression)}
        alone = tuple(columns) == (expression,)
        found = columns[expression] if alone else pd.DataFrame(columns).eval(expression, engine="python")
        unknown = np.zeros(len(self.typed), bool)
        for column in columns.values():
            if column.dtype != "boolean":
                unknown |= column.isna().to_numpy(bool)
        numbers = pd.Series(found).astype("Float64").to_numpy(float, na_value=np.nan)
        return np.where(unknown, np.nan, numbers)

    def clusters(self, name: str) -> tuple[NDArray[np.int64], bool]:
        """Give the number of the person (or officer) of each row, shape (n,), and whether any are known.

        The same code in two cities is two persons.
        """
        if name not in self.typed:
            return np.arange(len(self.typed)), False
        codes = self.typed.groupby([cities_of(self.typed), self.typed[name]], sort=False).ngroup().to_numpy(np.int64)
        return np.where(codes < 0, len(codes) + np.arange(len(codes)), codes), True

    def places_in_time(self) -> NDArray[np.int64]:
        """Place of each row in the order of time, shape (n,); of rows of the same moment the lower key comes first."""
        keys = pd.factorize(order_of(self.typed, self.rows), sort=True)[0]
        places = np.empty(len(keys), np.int64)
        places[np.lexsort((keys, self.at.to_numpy()))] = np.arange(len(keys))
        return places

    def is_first(self, value: str) -> NDArray[np.bool_]:
        """Whether a row is the first of its officer that has the value, shape (n,)."""
        first = self._firsts(value)
        return np.asarray(self.typed.index.isin(first.to_numpy()))

    def since_first(self, value: str) -> NDArray[np.float64]:
        """Value of each row less that of the first row of the same officer, shape (n,)."""
        numbers = pd.Series(self.number(value), index=self.typed.index)
        first = self._firsts(value)
        return (numbers - self.typed["officer"].map(numbers[first].set_axis(first.index))).to_numpy(float)

    def _firsts(self, value: str) -> pd.Series:
        """Row of each officer's first value, by officer."""
        known = self.typed.assign(_row=self.typed.index)[np.isfinite(self.number(value))]
        return known.sort_values(time_of[self.rows], kind="stable").groupby("officer")["_row"].first()


def frame_of(rows: str, given: Mapping[str, pd.DataFrame], parts: Iterable[Part], by: Sequence[str]) -> Frame:
    """Type and join the columns that parts read.

    Parameters
    ----------
    rows : str
        Table whose rows are counted.
    given : mapping of DataFrame
        Tables as they came.
    parts : iterable of Part
        Parts that lack nothing.
    by : sequence of str

    Returns
    -------
    Frame

    Raises
    ------
    DataError
        Listing every broken rule of the columns read.
    """
    there = {name: tuple(map(str, table.columns)) for name, table in given.items()}
    wanted: dict[str, list[str]] = {rows: [time_of[rows]]}
    for part in parts:
        usable = next(choice for choice in needs(part, by) if not absent(choice, there))
        clusters = (f"{rows}.{part.cluster}",)
        for name in (*usable, *clusters, *(f"{rows}.{also}" for also in also_read.get(rows, ()))):
            table, _, column = name.partition(".")
            if column in there.get(table, ()):
                wanted.setdefault(table, []).append(column)
    tables = {name: typed_columns(given[name], name, dict.fromkeys(columns)) for name, columns in wanted.items()}
    base = tables.pop(rows)
    if rows == "calls" and origin not in by:
        base = asked_for(base).reset_index(drop=True)
    if rows == "calls" and "outcomes" in tables:
        joined = tables["outcomes"].drop_duplicates("call_id").set_index("call_id")
        base = base.join(joined, on="call_id")
    return Frame(rows, base, tables)


def typed_columns(frame: pd.DataFrame, table: str, columns: Iterable[str]) -> pd.DataFrame:
    """Give columns of a table the types of the dictionary.

    Parameters
    ----------
    frame : DataFrame
    table : str
    columns : iterable of str
        Columns the dictionary does not know stay as they are.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        Listing every broken rule of these columns.
    """
    from coresponder_causal.data import dictionary

    described = dictionary.table(table)
    found: list[Finding] = []
    made = {}
    for name in columns:
        if name not in described.names:
            made[name] = frame[name].reset_index(drop=True)
            continue
        made[name], wrong = typed(frame[name].reset_index(drop=True), described.field(name))
        found += [entry for entry in wrong if entry.severity == "error"]
    refuse(f"table '{table}'", found)
    return pd.DataFrame(made)
