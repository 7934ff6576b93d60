"""Names of persons in text: a walk over neighbouring words, by lexicon, titles, cues and capitals.

A run of words that could be names is a name where one of them stands for a person alone, where two are names and
words at once, or where a title or a cue stands before it. In text without small letters, or without capitals, only
the lexicon and what is known can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from coresponder_causal.privacy.lexicon import lexicon

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LINKS = frozenset({"is", "was", "of"})
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a text: where it is, how it is written, and what the lexicon says."""

    start: int
    end: int
    text: str
    sure: bool
    doubtful: bool
    maybe: bool

    @property
    def namelike(self) -> bool:
        return self.sure or self.doubtful or self.maybe


def name_spans(text: str, known: Iterable[str] = ()) -> Iterator[tuple[int, int]]:
    """Find names of persons in a text.

    Parameters
    ----------
    text : str
        The text.
    known : iterable of str
        Names that occur in the records; each of their words of three letters or more counts as a name.

    Yields
    ------
    tuple of int, int
        Start and end of each name.

    Examples
    --------
    >>> text = "Officer Brown met Maria de la Cruz and J. Xu; Brown left in May."
    >>> [text[start:end] for start, end in name_spans(text)]
    ['Brown', 'Maria de la Cruz', 'J. Xu', 'Brown']
    """
    words = _words(text, known)
    told: set[str] = set()
    spans: list[tuple[int, int]] = []
    i = 0
    while i < len(words):
        length = _run(words, i, text)
        cued = _is_cued(words, i, text)
        if length and _is_person(words[i : i + length], cued=cued):
            spans.append((words[i].start, words[i + length - 1].end))
            told |= {word.text.casefold() for word in words[i : i + length] if len(word.text) > 2}
        i += max(length, 1)
    yield from spans
    yield from _again(words, told - lexicon().words, spans)


def _words(text: str, known: Iterable[str]) -> list[_Word]:
    """Every word of a text with what it may be."""
    entries = lexicon()
    given = {part.casefold() for name in known for part in _WORD.findall(name) if len(part) > 2}
    plain = text == text.lower() or text == text.upper()
    found = []
    for match in _WORD.finditer(text):
        word, low = match[0], match[0].casefold()
        stem = re.sub(r"['’]s$", "", low)
        parts = {stem, *re.split(r"[-'’]", stem), re.sub(r"['’]", "", stem)}
        written = plain or word[0].isupper()
        sure = low in given or stem in given or (written and bool(parts & entries.names))
        doubtful = written and bool(parts & entries.name_words) and not sure
        capital = (
            not plain and word[0].isupper() and stem not in entries.words and not (word.isupper() and len(word) > 1)
        )
        end = match.end() - (len(low) - len(stem))
        found.append(_Word(match.start(), end, text[match.start() : end], sure, doubtful, capital))
    return found


def _run(words: list[_Word], i: int, text: str) -> int:
    """How many neighbouring words from the i-th on could be one name; particles count between two of them."""
    length, j = 0, i
    while j < len(words) and j - i < _LONGEST + 1 and (j == i or _joined(words[j - 1], words[j], text)):
        particle = j > i and words[j].text.casefold() in {"de", "la", "del", "los", "van", "von", "al", "el", "bin"}
        if words[j].namelike or (len(words[j].text) == 1 and words[j].text.isupper()):
            length = j - i + 1
        elif not particle:
            break
        j += 1
    return length if length > 1 or words[i].namelike else 0


def _joined(left: _Word, right: _Word, text: str) -> bool:
    """Whether nothing stands between two words that would part a name; a stop joins only after an initial."""
    gap = text[left.end : right.start]
    return (
        gap in {" ", "-"} or (gap in {". ", "."} and len(left.text) == 1) or (gap == ", " and left.sure and right.sure)
    )


def _is_cued(words: list[_Word], i: int, text: str) -> bool:
    """Whether a title or a cue stands before the i-th word."""
    j = i - 1
    if j >= 0 and words[j].text.casefold() in _LINKS:
        j -= 1
    if j < 0 or words[j].text.casefold() not in lexicon().titles:
        return False
    return re.fullmatch(r"[.:,]? ?(?:is |was |of )?", text[words[j].end : words[i].start]) is not None


def _is_person(run: list[_Word], *, cued: bool) -> bool:
    """Whether a run of words is a name."""
    initial = any(len(word.text) == 1 for word in run)
    lexical = sum(word.doubtful for word in run)
    others = sum(word.maybe for word in run if not word.doubtful)
    return (
        any(word.sure for word in run)
        or (cued and any(word.doubtful or word.maybe for word in run))
        or lexical > 1
        or (lexical == 1 and others > 0)
        or (initial and lexical + others > 0)
    )


def _again(words: list[_Word], told: set[str], spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Words told as names before, wherever else they stand with a capital."""
    taken = {place for start, end in spans for place in range(start, end)}
    for word in words:
        if word.text.casefold() in told and word.start not in taken and (word.text[0].isupper() or word.sure):
            yield word.start, word.end
