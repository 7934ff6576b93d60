"""Files that are there whole or not at all, and files to which several runs add one after the other."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

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
    except OSError as error:
        if error.filename != str(beside):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        beside.unlink(missing_ok=True)
    return path


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
    >>> import tempfile
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
    >>> import tempfile
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
