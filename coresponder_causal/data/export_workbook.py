"""A spreadsheet to fill: one sheet per table that people keep, with lists, dates and limits."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from coresponder_causal.data.forms import asked

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

    from coresponder_causal.data.dictionary import Field, Table

_ROWS = 2000
_FORMATS = {"text": "@", "integer": "0", "number": "General", "boolean": "@", "month": "yyyy-mm"}
_FORMATS |= {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm"}
_NEEDED, _OPTIONAL = "FFDCEBF5", "FFF3F3F3"
_LIMITED = {"integer": "whole", "number": "decimal"}


def workbook() -> bytes:
    """Write the workbook of all tables that people fill.

    Returns
    -------
    bytes
        An .xlsx file. The first row of a sheet holds the names of the fields, each with a comment; required ones are
        blue. ``data.read_table(file, sheet="schedule")`` reads a filled sheet.

    Examples
    --------
    >>> workbook()[:2]
    b'PK'
    """
    from openpyxl import Workbook

    from coresponder_causal.data import dictionary

    book = Workbook()
    book.remove(book.active)
    lists: dict[tuple[str, ...], str] = {}
    tables = [table for table in dictionary.tables().values() if table.by_hand]
    sheets = [book.create_sheet(table.name) for table in tables]
    codes = book.create_sheet("codes")
    codes.sheet_state = "hidden"
    for sheet, table in zip(sheets, tables, strict=True):
        _fill(sheet, table, codes, lists)
    _explain(book, tables)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _explain(book: Workbook, tables: list[Table]) -> None:
    """Say on the last sheet how the others are filled."""
    sheet = book.create_sheet("about")
    lines = [
        "Fill one sheet for each table. Do not rename the columns; leave a cell empty where it is not known.",
        "Blue heads must be filled in every row. Point at a head to read what belongs into its column.",
        "Never write names, dates of birth, addresses or diagnoses into any cell.",
    ]
    for line in lines:
        sheet.append([line])
    sheet.append([])
    for table in tables:
        sheet.append([table.name, f"{table.label}: one row is {table.grain}."])
    sheet.column_dimensions["A"].width = 24


def _fill(sheet: Worksheet, table: Table, codes: Worksheet, lists: dict[tuple[str, ...], str]) -> None:
    """Write the head of a sheet and what each column takes."""
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    for place, field in enumerate(table.fields, 1):
        letter = get_column_letter(place)
        cell = sheet.cell(row=1, column=place, value=field.name)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor=_NEEDED if field.required else _OPTIONAL)
        cell.comment = Comment(_comment(field), "data dictionary", width=320, height=160)
        sheet.column_dimensions[letter].number_format = _FORMATS[field.type]
        sheet.column_dimensions[letter].width = max(14, len(field.name) + 3)
        rule = _rule(field, codes, lists)
        if rule is not None:
            rule.add(f"{letter}2:{letter}{_ROWS}")
            sheet.add_data_validation(rule)
    sheet.freeze_panes = "A2"


def _comment(field: Field) -> str:
    """Say what belongs into a column."""
    lines = [field.label if field.unit is None else f"{field.label} ({field.unit})"]
    lines.append("Must be filled." if field.required else "May be empty.")
    lines.append(f"{field.entered_by}, {field.entered_when}. {field.why}.")
    lines += [f"{code}: {words}" for code, words in field.choices]
    return "\n".join(lines)


def _rule(field: Field, codes: Worksheet, lists: dict[tuple[str, ...], str]) -> DataValidation | None:
    """Make the validation of a column; a code beside the list warns, a number beyond its limits is refused."""
    from openpyxl.worksheet.datavalidation import DataValidation

    question = asked(field, "")
    if question.choices:
        place = _listed(tuple(str(code) for code, _ in question.choices), codes, lists)
        rule = DataValidation(type="list", formula1=place, allow_blank=True)
        rule.errorStyle = "warning" if field.type != "boolean" else "stop"
    elif field.type in {"date", "datetime", "month"}:
        rule = DataValidation(type="date", operator="greaterThan", formula1="32874", allow_blank=True)  # 1990-01-01
    elif field.type in _LIMITED:
        low = -1e9 if field.minimum is None else field.minimum
        high = 1e9 if field.maximum is None else field.maximum
        rule = DataValidation(type=_LIMITED[field.type], operator="between", formula1=f"{low:.15g}", allow_blank=True)
        rule.formula2 = f"{high:.15g}"
    else:
        return None
    rule.showErrorMessage = True
    rule.errorTitle, rule.error = field.label[:32], _expected(field)
    return rule


def _expected(field: Field) -> str:
    """Say what a column takes, for the message of a refusal."""
    if field.type == "boolean":
        return "Choose yes or no, or leave the cell empty."
    if field.allowed is not None:
        return "Choose a code from the list. Another one is kept and reported."
    if field.type in _LIMITED:
        ends = [("from", field.minimum), ("to", field.maximum)]
        limits = "".join(f" {word} {limit:g}" for word, limit in ends if limit is not None)
        return f"Write a {'whole ' if field.type == 'integer' else ''}number{limits}."
    return "Write a date, for example 2020-07-15."


def _listed(values: tuple[str, ...], codes: Worksheet, lists: dict[tuple[str, ...], str]) -> str:
    """Put a list of codes on the hidden sheet once, and name its place."""
    from openpyxl.utils import get_column_letter

    if values not in lists:
        column = len(lists) + 1
        for row, value in enumerate(values, 1):
            codes.cell(row=row, column=column, value=int(value) if value.isdigit() else value)
        letter = get_column_letter(column)
        lists[values] = f"codes!${letter}$1:${letter}${len(values)}"
    return lists[values]
