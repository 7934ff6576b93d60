"""Files in TOML, as people write them."""

from __future__ import annotations

import tomllib
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
