"""Study files whose paths are changed to where their files lie in a bundle, and nothing else of them."""

from __future__ import annotations

import copy
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from string import Template
from typing import Any

from coresponder_causal.core.errors import DataError
from coresponder_causal.plan.designs_of_calls import files_of
from coresponder_causal.plan.qualitative_block import files_of_qualitative
from coresponder_causal.plan.workforce_block import files_of_workforce

of_tables, of_graph = "tables", "graph"


def moved_paths(content: Mapping[str, Any], folder: Path) -> dict[str, tuple[Path, str]]:
    """Map every path that a study states to the file it means and to its place in a bundle."""
    moved: dict[str, tuple[Path, str]] = {}
    for entry, key in _paths(content):
        found = (folder / Template(entry[key]).safe_substitute(os.environ)).absolute()
        where = "" if key == "ledger" else f"{of_graph if key == 'file' else of_tables}/"
        moved[entry[key]] = (found, f"{where}{found.name}")
    files = {new: path for path, new in moved.values()}
    for path, new in moved.values():
        if files[new] != path:
            raise DataError(f"two files of the study are called {path.name}", mend="give one of them another name")
    return moved


def _paths(content: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Give every place in a study file that holds a path."""
    for name, given in content["tables"].items():
        yield (given, "path") if isinstance(given, dict) else (content["tables"], name)
    if "file" in (graph := content.get("graph", {})):
        yield graph, "file"
    heard = content.get("qualitative", {})
    yield from ((heard, key) for key in files_of_qualitative if isinstance(heard.get(key), str))
    if isinstance(several := heard.get("coded"), dict):
        yield from ((several, coder) for coder in several)
    named = (*chain(*files_of.values()), *files_of_workforce, "ledger")
    for part in content.values():
        for entry in part if isinstance(part, list) else [part]:
            yield from ((entry, key) for key in named if isinstance(entry.get(key), str))


def portable(text: str, moved: Mapping[str, str]) -> str:
    r"""Change the paths in the text of a study file and nothing else.

    Parameters
    ----------
    text : str
    moved : mapping of path as stated to path as it is to be

    Raises
    ------
    DataError
        If a path is written so that it is not found; write it in plain quotes.

    Examples
    --------
    >>> portable('[tables]  # ours\ncalls = "/data/calls.csv"', {"/data/calls.csv": "tables/calls.csv"})
    '[tables]  # ours\ncalls = "tables/calls.csv"'
    """
    wanted = copy.deepcopy(tomllib.loads(text))
    for entry, key in _paths(wanted):
        entry[key] = moved[entry[key]]
    for old, new in moved.items():
        for written in (json.dumps(old), json.dumps(old, ensure_ascii=False), f"'{old}'"):
            text = text.replace(written, json.dumps(new, ensure_ascii=False))
    if tomllib.loads(text) != wanted:
        raise DataError(
            "the paths in the study file cannot be changed to those of the bundle",
            mend='write each path on one line in plain quotes, and no other text that is the same: "data/calls.csv"',
        )
    return text
