"""Places below the state in text: addresses and corners of streets by their form, cities and counties by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from coresponder_causal.privacy.lexicon import lexicon

_WAY = (
    r"(?:st|street|ave|avenue|blvd|boulevard|rd|road|dr|drive|ln|lane|ct|court|cir|circle|pl|place|way|ter|terrace|"
    r"pkwy|parkway|hwy|highway|trl|trail|loop|alley|sq|square|plaza)"
)
_NTH = r"\d{1,3}(?:st|nd|rd|th)"
_NO_NAME = r"(?!(?:On|At|Near|To|From|In|Of|And|The|By|Off|Was|Is)\b)"
_STREET = rf"(?:{_NTH}|{_NO_NAME}[A-Z][\w'’]*(?: {_NO_NAME}[A-Z][\w'’]*){{0,2}})"
_UNIT = r"(?:\.?,? (?:(?:apt|unit|ste|suite|rm|room|sp|space)\.? ?|# ?)[\w-]+)?"
_ADDRESS = re.compile(rf"\b\d{{1,6}}(?: [NSEW]\.?)? {_STREET} {_WAY}\b{_UNIT}", re.IGNORECASE)
_NAMED_STREET = re.compile(rf"\b{_STREET} (?!(?i:dr)\.? [A-Z])(?i:{_WAY})\b")
_MEETS = r" ?(?:[Aa]nd|&|/|[Aa]t) ?"
_CORNER = re.compile(
    rf"\b{_NTH}(?: (?i:{_WAY}))?{_MEETS}(?:{_NTH}|[A-Z]\w*)(?: (?i:{_WAY})\b)?|"
    rf"\b{_NO_NAME}[A-Z]\w*(?: (?i:{_WAY}))?{_MEETS}(?:{_NTH}|{_NO_NAME}[A-Z]\w* (?i:{_WAY}))\b"
)
_COUNTY = re.compile(rf"\b(?:{_NO_NAME}[A-Z][a-z]+ ){{1,2}}(?:County|Parish|Township|Borough)\b")
_CITY_OF = re.compile(r"\b[Cc]ity [Oo]f [A-Z][a-z]+\b")
_POINT = re.compile(r"(?<![\d.])-?\d{1,2}\.\d{3,}\s*[,;]\s*-?\d{2,3}\.\d{3,}(?![\d.])")


def place_spans(text: str, places: Iterable[str] = ()) -> Iterator[tuple[int, int, str]]:
    """Find places in a text.

    Parameters
    ----------
    text : str
        The text.
    places : iterable of str
        Names besides those of the lexicon.

    Yields
    ------
    tuple of int, int, str
        Start, end, and "ADDRESS" or "PLACE"; spans may overlap.

    Examples
    --------
    >>> text = "at 5th and Main, West Sacramento; the America/Los_Angeles clock"
    >>> [(text[start:end], kind) for start, end, kind in place_spans(text)]
    [('5th and Main', 'ADDRESS'), ('West Sacramento', 'PLACE')]
    """
    written = _capitalised(text) if text in (text.lower(), text.upper()) else text
    for pattern in (_ADDRESS, _NAMED_STREET, _CORNER, _POINT):
        yield from ((*match.span(), "ADDRESS") for match in pattern.finditer(written))
    yield from ((*match.span(), "PLACE") for match in _CITY_OF.finditer(written))
    for match in _COUNTY.finditer(written):
        if match[0].casefold().split()[-2] not in lexicon().words:
            yield (*match.span(), "PLACE")
    sure, doubtful = _named(tuple(places))
    yield from ((*match.span(), "PLACE") for match in sure.finditer(text))
    yield from ((*match.span(match.lastgroup or 0), "PLACE") for match in doubtful.finditer(text))


def _capitalised(text: str) -> str:
    """Give every word of a text of one case a capital, so that forms can be told; places in it stay the same."""
    if not text.isascii():
        return text
    return re.sub(r"(?<![a-z\d])[a-z]+", lambda word: word[0].capitalize(), text.lower())


@lru_cache(maxsize=8)
def _named(places: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of known places: those that stand alone, and those that need a preposition or to be all of the text."""
    words = lexicon()
    given = {name.casefold() for name in places if name.strip()}
    sure = (words.places - words.place_words) | given
    doubtful = words.place_words - given
    alone = rf"(?<![\w/]){_any_of(sure)}(?![\w/])"
    cued = rf"\b(?:in|to|from|near|of|at|towards?) (?P<place>{_any_of(doubtful)})(?=$|[\s,.;])"
    whole = rf"^\s*(?P<whole>{_any_of(doubtful)})\s*$"
    return re.compile(alone, re.IGNORECASE), re.compile(rf"{cued}|{whole}", re.IGNORECASE)


def _any_of(names: Iterable[str]) -> str:
    """Pattern of any of some names, spaces or underscores between their words, the longest first."""
    return (
        "(?:"
        + "|".join(re.escape(name).replace(r"\ ", r"[ _-]") for name in sorted(names, key=len, reverse=True))
        + ")"
    )
