"""Files that are there whole or not at all, and files to which several runs add one after the other."""

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from coresponder_causal.core.errors import DataError

if sys.platform != "win32":
    import fcntl


def write_whole(path: Path, content: bytes, *, private: bool = False) -> Path:
    """Write beside the place and move there; folders are made. A private file its owner alone may read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "a" / "b.txt", b"whole").read_bytes()
    b'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        beside.touch(mode=0o600 if private else 0o666)
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


@contextmanager
def folder_beside(out: Path) -> Iterator[Path]:
    """Give an empty folder to write into, whose files move into another when all are there; after an error none do.

    A folder that is not there yet appears at once, with everything in it.

    Raises
    ------
    DataError
        The folder was not there, and another run has filled it meanwhile: name another.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as home:
    ...     with folder_beside(Path(home) / "out") as made:
    ...         _ = write_whole(made / "tables" / "a.txt", b"whole")
    ...     (Path(home) / "out" / "tables" / "a.txt").read_bytes()
    b'whole'
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    there = out.exists()
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".writing-") as folder:
        made = Path(folder) / "made"
        made.mkdir()
        yield made
        if not there:
            _appear(made, out)
            return
        for file in sorted(path for path in made.rglob("*") if path.is_file()):
            target = out / file.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)


def _appear(made: Path, out: Path) -> None:
    """Give a folder its name, unless another run was faster."""
    try:
        made.rename(out)
    except OSError as error:
        if not out.exists():
            raise
        raise DataError(f"another run has filled {out} meanwhile", mend="name another folder") from error


@contextmanager
def opened_alone(path: Path) -> Iterator[BinaryIO]:
    """Open a file to add to, alone: whoever comes second waits. The hold ends with the process, however that ends.

    Where the system has no such holds (Windows), nobody waits.

    Parameters
    ----------
    path : Path
        It is made where it is not there, and its folder.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as home, opened_alone(Path(home) / "one.lock") as file:
    ...     file.write(b"mine")
    4
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        if sys.platform != "win32":
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def add_whole(file: BinaryIO, content: bytes, *, after: int) -> None:
    """Add to a file that is held, behind its first ``after`` bytes; when that fails, the file ends there.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as home, opened_alone(Path(home) / "lines") as file:
    ...     add_whole(file, b"half a li", after=0)
    ...     add_whole(file, b"a line", after=0)
    ...     Path(file.name).read_bytes()
    b'a line'
    """
    file.truncate(after)
    left = memoryview(content)
    try:
        while left:
            left = left[os.write(file.fileno(), left) :]
        os.fsync(file.fileno())
    except OSError:
        file.truncate(after)
        raise
