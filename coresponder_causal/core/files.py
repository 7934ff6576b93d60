"""Files that are there whole or not at all."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as home:
    ...     with folder_beside(Path(home) / "out") as made:
    ...         _ = write_whole(made / "tables" / "a.txt", b"whole")
    ...     (Path(home) / "out" / "tables" / "a.txt").read_bytes()
    b'whole'
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".writing-") as folder:
        made = Path(folder) / "made"
        made.mkdir()
        yield made
        for file in sorted(path for path in made.rglob("*") if path.is_file()):
            target = out / file.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
