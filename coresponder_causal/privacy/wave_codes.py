"""Codes of those who answer a survey: one for the employer's file, another for the answers, and a key between them.

The university draws the key and no employer ever holds it. From a list of officers or staff it makes two codes each.
The employer gets the first and writes its file of groups with it. Answers are kept under the second. Whoever holds only
the employer's list and a copy of the answers cannot bring them together.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from coresponder_causal.core.errors import DisclosureError, Problems
from coresponder_causal.core.folders import write_together
from coresponder_causal.core.parsed import json_of
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.privacy.county_return import Key

codes_format = "wave-codes-1"


class Codes(NamedTuple):
    """The employer's list: id of the key it was made with, and ``person, code``."""

    key: str
    frame: pd.DataFrame


def answer_code(code: str, key: Key) -> str:
    """Code under which the answers of somebody with an employer's code are kept."""
    return key.digest(f"answers of {code}")


def issue_codes(people: object, *, key: Key, person: str = "officer") -> pd.DataFrame:
    """Give everybody on a list a code for the employer's file and one for the answers.

    Parameters
    ----------
    people : pandas, polars or pyarrow frame
        One row a person.
    key : Key
        Of the university, made with ``use="waves"``.
    person : str
        Column of the employer's own number of a person.

    Returns
    -------
    DataFrame
        ``person`` (as given), ``code`` and ``answers``, in the order of the codes.

    Raises
    ------
    DisclosureError
        No such column, empty numbers, or one that stands there twice: the message counts them.

    Examples
    --------
    >>> key = Key(bytes(32), "example", "2026")
    >>> made = issue_codes(pd.DataFrame({"officer": ["4711", "4712"]}), key=key)
    >>> made["code"].nunique(), made["answers"].isin(made["code"]).any()
    (2, np.False_)
    """
    table = to_pandas(people)
    problems = Problems("the list of persons")
    if person not in table:
        problems.add(f"column '{person}' is missing", mend="rename the column, or name it")
        problems.raise_if_any(DisclosureError)
    number = table[person].astype("string").str.strip().fillna("")
    for what, where, mend in (
        ("rows without a number", number == "", "give every person a number"),
        ("rows of a person who stands there before", (number != "") & number.duplicated(), "keep one row a person"),
    ):
        if where.any():
            problems.add(
                f"{int(where.sum())} {what}", mend=mend, rows=[int(row) for row in where.to_numpy().nonzero()[0]]
            )
    problems.raise_if_any(DisclosureError)
    codes = [key.digest(f"code of {one}") for one in number]
    made = pd.DataFrame({"person": number.astype(object), "code": codes})
    return made.assign(answers=[answer_code(code, key) for code in codes]).sort_values("code", ignore_index=True)


def write_codes(codes: pd.DataFrame, out: Path | str, *, key: Key) -> list[Path]:
    """Write the list for the employer, and that by which the university invites people.

    Parameters
    ----------
    codes : DataFrame
        As `issue_codes` gives it.
    out : path
        Folder.
    key : Key

    Returns
    -------
    list of Path
        ``to_employer/codes.csv`` (person, code) and ``kept/invitations.csv`` (person, answers), each in the order of
        the persons, for the owner's eyes alone.
    """
    rows = codes.sort_values("person", kind="stable")
    head = {"format": codes_format, "key": key.id}
    listed = with_head(head, rows[["person", "code"]])
    invited = rows[["person", "answers"]].to_csv(index=False, lineterminator="\n")
    files = {"to_employer/codes.csv": listed, "kept/invitations.csv": invited.encode()}
    return write_together(Path(out), files, private=files)


def read_codes(path: Path | str) -> Codes:
    """Read the employer's list.

    Parameters
    ----------
    path : path

    Returns
    -------
    Codes

    Raises
    ------
    DisclosureError
        The file is no list of codes.
    """
    head, rows = read_headed(path, codes_format, ("person", "code"), mend="ask the university for the list again")
    return Codes(str(head["key"]), rows)


def with_head(head: dict[str, Any], rows: pd.DataFrame) -> bytes:
    """Write a table below a line that says what it is."""
    return f"# {json.dumps(head)}\n{rows.to_csv(index=False, lineterminator=chr(10))}".encode()


def read_headed(
    path: Path | str, version: str, columns: tuple[str, ...], *, mend: str
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read a table below a line that says what it is; every cell is text."""
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            head = json_of(file.readline().lstrip("# "))
            rows = pd.DataFrame(list(csv.DictReader(file, strict=True)), dtype=object)
        whole = None not in rows and bool(rows.notna().all(axis=None))
        fits = whole and head["format"] == version and "key" in head and set(columns) <= set(rows)
    except (ValueError, KeyError, TypeError, csv.Error):
        fits = False
    if not fits:
        raise DisclosureError(f"{path} is not a file of the kind {version}", mend=mend)
    return head, rows
