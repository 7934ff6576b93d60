"""STUDY.toml: what a study is, checked key by key before anything is read."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from string import Template
from typing import Any

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data import dictionary

keys: dict[str, tuple[str, ...]] = {
    "study": ("title", "sensitive", "seed"),
    "tables": (),
    "treated": ("city", "start", "start_between", "dose"),
    "outcomes": ("primary", "controls"),
    "designs": ("run",),
}
design_names = ("hours", "cities", "series")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table's file and, where its columns are named otherwise, the dictionary's field of each."""

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study as its file states it.

    Parameters
    ----------
    title : str
    tables : mapping of str to Source
        Files by table of the data dictionary.
    designs : tuple of {"hours", "cities", "series"}
        Designs to run; none makes a study of data quality alone.
    city, primary : str or None
        Treated city and primary outcome; needed when a design runs.
    start : str or None
    start_between : pair of str or None
        One of the two is needed when a design runs.
    dose : str or None
        A numeric column of ``city_panel``, or ``"planned_hours"`` or ``"delivered_hours"`` of the schedule.
    controls : tuple of str
        Outcomes that the programme cannot touch.
    sensitive : bool
        Whether rows and values of the data stay off the page.
    seed : int
        Seed of whatever is random.
    """

    title: str
    tables: Mapping[str, Source]
    designs: tuple[str, ...]
    city: str | None = None
    start: str | None = None
    start_between: tuple[str, str] | None = None
    dose: str | None = None
    primary: str | None = None
    controls: tuple[str, ...] = ()
    sensitive: bool = True
    seed: int = 1


def read_study(path: str | Path) -> Study:
    """Read a study file.

    Parameters
    ----------
    path : path of a TOML file
        Table paths are relative to its folder; ``${NAME}`` stands for an environment variable.

    Returns
    -------
    Study

    Raises
    ------
    DataError
        Listing every unknown key, missing key, wrong type and missing file.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(
            f"there is no study file {file}", mend="give its path, or write one: coresponder-causal init DIR"
        )
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{file.name} is not a TOML file in UTF-8: {error}", mend="correct that line") from error
    problems = Problems(f"study {file.name}")
    _check_keys(content, problems)
    _check_types(content, problems)
    problems.raise_if_any(DataError)
    study = _study(content, file.parent, problems)
    _check_complete(study, problems)
    problems.raise_if_any(DataError)
    return study


def _check_keys(content: Mapping[str, Any], problems: Problems) -> None:
    for section, entries in content.items():
        if section not in keys:
            problems.add(f"unknown section [{section}]", mend=f"sections are {', '.join(keys)}")
        elif not isinstance(entries, dict):
            problems.add(f"{section} is a value, not a section", mend=f"write [{section}] on a line of its own")
        elif section == "tables":
            for name in sorted(set(entries) - set(dictionary.tables())):
                problems.add(f"unknown table '{name}'", mend=f"tables are {', '.join(dictionary.tables())}")
        else:
            for key in sorted(set(entries) - set(keys[section])):
                problems.add(f"unknown key '{key}' in [{section}]", mend=f"keys are {', '.join(keys[section])}")
    for section in ("study", "tables", "designs"):
        if section not in content:
            problems.add(f"section [{section}] is missing", mend="add it")
    problems.raise_if_any(DataError)


def _check_types(content: Mapping[str, Any], problems: Problems) -> None:
    wanted: list[tuple[str, str, Any, str]] = [
        ("study", "title", str, "text"),
        ("study", "sensitive", bool, "true or false"),
        ("study", "seed", int, "a whole number"),
        ("treated", "city", str, "text"),
        ("treated", "start", (str, date), "a date or month"),
        ("treated", "start_between", list, "a list of two dates"),
        ("treated", "dose", str, "the name of a column"),
        ("outcomes", "primary", str, "text"),
        ("outcomes", "controls", list, "a list of names"),
        ("designs", "run", list, "a list"),
    ]
    for section, key, kind, words in wanted:
        value = content.get(section, {}).get(key)
        if value is not None and not isinstance(value, kind):
            problems.add(f"{key} in [{section}] is {value!r}", mend=f"write {words}")
    unknown = [name for name in content["designs"].get("run", []) if name not in design_names]
    if unknown:
        problems.add(f"unknown designs {unknown}", mend=f"designs are {', '.join(design_names)}")
    if len(content.get("treated", {}).get("start_between", [0, 0])) != 2:
        problems.add("start_between does not hold two dates", mend="write [earliest, latest]")
    for key, section in (("title", "study"), ("run", "designs")):
        if key not in content[section]:
            problems.add(f"key '{key}' in [{section}] is missing", mend="add it")


def _study(content: Mapping[str, Any], folder: Path, problems: Problems) -> Study:
    about, treated, outcomes = (content.get(name, {}) for name in ("study", "treated", "outcomes"))
    between = treated.get("start_between")
    start = treated.get("start")
    return Study(
        title=about["title"],
        tables={name: _source(name, given, folder, problems) for name, given in content["tables"].items()},
        designs=tuple(content["designs"]["run"]),
        city=treated.get("city"),
        start=None if start is None else str(start),
        start_between=None if between is None else (str(between[0]), str(between[1])),
        dose=treated.get("dose"),
        primary=outcomes.get("primary"),
        controls=tuple(outcomes.get("controls", ())),
        sensitive=about.get("sensitive", True),
        seed=about.get("seed", 1),
    )


def _source(name: str, given: object, folder: Path, problems: Problems) -> Source:
    """File and column names of a table: a path, or a table with ``path`` and ``columns``."""
    entry = {"path": given} if isinstance(given, str) else given
    path = entry.get("path") if isinstance(entry, dict) else None
    columns = entry.get("columns", {}) if isinstance(entry, dict) else None
    extra = set(entry) - {"path", "columns"} if isinstance(entry, dict) else set()
    if not isinstance(path, str) or not isinstance(columns, dict) or extra:
        problems.add(
            f"table '{name}' is {given!r}", mend='write "file.csv" or {path = "…", columns = {ours = "theirs"}}'
        )
        return Source(path=folder)
    filled = Template(path).safe_substitute(os.environ)
    if "$" in filled:
        problems.add(f"table '{name}': {path} names a variable that is not set", mend="set it, or write the path")
        return Source(path=folder)
    file = folder / filled
    if not file.is_file():
        problems.add(f"table '{name}': there is no file {filled}", mend="correct the path")
    return Source(path=file, columns={theirs: ours for ours, theirs in columns.items()})


def _check_complete(study: Study, problems: Problems) -> None:
    if not study.designs:
        return
    for key, section, value in (("city", "treated", study.city), ("primary", "outcomes", study.primary)):
        if value is None:
            problems.add(f"key '{key}' in [{section}] is missing", mend="add it: a design is to be run")
    if (study.start is None) == (study.start_between is None):
        problems.add("[treated] needs start or start_between", mend="give exactly one of the two")
    if "hours" in study.designs and not {"calls", "schedule"} <= set(study.tables):
        problems.add("design 'hours' needs the tables calls and schedule", mend="add them, or leave 'hours' out")
    if not {"calls", "city_panel"} & set(study.tables):
        problems.add("designs need the table calls or city_panel", mend="add one of them")
    if study.dose in ("planned_hours", "delivered_hours") and "schedule" not in study.tables:
        problems.add(f"dose '{study.dose}' needs the table schedule", mend="add it")
