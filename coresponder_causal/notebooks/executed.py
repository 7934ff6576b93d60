"""Executed notebooks: one form whatever machine wrote them, and what is wrong with those that have another."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from coresponder_causal.notebooks.source import Cell, Notebook, cells_of, library

if TYPE_CHECKING:
    from collections.abc import Iterator

largest = 1_000_000  # bytes
metadata = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# File and number of the process in a warning that a cell gave, and folders of installed packages.
of_cell = re.compile(r"\S*ipykernel_\d+[/\\]\d+\.py:(\d+)")
# What a progress bar of a library says of missing widgets: it is about the machine.
of_bars = re.compile(r"\S*tqdm\S*: TqdmWarning:.*\n(?:  from .*\n?)?")
of_packages = re.compile(r"[^\s\"']*[/\\]site-packages[/\\]")
local_path = re.compile(r"(?<![\w.])/(?:home|Users|root|work|tmp|private|var)/[\w.-]+|\b[A-Z]:\\\w+")
address = re.compile(r"\bat 0x[0-9a-f]{6,}")


def normal(node: Any) -> bytes:  # noqa: ANN401
    """Bytes of an executed notebook in the one form.

    Execution counts run from 1, cells are named after what stands in them, and nothing tells of the time or the machine
    of the execution.

    Parameters
    ----------
    node : notebook as nbformat holds it

    Returns
    -------
    bytes
    """
    node.metadata = library("nbformat").from_dict(metadata)
    node.nbformat, node.nbformat_minor = 4, 5
    seen: Counter[str] = Counter()
    count = 0
    for cell in node.cells:
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        seen[digest] += 1
        cell.id = f"{digest}-{seen[digest]}"
        tags = cell.metadata.get("tags")
        cell.metadata = library("nbformat").from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            told = [_normal_output(output, count) for output in _joined(cell.outputs)]
            cell.outputs = [output for output in told if output.get("text") != ""]
    written: str = library("nbformat").writes(node, version=4)
    return (written.rstrip("\n") + "\n").encode()


def _joined(outputs: list[Any]) -> list[Any]:
    """Join what one stream said in pieces: where it is cut depends on the clock."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if output.output_type == "stream" and last is not None and last.get("name") == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def _normal_output(output: Any, count: int) -> Any:  # noqa: ANN401
    if output.output_type == "stream":
        output.text = of_bars.sub("", of_packages.sub("", of_cell.sub(r"line \1 of the cell", output.text)))
    if output.output_type == "execute_result":
        output.execution_count = count
    return output


def faults(notebook: Notebook) -> Iterator[tuple[str, str]]:
    """Say what is wrong with the executed notebook beside a source: where and what, and its mend."""
    place, again = notebook.path.with_suffix(".ipynb"), "run it again"
    if not place.is_file():
        yield "has not been executed", "run it"
        return
    if (size := place.stat().st_size) > largest:
        yield f"its .ipynb has {size:,} bytes, over {largest:,}", "draw smaller or fewer pictures"
    node = library("nbformat").read(place, as_version=4)
    yield from _out_of_step(notebook, cells_of(node), again)
    counts = [cell.execution_count for cell in node.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        yield "its cells were not executed once each, in order, from 1", again
    for number, cell in enumerate(node.cells, 1):
        for output in cell.get("outputs", ()):
            for what in _betrayed(output):
                yield f"cell {number}: the output {what}", "write and show nothing of the machine"
            if output.output_type == "error":
                yield f"cell {number}: ended in {output.ename}: {output.evalue}", "mend it, and run it again"


def _out_of_step(notebook: Notebook, kept: tuple[Cell, ...], again: str) -> Iterator[tuple[str, str]]:
    """Name the first cell in which the source and the executed notebook differ."""
    if notebook.cells == kept:
        return
    ours, theirs = len(notebook.cells), len(kept)
    pairs = zip(notebook.cells, kept, strict=False)
    first = next((mine.number for mine, other in pairs if mine != other), min(ours, theirs) + 1)
    yield f"cell {first}: the source is no longer what was executed ({ours} cells, {theirs} executed)", again


def _betrayed(output: Any) -> Iterator[str]:  # noqa: ANN401
    """Say what an output tells of the machine."""
    shown = output.get("data", {}).items() if "data" in output else [("text", output.get("text", ""))]
    for form, text in shown:
        if form.startswith("image/") and form != "image/svg+xml":
            continue
        said = text if isinstance(text, str) else str(text)
        if found := local_path.search(said):
            yield f"names a local path, {found[0]}"
        if found := address.search(said):
            yield f"names an address of an object, {found[0]}"
