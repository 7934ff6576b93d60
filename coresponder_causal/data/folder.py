"""Where the YAML files of the data dictionary lie."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """Find the dictionary inside the installed package, or at the top of a checkout.

    Returns
    -------
    Path

    Examples
    --------
    >>> (folder() / "calls.yaml").is_file()
    True
    """
    package = Path(__file__).parents[1]
    inside = package / "data_dictionary"
    return inside if inside.is_dir() else package.parent / "data_dictionary"
