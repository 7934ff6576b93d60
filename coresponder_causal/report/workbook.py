"""The tables of a page as a workbook: a sheet each, numbers as numbers, and a first sheet that says what they are."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.report import words
from coresponder_causal.report.specs import Column, Form, Page, Table

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

first_sheet, longest_name, widest_column = "About", 31, 60
same_moment = (1980, 1, 1, 0, 0, 0)  # of every file within, so that the same page gives the same bytes
fixed: dict[Form, str] = {"whole": "#,##0", "share": "0.00", "p": '[<0.001]"< 0.001";0.000'}
acts = re.compile(r"^(?:[\x00-\x1f]*[=+\-@]|[\t\r\n])")


def workbook(page: Page) -> bytes:
    """Write the tables of a page.

    Parameters
    ----------
    page : Page

    Returns
    -------
    bytes
        An .xlsx file. The first sheet holds what stands on top of the page, and title and note of each table; every
        other sheet holds one table, headed in its first row, at full precision. Text is text: a cell that begins as a
        formula does is none. The same page gives the same bytes.

    Examples
    --------
    >>> workbook(Page(title="Nothing found"))[:2]
    b'PK'
    """
    from openpyxl import Workbook

    book = Workbook()
    about = book.active
    about.title = first_sheet
    listed = [(sheet_name(number, table), question, table) for number, (question, table) in enumerate(page.tables(), 1)]
    _about(about, page, listed)
    for name, _, table in listed:
        _fill(book.create_sheet(name), table)
    out = io.BytesIO()
    book.save(out)
    return _undated(out.getvalue())


def sheet_name(number: int, table: Table) -> str:
    """Name a sheet by the place of its table and as much of its title as fits.

    Parameters
    ----------
    number : int
        From 1 on.
    table : Table

    Examples
    --------
    >>> sheet_name(3, Table(title="Numbers behind “pre period”", frame=pd.DataFrame(), columns=()))
    '03 Numbers behind pre period'
    """
    title = " ".join(re.sub(r"[^\w\s,.()–-]", "", table.title).split())
    return f"{number:02d} {title}"[:longest_name].strip()


def guarded(value: object) -> object:
    """Return a cell of a .csv so that no program for tables takes its text for a formula.

    Parameters
    ----------
    value : object
        Text that begins as a formula does gets an apostrophe in front, which such programs do not show.

    Examples
    --------
    >>> guarded("=1+1"), guarded("calls"), guarded(-0.5)
    ("'=1+1", 'calls', -0.5)
    """
    return f"'{value}" if isinstance(value, str) and acts.match(value) else value


def _about(sheet: Worksheet, page: Page, listed: list[tuple[str, str, Table]]) -> None:
    """Say what the workbook is, for whom, and what each sheet holds."""
    from openpyxl.styles import Alignment, Font

    wrapped = Alignment(wrap_text=True, vertical="top")
    said = [page.subtitle, *page.banners, *(sentence.text for sentence in page.finding)]
    lines = [(text,) for text in (page.title, *said) if text]
    rows = [*lines, (), ("Sheet", "Question", "Table", "Note")]
    rows += [(name, question, table.title, table.note) for name, question, table in listed]
    for number, row in enumerate(rows, 1):
        for place, text in enumerate(row, 1):
            cell = sheet.cell(row=number, column=place)
            _write(cell, text)
            cell.alignment = wrapped
            cell.font = Font(bold=number in (1, len(lines) + 2) or text in page.banners)
        if len(row) == 1:
            sheet.merge_cells(start_row=number, end_row=number, start_column=1, end_column=4)
            sheet.row_dimensions[number].height = 15.0 * max(1, -(-len(row[0]) // 130))
    for letter, width in zip("ABCD", (34, 34, 34, 60), strict=True):
        sheet.column_dimensions[letter].width = width


def _fill(sheet: Worksheet, table: Table) -> None:
    """Write one table."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for place, column in enumerate(table.columns, 1):
        cells = [sheet.cell(row=row, column=place) for row in range(1, len(table.frame) + 2)]
        _write(cells[0], column.label)
        cells[0].font = Font(bold=True)
        for cell, value in zip(cells[1:], table.frame[column.name], strict=True):
            _write(cell, _content(value, column))
            if isinstance(cell.value, float):
                cell.number_format = _format(cell.value, column.form)
            cell.alignment = Alignment(wrap_text=column.wordy, vertical="top")
        length = max(len(str(cell.value or "")) for cell in cells) if column.wordy else max(len(column.label), 10)
        sheet.column_dimensions[get_column_letter(place)].width = min(length + 2, widest_column)
    sheet.freeze_panes = "A2"


def _content(value: object, column: Column) -> str | float | None:
    """Return what stands in a cell: a number at full precision, text, or nothing."""
    if words.cell(value, "text") == words.missing or value is pd.NA:
        return None
    number = isinstance(value, (int, float, np.integer, np.floating)) and np.isfinite(float(value))
    return float(str(value)) if number and not column.wordy else words.cell(value, column.form)


def _format(value: float, form: Form) -> str:
    """Return the format in which a number reads as on a page."""
    if form in fixed:
        return fixed[form]
    places = words.decimals(value, digits=5 if form == "fine" else 3)
    plain = f"#,##0.{'0' * places}" if places else "#,##0"
    return f"+{plain};-{plain};{plain}" if form == "signed" else plain


def _write(cell: Cell, value: str | float | None) -> None:
    """Put a value into a cell, text as text whatever it begins with."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.value = text
        cell.data_type = "s"
        cell.quotePrefix = acts.match(text) is not None
    else:
        cell.value = value


def _undated(content: bytes) -> bytes:
    """Take the time of writing out of a workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            inner = given.read(name)
            if name == "docProps/core.xml":
                inner = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", inner)
            made.writestr(zipfile.ZipInfo(name, same_moment), inner, zipfile.ZIP_DEFLATED)
    return out.getvalue()
