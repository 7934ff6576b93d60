"""The block [qualitative] of a study: coded interviews, their register, and themes beside outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import Problems
from coresponder_causal.data import dictionary
from coresponder_causal.plan.texts_block import TextsPlan, read_texts_plan
from coresponder_causal.qualitative import Theme
from coresponder_causal.qualitative.joint_display import Better, Says

keys_of_qualitative = (
    "coded", "register", "coder", "machines", "signed", "known", "places", "least", "theme",
    "read", "codes_from_interviews", "planned", "words", "topics", "lists",
)  # fmt: skip
keys_of_theme = tuple(entry.name for entry in fields(Theme))
files_of_qualitative = ("coded", "register", "signed", "known")
everything = "all"
coded_by = "coded by "
projects = (".qdpx", ".sqlite3", ".db")
FileOf = Callable[[str, str], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitativePlan:
    """What a study holds beside its results.

    Parameters
    ----------
    themes : tuple of Theme
    paths : mapping of str to Path
        ``coded``: a project of REFI-QDA (.qdpx) or Taguette (.sqlite3), or ``coded by <coder>`` for each of several;
        ``register``: the table of interviews, where it is not among the study's tables; ``signed``: sign-offs of
        quotes, without which none is shown; ``known``: names to take out of texts.
    coder : str or None
        Whose segments count; None for everybody's.
    machines : tuple of str
        Coders that are programs.
    least : int
        Cases that must bring a theme up.
    places : tuple of str
        Names of places to take out of texts.
    read : mapping of str to tuple of str
        Names of the interviews that each coder read, or "all" alone.
    codes_from_interviews : bool
        Whether codes were made while reading, so that it can be asked when no new ones came.
    planned : mapping of str to int
        Interviews planned by stakeholder; empty for the quotas of the interview guides.
    texts : TextsPlan
    """

    themes: tuple[Theme, ...]
    paths: Mapping[str, Path] = field(default_factory=dict)
    coder: str | None = None
    machines: tuple[str, ...] = ()
    least: int = 3
    places: tuple[str, ...] = ()
    read: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    codes_from_interviews: bool = False
    planned: Mapping[str, int] = field(default_factory=dict)
    texts: TextsPlan = field(default_factory=TextsPlan)


def read_qualitative(
    given: Mapping[str, Any], tables: Mapping[str, Any], file_of: FileOf, problems: Problems
) -> QualitativePlan | None:
    """Read the block; None where it breaks a rule.

    Parameters
    ----------
    given : mapping
        The block as the file states it.
    tables : mapping
        Tables of the study.
    file_of : callable
        Makes a path of a file and what it is, and notes one that is not there.
    problems : Problems
        Gets every rule that is broken.

    Examples
    --------
    >>> block = {"coded": "i.qdpx", "theme": [{"code": "Calm", "outcome": "force", "says": "helps"}]}
    >>> read_qualitative(block, {"interviews": ""}, lambda path, _: Path(path), Problems("study")).themes[0].better
    'less'
    """
    before = len(problems.found)
    paths = _paths(given, file_of, problems)
    if "register" not in given and "interviews" not in tables:
        problems.add("[qualitative] has no register of interviews", mend="name register, or the table interviews")
    coder, machines, least = _counting(given, problems)
    heard = _hearing(given, problems)
    texts = read_texts_plan(given, problems)
    entries = given.get("theme", [])
    if not isinstance(entries, list) or not entries:
        problems.add("[qualitative] names no theme", mend="write [[qualitative.theme]]")
        entries = []
    themes = [_theme(entry, number, problems) for number, entry in enumerate(entries, 1)]
    if len(problems.found) > before:
        return None
    return QualitativePlan(
        themes=tuple(filter(None, themes)), paths=paths, coder=coder, machines=tuple(machines), least=least,
        texts=texts, **heard,
    )  # fmt: skip


def _paths(given: Mapping[str, Any], file_of: FileOf, problems: Problems) -> dict[str, Path]:
    """Read files; coded interviews are one file, or one for each coder."""
    stated = {key: given[key] for key in files_of_qualitative if key in given}
    if isinstance(several := stated.get("coded"), dict):
        del stated["coded"]
        stated |= {f"{coded_by}{coder}": value for coder, value in several.items()}
        if len(several) < 2:
            problems.add(
                "coded in [qualitative] names fewer than two coders", mend='write { ann = "a.qdpx", bo = "b.qdpx" }'
            )
    elif several is None:
        problems.add("key 'coded' in [qualitative] is missing", mend="name the coded interviews: interviews.qdpx")
    for key in (key for key, value in stated.items() if not isinstance(value, str)):
        problems.add(f"{key} in [qualitative] is {stated[key]!r}", mend="name a file")
    paths = {key: file_of(value, f"{key} in [qualitative]") for key, value in stated.items() if isinstance(value, str)}
    for key, path in paths.items():
        if key.startswith("coded") and path.suffix.casefold() not in projects:
            mend = f"give a project ({', '.join(projects)}); qualitative.write_qdpx makes one of a table of segments"
            problems.add(f"{key} in [qualitative] is {stated[key]}", mend=mend)
    return paths


def _hearing(given: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """Read who was to be heard, who read what, and what is taken out of texts."""
    places, planned, read = (given.get(key, empty) for key, empty in (("places", []), ("planned", {}), ("read", {})))
    from_interviews = given.get("codes_from_interviews", False)
    if not isinstance(places, list) or not all(isinstance(name, str) for name in places):
        problems.add(f"places in [qualitative] is {places!r}", mend="write a list of names")
        places = []
    if not isinstance(from_interviews, bool):
        problems.add(f"codes_from_interviews in [qualitative] is {from_interviews!r}", mend="write true or false")
    if not isinstance(planned, dict) or not all(type(n) is int and n >= 0 for n in planned.values()):
        problems.add(f"planned in [qualitative] is {planned!r}", mend="write { officer = 12, family = 8 }")
        planned = {}
    known = [str(code) for code in dictionary.table("interviews").field("stakeholder").allowed or ()]
    if strange := sorted(planned.keys() - set(known)):
        mend = f"take {', '.join(known)}"
        problems.add(f"planned in [qualitative] is of {', '.join(strange)}", mend=mend)
    if not isinstance(read, dict) or not all(_names(value) for value in read.values()):
        problems.add(f"read in [qualitative] is {read!r}", mend='write { ann = "all", bo = ["I01", "I02"] }')
        read = {}
    named = {coder: (value,) if isinstance(value, str) else tuple(value) for coder, value in read.items()}
    return {"places": tuple(places), "planned": planned, "read": named, "codes_from_interviews": from_interviews}


def _names(value: object) -> bool:
    """Whether a value names interviews: all of them, or a list."""
    return value == everything or (isinstance(value, list) and all(isinstance(name, str) for name in value))


def _counting(given: Mapping[str, Any], problems: Problems) -> tuple[Any, Any, Any]:
    """Read whose segments count, and from how many cases on."""
    coder, machines, least = given.get("coder"), given.get("machines", []), given.get("least", 3)
    if coder is not None and not isinstance(coder, str):
        problems.add(f"coder in [qualitative] is {coder!r}", mend="write one name")
    if not isinstance(machines, list) or not all(isinstance(name, str) for name in machines):
        problems.add(f"machines in [qualitative] is {machines!r}", mend="write a list of coders")
    if not isinstance(least, int) or isinstance(least, bool) or least < 1:
        problems.add(f"least in [qualitative] is {least!r}", mend="write a whole number from 1 on")
    return coder, machines, least


def _theme(entry: object, number: int, problems: Problems) -> Theme | None:
    """Read one theme."""
    where = f"theme {number} in [qualitative]"
    if not isinstance(entry, dict):
        problems.add(f"{where} is a value", mend="write [[qualitative.theme]]")
        return None
    before = len(problems.found)
    for key in sorted(entry.keys() - set(keys_of_theme)):
        problems.add(f"unknown key '{key}' in {where}", mend=f"keys are {', '.join(keys_of_theme)}")
    for key in ("code", "outcome", "says"):
        if not isinstance(entry.get(key), str):
            problems.add(f"{where} has no {key}", mend="write it as text")
    if "says" in entry:
        refuse_choice(f"says of {where}", entry["says"], Says, problems)
    refuse_choice(f"better of {where}", entry.get("better", "less"), Better, problems)
    matters = entry.get("matters", 1.0)
    if not isinstance(matters, int | float) or isinstance(matters, bool) or not matters > 0:
        problems.add(f"matters of {where} is {matters!r}", mend="write a number above 0, on the result's scale")
    if not isinstance(entry.get("result", ""), str):
        problems.add(f"result of {where} is {entry['result']!r}", mend="write the id of a result")
    return None if len(problems.found) > before else Theme(**entry)
