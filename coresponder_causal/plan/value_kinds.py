"""Kinds of values that a block of a study may hold, and how they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, get_args


class Kind(NamedTuple):
    """What a value must be, in words and as a test."""

    words: str
    holds: Callable[[object], bool]


def _is_names(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(name, str) and name for name in value)


def choice(hint: object) -> Kind:
    """Name one of the choices of a Literal.

    Examples
    --------
    >>> from typing import Literal
    >>> choice(Literal["less", "more"]).words
    'one of less, more'
    """
    return Kind(f"one of {', '.join(get_args(hint))}", lambda value: isinstance(value, str) and value in get_args(hint))


def choices(hint: object) -> Kind:
    """Name some of the choices of a Literal, each once."""
    known = get_args(hint)
    return Kind(
        f"a list of some of {', '.join(known)}",
        lambda value: isinstance(value, list) and all(one in known for one in value) and len(set(value)) == len(value),
    )


a_name = Kind("text", lambda value: isinstance(value, str) and bool(value))
names = Kind("a list of names", _is_names)
truth = Kind("true or false", lambda value: isinstance(value, bool))
a_share = Kind(
    "a number above 0", lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value > 0
)
