"""Names of persons in text: a walk over neighbouring words, by lexicon, titles, cues and capitals.

A run of words that could be names is a name where one of them stands for a person alone, where two are names and
words at once, or where a title or a cue stands before it. An eager walk also takes every unknown word with a capital
inside a sentence: right for narratives, where it is a name of something, wrong for the codes of a table. In text
without small letters, or without capitals, only the lexicon, what is known, and the words before can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from coresponder_causal.privacy.county_return import plain_name
from coresponder_causal.privacy.lexicon import lexicon

_LETTERS = r"(?:[^\W\d_][\u0300-\u036f]*)+"  # an accent may be a sign of its own
_WORD = re.compile(rf"{_LETTERS}(?:['’-]{_LETTERS})*")
_STOP = re.compile(r"[.!?:;\"“\n]")  # after which a capital says nothing
_TO_NAME = re.compile(r"(?i)[.:,]? ?(?:is |was |as |of )?")
_VERBAL = re.compile(r"(?:ed|ing|ly|s)$")
_LINKS = frozenset({"is", "was", "as", "of"})
_PARTICLES = frozenset({"de", "la", "del", "los", "van", "von", "al", "el", "bin"})
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a text: where it is, how it is written, and what it may be.

    ``sure``: a name by itself; ``doubtful``: a name or a word; ``maybe``: unknown, and written as a name or standing
    where one stands; ``inside``: a capital that no beginning of a sentence explains; ``cued``: after a title or a cue.
    """

    start: int
    end: int
    text: str
    sure: bool
    doubtful: bool
    maybe: bool
    inside: bool
    cued: bool

    @property
    def namelike(self) -> bool:
        return self.sure or self.doubtful or self.maybe

    @property
    def initial(self) -> bool:
        return len(self.text) == 1 and self.text.isupper()


def name_spans(text: str, known: Iterable[str] = (), *, eager: bool = False) -> Iterator[tuple[int, int]]:
    """Find names of persons in a text.

    Parameters
    ----------
    text : str
        The text.
    known : iterable of str
        Names that occur in the records, and whatever else must go. Each of their words of two letters or more is a
        name wherever it stands, in small letters or capitals, with accents or without; titles and particles are none
        beside another word. What holds a figure is taken as it is written.
    eager : bool
        Whether unknown words with a capital inside a sentence count as names.

    Yields
    ------
    tuple of int, int
        Start and end of each name.

    Examples
    --------
    >>> text = "Officer Brown met Maria de la Cruz and J. Xu; Brown left in May. Did he meet Quillfeather?"
    >>> [text[start:end] for start, end in name_spans(text)]
    ['Brown', 'Maria de la Cruz', 'J. Xu', 'Brown']
    >>> "Quillfeather" in [text[start:end] for start, end in name_spans(text, eager=True)]
    True
    """
    given, literal = _given(tuple(known))
    words = _words(text, given)
    told: set[str] = set()
    spans: list[tuple[int, int]] = []
    i = 0
    while i < len(words):
        length = _run(words, i, text)
        if length and _is_person(words[i : i + length], eager=eager):
            spans.append((words[i].start, words[i + length - 1].end))
            told |= {word.text.casefold() for word in words[i : i + length] if len(word.text) > 2}
        i += max(length, 1)
    yield from spans
    yield from _again(words, told - lexicon().words, spans)
    if literal is not None:
        yield from (match.span() for match in literal.finditer(text))


def _words(text: str, given: frozenset[str]) -> list[_Word]:
    """Every word of a text with what it may be."""
    plain = text in (text.lower(), text.upper())
    found: list[_Word] = []
    for match in _WORD.finditer(text):
        found.append(_word(match, found, text, given, plain=plain))
    return found


