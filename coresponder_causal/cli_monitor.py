"""The command `monitor`: new months held against earlier ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coresponder_causal.cli_screen import one_screen, progress, tell_files


def monitor(
    source: Annotated[
        Path | None, typer.Argument(help="Folder of tables, or STUDY.toml; without it the simulated city.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the pages; later runs replace them.")] = Path("monitoring"),
    since: Annotated[str | None, typer.Option(help="First monitored month; by default that of the start.")] = None,
    start: Annotated[str | None, typer.Option(help="Date of the programme's start, e.g. 2020-07-15.")] = None,
    until: Annotated[str | None, typer.Option(help="Last whole month; by default as the calls tell.")] = None,
    city: Annotated[str | None, typer.Option(help="City of the programme, where the tables hold several.")] = None,
    metric: Annotated[list[str] | None, typer.Option(help="Metric to chart, e.g. M15; repeat for several.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="Month left out, e.g. 2020-04; repeat.")] = None,
    run_length: Annotated[int, typer.Option(help="Months for one false alarm of all charts, or fewer alarms.")] = 60,
    confirm: Annotated[str | None, typer.Option(help="Charted metric whose effect is looked at.")] = None,
    looks: Annotated[str | None, typer.Option(help="Months after the start of the looks, e.g. 6,12,24.")] = None,
    history: Annotated[Path | None, typer.Option(help="File of what was seen; by default beside the folder.")] = None,
    audience: Annotated[str | None, typer.Option(help="For whom: internal, partner or public.")] = None,
    agreement: Annotated[str | None, typer.Option(help="Name of the agreement with a partner.")] = None,
    ledger: Annotated[Path | None, typer.Option(help="File in which releases are recorded.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write the pages also where nothing is new.")] = False,
) -> None:
    """Hold new months against earlier ones: metrics, quality, control charts, what to check first, and fixed looks.

    The first run fixes the terms. What was seen is kept beside the folder; the same months again change nothing, and
    months that were corrected are said.
    """
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        terms = plan.Terms(
            since=since,
            metrics=tuple(metric or ()),
            without=tuple(without or ()),
            run_length=run_length,
            confirm=confirm,
            looks=plan.months_of_looks(looks),
        )
        say("Reading the tables")
        described = plan.meant_for(plan.city_of(source, city=city, start=start), audience, agreement, ledger)
        seen = plan.monitor(described, out, terms=terms, history=history, until=until, force=force, say=say)
    tell_files(list(seen.said), list(seen.written), simulated=described.simulated)
