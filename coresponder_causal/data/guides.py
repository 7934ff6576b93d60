"""One-page guides for the public, dispatchers and officers, in the same words: texts of the dictionary, filled in.

``data_dictionary/guides/shared.yaml`` holds what all three share, one file more the text of each. A text names a shared
word, or what a city fills in, as ``$name``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from string import Template
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.support import least_shown
from coresponder_causal.data.dictionary import table
from coresponder_causal.data.folder import folder, written
from coresponder_causal.data.instrument import instruments

GuideFor: TypeAlias = Literal["public", "dispatcher", "officer"]
GuideLanguage: TypeAlias = Literal["en", "es"]
GuideForm: TypeAlias = Literal["box", "steps", "lines", "pairs", "words", "example"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideLine:
    """One line of a guide.

    Parameters
    ----------
    head, text : str
        What stands in front, and the line.
    field : str
        Field of calls that holds the answer, of a question.
    avoid : str
        Term of the lexicon of stigmatising words that the line replaces.
    records : tuple of str
        Fields of the on-scene card that the line is about.
    """

    head: str
    text: str
    field: str = ""
    avoid: str = ""
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidePart:
    """Lines under one heading.

    Parameters
    ----------
    title : str
    form : {"box", "steps", "lines", "pairs", "words", "example"}
        Numbers to call, questions in order, a list, what stands beside what, words to use beside those to avoid, a
        made-up case.
    lines : tuple of GuideLine
    """

    title: str
    form: GuideForm
    lines: tuple[GuideLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CityFact:
    """What a city fills in.

    Parameters
    ----------
    name, hint : str
        Name in texts and files, and what it is.
    example : str or mapping of str to str
        A made-up one, by language where it is written in words.
    by_language, number : bool
        Whether it is words of a language, and whether it is a number to call.
    """

    name: str
    hint: str
    example: str | Mapping[str, str]
    by_language: bool = False
    number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """The text of a guide in one language, filled in.

    Parameters
    ----------
    audience : {"public", "dispatcher", "officer"}
    language : {"en", "es"}
    title, lead : str
    parts : tuple of GuidePart
    page : mapping of str to str
        Words around the text, e.g. ``"review"``: empty, or that a native speaker has yet to read it.
    """

    audience: GuideFor
    language: GuideLanguage
    title: str
    lead: str
    parts: tuple[GuidePart, ...]
    page: Mapping[str, str]

    def read(self) -> tuple[str, ...]:
        """Texts by which the reading level is measured: all but headings and lists of words to use and avoid."""
        lines = (line for part in self.parts for line in part.lines)
        return (self.lead, *(line.text for line in lines if not line.avoid))


def guide(audience: GuideFor, language: GuideLanguage, *, local: Mapping[str, str]) -> Guide:
    """Return a guide, filled in with what is so in one city.

    Parameters
    ----------
    audience : {"public", "dispatcher", "officer"}
    language : {"en", "es"}
        Spanish says on the page that it needs native review.
    local : mapping of str to str
        What the texts name of the city, e.g. ``non_emergency``; `needed_facts` lists it.

    Returns
    -------
    Guide

    Raises
    ------
    DesignError
        Another audience or language, or facts that the guide needs and that are missing: all are listed.

    Examples
    --------
    >>> local = dict.fromkeys(needed_facts("public", "en"), "…")
    >>> guide("public", "en", local=local).parts[2].lines[1].text
    'Is there a gun, a knife or some other weapon near?'
    """
    missing = [name for name in needed_facts(audience, language) if not local.get(name, "").strip()]
    problems = Problems(f"the guide ({audience}, {language})")
    for name in missing:
        problems.add(f"{name} is blank", mend=f"give it in local=: {city_facts()[name].hint}")
    problems.raise_if_any(DesignError)
    said = {**local, **_known(language)}
    page = {name: both.get(language, "") for name, both in _spec("shared")["page"].items()}
    return Guide(
        audience=audience,
        language=language,
        title=Template(_spec(audience)["title"][language]).substitute(said),
        lead=Template(_spec(audience)["lead"][language]).substitute(said),
        parts=tuple(
            GuidePart(
                title=Template(part.get("title", {}).get(language, page["fictional"])).substitute(said),
                form=part["form"],
                lines=tuple(_line(line, language, said) for line in _lines(part)),
            )
            for part in _spec(audience)["parts"]
        ),
        page=MappingProxyType(page),
    )


def needed_facts(audience: GuideFor, language: GuideLanguage) -> tuple[str, ...]:
    """Names of what a city must say before a guide can be printed, in the order of the dictionary.

    Examples
    --------
    >>> needed_facts("public", "es")
    ('programme', 'hours', 'non_emergency', 'records')
    """
    refuse_other_guide(audience, language)
    spec = _spec(audience)
    texts = [spec["title"], spec["lead"]]
    for part in _spec(audience)["parts"]:
        texts += [part.get("title", {}), *_lines(part), *(line.get("head", {}) for line in _lines(part))]
    named = {name for text in texts for name in Template(text.get(language, "")).get_identifiers()}
    return tuple(name for name in city_facts() if name in named)


def refuse_other_guide(audience: object, language: object) -> None:
    """Refuse an audience or a language for which there is no guide."""
    problems = Problems("the guide asked for")
    refuse_choice("audience", audience, GuideFor, problems)
    refuse_choice("language", language, GuideLanguage, problems)
    problems.raise_if_any(DesignError)


@cache
def city_facts() -> Mapping[str, CityFact]:
    """Return what a city fills in, by name."""
    return MappingProxyType({entry["name"]: CityFact(**entry) for entry in _spec("shared")["local"]})


def band_in_words(band: str, language: GuideLanguage) -> str:
    """Return the name of a reading level in the language of a guide.

    Examples
    --------
    >>> band_in_words("fairly easy", "es"), band_in_words("grade 4.0", "en")
    ('bastante fácil', 'grade 4.0')
    """
    return str(_spec("shared")["bands"].get(band, band)) if language == "es" else band


def _known(language: GuideLanguage) -> dict[str, str]:
    """Words that are the same everywhere: terms, and numbers that the project itself sets."""
    terms = {name: str(both[language]) for name, both in _spec("shared")["terms"].items()}
    return terms | {"threshold": str(least_shown), "card_seconds": str(instruments()["on_scene_card"].seconds)}


def _lines(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Lines as written, those of shared lists in their place."""
    for line in part["lines"]:
        if "list" in line:
            yield from _spec("shared")["lists"][line["list"]]
        else:
            yield line


def _line(line: dict[str, Any], language: GuideLanguage, said: Mapping[str, str]) -> GuideLine:
    """Fill one line; a label stands as on the screen of dispatch, in English."""
    head = Template(line.get("head", {}).get(language, "")).substitute(said)
    return GuideLine(
        head=_labels()[line["label"]] if "label" in line else head,
        text=Template(line[language]).substitute(said),
        field=line.get("field", ""),
        avoid=line.get("avoid", ""),
        records=tuple(line.get("records", ())),
    )


@cache
def _labels() -> Mapping[str, str]:
    """Words of the codes of the first call."""
    return {str(code): words for code, words in table("calls").field("initial_type").choices}


@cache
def _spec(name: str) -> dict[str, Any]:
    return written(folder() / "guides" / f"{name}.yaml")
