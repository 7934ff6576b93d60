"""The command `bench`: how long the methods take beside other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.text import Text

from coresponder_causal.cli_screen import one_screen, progress

Names = Annotated[list[str] | None, typer.Argument(help="Names of benchmarks; by default all.")]
Out = Annotated[
    Path | None, typer.Option(help="Folder for table, page and picture; what its table holds is not measured again.")
]
Quick = Annotated[bool, typer.Option("--quick", help="Tiny sizes in this process, to see that everything runs.")]


def bench_methods(names: Names = None, quick: Quick = False, out: Out = None) -> None:
    """Time our methods and other programs on the same data, and only where their answers agree.

    The other programs are those of the extra peers; one that is not installed is a row that says so.
    """
    console = Console(highlight=False)
    with one_screen(), progress() as say:
        from coresponder_causal.bench.page import table_name, write_page
        from coresponder_causal.bench.table import bench, lines

        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        table: pd.DataFrame = bench(names or (), quick=quick, kept=out / table_name if out else None, say=say)
        written = [] if out is None else [out / table_name, *write_page(table, out)]
        for line in [*lines(table), *map(str, written)]:
            console.print(Text(line), soft_wrap=True)
