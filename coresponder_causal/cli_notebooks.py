"""Commands of the notebooks: run them, and hold them against their rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from coresponder_causal.cli_screen import bar, one_screen

notebooks = typer.Typer(no_args_is_help=True, help="The notebooks: run them, and hold them against their rules.")
Names = Annotated[list[str] | None, typer.Argument(help="Numbers or names, e.g. 06; by default all.")]
Sources = Annotated[Path, typer.Option(help="Folder of the notebooks.")]
here = Path("notebooks")


@notebooks.command("run")
def run_notebooks(
    names: Names = None,
    fast: Annotated[bool, typer.Option("--fast", help="With their fast parameters; nothing is written.")] = False,
    folder: Sources = here,
    out: Annotated[Path | None, typer.Option(help="Folder for the executed notebooks; else beside each.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Kernels at a time; by default one for each processor.")] = None,
) -> None:
    """Execute notebooks, several at a time, and write those whose checks passed, with the seconds each took."""
    console = Console(highlight=False)
    with one_screen(), bar() as begin:
        from coresponder_causal.notebooks import raise_failed, run, sources

        found = sources(folder, names or ())
        ran = run(found, fast=fast, out=out, jobs=jobs, tell=begin("Notebooks"))
        for one in ran:
            console.print(Text(one.said), soft_wrap=True)
        raise_failed(ran)


@notebooks.command("check")
def check_notebooks(names: Names = None, folder: Sources = here) -> None:
    """Hold notebooks against their rules, without running them, and say whether what was executed is current."""
    with one_screen():
        from coresponder_causal.notebooks import check

        found = check(folder, names or ())
    Console(highlight=False).print(Text("\n".join(f"{one.name} keeps all rules" for one in found)))
