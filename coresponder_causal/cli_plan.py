"""Commands for the plan of an evaluation: `init`, `check`, `papers`, `freeze`, `diff`, and a seal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from coresponder_causal.cli_screen import longest, one_screen, progress, show, tell_evaluation

if TYPE_CHECKING:
    from coresponder_causal.plan.frozen import Change

plan_app = typer.Typer(
    no_args_is_help=True,
    help="Write down what will be compared and how it will be judged, and freeze it before outcomes are read.",
)
OfStudy = Annotated[Path, typer.Argument(help="STUDY.toml; the plan lies beside it as PLAN.toml.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]


@plan_app.command("init")
def plan_init(study: OfStudy, force: Force = False) -> None:
    """Write a complete example plan beside a study, its designs filled in, to change."""
    with one_screen():
        from coresponder_causal import plan

        written = plan.write_example_plan(plan.read_study(study), force=force)
    show([written])


@plan_app.command("example")
def plan_example(
    out: Annotated[Path, typer.Option(help="Folder for the city, its plan and its evaluation.")] = Path("example"),
    force: Force = False,
) -> None:
    """Show the whole course on a simulated city: study, plan, freeze, evaluation as planned."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        done = plan.whole_course(out, force=force, say=say)
    tell_evaluation(done)


@plan_app.command("check")
def plan_check(
    study: Annotated[Path | None, typer.Argument(help="STUDY.toml; without it the embedded simulated study.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the document.")] = Path("plan"),
    force: Force = False,
) -> None:
    """Hold a plan against every rule, say what its verdicts can tell, and write it as a document to sign."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        say("Reading the plan, and the tables from before the start")
        stated = plan.planned(study)
        say("Computing the chance of each verdict")
        found = plan.operating_characteristics(stated.plan, stated.study, stated.before, seed=stated.study.seed)
        written = plan.write_plan(stated, found, out)
    shown = Table("True change, %", *plan.verdicts, title="Chance of each verdict, at best", title_justify="left")
    for row in found.table.to_dict("records"):
        shown.add_row(f"{row['change']:+g}", *(f"{row[name]:.2f}" for name in plan.verdicts))
    Console(highlight=False).print(shown)
    offer = "Outcomes have been seen: coresponder-causal plan seal hides which way results go until the freeze."
    said = [*found.left_out, *plan.unrecorded(stated), *([offer] if stated.plan.seen else [])]
    show(["Every rule is kept.", *said, *written])


@plan_app.command("freeze")
def plan_freeze(
    study: OfStudy,
    by: Annotated[str, typer.Option(help="Who freezes it.")],
) -> None:
    """Seal a plan with its study, code, comparison cities and data from before the start; outcomes open then."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        say("Reading the plan, and the tables from before the start")
        stated = plan.planned(study)
        say("Sealing")
        written = plan.freeze(stated.plan, stated.study, stated.before, by=by)
        state = plan.read_record(written)[-1]
    show([f"Frozen: sha256 {state['sha256']}.", *state["changes"][:longest], written])


@plan_app.command("seal")
def plan_seal(study: OfStudy) -> None:
    """Draw a secret offset for results whose outcomes are already known; they stay closed until it is opened."""
    with one_screen():
        from coresponder_causal import plan

        written = plan.seal(plan.read_study(study))
    show([written])


@plan_app.command("blinded")
def plan_blinded(study: OfStudy) -> None:
    """Show a sealed study's ratios shifted by the secret offset, and which checks contradict them."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan
        from coresponder_causal.core.notes import collecting

        say("Estimating and checking")
        with collecting() as remarks:
            found = plan.blinded(plan.read_study(study))
    shown = Table(*found.columns, title="Shifted by a secret number", title_justify="left")
    for row in found.itertuples(index=False):
        shown.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row))
    Console(highlight=False).print(shown)
    show(remarks)


@plan_app.command("unseal")
def plan_unseal(study: OfStudy, by: Annotated[str, typer.Option(help="Who opens it.")]) -> None:
    """Open the seal of a frozen study."""
    with one_screen():
        from coresponder_causal import plan

        offset = plan.unseal(plan.read_study(study), by=by)
    show([f"Every log ratio was shifted by {offset:+.3f}."])


@plan_app.command("papers")
def plan_papers(
    study: Annotated[Path | None, typer.Argument(help="STUDY.toml; without it the embedded simulated study.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the papers.")] = Path("papers"),
    meeting: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the first meeting; weeks become days.")
    ] = None,
    force: Force = False,
) -> None:
    """Fill the papers for agencies from a plan: requests for data, letters, checklists, agendas, briefings."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        say("Filling the papers")
        made = plan.write_papers(study, out, meeting=None if meeting is None else meeting.date(), force=force)
    shown = Table("Paper", "To be filled", title="Points that no plan can fill", title_justify="left")
    for name, count in made.unfilled.items():
        shown.add_row(name, str(count))
    shown.add_row("in all", str(sum(made.unfilled.values())))
    Console(highlight=False).print(shown)
    warned = [f"The plan breaks {made.broken} of its rules: plan check lists them."] if made.broken else []
    show([*warned, *made.written])


@plan_app.command("diff")
def plan_diff(
    old: Annotated[Path, typer.Argument(help="A plan, or a frozen record of which the last state is taken.")],
    new: Annotated[Path, typer.Argument(help="Another.")],
) -> None:
    """List every value in which two plans differ, - taken out and + put in; exit code 1 where there is one."""
    with one_screen():
        from coresponder_causal import plan

        found = plan.plan_diff(old, new)
    if not found:
        show(["No difference."])
        return
    console = Console(highlight=False)
    for change in found:
        console.print(_changed(change), soft_wrap=True)
    raise typer.Exit(1)


def _changed(change: Change) -> Text:
    """Show a change by its place, what was taken out and what was put in: by sign, and by colour where there is one."""
    lines = [Text(change.where, style="bold")]
    lines += [Text(f"- {change.old}", style="red")] if change.old is not None else []
    lines += [Text(f"+ {change.new}", style="green")] if change.new is not None else []
    return Text("\n").join(lines)
