"""The names and places that the recognisers know, read once from ``lexicon.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Words of persons and of places, casefolded.

    Parameters
    ----------
    names : frozenset of str
        Given names and surnames that stand for a person when alone.
    name_words : frozenset of str
        Names that are also words: they need a second name, a title or a cue.
    words : frozenset of str
        Words that are no name, however they are written.
    titles : frozenset of str
        Words that may stand before a name: titles, kin, and cues.
    strong_titles : frozenset of str
        Those that stand before nothing else.
    states : frozenset of str
        Names and codes of states.
    places : frozenset of str
        Cities and counties.
    place_words : frozenset of str
        Those of them that are also names or words.
    """

    names: frozenset[str]
    name_words: frozenset[str]
    words: frozenset[str]
    titles: frozenset[str]
    strong_titles: frozenset[str]
    states: frozenset[str]
    places: frozenset[str]
    place_words: frozenset[str]


@cache
def lexicon() -> Lexicon:
    """Return the lexicon of the package: common names, not a census of them.

    Returns
    -------
    Lexicon

    Examples
    --------
    >>> "garcia" in lexicon().names, "west sacramento" in lexicon().places
    (True, True)
    """
    import yaml

    path = Path(__file__).with_name("lexicon.yaml")
    written: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    words = {name: frozenset(text.casefold().split()) for name, text in written.items()}
    places = {name: _listed(written[name]) for name in ("states", "places", "place_words")}
    names = words["given"] | words["surnames"]
    return Lexicon(
        names=names,
        name_words=(words["given_words"] | words["surname_words"]) - names,
        words=words["words"] - names,
        titles=words["titles"] | words["strong_titles"],
        strong_titles=words["strong_titles"],
        states=places["states"],
        places=places["places"],
        place_words=places["place_words"],
    )


def _listed(text: str) -> frozenset[str]:
    """Entries between semicolons."""
    return frozenset(entry.strip().casefold() for entry in text.split(";") if entry.strip())
