"""A mapping file: which column of which export becomes which field, checked key by key before a row is read."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from string import Template
from typing import Any, cast

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.parsed import read_toml
from coresponder_causal.data import dictionary
from coresponder_causal.data.ingest_source import Candidate, SameKey, Skipped, SourceMap, Twice, to_minutes
from coresponder_causal.data.zones import is_zone

repairs = ("spaces", "swap_day_and_month")
recipes = ("hour_of", "minutes_between", "join", "number_within")
_choices = {
    "ambiguous": ("quarantine", "earlier", "later"),
    "nonexistent": ("quarantine", "forward", "keep"),
    "same_key": ("quarantine", "latest"),
}
_kinds: dict[str, str] = {
    **dict.fromkeys(("name", "table", "sheet", "time_zone", "local_time_zone", "latest_by", *_choices), "text"),
    **dict.fromkeys(("files", "missing", "true", "false", "date_formats", "repair"), "texts"),
    **dict.fromkeys(("unreadable_to_missing", "beyond_limits_to_missing"), "texts"),
    "day_first": "flag",
    **dict.fromkeys(("columns", "fallback", "constants", "codes", "crosswalks", "units", "derived"), "section"),
    "openpolicedata": "section",
}
_by_field = ("columns", "fallback", "constants", "codes", "crosswalks", "units", "derived")
_police_keys = ("source", "table", "year", "agency", "state", "cache", "python")
_candidate_keys = ("column", "date", "time", "from", "until")


def read_mapping(mapping: str | Path | Mapping[str, Any]) -> tuple[SourceMap, ...]:
    """Read and check a mapping.

    Parameters
    ----------
    mapping : path of a TOML file, or mapping
        ``[[source]]`` sections, one for each export and table, and ``[defaults]`` for what they share.

    Returns
    -------
    tuple of SourceMap

    Raises
    ------
    DataError
        Listing every unknown key, unknown field and contradiction, with the closest known names.

    Examples
    --------
    >>> columns = {"call_id": "ID", "received_at": "Time", "citty": "City"}
    >>> read_mapping({"source": [{"name": "cad", "table": "calls", "files": "cad.csv", "columns": columns}]})
    Traceback (most recent call last):
    ...
    coresponder_causal.core.errors.DataError: the mapping breaks 2 rules
      1. source 'cad': table calls has no field 'citty' (columns): did you mean 'city'?
      2. source 'cad': required field 'city' has no column: add it to columns, constants or derived
      mend: change the 2 points above, then run again
    """
    content = mapping_content(mapping)
    problems = Problems("the mapping")
    for name in content.keys() - {"source", "defaults"}:
        problems.add(f"unknown section '{name}'", mend=nearest(name, ("source", "defaults")))
    given, defaults = content.get("source"), content.get("defaults", {})
    if not isinstance(given, list) or not given or not all(isinstance(entry, dict) for entry in given):
        problems.add("there is no [[source]]", mend="write [[source]] once for each export")
        given = []
    entries = [{**(defaults if isinstance(defaults, dict) else {}), **entry} for entry in given]
    sources = tuple(_source(entry, number, problems) for number, entry in enumerate(entries, 1))
    names = [source.name for source in sources]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.add(f"two sources are named '{name}'", mend="give each its own name")
    problems.raise_if_any(DataError)
    return sources


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the closest known name, or list all.

    Parameters
    ----------
    name : str
    known : iterable of str

    Returns
    -------
    str

    Examples
    --------
    >>> nearest("tabel", ["table", "files"])
    "did you mean 'table'?"
    """
    choices = tuple(known)
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"take one of {', '.join(choices)}"


def mapping_content(mapping: str | Path | Mapping[str, Any]) -> Mapping[str, Any]:
    """Read a mapping without checking it.

    Parameters
    ----------
    mapping : path of a TOML file, or mapping

    Returns
    -------
    mapping

    Raises
    ------
    DataError
        No such file, or one that is not TOML.
    """
    if isinstance(mapping, Mapping):
        return mapping
    file = Path(mapping)
    if not file.is_file():
        raise DataError(
            f"there is no mapping file {file}",
            mend="correct the path, or write one: coresponder-causal ingest --example FILE",
        )
    return read_toml(file)


