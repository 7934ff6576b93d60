"""What each field of each table means, who enters it, and who may see it: one YAML file per table, read here.

``python -m coresponder_causal.data`` writes the README of the dictionary from the YAML files.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.crosswalks import Crosswalk, crosswalk, crosswalks
from coresponder_causal.data.folder import folder as _folder
from coresponder_causal.data.folder import written
from coresponder_causal.data.populations import Population, populations

if TYPE_CHECKING:
    from collections.abc import Mapping

FieldType = Literal["text", "integer", "number", "boolean", "datetime", "date", "month"]
Privacy = Literal["open", "restricted", "identifying"]
Stage = Literal["pre-dispatch", "on scene", "after"]
Burden = Literal["auto", "one tap", "form", "linked"]
Code: TypeAlias = str | int

__all__ = [
    "Crosswalk",
    "Field",
    "Population",
    "Reference",
    "Table",
    "crosswalk",
    "crosswalks",
    "held_back",
    "populations",
    "table",
    "tables",
]

_CHOICES = {
    "type": get_args(FieldType),
    "privacy": get_args(Privacy),
    "stage": get_args(Stage),
    "burden": get_args(Burden),
}
_OPTIONAL = {"minimum", "maximum", "labels", "references", "deadline_hours"}


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of another table whose values a field repeats.

    Parameters
    ----------
    table, field : str
        The other table and its field.
    """

    table: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a table.

    Parameters
    ----------
    name, label : str
        Column name, and what people call it.
    type : {"text", "integer", "number", "boolean", "datetime", "date", "month"}
        What `validate` turns the column into.
    unit : str or None
        Unit of measurement, or what the code means.
    allowed : tuple or None
        Expected codes; another code is a quality finding, not an error.
    labels : tuple of (code, str)
        Words for every code, where the code is not word enough.
    minimum, maximum : float or None
        Limits beyond which a number is wrong.
    missing : tuple
        Codes that stand for "not known"; blanks always do.
    source, entered_by, entered_when : str
        System the value comes from, who enters it, and when.
    burden : {"auto", "one tap", "form", "linked"}
        What the value costs: nothing, since a system writes it; a tap or a key; a form or list that somebody fills;
        a link to records of another agency.
    deadline_hours : float or None
        Hours after the call, the contact or the shift within which the value should be there.
    privacy : {"open", "restricted", "identifying"}
        Values of open fields may be shown in findings; of others only row numbers are.
    stage : {"pre-dispatch", "on scene", "after"}
        When the value comes about; only pre-dispatch fields may be adjusted for.
    required : bool
        Whether the column must be there and filled.
    references : Reference or None
        Field of another table that holds the same values.
    why : str
        What the evaluation needs it for.
    """

    name: str
    label: str
    type: FieldType
    unit: str | None
    allowed: tuple[Code, ...] | None
    labels: tuple[tuple[Code, str], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    missing: tuple[Code, ...]
    source: str
    entered_by: str
    entered_when: str
    burden: Burden
    deadline_hours: float | None = None
    privacy: Privacy
    stage: Stage
    required: bool
    references: Reference | None = None
    why: str

    @property
    def choices(self) -> tuple[tuple[Code, str], ...]:
        """Every code with its words; a code without words of its own is spelt out."""
        words = dict(self.labels)
        return tuple((code, words.get(code, str(code).replace("_", " "))) for code in self.allowed or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the dictionary.

    Parameters
    ----------
    name, label, grain : str
        Name, title, and what one row is.
    key : tuple of str
        Fields that together name a row.
    order : tuple of str
        Time stamps in the order in which they happen.
    fields : tuple of Field
        The fields, in column order.
    """

    name: str
    label: str
    grain: str
    key: tuple[str, ...]
    order: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all fields."""
        return tuple(field.name for field in self.fields)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the fields that must be there and filled."""
        return tuple(field.name for field in self.fields if field.required)

    @property
    def pre_dispatch(self) -> tuple[str, ...]:
        """Names of the fields known before anybody was sent: the only ones that may be adjusted for."""
        return tuple(field.name for field in self.fields if field.stage == "pre-dispatch")

    @property
    def by_hand(self) -> bool:
        """Whether people fill most of its fields, by a tap or by a form."""
        return 2 * sum(field.burden in {"one tap", "form"} for field in self.fields) > len(self.fields)

    def field(self, name: str) -> Field:
        """Return one field.

        Parameters
        ----------
        name : str
            Its column name.

        Returns
        -------
        Field

        Raises
        ------
        DataError
            No such field: take one of the names in the message.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise DataError(f"table {self.name!r} has no field {name!r}", mend=f"take one of {', '.join(self.names)}")


@cache
def tables() -> Mapping[str, Table]:
    """Return every table of the dictionary.

    Returns
    -------
    Mapping of str to Table
        In alphabetical order.

    Raises
    ------
    DataError
        A YAML file that leaves out or misspells a property of a field: the message names it.

    Examples
    --------
    >>> sorted(tables())[:3]
    ['breaks', 'calls', 'cities']
    """
    specs = (written(path) for path in sorted(_folder().glob("*.yaml")))
    found = (_table(spec) for spec in specs if "table" in spec)
    known = {entry.name: entry for entry in found}
    for entry in known.values():
        for field in entry.fields:
            _follow(entry.name, field, known)
    return MappingProxyType(known)


def table(name: str) -> Table:
    """Return one table of the dictionary.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Table

    Raises
    ------
    DataError
        No such table: take one of the names in the message.

    Examples
    --------
    >>> table("calls").key
    ('call_id',)
    >>> table("calls").field("final_type").stage
    'after'
    """
    known = tables()
    if name not in known:
        raise DataError(f"the dictionary has no table {name!r}", mend=f"take one of {', '.join(known)}")
    return known[name]


@cache
def held_back(name: str) -> bool:
    """Whether some table has a field of this name whose values are not shown.

    Parameters
    ----------
    name : str
        Name of a column.

    Returns
    -------
    bool
        False for columns that the dictionary does not know.

    Examples
    --------
    >>> held_back("person"), held_back("city")
    (True, False)
    """
    fields = (field for entry in tables().values() for field in entry.fields)
    return any(field.name == name and field.privacy != "open" for field in fields)


def _follow(where: str, field: Field, known: Mapping[str, Table]) -> None:
    """Refuse a reference that leads nowhere."""
    to = field.references
    if to is not None and (to.table not in known or to.field not in known[to.table].names):
        raise DataError(
            f"{where}.yaml, field {field.name!r} refers to {to.table}.{to.field}, which is not there",
            mend="name a table and a field of the dictionary",
        )


def _table(spec: dict[str, Any]) -> Table:
    """Make a table of its YAML mapping."""
    entries = tuple(_field(spec["table"], entry) for entry in spec["fields"])
    key, order = tuple(spec["key"]), tuple(spec.get("order", ()))
    if unknown := set(key + order) - {field.name for field in entries}:
        raise DataError(f"{spec['table']}.yaml: key or order names {sorted(unknown)}", mend="name fields of the table")
    return Table(name=spec["table"], label=spec["label"], grain=spec["grain"], key=key, order=order, fields=entries)


def _field(where: str, entry: dict[str, Any]) -> Field:
    """Make a field of its YAML mapping."""
    place = f"{where}.yaml, field {entry.get('name')!r}"
    expected = {field.name for field in fields(Field)}
    wrong = (expected - _OPTIONAL - entry.keys()) | (entry.keys() - expected)
    if wrong:
        raise DataError(f"{place} lacks or does not know {sorted(wrong)}", mend="write every property as in calls.yaml")
    for name, choices in _CHOICES.items():
        if entry[name] not in choices:
            raise DataError(f"{place} has {name} {entry[name]!r}", mend=f"take one of {', '.join(choices)}")
    codes = None if entry["allowed"] is None else tuple(entry["allowed"])
    labels = entry.get("labels", {})
    if labels and set(labels) != set(codes or ()):
        odd = sorted(map(str, set(labels) ^ set(codes or ())))
        raise DataError(f"{place} has labels and codes that differ in {odd}", mend="give each code its words")
    to = entry.get("references")
    frozen = {
        "allowed": codes,
        "labels": tuple(labels.items()),
        "missing": tuple(entry["missing"]),
        "references": None if to is None else Reference(**to),
    }
    return Field(**{**entry, **frozen})
