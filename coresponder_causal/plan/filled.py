"""Forms that people filled, from the folder they were written into."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import read_table
from coresponder_causal.qualitative.answered_forms import sheet


def filled_form(folder: Path, name: str, *, answer: str = "code") -> pd.DataFrame:
    """Read a filled form; an .xlsx that nobody filled gives way to a .csv that somebody did.

    Parameters
    ----------
    folder : Path
    name : str
        Name of the form's files without their ending.
    answer : str
        Column that is filled.

    Raises
    ------
    DataError
        There is no such form.
    """
    book, plain = folder / f"{name}.xlsx", folder / f"{name}.csv"
    forms = [read_table(book, sheet=sheet)] if book.is_file() else []
    forms += [read_table(plain)] if plain.is_file() else []
    if not forms:
        raise DataError(f"there is no form {name}.xlsx or {name}.csv", mend="put the filled form back")
    return max(forms, key=lambda form: int(form[answer].notna().sum()) if answer in form else 0)
