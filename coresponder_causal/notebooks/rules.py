"""Rules of a notebook's form: its head, the order of its headings, its parameters, its length, its last cell."""

from __future__ import annotations

import ast
import math
import re
from typing import TYPE_CHECKING

from coresponder_causal.notebooks.source import Notebook, head_rows, parameters, slow_line

if TYPE_CHECKING:
    from collections.abc import Iterator

order = ("Data", "Design", "Estimate", "Check", "Report")
longest_cell = 15  # lines of code
not_prose = re.compile(r"doi:\s*\S+|10\.\d{4,}/\S+|arXiv:\S+|https?://\S+|\]\([^)]*\)", re.IGNORECASE)
decimal = re.compile(r"(?<![\w.])\d*\.\d+|\d+\.\d+")
versions = ("coresponder", "numpy", "pandas")

Broken = tuple[str, str]  # what, with its place, and the mend


def head(notebook: Notebook) -> Iterator[Broken]:
    """Require a title that asks, a table of six rows, and why it is asked."""
    first = notebook.cells[0] if notebook.cells else None
    lines = first.text.strip().splitlines() if first is not None and first.kind == "markdown" else []
    if not lines or not re.fullmatch(r"# \S.*\?", lines[0]):
        yield "cell 1: does not open with a question as its title", "begin with '# …?'"
    found = notebook.head()
    rows = tuple(name for name in found if name in head_rows)
    if rows != head_rows or len(found) - len(rows) > 1 or not all(found[name] for name in rows):
        yield f"cell 1: its table has the rows {', '.join(found) or 'none'}", f"give it {', '.join(head_rows)}"
    elif math.isnan(notebook.budget):
        yield f"cell 1: the budget {found['Budget']!r} is not whole seconds", "write it as '20 s'"
    if not lines or lines[-1].lstrip().startswith(("|", "#")):
        yield "cell 1: does not say why this is asked", "add one to three sentences after the table"


def headings(notebook: Notebook) -> Iterator[Broken]:
    """Require the five headings, once each, in order; others come after them."""
    found = [line[3:].strip() for cell in notebook.prose() for line in cell.text.splitlines() if line.startswith("## ")]
    if tuple(found[: len(order)]) != order or any(found.count(name) > 1 for name in order):
        yield f"its headings are {', '.join(found) or 'none'}", f"begin with {', '.join(order)}, once each"


def parameter_cell(notebook: Notebook) -> Iterator[Broken]:
    """Require one cell of parameters, whose first line the quick run replaces."""
    tagged = notebook.code(parameters)
    if len(tagged) != 1:
        yield f"has {len(tagged)} cells tagged {parameters!r}", "tag one"
    for cell in tagged:
        if cell.text.partition("\n")[0] != slow_line:
            yield f"cell {cell.number}: the parameters do not begin with '{slow_line}'", "write it as their first line"


def no_typed_decimals(notebook: Notebook) -> Iterator[Broken]:
    """Find decimals in prose, formulas and code spans included, and in text that code hands to the reader."""
    for cell in notebook.prose():
        for found in decimal.finditer(not_prose.sub(" ", cell.text)):
            yield f"cell {cell.number}: the text holds the decimal {found[0]}", "let code give the number"
    for cell in notebook.code():
        for node in ast.walk(cell.tree()):
            shown = isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("Markdown", "HTML")
            for text in _typed(node) if shown else ():
                for found in decimal.finditer(not_prose.sub(" ", text)):
                    yield f"cell {cell.number}: the shown text holds the decimal {found[0]}", "let code give the number"


def _typed(node: ast.AST) -> Iterator[str]:
    """Text typed inside a call, but not what stands between the braces of f-strings."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value
        elif not isinstance(child, ast.FormattedValue):
            yield from _typed(child)


def short_cells(notebook: Notebook) -> Iterator[Broken]:
    """Find cells that do not fit on a slide."""
    for cell in notebook.code():
        lines = [line for line in cell.text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        if len(lines) > longest_cell:
            yield f"cell {cell.number}: has {len(lines)} lines of code, over {longest_cell}", "split it"


def last_cell(notebook: Notebook) -> Iterator[Broken]:
    """Require a last cell that says which versions gave these numbers."""
    last = notebook.cells[-1] if notebook.cells else None
    text = last.text if last is not None and last.kind == "code" else ""
    missing = [name for name in versions if name not in text]
    if "version(" not in text or missing:
        lacks = f": lacks {', '.join(missing)}" if missing else ""
        yield f"its last cell does not show versions{lacks}", "show importlib.metadata.version of what was used"
