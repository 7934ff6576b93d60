"""Commands for a return of counts by strata: `key`, `prepare`, `county-file` and `estimate`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from coresponder_causal.cli_options import Force
from coresponder_causal.cli_screen import one_screen, progress, tell

strata = typer.Typer(
    no_args_is_help=True,
    help="Learn with the county who was connected to care, without either side showing the other a row.",
)


class Period(StrEnum):
    """How coarse the period is that leaves the police."""

    quarter = "quarter"
    year = "year"


class Agreeing(StrEnum):
    """How many tokens must agree."""

    any = "any"
    two = "two"


class WeightedBy(StrEnum):
    """Whom the effect speaks of."""

    ATE = "ATE"
    ATT = "ATT"


@strata.command("key")
def strata_key(
    path: Annotated[Path, typer.Argument(help="New file for the key; both agencies hold it, and nobody else.")],
    project: Annotated[str, typer.Option(help="Name of the project.")],
    period: Annotated[str, typer.Option(help="Period it is for, e.g. 2026.")],
    replaces: Annotated[Path | None, typer.Option(help="Key before it, whose id is said beside the new one.")] = None,
) -> None:
    """Draw a key of 32 random bytes into a file that its owner alone may read."""
    with one_screen():
        from coresponder_causal import privacy
        from coresponder_causal.core.notes import collecting

        with collecting() as remarks:
            before = None if replaces is None else privacy.read_key(replaces)
            key = privacy.new_key(path, project=project, period=period, replaces=before)
    tell([f"Key {key.id}.", *remarks], [path])


@strata.command("prepare")
def strata_prepare(
    calls: Annotated[Path, typer.Argument(help="Calls that could have had the team, with names and birth dates.")],
    key: Annotated[Path, typer.Option(help="Key of the project and period.")],
    covariates: Annotated[str, typer.Option(help="Columns known before dispatch, with commas.")],
    out: Annotated[Path, typer.Option(help="Folder: what goes to the county, what is kept, the agreement.")] = Path(
        "strata"
    ),
    treatment: Annotated[str, typer.Option(help="Column of whom the team attended.")] = "attended",
    names: Annotated[str, typer.Option(help="Columns of first name, last name and birth date, with commas.")] = (
        "first_name,last_name,birth_date"
    ),
    time: Annotated[str, typer.Option(help="Column of the time of the call.")] = "received_at",
    number: Annotated[
        int, typer.Option("--strata", help="Strata, 2 to 10; more leave less bias and smaller cells.")
    ] = 5,
    by: Annotated[Period, typer.Option(help="How coarse the period is that leaves.")] = Period.quarter,
    follow: Annotated[int, typer.Option(help="Periods after the call's own in which a service counts.")] = 1,
    rule: Annotated[Agreeing, typer.Option(help="Tokens that must agree.")] = Agreeing.any,
    day_first: Annotated[bool, typer.Option("--day-first", help="Read 3/4/1980 as 3 April.")] = False,
    police: Annotated[str, typer.Option(help="Name of the police, for the agreement.")] = "the police",
    county: Annotated[str, typer.Option(help="Name of the county agency, for the agreement.")] = "the county",
    force: Force = False,
) -> None:
    """Cut calls into strata and write the token list for the county, the crosswalk to keep, and the agreement."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan, privacy

        first, last, birth = _three(names)
        say("Making tokens and strata")
        made = plan.prepare_strata(
            calls,
            out,
            key=privacy.read_key(key),
            covariates=[name.strip() for name in covariates.split(",")],
            treatment=treatment,
            first=first,
            last=last,
            birth=birth,
            time=time,
            strata=number,
            by=by.value,
            follow=follow,
            rule=rule.value,
            day_first=day_first,
            police=police,
            county=county,
            force=force,
        )
    tell([made.counts.to_string(), made.balance.sentence, *made.remarks], made.written)


def _three(names: str) -> list[str]:
    """Read the columns of first name, last name and birth date."""
    from coresponder_causal.core.errors import DataError

    columns = [name.strip() for name in names.split(",")]
    if len(columns) != 3:
        raise DataError(f"--names has {len(columns)} columns", mend="name first name, last name, birth date")
    return columns


@strata.command("county-file")
def strata_county_file(
    path: Annotated[Path, typer.Argument(help="File to hand over.")] = Path("county_return.py"),
) -> None:
    """Write the county's program: one Python file, nothing to install."""
    with one_screen():
        from coresponder_causal import privacy

        written = privacy.county_file(path)
    tell([f"python -I {path.name} --tokens tokens.csv --records records.csv --key KEY --out returned.json"], [written])


@strata.command("estimate")
def strata_estimate(
    returned: Annotated[Path, typer.Argument(help="What the county returned.")],
    out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("strata_effect"),
    scores: Annotated[
        Path | None, typer.Option(help="scores.csv that `prepare` kept: better than strata alone.")
    ] = None,
    contrast: Annotated[WeightedBy, typer.Option(help="All persons, or the treated ones.")] = WeightedBy.ATE,
    recall: Annotated[float | None, typer.Option(help="Least share of true links found, by a clerical sample.")] = None,
    force: Force = False,
) -> None:
    """Estimate the effect from the county's counts."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        say("Estimating")
        result, page = plan.estimate_strata(
            returned, out, scores=scores, contrast=contrast.value, recall=recall, force=force
        )
    tell([str(result), *result.notes], [page])
