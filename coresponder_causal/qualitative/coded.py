"""Coded text: a codebook, sources, and which stretch of which source somebody gave which code.

Everything that reads or writes files of other programs comes here or starts from here; a `Coded` that exists keeps its
rules. Positions are counted in Unicode code points from 0, the end after the last one, so that ``text[start:end]`` is
what was coded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import TypeAlias
from uuid import UUID, uuid5

import pandas as pd

from coresponder_causal.core.errors import DataError

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A codebook, sources, cases and coded segments that fit together.

    Parameters
    ----------
    codes : tuple of Code
    sources : tuple of Source
    segments : tuple of Segment
    cases : tuple of Case
    name : str
        What the project is called.

    Raises
    ------
    DataError
        Listing every broken rule: names or guids that come twice, codes, parents or sources that are not there, offsets
        outside their text, quoted words that differ, one code given twice by one coder to overlapping stretches,
        sources that were withdrawn, text that no file can hold.

    Examples
    --------
    >>> coded = Coded(
    ...     codes=(Code(name="Respect"),),
    ...     sources=(Source(name="I01", text="They listened to me.", attributes=(("stakeholder", "family"),)),),
    ...     segments=(Segment(source="I01", start=0, end=13, code="Respect", coder="ann"),),
    ... )
    >>> coded.quote(coded.segments[0])
    'They listened'
    >>> coded.table()[["case", "stakeholder", "code", "quote"]].values.tolist()
    [['I01', 'family', 'Respect', 'They listened']]
    """

    codes: tuple[Code, ...]
    sources: tuple[Source, ...] = ()
    segments: tuple[Segment, ...] = ()
    cases: tuple[Case, ...] = ()
    name: str = "coded text"

    def __post_init__(self) -> None:
        from coresponder_causal.qualitative.rules import broken

        broken(self).raise_if_any(DataError)
        object.__setattr__(self, "segments", tuple(replace(entry, quote=None) for entry in self.segments))

    @property
    def coders(self) -> tuple[str, ...]:
        """Everybody who coded, in alphabetical order."""
        return tuple(sorted({segment.coder for segment in self.segments}))

    def source(self, name: str) -> Source:
        """Return the source of a name.

        Raises
        ------
        DataError
            No such source: take a name of the project.
        """
        for source in self.sources:
            if source.name == name:
                return source
        raise DataError(f"there is no source of this name among {len(self.sources)}", mend="take a name of the project")

    def quote(self, segment: Segment) -> str:
        """Words of a segment, as they stand in its source: redact them before anybody else reads them."""
        return self.source(segment.source).text[segment.start : segment.end]

    def above(self, code: str) -> tuple[str, ...]:
        """Names of the codes above one, the nearest first."""
        parents = {entry.name: entry.parent for entry in self.codes}
        found: list[str] = []
        step = parents[code]
        while step is not None:
            found.append(step)
            step = parents[step]
        return tuple(found)

    def source_table(self) -> pd.DataFrame:
        """One row for each source: its name, its case, and the attributes of both."""
        case = {name: entry for entry in self.cases for name in entry.sources}
        rows = []
        for source in self.sources:
            own = case.get(source.name)
            known = {} if own is None else dict(own.attributes)
            head = {"source": source.name, "case": source.name if own is None else own.name}
            rows.append({**known, **dict(source.attributes), **head})
        extra = sorted(set(chain.from_iterable(rows)) - {"source", "case"})
        return pd.DataFrame(rows, columns=["source", "case", *extra], dtype=object)

    def table(self) -> pd.DataFrame:
        """One row for each segment, with its words and the attributes of its source.

        Returns
        -------
        DataFrame
            ``source``, ``case``, attributes, ``start``, ``end``, ``code``, ``coder``, ``memo``, ``quote``, in the order
            of the segments.
        """
        texts = {source.name: source.text for source in self.sources}
        rows = [
            (s.source, s.start, s.end, s.code, s.coder, s.memo, texts[s.source][s.start : s.end]) for s in self.segments
        ]
        found = pd.DataFrame(rows, columns=["source", "start", "end", "code", "coder", "memo", "quote"])
        both = found.merge(self.source_table(), on="source", how="left", suffixes=("", " of the source"))
        first = ["source", "case", *both.columns.drop([*found.columns, "case"])]
        return both[[*first, *found.columns[1:]]]


def joined(segments: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], int]:
    """Join what one coder gave the same code in stretches that overlap; count what went into another.

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
