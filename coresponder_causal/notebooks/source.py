"""Sources of notebooks: Python files in jupytext's percent format, read into cells."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from coresponder_causal.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

parameters, checks = "parameters", "check"  # tags of cells
slow_line, fast_line = "FAST = False", "FAST = True"
named = re.compile(r"\d\d(_[a-z0-9]+)+")
head_rows = ("Question", "Design", "Estimand", "Data", "Seed", "Budget")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a notebook.

    Parameters
    ----------
    number : int
        Its place, from 1.
    kind : str
        "code" or "markdown".
    text : str
        What stands in it.
    tags : tuple of str
    """

    number: int
    kind: str
    text: str
    tags: tuple[str, ...] = ()

    def tree(self) -> ast.Module:
        """Syntax tree of a code cell."""
        return ast.parse(self.text)


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook's source.

    Parameters
    ----------
    path : Path
        Of the Python file.
    cells : tuple of Cell
    """

    path: Path
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """Name without its ending."""
        return self.path.stem

    def code(self, tag: str | None = None) -> tuple[Cell, ...]:
        """Code cells, or those with a tag."""
        return tuple(cell for cell in self.cells if cell.kind == "code" and (tag is None or tag in cell.tags))

    def prose(self) -> tuple[Cell, ...]:
        """Cells of text."""
        return tuple(cell for cell in self.cells if cell.kind == "markdown")

    def head(self) -> dict[str, str]:
        """Rows of the table in the first cell."""
        first = self.cells[0].text if self.cells and self.cells[0].kind == "markdown" else ""
        rows = [[part.strip() for part in line.strip().strip("|").split("|", 1)] for line in first.splitlines()]
        return {row[0]: row[1] for row in rows if len(row) == 2 and row[0] and not set(row[0]) <= set("-: ")}

    @property
    def budget(self) -> float:
        """Seconds that it may take on one core; nan where the head does not say."""
        said = re.fullmatch(r"(\d+) s", self.head().get("Budget", ""))
        return float(said[1]) if said else float("nan")


def read(path: Path) -> Notebook:
    """Read one source.

    Parameters
    ----------
    path : Path
        Of a Python file in percent format.

    Returns
    -------
    Notebook

    Raises
    ------
    DataError
        Without the extra ``notebooks``.
    """
    return Notebook(path, cells_of(library("jupytext").read(path, fmt="py:percent")))


def cells_of(node: Any) -> tuple[Cell, ...]:  # noqa: ANN401
    """Cells of a notebook as nbformat holds it."""
    return tuple(
        Cell(number, cell.cell_type, cell.source, tuple(cell.metadata.get("tags", ())))
        for number, cell in enumerate(node.cells, 1)
    )


def sources(folder: Path, names: Sequence[str] = ()) -> tuple[Notebook, ...]:
    """Read the notebooks of a folder in reading order.

    Parameters
    ----------
    folder : Path
        Holds files named as ``06_read_series.py``.
    names : sequence of str
        Numbers or names; by default all.

    Returns
    -------
    tuple of Notebook

    Raises
    ------
    DataError
        Where the folder holds none, or a name fits none of them; the mend lists what is there.
    """
    found = sorted(path for path in folder.glob("*.py") if named.fullmatch(path.stem))
    if not found:
        raise DataError(f"{folder} holds no notebooks", mend="name the folder of files such as 06_read_series.py")
    missing = [name for name in names if not any(_meant(path, name) for path in found)]
    if missing:
        there = ", ".join(path.stem for path in found)
        raise DataError(f"no notebook is called {', '.join(missing)}", mend=f"choose from {there}")
    return tuple(read(path) for path in found if not names or any(_meant(path, name) for name in names))


def _meant(path: Path, name: str) -> bool:
    return name in (path.stem, path.name, path.stem.partition("_")[0])


def library(name: str) -> Any:  # noqa: ANN401
    """Import what the extra brings.

    Raises
    ------
    DataError
        Where it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise DataError(
            f"notebooks need {name.partition('.')[0]}, which is not installed",
            mend='pip install "coresponder-causal[notebooks]"',
        ) from None
