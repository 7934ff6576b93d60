"""The command `tidy`: estimates of an evaluation as rows that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coresponder_causal.cli_screen import one_screen, show


def write_tidy(
    evaluation: Annotated[Path, typer.Argument(help="Folder of an evaluation, or its results.json.")] = Path(
        "evaluation"
    ),
    out: Annotated[Path, typer.Option(help="File: .csv, .json, .tex, .md, .html or .xlsx.")] = Path("tidy.csv"),
    level: Annotated[float, typer.Option(help="Confidence level.")] = 0.95,
    audience: Annotated[str, typer.Option(help="For whom: internal, partner or public.")] = "internal",
    agreement: Annotated[str | None, typer.Option(help="Name of the agreement with a partner.")] = None,
    ledger: Annotated[Path | None, typer.Option("--ledger", help="File in which releases are recorded.")] = None,
) -> None:
    """Write every estimate of an evaluation as a row, under the names that R's broom gives its columns."""
    with one_screen():
        from coresponder_causal import plan, report
        from coresponder_causal.privacy import Ledger, Policy

        table = report.tidy_table(*plan.read_results(evaluation), level=level)
        policy = Policy(audience=audience, agreement=agreement)  # type: ignore[arg-type]
        kept = None if ledger is None else Ledger(ledger)
        written = report.write_all({out: table}, policy=policy, ledger=kept)
    show(written)
