"""Keyed tokens: the same person gets the same codes at two agencies that hold one key, and nobody else can make them.

A code without a key is no protection: whoever has a list of names and birth dates can hash it and read the codes back.
Five tokens a person, each of another combination of fields, find again whom one typing error would lose. The spelling
rules and the tokens themselves are those of the county's file, `coresponder_causal.privacy.county_return`.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pandas as pd

from coresponder_causal.core.errors import DisclosureError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.privacy import county_return
from coresponder_causal.privacy.county_return import Key, Person, combinations, token_columns

Rule = Literal["any", "two"]
least_agreeing: dict[Rule, int] = {"any": 1, "two": 2}
Use = Literal["strata", "waves"]
key_formats: dict[Use, str] = {"strata": county_return.key_format, "waves": "waves-key-1"}


def new_key(path: Path | str, *, project: str, period: str, use: Use = "strata", replaces: Key | None = None) -> Key:
    """Write a new key: 32 random bytes in a file that its owner alone may read.

    The key of a return by strata is held by both agencies and nobody else, least of all whoever analyses the counts;
    that of survey waves by the university alone. One is never taken for the other. Each project and period has a key of
    its own.

    Parameters
    ----------
    path : path
        New file; one that is there is refused.
    project, period : str
        What it is for, in letters, digits, blanks and hyphens.
    use : {"strata", "waves"}
        Counts by strata between two agencies, or codes of those who answer a survey.
    replaces : Key, optional
        The key before it: a note says both ids. Lists of the two do not link.

    Returns
    -------
    Key
        Shows its id alone, and does not pickle.

    Raises
    ------
    DisclosureError
        The file is there, or project or period hold other characters: name another.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = new_key(f"{folder}/a.key", project="crisis team", period="2026")
    ...     made.id == read_key(f"{folder}/a.key").id
    True
    """
    place = Path(path)
    if not all(re.fullmatch(r"[\w -]+", text) for text in (project, period)):
        raise DisclosureError("project or period hold more than letters, digits, blanks and hyphens", mend="rename it")
    if place.exists():
        raise DisclosureError(f"{place} is there already: keys are never written over", mend="name a new file")
    held = {"format": key_formats[use], "project": project, "period": period, "key": secrets.token_hex(32)}
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(held, file)
    key = read_key(place, use=use)
    if replaces is not None:
        note(f"key {key.id} takes the place of {replaces.id}: token lists of the two do not link")
    return key


def read_key(path: Path | str, *, use: Use = "strata") -> Key:
    """Read a key.

    Parameters
    ----------
    path : path
    use : {"strata", "waves"}
        What it must have been made for.

    Raises
    ------
    DisclosureError
        Others on the machine may read the file, it is no key, or one of another use: the message says what to do.
    """
    with refusing():
        return county_return.read_key(Path(path), key_formats[use])


def tokens(people: object, *, key: Key, first: str, last: str, birth: str, day_first: bool = False) -> pd.DataFrame:
    """Give every row its five keyed tokens.

    Names are written in small letters without accents (ß as ss, ø as o), hyphens, blanks and suffixes (Jr, III); dates
    in any of several notations become ISO dates. A date such as 3/4/1980 could be read two ways: a note says how many
    were, and how.

    Parameters
    ----------
    people : pandas, polars or pyarrow frame
    key : Key
    first, last, birth : str
        Columns of first names, last names and birth dates.
    day_first : bool
        Whether 3/4/1980 is 3 April.

    Returns
    -------
    DataFrame
        Columns ``token_1`` to ``token_5``; empty texts in a row without a name or a usable birth date.

    Raises
    ------
    DisclosureError
        Columns that are missing: name those there are.

    Examples
    --------
    >>> key = Key(bytes(32), "example", "2026")
    >>> people = pd.DataFrame({"first": ["José", "jose"], "last": ["García-López Jr.", "Garcia Lopez"],
    ...                        "born": ["1980-02-13", "2/13/1980"]})
    >>> tokens(people, key=key, first="first", last="last", birth="born").nunique().tolist()
    [1, 1, 1, 1, 1]
    """
    table = to_pandas(people)
    problems = Problems("people")
    for name in (first, last, birth):
        if name not in table:
            problems.add(f"column '{name}' is missing", mend="rename the column or the argument")
    problems.raise_if_any(DisclosureError)
    dates = [county_return.plain_date(text, day_first=day_first) for text in _texts(table[birth])]
    names = (map(county_return.plain_name, _texts(table[column])) for column in (first, last))
    persons = map(Person, *names, (iso for iso, _ in dates))
    made = pd.DataFrame(
        [county_return.tokens_of(person, key) for person in persons], columns=list(token_columns), index=table.index
    )
    if empty := int((made["token_1"] == "").sum()):
        note(f"{empty} of {len(made)} rows have no token: a name or a birth date is missing or cannot be read")
    if either := sum(turned for _, turned in dates):
        order = "day" if day_first else "month"
        note(f"{either} birth dates could be read two ways: the {order} was taken to come first")
    return made


def link_tokens(left: pd.DataFrame, right: pd.DataFrame, *, rule: Rule = "any") -> pd.DataFrame:
    """Link rows of two token tables of one key.

    Parameters
    ----------
    left, right : DataFrame
        As `tokens` gives them.
    rule : {"any", "two"}
        Whether one token must agree or two. Twins with one initial share a token, as do people who share both.

    Returns
    -------
    DataFrame
        ``left, right`` (labels of rows), ``agreeing`` (number of tokens) and ``strongest`` (the first combination in
        which they agree), in the order of the labels. A row may stand in several pairs: a note says how many do.

    Raises
    ------
    DisclosureError
        A rule that does not exist, or tables without token columns.

    Examples
    --------
    >>> key = Key(bytes(32), "example", "2026")
    >>> left = pd.DataFrame({"f": ["Ana", "Ben"], "l": ["Ruiz", "Cole"], "b": ["1980-02-03", "1990-01-01"]})
    >>> right = pd.DataFrame({"f": ["Anna"], "l": ["Ruiz"], "b": ["1980-02-03"]})
    >>> both = [tokens(side, key=key, first="f", last="l", birth="b") for side in (left, right)]
    >>> link_tokens(*both)[["left", "right", "agreeing"]].values.tolist()
    [[0, 0, 2]]
    """
    if rule not in least_agreeing:
        raise DisclosureError(f"rule={rule!r} is not a choice", mend="choose from any, two")
    if any(name not in side for side in (left, right) for name in token_columns):
        raise DisclosureError("a table has no token columns", mend="give tables as tokens() makes them")
    found = [_agreeing(left[name], right[name]).assign(place=place) for place, name in enumerate(token_columns)]
    pairs = pd.concat(found, ignore_index=True).groupby(["left", "right"], as_index=False)["place"].agg(["size", "min"])
    pairs = pairs[pairs["size"] >= least_agreeing[rule]].reset_index(drop=True)
    strongest = pairs["min"].map(dict(enumerate(combinations)))
    linked = pairs[["left", "right"]].assign(agreeing=pairs["size"].astype(int), strongest=strongest.astype(str))
    for side in ("left", "right"):
        if several := int((linked[side].value_counts() > 1).sum()):
            note(f"{several} rows on the {side} are linked to more than one row of the other side")
    return linked


def _agreeing(left: pd.Series, right: pd.Series) -> pd.DataFrame:
    """Pairs of labels that share a token."""
    one, other = (
        pd.DataFrame({"token": side[side != ""].to_numpy(str), name: side.index[side != ""]})
        for name, side in (("left", left), ("right", right))
    )
    return pd.DataFrame(one.merge(other, on="token")[["left", "right"]])


def _texts(values: pd.Series) -> Sequence[str]:
    """Texts of a column; missing values as empty ones."""
    return ["" if missing else str(value) for value, missing in zip(values, values.isna(), strict=True)]


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a refusal of the county's file into an error of the package."""
    try:
        yield
    except county_return.Refusal as refused:
        raise DisclosureError(refused.what, mend=refused.mend) from None
