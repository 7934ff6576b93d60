"""Columns that were read as text because the dictionary does not know them, as numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems


def with_numbers(frame: pd.DataFrame, names: Iterable[str], *, where: str, about: str) -> pd.DataFrame:
    """Read columns as numbers.

    Parameters
    ----------
    frame : DataFrame
    names : iterable of str
        Columns; those that are not there, or are numbers already, stay.
    where : str
        What the frame is called.
    about : str
        What a refusal is headed with.

    Raises
    ------
    DataError
        Listing cells that are no numbers.

    Examples
    --------
    >>> with_numbers(pd.DataFrame({"a": ["1", None]}), ["a"], where="t", about="study")["a"].tolist()
    [1.0, nan]
    """
    problems, found = Problems(about), frame.copy()
    for name in sorted(set(names) & set(frame.select_dtypes(exclude=["number", "bool"]).columns)):
        found[name] = pd.to_numeric(frame[name], errors="coerce")
        lost = np.flatnonzero(found[name].isna() & frame[name].notna())
        if len(lost):
            problems.add(f"'{name}' is no number in {len(lost)} rows of {where}", mend="correct them", rows=lost)
    problems.raise_if_any(DataError)
    return found
