"""One column at a time: from what an export holds to the type that the dictionary names, with all that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from coresponder_causal.data.dictionary import Field
from coresponder_causal.data.column_readers import Broken, Reading, Severity, is_numeric, is_textual, readers
from coresponder_causal.data.zones import is_zone

_beyond = "correct it, name its missing code, or ingest with beyond_limits_to_missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a table.

    Parameters
    ----------
    rule : str
        What is broken.
    field : str
        Where; empty for the table as a whole.
    severity : {"error", "quality"}
        Whether the table can be used nevertheless.
    count : int
        How many rows break it.
    rows : tuple of str
        The first five row numbers, with values where the field is open.
    mend : str
        What puts it right.
    """

    rule: str
    field: str
    severity: Severity
    count: int
    rows: tuple[str, ...]
    mend: str


missing_value = "missing value"
unexpected_code = "unexpected code"


def typed(values: pd.Series, field: Field) -> tuple[pd.Series, list[Finding]]:
    """Give a column the type of its field.

    Parameters
    ----------
    values : Series, shape (n_rows,)
        The column as it came.
    field : Field
        Its entry in the dictionary.

    Returns
    -------
    Series, shape (n_rows,)
        The column typed; unreadable values and missing codes are missing.
    list of Finding
        Every broken rule, errors and doubts of quality.

    Examples
    --------
    >>> from coresponder_causal.data import dictionary
    >>> column, found = typed(pd.Series(["yes", "0", "maybe"]), dictionary.table("calls").field("attended"))
    >>> column.tolist(), found[0].rule, found[0].rows
    ([True, False, <NA>], 'not a yes or no', ("2: 'maybe'",))
    """
    column, broken = read_cells(values, field)
    return column, [finding(entry, field, values) for entry in broken if entry.mask.any()]


def read_cells(values: pd.Series, field: Field) -> Reading:
    """Give a column the type of its field, and say row by row what is wrong.

    Parameters
    ----------
    values : Series, shape (n_rows,)
        The column as it came.
    field : Field
        Its entry in the dictionary.

    Returns
    -------
    Series, shape (n_rows,)
        The column typed.
    list of Broken
        Rules with a mask of the rows that break each; a mask may be empty.

    Examples
    --------
    >>> from coresponder_causal.data import dictionary
    >>> column, broken = read_cells(pd.Series(["3", "x"]), dictionary.table("calls").field("priority"))
    >>> [entry.mask.tolist() for entry in broken if entry.rule == "not a number"]
    [[False, True]]
    """
    plain = _without_codes(values, field)
    column, broken = readers[field.type](plain)
    if field.required:
        broken.append(Broken(missing_value, "error", plain.isna(), "fill it, or drop the row and say so"))
    return column, [*broken, *_outside(column, field)]


def finding(broken: Broken, field: Field, values: pd.Series) -> Finding:
    """Name the first five offending rows; show their values only where the field is open.

    Parameters
    ----------
    broken : Broken
        The rule and its rows.
    field : Field
        The field, whose privacy class decides what is shown.
    values : Series, shape (n_rows,)
        The column as it came.

    Returns
    -------
    Finding
    """
    rows = np.flatnonzero(broken.mask.to_numpy(dtype=bool))
    first = zip(rows[:5], values.iloc[rows[:5]].tolist(), strict=True)
    shown = tuple(f"{row}: {value!r}" if field.privacy == "open" else str(row) for row, value in first)
    return Finding(broken.rule, field.name, broken.severity, rows.size, shown, broken.mend)


def _without_codes(values: pd.Series, field: Field) -> pd.Series:
    """Make blanks and missing codes missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_bool_dtype(values.dtype) or not (is_textual(values) or is_numeric(values)):
        return values
    if not is_textual(values):
        numbers = [code for code in field.missing if not isinstance(code, str)]
        return values.mask(values.isin(numbers)) if numbers else values
    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        plain: pd.Series = values.astype("str").str.strip()
    else:
        plain = values.map(lambda value: value.strip() if isinstance(value, str) else value, na_action="ignore")
    return plain.mask(plain.isin(["", *field.missing, *map(str, field.missing)]))


def _outside(column: pd.Series, field: Field) -> list[Broken]:
    """Values beyond the limits, or not among the codes."""
    broken = []
    if field.minimum is not None:
        below = (column < field.minimum).fillna(value=False)
        broken.append(Broken(f"below {field.minimum:g}", "error", below, _beyond))
    if field.maximum is not None:
        above = (column > field.maximum).fillna(value=False)
        broken.append(Broken(f"above {field.maximum:g}", "error", above, _beyond))
    if field.allowed is not None:
        other = column.notna() & ~column.isin(field.allowed)
        broken.append(Broken(unexpected_code, "quality", other, "add a crosswalk to the codes of the dictionary"))
    if field.unit == "IANA name":
        unknown = column.notna() & ~column.map({name: is_zone(name) for name in column.dropna().unique()}).eq(True)
        broken.append(Broken("unknown time zone", "error", unknown, "write its IANA name, e.g. America/Los_Angeles"))
    return broken
