"""What a city hands to a study of several cities: effects, their variances and how many stand behind them, in one file.

No row, no series and no name of a person leaves; an effect of which a small count could be worked out does not leave
either, and nobody learns whether it was small. The file ends with the SHA-256 of what stands above it, so that a file
that was changed is found. That is no proof of who wrote it: the city says the first digits by telephone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.parsed import json_of
from coresponder_causal.core.version import VERSION
from coresponder_causal.privacy.policy import Policy

release_format = "coresponder-causal city release 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CityEffect:
    """One effect of one city.

    Parameters
    ----------
    outcome, method, term, contrast, horizon, words : str
        What was estimated and how; ``words`` is its scale in words.
    scale : str
        "log_ratio" or "difference".
    start : str
        First day of the programme, or empty.
    estimate, variance, df : float
        On the scale.
    support : mapping of str to int
        Events, calls or persons behind it, by what they are.
    compared_with : tuple of str
        Cities it was compared with.
    definition : mapping of str to str
        What the outcome means in this city, facet by facet; empty where nobody registered it.
    doubts : int
        How many doubts stand beside it in the city's own report.
    """

    outcome: str
    method: str
    term: str
    contrast: str
    horizon: str
    words: str
    scale: str
    start: str
    estimate: float
    variance: float
    df: float
    support: Mapping[str, int]
    compared_with: tuple[str, ...]
    definition: Mapping[str, str]
    doubts: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CityRelease:
    """What one city released.

    Parameters
    ----------
    city : str
    effects : tuple of CityEffect
    withheld : tuple of (str, str, str)
        Outcome, method and why, of effects that stay in the city.
    simulated : bool
        Whether the tables are made up.
    version : str
        Of the program that made it.
    sha256 : str
        Of its content; empty before it is written.
    """

    city: str
    effects: tuple[CityEffect, ...]
    withheld: tuple[tuple[str, str, str], ...] = ()
    simulated: bool = False
    version: str = VERSION
    sha256: str = ""


def release_bytes(made: CityRelease) -> bytes:
    """Return the bytes of the file of a release, the same for the same content."""
    content = _content(made)
    return f"{json.dumps(content | {'sha256': _digest(content)}, ensure_ascii=False, indent=1)}\n".encode()


def write_release(made: CityRelease, path: str | Path) -> Path:
    """Write a release, whole or not at all."""
    return write_whole(Path(path), release_bytes(made))


def read_release(path: str | Path) -> CityRelease:
    """Read a release and check that nothing of it was changed.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    CityRelease

    Raises
    ------
    DataError
        No such file, no release, a changed one, or numbers that cannot be: the message lists all.
    """
    file = Path(path)
    try:
        content: dict[str, Any] = json_of(file.read_text(encoding="utf-8"))
        said = content.pop("sha256")
    except FileNotFoundError:
        raise DataError(f"there is no file {file}", mend="give the path of a release") from None
    except (ValueError, KeyError, AttributeError, TypeError):
        raise DataError(f"{file.name} is no release of a city", mend="ask the city for the file again") from None
    problems = Problems(f"release {file.name}")
    if content.get("format") != release_format:
        problems.add(f"its format is {content.get('format')!r}", mend=f"this program reads {release_format!r}")
    if said != _digest(content):
        problems.add("it was changed after it was made", mend="ask the city for the file again")
    problems.raise_if_any(DataError)
    try:
        effects = tuple(_read_effect(one) for one in content["effects"])
        withheld = tuple((str(outcome), str(method), str(why)) for outcome, method, why in content["withheld"])
        made = CityRelease(
            city=str(content["city"]),
            effects=effects,
            withheld=withheld,
            simulated=bool(content["simulated"]),
            version=str(content["version"]),
            sha256=str(said),
        )
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{file.name} lacks what a release holds", mend="ask the city for the file again") from None
    _refuse_numbers(made, problems)
    return made


def _content(made: CityRelease) -> dict[str, Any]:
    effects = [asdict(one) | {"df": one.df if np.isfinite(one.df) else None} for one in made.effects]
    plain = {"format": release_format, "version": made.version, "city": made.city, "simulated": made.simulated}
    content = plain | {"effects": effects, "withheld": made.withheld}
    restored: dict[str, Any] = json.loads(json.dumps(content, allow_nan=False))
    return restored


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _read_effect(one: Mapping[str, Any]) -> CityEffect:
    if set(one) != {field.name for field in fields(CityEffect)}:
        raise ValueError(str(sorted(one)))
    numbers = {"estimate": float(one["estimate"]), "variance": float(one["variance"])}
    df = np.inf if one["df"] is None else float(one["df"])
    return CityEffect(**{**one, **numbers, "df": df, "compared_with": tuple(map(str, one["compared_with"]))})


def _refuse_numbers(made: CityRelease, problems: Problems) -> None:
    threshold = Policy(audience="public").threshold
    for one in made.effects:
        what = f"{one.outcome} by {one.method}"
        if not (np.isfinite(one.estimate) and np.isfinite(one.variance) and one.variance > 0):
            problems.add(f"{what} has no effect with a variance", mend="ask the city to release it again")
        if not one.support or any(0 < count < threshold for count in one.support.values()):
            problems.add(f"{what} has too small or no support", mend="delete the file, and tell the city")
    problems.raise_if_any(DataError)
