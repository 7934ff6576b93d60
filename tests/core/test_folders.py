"""Folders under kills, full disks and other runs: the old one or the new one, never some of both."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.folders import folder_beside, settled

CHANGES = {"os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "open"}
BEFORE = {"out/a.txt": b"old", "out/thesis.txt": b"years of work", "out/tables/01_old.csv": b"old", "beside.txt": b"x"}
AFTER = {"out/a.txt": b"new", "out/thesis.txt": b"years of work", "out/tables/01_new.csv": b"new", "beside.txt": b"x"}


def fill(out: Path, text: str, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    with folder_beside(out, instead_of="tables/[0-9]*") as made:
        write_whole(made / "a.txt", text.encode())
        write_whole(made / "tables" / f"01_{text}.csv", text.encode())
        meanwhile()


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, content in BEFORE.items():
        write_whole(tmp_path / name, content)
    return tmp_path


def killed_before(change: int, run: Callable[[], object]) -> None:
    """Run until so many changes of the file system are made, and then not one line more."""
    left = change

    def hook(event: str, _: object) -> None:
        nonlocal left
        if event in CHANGES:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    run()


def test_killed_before_any_change_a_folder_is_the_old_or_the_new_one(home, forked):
    found, ended, change = [], -signal.SIGKILL, 0
    while ended == -signal.SIGKILL:
        run = forked(lambda at=change: killed_before(at, lambda: fill(home / "out", "new")))
        ended = os.waitstatus_to_exitcode(os.waitpid(run, 0)[1])
        whole = {name: content for name, content in everything(home).items() if name.startswith("out/")}
        assert whole in ({}, *({k: v for k, v in one.items() if k.startswith("out/")} for one in (BEFORE, AFTER)))
        settled(home / "out")
        kept = {name: content for name, content in everything(home).items() if not name.startswith(".writing-")}
        assert kept in (BEFORE, AFTER)
        found.append(kept == AFTER)
        change += 1
        for name, content in BEFORE.items():
            write_whole(home / name, content)
        (home / "out" / "tables" / "01_new.csv").unlink(missing_ok=True)
    assert ended == 0
    assert found == sorted(found)
    assert len(set(found)) == 2


@pytest.mark.parametrize("fails", ["rename", "link"])
def test_where_the_new_folder_cannot_take_its_place_the_old_one_stays(home, monkeypatch, fails):
    rename, count = os.rename, iter(range(9))

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def second_refused(*names: Path) -> None:
        return refused() if next(count) == 1 else rename(*names)

    monkeypatch.setattr(os, "rename", second_refused) if fails == "rename" else monkeypatch.setattr(os, "link", refused)
    monkeypatch.setattr("shutil.copy2", refused)
    with pytest.raises(OSError, match="Input/output error"):
        fill(home / "out", "new")
    assert everything(home) == BEFORE


def test_without_hard_links_other_files_are_copied(home, monkeypatch):
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    fill(home / "out", "new")
    assert everything(home) == AFTER


def test_rights_and_names_of_a_folder_stay(home):
    (home / "out").chmod(0o750)
    (home / "by another name").symlink_to("out")
    (home / "out" / "link.txt").symlink_to("thesis.txt")
    fill(home / "by another name", "new")
    assert (home / "by another name").is_symlink()
    assert (home / "out").stat().st_mode & 0o777 == 0o750
    assert os.readlink(home / "out" / "link.txt") == "thesis.txt"


def test_a_folder_with_folders_of_others_or_with_the_one_that_runs_keeps_its_place(home, monkeypatch):
    place = (home / "out").stat().st_ino
    monkeypatch.chdir(home / "out")
    fill(Path(), "new")
    assert everything(home) == AFTER
    monkeypatch.chdir(home)
    write_whole(home / "out" / "photos" / "one.jpg", b"one")
    fill(home / "out", "newer")
    assert everything(home / "out" / "photos") == {"one.jpg": b"one"}
    assert not (home / "out" / "tables" / "01_new.csv").exists()
    assert (home / "out").stat().st_ino == place


def test_on_a_full_disk_no_folder_appears(tmp_path, monkeypatch):
    write = Path.write_bytes

    def write_some(self: Path, content: bytes) -> int:
        write(self, content[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_bytes", write_some)
    with pytest.raises(OSError, match="No space left"):
        fill(tmp_path / "out", "a page")
    assert list(tmp_path.iterdir()) == []


def test_of_two_runs_into_one_new_folder_the_second_is_refused(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(DataError, match="another run has filled"):
        fill(out, "slow", meanwhile=lambda: fill(out, "fast"))
    assert everything(tmp_path) == {"out/a.txt": b"fast", "out/tables/01_fast.csv": b"fast"}


def test_a_run_that_began_while_another_renamed_leaves_one_of_them_whole(home, monkeypatch):
    rename, out = os.rename, home / "out"

    def renamed(old: Path, new: Path) -> None:
        rename(old, new)
        if Path(new).name == ".out.before":
            monkeypatch.setattr(os, "rename", rename)
            settled(out)

    monkeypatch.setattr(os, "rename", renamed)
    with pytest.raises(DataError, match="another run has filled"):
        fill(out, "new")
    assert everything(home) == BEFORE
