"""Tables as a workbook and as LaTeX: the same numbers, text that is no formula and no command, small counts hidden."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from coresponder_causal import report
from coresponder_causal.privacy import Counts, Policy, hidden_mark, watermark
from coresponder_causal.report import Page, Sentence, Table, of_nobody
from coresponder_causal.report.latex import latex
from coresponder_causal.report.specs import Column, Fold, Section
from coresponder_causal.report.workbook import sheet_name, workbook

EVIL = (
    '=HYPERLINK("http://example.org","a")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\x07=1",
    "{=1}",
    "−3 to 5",
    r"\input{/etc/passwd}",
)
FRAME = pd.DataFrame(
    {
        "text": EVIL,
        "change": [-0.123456789, 12.3456, np.nan, np.inf, 1234.5678, 0.0, 1.0, 2.0, 3.0],
        "count": [1234567, 40, 25, 60, 70, 80, 90, 11, 12],
        "p": [0.0004, 0.5, np.nan, 1.0, 0.2, 0.3, 0.4, 0.5, 0.6],
    }
)
COLUMNS = (
    Column("text", "Text & more_"),
    Column("change", "Change, %", "signed"),
    Column("count", "Calls", "whole"),
    Column("p", "p", "p"),
)


def table(**given: object) -> Table:
    stated = {"title": "Of [what]?", "frame": FRAME, "columns": COLUMNS, "note": "50 % of them.", "support": of_nobody}
    return Table(**stated | given)


def paged(*tables: Table) -> Page:
    blocks = tuple(Fold(label="More", table=one) if place else one for place, one in enumerate(tables))
    said = (Sentence(text="=1+1 fell.", support=of_nobody),)
    return Page(title="=A page", banners=("Beware.",), finding=said, sections=(Section(title="Why?", blocks=blocks),))


def test_a_sheet_holds_each_number_at_full_precision_and_reads_as_on_the_page(tmp_path):
    made = report.write(paged(table(), table(title="Second")), tmp_path / "t.xlsx")
    book = load_workbook(made)
    assert book.sheetnames == ["About", "01 Of what", "02 Second"]
    read = pd.read_excel(made, sheet_name="01 Of what")
    assert list(read) == [column.label for column in COLUMNS]
    assert read["Change, %"].drop(3).tolist() == pytest.approx(
        FRAME["change"].drop(3).tolist(), rel=0, abs=0, nan_ok=True
    )
    assert read["Calls"].tolist() == FRAME["count"].tolist()
    sheet = book["01 Of what"]
    assert [sheet.cell(row, 2).value for row in (4, 5)] == [None, "+∞"]
    assert sheet.cell(2, 2).number_format == "+#,##0.000;-#,##0.000;#,##0.000"
    assert sheet.cell(6, 2).number_format == "+#,##0;-#,##0;#,##0"
    assert [sheet.cell(2, column).number_format for column in (3, 4)] == ["#,##0", '[<0.001]"< 0.001";0.000']


def test_no_cell_of_text_is_a_formula_in_a_workbook(tmp_path):
    book = load_workbook(report.write(paged(table()), tmp_path / "t.xlsx"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} == {"s"}
    texts = [cell.value for cell in cells]
    assert EVIL[0] in texts
    assert "=A page" in texts
    assert "=1" in texts  # the control character is gone
    marked = {cell.value for cell in cells if cell.quotePrefix}
    assert marked == {text for text in texts if text[0] in "=+-@\t"}


def test_no_cell_of_text_is_a_formula_in_a_csv(tmp_path):
    read = pd.read_csv(report.write(table(), tmp_path / "t.csv"))
    assert not any(re.match(r"\s*[=+\-@\x07]", text) for text in read["text"])
    assert read["text"].iloc[0] == f"'{EVIL[0]}"
    assert read["text"].iloc[6] == EVIL[6]
    assert read["change"].tolist() == pytest.approx(FRAME["change"].tolist(), rel=0, abs=0, nan_ok=True)


def test_the_first_sheet_says_for_whom_and_what_each_table_is(tmp_path):
    for audience in ("internal", "public"):
        made = report.write(
            paged(table(support=pd.DataFrame({"rows": [40]}))), tmp_path / f"{audience}.xlsx", audience=audience
        )
        told = [text for row in load_workbook(made)["About"].iter_rows(values_only=True) for text in row if text]
        assert {"=A page", "Beware.", "Why?", "Of [what]?", "01 Of what"} <= set(told)
        assert any("50 % of them." in text for text in told)
        assert (watermark in told) == (audience == "internal")
        assert any(text.startswith("For the public.") for text in told) == (audience == "public")


def test_the_same_page_gives_the_same_bytes_at_another_time(tmp_path, monkeypatch):
    first = workbook(paged(table()))
    later = time.time() + 90_000
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(later))
    assert workbook(paged(table())) == first
    assert workbook(paged(table(note="Another."))) != first


def test_small_counts_are_hidden_in_every_form(tmp_path):
    districts = pd.DataFrame({"district": ["a", "b", "c", "d"], "calls": [40, 3, 25, 60]})
    columns = (Column("district", "District"), Column("calls", "Calls", "whole"))
    counts = (Counts(family="calls by district", frame=districts, dimensions=("district",), count="calls"),)
    by_district = Table(title="Calls", frame=districts, columns=columns, counts=counts)
    specs = {tmp_path / f"t{end}": by_district for end in (".csv", ".tex", ".html", ".md")}
    report.write_all({**specs, tmp_path / "t.xlsx": paged(by_district)}, policy=Policy(audience="public"))
    book = pd.read_excel(tmp_path / "t.xlsx", sheet_name="01 Calls")
    hidden = book["Calls"].astype(str).eq(hidden_mark)
    assert hidden.sum() == 2
    assert "b" in set(book.loc[hidden, "District"])
    lines = (tmp_path / "t.tex").read_text(encoding="utf-8").splitlines()
    assert r"b & \textbullet{} \\" in lines
    assert not any(re.search(r"& 3 ", line) for line in lines)
    assert "3" not in set(pd.read_csv(tmp_path / "t.csv", dtype=str)["calls"])


def test_latex_is_escaped_and_has_rules_and_a_note():
    made = latex(table())
    for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\end{longtable}", r"\noindent 50 \% of them."):
        assert rule in made
    assert r"\textbackslash{}input\{/etc/passwd\}" in made
    assert r"Text \& more\_" in made
    assert r"\ensuremath{-}0.123" in made
    assert r"\ensuremath{\infty}" in made
    body = re.sub(r"\\[&%$#_{}]", "", made)
    known = {
        "usepackage", "footnotesize", "scriptsize", "setlength", "tabcolsep", "begin", "end", "caption", "toprule",
        "midrule", "bottomrule", "endfirsthead", "endhead", "endfoot", "endlastfoot", "noindent", "par", "shortstack",
        "ensuremath", "textbackslash", "textless", "infty", "raggedright", "arraybackslash", "linewidth",
    }  # fmt: skip
    assert set(re.findall(r"\\([A-Za-z]+)", body)) <= known


def test_names_of_sheets_are_such_as_programs_take():
    long = Table(title="History [of] a/b: " + "x" * 40, frame=pd.DataFrame(), columns=())
    name = sheet_name(7, long)
    assert len(name) <= 31
    assert not set(name) & set("[]:*?/\\'")
    assert name.startswith("07 History of ab")


def test_a_page_without_tables_still_says_what_it_found(tmp_path: Path):
    book = load_workbook(report.write(Page(title="Nothing"), tmp_path / "t.xlsx"))
    assert book.sheetnames == ["About"]
