"""Commands of a study of several cities: `example`, `check`, `release` and `pool`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coresponder_causal.cli_options import Force
from coresponder_causal.cli_screen import longest, one_screen, progress, show, tell_files

participate = typer.Typer(no_args_is_help=True, help="Take part in a study of several cities; no row leaves a city.")
not_yet = 1
Agreed = Annotated[Path | None, typer.Option("--consortium", help="CONSORTIUM.toml: what every city estimates.")]


@participate.command("example")
def example(
    file: Annotated[Path, typer.Argument(help="File to write.")] = Path("CONSORTIUM.toml"), force: Force = False
) -> None:
    """Write a documented file of a study of several cities."""
    with one_screen():
        from coresponder_causal import plan

        written = plan.write_consortium(file, force=force)
    show([str(written)])


@participate.command("check")
def check(
    tables: Annotated[Path, typer.Argument(help="Folder with files named after tables, such as calls.csv.")],
    consortium: Agreed = None,
    start: Annotated[str | None, typer.Option(help="Date of the start, e.g. 2020-07-15.")] = None,
    city: Annotated[str | None, typer.Option(help="City of the programme, where the tables hold several.")] = None,
) -> None:
    """Say whether a city's tables are fit to take part, and what to mend; exit code 1 where they are not."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        say("Reading and checking the tables")
        read = plan.read_folder(tables)
        agreed = None if consortium is None else plan.read_consortium(consortium)
        found = plan.check_tables(read.tables, consortium=agreed, start=start, city=city)
    said = [f"{number}. {line}" for number, line in enumerate(found.must[:longest], 1)]
    said += [f"… and {len(found.must) - longest} more"] if len(found.must) > longest else []
    points = f"{len(found.must)} point{'s' if len(found.must) > 1 else ''} to mend"
    head = "This city can take part." if found.able else f"Not yet: {points}."
    show([head, *said, *(["", "In doubt:", *found.doubts[:longest]] if found.doubts else []), *read.lines])
    if not found.able:
        raise typer.Exit(not_yet)


@participate.command("release")
def release(
    study: Annotated[Path, typer.Argument(help="STUDY.toml of the city.")],
    out: Annotated[Path, typer.Option(help="File that travels.")] = Path("release.json"),
    consortium: Agreed = None,
    ledger: Annotated[Path | None, typer.Option("--ledger", help="File in which releases are recorded.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Run the study where its rows are, and write the effects that may travel."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        agreed = None if consortium is None else plan.read_consortium(consortium)
        made = plan.make_release(study, out, consortium=agreed, ledger=ledger, force=force, say=say)
    said = [f"{one.outcome} by {one.method}: released" for one in made.effects]
    said += [f"{outcome} by {method}: {why}" for outcome, method, why in made.withheld]
    show([*said, f"Say these digits by telephone: {made.sha256[:16]}", str(out)])


@participate.command("pool")
def pool(
    sources: Annotated[list[Path], typer.Argument(help="Releases; or one CONSORTIUM.toml that names them.")],
    out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("page"),
    bridges: Annotated[Path | None, typer.Option(help="Table metric_bridges: from one definition to another.")] = None,
    take_unknown: Annotated[
        bool, typer.Option("--take-unknown", help="Take cities without a registered definition, with a doubt.")
    ] = False,
    audience: Annotated[str | None, typer.Option(help="internal or public; by default internal.")] = None,
    force: Force = False,
) -> None:
    """Put releases together and write the page that compares the cities."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan
        from coresponder_causal.data import read_table

        found, page = plan.pool(
            sources,
            out,
            bridges=None if bridges is None else read_table(bridges),
            take_unknown=take_unknown,
            policy=plan.policy_for(audience, None),
            force=force,
            say=say,
        )
        told = plan.together_words(found)
    tell_files(told, [page], simulated=found.simulated)
