"""Commands that ask what designs can find, and how often methods err: `power`, `calibrate` and `run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coresponder_causal.cli_options import Force
from coresponder_causal.cli_screen import bar, one_screen, show, tell_files

if TYPE_CHECKING:
    from coresponder_causal import plan

validity = typer.Typer(no_args_is_help=True, help="What designs can find, and how often their methods err.")
StudyFile = Annotated[Path | None, typer.Argument(help="STUDY.toml; without it the embedded simulated study.")]
OnlyDesigns = Annotated[list[str] | None, typer.Option("--design", help="A design of the study; repeat for several.")]
Tau = Annotated[float | None, typer.Option(help="Drift between cities to assume, log scale; else its upper limit.")]
Replications = Annotated[int, typer.Option(help="Redrawn studies per effect.")]
Jobs = Annotated[int, typer.Option(help="Processes; -1: one for each core.")]


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
    tell_files([*(one.sentence for one in found.values()), *aside], written, simulated=study is None)


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
    tell_files([*(one.sentence for one in found.values()), *aside], written, simulated=study is None)


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
    jobs: Jobs = -1,
) -> None:
    """Run every method on simulated cells and write how its intervals behaved, resuming where it stopped."""
    with one_screen(), bar() as begin:
        from coresponder_causal.validity import coverage

        entries = coverage.study([name.strip() for name in methods.split(",") if name.strip()] or None, full=full)
        replications = coverage.full_replications if full else coverage.fast_replications
        coverage.run_study(entries, out, replications=replications, jobs=jobs, progress=begin("Cells"))
    show([out])
