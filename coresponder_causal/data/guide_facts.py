"""What is so in one city alone, for its guides: numbers to call, names and hours, from a small TOML file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.parsed import read_toml
from coresponder_causal.data.guides import (
    CityFact,
    GuideFor,
    GuideLanguage,
    city_facts,
    needed_facts,
    refuse_other_guide,
)

longest = 60  # signs of a fact: with all facts as long, every guide still fits on its page
longest_number = 20
_FICTION = re.compile(r"555\W?01\d\d")
_OF_NUMBER = re.compile(r"[\d\s()+./-]{3,}")


def read_city_facts(
    audience: GuideFor, language: GuideLanguage, path: Path | None = None, *, given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Read what a guide needs of the city, and refuse it as a whole where anything is blank or cannot be printed.

    Parameters
    ----------
    audience : {"public", "dispatcher", "officer"}
    language : {"en", "es"}
    path : Path, optional
        TOML file as of `city_facts_file`.
    given : mapping of str to str, optional
        Facts that go before those of the file.

    Returns
    -------
    dict of str to str

    Raises
    ------
    DataError
        A file that is no TOML, or, all listed at once: facts that the guide needs and that are blank, names that are
        none, values that are no text, too long for the page, of several lines, not a number where one is called, or
        numbers of the kind that stands in fiction.
    DesignError
        Another audience or language.

    Examples
    --------
    >>> facts = {"programme": "Care Team", "hours": "every day", "non_emergency": "(999) 555-2300"}
    >>> read_city_facts("public", "en", given=facts | {"records": "City Hall"})["records"]
    'City Hall'
    """
    refuse_other_guide(audience, language)
    raw = {**_written(path), **(given or {})}
    problems = Problems(f"the facts for the guide ({audience}, {language})")
    known = city_facts()
    for name in [name for name in raw if name not in known]:
        problems.add(f"{name!r} is none of the facts", mend=f"take {', '.join(known)}")
    said = {name: _in_language(raw.get(name, ""), language) for name in needed_facts(audience, language)}
    for name, value in said.items():
        for what, mend in _broken(known[name], value):
            problems.add(f"{name} {what}", mend=mend)
    problems.raise_if_any(DataError)
    return {name: str(value).strip() for name, value in said.items()}


def city_facts_file() -> str:
    """Return the file to fill in: every fact blank, with what it is and a made-up example.

    Examples
    --------
    >>> print(city_facts_file().splitlines()[3])
    # name of the city, e.g. River City
    """
    lines = [
        "# What the guides say of your city. Fill between the quotes; a guide that needs a blank fact is not",
        "# made. Numbers of the kind 555-01.. are for fiction and are refused.",
        "",
    ]
    for fact in city_facts().values():
        if not fact.by_language:
            lines += [f"# {fact.hint}, e.g. {fact.example}", f'{fact.name} = ""', ""]
    for fact in city_facts().values():
        if isinstance(fact.example, Mapping):
            lines += [f"[{fact.name}]  # {fact.hint}"]
            lines += [f'{language} = ""  # e.g. {words}' for language, words in fact.example.items()] + [""]
    return "\n".join(lines)


def _written(path: Path | None) -> dict[str, object]:
    """Read a file of facts."""
    return {} if path is None else read_toml(path)


def _in_language(value: object, language: GuideLanguage) -> object:
    """Take the words of one language, where there are several."""
    return value.get(language, "") if isinstance(value, Mapping) else value


def _broken(fact: CityFact, value: object) -> Iterator[tuple[str, str]]:
    """Say what forbids to print a fact."""
    if not isinstance(value, str):
        yield f"is {value!r}, no text", "put it between quotes"
    elif not value.strip():
        yield "is blank", f"fill it in: {fact.hint}"
    else:
        most = longest_number if fact.number else longest
        if len(value.strip()) > most:
            yield f"has {len(value.strip())} signs", f"say it in {most}, so that it fits on the page"
        if any(not letter.isprintable() for letter in value.strip()):
            yield "has several lines or signs that cannot be printed", "write it in one line"
        if fact.number and not _OF_NUMBER.fullmatch(value.strip()):
            yield f"is {value!r}, no number to call", "write its digits alone, as (916) 372-0000"
        if _FICTION.search(value):
            yield f"is {value!r}, a number of fiction", "give the true one"
