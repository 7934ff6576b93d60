"""Rules of a notebook's code: checks that can fail, and nothing hidden, long, silenced or fetched."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from coresponder_causal.notebooks.source import Cell, Notebook, checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coresponder_causal.notebooks.rules import Broken

fewest_asserts = 4
longest_function = 5  # lines
filters = {"filterwarnings", "simplefilter", "catch_warnings", "captureWarnings", "warnings"}
network = {"requests", "urllib", "urllib3", "http", "httpx", "aiohttp", "socket", "ftplib", "webbrowser"}
package = "coresponder_causal"


def readable(notebook: Notebook) -> Iterator[Broken]:
    """Find code that Python cannot read; the other rules ask for it."""
    for cell in notebook.code():
        try:
            cell.tree()
        except SyntaxError as error:
            yield f"cell {cell.number}: is not Python ({error.msg})", "write plain Python, without magics"


def assertions(notebook: Notebook) -> Iterator[Broken]:
    """Require four assertions or more in cells of checks, each with words for when it fails, none that cannot."""
    found = [(cell, node) for cell in notebook.code(checks) for node in _asserts(cell)]
    if len(found) < fewest_asserts:
        yield f"has {len(found)} assertions in cells tagged {checks!r}", f"write at least {fewest_asserts}"
    for cell, node in found:
        said = ast.unparse(node.test)
        if not isinstance(node.msg, ast.Constant | ast.JoinedStr) or len(ast.unparse(node.msg).split()) < 2:
            yield f"cell {cell.number}: 'assert {said}' has no message in words", "say what is wrong when it fails"
        if isinstance(node.test, ast.Constant | ast.Tuple):
            yield f"cell {cell.number}: 'assert {said}' cannot fail", "assert something of the results"


def _asserts(cell: Cell) -> list[ast.Assert]:
    return [node for node in ast.walk(cell.tree()) if isinstance(node, ast.Assert)]


def manners(notebook: Notebook) -> Iterator[Broken]:
    """Find long functions, filters of warnings, the network, and what is not public in the package."""
    for cell in notebook.code():
        for node in ast.walk(cell.tree()):
            for what, mend in (*_long(node), *_filtered(node), *_fetched(node), *_private(node)):
                yield f"cell {cell.number}: {what}", mend


def _long(node: ast.AST) -> Iterator[Broken]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > longest_function:
            yield f"{node.name} has {lines} lines, over {longest_function}", "call what the package has, or split it"


def _filtered(node: ast.AST) -> Iterator[Broken]:
    names = {node.attr} if isinstance(node, ast.Attribute) else {module for module, _ in _imported(node)}
    if isinstance(node, ast.ImportFrom | ast.Import):
        names |= {alias.name for alias in node.names}
    if found := names & filters:
        yield f"{', '.join(sorted(found))} hides warnings", "show them: they belong to the result"


def _fetched(node: ast.AST) -> Iterator[Broken]:
    for top, _ in _imported(node):
        if top in network:
            yield f"{top} reaches for the network", "take data that are there"
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2].startswith("read_"):
        for given in node.args:
            if isinstance(given, ast.Constant) and str(given.value).startswith(("http:", "https:", "ftp:", "s3:")):
                yield f"reads {given.value!s}", "take data that are there"


def _private(node: ast.AST) -> Iterator[Broken]:
    for top, whole in _imported(node):
        if top == package and whole.count(".") > 1:
            yield f"imports {whole}", "use the public rooms, such as cc.estimate"


def _imported(node: ast.AST) -> list[tuple[str, str]]:
    """Modules that a statement imports: the top and the whole name."""
    if isinstance(node, ast.Import):
        return [(alias.name.partition(".")[0], alias.name) for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [(node.module.partition(".")[0], node.module)]
    return []
