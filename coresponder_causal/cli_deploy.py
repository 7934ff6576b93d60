"""The command `deploy`: which hours of the week the team should cover."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from coresponder_causal.cli_options import Force
from coresponder_causal.cli_screen import one_screen, progress


def deploy(
    study: Annotated[Path, typer.Argument(help="STUDY.toml, with tables calls and schedule.")],
    out: Annotated[Path, typer.Option(help="Folder for the page, the tables and the calendars.")] = Path("deployment"),
    outcome: Annotated[str | None, typer.Option(help="Field of calls to avert; by default the primary one.")] = None,
    hours: Annotated[int | None, typer.Option(help="Team hours a week; by default as planned today.")] = None,
    crews: Annotated[int, typer.Option(help="Crews that share the shifts.")] = 2,
    night: Annotated[int, typer.Option(help="Least hours a week from 22:00 to 6:00.")] = 0,
    explore: Annotated[int, typer.Option(help="Hours a week, 6 to 10, drawn by lot where nothing is known.")] = 8,
    since: Annotated[str | None, typer.Option(help="First day that counts, e.g. of a plan drawn by lot.")] = None,
    time_zone: Annotated[str, typer.Option(help="IANA name of the zone of the clock times.")] = "America/Los_Angeles",
    force: Force = False,
) -> None:
    """Choose shifts that avert most events a year, and say of which hours the data cannot speak."""
    with one_screen(), progress() as say:
        from coresponder_causal import decide, plan

        plan.refuse_filled(out, force=force)
        say("Reading the study")
        stated = plan.read_study(study)
        design = plan.hours_of_team(stated, plan.read_tables(stated)[0], outcome=outcome)
        say("Choosing hours")
        rules = decide.ShiftRules(
            hours=decide.hours_today(design, since=since) if hours is None else hours,
            crews=crews,
            night_hours=night,
            exploration_hours=explore,
        )
        found = decide.deployment(design, rules=rules, since=since)
        written = plan.write_deployment(found, out, policy=stated.policy, ledger=stated.ledger, time_zone=time_zone)
    console = Console(highlight=False)
    for path in written:
        console.print(Text(str(path)), soft_wrap=True)
