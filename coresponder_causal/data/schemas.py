"""Tables of the dictionary as pandera schemas, for pipelines that check with pandera."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from coresponder_causal.core.errors import CausalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandera.pandas import Check, Column, DataFrameSchema

    from coresponder_causal.data.dictionary import Field

CodeRule: TypeAlias = Literal["warn", "refuse", "ignore"]
dtypes = {
    "text": "str",
    "integer": "Int64",
    "number": "float64",
    "boolean": "boolean",
    "datetime": "datetime64[us]",
    "date": "datetime64[us]",
    "month": "period[M]",
}


def schema(table: str, *, codes: CodeRule = "warn") -> DataFrameSchema:
    """Return the pandera schema of a table as `data.validate` gives it.

    It knows types, limits, required values and keys. The order of time stamps it cannot express: ask `data.findings`.
    Its messages show values, so of restricted fields they are for those who may see these.

    Parameters
    ----------
    table : str
        A table of the dictionary.
    codes : {"warn", "refuse", "ignore"}
        What becomes of a code that is not expected: a warning, as `data.validate` notes it; an error; nothing.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        Columns that the dictionary does not know are let through.

    Raises
    ------
    CausalError
        If pandera is not installed: install the extra "schemas".

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.data.validate import validate
    >>> cities = pd.DataFrame({"city": ["Davis"], "population": [66900], "time_zone": ["America/Los_Angeles"]})
    >>> schema("cities").validate(validate(cities, table="cities")).shape
    (1, 3)
    """
    from coresponder_causal.data import dictionary

    try:
        import pandera.pandas as pa
    except ModuleNotFoundError as error:
        raise CausalError(
            "pandera is not installed, and schemas are made with it",
            mend="install coresponder-causal[schemas]",
        ) from error
    found = dictionary.table(table)
    return pa.DataFrameSchema(
        {field.name: _column(field, codes) for field in found.fields},
        unique=list(found.key) if set(found.key) <= set(found.required) else None,
        name=table,
        title=found.label,
        description=found.grain,
    )


def _column(field: Field, codes: CodeRule) -> Column:
    """Make the column of a field."""
    import pandera.pandas as pa

    return pa.Column(
        dtypes[field.type],
        _checks(field, codes),
        nullable=not field.required,
        required=field.required,
        title=field.label,
        description=field.why,
    )


def _checks(field: Field, codes: CodeRule) -> list[Check]:
    """Make the checks of a column."""
    import pandera.pandas as pa

    make: dict[str, Callable[..., Check]] = {"ge": pa.Check.ge, "le": pa.Check.le, "isin": pa.Check.isin}
    warns = {"isin": codes == "warn"}
    rules = [rule for rule in _rules(field) if codes != "ignore" or rule[0] != "isin"]
    return [make[kind](value, error=said, raise_warning=warns.get(kind, False)) for kind, value, said in rules]


def _rules(field: Field) -> list[tuple[str, object, str]]:
    """Return the limits and codes of a field: which check, its value, and what is said of values that fail."""
    rules: list[tuple[str, object, str]] = []
    if field.minimum is not None:
        rules.append(("ge", field.minimum, f"{field.name} below {field.minimum:g}"))
    if field.maximum is not None:
        rules.append(("le", field.maximum, f"{field.name} above {field.maximum:g}"))
    if field.allowed is not None:
        rules.append(("isin", list(field.allowed), f"{field.name} has an unexpected code"))
    return rules


def schemas_module() -> str:
    """Write every schema as a Python module that needs pandera alone.

    Returns
    -------
    str
        Source of a module with one schema per table, in ``schemas`` by name; unexpected codes warn.

    Examples
    --------
    >>> compile(schemas_module(), "schemas.py", "exec").co_filename
    'schemas.py'
    """
    from coresponder_causal.data import dictionary

    head = [
        '"""Schemas of the tables of a co-responder evaluation, written from its data dictionary.',
        "",
        "They describe tables whose columns have their types: text as str, whole numbers as Int64, numbers as float64,",
        "yes or no as boolean, stamps and dates as datetime64[us], months as period[M]. An unexpected code warns.",
        '"""',
        "",
        "import pandera.pandas as pa",
        "",
        "schemas = {}",
    ]
    body = (line for name in dictionary.tables() for line in _source(name))
    return "\n".join([*head, *body]) + "\n"


def _source(name: str) -> list[str]:
    """Write the schema of one table."""
    from coresponder_causal.data import dictionary

    table = dictionary.table(name)
    columns = [f"        {field.name!r}: {_column_source(field)}," for field in table.fields]
    unique = list(table.key) if set(table.key) <= set(table.required) else None
    return [
        f"schemas[{name!r}] = pa.DataFrameSchema(",
        "    {",
        *columns,
        "    },",
        f"    unique={unique!r},",
        f"    name={name!r},",
        f"    title={table.label!r},",
        f"    description={table.grain!r},",
        ")",
    ]


def _column_source(field: Field) -> str:
    """Write the column of a field."""
    checks = (
        f"pa.Check.{kind}({value!r}, error={said!r}{', raise_warning=True' if kind == 'isin' else ''})"
        for kind, value, said in _rules(field)
    )
    return (
        f"pa.Column({dtypes[field.type]!r}, [{', '.join(checks)}], nullable={not field.required}, "
        f"required={field.required}, title={field.label!r}, description={field.why!r})"
    )
