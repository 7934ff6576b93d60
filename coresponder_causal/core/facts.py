"""A frozen mapping of small facts that pickles and travels as JSON."""

import json
from collections.abc import Iterator, Mapping

type_of_fact = (str, int, float, bool, type(None))


class Facts(Mapping[str, object]):
    """Read-only mapping from names to text, numbers, None and tuples of these.

    Examples
    --------
    >>> facts = Facts({"rho": 0.4, "months": (1, 2)})
    >>> facts["rho"], facts["months"]
    (0.4, (1, 2))
    >>> facts["rho"] = 1
    Traceback (most recent call last):
    ...
    TypeError: 'Facts' object does not support item assignment
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, object] | None = None) -> None:
        object.__setattr__(self, "_items", {str(key): _frozen(value) for key, value in (items or {}).items()})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Facts is read-only: {name} cannot be set")

    def __getitem__(self, key: str) -> object:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Facts({self._items!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return Facts, (self._items,)

    _items: dict[str, object]

    def number(self, key: str) -> float:
        """Return the fact as a float; NaN where it is absent."""
        value = self._items.get(key)
        return float(value) if isinstance(value, (int, float)) else float("nan")

    def to_json(self) -> str:
        """JSON text with sorted keys."""
        return json.dumps(self._items, sort_keys=True)


def _frozen(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(item) for item in value)
    plain = value.item() if hasattr(value, "item") else value
    if not isinstance(plain, type_of_fact):
        raise TypeError(f"a fact is text, a number, None or a tuple of these, not {type(value).__name__}")
    return plain
