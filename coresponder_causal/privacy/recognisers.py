"""What may identify somebody in a text: patterns, places and persons together, overlapping finds made one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from coresponder_causal.privacy.persons_in_text import name_spans
from coresponder_causal.privacy.places_in_text import place_spans
from coresponder_causal.privacy.rules_in_text import rule_spans


class Span(NamedTuple):
    """A piece of a text that may identify somebody: where it is, what it is, and which recogniser found it."""

    start: int
    end: int
    kind: str
    by: str


def recognise(text: str, *, known: Iterable[str] = (), places: Iterable[str] = (), eager: bool = False) -> list[Span]:
    """Find what may identify somebody in one text.

    Parameters
    ----------
    text : str
        The text.
    known : iterable of str
        Names that occur in the records, such as those of persons and staff.
    places : iterable of str
        Names of places besides those of the lexicon.
    eager : bool
        Whether unknown words with a capital inside a sentence count as names: for narratives, not for codes.

    Returns
    -------
    list of Span
        In order, none overlapping.

    Examples
    --------
    >>> for span in recognise("Maria Lopez, 555-0134, on 7/4/2021"):
    ...     print(*span)
    0 11 PERSON names
    13 21 PHONE rules
    26 34 DATE rules
    """
    found = [Span(start, end, kind, "rules") for start, end, kind in rule_spans(text)]
    found += [Span(start, end, kind, "places") for start, end, kind in place_spans(text, places)]
    found += [Span(start, end, "PERSON", "names") for start, end in name_spans(text, known, eager=eager)]
    return merged(found)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Make one span of those that overlap; its kind is that of the first given, its finders are all named.

    Parameters
    ----------
    spans : iterable of Span

    Returns
    -------
    list of Span
        By place.

    Examples
    --------
    >>> for span in merged([Span(4, 9, "DATE", "rules"), Span(0, 6, "PERSON", "names"), Span(12, 13, "IP", "rules")]):
    ...     print(*span)
    0 9 DATE names+rules
    12 13 IP rules
    """
    groups: list[list[tuple[int, Span]]] = []
    reach = 0
    for rank, span in sorted(enumerate(spans), key=lambda entry: entry[1].start):
        if groups and span.start < reach:
            groups[-1].append((rank, span))
        else:
            groups.append([(rank, span)])
        reach = max(reach, span.end)
    return [_union(group) for group in groups]


def _union(group: list[tuple[int, Span]]) -> Span:
    """One span over a group that overlaps."""
    kind = min(group)[1].kind
    by = "+".join(sorted({name for _, span in group for name in span.by.split("+")}))
    return Span(group[0][1].start, max(span.end for _, span in group), kind, by)
