"""Files that a study names, and the columns of its tables."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from coresponder_causal.core.errors import Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table's file and, where its columns are named otherwise, the dictionary's field of each."""

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)


def source_of(name: str, given: object, folder: Path, problems: Problems) -> Source:
    """File and column names of a table: a path, or a table with ``path`` and ``columns``."""
    entry: dict[str, Any] = given if isinstance(given, dict) else {"path": given}
    path, columns = entry.get("path"), entry.get("columns", {})
    mapped = isinstance(columns, dict) and all(isinstance(theirs, str) for theirs in columns.values())
    if not isinstance(path, str) or not mapped or entry.keys() - {"path", "columns"}:
        problems.add(
            f"table '{name}' is {given!r}", mend='write "file.csv" or {path = "…", columns = {ours = "theirs"}}'
        )
        return Source(path=folder)
    file = file_of(path, folder, f"table '{name}'", problems)
    twice = sorted(theirs for theirs, count in Counter(columns.values()).items() if count > 1)
    if twice:
        problems.add(f"table '{name}': columns maps {', '.join(twice)} to several fields", mend="map each column once")
    return Source(path=file, columns={theirs: ours for ours, theirs in columns.items()})


def file_of(path: str, folder: Path, what: str, problems: Problems) -> Path:
    """File that a study names, relative to its folder, with environment variables filled in."""
    filled = Template(path).safe_substitute(os.environ)
    if "$" in filled:
        problems.add(f"{what}: {path} names a variable that is not set", mend="set it, or write the path")
        return folder
    if not _is_there(folder / filled):
        problems.add(f"{what}: there is no file {filled}", mend="correct the path")
    return folder / filled


def _is_there(path: Path) -> bool:
    """Whether a file is there; none is whose name no file can have."""
    try:
        return path.is_file()
    except OSError:
        return False
