"""What an estimate must say about itself, gathered while it is computed.

``warnings.catch_warnings`` is not thread-safe, so notes travel in a context variable: each estimator call collects
its own, also when several run in threads.
"""

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from coresponder_causal.core.errors import IdentificationWarning

package = __name__.partition(".")[0]


class Doubt(str):
    """A note that puts identification or the interval in doubt; it reads and compares as its text."""

    __slots__ = ()


_collected: ContextVar[list[str] | None] = ContextVar("coresponder_causal_notes", default=None)
_quiet: ContextVar[bool] = ContextVar("coresponder_causal_quiet", default=False)


@contextmanager
def collecting() -> Iterator[list[str]]:
    """Collect the notes said inside the block.

    Examples
    --------
    >>> with collecting() as notes:
    ...     note("3 months were dropped")
    >>> notes
    ['3 months were dropped']
    """
    notes: list[str] = []
    token = _collected.set(notes)
    try:
        yield notes
    finally:
        _collected.reset(token)


def note(text: str) -> None:
    """Say a fact that belongs beside the number; repeated facts are kept once."""
    notes = _collected.get()
    if notes is not None and text not in notes:
        notes.append(text)


def doubt(text: str) -> None:
    """Say a fact that puts identification or the interval in doubt: a note and an `IdentificationWarning`."""
    note(Doubt(text))
    if not _quiet.get():
        warnings.warn(text, IdentificationWarning, stacklevel=_caller())


def _caller() -> int:
    """Level, seen from `doubt`, of the first line outside the package: the one that asked for what is in doubt."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == package:
        frame, level = frame.f_back, level + 1
    return level


@contextmanager
def quietly() -> Iterator[None]:
    """Keep doubts as notes only, for fits that repeat one whose doubts were said."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)
