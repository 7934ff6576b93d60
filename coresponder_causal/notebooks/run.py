"""Execution: each notebook on a kernel of its own, written as the same file whenever nothing in it changed."""

from __future__ import annotations

import asyncio
import math
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.notebooks.executed import normal
from coresponder_causal.notebooks.source import Notebook, fast_line, library, parameters, slow_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# Asked of a kernel when a notebook is done: seconds of processors that it and its workers took.
seconds_taken = "import os as _os\nsum(_os.times()[:4])"
put_before = "put-before"  # tag of a cell that is not the notebook's
longest_cell = 900  # seconds by the clock
colour = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one notebook.

    Parameters
    ----------
    notebook : Notebook
    seconds : float
        Of processors, its imports and workers with it; nan where it stopped.
    failed : str
        The cell that failed and why; empty where none did.
    written : Path or None
    """

    notebook: Notebook
    seconds: float
    failed: str = ""
    written: Path | None = None

    @property
    def over(self) -> bool:
        """Whether it took more seconds than its head allows."""
        return self.seconds > self.notebook.budget

    @property
    def said(self) -> str:
        """One line for the screen."""
        if self.failed:
            return f"{self.notebook.name}: {self.failed}"
        beside = "no budget" if math.isnan(self.notebook.budget) else f"of {self.notebook.budget:.0f} s"
        return f"{self.notebook.name}: {self.seconds:.1f} s {beside}{', which is over' if self.over else ''}"


def run(
    notebooks: Sequence[Notebook],
    *,
    fast: bool = False,
    out: Path | None = None,
    jobs: int | None = None,
    before: str = "",
    tell: Callable[[int, int], None] | None = None,
) -> tuple[Ran, ...]:
    """Execute notebooks, several at a time, and write those that passed.

    Parameters
    ----------
    notebooks : sequence of Notebook
    fast : bool
        With ``FAST = True`` in the cell of parameters; then nothing is written.
    out : Path, optional
        Folder for the executed notebooks; by default each lies beside its source.
    jobs : int, optional
        Kernels at a time; by default one for each processor.
    before : str
        Code that runs before the first cell, such as a change whose discovery is tested; then nothing is written.
    tell : callable, optional
        Told how many are done, of how many.

    Returns
    -------
    tuple of Ran
        In the order given.

    Raises
    ------
    DataError
        Without the extra ``notebooks``.

    Notes
    -----
    Kernels run this Python and import this very package, each library on one thread, with neither the settings of the
    user's IPython nor filters of warnings.
    """
    for name in ("jupytext", "nbclient", "ipykernel"):
        library(name)
    done = asyncio.run(_all(notebooks, fast, before, jobs or os.cpu_count() or 1, tell))
    ran = []
    for notebook, (seconds, failed, node) in zip(notebooks, done, strict=True):
        place = (out or notebook.path.parent) / f"{notebook.name}.ipynb"
        keep = not (fast or before or failed)
        ran.append(Ran(notebook, seconds, failed, write_whole(place, normal(node)) if keep else None))
    return tuple(ran)


def raise_failed(ran: Sequence[Ran]) -> None:
    """Raise one error that lists what failed and what took too long.

    Parameters
    ----------
    ran : sequence of Ran
        What `run` returned.

    Raises
    ------
    EstimationError
    """
    problems = Problems("the run of the notebooks")
    for one in ran:
        if one.failed:
            problems.add(one.said, mend="mend the cell or what it calls")
        elif one.over:
            problems.add(one.said, mend="make it faster, or raise the budget in its head")
    problems.raise_if_any(EstimationError)


Outcome = tuple[float, str, Any]


async def _all(
    notebooks: Sequence[Notebook], fast: bool, before: str, jobs: int, tell: Callable[[int, int], None] | None
) -> list[Outcome]:
    places, done = asyncio.Semaphore(jobs), 0

    async def one(notebook: Notebook) -> Outcome:
        nonlocal done
        async with places:
            found = await _executed(notebook, fast, before, environment)
        done += 1
        if tell is not None:
            tell(done, len(notebooks))
        return found

    with tempfile.TemporaryDirectory() as settings:
        environment = _environment(Path(settings))
        return list(await asyncio.gather(*(one(notebook) for notebook in notebooks)))


def _environment(settings: Path) -> dict[str, str]:
    """Give kernels this package, one thread for each library, and settings of nobody."""
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    own = {name: value for name, value in os.environ.items() if name not in ("PYTHONWARNINGS", "MPLBACKEND")}
    return own | one_thread | {"PYTHONPATH": path, "IPYTHONDIR": str(settings)}


async def _executed(notebook: Notebook, fast: bool, before: str, environment: dict[str, str]) -> Outcome:
    """Execute one notebook: the seconds it took, what failed, and its cells with what they gave."""
    client_library, formats = library("nbclient"), library("nbformat")
    node = _given(notebook, fast, before)
    node.cells.append(formats.v4.new_code_cell(seconds_taken))
    client = client_library.NotebookClient(node, timeout=longest_cell, record_timing=False)
    client.km = _kernel()  # a manager that is given to its maker would be left running
    try:
        await client.async_execute(cwd=str(notebook.path.parent), env=environment, stderr=subprocess.DEVNULL)
    except client_library.exceptions.CellExecutionError as error:
        return math.nan, _where(node, f"{error.ename}: {error.evalue}"), node
    except (client_library.exceptions.CellTimeoutError, client_library.exceptions.DeadKernelError) as error:
        return math.nan, _where(node, str(error).partition("\n")[0]), node
    told = node.cells.pop()
    if before:
        node.cells.pop(0)
    return float(told.outputs[0].data["text/plain"]), "", node


def _given(notebook: Notebook, fast: bool, before: str) -> Any:  # noqa: ANN401
    """Cells to execute, with the parameters of the quick run and what runs before, where those are asked for."""
    node = library("jupytext").read(notebook.path, fmt="py:percent")
    for cell in node.cells:
        if fast and parameters in cell.metadata.get("tags", ()):
            cell.source = re.sub(rf"\A{slow_line}$", fast_line, cell.source, flags=re.MULTILINE)
    if before:
        node.cells.insert(0, library("nbformat").v4.new_code_cell(before, metadata={"tags": [put_before]}))
    return node


def _kernel() -> Any:  # noqa: ANN401
    """Make a kernel of this very Python, whatever kernels the machine has."""
    client = library("jupyter_client")
    own_specs = client.kernelspec.KernelSpecManager(kernel_dirs=[])
    return client.AsyncKernelManager(kernel_name="python3", kernel_spec_manager=own_specs)


def _where(node: Any, what: str) -> str:  # noqa: ANN401
    """Name the cell that was executed last, as its source counts them."""
    shift = int(put_before in node.cells[0].metadata.get("tags", ()))
    last = max((number for number, cell in enumerate(node.cells, 1) if cell.get("execution_count")), default=0)
    return f"cell {last - shift}: {colour.sub('', what)}"
