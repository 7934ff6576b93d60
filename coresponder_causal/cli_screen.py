"""What the commands show: errors on one screen, what is being done, how much of it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from coresponder_causal.core.errors import CausalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coresponder_causal.plan import Written

wrong_input = 2
no_room = "failed to map segment"  # how a library says that it cannot be loaded for want of memory
longest = 30  # lines of an error on the screen


@contextmanager
def one_screen() -> Iterator[None]:
    """Turn an error of ours, of the file system or of memory into one screen and exit code 2."""
    try:
        yield
    except CausalError as error:
        _show(error.what, error.mend)
        raise typer.Exit(wrong_input) from None
    except OSError as error:
        _show(f"{error.strerror or error}: {error.filename or ''}", "check the path and the permissions")
        raise typer.Exit(wrong_input) from None
    except (MemoryError, ImportError) as error:
        if isinstance(error, ImportError) and no_room not in str(error):
            raise
        _show("there is not enough memory for this", "end other programs, or give fewer tables, cities or months")
        raise typer.Exit(wrong_input) from None


def _show(what: str, mend: str) -> None:
    """Show an error on one screen; what does not fit on it is counted."""
    console = Console(stderr=True)
    lines = Text(what).wrap(console, console.width - 4)
    body = Text("\n").join(lines[:longest])
    if len(lines) > longest:
        body += Text(f"\n… and {len(lines) - longest} more lines, which show when these are mended", style="italic")
    body += Text("\n\nmend: ", style="bold") + Text(mend)
    console.print(Panel(body, title="This cannot be done as it is", title_align="left"))


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done and for how long, on the error stream."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("Starting", total=None)
        yield lambda text: shown.update(task, description=text)


@contextmanager
def bar() -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """Show how much of a simulation is done and how long the rest will take, on the error stream."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("Reading the study", total=None)

        def begin(text: str) -> Callable[[int, int], None]:
            shown.reset(task, description=text)
            return lambda done, total: shown.update(task, completed=done, total=total)

        yield begin


def show(lines: Iterable[object]) -> None:
    """Show lines as they are: a long one is not broken, so that a path in it can be copied."""
    console = Console(highlight=False)
    for line in lines:
        console.print(Text(str(line)), soft_wrap=True)


def tell(said: Iterable[str], lines: Iterable[object] = ()) -> None:
    """Show what was found, then lines as they are, such as the files that were written."""
    Console(highlight=False).print(Text("\n".join(said) + "\n"))
    show(lines)


def tell_files(said: list[str], written: list[Path], *, simulated: bool) -> None:
    """Show what was found and the files that hold it; of a simulated city, that it is one."""
    _found("\n\n".join(said) + "\n", simulated=simulated)
    show(written)


def tell_evaluation(done: Written) -> None:
    """Show what was found, how much of it was found before, and where its page is."""
    _found(done.finding, simulated=done.simulated)
    kept = sum(step.kept for step in done.steps)
    again = [f"\n{kept} of {len(done.steps)} steps were kept from an earlier run."] if kept else []
    show([*again, f"\nThe page: {done.file}"])


def _found(said: str, *, simulated: bool) -> None:
    console = Console(highlight=False)
    if simulated:
        console.print(Text("This is a simulated city: nothing here is evidence about a real programme.", style="bold"))
    console.print(Text(said))
