"""Rows that metrics count, as tables of an engine: checked, typed, joined, with the fields derived from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data.demand import asked_for_in_engine, origin
from coresponder_causal.data.metrics_catalogue import Part, key_of, names_in, time_of
from coresponder_causal.data.metrics_engine_fields import made_in_engine
from coresponder_causal.data.metrics_expressions import in_engine
from coresponder_causal.data.metrics_needs import absent, needs
from coresponder_causal.data.metrics_rows import also_read
from coresponder_causal.data.panel_counts import true_rows

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Scalar, Table, Value

    from coresponder_causal.data.dictionary import Field


@dataclass(frozen=True, slots=True)
class EngineRows:
    """Rows of one table and what is joined to them, in an engine.

    Parameters
    ----------
    name : str
        Name of the table.
    table : ibis Table
        Columns that tables hold.
    tables : mapping of str to ibis Table
        What derived fields read besides.
    """

    name: str
    table: Table
    tables: Mapping[str, Table]

    def with_fields(self, names: Iterable[str]) -> Table:
        """Put the derived ones of some fields beside the columns, each made once."""
        rows = self.table
        for name in dict.fromkeys(names):
            if name not in rows.columns:
                rows = made_in_engine[self.name, name](rows, self.tables)
        return rows


def can_be_made(part: Part, by: Sequence[str]) -> bool:
    """Say whether an engine can count a part: proportions and rates of fields that it can derive."""
    from coresponder_causal.data.metrics_fields import derived

    names = (*part.names, *("in_shift" if name == "shift" else name for name in by))
    made = all((part.rows, name) in made_in_engine for name in names if (part.rows, name) in derived)
    return part.kind in ("proportion", "rate") and part.rows in key_of and made


def rows_in_engine(name: str, given: Mapping[str, Table], parts: Sequence[Part], by: Sequence[str]) -> EngineRows:
    """Choose, check and join the columns that parts read.

    Parameters
    ----------
    name : str
        Table whose rows are counted.
    given : mapping of str to ibis Table
    parts : sequence of Part
        Parts that lack nothing and that an engine can count.
    by : sequence of str

    Returns
    -------
    EngineRows
        Rows with a time; what police or team started themselves is left out.

    Raises
    ------
    DataError
        Columns of another type than the dictionary names, missing values where it allows none, rows that stand twice:
        the message lists all.
    """
    there = {table: given[table].columns for table in given}
    wanted: dict[str, list[str]] = {name: [key_of[name], "city", time_of[name]]}
    for part in parts:
        usable = next(choice for choice in needs(part, by) if not absent(choice, there))
        for field in (*usable, f"{name}.{part.cluster}", *(f"{name}.{also}" for also in also_read[name])):
            table, _, column = field.partition(".")
            if column in there.get(table, ()):
                wanted.setdefault(table, []).append(column)
    problems = Problems("the tables to count")
    tables = {table: _typed(given[table], table, dict.fromkeys(columns), problems) for table, columns in wanted.items()}
    problems.raise_if_any(DataError)
    for table, rows in tables.items():
        _refuse_rows(rows, table, problems)
    problems.raise_if_any(DataError)
    base = tables.pop(name)
    if name == "calls" and origin in base.columns and origin not in by:
        base = asked_for_in_engine(base)
    if name == "calls" and "outcomes" in tables:
        base = base.left_join(tables["outcomes"], "call_id").drop("call_id_right")
    return EngineRows(name, base, tables)


def _typed(given: Table, table: str, columns: Iterable[str], problems: Problems) -> Table:
    """Choose columns; note those that are not there or of another type; make blanks and missing codes missing."""
    from coresponder_causal.data import dictionary

    described = dictionary.table(table)
    made = {}
    for name in columns:
        if name not in given.columns:
            problems.add(f"{table}.{name} is missing", mend="rename or add it")
        elif name not in described.names:
            made[name] = given[name]
        elif (wrong := _wrong_type(given[name], described.field(name))) is not None:
            problems.add(
                f"{table}.{name} is {given[name].type()}, {wrong}", mend="validate the table and write it again"
            )
        else:
            made[name] = _without_codes(given[name], described.field(name))
    return given.select(**made)


def _wrong_type(column: Value, field: Field) -> str | None:
    """Say what is wrong with the type of a column; nothing if it is right."""
    kind = column.type()
    right = {
        "text": kind.is_string() or kind.is_integer(),
        "boolean": kind.is_boolean(),
        "integer": kind.is_integer(),
        "number": kind.is_numeric(),
        "datetime": kind.is_timestamp() and kind.timezone is None,
        "date": kind.is_date(),
        "month": kind.is_date(),
    }
    wanted = {"boolean": "not yes or no", "datetime": "not a local clock time without a zone"}
    return None if right[field.type] else wanted.get(field.type, f"no {field.type}")


def _without_codes(column: Value, field: Field) -> Value:
    """Make blanks and missing codes missing, as reading a table does."""
    import ibis

    if field.type == "text":
        text = column.cast("string").strip()
        return text.isin(["", *map(str, field.missing)]).ifelse(ibis.null("string"), text)
    numbers = [code for code in field.missing if not isinstance(code, str)]
    return column.nullif(numbers[0]) if numbers and column.type().is_numeric() else column


def _refuse_rows(rows: Table, table: str, problems: Problems) -> None:
    """Note values that are missing where none may be, or beyond the limits, and rows that stand twice."""
    from coresponder_causal.data import dictionary

    described = dictionary.table(table)
    facts: dict[str, Scalar] = {"rows": rows.count()}
    for field in (described.field(name) for name in rows.columns if name in described.names):
        column = rows[field.name]
        if field.required:
            facts[f"{field.name} is missing"] = true_rows(column.isnull())
        if field.minimum is not None:
            facts[f"{field.name} is below {field.minimum:g}"] = true_rows(column < field.minimum)
        if field.maximum is not None:
            facts[f"{field.name} is above {field.maximum:g}"] = true_rows(column > field.maximum)
    key = described.key[0] if len(described.key) == 1 and described.key[0] in rows.columns else None
    if key:
        facts["keys"] = rows[key].nunique()
        facts["keyed"] = rows[key].count()
    found = rows.aggregate(**facts).to_pandas().iloc[0].astype(int)
    if key and (again := found["keyed"] - found["keys"]):
        problems.add(f"{again} rows of {table} repeat a {key}", mend="keep one row of each")
    if not found["rows"]:
        problems.add(f"there are no {table}", mend="give at least one")
    for said, many in found.drop(["rows", "keys", "keyed"], errors="ignore").items():
        if many:
            problems.add(f"{table}.{said} in {many} rows", mend="correct them, or leave them out")


def answers_in_engine(part: Part, rows: Table) -> Value:
    """Express the place of each row in a part: 1 yes, 0 no, 2 answer not known, 3 place not known, else nothing.

    Parameters
    ----------
    part : Part
    rows : ibis Table
        With every field that the part names.
    """
    import ibis

    number = {
        name: ibis.literal(code, "int8") for name, code in (("no", 0), ("yes", 1), ("unknown", 2), ("nowhere", 3))
    }
    counts = in_engine(part.counts, rows)
    answer = ibis.cases((counts.isnull(), number["unknown"]), (counts, number["yes"]), else_=number["no"])
    among: BooleanValue = in_engine(part.among, rows) if part.among else ibis.literal(True)
    unplaced = among.isnull()
    if part.unit == "person":
        unplaced = unplaced | (among & rows["person"].isnull())
    return ibis.cases((unplaced, number["nowhere"]), (among, answer), else_=ibis.null("int8"))


def names_of(part: Part) -> tuple[str, ...]:
    """Give the names of the fields that a part's answers read."""
    return tuple(dict.fromkeys(name for text in (part.among, part.counts) if text for name in names_in(text)))
