"""Commands for the logic model: `init`, `check` and `draw`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from coresponder_causal.cli_screen import one_screen, show

if TYPE_CHECKING:
    from coresponder_causal import plan

left_open = 1
logic = typer.Typer(
    no_args_is_help=True, help="The programme's logic model: what it does, what should follow, how that is measured."
)
ModelFile = Annotated[Path | None, typer.Argument(help="MODEL.yaml; without it the shipped model of the programme.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


@logic.command("init")
def logic_init(
    path: Annotated[Path, typer.Argument(help="New YAML file.")] = Path("logic_model.yaml"), force: Force = False
) -> None:
    """Write the shipped model with every key explained, to be edited."""
    with one_screen():
        from coresponder_causal import plan
        from coresponder_causal.core.files import write_whole

        plan.refuse_present(path, force=force)
        written = write_whole(path, plan.LogicModel.template().encode())
    show([written])


@logic.command("check")
def logic_check(
    model: ModelFile = None,
    tables: Annotated[
        Path | None, typer.Option(help="Folder of your tables: metrics that they cannot feed are found.")
    ] = None,
) -> None:
    """Say what the model leaves open; exit code 1 if anything is."""
    with one_screen():
        from coresponder_causal import plan

        read = _model(model)
        there = {} if tables is None else plan.read_folder(tables).tables
        found = read.check({name: [str(column) for column in own] for name, own in there.items()} or None)
    console = Console(highlight=False)
    for rule, says, mend in found[["rule", "says", "mend"]].itertuples(index=False, name=None):
        console.print(Text(f"{rule}: {says}\n  mend: {mend}"))
    console.print(Text(f"{len(read.nodes)} nodes, {len(read.links)} links, {len(found)} findings."))
    if len(found):
        raise typer.Exit(left_open)


@logic.command("draw")
def logic_draw(
    model: ModelFile = None,
    out: Annotated[Path, typer.Option(help="File that ends in .pdf, .svg or .png.")] = Path("logic_model.pdf"),
    force: Force = False,
) -> None:
    """Draw the model on one landscape page."""
    with one_screen():
        from coresponder_causal import plan, report

        plan.refuse_present(out, force=force)
        written = report.write(_model(model).picture(), out)
    show([written])


def _model(file: Path | None) -> plan.LogicModel:
    """Return the model of a file, or the shipped one."""
    from coresponder_causal import plan

    return plan.LogicModel.shipped() if file is None else plan.LogicModel.read(file)
