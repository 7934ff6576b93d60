"""Folders whose files appear together or not at all, also where an earlier version of them is there."""

import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole


@contextmanager
def folder_beside(out: Path, *, instead_of: str | None = None) -> Iterator[Path]:
    """Give an empty folder to write into, which takes the place of another when all is there; after an error it goes.

    A folder that is there is replaced at once: its other files are taken over, the old one is renamed away and the new
    one gets its name. When a run is killed between these two, the next one puts the old folder back (`settled`).
    Files are moved one by one into a folder that cannot be renamed (a mount, the one in which the program runs, one in
    a place where nothing may be written) or that has folders of others in it.

    Parameters
    ----------
    out : Path
        The folder.
    instead_of : str, optional
        Pattern of earlier files in it that go, e.g. ``"tables/[0-9]*"``.

    Raises
    ------
    DataError
        Another run has filled the folder meanwhile: name another.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as home:
    ...     with folder_beside(Path(home) / "out") as made:
    ...         _ = write_whole(made / "tables" / "a.txt", b"whole")
    ...     (Path(home) / "out" / "tables" / "a.txt").read_bytes()
    b'whole'
    """
    settled(out)
    place = out.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    there, renamed = place.exists(), _can_be_renamed(place)
    with tempfile.TemporaryDirectory(dir=place.parent if renamed else place, prefix=".writing-") as folder:
        made = Path(folder) / "made"
        made.mkdir()
        yield made
        gone = set() if instead_of is None else set(place.glob(instead_of))
        if not there:
            _appear(made, place)
        elif renamed and _folders(place) <= _folders(made):
            _take_over(place, made, gone)
            _swap(made, place)
        else:
            _move(made, place, gone)


def write_together(out: Path, files: Mapping[str, bytes], *, private: Collection[str] = ()) -> list[Path]:
    """Write files into a folder so that all of them appear or none; others in it stay.

    Parameters
    ----------
    out : Path
    files : mapping of str to bytes
        Content by name, which may begin with folders.
    private : collection of str
        Those of them that their owner alone may read.

    Returns
    -------
    list of Path

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as home:
    ...     [path.name for path in write_together(Path(home) / "out", {"a.txt": b"a", "b.txt": b"b"})]
    ['a.txt', 'b.txt']
    """
    with folder_beside(out) as made:
        for name, content in files.items():
            write_whole(made / name, content, private=name in private)
    return [out / name for name in files]


def settled(out: Path) -> Path:
    """Bring in order what a killed run left of a folder: the old one comes back, or goes where the new one is there.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as home:
    ...     _ = write_whole(Path(home) / ".out.before" / "a.txt", b"as it was")
    ...     (settled(Path(home) / "out") / "a.txt").read_bytes()
    b'as it was'
    """
    place = out.resolve()
    before = _before(place)
    if before.is_dir() and not place.exists():
        before.rename(place)
    elif before.is_dir():
        shutil.rmtree(before, ignore_errors=True)
    return out


def _before(place: Path) -> Path:
    """Name of the old folder while the new one takes its place."""
    return place.with_name(f".{place.name}.before")


def _can_be_renamed(place: Path) -> bool:
    here = Path.cwd()
    return not place.exists() or (
        os.access(place.parent, os.W_OK) and not os.path.ismount(place) and place not in (here, *here.parents)
    )


def _folders(place: Path) -> set[Path]:
    return {path.relative_to(place) for path in place.rglob("*") if path.is_dir()}


def _take_over(old: Path, made: Path, gone: Collection[Path]) -> None:
    """Give the new folder what else the old one holds, and its rights."""
    for path in old.rglob("*"):
        target = made / path.relative_to(old)
        if path.is_dir():
            _same_rights(path, target)
        elif path not in gone and not target.exists():
            try:
                os.link(path, target, follow_symlinks=False)
            except (OSError, NotImplementedError):  # no hard links here
                shutil.copy2(path, target, follow_symlinks=False)
    _same_rights(old, made)


def _same_rights(old: Path, made: Path) -> None:
    shutil.copymode(old, made)
    with suppress(OSError, AttributeError):  # not ours to give, or Windows
        os.chown(made, -1, old.stat().st_gid)


def _swap(made: Path, place: Path) -> None:
    """Rename the old folder away and the new one to its name; the old one comes back if that fails."""
    before = _before(place)
    try:
        place.rename(before)
        made.rename(place)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
            raise _filled(place) from error
        raise
    finally:
        if before.exists() and not place.exists():
            before.rename(place)
    shutil.rmtree(before, ignore_errors=True)


def _move(made: Path, place: Path, gone: Collection[Path]) -> None:
    for file in sorted(path for path in made.rglob("*") if path.is_file()):
        target = place / file.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
        gone = {path for path in gone if path != target}
    for path in gone:
        path.unlink(missing_ok=True)


def _appear(made: Path, place: Path) -> None:
    """Give a folder its name, unless another run was faster."""
    try:
        made.rename(place)
    except OSError as error:
        if not place.exists():
            raise
        raise _filled(place) from error


def _filled(place: Path) -> DataError:
    return DataError(f"another run has filled {place} meanwhile", mend="name another folder")
