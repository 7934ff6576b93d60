"""Quotes of a code, behind redaction and a person's word that nobody can be known by them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date as calendar_date
from pathlib import Path

import pandas as pd

from coresponder_causal.core.choices import names_of
from coresponder_causal.core.errors import DataError, DisclosureError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.notes import note
from coresponder_causal.data import read_table
from coresponder_causal.privacy import Recognisers, redact
from coresponder_causal.privacy.redaction import digest
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.register import consented

signed_head = ("sha256", "signed_by", "signed_on")
not_signed, is_signed = "not signed off", "signed off"


def quotes(
    coded: Coded,
    *,
    code: str | Sequence[str],
    interviews: object | None,
    by: str = "stakeholder",
    signed: pd.DataFrame | None = None,
    known: Iterable[str] = (),
    places: Iterable[str] = (),
    recognisers: Recognisers = "rules",
) -> pd.DataFrame:
    """Gather what was coded with a code or several, or below, redacted, with the group of who said it.

    Not for saying how many think so: a quote shows what was meant, `code_counts` how many meant it.

    Parameters
    ----------
    coded : Coded
    code : str or sequence of str
    interviews : DataFrame, Table or None
        The register: interviews without consent or withdrawn give no quote. None for texts that are no interviews.
    by : str
        Attribute of the sources that is shown beside a quote.
    signed : DataFrame, optional
        Who read which quotes, as `sign_quotes` gives it.
    known, places, recognisers
        As of `privacy.redact`; the whole source is redacted, so that a name is the same throughout.

    Returns
    -------
    DataFrame
        ``quote``, the group ``said_by`` and ``people``, how many were heard in it; ``code``, ``source``, ``sha256`` of
        words and group, ``status``, ``signed_by``, ``signed_on``. One row for each stretch, in the order of the text.

    Raises
    ------
    DataError
        No such code or attribute, a sign-off that lacks columns; and what `consented` refuses.

    Examples
    --------
    >>> from coresponder_causal.qualitative import Code, Segment, Source
    >>> source = Source(name="N1", text="Maria Lopez sat with me.", attributes=(("stakeholder", "family"),))
    >>> spoken = (Segment(source="N1", start=0, end=23, code="Respect"),)
    >>> coded = Coded(codes=(Code(name="Respect"),), sources=(source,), segments=spoken)
    >>> quotes(coded, code="Respect", interviews=None)[["quote", "said_by", "status"]].values.tolist()
    [['[PERSON 1] sat with me', 'family', 'not signed off']]
    """
    usable = coded if interviews is None else consented(coded, interviews)
    head, problems = usable.source_table(), Problems("the quotes")
    asked = set(names_of(code))
    for lost in sorted(asked - {entry.name for entry in usable.codes}):
        problems.add(f"there is no code {lost!r}", mend="take a name of the codebook")
    if by not in head.columns:
        problems.add(f"no source has an attribute {by!r}", mend=f"take one of {', '.join(head.columns[2:])}")
    if signed is not None and (absent := [name for name in signed_head if name not in signed]):
        problems.add(f"the sign-off has no column {', '.join(absent)}", mend="give what sign_quotes wrote")
    problems.raise_if_any(DataError)
    under = {entry.name for entry in usable.codes if asked & {entry.name, *usable.above(entry.name)}}
    rows = usable.table()
    rows = rows[rows["code"].isin(under)].drop_duplicates(["source", "start", "end"])
    rows = rows.sort_values(["source", "start", "end"], kind="stable").reset_index(drop=True)
    group, people = _groups(head, by)
    sources = list(dict.fromkeys(rows["source"]))
    done = redact([usable.source(name).text for name in sources], known=known, places=places, recognisers=recognisers)
    words = []
    for source, start, end in rows[["source", "start", "end"]].itertuples(index=False, name=None):
        place = sources.index(source)
        first, last = done.place(place, int(start), int(end))
        words.append(" ".join(done.texts[place][first:last].split()))
    found = pd.DataFrame({"quote": words, "said_by": rows["source"].map(group), "code": rows["code"]}, dtype=object)
    found["people"] = found["said_by"].map(people).astype("int64")
    found["source"] = rows["source"]
    found["sha256"] = [digest(pair) for pair in zip(found["quote"], found["said_by"], strict=True)]
    given = pd.DataFrame(columns=list(signed_head), dtype=object) if signed is None else signed
    found = found.merge(given[list(signed_head)].drop_duplicates("sha256"), on="sha256", how="left")
    found.insert(6, "status", found["signed_by"].notna().map({True: is_signed, False: not_signed}).astype(object))
    if stale := int((~given["sha256"].isin(found["sha256"])).sum()):
        note(f"{stale} signed quotes are of other words or another code")
    return found


def _groups(head: pd.DataFrame, by: str) -> tuple[pd.Series, pd.Series]:
    """Group of each source, and the number of cases in each group."""
    named = head.assign(group=head[by].astype(object).where(head[by].notna(), "not said"))
    return named.set_index("source")["group"], named.groupby("group")["case"].nunique()


def sign_quotes(found: pd.DataFrame, *, by: str, on: str, missed: int) -> pd.DataFrame:
    """Record that a person read quotes and found nobody who could be known by them.

    Parameters
    ----------
    found : DataFrame
        Those that were read, of what `quotes` gives: the words and the group beside them.
    by : str
        Who read them, by name and office.
    on : str
        When, e.g. "2026-03-02".
    missed : int
        Quotes by which somebody could still be known. There is no default: somebody must have counted.

    Returns
    -------
    DataFrame
        ``sha256, signed_by, signed_on``: good for these very words alone.

    Raises
    ------
    DisclosureError
        Somebody could be known: redact again with ``known`` or ``places``, or leave the quote out.
    DataError
        Nobody named, no date, no quote, or fewer than none.

    Examples
    --------
    >>> read = pd.DataFrame({"sha256": ["ab"]})
    >>> sign_quotes(read, by="A. Reader, records", on="2026-03-02", missed=0).values.tolist()
    [['ab', 'A. Reader, records', '2026-03-02']]
    """
    problems = Problems("the sign-off")
    if not by.strip():
        problems.add("nobody is named", mend="name the person and the office")
    try:
        calendar_date.fromisoformat(on)
    except ValueError:
        problems.add("the date is no date", mend="write it as 2026-03-02")
    if found.empty:
        problems.add("no quote was read", mend="give those that were")
    if missed < 0:
        problems.add(f"{missed} quotes", mend="give the number that the reader counted, from 0 on")
    problems.raise_if_any(DataError)
    if missed:
        mend = "add the names to known= or places= and redact again, or leave these quotes out"
        raise DisclosureError(f"somebody could be known by {missed} of {len(found)} quotes", mend=mend)
    return pd.DataFrame({"sha256": found["sha256"].unique(), "signed_by": by, "signed_on": on}, dtype=object)


def write_signed_quotes(signed: pd.DataFrame, path: str | Path, *, refused: Iterable[str] = ()) -> Path:
    """Write a sign-off, after what the file holds already; the file is there whole or as it was.

    Parameters
    ----------
    signed : DataFrame
        As `sign_quotes` gives it.
    path : path of a .csv file
    refused : iterable of str
        ``sha256`` of quotes that are no longer to be shown: their earlier sign-off is taken out.
    """
    file = Path(path)
    before = [read_signed_quotes(file)] if file.is_file() else []
    both = pd.concat([*before, signed[list(signed_head)]], ignore_index=True).drop_duplicates("sha256")
    both = both[~both["sha256"].isin(list(refused))]
    return write_whole(file, both.to_csv(index=False, lineterminator="\n").encode())


def read_signed_quotes(path: str | Path) -> pd.DataFrame:
    """Read sign-offs of quotes.

    Parameters
    ----------
    path : path of a .csv file

    Raises
    ------
    DataError
        Columns are missing, or rows say not who or when.
    """
    found = read_table(Path(path))
    problems = Problems(f"the sign-offs in {Path(path).name}")
    if absent := [name for name in signed_head if name not in found]:
        problems.add(f"no column {', '.join(absent)}", mend="give what write_signed_quotes wrote")
    else:
        blank = found[list(signed_head)].isna().any(axis=1)
        if blank.any():
            problems.add(f"{int(blank.sum())} rows are not whole", rows=blank.index[blank], mend="say who and when")
    problems.raise_if_any(DataError)
    return found[list(signed_head)].astype(object)
