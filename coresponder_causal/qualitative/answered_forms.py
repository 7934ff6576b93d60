"""Forms on which a person answers yes or no row by row: as a workbook, and what comes back of them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import Problems
from coresponder_causal.core.notes import note

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

sheet, longest_cell = "coding", 32_000
_wide = {"text": 100, "remark": 40}
_words = {"yes": True, "y": True, "1": True, "true": True, "no": False, "n": False, "0": False, "false": False}


def form_workbook(form: pd.DataFrame, beside: pd.DataFrame, *, answer: str = "code", second: str = "codebook") -> bytes:
    """Form as an .xlsx file: a list of yes and no beside each text, and what to go by on a second sheet.

    Parameters
    ----------
    form : DataFrame
        With a column ``text``, as `coding_form` gives it.
    beside : DataFrame
        What is coded, as `codebook_table` gives it, or what is asked.
    answer : str
        Column that takes yes or no.
    second : str
        Name of the second sheet.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    page = book.active
    page.title = sheet
    if long := int((form["text"].str.len() > longest_cell).sum()):
        note(f"{long} texts are longer than a cell of a workbook holds: read them in the .csv")
    _fill(page, form.assign(text=form["text"].str.slice(0, longest_cell)))
    letters = {str(name): get_column_letter(place) for place, name in enumerate(form.columns, 1)}
    choice = DataValidation(type="list", formula1='"yes,no"', allow_blank=True, showErrorMessage=True)
    page.add_data_validation(choice)
    choice.add(f"{letters[answer]}2:{letters[answer]}{len(form) + 1}")
    for name, width in _wide.items():
        page.column_dimensions[letters[name]].width = width
    for cell in page[letters["text"]]:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    page.freeze_panes = "A2"
    _fill(book.create_sheet(second), beside)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(page: Worksheet, table: pd.DataFrame) -> None:
    """Write a table as text, of which nothing is taken for a formula."""
    page.append([str(name) for name in table.columns])
    for place, row in enumerate(table.astype(str).itertuples(index=False, name=None), 2):
        for column, value in enumerate(row, 1):
            cell = page.cell(place, column, value)
            cell.data_type = "s"


def answers(
    form: pd.DataFrame, wanted: Iterable[str], what: str, problems: Problems, *, answer: str = "code"
) -> dict[str, bool]:
    """Read yes or no by id.

    Parameters
    ----------
    form : DataFrame
        The filled form, in whatever order its rows are now.
    wanted : iterable of str
        Ids of the form as it was written.
    what : str
        What the form is called.
    problems : Problems
        Gets every broken row: ids that are none of the form's, that come twice or are gone, answers that are neither
        yes nor no, and rows without one.
    answer : str
        Column of the answers.

    Examples
    --------
    >>> filled = pd.DataFrame({"id": ["b", "a"], "code": ["No", "yes"]})
    >>> answers(filled, ["a", "b"], "form", Problems("the form"))
    {'b': False, 'a': True}
    """
    if absent := [name for name in ("id", answer) if name not in form]:
        problems.add(f"the {what} has no column {', '.join(absent)}", mend="give the form as it was written")
        return {}
    expected = set(wanted)
    ids = form["id"].astype("string").fillna("").str.strip()
    said = form[answer].astype("string").fillna("").str.strip().str.casefold().str.removesuffix(".0")
    used = ids.ne("") | said.ne("")
    for wrong, text, mend in (
        (~ids.isin(expected) & used, "rows have an id that is not on it", "take the row out, or correct the id"),
        (ids.duplicated(keep=False) & ids.isin(expected), "rows have an id that comes twice", "keep one of them"),
        (said.eq("") & ids.isin(expected), f"rows have no {answer}", "write yes or no"),
        (~said.isin(_words) & said.ne(""), "answers are neither yes nor no", "write yes or no, doubts as a remark"),
    ):
        if wrong.any():
            rows = [ids.iloc[i] or f"line {i + 2}" for i in np.flatnonzero(wrong)]
            problems.add(f"{what}: {len(rows)} {text}", rows=rows, mend=mend)
    if gone := sorted(expected - set(ids)):
        problems.add(f"{what}: {len(gone)} rows are gone", rows=gone, mend="put them back from the form")
    return {str(name): bool(own) for name, own in zip(ids, said.map(_words), strict=True) if pd.notna(own)}
