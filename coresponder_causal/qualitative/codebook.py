"""The starter codebooks of the dictionary, and codebooks as YAML files of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data.folder import folder, written
from coresponder_causal.qualitative.entries import Code
from coresponder_causal.qualitative.rules import book

_KEYS = {"name", "definition", "include", "exclude", "example", "colour", "about", "codable", "codes"}
_HEAD = {"codebook", "label", "codes"}


@cache
def codebook(name: str) -> tuple[Code, ...]:
    """Return a codebook of the dictionary: where coding starts, not where it ends.

    Parameters
    ----------
    name : str
        ``"interviews"`` or ``"narratives"``, or a further file of ``data_dictionary/codebooks``.

    Returns
    -------
    tuple of Code
        Each below the one it belongs to; ``about`` names boxes and assumptions of the logic model, and metrics.

    Raises
    ------
    DataError
        No such codebook: take one of those named.

    Examples
    --------
    >>> codebook("interviews")[0].name
    'How people are met'
    """
    known = sorted(path.stem for path in (folder() / "codebooks").glob("*.yaml"))
    if name not in known:
        raise DataError(f"the dictionary has no codebook {name!r}", mend=f"take one of {', '.join(known)}")
    return read_codebook(folder() / "codebooks" / f"{name}.yaml")


def read_codebook(path: str | Path) -> tuple[Code, ...]:
    """Read a codebook from a YAML file.

    Parameters
    ----------
    path : str or Path
        With ``codes``, a list of ``name`` and, as known, ``definition``, ``include``, ``exclude``, ``example``,
        ``colour``, ``about``, ``codable`` and, below it, ``codes``.

    Returns
    -------
    tuple of Code

    Raises
    ------
    DataError
        No such file or no YAML, a key that is misspelt, ids in ``about`` that neither the logic model nor the metrics
        have, or codes that break a rule of `Coded`.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"there is no file {file}", mend="correct the path")
    try:
        spec = written(file)
    except yaml.YAMLError as error:
        raise DataError(f"{file.name} is no YAML: {error}", mend="correct the line it names") from error
    problems = Problems(file.name)
    if not isinstance(spec, dict) or not isinstance(spec.get("codes"), list):
        raise DataError(f"{file.name} has no list of codes", mend="write codes: and a list")
    if odd := sorted(map(str, spec.keys() - _HEAD)):
        problems.add(f"keys {odd} are not known", mend=f"use {', '.join(sorted(_HEAD))}")
    codes = tuple(_codes(spec["codes"], None, problems))
    lost = sorted({about for code in codes for about in code.about} - _ids())
    if lost:
        problems.add(f"about names {lost}", mend="take ids of logic_model.yaml or of metrics.yaml")
    book(codes, problems)
    problems.raise_if_any(DataError)
    return codes


def codebook_table(codes: Sequence[Code]) -> pd.DataFrame:
    """Lay a codebook out as a table for those who code.

    Parameters
    ----------
    codes : sequence of Code

    Returns
    -------
    DataFrame
        One row for each code: ``code``, ``parent``, ``definition``, ``include``, ``exclude``, ``example``, ``about``,
        ``colour``, ``codable``.

    Examples
    --------
    >>> codebook_table([Code(name="Respect", about=("M35",))])[["code", "about"]].values.tolist()
    [['Respect', 'M35']]
    """
    rows = [
        {
            "code": code.name,
            "parent": code.parent or "",
            "definition": code.definition,
            "include": code.include,
            "exclude": code.exclude,
            "example": code.example,
            "about": ", ".join(code.about),
            "colour": code.colour or "",
            "codable": code.codable,
        }
        for code in codes
    ]
    return pd.DataFrame(rows)


def _codes(specs: Sequence[Any], parent: str | None, problems: Problems) -> Iterator[Code]:
    """Make the codes of a list, and of the lists inside it."""
    for spec in specs:
        odd = sorted(map(str, spec.keys() - _KEYS)) if isinstance(spec, dict) else ["no mapping"]
        if odd or "name" not in spec:
            problems.add(f"a code has {odd or 'no name'}", mend=f"use {', '.join(sorted(_KEYS))}")
            continue
        name = str(spec["name"])
        words = {key: str(spec.get(key, "")).strip() for key in ("definition", "include", "exclude", "example")}
        yield Code(
            name=name,
            parent=parent,
            definition=words["definition"],
            include=words["include"],
            exclude=words["exclude"],
            example=words["example"],
            colour=spec.get("colour"),
            about=tuple(map(str, spec.get("about", ()))),
            codable=bool(spec.get("codable", True)),
        )
        yield from _codes(spec.get("codes", ()), name, problems)


@cache
def _ids() -> frozenset[str]:
    """Ids of the boxes, assumptions and outside factors of the logic model, and of the metrics."""
    model = written(folder() / "logic_model.yaml")
    parts = [entry["id"] for part in ("nodes", "assumptions", "external") for entry in model[part]]
    return frozenset(parts) | {entry["id"] for entry in written(folder() / "metrics.yaml")["metrics"]}
