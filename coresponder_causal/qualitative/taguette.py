"""Projects of Taguette come in (.sqlite3): documents in HTML, and highlights in bytes of their text."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import note
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.entries import Code, Segment, Source, joined
from coresponder_causal.qualitative.offsets import Counting, Document, Quoted, placed, same_words
from coresponder_causal.qualitative.wording import numbered, parts_of, plain

_TABLES = {"projects", "documents", "highlights", "tags", "highlight_tags", "commands"}
_BYTES = Counting(units="UTF-8 bytes", mark="counted")
_BLOCKS = {
    "p", "br", "blockquote", "pre", "caption", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
    "table", "tr", "th", "td", "div",
}  # fmt: skip
_EVERYBODY = "admin"


class _Highlight(NamedTuple):
    """One highlight of a document, and the tags on it."""

    id: int
    document: int
    start: int
    end: int
    snippet: str
    tags: tuple[int, ...]


def read_taguette(path: str | Path, *, project: str | None = None, coder: str | None = None) -> Coded:
    """Read a project of Taguette.

    Parameters
    ----------
    path : str or Path
        A .sqlite3 file: a project that Taguette exported, or its own database.
    project : str, optional
        Name of the project, where the file has several.
    coder : str, optional
        Who coded. Taguette writes every coder as ``"admin"`` into a project that it exports: two coders work in two
        projects, and each comes in under its own name.

    Returns
    -------
    Coded
        Each tag on a highlight as a segment. Paragraphs end in a line break where the document has none, and positions
        are moved accordingly; tags ``a.b`` stand below ``a`` where there is such a tag; descriptions become definition
        and memo. Highlights without a tag are left out, which a note says.

    Raises
    ------
    DataError
        No such file, no project of Taguette, none of the name, or several and no name.

    References
    ----------
    Rampin & Rampin (2021), Taguette: open-source qualitative data analysis, Journal of Open Source Software 6:3522,
    doi:10.21105/joss.03522.
    """
    file = Path(path)
    with _opened(file) as database:
        own, title = _project(database, project, file)
        documents = database.execute(
            "SELECT id, name, description, contents FROM documents WHERE project_id = ? ORDER BY id", (own,)
        ).fetchall()
        tags = database.execute(
            "SELECT id, path, description FROM tags WHERE project_id = ? ORDER BY path", (own,)
        ).fetchall()
        highlights = _highlights(database, own)
        authors = _authors(database, own, coder, file)
    names = dict(zip((row[0] for row in documents), numbered(plain(row[1]).strip() for row in documents), strict=True))
    paths = {row[0]: plain(row[1]).strip() for row in tags}
    texts = {row[0]: _Reading(row[3]) for row in documents}
    segments = [
        Segment(source=names[h.document], start=start, end=end, code=paths[tag], coder=authors.get(h.id, coder or ""))
        for h, (start, end) in _placed(highlights, texts, file)
        for tag in h.tags
    ]
    kept, overlaps = joined(tuple(segments))
    if overlaps:
        note(f"{file.name}: {overlaps} highlights overlapped one of the same tag and coder and were joined to it")
    empty = [row for row in documents if not texts[row[0]].text]
    if empty:
        note(f"{file.name}: {len(empty)} documents have no text and were left out")
    return Coded(
        name=title,
        codes=tuple(_code(plain(row[1]).strip(), plain(row[2]), set(paths.values())) for row in tags),
        sources=tuple(
            Source(name=names[row[0]], text=texts[row[0]].text, memo=plain(row[2]).strip())
            for row in documents
            if row not in empty
        ),
        segments=kept,
    )


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open the database to read, and never to write."""
    if not file.is_file():
        raise DataError(f"there is no file {file}", mend="correct the path")
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            there = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if lacking := sorted(_TABLES - there):
                raise DataError(f"{file.name} has no tables {lacking}", mend="export it from Taguette as SQLite")
            yield database
    except sqlite3.Error as error:
        raise DataError(f"{file.name} is no project of Taguette: {error}", mend="export it as SQLite") from error


def _project(database: sqlite3.Connection, name: str | None, file: Path) -> tuple[int, str]:
    """Find the project that was meant."""
    found = database.execute("SELECT id, name FROM projects ORDER BY id").fetchall()
    meant = [row for row in found if name is None or row[1] == name]
    if len(meant) == 1:
        return int(meant[0][0]), plain(str(meant[0][1]))
    titles = ", ".join(repr(row[1]) for row in found)
    mend = f"give project=, one of {titles}" if found else "export the project again"
    raise DataError(f"{file.name} has {len(meant)} projects{'' if name is None else f' {name!r}'}, not one", mend=mend)