@lru_cache(maxsize=8)
def _given(names: tuple[str, ...]) -> tuple[frozenset[str], re.Pattern[str] | None]:
    """Words of some names without accents, and a pattern of those that words alone cannot find."""
    words: set[str] = set()
    literal: list[str] = []
    for name in names:
        parts = [part for part in _WORD.findall(name) if len(part) > 1]
        telling = [part for part in parts if part.casefold() not in lexicon().titles | _PARTICLES] or parts[:1]
        words |= {plain_name(part) for part in telling}
        if name.strip() and (not telling or re.search(r"\d", name)):
            literal.append(r"\s+".join(map(re.escape, name.split())))
    longest = sorted(literal, key=len, reverse=True)
    return frozenset(words), re.compile(rf"(?i)(?<!\w)(?:{'|'.join(longest)})(?!\w)") if longest else None


def _word(match: re.Match[str], before: list[_Word], text: str, given: frozenset[str], *, plain: bool) -> _Word:
    """Read one word by itself and by the words before it."""
    entries = lexicon()
    low = match[0].casefold()
    stem = re.sub(r"['’]s$", "", low)
    end = match.end() - (len(low) - len(stem))
    parts = {stem, re.sub(r"['’]", "", stem), *re.split(r"[-'’]", stem)}
    titled = match[0][0].isupper() and (len(stem) == 1 or not match[0].isupper())
    told = bool(given) and not given.isdisjoint(map(plain_name, (stem, *stem.split("-"))))
    sure = told or ((plain or match[0][0].isupper()) and bool(parts & entries.names))
    doubtful = not sure and (plain or titled) and bool(parts & entries.name_words)
    title = _title(before, match.start(), text)
    unknown = stem not in entries.words | entries.titles and len(stem) > 1
    after_name = bool(before) and (before[-1].sure or before[-1].maybe) and text[before[-1].end : match.start()] == " "
    stands = title == "strong" or (after_name and not _VERBAL.search(stem)) if plain else titled
    inside = titled and not plain and bool(before) and not _STOP.search(text[before[-1].end : match.start()])
    return _Word(match.start(), end, text[match.start() : end], sure, doubtful, unknown and stands, inside, title != "")


def _title(before: list[_Word], start: int, text: str) -> str:
    """Whether a title or a cue, or one that stands before nothing but names, comes before a place in a text."""
    entries = lexicon()
    cues = before[-1:] if not before or before[-1].text.casefold() not in _LINKS else before[-2:-1]
    if not cues or not _TO_NAME.fullmatch(text[cues[0].end : start]):
        return ""
    word = cues[0].text.casefold()
    named = word == "name" and cues[0] is not before[-1]
    return "strong" if word in entries.strong_titles or named else "weak" if word in entries.titles else ""


def _run(words: list[_Word], i: int, text: str) -> int:
    """How many neighbouring words from the i-th on could be one name; particles count between two of them."""
    length, j = 0, i
    while j < len(words) and j - i <= _LONGEST and (j == i or _joined(words[j - 1], words[j], text)):
        if words[j].namelike or words[j].initial:
            length = j - i + 1
        elif j == i or words[j].text.casefold() not in _PARTICLES:
            break
        j += 1
    return length if length > 1 or words[i].namelike else 0


def _joined(left: _Word, right: _Word, text: str) -> bool:
    """Whether nothing stands between two words that would part a name; a stop joins only after an initial."""
    gap = text[left.end : right.start]
    return (
        gap in {" ", "-"}
        or (gap in {". ", "."} and len(left.text) == 1)
        or (gap == ", " and (left.sure or right.sure) and left.namelike and right.namelike)
    )


def _is_person(run: list[_Word], *, eager: bool) -> bool:
    """Whether a run of words is a name."""
    lexical = sum(word.doubtful for word in run)
    others = sum(word.maybe for word in run if not word.doubtful)
    return (
        any(word.sure for word in run)
        or (run[0].cued and lexical + others > 0)
        or lexical > 1
        or (lexical == 1 and others > 0)
        or (any(word.initial for word in run) and lexical + others > 0)
        or (eager and any(word.inside and (word.doubtful or word.maybe) for word in run))
    )


def _again(words: list[_Word], told: set[str], spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Words told as names before, wherever else they stand with a capital."""
    taken = {place for start, end in spans for place in range(start, end)}
    for word in words:
        if word.text.casefold() in told and word.start not in taken and (word.text[0].isupper() or word.sure):
            yield word.start, word.end