def _source(given: Mapping[str, Any], number: int, problems: Problems) -> SourceMap:
    """Check one source; what cannot be used is left out after it was noted."""
    where = f"source '{given.get('name', number)}'"
    entry = _typed(given, where, problems)
    if "name" not in entry:
        problems.add(f"{where} has no name", mend='write name = "cad"')
    names = _fields(entry, where, problems)
    if ("files" in entry) == ("openpolicedata" in entry):
        problems.add(f"{where} needs files or openpolicedata", mend="give exactly one of the two")
    _check_police(entry.get("openpolicedata", {}), where, problems)
    columns = {
        name: tuple(_candidates(name, value, where, problems)) for name, value in entry.get("columns", {}).items()
    }
    _check_values(entry, names, where, problems)
    return SourceMap(
        name=str(entry.get("name", number)),
        table=str(entry.get("table", "")),
        files=tuple(_expanded(path, where, problems) for path in entry.get("files", ())),
        sheet=entry.get("sheet"),
        police=entry.get("openpolicedata", {}),
        columns=columns,
        fallback=_fallbacks(entry, where, problems),
        constants=entry.get("constants", {}),
        codes=_codes(entry, where, problems),
        crosswalks={
            name: _crosswalk(name, asked, where, problems) for name, asked in entry.get("crosswalks", {}).items()
        },
        units=entry.get("units", {}),
        derived=entry.get("derived", {}),
        missing=entry.get("missing", ()),
        true=entry.get("true", ()),
        false=entry.get("false", ()),
        date_formats=entry.get("date_formats", ()),
        day_first=entry.get("day_first"),
        time_zone=entry.get("time_zone", entry.get("local_time_zone")),
        local_time_zone=entry.get("local_time_zone", entry.get("time_zone")),
        ambiguous=cast("Twice", entry.get("ambiguous", "quarantine")),
        nonexistent=cast("Skipped", entry.get("nonexistent", "quarantine")),
        repair=entry.get("repair", ()),
        unreadable_to_missing=entry.get("unreadable_to_missing", ()),
        beyond_limits_to_missing=entry.get("beyond_limits_to_missing", ()),
        same_key=cast("SameKey", entry.get("same_key", "quarantine")),
        latest_by=entry.get("latest_by"),
    )


def _typed(given: Mapping[str, Any], where: str, problems: Problems) -> dict[str, Any]:
    """Keep the known keys whose value has the right kind; one text stands for a list of one."""
    known: dict[str, Any] = {}
    for key, value in given.items():
        kind = _kinds.get(key)
        if kind is None:
            problems.add(f"{where}: unknown key '{key}'", mend=nearest(key, tuple(_kinds)))
        elif kind == "text" and isinstance(value, str):
            known[key] = value
        elif kind == "texts" and isinstance(value, str):
            known[key] = (value,)
        elif kind == "texts" and isinstance(value, list) and all(isinstance(one, str) for one in value):
            known[key] = tuple(value)
        elif (kind == "flag" and isinstance(value, bool)) or (kind == "section" and isinstance(value, dict)):
            known[key] = value
        else:
            wanted = {"texts": "a text or a list of texts", "flag": "true or false"}.get(kind, f"a {kind}")
            problems.add(f"{where}: {key} is {value!r}", mend=f"write {wanted}")
    return known


