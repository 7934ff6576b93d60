"""What coded text is made of: codes, sources, cases and segments, each with an identifier for exchanged files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TypeAlias
from uuid import UUID, uuid5

Attributes: TypeAlias = tuple[tuple[str, str], ...]

_NAMES = UUID("5f0f3a86-6d0c-5a0e-9a63-0c9b1d1f7a51")  # the space in which names become guids


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One code of a codebook.

    Parameters
    ----------
    name : str
        What the code is called; no other code of the book has the name.
    parent : str, optional
        Name of the code above it.
    definition, include, exclude, example : str
        What it means, what counts, what does not, and a sentence that carries it.
    colour : str, optional
        ``"#"`` and six hexadecimal digits.
    about : tuple of str
        Ids of the logic model, and of metrics, that it speaks to.
    codable : bool
        False for a heading that no text is given.
    guid : str
        Identifier in exchanged files; by default it follows from the name.
    """

    name: str
    parent: str | None = None
    definition: str = ""
    include: str = ""
    exclude: str = ""
    example: str = ""
    colour: str | None = None
    about: tuple[str, ...] = ()
    codable: bool = True
    guid: str = ""

    def __post_init__(self) -> None:
        _identify(self, "code", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One document: an interview, a narrative.

    Parameters
    ----------
    name : str
        What the document is called; no other source has the name.
    text : str
        Its plain text, line ends as they are.
    attributes : tuple of (str, str)
        What is known about it, e.g. ``(("stakeholder", "officer"),)``.
    memo : str
        A remark on the whole document.
    guid : str
        Identifier in exchanged files; by default it follows from the name.
    """

    name: str
    text: str
    attributes: Attributes = ()
    memo: str = ""
    guid: str = ""

    def __post_init__(self) -> None:
        _identify(self, "source", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One unit of the study, which may have several sources; a source in no case is a case of its own.

    Parameters
    ----------
    name : str
        What the case is called.
    sources : tuple of str
        Names of its sources.
    attributes : tuple of (str, str)
        What is known about it, which holds for each of its sources.
    guid : str
        Identifier in exchanged files; by default it follows from the name.
    """

    name: str
    sources: tuple[str, ...] = ()
    attributes: Attributes = ()
    guid: str = ""

    def __post_init__(self) -> None:
        _identify(self, "case", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One stretch of a source that one coder gave one code.

    Parameters
    ----------
    source, code : str
        Names of the source and of the code.
    start, end : int
        Code points from 0; the end is after the last one.
    coder : str
        Who gave the code; blank where nobody knows.
    memo : str
        A remark on the stretch.
    quote : str, optional
        The words, where the file had them: they must be those of the source.
    guid : str
        Identifier in exchanged files; by default it follows from the other parts.
    """

    source: str
    start: int
    end: int
    code: str
    coder: str = ""
    memo: str = ""
    quote: str | None = None
    guid: str = ""

    def __post_init__(self) -> None:
        _identify(self, "segment", self.source, self.start, self.end, self.code, self.coder)


def joined(segments: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], int]:
    """Join what one coder gave the same code in stretches that overlap; count what went into another.

    Parameters
    ----------
    segments : tuple of Segment

    Examples
    --------
    >>> first = Segment(source="I01", start=0, end=9, code="Respect")
    >>> found, count = joined((first, Segment(source="I01", start=5, end=20, code="Respect", memo="again")))
    >>> [(s.start, s.end, s.memo) for s in found], count
    ([(0, 20, 'again')], 1)
    """
    kept: list[tuple[int, Segment]] = []
    order = {id(segment): place for place, segment in enumerate(segments)}
    for _, alike in groupby(sorted(segments, key=spot), key=lambda s: spot(s)[:3]):
        last: Segment | None = None
        for segment in alike:
            if last is not None and segment.start < last.end:
                memo = "\n\n".join(dict.fromkeys(filter(None, (last.memo, segment.memo))))
                last = replace(last, end=max(last.end, segment.end), memo=memo, quote=None)
                kept[-1] = (kept[-1][0], last)
            else:
                last = segment
                kept.append((order[id(segment)], segment))
    found = tuple(segment for _, segment in sorted(kept, key=lambda pair: pair[0]))
    return found, len(segments) - len(found)


def overlapping(segments: Iterable[Segment]) -> list[Segment]:
    """Segments that begin inside an earlier one of the same source, code and coder."""
    found, reach = [], 0
    ordered = sorted(segments, key=spot)
    for before, segment in pairwise(ordered):
        reach = max(reach, before.end) if spot(before)[:3] == spot(segment)[:3] else 0
        if segment.start < reach:
            found.append(segment)
    return found


def spot(segment: Segment) -> tuple[str, str, str, int, int]:
    """Where a segment stands among those of its source, code and coder."""
    return segment.source, segment.code, segment.coder, segment.start, segment.end


def made_guid(*parts: object) -> str:
    """Guid that follows from what it identifies, so that a file written twice is the same.

    Examples
    --------
    >>> made_guid("code", "Respect") == made_guid("code", "Respect") != made_guid("source", "Respect")
    True
    """
    return str(uuid5(_NAMES, "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass").hex()))


def _identify(entry: Code | Source | Case | Segment, *parts: object) -> None:
    """Fill in a guid that was not given; one that was is written in small letters and without braces."""
    given = entry.guid.strip("{}").lower()
    object.__setattr__(entry, "guid", given or made_guid(*parts))
