"""Parts of a study that may fail without taking the rest with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import collecting, quietly

Made = TypeVar("Made")


def tried(what: str, make: Callable[[], Made], refused: list[str]) -> Made | None:
    """Make something; where that cannot be, add why to what was refused.

    Parameters
    ----------
    what : str
        Its name in a sentence.
    make : callable
    refused : list of str

    Examples
    --------
    >>> from coresponder_causal.core.errors import EstimationError
    >>> def fails():
    ...     raise EstimationError("3 persons answered", mend="bring more")
    >>> refused = []
    >>> tried("the change", fails, refused), refused
    (None, ['The change cannot be told: 3 persons answered. To mend it: bring more'])
    """
    try:
        with quietly(), collecting():
            return make()
    except CausalError as error:
        refused.append(f"{what[:1].upper()}{what[1:]} cannot be told: {error.what}. To mend it: {error.mend}")
        return None