def _fields(entry: dict[str, Any], where: str, problems: Problems) -> tuple[str, ...]:
    """Check that every field exists, has one origin, and that required ones have any; drop the strangers."""
    table = str(entry.get("table"))
    if table not in dictionary.tables():
        problems.add(f"{where}: there is no table {table!r}", mend=nearest(table, tuple(dictionary.tables())))
        return ()
    known = dictionary.table(table)
    for section in _by_field:
        for name in [name for name in entry.get(section, {}) if name not in known.names]:
            problems.add(f"{where}: table {table} has no field '{name}' ({section})", mend=nearest(name, known.names))
            entry[section] = {ours: value for ours, value in entry[section].items() if ours != name}
    for key in ("unreadable_to_missing", "beyond_limits_to_missing"):
        for name in entry.get(key, ()):
            if name not in known.names:
                problems.add(f"{where}: table {table} has no field '{name}' ({key})", mend=nearest(name, known.names))
            elif name in known.required:
                problems.add(f"{where}: '{name}' is required and cannot be set missing", mend=f"take it out of {key}")
    origins = [name for section in ("columns", "constants", "derived") for name in entry.get(section, {})]
    for name in sorted({name for name in origins if origins.count(name) > 1}):
        problems.add(f"{where}: '{name}' comes from two places", mend="keep it in columns, constants or derived")
    for name in known.required:
        if name not in origins:
            problems.add(
                f"{where}: required field '{name}' has no column", mend="add it to columns, constants or derived"
            )
    for section in ("fallback", "codes", "crosswalks", "units"):
        for name in entry.get(section, {}):
            if name not in entry.get("columns", {}) and (section != "fallback"):
                problems.add(f"{where}: '{name}' in {section} has no column", mend="add it to columns")
    return known.names


def _candidates(name: str, value: object, where: str, problems: Problems) -> Iterable[Candidate]:
    """Every column that may hold a field, in the order stated."""
    for one in value if isinstance(value, list) else [value]:
        entry = {"column": one} if isinstance(one, str) else one
        column = entry.get("column", entry.get("date")) if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(column, str):
            problems.add(f"{where}: column of '{name}' is {one!r}", mend='write "Name" or {column = "Name", until = …}')
            continue
        for key in entry.keys() - set(_candidate_keys):
            problems.add(f"{where}: unknown key '{key}' in column of '{name}'", mend=nearest(key, _candidate_keys))
        since, until = (_day(entry.get(key), f"{where}: {key} of '{name}'", problems) for key in ("from", "until"))
        yield Candidate(column=column, time=entry.get("time"), since=since, until=until)


def _day(value: object, what: str, problems: Problems) -> date | None:
    """Read a calendar day."""
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        problems.add(f"{what} is {value!r}", mend="write a date such as 2024-06-30")
        return None


def _check_values(entry: Mapping[str, Any], names: tuple[str, ...], where: str, problems: Problems) -> None:
    """Check choices, zones, units, recipes and what belongs together."""
    for key, choices in _choices.items():
        if entry.get(key, choices[0]) not in choices:
            problems.add(f"{where}: {key} is {entry[key]!r}", mend=nearest(entry[key], choices))
    for name in entry.get("repair", ()):
        if name not in repairs:
            problems.add(f"{where}: there is no repair '{name}'", mend=nearest(name, repairs))
    for key in ("time_zone", "local_time_zone"):
        if key in entry and not is_zone(entry[key]):
            problems.add(f"{where}: there is no time zone {entry[key]!r}", mend="write its IANA name")
    for name, unit in entry.get("units", {}).items():
        if unit not in tuple(to_minutes):
            problems.add(f"{where}: unit of '{name}' is {unit!r}", mend=nearest(str(unit), tuple(to_minutes)))
    for name, recipe in entry.get("derived", {}).items():
        _check_recipe(name, recipe, names, where, problems)
    if entry.get("same_key") == "latest" and "latest_by" not in entry:
        problems.add(f"{where}: same_key = 'latest' needs latest_by", mend="name the column with the time of change")


def _check_recipe(name: str, recipe: object, names: tuple[str, ...], where: str, problems: Problems) -> None:
    """Check how a derived field is computed."""
    kinds = [key for key in recipe if key in recipes] if isinstance(recipe, dict) else []
    if not isinstance(recipe, dict) or len(kinds) != 1 or recipe.keys() - {*recipes, "with"}:
        problems.add(f"{where}: derived '{name}' is {recipe!r}", mend=f"give one of {', '.join(recipes)}")
        return
    if kinds[0] == "join":
        return
    used = recipe[kinds[0]]
    for other in used if isinstance(used, list) else [used]:
        if names and other not in names:
            problems.add(f"{where}: derived '{name}' uses the unknown field {other!r}", mend=nearest(str(other), names))


