"""A form on which a reader says of each quote whether it may be shown, and what comes back of it."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.qualitative.answered_forms import answers
from coresponder_causal.qualitative.wording import plain

quote_answer = "may_be_shown"


def quote_form(found: pd.DataFrame) -> pd.DataFrame:
    """Form of a reader: each quote with the group of who said it; those signed before are marked yes.

    Parameters
    ----------
    found : DataFrame
        As `quotes` gives it.

    Returns
    -------
    DataFrame
        ``id, text, said_by, people`` heard in that group, ``may_be_shown`` and ``remark`` to fill.

    Examples
    --------
    >>> one = {"quote": "Calm.", "said_by": "family", "people": 9, "sha256": "ab" * 32, "signed_by": None}
    >>> quote_form(pd.DataFrame([one])).values.tolist()
    [['Qabababababab', 'Calm.', 'family', 9, '', '']]
    """
    signed = found["signed_by"].notna()
    return pd.DataFrame(
        {
            "id": _ids(found),
            "text": [plain(text) for text in found["quote"]],
            "said_by": found["said_by"],
            "people": found["people"],
            quote_answer: signed.map({True: "yes", False: ""}),
            "remark": "",
        }
    ).reset_index(drop=True)


def read_quote_form(found: pd.DataFrame, form: pd.DataFrame) -> pd.Series:
    """Read which quotes may be shown.

    Parameters
    ----------
    found : DataFrame
        As `quotes` gives it now.
    form : DataFrame
        The filled form.

    Returns
    -------
    Series of bool
        One for each row of ``found``.

    Raises
    ------
    DataError
        Listing every broken row: ids that are none of these quotes, come twice or are gone, answers that are neither
        yes nor no, rows without one, words or groups that somebody changed on the form.
    """
    problems, ids = Problems("the form of quotes"), _ids(found)
    said = answers(form, ids, "form", problems, answer=quote_answer)
    asked = {(key, plain(text), str(by)) for key, text, by in zip(ids, found["quote"], found["said_by"], strict=True)}
    if {"id", "text", "said_by"} <= set(form.columns):
        rows = form[["id", "text", "said_by"]].astype("string").fillna("").itertuples(index=False, name=None)
        known = set(ids)
        other = [key for key, text, by in rows if key in known and (key, _bare(text), by) not in asked]
        if other:
            mend = "write the form anew: a word is good for these very letters"
            problems.add(f"form: {len(other)} quotes have other words than were asked about", rows=other, mend=mend)
    problems.raise_if_any(DataError)
    return pd.Series([said[key] for key in ids], index=found.index, dtype=bool)


def _ids(found: pd.DataFrame) -> list[str]:
    return [f"Q{digest[:12]}" for digest in found["sha256"]]


def _bare(text: str) -> str:
    """Text without the apostrophe that keeps a .csv from being a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@") else text
