"""How a program counted the positions it wrote, found out from the words it quotes.

REFI-QDA says Unicode code points from 0. Programs differ: some count UTF-16 units or bytes, take a line end of two
signs as one, count the byte-order mark, or give the place of the last sign instead of the one after it. Where a file
quotes what was coded, the way of counting that fits most quotations is taken, and the standard where several fit as
well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.qualitative.wording import plain

_SPACE = re.compile(r"\s+")
_CUT = re.compile(r"\s*(\.\.\.|…)$")
MARK = "\ufeff"


class Counting(NamedTuple):
    """A way of counting positions; the defaults are those of the standard."""

    units: Literal["code points", "UTF-16 units", "UTF-8 bytes"] = "code points"
    line_end: Literal["as it is", "as one sign"] = "as it is"
    mark: Literal["not counted", "counted"] = "not counted"
    end: Literal["after the last sign", "at the last sign"] = "after the last sign"


class Quoted(NamedTuple):
    """Positions as a file gives them, with the words it quotes there, blank where it has none."""

    start: int
    end: int
    words: str


class Document(NamedTuple):
    """A text as its file has it, a byte-order mark included, and what is said of stretches of it."""

    text: str
    stretches: tuple[Quoted, ...]


def every_counting() -> tuple[Counting, ...]:
    """All ways of counting, the standard first."""
    units, ends = ("code points", "UTF-16 units", "UTF-8 bytes"), ("after the last sign", "at the last sign")
    ways = product(units, ("as it is", "as one sign"), ("not counted", "counted"), ends)
    return tuple(Counting(*way) for way in ways)  # type: ignore[arg-type]


def counting_of(documents: Sequence[Document]) -> tuple[Counting, int, int]:
    """Find the way of counting under which most quotations are those of their text.

    Parameters
    ----------
    documents : sequence of Document

    Returns
    -------
    Counting
        The standard where no quotation says otherwise.
    int
        Quotations that fit under it.
    int
        Stretches with words of their own.

    Examples
    --------
    >>> text = "\N{SLIGHTLY SMILING FACE} They listened."
    >>> found, fit, all_ = counting_of([Document(text, (Quoted(3, 7, "They"),))])
    >>> found.units, fit, all_
    ('UTF-16 units', 1, 1)
    """
    quoted = [Document(text, tuple(q for q in stretches if q.words.strip())) for text, stretches in documents]
    ways = every_counting()
    fits = [_fits(quoted, way) for way in ways]
    most = max(fits)
    best = 0 if fits[0][0] == most[0] else fits.index(most)
    return ways[best], fits[best][0], sum(len(document.stretches) for document in quoted)


def placed(document: Document, counting: Counting) -> list[tuple[int, int] | None]:
    r"""Positions of the stretches in code points of the text without its byte-order mark, the end after the last sign.

    Parameters
    ----------
    document : Document
    counting : Counting
        How the file counted.

    Returns
    -------
    list of (int, int) or None
        None for a stretch that does not lie in the text.

    Examples
    --------
    >>> placed(Document("a\r\nb", (Quoted(2, 3, ""),)), Counting(line_end="as one sign"))
    [(3, 4)]
    """
    steps = _steps(document.text, counting)
    reach = int(steps[-1])
    lead = int(document.text.startswith(MARK))
    found: list[tuple[int, int] | None] = []
    for start, end, _ in document.stretches:
        after = end + (counting.end == "at the last sign")
        if not 0 <= start <= after <= reach:
            found.append(None)
            continue
        first, last = np.searchsorted(steps, [start, after], side="left")
        found.append((max(int(first) - lead, 0), max(int(last) - lead, 0)))
    return found


def _steps(text: str, counting: Counting) -> NDArray[np.int64]:
    """Position, in the units of the file, at which each code point begins, and that at the end of the text."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    width = np.ones(len(points), np.int64)
    if counting.units == "UTF-16 units":
        width += points > 0xFFFF
    if counting.units == "UTF-8 bytes":
        width += (points > 0x7F).astype(np.int64) + (points > 0x7FF) + (points > 0xFFFF)
    if counting.line_end == "as one sign":
        width[:-1] -= (points[:-1] == 13) & (points[1:] == 10)
    if counting.mark == "not counted" and text.startswith(MARK):
        width[0] = 0
    return np.concatenate([[0], np.cumsum(width)])


def _fits(documents: Sequence[Document], counting: Counting) -> tuple[int, int]:
    """How many quotations are the words of their text where they are said to be, and how many to the last blank."""
    words, exact = 0, 0
    for document in documents:
        bare = document.text.removeprefix(MARK)
        for quoted, spot in zip(document.stretches, placed(document, counting), strict=True):
            there = "" if spot is None else bare[slice(*spot)]
            words += same_words(quoted.words, there)
            exact += quoted.words == there
    return words, exact


def same_words(quoted: str, text: str) -> bool:
    """Whether a quotation, which may be cut at its end, has the words of a text, blanks and line ends aside.

    Examples
    --------
    >>> same_words("They lis...", "They  listened"), same_words("They lis", "They listened")
    (True, False)
    """
    whole, words = folded(text), folded(quoted)
    begun = _CUT.sub("", words)
    return words == whole or (begun != words and begun != "" and whole.startswith(begun))


def folded(text: str) -> str:
    """Text without what XML cannot hold, each run of blanks as one."""
    return _SPACE.sub(" ", plain(text)).strip()
