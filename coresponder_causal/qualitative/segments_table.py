"""Coded text as plain tables: one row for each segment, for teams that code in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.notes import note
from coresponder_causal.data.frames import decoded, read_table, to_pandas
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.entries import Code, Segment, Source, joined
from coresponder_causal.qualitative.offsets import same_words
from coresponder_causal.qualitative.wording import plain

HEAD = ("source", "start", "end", "code", "coder", "memo", "quote")
_NEEDED = ("source", "code")

Row: TypeAlias = Mapping[str, object]


def write_segments(coded: Coded, path: str | Path) -> Path:
    """Write one row for each segment, as CSV.

    Parameters
    ----------
    coded : Coded
    path : str or Path
        Ends in .csv.

    Returns
    -------
    Path
        The file, which its owner alone may read, in UTF-8: ``source``, ``start``, ``end`` (code points from 0, the end
        after the last one), ``code``, ``coder``, ``memo``, ``quote``.

    Examples
    --------
    >>> import tempfile
    >>> source = Source(name="I01", text="They listened.")
    >>> spoken = (Segment(source="I01", start=5, end=13, code="Respect", coder="ann"),)
    >>> coded = Coded(codes=(Code(name="Respect"),), sources=(source,), segments=spoken)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = write_segments(coded, Path(folder) / "segments.csv")
    ...     read_segments(file, codes=coded.codes, sources=coded.sources) == coded
    True
    """
    text: str = coded.table()[list(HEAD)].to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    return write_whole(Path(path), text.encode("utf-8"), private=True)


def read_segments(
    table: str | Path | object, *, codes: Sequence[Code], sources: Sequence[Source], name: str = "coded text"
) -> Coded:
    """Read segments of a table, given the codebook and the texts.

    Parameters
    ----------
    table : str, Path, DataFrame or Table
        A .csv, .tsv, .xlsx or .parquet file, or a table, with ``source``, ``code``, and either ``start`` and ``end`` or
        the words that were coded, ``quote``; ``coder`` and ``memo`` as known. Of a row without positions the words must
        stand exactly once in the source, apart from blanks at their ends.
    codes : sequence of Code
    sources : sequence of Source
    name : str
        What the project is called.

    Returns
    -------
    Coded

    Raises
    ------
    DataError
        Listing the rows whose positions are no numbers, whose words are not in the text or stand there more than once,
        and every rule of `Coded` that is broken.

    Examples
    --------
    >>> import pandas as pd
    >>> said = pd.DataFrame({"source": ["I01"], "code": ["Respect"], "quote": ["listened"]})
    >>> source = Source(name="I01", text="They listened.")
    >>> found = read_segments(said, codes=[Code(name="Respect")], sources=[source])
    >>> found.segments[0].start, found.segments[0].end
    (5, 13)
    """
    frame = (read_table(table) if isinstance(table, str | Path) else to_pandas(table)).reset_index(drop=True)
    if lacking := [column for column in _NEEDED if column not in frame.columns]:
        raise DataError(f"the table of segments has no column {lacking}", mend=f"give {', '.join(HEAD)}")
    given = frame.reindex(columns=list(HEAD)).astype(object).where(lambda f: f.notna(), "")
    texts = {source.name: source.text for source in sources}
    problems = Problems("the table of segments")
    rows: list[Row] = [dict(zip(HEAD, row, strict=True)) for row in given.itertuples(index=False, name=None)]
    spots = [_spot(row, texts) for row in rows]
    for what, mend in _MENDS.items():
        wrong = [place for place, spot in enumerate(spots) if spot == what]
        if wrong:
            problems.add(f"{len(wrong)} rows {what}", rows=wrong, mend=mend)
    problems.raise_if_any(DataError)
    segments = tuple(_segment(row, spot) for row, spot in zip(rows, spots, strict=True) if isinstance(spot, tuple))
    kept, overlaps = joined(segments)
    if overlaps:
        note(f"{overlaps} segments overlapped one of the same code and coder and were joined to it")
    return Coded(codes=tuple(codes), sources=tuple(sources), segments=kept, name=name)


def read_texts(folder: str | Path) -> tuple[Source, ...]:
    r"""Read the plain texts of a folder as sources, each called by the name of its file.

    Parameters
    ----------
    folder : str or Path
        With .txt files in UTF-8, in UTF-16 with a byte-order mark, or in Windows-1252, which a note says.

    Returns
    -------
    tuple of Source
        In the order of their names; line ends are made one sign, as spreadsheets and people have them.

    Raises
    ------
    DataError
        No such folder, or no text in it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "I01.txt").write_bytes(b"They\r\nlistened.")
    ...     read_texts(folder)[0].text
    'They\nlistened.'
    """
    files = sorted(Path(folder).glob("*.txt"))
    if not files:
        raise DataError(f"there is no .txt file in {folder}", mend="correct the path")
    texts = {file.stem: decoded(file).replace("\r\n", "\n").replace("\r", "\n") for file in files}
    return tuple(Source(name=name, text=text) for name, text in texts.items())


_MENDS = {
    "name a source whose text was not given": "give its text, or correct the name",
    "have a start or an end that is no whole number": "correct it, or leave both blank and give the quote",
    "have neither positions nor a quote": "give start and end, or the words",
    "quote words that are not in their source": "copy the words as they stand there",
    "quote words that stand in their source more than once": "quote more of the text, or give start and end",
    "quote other words than stand at their positions": "count code points from 0, the end after the last",
}


def _spot(row: Row, texts: Mapping[str, str]) -> tuple[int, int] | str:
    """Positions of a row, or what stands in the way."""
    blank, missing, none, absent, several, other = _MENDS
    text = texts.get(str(row["source"]))
    quote = str(row["quote"]).strip()
    ends = [str(row[side]).strip() for side in ("start", "end")]
    if text is None:
        return blank
    if any(ends):
        numbers = [_whole(side) for side in ends]
        start, end = numbers
        if start is None or end is None:
            return missing
        return other if quote and not same_words(quote, text[start:end]) else (start, end)
    if not quote:
        return none
    at = text.find(quote)
    if at < 0:
        return absent
    return several if text.find(quote, at + 1) >= 0 else (at, at + len(quote))


def _whole(text: str) -> int | None:
    """Whole number of a cell, which a spreadsheet may have made 5.0 of 5."""
    digits = text.removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _segment(row: Row, spot: tuple[int, int]) -> Segment:
    """Make a segment of a row."""
    return Segment(
        source=str(row["source"]),
        start=spot[0],
        end=spot[1],
        code=str(row["code"]).strip(),
        coder=plain(str(row["coder"])).strip(),
        memo=plain(str(row["memo"])),
    )
