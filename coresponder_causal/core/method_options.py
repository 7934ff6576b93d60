"""Options of a method as its signature states them: defaults filled in, what it does not admit refused by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.result import Result


def chosen_options(function: Callable[..., Result], given: object, options: dict[str, Any]) -> dict[str, Any]:
    """Options with their defaults; an unknown one, or a value its annotation does not admit, is refused by name."""
    signature = inspect.signature(function)
    own = list(signature.parameters)[1:]
    if unknown := [key for key in options if key not in own]:
        raise EstimationError(
            f"{function.__name__} has no option {', '.join(unknown)}",
            mend=f"its options are {', '.join(own)}" if own else "leave it out: it has no options",
        )
    bound = signature.bind(given, **options)
    bound.apply_defaults()
    chosen = dict(list(bound.arguments.items())[1:])
    hints = get_type_hints(function)
    for key, value in chosen.items():
        if not admits(hints[key], value):
            raise EstimationError(
                f"{function.__name__}: {key}={value!r} is not a choice",
                mend=f"choose {key} from {', '.join(_words(hints[key]))}",
            )
    return chosen


def admits(hint: Any, value: object) -> bool:  # noqa: ANN401
    """Whether an annotation of an option admits a value; True is not the whole number 1."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return any(type(value) is type(choice) and value == choice for choice in parts)
    if origin in (Union, UnionType):
        return any(admits(part, value) for part in parts)
    if origin is tuple:
        return isinstance(value, (tuple, list)) and all(admits(parts[0], item) for item in value)
    if hint in (int, float):
        return isinstance(value, (int, hint)) and not isinstance(value, bool)
    return isinstance(value, hint)


def _words(hint: Any) -> list[str]:  # noqa: ANN401
    """Say what an annotation admits."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return [repr(choice) for choice in parts]
    if origin in (Union, UnionType):
        return [word for part in parts for word in _words(part)]
    if origin is tuple:
        return [f"several of {word}" for word in _words(parts[0])]
    return [{int: "whole numbers", float: "numbers", bool: "True, False", str: "text"}.get(hint, "None")]
