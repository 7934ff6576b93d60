"""A table as JSON: one object a row, as R's jsonlite and every other program read it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from coresponder_causal.report.specs import Table

infinite = {np.inf: "Inf", -np.inf: "-Inf"}  # as jsonlite writes them, and reads them as numbers


def records(table: Table) -> str:
    r"""Return a table as JSON.

    Parameters
    ----------
    table : Table

    Returns
    -------
    str
        Its columns by their names, numbers at full precision; what is missing is null.

    Examples
    --------
    >>> from coresponder_causal.report.specs import Column
    >>> frame = pd.DataFrame({"term": ["rise", "fall"], "high": [np.inf, np.nan]})
    >>> records(Table(title="", frame=frame, columns=(Column("term", ""), Column("high", "", "fine"))))
    '[\n {"term": "rise", "high": "Inf"},\n {"term": "fall", "high": null}\n]\n'
    """
    shown = table.frame[[column.name for column in table.columns]]
    rows = [
        json.dumps({str(name): _plain(value) for name, value in row.items()}, ensure_ascii=False, allow_nan=False)
        for row in shown.to_dict("records")
    ]
    return "[\n " + ",\n ".join(rows) + "\n]\n"


def _plain(value: object) -> str | int | float | bool | None:
    """Return a cell as JSON has it."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else infinite.get(float(value), float(value))
    return str(value)
