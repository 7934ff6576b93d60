"""Files on a full disk: whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from coresponder_causal.core.files import add_whole, opened_alone, write_whole


@pytest.fixture
def full_disk(monkeypatch) -> None:
    """A disk that takes four bytes of every file, and then no more."""
    write, put = Path.write_bytes, os.write

    def write_some(self: Path, content: bytes) -> int:
        write(self, content[:4])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    def put_some(file: int, content: bytes) -> int:
        if len(content) <= 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return put(file, content[:4])

    monkeypatch.setattr(Path, "write_bytes", write_some)
    monkeypatch.setattr(os, "write", put_some)


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_where_nothing_can_be_written_the_error_names_the_file_that_was_asked_for(tmp_path, monkeypatch):
    def refuse(self: Path, mode: int) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(PermissionError) as caught:
        write_whole(tmp_path / "a.txt", b"whole")
    assert caught.value.filename == str(tmp_path / "a.txt")


def test_on_a_full_disk_the_file_stays_as_it_was(tmp_path, request):
    file = write_whole(tmp_path / "a.txt", b"as it was")
    request.getfixturevalue("full_disk")
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, b"something else")
    assert everything(tmp_path) == {"a.txt": b"as it was"}


def test_on_a_full_disk_no_line_is_begun(tmp_path, full_disk):
    with opened_alone(tmp_path / "lines") as file:
        file.write(b"one\n")
        with pytest.raises(OSError, match="No space left"):
            add_whole(file, b"a second line\n", after=4)
    assert everything(tmp_path) == {"lines": b"one\n"}
