"""What lies between published counts of overlapping periods or areas: cells that nobody shows and subtraction gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple, TypeAlias

from coresponder_causal.core.errors import DisclosureError

Span: TypeAlias = frozenset[str]
most_spans = 2000


class Sum(NamedTuple):
    """A count of a whole that is the sum of the counts of its parts."""

    whole: Span
    parts: tuple[Span, ...]


def differences(known: Mapping[Span, int]) -> tuple[dict[Span, int], list[Sum]]:
    """Follow every subtraction of published counts until nothing new comes of it.

    Parameters
    ----------
    known : mapping of span to count
        Published counts of one cell, by the atoms (months, tracts) that each spans.

    Returns
    -------
    dict
        Counts that subtraction gives, by span, published ones left out.
    list of Sum
        How all of them add up.

    Raises
    ------
    DisclosureError
        A whole that counts less than its parts, or spans without end: publish fewer overlapping ones.

    Examples
    --------
    >>> first, both = frozenset({"2024-01"}), frozenset({"2024-01", "2024-02"})
    >>> between, sums = differences({first: 12, both: 15})
    >>> [(sorted(span), count) for span, count in between.items()]
    [(['2024-02'], 3)]
    """
    found = dict(known)
    sums: dict[Sum, None] = {}
    looked_at: set[tuple[Span, tuple[Span, ...]]] = set()
    while True:
        fresh: dict[Span, int] = {}
        for whole in sorted(found, key=len):
            for parts in _chosen(whole, largest_inside(whole, found)):
                if (whole, parts) in looked_at:
                    continue
                looked_at.add((whole, parts))
                rest = whole.difference(*parts)
                left = found[whole] - sum(found[part] for part in parts)
                if left < 0 or (not rest and left):
                    raise DisclosureError(
                        f"counts of {len(parts)} parts do not add up to that of the whole",
                        mend="count the same cases in each; say truly what each spans",
                    )
                sums[Sum(whole, (*parts, rest) if rest else parts)] = None
                if rest and rest not in found:
                    fresh[rest] = left
        if not fresh:
            return {span: count for span, count in found.items() if span not in known}, list(sums)
        found |= fresh
        if len(found) > most_spans:
            raise DisclosureError(
                f"more than {most_spans:,} areas or periods follow by subtraction", mend="publish fewer that overlap"
            )


def largest_inside(whole: Span, spans: Iterable[Span]) -> list[Span]:
    """Spans inside a whole that lie in no other span inside it.

    Parameters
    ----------
    whole : frozenset
    spans : iterable of frozenset

    Returns
    -------
    list of frozenset
    """
    inside = sorted((span for span in spans if span < whole), key=len, reverse=True)
    kept: list[Span] = []
    for span in inside:
        if not any(span < larger for larger in kept):
            kept.append(span)
    return kept


def _chosen(whole: Span, parts: list[Span]) -> list[tuple[Span, ...]]:
    """All parts at once where they do not overlap, else one by one."""
    if not parts:
        return []
    ordered = sorted(parts, key=sorted)
    if sum(map(len, parts)) == len(frozenset().union(*parts)):
        return [tuple(ordered)]
    alone: list[tuple[Span, ...]] = [(part,) for part in ordered]
    return [*alone, *((a, b) for a, b in combinations(ordered, 2) if not a & b)]
