"""Steps of an evaluation, kept by what went into them, so that nothing that did not change is computed twice."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

from coresponder_causal.core.files import write_whole
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.plan.code import code_hash, versions
from coresponder_causal.plan.study import Study

Made = TypeVar("Made")
kept_name = ".coresponder_steps"
unread = (pickle.UnpicklingError, EOFError, AttributeError, ImportError, ValueError, IndexError)
ignored = b"*\n"


class Step(NamedTuple):
    """A step that was made or found: its name, the hash of what went into it, seconds, whether it was found."""

    name: str
    key: str
    seconds: float
    kept: bool


class Steps:
    """Runs steps, and keeps what they return in a folder that its owner alone may read.

    Parameters
    ----------
    folder : Path, optional
        Where they are kept: results, and with them rows of the tables. None keeps nothing.
    fresh : bool
        Whether every step is made again.

    Attributes
    ----------
    done : list of Step

    Notes
    -----
    A step is found by a hash over its name, what it is given, the code, Python and the packages that compute. A file
    that does not hold what it held when it was written is made again. Files are written with pickle: do not put a
    folder that others can write to here.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [Steps(Path(folder))("sum", (1, 2), lambda: 3), Steps(Path(folder))("sum", (1, 2), lambda: 0)]
    [3, 3]
    """

    def __init__(self, folder: Path | None = None, *, fresh: bool = False) -> None:
        self.folder, self.fresh = folder, fresh
        self.done: list[Step] = []
        self._earlier = tuple(folder.iterdir()) if folder is not None and folder.is_dir() else ()

    def __call__(self, name: str, given: tuple[object, ...], make: Callable[[], Made]) -> Made:
        """Return what the step returned when it was last given the same, else make it; its notes are said again.

        Parameters
        ----------
        name : str
        given : tuple
            All that the step depends on: frames, arrays, numbers, text, and tuples or mappings of these.
        make : callable
        """
        if self.folder is None:
            return make()
        key, begun = fingerprint(name, code_hash(), versions(), *given), perf_counter()
        found = None if self.fresh else self._read(key)
        if found is None:
            with collecting() as said:
                made = make()
            found = (made, list(said))
            self._write(key, found)
            self.done.append(Step(name, key, perf_counter() - begun, False))
        else:
            self.done.append(Step(name, key, perf_counter() - begun, True))
        for one in found[1]:
            note(one)
        return found[0]

    def forget_others(self) -> None:
        """Delete every step of earlier runs that this one did not find; what a run beside it writes stays."""
        mine = {step.key for step in self.done}
        for file in self._earlier:
            if file.name != ".gitignore" and file.name not in mine:
                file.unlink(missing_ok=True)

    def _read(self, key: str) -> tuple[Any, list[str]] | None:
        """Return what was kept under a key; None where nothing is, or not what was written."""
        assert self.folder is not None
        try:
            stated, content = (self.folder / key).read_bytes().split(b"\n", 1)
            if hashlib.sha256(content).hexdigest().encode() != stated:
                return None
            found = pickle.loads(content)
        except (OSError, *unread):
            return None
        return found[0], found[1]

    def _write(self, key: str, found: tuple[Any, list[str]]) -> None:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.folder / ".gitignore").exists():
            write_whole(self.folder / ".gitignore", ignored)
        content = pickle.dumps(found, protocol=pickle.HIGHEST_PROTOCOL)
        write_whole(self.folder / key, hashlib.sha256(content).hexdigest().encode() + b"\n" + content, private=True)


def kept_beside(study: Study) -> Path | None:
    """Folder of a study's kept steps; None for one that is not of a file, or whose folder cannot be written to.

    Parameters
    ----------
    study : Study
    """
    if study.folder is None or not os.access(study.folder, os.W_OK):
        return None
    return study.folder / kept_name