def _check_police(entry: Mapping[str, Any], where: str, problems: Problems) -> None:
    """Check what is asked of openpolicedata."""
    if not entry:
        return
    for key in entry.keys() - set(_police_keys):
        problems.add(f"{where}: unknown key '{key}' in openpolicedata", mend=nearest(key, _police_keys))
    for key in ("source", "table", "year"):
        if key not in entry:
            problems.add(f"{where}: openpolicedata lacks '{key}'", mend="add it")


def _codes(entry: Mapping[str, Any], where: str, problems: Problems) -> dict[str, Mapping[str, object]]:
    """Code maps as they stand in the mapping."""
    found: dict[str, Mapping[str, object]] = {}
    for name, codes in entry.get("codes", {}).items():
        if isinstance(codes, dict):
            found[name] = codes
            _misspelt(entry.get("table"), name, codes, where, problems)
        else:
            problems.add(f"{where}: codes of '{name}' are {codes!r}", mend='write {"their code" = "our code"}')
    return found


def _misspelt(table: object, name: str, codes: Mapping[str, object], where: str, problems: Problems) -> None:
    """Refuse codes of ours that come close to one of the dictionary and are none; others are kept as they are."""
    if table not in dictionary.tables() or name not in dictionary.table(str(table)).names:
        return
    allowed = [str(code) for code in dictionary.table(str(table)).field(name).allowed or ()]
    for ours in dict.fromkeys(str(value) for value in codes.values()):
        close = difflib.get_close_matches(ours, allowed, n=1, cutoff=0.85)
        if close and ours not in allowed:
            problems.add(f"{where}: '{ours}' is no code of '{name}'", mend=f"did you mean '{close[0]}'?")


def _crosswalk(name: str, asked: object, where: str, problems: Problems) -> dict[str, str]:
    """Read a crosswalk of the dictionary as a map from raw words in small letters; rows for "any" come last."""
    wanted = ("name", "from", "to")
    conditions = asked.get("where", {}) if isinstance(asked, dict) else None
    if (
        not isinstance(asked, dict)
        or not isinstance(conditions, dict)
        or not all(isinstance(asked.get(key), str) for key in wanted)
    ):
        mend = 'write {name = "nature_codes", from = "code", to = "type", where = {stage = "reported"}}'
        problems.add(f"{where}: crosswalk of '{name}' is {asked!r}", mend=mend)
        return {}
    try:
        found = dictionary.crosswalk(asked["name"])
    except DataError as error:
        problems.add(f"{where}: {error.what}", mend=error.mend)
        return {}
    unknown = sorted({asked["from"], asked["to"], *conditions} - set(found.columns))
    if unknown or asked.keys() - {*wanted, "where"}:
        named = ", ".join(unknown or sorted(asked.keys() - {*wanted, "where"}))
        problems.add(f"{where}: crosswalk {found.name} has no {named}", mend=f"take of {', '.join(found.columns)}")
        return {}
    fits = [row for row in found.rows if all(row[key] in (value, "any") for key, value in conditions.items())]
    ordered = sorted(fits, key=lambda row: sum(row[key] == "any" for key in conditions), reverse=True)
    return {str(row[asked["from"]]).lower(): str(row[asked["to"]]) for row in ordered}


def _fallbacks(entry: Mapping[str, Any], where: str, problems: Problems) -> dict[str, tuple[str, ...]]:
    """Columns that fill a field, one or a list."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in entry.get("fallback", {}).items():
        columns = value if isinstance(value, list) else [value]
        if all(isinstance(column, str) for column in columns):
            found[name] = tuple(columns)
        else:
            problems.add(f"{where}: fallback of '{name}' is {value!r}", mend="write the name of a column, or a list")
    return found


def _expanded(path: str, where: str, problems: Problems) -> str:
    """Fill environment variables into a path."""
    try:
        return Template(path).substitute(os.environ)
    except (KeyError, ValueError) as error:
        problems.add(f"{where}: the path {path!r} needs the environment variable {error}", mend="set it")
        return path
