"""What must hold of coded text, all of it looked at before the first word of complaint."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from coresponder_causal.core.errors import Problems
from coresponder_causal.qualitative.entries import overlapping
from coresponder_causal.qualitative.wording import described, parts_of, unwritable

if TYPE_CHECKING:
    from coresponder_causal.qualitative.coded import Coded
    from coresponder_causal.qualitative.entries import Code, Source

T = TypeVar("T")

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_YES = {"yes", "true", "1", "y"}
_NO = {"no", "false", "0", "n"}


def broken(coded: Coded) -> Problems:
    """Every rule that coded text breaks.

    Parameters
    ----------
    coded : Coded

    Returns
    -------
    Problems
        With positions in ``codes``, ``sources``, ``cases`` or ``segments``; words of people are not shown.
    """
    problems = Problems(f"{coded.name!r}")
    book(coded.codes, problems)
    _sources(coded, problems)
    _cases(coded, problems)
    _segments(coded, problems)
    guids = [
        *(code.guid for code in coded.codes),
        *(source.guid for source in coded.sources),
        *(case.guid for case in coded.cases),
        *(segment.guid for segment in coded.segments),
    ]
    _twice("guids of the project", guids, "give each entry its own guid", problems)
    if strange := [guid for guid in guids if not _GUID.fullmatch(guid)]:
        problems.add(f"{len(strange)} guids have another form ({strange[0]!r})", mend="leave them out")
    return problems


def book(codes: Sequence[Code], problems: Problems) -> None:
    """Note what a codebook breaks by itself."""
    names = [code.name for code in codes]
    if not codes:
        problems.add("there is no code", mend="give at least one")
    _twice("names of codes", names, "give each code its own name", problems)
    _where(codes, lambda c: not c.name.strip(), "codes have no name", "give them one", problems)
    lost = sorted({str(code.parent) for code in codes if code.parent is not None and code.parent not in names})
    if lost:
        problems.add(f"parents {lost} are no codes", mend="name a code of the book")
    circles = _circles({code.name: code.parent for code in codes})
    if circles:
        problems.add(f"codes {circles} stand below themselves", mend="give one of them another parent")
    strange = [code.name for code in codes if code.colour is not None and not _COLOUR.fullmatch(code.colour)]
    if strange:
        problems.add(f"codes {strange} have no colour of the form #1A2B3C", mend="write six such digits, or none")
    unclear = [code.name for code in codes if parts_of(described(code)) != _parts(code)]
    if unclear:
        mend = "begin no line with 'Include:', 'Exclude:', 'Example:' or 'About:', and end none of the texts blank"
        problems.add(f"the wording of codes {unclear} cannot be told apart in an exchanged file", mend=mend)
    texts = [[code.name, *_parts(code).values()] for code in codes]
    bad = [place for place, own in enumerate(texts) if any(map(unwritable, own))]
    if bad:
        problems.add(f"{len(bad)} codes hold signs that XML cannot", rows=bad, mend="take control signs out")


def _sources(coded: Coded, problems: Problems) -> None:
    """Note what the sources break."""
    sources = coded.sources
    _twice("names of sources", [s.name for s in sources], "give each source its own name", problems, hide=True)
    _where(sources, lambda s: not s.name.strip(), "sources have no name", "give them one", problems)
    _where(sources, lambda s: not s.text, "sources have no text", "give the text, or leave the source out", problems)
    mark = "sources begin with a byte-order mark"
    _where(sources, lambda s: s.text.startswith("\ufeff"), mark, "read them as utf-8-sig", problems)
    lone = "texts hold half a surrogate pair"
    _where(sources, lambda s: any("\ud800" <= c <= "\udfff" for c in s.text), lone, "read the file as UTF-8", problems)
    strange = "sources hold signs that XML cannot in a name, memo or attribute"
    _where(sources, _odd, strange, "take control signs out", problems)
    gone = "sources were withdrawn, or have no consent"
    _where(sources, lambda s: refused(dict(s.attributes)), gone, "take them out and delete them", problems)


def _cases(coded: Coded, problems: Problems) -> None:
    """Note what the cases break."""
    cases, known = coded.cases, {source.name: dict(source.attributes) for source in coded.sources}
    _twice("names of cases", [case.name for case in cases], "give each case its own name", problems, hide=True)
    _where(
        cases,
        lambda c: not known.keys() >= set(c.sources),
        "cases name sources that are not there",
        "correct",
        problems,
    )
    gone = "cases were withdrawn, or have no consent"
    _where(cases, lambda c: refused(dict(c.attributes)), gone, "take them and their sources out", problems)
    uses = list(chain.from_iterable(case.sources for case in cases))
    _twice("sources that stand in a case", uses, "put each source into one case", problems, hide=True)
    apart = [
        place
        for place, case in enumerate(cases)
        for name, value in case.attributes
        if any(known.get(source, {}).get(name, value) != value for source in case.sources)
    ]
    if apart:
        problems.add("cases and their sources differ in an attribute", rows=apart, mend="say it in one place")


def _segments(coded: Coded, problems: Problems) -> None:
    """Note what the segments break."""
    segments, texts = coded.segments, {source.name: source.text for source in coded.sources}
    codable = {code.name: code.codable for code in coded.codes}
    unknown = sorted({segment.code for segment in segments} - codable.keys())
    if unknown:
        problems.add(f"segments have codes {unknown}, which are not in the codebook", mend="add them or correct them")
    headings = sorted({s.code for s in segments if not codable.get(s.code, True)})
    if headings:
        problems.add(f"segments have codes {headings}, which are headings", mend="take a code below")
    _where(segments, lambda s: s.source not in texts, "segments have a source that is not there", "add it", problems)
    placed = [s for s in segments if s.source in texts]
    outside = [s for s in placed if not 0 <= s.start < s.end <= len(texts[s.source])]
    spots = {id(segment): place for place, segment in enumerate(segments)}
    if outside:
        rows = [spots[id(s)] for s in outside]
        problems.add(
            f"{len(rows)} segments lie outside their text or are empty", rows=rows, mend="correct start and end"
        )
    differ = [spots[id(s)] for s in placed if s.quote is not None and s.quote != texts[s.source][s.start : s.end]]
    if differ:
        mend = "count code points from 0, the end after the last"
        problems.add(f"{len(differ)} segments quote other words than their source has there", rows=differ, mend=mend)
    strange = "segments hold signs that XML cannot in a coder or memo"
    _where(segments, lambda s: unwritable(s.coder) or unwritable(s.memo), strange, "take control signs out", problems)
    over = [spots[id(s)] for s in overlapping(segments)]
    if over:
        what = f"{len(over)} segments overlap another with the same code and coder"
        problems.add(what, rows=sorted(over), mend="join them (qualitative.joined)")


def refused(attributes: dict[str, str]) -> bool:
    """Whether attributes say that words may not be used: withdrawn, or consent not given.

    Examples
    --------
    >>> refused({"withdrawn": "Yes"}), refused({"consent": "no"}), refused({"consent": "yes"})
    (True, True, False)
    """
    said = {name.strip().lower(): value.strip().lower() for name, value in attributes.items()}
    return said.get("withdrawn") in _YES or said.get("consent") in _NO


def _circles(parents: dict[str, str | None]) -> list[str]:
    """Names that are reached from themselves."""
    found = []
    for name in parents:
        seen: set[str] = set()
        step = parents[name]
        while step is not None and step not in seen:
            seen.add(step)
            step = parents.get(step)
        if name in seen:
            found.append(name)
    return found


def _odd(source: Source) -> bool:
    """Whether a name, a memo or an attribute of a source cannot be written."""
    return any(map(unwritable, (source.name, source.memo, *chain.from_iterable(source.attributes))))


def _parts(code: Code) -> dict[str, str]:
    """Wording of a code by its part."""
    return {
        "definition": code.definition,
        "include": code.include,
        "exclude": code.exclude,
        "example": code.example,
        "about": ", ".join(code.about),
    }


def _twice(what: str, values: Sequence[str], mend: str, problems: Problems, *, hide: bool = False) -> None:
    """Note values that come more than once."""
    often = [value for value, count in Counter(values).items() if count > 1]
    if often:
        shown = "" if hide else f" ({', '.join(map(repr, often[:5]))})"
        problems.add(f"{len(often)} {what} come more than once{shown}", mend=mend)


def _where(entries: Sequence[T], wrong: Callable[[T], bool], what: str, mend: str, problems: Problems) -> None:
    """Note the entries of which something is wrong, by their positions."""
    rows = [place for place, entry in enumerate(entries) if wrong(entry)]
    if rows:
        problems.add(f"{len(rows)} {what}", rows=rows, mend=mend)
