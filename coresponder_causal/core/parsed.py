"""Files in TOML, as people write them, and in JSON, as we wrote them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coresponder_causal.core.errors import DataError


def read_toml(file: Path) -> dict[str, Any]:
    r"""Read a file in UTF-8, with or without the mark that some editors put at its beginning.

    Parameters
    ----------
    file : Path

    Returns
    -------
    dict

    Raises
    ------
    DataError
        It is not UTF-8, or not TOML: the message names the line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "STUDY.toml"
    ...     _ = file.write_bytes(b'\xef\xbb\xbf[study]')
    ...     read_toml(file)
    {'study': {}}
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{file.name} is not a TOML file in UTF-8: {error}", mend="save it as UTF-8") from error
    return toml_of(text, name=file.name)


def toml_of(text: str, *, name: str) -> dict[str, Any]:
    """Read text that stands in a file of this name.

    Parameters
    ----------
    text, name : str

    Returns
    -------
    dict

    Raises
    ------
    DataError
        It is not TOML, or nested too deeply.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{name} is not a TOML file in UTF-8: {error}", mend="correct that line") from error
    except RecursionError as error:
        raise DataError(f"{name} nests lists or tables too deeply", mend="take brackets out") from error


def json_of(text: str | bytes) -> Any:  # noqa: ANN401
    """Read JSON; what nests too deeply to be read is a ValueError, as all that is no JSON.

    Examples
    --------
    >>> json_of('{"a": 1}')
    {'a': 1}
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it nests lists or mappings too deeply") from None


def read_json(file: Path, kinds: Mapping[str, type | tuple[type, ...]], *, mend: str) -> dict[str, Any]:
    """Read a file of ours that somebody may have changed since.

    Parameters
    ----------
    file : Path
    kinds : mapping of str to type or types
        What it holds at least, and of which kind.
    mend : str
        What to do if it does not.

    Returns
    -------
    dict

    Raises
    ------
    DataError
        It is not there, is not JSON, or lacks what it should hold: all that it lacks is listed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "seal.json"
    ...     _ = file.write_text('{"offset": "a"}')
    ...     read_json(file, {"offset": float}, mend="restore it from a copy")
    Traceback (most recent call last):
    ...
    coresponder_causal.core.errors.DataError: seal.json does not hold offset as it was written
      mend: restore it from a copy
    """
    if not file.is_file():
        raise DataError(f"there is no {file.name}", mend=mend)
    try:
        found = json_of(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{file.name} is not JSON: {error}", mend=mend) from error
    held = found if isinstance(found, dict) else {}
    if lacking := [key for key, kind in kinds.items() if key not in held or not isinstance(held[key], kind)]:
        raise DataError(f"{file.name} does not hold {', '.join(lacking)} as it was written", mend=mend)
    return held
