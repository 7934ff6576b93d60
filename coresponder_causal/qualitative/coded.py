"""Coded text: a codebook, sources, and which stretch of which source somebody gave which code.

Everything that reads or writes files of other programs comes here or starts from here; a `Coded` that exists keeps its
rules. Positions are counted in Unicode code points from 0, the end after the last one, so that ``text[start:end]`` is
what was coded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.qualitative.entries import Case, Code, Segment, Source
from coresponder_causal.qualitative.rules import broken


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
