"""The block [qualitative] of a study: coded interviews, their register, and themes beside outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import Problems
from coresponder_causal.qualitative import Theme
from coresponder_causal.qualitative.joint_display import Better, Says

keys_of_qualitative = ("coded", "register", "coder", "machines", "signed", "least", "theme")
keys_of_theme = tuple(entry.name for entry in fields(Theme))
files_of_qualitative = ("coded", "register", "signed")
projects = (".qdpx", ".sqlite3", ".db")
FileOf = Callable[[str, str], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitativePlan:
    """What a study holds beside its results.

    Parameters
    ----------
    themes : tuple of Theme
    paths : mapping of str to Path
        ``coded``: a project of REFI-QDA (.qdpx) or Taguette (.sqlite3); ``register``: the table of interviews, where it
        is not among the study's tables; ``signed``: sign-offs of quotes, without which none is shown.
    coder : str or None
        Whose segments count; None for everybody's.
    machines : tuple of str
        Coders that are programs.
    least : int
        Cases that must bring a theme up.
    """

    themes: tuple[Theme, ...]
    paths: Mapping[str, Path] = field(default_factory=dict)
    coder: str | None = None
    machines: tuple[str, ...] = ()
    least: int = 3


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
    stated = {key: given[key] for key in files_of_qualitative if key in given}
    for key in (key for key, value in stated.items() if not isinstance(value, str)):
        problems.add(f"{key} in [qualitative] is {stated[key]!r}", mend="name a file")
    paths = {key: file_of(value, f"{key} in [qualitative]") for key, value in stated.items() if isinstance(value, str)}
    if "coded" not in stated:
        problems.add("key 'coded' in [qualitative] is missing", mend="name the coded interviews: interviews.qdpx")
    elif "coded" in paths and paths["coded"].suffix.casefold() not in projects:
        mend = f"give a project ({', '.join(projects)}); qualitative.write_qdpx makes one of a table of segments"
        problems.add(f"coded in [qualitative] is {stated['coded']}", mend=mend)
    if "register" not in stated and "interviews" not in tables:
        problems.add("[qualitative] has no register of interviews", mend="name register, or the table interviews")
    coder, machines, least = _counting(given, problems)
    entries = given.get("theme", [])
    if not isinstance(entries, list) or not entries:
        problems.add("[qualitative] names no theme", mend="write [[qualitative.theme]]")
        entries = []
    themes = [_theme(entry, number, problems) for number, entry in enumerate(entries, 1)]
    if len(problems.found) > before:
        return None
    return QualitativePlan(
        themes=tuple(filter(None, themes)), paths=paths, coder=coder, machines=tuple(machines), least=least
    )


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
