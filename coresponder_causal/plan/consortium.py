"""CONSORTIUM.toml: who takes part in a study of several cities, what everybody estimates, and what outcomes mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.parsed import read_toml
from coresponder_causal.data import read_table
from coresponder_causal.plan.designs import settings

kinds: dict[str, type | tuple[type, ...]] = {
    "title": str, "designs": list, "outcomes": list, "reference": str, "least_cities": int, "systems": str,
    "bridges": str, "take_unknown": bool,
}  # fmt: skip
usual_least = 3
example = """\
# A study of several cities. Every city runs the same design at home and sends one release; no row leaves a city.
#   coresponder-causal participate check TABLES --consortium CONSORTIUM.toml      in each city
#   coresponder-causal participate release STUDY.toml --consortium CONSORTIUM.toml --out release.json
#   coresponder-causal participate pool CONSORTIUM.toml --out page                where releases come together

[consortium]
title = "Co-responders in several cities"
designs = ["cities"]                # names of designs in each city's STUDY.toml
outcomes = ["calls"]                # what is counted, as each STUDY.toml names it
least_cities = 3                    # fewer are not put together
# reference = "Our city"            # by whose definitions is counted; by default those that most cities share
# systems = "metric_systems.csv"    # what outcomes mean in every city
# bridges = "metric_bridges.csv"    # how one definition turns into another
# take_unknown = true               # take cities without a registered definition, with a doubt

[cities]                            # a release that was sent, or a study that is run here
"Our city" = "STUDY.toml"
"A partner" = "partner.json"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consortium:
    """A study of several cities, as its file states it.

    Parameters
    ----------
    title : str
    designs, outcomes : tuple of str
        What every city estimates.
    cities : mapping of str to Path
        A release (.json) or a study (.toml) of each.
    reference : str or None
        City by whose definitions is counted.
    least_cities : int
        Fewer are not put together.
    systems, bridges : Path or None
        Registers of definitions and of bridges.
    take_unknown : bool
        Whether cities without a registered definition are taken.
    """

    title: str
    designs: tuple[str, ...]
    outcomes: tuple[str, ...]
    cities: Mapping[str, Path] = field(default_factory=dict)
    reference: str | None = None
    least_cities: int = usual_least
    systems: Path | None = None
    bridges: Path | None = None
    take_unknown: bool = False

    def strange(self, city: str | None) -> tuple[str, str] | None:
        """Say that a city is none of those that take part, and what to do; None where it is one, or none is named."""
        if not self.cities or city in self.cities:
            return None
        return f"'{city}' is none of its cities, {', '.join(sorted(self.cities))}", "agree on the name of the city"

    def table(self, name: str) -> pd.DataFrame | None:
        """Register "systems" or "bridges", where one is named."""
        path: Path | None = getattr(self, name)
        return None if path is None else read_table(path)


def read_consortium(path: str | Path) -> Consortium:
    """Read the file of a study of several cities.

    Parameters
    ----------
    path : path of a TOML file
        Paths in it are relative to its folder.

    Returns
    -------
    Consortium

    Raises
    ------
    DataError
        No such file, no TOML, or every unknown, missing or wrong key at once.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"there is no file {file}", mend="write one: coresponder-causal participate example FILE")
    content = read_toml(file)
    problems = Problems(f"consortium {file.name}")
    stated, cities = _section(content, "consortium", problems), _section(content, "cities", problems)
    for key in set(content) - {"consortium", "cities"}:
        problems.add(f"section [{key}] is not known", mend="name it [consortium] or [cities]")
    _check(stated, problems)
    places = {name: file.parent / str(place) for name, place in cities.items()}
    registers = {name: file.parent / str(stated[name]) for name in ("systems", "bridges") if name in stated}
    for name, place in (places | registers).items():
        if name in registers and not place.is_file():
            problems.add(f"{name}: there is no file {place.name}", mend="correct the path")
        if name in places and place.suffix not in (".json", ".toml"):
            problems.add(f"{name} = '{place.name}'", mend="name a release (.json) or a study (.toml)")
    if stated.get("reference") is not None and places and stated["reference"] not in places:
        problems.add(f"reference = '{stated['reference']}' is none of the cities", mend="name one of [cities]")
    problems.raise_if_any(DataError)
    return Consortium(
        title=str(stated["title"]),
        designs=tuple(map(str, stated["designs"])),
        outcomes=tuple(map(str, stated["outcomes"])),
        cities=places,
        reference=stated.get("reference"),
        least_cities=int(stated.get("least_cities", usual_least)),
        systems=registers.get("systems"),
        bridges=registers.get("bridges"),
        take_unknown=bool(stated.get("take_unknown", False)),
    )


def write_consortium(path: str | Path, *, force: bool = False) -> Path:
    """Write a documented example of the file.

    Parameters
    ----------
    path : path
    force : bool
        Replace a file that is there.

    Raises
    ------
    DataError
        A file that is there, without ``force``.
    """
    file = Path(path)
    if file.exists() and not force:
        raise DataError(f"{file} is there", mend="name another file, or replace it with --force")
    return write_whole(file, example.encode())


def _section(content: Mapping[str, Any], name: str, problems: Problems) -> dict[str, Any]:
    part = content.get(name, {})
    if not isinstance(part, dict):
        problems.add(f"{name} is no section", mend=f"write [{name}] on a line of its own")
        return {}
    return part


def _check(stated: Mapping[str, Any], problems: Problems) -> None:
    """Note every unknown, missing or wrong key of [consortium]."""
    for key in sorted(set(stated) - set(kinds)):
        problems.add(f"key '{key}' is not known", mend=f"take one of {', '.join(kinds)}")
    for key in ("title", "designs", "outcomes"):
        if not stated.get(key):
            problems.add(f"'{key}' is missing", mend="state it")
    for key, kind in kinds.items():
        if key in stated and (not isinstance(stated[key], kind) or (kind is int and isinstance(stated[key], bool))):
            problems.add(f"{key} = {stated[key]!r}", mend=f"give a value of the kind {getattr(kind, '__name__', kind)}")
    designs = stated.get("designs")
    if isinstance(designs, list) and (strange := [str(one) for one in designs if one not in settings()]):
        problems.add(f"designs name {', '.join(strange)}", mend=f"take of {', '.join(settings())}")
    if isinstance(stated.get("least_cities"), int) and stated["least_cities"] < 2:
        problems.add(f"least_cities = {stated['least_cities']}", mend="two or more can be put together")