def _highlights(database: sqlite3.Connection, project: int) -> list[_Highlight]:
    """Read the highlights in the order of their text."""
    tags: dict[int, list[int]] = {}
    for highlight, tag in database.execute("SELECT highlight_id, tag_id FROM highlight_tags ORDER BY tag_id"):
        tags.setdefault(highlight, []).append(tag)
    rows = database.execute(
        "SELECT h.id, h.document_id, h.start_offset, h.end_offset, h.snippet FROM highlights h"
        " JOIN documents d ON d.id = h.document_id WHERE d.project_id = ?"
        " ORDER BY h.document_id, h.start_offset, h.id",
        (project,),
    )
    return [
        _Highlight(key, document, start, end, snippet, tuple(tags.get(key, ())))
        for key, document, start, end, snippet in rows
    ]


def _authors(database: sqlite3.Connection, project: int, coder: str | None, file: Path) -> dict[int, str]:
    """Who made each highlight, or changed it last."""
    if coder is not None:
        return {}
    found: dict[int, list[str]] = {}
    rows = database.execute("SELECT user_login, payload FROM commands WHERE project_id = ? ORDER BY id", (project,))
    for login, payload in rows:
        said = json.loads(payload)
        if said.get("type") == "highlight_add":
            found.setdefault(said["highlight_id"], []).append(plain(login))
    logins = {login for many in found.values() for login in many}
    if logins == {_EVERYBODY}:
        note(f"{file.name} names every coder {_EVERYBODY!r}, as Taguette's exports do: say who coded by coder=")
    if shared := sum(len(set(many)) > 1 for many in found.values()):
        note(f"{file.name}: {shared} highlights were changed by a second person and count as that person's")
    return {highlight: many[-1] for highlight, many in found.items()}


def _placed(
    highlights: list[_Highlight], texts: dict[int, _Reading], file: Path
) -> Iterator[tuple[_Highlight, tuple[int, int]]]:
    """Give each highlight that has a tag its place in the text, and say which differ from the words kept with them."""
    bare = sum(not highlight.tags for highlight in highlights)
    differ = 0
    for highlight in highlights:
        if highlight.tags:
            spot = texts[highlight.document].place(highlight.start, highlight.end)
            words = texts[highlight.document].text[slice(*spot)] if spot else ""
            differ += not same_words(_Reading(highlight.snippet).text, words)
            yield highlight, spot or (-1, -1)
    if bare:
        note(f"{file.name}: {bare} highlights without a tag were left out")
    if differ:
        note(f"{file.name}: {differ} highlights have other words than Taguette kept with them: look at them")


def _code(path: str, description: str, paths: set[str]) -> Code:
    """Make a code of a tag; the nearest tag that its path begins with is above it."""
    parts = parts_of(description)
    ways = [path[:place] for place, sign in enumerate(path) if sign == "." and path[:place] in paths]
    return Code(
        name=path,
        parent=ways[-1] if ways else None,
        definition=parts["definition"],
        include=parts["include"],
        exclude=parts["exclude"],
        example=parts["example"],
        about=tuple(filter(None, parts["about"].split(", "))),
    )


class _Reading(HTMLParser):
    """Text of an HTML document as Taguette counts it, and as people read it: with a break after each paragraph."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._length = 0
        self._breaks: set[int] = set()
        self._first_in_pre = False
        self.feed(html.replace("\r\n", "\n").replace("\r", "\n").lstrip("\t\n\f "))
        self.close()
        self._raw = "".join(self._parts)
        raw = self._raw
        inner = (at for at in self._breaks if 0 < at < len(raw) and raw[at - 1] != "\n" and raw[at] != "\n")
        self._added = np.array(sorted(inner), np.int64)
        cuts = [0, *self._added.tolist(), len(raw)]
        self.text = "\n".join(raw[a:b] for a, b in pairwise(cuts)).removeprefix("\ufeff")

    def place(self, start: int, end: int) -> tuple[int, int] | None:
        """Positions in the text, in code points, of bytes of the text without breaks."""
        (spot,) = placed(Document(self._raw, (Quoted(start, end, ""),)), _BYTES)
        if spot is None:
            return None
        first, last = spot
        before = int(np.searchsorted(self._added, first, side="right"))
        return first + before, last + int(np.searchsorted(self._added, last, side="left"))

    def handle_data(self, data: str) -> None:
        """Take in text; a parser of HTML drops the line end that opens a block of preformatted text."""
        if self._first_in_pre:
            data = data.removeprefix("\n")
        self._first_in_pre = False
        self._parts.append(data)
        self._length += len(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note that a paragraph begins."""
        self._first_in_pre = tag == "pre"
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note that a paragraph ends."""
        self._first_in_pre = False
        self._break(tag)

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._breaks.add(self._length)
