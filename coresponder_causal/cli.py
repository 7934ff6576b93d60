"""The command line: a study, a city's data, what is settled before outcomes are read, and what makes it trusted."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from coresponder_causal.cli_bench import bench_methods
from coresponder_causal.cli_bundle import pack_bundle, verify_bundle
from coresponder_causal.cli_coding import code_sample, quotes
from coresponder_causal.cli_deploy import deploy
from coresponder_causal.cli_graph import graph
from coresponder_causal.cli_guide import guide
from coresponder_causal.cli_logic import logic
from coresponder_causal.cli_monitor import monitor
from coresponder_causal.cli_notebooks import notebooks
from coresponder_causal.cli_options import Force
from coresponder_causal.cli_participate import participate
from coresponder_causal.cli_plan import plan_app
from coresponder_causal.cli_privacy import privacy
from coresponder_causal.cli_reproduce import reproduce_published
from coresponder_causal.cli_screen import longest, one_screen, progress, show, tell, tell_evaluation, tell_files
from coresponder_causal.cli_simulate import simulate_a_world
from coresponder_causal.cli_strata import strata
from coresponder_causal.cli_tidy import write_tidy
from coresponder_causal.cli_twin import write_a_twin
from coresponder_causal.cli_validity import validity
from coresponder_causal.cli_waves import waves
from coresponder_causal.core.version import VERSION

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Does sending a mental-health professional with the police help, for whom, and how should it be run?",
)
dictionary = typer.Typer(no_args_is_help=True, help="The data dictionary, its forms and its instruments.")
of_study, of_data, beforehand = "A study", "A city's data", "Before outcomes are read"
to_trust = "To learn and to trust"
TablesOf = Annotated[
    Path | None, typer.Argument(help="Folder of tables, or STUDY.toml; without it the simulated city.")
]
OnlyCity = Annotated[str | None, typer.Option(help="City of the programme, where the tables hold several.")]
StartDate = Annotated[str | None, typer.Option(help="Date of the start, e.g. 2020-07-15.")]
Audience = Annotated[
    str | None, typer.Option(help="For whom: internal, partner or public; by default as the study says, else internal.")
]
Agreement = Annotated[str | None, typer.Option(help="Name of the agreement with a partner.")]
LedgerFile = Annotated[Path | None, typer.Option("--ledger", help="File in which releases are recorded.")]


def tell_version(asked: bool) -> None:
    """Write the version, and end."""
    if asked:
        Console(highlight=False).print(VERSION)
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", callback=tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take what stands before a command."""


@app.command(rich_help_panel=of_study)
def evaluate(
    study: Annotated[Path | None, typer.Argument(help="STUDY.toml; without it the embedded simulated study.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for what is written.")] = Path("evaluation"),
    audience: Audience = None,
    agreement: Agreement = None,
    ledger: LedgerFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an evaluation in a folder that holds files.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute everything again, also what did not change.")] = False,
) -> None:
    """Evaluate a study: validate, design, estimate, check, and write what each of its readers gets.

    Steps are kept beside the study, so that an interrupted run goes on, and only what changed is computed again.
    """
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        done = plan.evaluate(
            study, out, audience=audience, agreement=agreement, ledger=ledger, force=force, fresh=fresh, say=say
        )
    tell_evaluation(done)


@app.command(rich_help_panel=of_study)
def init(
    folder: Annotated[Path, typer.Argument(help="Folder for the study.")],
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that holds files.")] = False,
) -> None:
    """Write a documented study with example tables to replace."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        say("Writing the study and its example tables")
        written = plan.write_template(folder, force=force)
    show([*written, "\nReplace the tables by your own, then:", f"coresponder-causal evaluate {written[0]}"])


@app.command(rich_help_panel=of_data)
def ingest(
    mapping: Annotated[Path | None, typer.Argument(help="MAPPING.toml: which column becomes which field.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the tables and their account.")] = Path("tables"),
    form: Annotated[str, typer.Option(help="Form of the tables: csv or parquet.")] = "csv",
    example: Annotated[Path | None, typer.Option(help="Write a mapping with every key explained, and stop.")] = None,
    force: Force = False,
) -> None:
    """Turn exports into tables of the data dictionary, every source row accounted for."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        if example is not None:
            said = [str(plan.write_mapping_example(example, force=force))]
        else:
            say("Reading the exports")
            said = plan.ingest_into(mapping, out, form=form, force=force)
    show(said)


