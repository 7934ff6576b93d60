"""Columns read for a design: everything wrong with them is gathered, nothing is mended in silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.form import form_of
from coresponder_causal.core.numbered import numbered
from coresponder_causal.data import frames
from coresponder_causal.data.periods import TimeAxis, parse_time

Array = NDArray[np.float64]
Sign = Literal["any", "nonnegative", "positive"]
T = TypeVar("T")
most_places = 8  # for each row, when rows are told apart by marking places
of_any_row = "fill them at the source, or leave those rows out and say so"
of_a_period = "fill them (a period without events is a 0) or leave those rows out"
of_a_call = "a blank is not a no: leave those calls out and say so, or bound what they can be: PartlyKnownDesign"


def rectangular(frame: object, wanted: Sequence[str | None], problems: Problems) -> pd.DataFrame:
    """Frame as pandas with a fresh index; missing columns and an empty frame are raised at once."""
    table = frames.to_pandas(frame).reset_index(drop=True)
    if table.empty:
        problems.add("the frame has no rows", mend="give it at least one row per period")
    doubled = sorted({str(name) for name in table.columns[table.columns.duplicated()]})
    if doubled:
        problems.add(f"columns given twice: {', '.join(doubled)}", mend="keep one of each")
    for name in dict.fromkeys(column for column in wanted if column is not None):
        if name not in table.columns:
            has = ", ".join(map(str, table.columns[:12]))
            problems.add(f"column '{name}' is missing (there are: {has})", mend="rename the column or the argument")
    problems.raise_if_any(DesignError)
    return table


def numbers(
    table: pd.DataFrame, column: str, problems: Problems, *, sign: Sign = "any", missing: str = of_any_row
) -> Array:
    """Values of a column as floats; text, missing, infinite and wrongly signed values are problems.

    ``missing`` says what to do about missing values.
    """
    values = table[column]
    if pd.api.types.is_complex_dtype(values):
        problems.add(f"'{column}' holds complex numbers", mend="give real numbers")
        return np.full(len(table), np.nan)
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        text = values.map(lambda value: isinstance(value, str))
        kind = (
            f"text in {counted(int(text.sum()), 'row')}, of the form {form_of(values[text].iloc[0])}"
            if text.any()
            else str(values.dtype)
        )
        problems.add(
            f"'{column}' is not numeric: {kind}",
            mend="read it as numbers (thousands separators and text codes removed)",
            rows=np.flatnonzero(text),
        )
        return np.full(len(table), np.nan)
    found = values.to_numpy(dtype=float, na_value=np.nan)
    wrong = {
        "missing": (np.isnan(found), missing),
        "infinite": (np.isinf(found), "look for a division by zero where the column is made"),
    }
    if sign != "any":
        below = found < 0 if sign == "nonnegative" else found <= 0
        wrong["negative" if sign == "nonnegative" else "zero or negative"] = (below, "correct them at the source")
    for word, (where, mend) in wrong.items():
        if where.any():
            problems.add(
                f"'{column}' is {word} in {counted(int(where.sum()), 'row')}", mend=mend, rows=np.flatnonzero(where)
            )
    return found


def check_numbers(
    table: pd.DataFrame,
    problems: Problems,
    *,
    any_sign: Sequence[str],
    nonnegative: Sequence[str | None],
    positive: Sequence[str | None],
) -> None:
    """Gather what is wrong with columns of numbers, each once, by its strictest sign; None is no column."""
    signs: dict[str, Sign] = dict.fromkeys(any_sign, "any")
    signs |= {name: "nonnegative" for name in nonnegative if name is not None}
    signs |= {name: "positive" for name in positive if name is not None}
    for name, sign in signs.items():
        numbers(table, name, problems, sign=sign)


def check_outcome(table: pd.DataFrame, outcome: str | None, problems: Problems, *, sign: Sign = "any") -> None:
    """Gather what is wrong with an outcome by period: no number everywhere, or the same in every period."""
    if outcome is not None:
        varies(numbers(table, outcome, problems, sign=sign, missing=of_a_period), f"'{outcome}'", problems)


def check_named(table: pd.DataFrame, column: str, problems: Problems, *, mend: str) -> None:
    """Gather the rows that do not say whose they are."""
    missing = table[column].isna().to_numpy()
    if missing.any():
        rows = np.flatnonzero(missing)
        problems.add(f"'{column}' is missing in {counted(len(rows), 'row')}", mend=mend, rows=rows)


def check_single(keys: Mapping[str, object], what: str, problems: Problems, *, mend: str) -> None:
    """Gather the rows that repeat the keys of an earlier row; ``what`` names the keys in words."""
    if _all_differ(keys):
        return
    doubled = pd.DataFrame(keys).duplicated().to_numpy()
    if doubled.any():
        rows = np.flatnonzero(doubled)
        problems.add(f"{counted(len(rows), 'row')} with {what} of another row", mend=mend, rows=rows)


def _all_differ(keys: Mapping[str, object]) -> bool:
    """Whether rows, marked in a table with a place for all keys, need a place each; not told where places are many."""
    cells: NDArray[np.intp] | int = 0
    places, rows = 1, 0
    for labels in keys.values():
        codes, many = numbered(np.asarray(labels))
        places, rows = places * many, len(codes)
        if places > most_places * rows or codes.min(initial=0) < 0:
            return False
        cells = cells * many + codes
    taken = np.zeros(places, bool)
    taken[cells] = True
    return int(np.count_nonzero(taken)) == rows


def require_outcome(table: pd.DataFrame, outcome: str, subject: str, *, sign: Sign = "any") -> None:
    """Refuse an outcome that is not there, not a number everywhere, or never varies."""
    problems = Problems(subject)
    rectangular(table, [outcome], problems)
    check_outcome(table, outcome, problems, sign=sign)
    problems.raise_if_any(DesignError)


def require_numbers(table: pd.DataFrame, column: str, subject: str, *, sign: Sign = "any") -> None:
    """Refuse a column that is not there, not a number everywhere, or wrongly signed."""
    problems = Problems(subject)
    rectangular(table, [column], problems)
    numbers(table, column, problems, sign=sign)
    problems.raise_if_any(DesignError)


def kept_periods(positions: NDArray[np.int64], left_out: Sequence[int], start: int) -> NDArray[np.bool_]:
    """Rows outside some positions; refused where nothing is left on one side of the start, or nothing is left out.

    Examples
    --------
    >>> kept_periods(np.array([0, 1, 2, 3]), [1], 2).tolist()
    [True, False, True, True]
    """
    kept = ~np.isin(positions, np.asarray(left_out, int))
    if kept.all():
        raise DesignError("none of the periods to be left out is in the data", mend="name others")
    if not (kept & (positions < start)).any() or not (kept & (positions >= start)).any():
        raise DesignError("no period is left on one side of the start", mend="leave out fewer periods")
    return np.asarray(kept, bool)


def counted(number: int, noun: str) -> str:
    """Write a number and its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def some_of(values: Sequence[object] | pd.Index, column: str, *, most: int) -> str:
    """First values of a column in brackets; nothing where the data dictionary holds them back.

    Examples
    --------
    >>> some_of(["Davis", "Woodland"], "city", most=1), some_of(["P1"], "person", most=1)
    (' (Davis)', '')
    """
    from coresponder_causal.data import dictionary

    return "" if dictionary.held_back(column) else f" ({', '.join(map(str, values[:most]))})"


