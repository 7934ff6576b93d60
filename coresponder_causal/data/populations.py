"""Groups named before the data are seen, and the fields that say who belongs to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.folder import folder, written

if TYPE_CHECKING:
    from coresponder_causal.data.dictionary import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """A group named before the data are seen, for which results are always shown apart.

    Parameters
    ----------
    name, label : str
        Name, and what people call it.
    field : str
        Field that says who belongs to it.
    codes : tuple or None
        Codes of the field that do; None where the field is a yes or no, or where each code is a group.
    tables : tuple of str
        Tables that hold the field.
    why : str
        Why the group is looked at.
    """

    name: str
    label: str
    field: str
    codes: tuple[Code, ...] | None
    tables: tuple[str, ...]
    why: str


@cache
def populations() -> tuple[Population, ...]:
    """Return the groups that were named before the data were seen.

    Returns
    -------
    tuple of Population

    Examples
    --------
    >>> populations()[0].name
    'unhoused'
    """
    spec = written(folder() / "populations.yaml")
    return tuple(_population(entry) for entry in spec["populations"])


def traits() -> tuple[str, ...]:
    """Return fields of who people are: results are shown apart by them though they are recorded only after dispatch.

    Examples
    --------
    >>> traits()[:2]
    ('unhoused', 'perceived_race')
    """
    return tuple(dict.fromkeys(one.field for one in populations()))


def _population(entry: dict[str, Any]) -> Population:
    """Make a population of its YAML mapping, with a field that every table of it has."""
    from coresponder_causal.data import dictionary

    codes = None if entry["codes"] is None else tuple(entry["codes"])
    found = Population(**{**entry, "codes": codes, "tables": tuple(entry["tables"])})
    for name in found.tables:
        held = dictionary.table(name).field(found.field)
        if strange := set(codes or ()) - set(held.allowed or ()):
            raise DataError(
                f"population {found.name!r} names codes {sorted(map(str, strange))} that {name} lacks",
                mend="correct them in populations.yaml",
            )
    return found
