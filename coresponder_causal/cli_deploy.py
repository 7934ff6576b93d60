"""The command `deploy`: which hours of the week the team should cover."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from coresponder_causal.cli_options import Force
from coresponder_causal.cli_screen import one_screen, progress, show


class Hours(StrEnum):
    """By which hours weeks are told apart."""

    planned = "planned"
    delivered = "delivered"


def deploy(
    study: Annotated[Path, typer.Argument(help="STUDY.toml, with tables calls and schedule.")],
    out: Annotated[Path, typer.Option(help="Folder for the page, the tables and the calendars.")] = Path("deployment"),
    outcome: Annotated[str | None, typer.Option(help="Field of calls to avert; by default the primary one.")] = None,
    hours: Annotated[int | None, typer.Option(help="Team hours a week; by default as planned today.")] = None,
    shift: Annotated[list[int] | None, typer.Option(help="Hours of a shift: 8, 10 and 12, or those named.")] = None,
    two_teams: Annotated[bool, typer.Option("--two-teams", help="Up to two teams on duty at a time.")] = False,
    minutes_per_call: Annotated[float | None, typer.Option(help="Minutes of a call; a second team needs it.")] = None,
    crews: Annotated[int, typer.Option(help="Crews that share the shifts.")] = 2,
    rest: Annotated[int, typer.Option(help="Least hours between two shifts of a crew.")] = 11,
    night: Annotated[int, typer.Option(help="Least hours a week from 22:00 to 6:00.")] = 0,
    explore: Annotated[int, typer.Option(help="Hours a week, 6 to 10, drawn by lot where nothing is known.")] = 8,
    contrast: Annotated[Hours, typer.Option(help="Tell weeks apart by hours planned, or delivered.")] = Hours.planned,
    robust: Annotated[bool, typer.Option("--robust", help="Make the gain in the worst tenth of draws large.")] = False,
    officer_hour: Annotated[
        float | None,
        typer.Option(help="Events that an officer-hour counts as, e.g. 0.05; by default it is not counted."),
    ] = None,
    officers: Annotated[float, typer.Option(help="Officers of a team whose hours on duty then count.")] = 1.0,
    officer_minutes: Annotated[str, typer.Option(help="Field of calls: their minutes.")] = "minutes_on_scene",
    since: Annotated[str | None, typer.Option(help="First day that counts, e.g. of a plan drawn by lot.")] = None,
    time_zone: Annotated[str, typer.Option(help="IANA name of the zone of the clock times.")] = "America/Los_Angeles",
    force: Force = False,
) -> None:
    """Choose shifts that avert most events a year, and say of which hours the data cannot speak."""
    with one_screen(), progress() as say:
        from coresponder_causal import decide, plan
        from coresponder_causal.decide.shifts import usual_lengths

        plan.refuse_filled(out, force=force)
        say("Reading the study")
        stated = plan.read_study(study)
        design = plan.hours_of_team(stated, plan.read_tables(stated)[0], outcome=outcome)
        say("Choosing hours")
        rules = decide.ShiftRules(
            hours=decide.hours_today(design, contrast=contrast.value, since=since) if hours is None else hours,
            lengths=tuple(sorted(set(shift or usual_lengths))),
            teams=2 if two_teams else 1,
            crews=crews,
            rest_hours=rest,
            night_hours=night,
            exploration_hours=explore,
        )
        weighed = (
            None
            if officer_hour is None
            else decide.OfficerHours(worth=officer_hour, minutes=officer_minutes, on_duty=officers)
        )
        found = decide.deployment(
            design,
            rules=rules,
            contrast=contrast.value,
            since=since,
            minutes_per_call=minutes_per_call,
            officers=weighed,
            robust=robust,
        )
        written = plan.write_deployment(found, out, policy=stated.policy, ledger=stated.ledger, time_zone=time_zone)
    show(written)