def attempt(make: Callable[[], T], problems: Problems) -> T | None:
    """Return what ``make`` makes, or None with its DesignError among the problems."""
    try:
        return make()
    except DesignError as error:
        problems.add(error.what, mend=error.mend)
        return None


def time_axis(table: pd.DataFrame, column: str, problems: Problems) -> TimeAxis:
    """Regular time axis of a column; without one nothing else can be checked, so it is raised at once."""
    axis = attempt(lambda: parse_time(table[column]), problems)
    if axis is None:
        problems.raise_if_any(DesignError)
    assert axis is not None  # raise_if_any has raised
    return axis


def varies(values: Array, what: str, problems: Problems) -> None:
    """Refuse an outcome that never varies: it carries no error to judge a change by."""
    if len(values) > 1 and np.isfinite(values).all() and np.ptp(values) == 0:
        problems.add(f"{what} is {values[0]:g} in every period", mend="choose an outcome that varies")


def full_season(freq: str, season: float | Literal["auto"] | None) -> float | None:
    """Periods in a year: 12 for months and 365.25/7 for weeks unless said otherwise; None for no season."""
    if season == "auto":
        return {"M": 12.0, "W": 365.25 / 7}.get(freq)
    if season is not None and not (isinstance(season, (int, float)) and season > 1):
        raise DesignError(f"season={season!r} is not a number of periods", mend="give 12 for months, or None")
    return season