@app.command(rich_help_panel=of_data)
def quality(
    tables: Annotated[list[Path], typer.Argument(help="A folder of tables, such as `ingest` writes, or files.")],
    out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("quality"),
    since: Annotated[str | None, typer.Option(help="First day on which a row is possible, e.g. 2014-10-01.")] = None,
    until: Annotated[str | None, typer.Option(help="Last such day; by default today.")] = None,
    audience: Audience = None,
    agreement: Agreement = None,
    force: Force = False,
) -> None:
    """Say how far tables can be trusted, what to do about it, and who: one page."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        say("Reading the tables and looking at every field week by week")
        found, account = plan.quality_of_files(tables, since=since, until=until)
        say("Writing the page")
        written = plan.publish_quality(
            found, out, account=account, force=force, policy=plan.policy_for(audience, agreement)
        )
    for said in found.issues["said"].head(longest // 6):
        tell([said])
    show(written)


@app.command(rich_help_panel=of_data)
def metrics(
    source: TablesOf = None,
    out: Annotated[Path, typer.Option(help="Folder for the page and the tables.")] = Path("metrics"),
    city: OnlyCity = None,
    start: StartDate = None,
    audience: Audience = None,
    agreement: Agreement = None,
    ledger: LedgerFile = None,
    force: Force = False,
) -> None:
    """Compute the metrics that the tables allow, and follow the course of calls."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        say("Reading the tables")
        described = plan.meant_for(plan.city_of(source, city=city, start=start), audience, agreement, ledger)
        say("Counting")
        written = plan.write_metrics(described, out)
    tell_files([f"Metrics of {described.name or 'the city'}."], written, simulated=described.simulated)


@app.command(rich_help_panel=of_data)
def pathway(
    source: TablesOf = None,
    out: Annotated[Path, typer.Option(help="Folder for the picture and the tables.")] = Path("pathway"),
    city: OnlyCity = None,
    audience: Audience = None,
    agreement: Agreement = None,
    ledger: LedgerFile = None,
    force: Force = False,
) -> None:
    """Follow calls from their label over dispatch, scene and disposition to care and to the next call."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        say("Reading the tables")
        described = plan.meant_for(plan.city_of(source, city=city), audience, agreement, ledger)
        say("Following calls")
        written = plan.write_pathway(described, out)
    tell_files([f"The course of calls in {described.name or 'the city'}."], written, simulated=described.simulated)


@app.command(rich_help_panel=of_data)
def readiness(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder with files named after tables; without it the simulated city.")
    ] = None,
    start: StartDate = None,
    city: OnlyCity = None,
    out: Annotated[Path, typer.Option(help="Folder for the page and the tables.")] = Path("readiness"),
    audience: Audience = None,
    agreement: Agreement = None,
    force: Force = False,
) -> None:
    """Say which questions a city's tables can answer today, and which after one more field."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        say("Reading and checking the tables")
        read = plan.simulated_folder() if folder is None else plan.read_folder(folder)
        found = plan.readiness(read.tables, start=start, city=city)
        written = plan.write_readiness(
            found, out, simulated=folder is None, policy=plan.policy_for(audience, agreement)
        )
    tell_files(["\n".join([plan.screen(found), *read.lines])], written[:1], simulated=folder is None)


@app.command(rich_help_panel=of_data)
def publication(
    volume: Annotated[float, typer.Option(help="Calls a month.")],
    share: Annotated[
        list[str] | None, typer.Option(help="A cell and its share of calls, e.g. arrest=0.10; repeat for several.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page and the table.")] = Path("publication"),
    force: Force = False,
) -> None:
    """Say which counts can be published at this volume, and how often, before small ones must be hidden."""
    with one_screen():
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        schedule = plan.publication_schedule(volume, plan.shares_of(share))
        written = plan.write_publication(schedule, out)
    advised = schedule.frame[["cell", "recommended"]].itertuples(index=False, name=None)
    show([*(f"{cell}: {period}" for cell, period in advised), *written])


