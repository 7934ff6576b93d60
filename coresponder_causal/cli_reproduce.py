"""The command `reproduce`: published results computed again."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from coresponder_causal.cli_screen import one_screen, progress

Name = Annotated[str | None, typer.Argument(help="One reproduction; by default all but those that take minutes.")]
All = Annotated[bool, typer.Option("--slow", help="Those that take minutes, too.")]


def reproduce_published(name: Name = None, slow: All = False) -> None:
    """Compute published results again, from data that other packages carry, and say how the numbers agree."""
    console = Console(highlight=False)
    with one_screen(), progress() as say:
        from coresponder_causal import reproduce

        chosen = [name] if name else [paper.name for paper in reproduce.papers if slow or not paper.slow]
        for one in chosen:
            say(f"Computing {one}")
            found = reproduce.reproduce(one)
            console.print(Text(found.said), soft_wrap=True)
            for line in [] if found.skipped else reproduce.moved(found):
                console.print(Text(f"  no longer as in the ledger: {line}"), soft_wrap=True)
