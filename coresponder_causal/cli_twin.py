"""The command `twin`: a study like another one that may be shared, without its rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from coresponder_causal.cli_screen import one_screen, progress, show

if TYPE_CHECKING:
    import pandas as pd

    from coresponder_causal import plan

StudyFile = Annotated[Path | None, typer.Argument(help="STUDY.toml; without it the embedded simulated study.")]


def write_a_twin(
    study: StudyFile = None,
    out: Annotated[Path, typer.Option(help="Folder for the twin: a study of its own.")] = Path("twin"),
    seed: Annotated[int, typer.Option(help="Seed of the twin; not that of the study.")] = 1,
    ledger: Annotated[Path | None, typer.Option(help="File in which releases are recorded.")] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Estimate both, and show on this screen alone how far apart they are.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that holds files.")] = False,
) -> None:
    """Draw a twin of a study from counts that may be published: for code and teaching, not for conclusions."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        if study is None:
            stated, tables, _ = plan.embedded_study()
        else:
            stated, tables = (read := plan.read_study(study)), plan.read_tables(read)[0]
        stated = plan.meant_for(stated, None, None, ledger)
        say("Letting its counts through the gate, as for the public")
        made = plan.twin(stated, tables, seed=seed)
        written = plan.write_twin(made, out, ledger=stated.ledger, force=force)
        apart = _apart(stated, tables, made) if compare else ""
    Console(highlight=False).print(Text("\n".join(made.remarks) + "\n" + apart))
    show([*written, f"\ncoresponder-causal evaluate {out / 'STUDY.toml'}"])


def _apart(study: plan.Study, tables: Mapping[str, pd.DataFrame], made: plan.Twin) -> str:
    """Estimate a study and its twin, and say how far apart they are in standard errors."""
    from coresponder_causal import plan

    original, copy = (
        plan.run(one, held, plan.quality_of(held)) for one, held in ((study, tables), (made.study, made.tables))
    )
    table = plan.twin_distance(original, copy).to_string(index=False, float_format="{:.3f}".format)
    return f"\nDistance in standard errors of the study's own estimates; this stays inside.\n{table}\n"
