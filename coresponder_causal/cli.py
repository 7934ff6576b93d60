"""The command line: evaluate a study, plan one, ask for its validity, describe a city, draw a switchback."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from coresponder_causal.cli_plan import plan_app
from coresponder_causal.cli_screen import bar, longest, one_screen, progress

if TYPE_CHECKING:
    from coresponder_causal import plan

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Does sending a mental-health professional with the police help, for whom, and how should it be run?",
)
validity = typer.Typer(no_args_is_help=True, help="What designs can find, and how often their methods err.")
app.add_typer(validity, name="validity")
dictionary = typer.Typer(no_args_is_help=True, help="The data dictionary, its forms and its instruments.")
app.add_typer(dictionary, name="dictionary")
app.add_typer(plan_app, name="plan")
StudyFile = Annotated[Path | None, typer.Argument(help="STUDY.toml; without it the embedded simulated study.")]
TablesOf = Annotated[
    Path | None, typer.Argument(help="Folder of tables, or STUDY.toml; without it the simulated city.")
]
OnlyCity = Annotated[str | None, typer.Option(help="City of the programme, where the tables hold several.")]
StartDate = Annotated[str | None, typer.Option(help="Date of the start, e.g. 2020-07-15.")]
OnlyDesigns = Annotated[list[str] | None, typer.Option("--design", help="A design of the study; repeat for several.")]
Tau = Annotated[float | None, typer.Option(help="Drift between cities to assume, log scale; else its upper limit.")]
Replications = Annotated[int, typer.Option(help="Redrawn studies per effect.")]
Jobs = Annotated[int, typer.Option(help="Processes; -1: one for each core.")]
Force = Annotated[bool, typer.Option("--force", help="Write into a folder that holds files.")]


@app.command()
def evaluate(
    study: Annotated[Path | None, typer.Argument(help="STUDY.toml; without it the embedded simulated study.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("evaluation"),
    force: Annotated[bool, typer.Option("--force", help="Replace an evaluation in a folder that holds files.")] = False,
) -> None:
    """Evaluate a study: validate, design, estimate, check, and write one page."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        simulated = None
        if study is None:
            say("Simulating a city whose truth is known")
            stated, tables, simulated = plan.embedded_study()
            quality = plan.quality_of(tables)
        else:
            say("Reading and validating the tables")
            stated = plan.read_study(study)
            tables, quality = plan.read_tables(stated)
        evaluation = plan.run(stated, tables, quality, say=say)
        say("Writing the page")
        truth = None if simulated is None else plan.truths(simulated)
        page = plan.with_deviations(plan.evaluation_page(evaluation, truth=truth), evaluation, tables)
        written = plan.publish(page, evaluation, out, force=force)
    _tell("\n".join(sentence.text for sentence in page.finding), written, simulated=simulated is not None)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder for the study.")],
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that holds files.")] = False,
) -> None:
    """Write a documented study with example tables to replace."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        say("Writing the study and its example tables")
        written = plan.write_template(folder, force=force)
    console = Console(highlight=False)
    for path in written:
        console.print(Text(str(path)), soft_wrap=True)
    console.print("\nReplace the tables by your own, then:")
    console.print(Text(f"coresponder-causal evaluate {written[0]}"), soft_wrap=True)


@app.command()
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
    console = Console(highlight=False)
    for line in said:
        console.print(Text(line), soft_wrap=True)


@app.command()
def quality(
    tables: Annotated[list[Path], typer.Argument(help="A folder of tables, such as `ingest` writes, or files.")],
    out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("quality"),
    since: Annotated[str | None, typer.Option(help="First day on which a row is possible, e.g. 2014-10-01.")] = None,
    until: Annotated[str | None, typer.Option(help="Last such day; by default today.")] = None,
    force: Force = False,
) -> None:
    """Say how far tables can be trusted, what to do about it, and who: one page."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        say("Reading the tables and looking at every field week by week")
        found, account = plan.quality_of_files(tables, since=since, until=until)
        say("Writing the page")
        written = plan.publish_quality(found, out, account=account, force=force)
    console = Console(highlight=False)
    for said in found.issues["said"].head(longest // 6):
        console.print(Text(f"{said}\n"))
    for path in written:
        console.print(Text(str(path)), soft_wrap=True)


@app.command()
def metrics(
    source: TablesOf = None,
    out: Annotated[Path, typer.Option(help="Folder for the page and the tables.")] = Path("metrics"),
    city: OnlyCity = None,
    start: StartDate = None,
    force: Force = False,
) -> None:
    """Compute the metrics that the tables allow, and follow the course of calls."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        say("Reading the tables")
        described = plan.city_of(source, city=city, start=start)
        say("Counting")
        written = plan.write_metrics(described, out)
    _tell_ahead([f"Metrics of {described.name or 'the city'}."], written, simulated=described.simulated)


@app.command()
def pathway(
    source: TablesOf = None,
    out: Annotated[Path, typer.Option(help="Folder for the picture and the tables.")] = Path("pathway"),
    city: OnlyCity = None,
    force: Force = False,
) -> None:
    """Follow calls from their label over dispatch, scene and disposition to care and to the next call."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        say("Reading the tables")
        described = plan.city_of(source, city=city)
        say("Following calls")
        written = plan.write_pathway(described, out)
    _tell_ahead([f"The course of calls in {described.name or 'the city'}."], written, simulated=described.simulated)


@app.command()
def readiness(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder with files named after tables; without it the simulated city.")
    ] = None,
    start: StartDate = None,
    city: OnlyCity = None,
    out: Annotated[Path, typer.Option(help="Folder for the page and the tables.")] = Path("readiness"),
    force: Force = False,
) -> None:
    """Say which questions a city's tables can answer today, and which after one more field."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        say("Reading and checking the tables")
        read = plan.simulated_folder() if folder is None else plan.read_folder(folder)
        found = plan.readiness(read.tables, start=start, city=city)
        written = plan.write_readiness(found, out, simulated=folder is None)
    _tell_ahead(["\n".join([plan.screen(found), *read.lines])], written[:1], simulated=folder is None)


@validity.command("power")
def validity_power(
    study: StudyFile = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and pictures.")] = Path("power"),
    design: OnlyDesigns = None,
    at: Annotated[float, typer.Option(help="Change in percent for which the time needed is sought.")] = -20.0,
    tau: Tau = None,
    replications: Replications = 200,
    jobs: Jobs = -1,
    force: Force = False,
) -> None:
    """Simulate, from the time before the start alone, what the study's designs can find."""
    with one_screen(), bar() as begin:
        from joblib import parallel_config

        from coresponder_causal import plan
        from coresponder_causal.validity import power

        designs, stated, aside = _ahead(study, out, design, force)
        with parallel_config(n_jobs=jobs):
            found = {
                name: power(
                    one.design,
                    method=one.method,
                    options=one.options,
                    at=at,
                    tau=tau,
                    replications=replications,
                    seed=stated.seed,
                    tell=begin(f"Power of '{name}'"),
                )
                for name, one in designs.items()
            }
        written = [path for name, one in found.items() for path in plan.write_power(name, one, out)]
    _tell_ahead([*(one.sentence for one in found.values()), *aside], written, simulated=study is None)


