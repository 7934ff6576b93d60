"""What is given by name: one of several choices, or a list of names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, get_args

from coresponder_causal.core.errors import DesignError, Problems

Name = TypeVar("Name", bound=str)


def refuse_choice(name: str, value: object, hint: object, problems: Problems) -> None:
    """Note an option that is none of its choices."""
    if value not in get_args(hint):
        problems.add(f"{name}={value!r} is not a choice", mend=f"choose from {', '.join(get_args(hint))}")


def refuse_level(level: float, problems: Problems) -> None:
    """Note a level of intervals that does not lie between 0 and 1."""
    if not 0 < level < 1:
        problems.add(f"level={level!r} is no share", mend="give 0.95, say")


def require_choice(function: str, name: str, value: object, hint: object) -> None:
    """Refuse an option of a function that is none of its choices.

    Examples
    --------
    >>> from typing import Literal
    >>> require_choice("weigh", "scheme", "atx", Literal["ate", "att"])
    Traceback (most recent call last):
    ...
    coresponder_causal.core.errors.DesignError: weigh breaks 1 rule
      1. scheme='atx' is not a choice: choose from ate, att
      mend: change the point above, then run again
    """
    problems = Problems(function)
    refuse_choice(name, value, hint, problems)
    problems.raise_if_any(DesignError)


def names_of(given: Name | Sequence[Name]) -> tuple[Name, ...]:
    """Names that were given, of which a text is one.

    Examples
    --------
    >>> names_of("arrest"), names_of(["arrest", "force"])
    (('arrest',), ('arrest', 'force'))
    """
    return (given,) if isinstance(given, str) else tuple(given)
