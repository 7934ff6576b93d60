"""What a column holds, by declaration, the data dictionary, or the words of its name; and whether its name is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.privacy.identifiers import Role, roles
from coresponder_causal.privacy.recognisers import recognise

if TYPE_CHECKING:
    import pandas as pd

    from coresponder_causal.data.dictionary import Field

Known: TypeAlias = Literal["declared", "dictionary", "column name"]

# In order: the first that occurs in the words of a name, joined by "_", decides.
_CUES: tuple[tuple[str, Role], ...] = (
    (r"birth_year|year_of_birth|yob", "birth_year"),
    (r"birth_(?:year_)?band|age_(?:group|band)|time_zone|(?:response|travel|wait|elapsed)_time", "other"),
    (r"dob|birth\w*|born", "date"),
    (r"zip\w*|postal|postcode", "zip"),
    (r"age|ages", "age"),
    (r"fax", "fax"),
    (r"\w*phone|tel|mobile|cell", "phone"),
    (r"e_mail|e?mail", "email"),
    (r"ssn|social_security", "ssn"),
    (r"mrn|medical_record|chart", "mrn"),
    (r"beneficiary|medi_?cal|medicaid|medicare|cin|member|subscriber|policy", "plan"),
    (r"account|acct|iban|card", "account"),
    (r"vin|plate|vehicle", "vehicle"),
    (r"licen[cs]e|certificate|dl", "licence"),
    (r"imei|mac|serial|device", "device"),
    (r"url|website|link", "url"),
    (r"ip", "ip"),
    (r"fingerprint|retina|iris|voice\w*|biometric|face", "biometric"),
    (r"photo\w*|picture|image|portrait|video|bodycam", "photo"),
    (r"name|\w*surname|forename|firstname|lastname|alias|aka|nickname", "name"),
    (
        r"address|street|city|town|county|district|beat|precinct|tract|block|neighbou?rhood|ward|lat|latitude|lon|lng|"
        r"longitude|geocode|parish|village|place|facility|hospital|clinic|school|station|location|x_coord|y_coord",
        "geography",
    ),
    (r"date\w*|timestamp|day|month|week\w*|quarter|season|hour|dow|time|(?:\w+_)?(?:at|on)$", "date"),
    (r"id|ids|uuid|guid|token|hash|key|number|no|num|code|person|officer|staff|patient|client", "code"),
    (r"text|narrative|remarks?|comments?|notes?|description", "text"),
)
_BY_FIELD: Mapping[str, Role] = {
    "address": "geography",
    "beat": "geography",
    "city": "geography",
    "hour": "date",
    "hour_of_week": "date",
    "region": "geography",
    "text": "text",
}


def column_roles(
    frame: pd.DataFrame, declared: Mapping[str, Role] | None = None, table: str | None = None
) -> dict[str, tuple[Role, Known]]:
    """Say what each column holds, and how that is known.

    Parameters
    ----------
    frame : DataFrame
        The table.
    declared : mapping of str to Role, optional
        What columns hold; it goes before everything else.
    table : str, optional
        Table of the data dictionary, whose privacy classes and types speak for the rest.

    Returns
    -------
    dict of str to (Role, str)
        In the order of the columns.

    Raises
    ------
    DataError
        A declared column that is not there, or a word that is no role: all are listed.

    Examples
    --------
    >>> import pandas as pd
    >>> column_roles(pd.DataFrame(columns=["dob", "arrest", "site"]), {"site": "geography"})
    {'dob': ('date', 'column name'), 'arrest': ('other', 'column name'), 'site': ('geography', 'declared')}
    """
    stated = dict(declared or {})
    problems = Problems("roles")
    for name, role in stated.items():
        if name not in frame.columns:
            problems.add(f"there is no column {name!r}", mend="correct its name")
        if role not in roles:
            problems.add(f"{role!r}, for {name!r}, is no role", mend=f"take one of {', '.join(roles)}")
    problems.raise_if_any(DataError)
    fields, keys = _fields(table)
    found: dict[str, tuple[Role, Known]] = {}
    for name in map(str, frame.columns):
        if name in stated:
            found[name] = stated[name], "declared"
        elif name in fields:
            found[name] = _of_field(fields[name], keys), "dictionary"
        else:
            found[name] = _of_name(name), "column name"
    return found


def kinds_in_name(text: str, known: Iterable[str] = (), places: Iterable[str] = ()) -> set[str]:
    """Find kinds of identifiers in the name of a file or of a column.

    Parameters
    ----------
    text : str
    known, places : iterable of str
        Names and places besides those of the lexicon.

    Returns
    -------
    set of str

    Examples
    --------
    >>> kinds_in_name("maria_916-555-0134") == {"PERSON", "PHONE"}, kinds_in_name("prior_contacts")
    (True, set())
    """
    plain = re.sub(r"[_.]+", " ", Path(text).stem)
    return {span.kind for part in (text, plain, *plain.split()) for span in recognise(part, known=known, places=places)}


def shown_names(columns: Iterable[object], known: Iterable[str] = (), places: Iterable[str] = ()) -> dict[str, str]:
    """Say by which names columns may be shown.

    Parameters
    ----------
    columns : iterable
        Names of the columns.
    known, places : iterable of str
        Names and places besides those of the lexicon.

    Returns
    -------
    dict of str to str
        A name that reads as an identifier is shown as "column 3", counted from 0. Where one reads as anything but a
        place, the heading may be a row of the table, and no name is shown.

    Examples
    --------
    >>> shown_names(["davis", "hold"]), shown_names(["Maria", "hold"])
    ({'davis': 'column 0', 'hold': 'hold'}, {'Maria': 'column 0', 'hold': 'column 1'})
    """
    kinds = {name: kinds_in_name(name, known, places) for name in map(str, columns)}
    row = any(found - {"PLACE"} for found in kinds.values())
    return {name: f"column {i}" if row or found else name for i, (name, found) in enumerate(kinds.items())}


def _fields(table: str | None) -> tuple[dict[str, Field], tuple[str, ...]]:
    """Fields of a table of the dictionary by name, and those that name its rows."""
    if table is None:
        return {}, ()
    from coresponder_causal.data import dictionary

    entry = dictionary.table(table)
    return {field.name: field for field in entry.fields}, entry.key


def _of_field(field: Field, keys: tuple[str, ...]) -> Role:
    """Role of a field by its name, its type, its class of privacy, and whether it names rows."""
    if field.name in _BY_FIELD:
        return _BY_FIELD[field.name]
    if field.type in {"datetime", "date", "month"}:
        return "date"
    hidden_key = field.name in keys and field.type == "text" and field.privacy != "open"
    return "code" if hidden_key or field.privacy == "identifying" else "other"


def _of_name(name: str) -> Role:
    """Role that the words of a column's name suggest."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    words = re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")
    hits = (role for cue, role in _CUES if re.search(rf"(?:^|_)(?:{cue})(?:_|$)", words))
    return next(hits, "other")
