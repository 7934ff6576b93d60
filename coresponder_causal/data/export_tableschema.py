"""The dictionary as Frictionless Table Schemas and one Data Package."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from coresponder_causal.core.version import VERSION

if TYPE_CHECKING:
    from coresponder_causal.data.dictionary import Field, Table

_TYPES = {"text": "string", "month": "yearmonth"}
_PACKAGE = "https://datapackage.org/profiles/2.0/datapackage.json"
_RESOURCE = "https://datapackage.org/profiles/2.0/dataresource.json"
_SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"


def table_schema(table: str, *, beside: Iterable[str] | None = None) -> dict[str, Any]:
    """Return the Table Schema of one table.

    Columns are matched by name: those that are not required may be absent, others may be there. Codes are listed with
    each field and are no constraint: a code that is not expected is a finding, not an error.

    Parameters
    ----------
    table : str
        A table of the dictionary.
    beside : iterable of str, optional
        Tables that are there; only references to these become foreign keys. By default all.

    Returns
    -------
    dict
        Ready for JSON.

    Examples
    --------
    >>> table_schema("city_panel")["primaryKey"]
    ['city', 'month']
    >>> table_schema("city_panel")["fields"][1]["type"]
    'yearmonth'
    """
    from coresponder_causal.data import dictionary

    found = dictionary.table(table)
    known = set(dictionary.tables() if beside is None else beside)
    links = [
        {"fields": [field.name], "reference": {"resource": to.table, "fields": [to.field]}}
        for field in found.fields
        if (to := field.references) is not None and to.table in known
    ]
    return {
        "$schema": _SCHEMA,
        "fields": [_field(field) for field in found.fields],
        **_key(found),
        **({"foreignKeys": links} if links else {}),
        "fieldsMatch": "partial",
        "missingValues": [""],
    }


def data_package(tables: Iterable[str] | None = None) -> dict[str, Any]:
    """Return a Data Package of tables kept as CSV files.

    Parameters
    ----------
    tables : iterable of str, optional
        Tables that are there; by default all of the dictionary.

    Returns
    -------
    dict
        Ready for JSON; each table lies in a file of its name.

    Examples
    --------
    >>> [entry["path"] for entry in data_package(["cities", "schedule"])["resources"]]
    ['cities.csv', 'schedule.csv']
    """
    from coresponder_causal.data import dictionary

    names = list(dictionary.tables() if tables is None else tables)
    return {
        "$schema": _PACKAGE,
        "name": "co-responder-evaluation",
        "title": "Tables of a co-responder evaluation",
        "description": "Written from the data dictionary. Restricted and identifying fields never leave the agency.",
        "version": VERSION,
        "resources": [_resource(dictionary.table(name), names) for name in names],
    }


def as_json(descriptor: dict[str, Any]) -> bytes:
    r"""Write a descriptor as JSON.

    Parameters
    ----------
    descriptor : dict

    Returns
    -------
    bytes

    Examples
    --------
    >>> as_json({"name": "Ä"}).decode()
    '{\n  "name": "Ä"\n}\n'
    """
    return (json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n").encode()


def _resource(table: Table, beside: Iterable[str]) -> dict[str, Any]:
    """Describe the file of one table."""
    return {
        "$schema": _RESOURCE,
        "name": table.name,
        "type": "table",
        "title": table.label,
        "description": f"One row: {table.grain}.",
        "path": f"{table.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": table_schema(table.name, beside=beside),
    }


def _key(table: Table) -> dict[str, Any]:
    """Return the primary key, or the unique key where a part of it may be missing."""
    if set(table.key) <= set(table.required):
        return {"primaryKey": list(table.key)}
    return {"uniqueKeys": [list(table.key)]}


def _field(field: Field) -> dict[str, Any]:
    """Describe one field; beyond the standard, its codes, privacy, stage and burden."""
    limits = {"minimum": field.minimum, "maximum": field.maximum}
    constraints = {name: _plain(limit) for name, limit in limits.items() if limit is not None}
    if field.required:
        constraints["required"] = True
    found: dict[str, Any] = {"name": field.name, "title": field.label, "type": _TYPES.get(field.type, field.type)}
    if field.type == "datetime":
        found["format"] = "any"
    if field.type == "boolean":
        found |= {"trueValues": ["true", "True", "yes", "1"], "falseValues": ["false", "False", "no", "0"]}
    if field.unit is not None:
        found["unit"] = field.unit
    if constraints:
        found["constraints"] = constraints
    if field.missing:
        found["missingValues"] = ["", *map(str, field.missing)]
    if field.allowed is not None:
        found["codes"] = [{"code": code, "label": words} for code, words in field.choices]
    found |= {"privacy": field.privacy, "stage": field.stage, "burden": field.burden}
    return found | {"description": f"{field.why}. Source: {field.source}; {field.entered_by}, {field.entered_when}."}


def _plain(limit: float) -> float | int:
    """Write a whole limit as a whole number, which a whole number's schema wants."""
    return int(limit) if float(limit).is_integer() else limit
