"""What each field of each table means, who enters it, and who may see it: one YAML file per table, read here.

``python -m coresponder_causal.data.dictionary`` writes the README of the dictionary from the YAML files.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

import yaml

from coresponder_causal.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

FieldType = Literal["text", "integer", "number", "boolean", "datetime", "date", "month"]
Privacy = Literal["open", "restricted", "identifying"]
Stage = Literal["pre-dispatch", "on scene", "after"]

_CHOICES = {"type": get_args(FieldType), "privacy": get_args(Privacy), "stage": get_args(Stage)}


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
    minimum, maximum : float or None
        Limits beyond which a number is wrong.
    missing : tuple
        Codes that stand for "not known"; blanks always do.
    source, entered_by, entered_when : str
        System the value comes from, who enters it, and when.
    privacy : {"open", "restricted", "identifying"}
        Values of open fields may be shown in findings; of others only row numbers are.
    stage : {"pre-dispatch", "on scene", "after"}
        When the value comes about; only pre-dispatch fields may be adjusted for.
    required : bool
        Whether the column must be there and filled.
    why : str
        What the evaluation needs it for.
    """

    name: str
    label: str
    type: FieldType
    unit: str | None
    allowed: tuple[str | int, ...] | None
    minimum: float | None = None
    maximum: float | None = None
    missing: tuple[str | int, ...]
    source: str
    entered_by: str
    entered_when: str
    privacy: Privacy
    stage: Stage
    required: bool
    why: str


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
    specs = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(_folder().glob("*.yaml")))
    found = (_table(spec) for spec in specs if "table" in spec)
    return MappingProxyType({entry.name: entry for entry in found})


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


def readme() -> str:
    """Write the dictionary as one Markdown page.

    Returns
    -------
    str

    Examples
    --------
    >>> readme().splitlines()[0]
    '# Data dictionary'
    """
    head = [
        "# Data dictionary",
        "",
        "Generated from the YAML files of this folder by `python -m coresponder_causal.data.dictionary`; "
        "change those, not this page.",
        "",
        "- **Stage** says when a value comes about. Only `pre-dispatch` fields may be adjusted for or matched on.",
        "- **Privacy**: values of `open` fields may be shown; of `restricted` and `identifying` fields only row numbers"
        " and released counts are.",
        "- **Codes** are the expected values. Other codes are reported as a finding and kept.",
        "- Blanks are missing everywhere; further missing codes are listed with the field.",
        "",
        *(f"- [{entry.label}](#{entry.name}): {entry.grain}" for entry in tables().values()),
    ]
    return "\n".join([*head, *(line for entry in tables().values() for line in _section(entry))]) + "\n"


def main() -> None:
    """Write the README of the dictionary beside its YAML files."""
    (_folder() / "README.md").write_text(readme(), encoding="utf-8")


def _folder() -> Path:
    """Find the dictionary inside the installed package, or at the top of a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "data_dictionary"
    return inside if inside.is_dir() else package.parent / "data_dictionary"


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
    wrong = (expected - {"minimum", "maximum"} - entry.keys()) | (entry.keys() - expected)
    if wrong:
        raise DataError(f"{place} lacks or does not know {sorted(wrong)}", mend="write every property as in calls.yaml")
    for name, choices in _CHOICES.items():
        if entry[name] not in choices:
            raise DataError(f"{place} has {name} {entry[name]!r}", mend=f"take one of {', '.join(choices)}")
    codes = None if entry["allowed"] is None else tuple(entry["allowed"])
    return Field(**{**entry, "allowed": codes, "missing": tuple(entry["missing"])})


def _section(entry: Table) -> list[str]:
    """Write the part of the README for one table."""
    order = [f"Time stamps happen in the order {' ≤ '.join(f'`{name}`' for name in entry.order)}.", ""]
    rows = (
        f"| `{field.name}`{' *' if field.required else ''} | {_meaning(field)} | {field.type} | {field.stage} | "
        f"{field.privacy} | {field.source}; {field.entered_by}, {field.entered_when} | {field.why} |"
        for field in entry.fields
    )
    return [
        "",
        f'<a id="{entry.name}"></a>',
        f"## {entry.label} (`{entry.name}`)",
        "",
        f"One row: {entry.grain}. Key: {', '.join(f'`{name}`' for name in entry.key)}. Required fields carry a *.",
        "",
        *(order if entry.order else []),
        "| Field | Meaning | Type | Stage | Privacy | Entered | Why |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]


def _meaning(field: Field) -> str:
    """Label, unit, limits and codes of a field in one cell."""
    parts = [field.label if field.unit is None else f"{field.label} ({field.unit})"]
    if field.allowed is not None:
        parts.append("codes: " + ", ".join(f"`{code}`" for code in field.allowed))
    if field.minimum is not None:
        parts.append(f"from {field.minimum:g}" + ("" if field.maximum is None else f" to {field.maximum:g}"))
    if field.missing:
        parts.append("missing: " + ", ".join(f"`{code}`" for code in field.missing))
    return "; ".join(parts)


if __name__ == "__main__":
    main()
