"""What can be said of notebooks without running them: every broken rule, in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.notebooks import code_rules, rules
from coresponder_causal.notebooks.executed import faults
from coresponder_causal.notebooks.source import Notebook, named, sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

of_text = (rules.head, rules.headings)
of_code = (
    rules.parameter_cell,
    rules.no_typed_decimals,
    rules.short_cells,
    code_rules.assertions,
    code_rules.manners,
    rules.last_cell,
)


def broken_rules(notebook: Notebook) -> list[tuple[str, str]]:
    """Rules that one notebook breaks.

    Parameters
    ----------
    notebook : Notebook

    Returns
    -------
    list of (what, mend)
        What is broken, with its cell.
    """
    unreadable = list(code_rules.readable(notebook))
    asked = of_text if unreadable else (*of_text, *of_code)
    return [*unreadable, *(found for rule in asked for found in rule(notebook)), *faults(notebook)]


def check(folder: Path, names: Sequence[str] = ()) -> tuple[Notebook, ...]:
    """Hold the notebooks of a folder against all rules.

    Parameters
    ----------
    folder : Path
        Of the sources, with the executed notebooks beside them.
    names : sequence of str
        Numbers or names; by default all, and then no file may be left over.

    Returns
    -------
    tuple of Notebook
        Those that were looked at.

    Raises
    ------
    DataError
        That lists every broken rule with notebook, cell and mend; or where there is nothing to check.
    """
    found = sources(folder, names)
    problems = Problems(f"the folder {folder.name}" if len(found) > 1 else found[0].name)
    for notebook in found:
        for what, mend in broken_rules(notebook):
            problems.add(f"{notebook.name}, {what}" if len(found) > 1 else what, mend=mend)
    if not names:
        _left_over(folder, found, problems)
    problems.raise_if_any(DataError)
    return found


def _left_over(folder: Path, found: Sequence[Notebook], problems: Problems) -> None:
    """Note files that no source stands behind, and numbers that two notebooks share."""
    stems = {notebook.name for notebook in found}
    for path in sorted(folder.iterdir()):
        if path.suffix in (".py", ".ipynb") and path.stem not in stems:
            mend = "delete it, or give it its source" if named.fullmatch(path.stem) else "call it as in 06_read_series"
            problems.add(f"{path.name} belongs to no notebook", mend=mend)
    numbers = [name[:2] for name in sorted(stems)]
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        problems.add(f"two notebooks have the number {number}", mend="give each its own")
