"""Archives and XML of others, read as if they meant harm: nothing unpacks to disk, is fetched, or swells."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from coresponder_causal.core.errors import DataError, Problems

MOST_FILES = 20_000
MOST_BYTES = 256 * 1024**2
_DRIVE = re.compile(r"^[A-Za-z]:")
_DOCTYPE = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


class Archive:
    """Files of a zip archive by their lower-case name, each read when it is asked for.

    Parameters
    ----------
    opened : zipfile.ZipFile
    path : Path
    """

    __slots__ = ("_opened", "_path", "_read", "names")

    def __init__(self, opened: zipfile.ZipFile, path: Path) -> None:
        self._opened, self._path, self._read = opened, path, 0
        self.names = {info.filename.lower(): info for info in opened.infolist() if not info.is_dir()}

    def read(self, name: str) -> bytes:
        """Return the bytes of a file.

        Raises
        ------
        DataError
            What was read from the archive is more than is taken from any, or the file is damaged.
        """
        left = MOST_BYTES - self._read
        try:
            with self._opened.open(self.names[name.lower()]) as stream:
                found = stream.read(left + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise DataError(f"{self._path.name} is damaged: {error}", mend="export it again") from error
        if len(found) > left:
            raise DataError(
                f"{self._path.name} unpacks to more than {MOST_BYTES // 1024**2} MB of text",
                mend="split the project, or ask who made the file",
            )
        self._read += len(found)
        return found


@contextmanager
def archive(path: Path) -> Iterator[Archive]:
    """Open a zip archive whose list of files is harmless.

    Parameters
    ----------
    path : Path

    Yields
    ------
    Archive

    Raises
    ------
    DataError
        No such file, no archive, or one with files that would leave its folder, links, encrypted files, two files of a
        name, or very many: every point is listed.
    """
    if not path.is_file():
        raise DataError(f"there is no file {path}", mend="correct the path")
    try:
        opened = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path.name} is no zip archive: {error}", mend="export it again") from error
    with opened:
        _refuse(opened.infolist(), path)
        yield Archive(opened, path)


def xml_of(content: bytes, name: str) -> ElementTree.Element:
    """Read XML that declares no document type, so that no entity of it can swell or fetch.

    Parameters
    ----------
    content : bytes
        In UTF-8, or in UTF-16 with a byte-order mark.
    name : str
        What it is called in messages.

    Returns
    -------
    Element
        The root; tags keep their namespace.

    Raises
    ------
    DataError
        A document type or an entity is declared, or it is no XML.

    Examples
    --------
    >>> xml_of(b"<a><b/></a>", "a.xml")[0].tag
    'b'
    >>> xml_of(b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "a.xml")
    Traceback (most recent call last):
    ...
    coresponder_causal.core.errors.DataError: a.xml declares a document type or entities
      mend: do not open it elsewhere either, and ask who made it
    """
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
        if _DOCTYPE.search(text):
            raise DataError(
                f"{name} declares a document type or entities",
                mend="do not open it elsewhere either, and ask who made it",
            )
        return ElementTree.fromstring(text)
    except (UnicodeDecodeError, ElementTree.ParseError) as error:
        raise DataError(f"{name} is no XML in UTF-8: {error}", mend="export it again") from error


def _refuse(infos: list[zipfile.ZipInfo], path: Path) -> None:
    """Refuse an archive whose list of files would do harm elsewhere."""
    problems = Problems(path.name)
    if len(infos) > MOST_FILES:
        problems.add(f"{len(infos)} files, more than {MOST_FILES}", mend="split the project")
    outside = sum(_leaves(info.orig_filename) for info in infos)
    if outside:
        problems.add(f"{outside} files would be put outside the folder", mend="ask who made the file")
    links = sum(stat.S_ISLNK(info.external_attr >> 16) for info in infos)
    if links:
        problems.add(f"{links} files are links", mend="put the files themselves into it")
    secret = sum(info.flag_bits & 1 for info in infos)
    if secret:
        problems.add(f"{secret} files are encrypted", mend="export it without a password")
    twice = sum(count > 1 for count in Counter(info.filename.lower() for info in infos).values())
    if twice:
        problems.add(f"{twice} names of files come more than once", mend="export it again")
    problems.raise_if_any(DataError)


def _leaves(name: str) -> bool:
    """Whether a name in an archive points out of the folder it is unpacked to."""
    there = PurePosixPath(name.replace("\\", "/"))
    return there.is_absolute() or ".." in there.parts or _DRIVE.match(name) is not None or "\x00" in name