@dictionary.command("export")
def dictionary_export(
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("dictionary"),
    what: Annotated[
        list[str] | None,
        typer.Option(
            help="redcap, xlsform, tableschema, pandera, workbook, codebook, paper, procedure; repeat; default all."
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Write the data dictionary for REDCap, Kobo, Frictionless, pandera, spreadsheets and paper."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        say("Writing the dictionary")
        written = plan.export_dictionary(out, what or (), force=force)
    show(written)


@app.command(rich_help_panel=beforehand)
def switchback(
    weeks: Annotated[int, typer.Option(help="Weeks of the trial; whole runs of 7 are balanced by clock block.")],
    start: Annotated[str, typer.Option(help="First Monday, e.g. 2027-01-04.")],
    seed: Annotated[int | None, typer.Option(help="Seed of the lot, drawn in public; without it one is drawn.")] = None,
    city: Annotated[str, typer.Option(help="Whose team, as the calls name it.")] = "our city",
    out: Annotated[Path, typer.Option(help="Folder for schedule.csv, calendar.ics and the page.")] = Path("switchback"),
    covered: Annotated[int, typer.Option(help="Half-days covered in every week, of 14.")] = 10,
    morning: Annotated[str, typer.Option(help="Clock times of the first block of a day.")] = "08:00-15:00",
    evening: Annotated[str, typer.Option(help="Clock times of the second block.")] = "15:00-22:00",
    time_zone: Annotated[str, typer.Option(help="IANA name of the zone of the clock times.")] = "America/Los_Angeles",
    calls: Annotated[Path | None, typer.Option(help="Calls from before the trial: adds what it can find.")] = None,
    force: Force = False,
) -> None:
    """Draw by lot which half-days the team covers, and write the plan, a calendar file and a page for the team."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan
        from coresponder_causal.data import read_table
        from coresponder_causal.design import switchback_schedule
        from coresponder_causal.validity import switchback_power

        plan.refuse_filled(out, force=force)
        say("Drawing the calendar")
        calendar = switchback_schedule(
            weeks=weeks,
            start=start,
            city=city,
            seed=secrets.randbelow(10**9) if seed is None else seed,
            covered_per_week=covered,
            blocks=[times.split("-") for times in (morning, evening)],
            time_zone=time_zone,
        )
        power = None if calls is None else switchback_power(read_table(calls), calendar)
        written = plan.write_switchback(calendar, out, power=power)
    tell([calendar.describe()], written)


for later, named in ((deploy, "deploy"), (monitor, "monitor"), (pack_bundle, "bundle"), (verify_bundle, "verify")):
    app.command(named, rich_help_panel=of_study)(later)
app.command("tidy", rich_help_panel=of_study)(write_tidy)
app.command("twin", rich_help_panel=of_study)(write_a_twin)
app.command("quotes", rich_help_panel=of_study)(quotes)
app.add_typer(participate, name="participate", rich_help_panel=of_study)
app.command("code-sample", rich_help_panel=of_data)(code_sample)
for group, named in ((dictionary, "dictionary"), (privacy, "privacy"), (strata, "strata"), (waves, "waves")):
    app.add_typer(group, name=named, rich_help_panel=of_data)
app.add_typer(guide, name="guide", rich_help_panel=of_data)
app.command("graph", rich_help_panel=beforehand)(graph)
for group, named in ((plan_app, "plan"), (validity, "validity"), (logic, "logic")):
    app.add_typer(group, name=named, rich_help_panel=beforehand)
app.command("simulate", rich_help_panel=to_trust)(simulate_a_world)
app.command("reproduce", rich_help_panel=to_trust)(reproduce_published)
app.command("bench", rich_help_panel=to_trust)(bench_methods)
app.add_typer(notebooks, name="notebooks", rich_help_panel=to_trust)


def main() -> None:
    """Run the command line; doubts about identification stand on the page, not between the lines of the screen."""
    import warnings

    from coresponder_causal.core.errors import IdentificationWarning

    warnings.simplefilter("ignore", IdentificationWarning)
    app()


if __name__ == "__main__":
    main()
