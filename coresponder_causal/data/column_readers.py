"""Cells of a column read as text, numbers, yes or no, dates or months; what cannot be read is said row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from coresponder_causal.data.dictionary import FieldType


Severity: TypeAlias = Literal["error", "quality"]
SEVERAL_OFFSETS = "several offsets from UTC"
_DIGITS = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_SEPARATED = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
_OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})"
_STAMP = rf"\d{{4}}-\d{{2}}-\d{{2}}(?:[ T]\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)? ?{_OFFSET}?)?"
_YES_NO = {"true": True, "yes": True, "1": True, "1.0": True, "false": False, "no": False, "0": False, "0.0": False}
date_mend = "write the date as 2020-07-15, a month as 2020-07"


class Broken(NamedTuple):
    """A rule and the rows of a column that break it."""

    rule: str
    severity: Severity
    mask: pd.Series
    mend: str


Reading: TypeAlias = tuple[pd.Series, list[Broken]]


def is_textual(values: pd.Series) -> bool:
    """Whether a column may hold strings."""
    return pd.api.types.is_object_dtype(values.dtype) or pd.api.types.is_string_dtype(values.dtype)


def is_numeric(values: pd.Series) -> bool:
    """Whether a column holds numbers, not yes or no."""
    return pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)


def _wrong_type(values: pd.Series, wanted: str, filler: pd.Series) -> Reading:
    """Refuse a whole column."""
    held = pd.api.types.infer_dtype(values, skipna=True)
    rule = f"{held} values where {wanted} is wanted"
    return filler, [Broken(rule, "error", values.notna(), f"give {wanted}; check which column was mapped here")]


def _read_text(values: pd.Series) -> Reading:
    """Text; whole numbers are taken as codes."""

    def one(value: object) -> str | None:
        if isinstance(value, str):
            return value
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
            return None
        return str(int(value)) if float(value).is_integer() else None

    if pd.api.types.infer_dtype(values, skipna=True) in {"string", "empty"}:
        return values.astype("str"), []
    column = values.map(one, na_action="ignore").astype("str")
    refused = values.notna() & column.isna()
    return column, [Broken("not a text or code", "error", refused, "write it as text")]


def _read_number(values: pd.Series) -> Reading:
    """Numbers; digits in text are numbers, digits with separators are not."""
    if is_numeric(values):
        numbers, broken = values.astype("Float64").astype("float64"), []
    elif not is_textual(values):
        return _wrong_type(values, "a number", pd.Series(np.nan, index=values.index))
    else:
        text = spelled(values)
        digits = text.str.fullmatch(rf"{_DIGITS}|[+-]?inf", case=False).fillna(value=False)
        separated = text.str.fullmatch(_SEPARATED).fillna(value=False)
        numbers = pd.to_numeric(text.where(digits), errors="coerce").astype("float64")
        broken = [
            Broken("number with thousands separators", "error", separated, "write 1,000 as 1000 in the export"),
            Broken("not a number", "error", text.notna() & ~digits & ~separated, "write digits only"),
        ]
    broken.append(Broken("infinite number", "error", numbers.abs() == np.inf, "correct the division or the export"))
    return numbers, broken


def spelled(values: pd.Series) -> pd.Series:
    """Spell cells out: dates as ISO dates, everything else as Python writes it.

    Parameters
    ----------
    values : Series

    Returns
    -------
    Series of str
    """
    if isinstance(values.dtype, pd.StringDtype):
        return values
    one = values.map(lambda value: value.isoformat() if isinstance(value, dt.date) else str(value), na_action="ignore")
    return one.astype("str")


def _read_integer(values: pd.Series) -> Reading:
    """Whole numbers."""
    numbers, broken = _read_number(values)
    finite = numbers.where(np.isfinite(numbers))
    fractional = finite.notna() & (finite != finite.round())
    broken.append(Broken("not a whole number", "error", fractional, "give a whole number"))
    beyond = (finite.abs() >= 2**63).fillna(value=False)
    broken.append(Broken("a number beyond all counts", "error", beyond, "correct it"))
    return finite.where(~beyond).round().astype("Int64"), broken


def _read_boolean(values: pd.Series) -> Reading:
    """Yes and no, in the ways exports write them."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("boolean"), []
    if not (is_textual(values) or is_numeric(values)):
        return _wrong_type(values, "a yes or no", pd.Series(pd.NA, index=values.index, dtype="boolean"))
    words = {value: _YES_NO.get(str(value).lower()) for value in values.dropna().unique()}
    column = values.map(words).astype("boolean")
    refused = values.notna() & column.isna()
    return column, [Broken("not a yes or no", "error", refused, "write true or false, yes or no, 1 or 0")]


def _read_datetime(values: pd.Series) -> Reading:
    """Local clock times, or moments with an offset."""
    if isinstance(values.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(values.dtype):
        return values.dt.as_unit("us"), []
    if not is_textual(values):
        return _wrong_type(values, "a date and time", pd.Series(pd.NaT, index=values.index, dtype="datetime64[us]"))
    text = spelled(values)
    written = text.str.fullmatch(_STAMP).fillna(value=False)
    offsets = text.where(written).str.extract(rf"\d{{2}}:\d{{2}}.*?({_OFFSET})$", expand=False)
    aware = offsets.notna()
    column = pd.to_datetime(text.where(written), format="ISO8601", errors="coerce", utc=bool(aware.any()))
    broken = [
        Broken("unreadable date", "error", text.notna() & column.isna(), "write local time as 2020-07-15 12:30"),
        Broken("date without a clock time", "quality", written & (text.str.len() == 10), "export the clock time too"),
    ]
    if aware.any() and (written & ~aware).any():
        broken.append(Broken("no offset where other rows have one", "error", written & ~aware, "write all rows alike"))
    elif offsets.nunique() > 1:
        broken.append(Broken(SEVERAL_OFFSETS, "error", offsets.ne(offsets.dropna().iloc[0]) & aware, "fill time_zone"))
    return column.dt.as_unit("us"), broken


def _read_date(values: pd.Series) -> Reading:
    """Calendar dates."""
    stamps, broken = _read_datetime(values)
    broken = [
        entry._replace(mend=date_mend) if entry.rule == "unreadable date" else entry
        for entry in broken
        if entry.severity == "error" and entry.rule != SEVERAL_OFFSETS
    ]
    if stamps.dt.tz is not None:
        zoned = Broken("date with a time zone", "error", stamps.notna(), "give the local calendar date")
        return stamps.dt.tz_localize(None), [*broken, zoned]
    clock = stamps.notna() & (stamps != stamps.dt.normalize())
    return stamps.dt.normalize(), [*broken, Broken("clock time in a date", "quality", clock, "give the date alone")]


def _read_month(values: pd.Series) -> Reading:
    """Calendar months, from Periods, ISO months or dates."""
    if isinstance(values.dtype, pd.PeriodDtype):
        if str(values.dtype) == "period[M]":
            return values, []
        return _wrong_type(values, "a month", pd.Series(pd.NaT, index=values.index, dtype="period[M]"))
    if is_textual(values):
        values = spelled(values)
        values = values.where(~values.str.fullmatch(r"\d{4}-\d{2}").fillna(value=False), values + "-01")
    dates, broken = _read_date(values)
    return dates.dt.to_period("M"), broken


readers: dict[FieldType, Callable[[pd.Series], Reading]] = {
    "text": _read_text,
    "integer": _read_integer,
    "number": _read_number,
    "boolean": _read_boolean,
    "datetime": _read_datetime,
    "date": _read_date,
    "month": _read_month,
}