@validity.command("calibrate")
def validity_calibrate(
    study: StudyFile = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and pictures.")] = Path("calibration"),
    design: OnlyDesigns = None,
    tau: Tau = None,
    replications: Replications = 200,
    jobs: Jobs = -1,
    force: Force = False,
) -> None:
    """Redraw the study from the time before its start, and count how often its methods err."""
    with one_screen(), bar() as begin:
        from joblib import parallel_config

        from coresponder_causal import plan
        from coresponder_causal.validity import calibrate

        designs, stated, aside = _ahead(study, out, design, force)
        with parallel_config(n_jobs=jobs):
            found = {
                name: calibrate(
                    one.design,
                    methods=[one.method],
                    options={one.method: one.options},
                    tau=tau,
                    replications=replications,
                    seed=stated.seed,
                    tell=begin(f"Redrawing '{name}'"),
                )
                for name, one in designs.items()
            }
        written = [path for name, one in found.items() for path in plan.write_calibration(name, one, out)]
    _tell_ahead([*(one.sentence for one in found.values()), *aside], written, simulated=study is None)


def _ahead(
    study: Path | None, out: Path, only: list[str] | None, force: bool
) -> tuple[dict[str, plan.Redrawn], plan.Study, list[str]]:
    """Return the designs of a study, or of the embedded one, the study, and what of it is left out unasked."""
    from coresponder_causal import plan

    plan.refuse_filled(out, force=force)
    if study is None:
        stated, tables, _ = plan.embedded_study()
        designs = plan.designs_of(stated, tables, only or ())
    else:
        stated = plan.read_study(study)
        designs = plan.designs_ahead(stated, only or ())
    aside = [] if only else [text for text in (plan.left_out(stated),) if text]
    return designs, stated, aside


@validity.command("run")
def validity_run(
    full: Annotated[bool, typer.Option("--full", help="All cells at 4,000 replications; hours.")] = False,
    methods: Annotated[str, typer.Option(help="Names of estimators, with commas; by default all.")] = "",
    out: Annotated[Path, typer.Option(help="The table; what it holds already is not measured again.")] = Path(
        "measured.csv"
    ),
    jobs: Annotated[int, typer.Option(help="Processes; -1: one for each core.")] = -1,
) -> None:
    """Run every method on simulated cells and write how its intervals behaved, resuming where it stopped."""
    with one_screen(), bar() as begin:
        from coresponder_causal.validity import coverage

        entries = coverage.study([name.strip() for name in methods.split(",") if name.strip()] or None, full=full)
        replications = coverage.full_replications if full else coverage.fast_replications
        coverage.run_study(entries, out, replications=replications, jobs=jobs, progress=begin("Cells"))
    Console(highlight=False).print(Text(str(out)), soft_wrap=True)


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
    console = Console(highlight=False)
    for path in written:
        console.print(Text(str(path)), soft_wrap=True)


@app.command()
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
    console = Console(highlight=False)
    console.print(Text(calendar.describe() + "\n"))
    for path in written:
        console.print(Text(str(path)), soft_wrap=True)


def _tell_ahead(said: list[str], written: list[Path], *, simulated: bool) -> None:
    console = Console(highlight=False)
    if simulated:
        console.print(Text("This is a simulated city: nothing here is evidence about a real programme.", style="bold"))
    console.print(Text("\n\n".join(said) + "\n"))
    for path in written:
        console.print(Text(str(path)), soft_wrap=True)


def _tell(finding: str, written: Path, *, simulated: bool) -> None:
    console = Console(highlight=False)
    if simulated:
        console.print(Text("This is a simulated city: nothing here is evidence about a real programme.", style="bold"))
    console.print(Text(finding))
    console.print(Text(f"\nThe page: {written}"), soft_wrap=True)


def main() -> None:
    """Run the command line; doubts about identification stand on the page, not between the lines of the screen."""
    import warnings

    from coresponder_causal.core.errors import IdentificationWarning

    warnings.simplefilter("ignore", IdentificationWarning)
    app()


if __name__ == "__main__":
    main()
