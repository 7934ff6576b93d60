"""What stands in a column that Safe Harbor forbids: one look at its role, its numbers, its dates and its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from coresponder_causal.privacy.identifiers import Census, Role, letter_of_kind, letter_of_role, zip3_allowed
from coresponder_causal.privacy.lexicon import lexicon
from coresponder_causal.privacy.recognisers import recognise

Mask: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"

few = 11  # rows that must share a code before it is no longer unique in effect
_SECONDS = (631_152_000, 2_051_222_400)  # 1990 to 2035, counted from 1970


class Hit(NamedTuple):
    """Rows of a column that break one letter."""

    letter: str
    what: str
    basis: str
    rows: Mask


def scan_column(
    values: pd.Series,
    role: Role,
    basis: str,
    *,
    as_of: int,
    census: Census,
    known: Iterable[str] = (),
    places: Iterable[str] = (),
) -> list[Hit]:
    """Find what a column holds that may not stand in a Safe Harbor file.

    Parameters
    ----------
    values : Series, shape (n_rows,)
        The column.
    role : Role
        What it holds.
    basis : str
        How that is known.
    as_of : int
        Year in which ages are counted.
    census : {2000, 2010, 2020}
        Whose small ZIP areas count.
    known, places : iterable of str
        Names and places besides those of the lexicon.

    Returns
    -------
    list of Hit
        Those with rows; the same letter may occur twice, by role and by content. Where the role condemns every row,
        the cells are not read.

    Examples
    --------
    >>> ages = pd.Series(["34", "90+", "93"])
    >>> [(hit.letter, hit.rows.tolist()) for hit in scan_column(ages, "age", "declared", as_of=2026, census=2020)]
    [('C', [False, False, True])]
    """
    filled = values.notna().to_numpy()
    special = _BY_ROLE.get(role)
    if special is not None:
        by_role = special(values, as_of=as_of, census=census)._replace(basis=basis)
    elif role in letter_of_role:
        by_role = Hit(letter_of_role[role], f"holds: {role.replace('_', ' ')}", basis, filled)
    else:
        by_role = Hit("", "", basis, np.zeros(len(values), bool))
    if by_role.rows.any() and by_role.rows.sum() == filled.sum():
        return [by_role]
    hits = [by_role, *_dated(values), *_in_text(values, known, places), *_unique(values, role)]
    return [hit for hit in _strongest(hits) if hit.rows.any()]


def _strongest(hits: list[Hit]) -> Iterator[Hit]:
    """Keep of each letter the first hit, and those that add rows."""
    covered: dict[str, Mask] = {}
    for hit in hits:
        before = covered.get(hit.letter)
        if before is None or (hit.rows & ~before).any():
            yield hit
            covered[hit.letter] = hit.rows if before is None else before | hit.rows


def _geography(values: pd.Series, *, as_of: int, census: Census) -> Hit:
    """Every filled row, unless it holds a state."""
    plain = values.astype("str").str.strip().str.casefold()
    rows = values.notna() & ~plain.isin(lexicon().states)
    return Hit("B", "geography below the state", "", rows.to_numpy(bool))


def _zip(values: pd.Series, *, as_of: int, census: Census) -> Hit:
    """Rows with more than three digits, or with three that stand for few persons or for no area."""
    digits = values.astype("str").str.replace(r"\.0$|\D", "", regex=True)
    short = digits.str.len() <= 3
    padded = digits.str.zfill(3)
    refused = {prefix for prefix in padded[short].unique() if not zip3_allowed(prefix, census)}
    rows = values.notna() & digits.ne("") & (~short | padded.isin(refused))
    return Hit(
        "B", f"ZIP codes with more than three digits, or prefixes that become 000 (census {census})", "", _mask(rows)
    )


def _age(values: pd.Series, *, as_of: int, census: Census) -> Hit:
    """Rows that tell an age over 89 apart from 90 or older."""
    told = values.astype("str").str.strip()
    topped = told.str.fullmatch(r"(?:>=? ?|over )?\d{1,2}\+?(?: ?(?:\+|or older|and over|plus))?") & told.str.contains(
        r"\+|older|over|plus|>", regex=True
    )
    numbers = told.str.findall(r"\d+(?:\.\d+)?").map(_largest, na_action="ignore")
    rows = values.notna() & (numbers > 89) & ~(topped & (numbers <= 90))
    return Hit("C", "ages over 89 told apart", "", _mask(rows))


def _largest(numbers: list[str]) -> float:
    """Largest of some numbers."""
    return max(map(float, numbers), default=np.nan)


def _birth_year(values: pd.Series, *, as_of: int, census: Census) -> Hit:
    """Rows whose year of birth tells an age over 89."""
    years = pd.to_numeric(values.astype("str").str.extract(r"(\d{4})")[0], errors="coerce")
    return Hit("C", f"years of birth that tell an age over 89 in {as_of}", "", _mask(years <= as_of - 90))


_Special: TypeAlias = Callable[..., Hit]
_BY_ROLE: Mapping[str, _Special] = {"geography": _geography, "zip": _zip, "age": _age, "birth_year": _birth_year}


def _dated(values: pd.Series) -> Iterator[Hit]:
    """Rows with moments: dates by type, counted seconds, and numbers such as 20200715."""
    if isinstance(values.dtype, pd.PeriodDtype):
        finer = values.notna() & (not str(values.dtype).startswith("period[Y"))
        yield Hit("C", "periods shorter than a year", "content", _mask(finer))
    elif pd.api.types.is_datetime64_any_dtype(values):
        stamps = values.dt.tz_localize(None)
        finer = values.notna() & (stamps != stamps.dt.to_period("Y").dt.start_time)
        yield Hit("C", "dates finer than the year", "content", _mask(finer))
    elif not pd.api.types.is_bool_dtype(values):
        numbers = pd.to_numeric(values, errors="coerce") if not _datelike(values) else pd.Series(np.nan, values.index)
        low, high = _SECONDS
        seconds = [numbers.between(low * scale, high * scale) for scale in (1, 1_000, 1_000_000)]
        eight = numbers.where(numbers.between(19_000_101, 20_991_231) & (numbers % 1 == 0))
        days = pd.to_datetime(eight.astype("Int64").astype("str"), format="%Y%m%d", errors="coerce")
        counted = pd.concat([*seconds, days.notna()], axis=1).any(axis=1)
        if counted.any() and counted.sum() >= 0.9 * numbers.notna().sum():
            yield Hit("C", "numbers that read as moments", "content", _mask(counted))


def _datelike(values: pd.Series) -> bool:
    """Whether an object column holds moments of Python, which the text of its cells will tell."""
    return bool(values.map(lambda cell: hasattr(cell, "year")).any()) if values.dtype == object else False


def _unique(values: pd.Series, role: Role) -> Iterator[Hit]:
    """Rows whose code few share: every value another one, or a named code."""
    whole = not pd.api.types.is_float_dtype(values) and not pd.api.types.is_datetime64_any_dtype(values)
    if not whole or role in {"text", "record_code", "age", "birth_year", "date"} or len(values) < 20:
        return
    shared = values.map(values.value_counts())
    if values.nunique() == values.notna().sum() > len(values) / 2:
        yield Hit("R", "a value of its own in every row", "content", _mask(values.notna()))
    elif role == "code":
        yield Hit("R", f"codes that fewer than {few} rows share", "content", _mask(shared < few))


def _in_text(values: pd.Series, known: Iterable[str], places: Iterable[str]) -> Iterator[Hit]:
    """Rows whose text holds identifiers, by letter."""
    for kind, rows in sorted(text_kinds(values, known, places).items(), key=lambda entry: letter_of_kind[entry[0]]):
        what = "digests or keys, which are derived codes" if kind == "CODE" else f"reads as {kind.lower()}"
        yield Hit(letter_of_kind[kind], what, "content", rows)


def text_kinds(values: pd.Series, known: Iterable[str] = (), places: Iterable[str] = ()) -> dict[str, Mask]:
    """Find kinds of identifiers in the cells of a column; every distinct cell is read once.

    Parameters
    ----------
    values : Series, shape (n_rows,)
        The column; of numbers, only whole ones of ten or of fifteen and more digits can be identifiers.
    known, places : iterable of str
        Names and places besides those of the lexicon.

    Returns
    -------
    dict of str to array of bool, shape (n_rows,)
        Rows by kind.

    Examples
    --------
    >>> {kind: rows.tolist() for kind, rows in text_kinds(pd.Series(["ok", "call 916-555-0134"])).items()}
    {'PHONE': [False, True]}
    """
    if pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_bool_dtype(values):
        return {}
    if pd.api.types.is_numeric_dtype(values):
        values = _long_numbers(values)
    codes, cells = pd.factorize(values.astype("str").where(values.notna()))
    found: dict[str, list[int]] = {}
    for code, cell in enumerate(cells):
        for kind in {span.kind for span in recognise(str(cell), known=known, places=places)}:
            found.setdefault(kind, []).append(code)
    if cells.size and all(re.fullmatch(r"\d{5}(?:-\d{4})?", str(cell)) for cell in cells):
        found["ZIP"] = list(range(len(cells)))
    return {kind: np.isin(codes, held) for kind, held in found.items()}


def _long_numbers(values: pd.Series) -> pd.Series:
    """Whole numbers as long as those of phones and of cards, as text; the rest missing."""
    long = (values.between(1e9, 1e10, inclusive="left") | (values >= 1e14)).fillna(False)
    return values.where(long & (values % 1 == 0) & (values < 2**63)).astype("Int64").astype("str").where(long)


def _mask(rows: pd.Series) -> Mask:
    """Rows as an array without missing values."""
    return rows.fillna(False).to_numpy(dtype=bool)
