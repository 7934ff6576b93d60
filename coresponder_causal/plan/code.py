"""What computes: the package's own files, Python, and the packages that numbers come from."""

from __future__ import annotations

import platform
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from coresponder_causal.data.folder import folder

computing = ("numpy", "scipy", "pandas", "statsmodels", "linearmodels", "scikit-learn", "econml", "dowhy")
"""Packages whose versions numbers may depend on."""


@cache
def code_hash() -> str:
    """Hash of the package's source, tables and data dictionary: the same hash is the same code."""
    package, dictionary = Path(__file__).parents[1], folder()
    own = [file for file in sorted(package.rglob("*")) if dictionary not in file.parents]
    digest = sha256()
    for root, files in ((package, own), (dictionary, sorted(dictionary.rglob("*")))):
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that compute."""
    return {"python": platform.python_version()} | {name: version(name) for name in computing}
