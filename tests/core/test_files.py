"""Files on a full or locked disk, and under several runs: whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import add_whole, folder_beside, opened_alone, write_whole


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


def fill(out: Path, text: str, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    with folder_beside(out) as made:
        write_whole(made / "a.txt", text.encode())
        meanwhile()


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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


def test_on_a_full_disk_no_folder_appears(tmp_path, full_disk):
    with pytest.raises(OSError, match="No space left"):
        fill(tmp_path / "out", "a page")
    assert list(tmp_path.iterdir()) == []


def test_of_two_runs_into_one_new_folder_the_second_is_refused(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(DataError, match="another run has filled"):
        fill(out, "the slow run", meanwhile=lambda: fill(out, "the fast run"))
    assert everything(tmp_path) == {"out/a.txt": b"the fast run"}


def test_a_folder_that_is_there_keeps_its_other_files(tmp_path):
    write_whole(tmp_path / "out" / "thesis.txt", b"years of work")
    with folder_beside(tmp_path / "out") as made:
        write_whole(made / "tables" / "a.txt", b"a table")
    assert everything(tmp_path) == {"out/thesis.txt": b"years of work", "out/tables/a.txt": b"a table"}
