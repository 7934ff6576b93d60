"""One row of the table of the study of coverage, by what was measured where."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.domain import measured_table
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.validity.cell import Cell


def measured_row(method: str, cell: Cell, *terms: str, options: str = "{}") -> pd.Series:
    """Find what was measured of a term in a cell.

    Parameters
    ----------
    method : str
    cell : Cell
    terms : str
        The first of them that was measured is taken.
    options : str
        Options of the method as JSON with sorted keys.

    Returns
    -------
    Series
        A row of measured.csv.

    Raises
    ------
    EstimationError
        If it was not measured.

    Examples
    --------
    >>> cell = Cell(setting="series", periods=72, events=25, rho=0.5, nugget=0.3)
    >>> float(measured_row("its_segmented", cell, "level_change")["rho"])
    0.5
    """
    table = measured_table()
    same = (table["method"] == method) & (table["options"] == options) & table["term"].isin(terms)
    rows = table[same & (table["seed"] == cell.seed) & (table["effect"] == cell.effect)]
    if rows.empty:
        raise EstimationError(
            f"{method} {options} was not measured at {cell.key}",
            mend=f"coresponder-causal validity run --methods {method}",
        )
    return min((row for _, row in rows.iterrows()), key=lambda row: terms.index(row["term"]))
