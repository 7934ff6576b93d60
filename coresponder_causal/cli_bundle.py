"""Commands for reviewers: `bundle` packs an evaluation, `verify` computes it again and compares every number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coresponder_causal.cli_screen import longest, one_screen, progress, show

if TYPE_CHECKING:
    from coresponder_causal.plan.verify import Verified

Tables = Annotated[Path | None, typer.Option("--tables", help="Folder of the tables, where they are not packed.")]
differs = 1


def pack_bundle(
    study: Annotated[Path, typer.Argument(help="STUDY.toml; its plan and frozen record lie beside it.")],
    out: Annotated[Path, typer.Option(help="A .zip, or a folder.")] = Path("bundle.zip"),
    audience: Annotated[str | None, typer.Option(help="internal or partner; by default as the study says.")] = None,
    agreement: Annotated[str | None, typer.Option(help="Name of the agreement with a partner.")] = None,
    with_tables: Annotated[
        bool, typer.Option("--with-tables/--without-tables", help="Whether the tables are packed.")
    ] = True,
    force: Annotated[bool, typer.Option("--force", help="Replace a .zip that is there.")] = False,
) -> None:
    """Pack what a reviewer needs to compute an evaluation again: never for the public, for it holds every row."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        policy = None if audience is None and agreement is None else plan.policy_for(audience, agreement)
        written = plan.bundle(study, out, policy=policy, with_tables=with_tables, force=force, say=say)
    show([written, f"coresponder-causal verify {written}"])


def verify_bundle(
    bundle: Annotated[Path, typer.Argument(help="A .zip or folder that `bundle` made.")],
    tolerance: Annotated[float, typer.Option(help="By how much numbers may differ, relative to the larger.")] = 1e-9,
    tables: Tables = None,
    vary: Annotated[
        Path | None, typer.Option(help="TOML file with sections of a study file to change: shows both side by side.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the comparison, with --vary.")] = Path("varied"),
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that holds files.")] = False,
) -> None:
    """Compute a bundle again from its tables and compare every number; exit code 1 where one differs."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        if vary is not None:
            plan.refuse_filled(out, force=force)
        found = plan.verify(bundle, tolerance=tolerance, tables=tables, say=say)
        written: list[Path] = []
        if vary is not None and found.evaluation is not None:
            varied = plan.vary(bundle, vary, found.evaluation, tables=tables, say=say)
            written = plan.write_varied(varied, out)
    _tell(found, written)
    if vary is not None and found.evaluation is None:
        typer.echo("Nothing was varied: the bundle cannot be run again.")
    if found.differences:
        raise typer.Exit(differs)


def _tell(found: Verified, written: list[Path]) -> None:
    """Show what was compared, and what is not as stated."""
    other = ["Other versions than the bundle's: what differs may come from them.", *found.versions]
    said = [*found.lines, *(other if found.versions else [])]
    number = len(found.differences)
    counted = f"{number} difference{'' if number == 1 else 's'}"
    said.append(f"It does not hold: {counted}." if number else "It holds: nothing differs.")
    shown = found.differences[:longest]
    said += [f"{one.anchor}\n  stated: {one.stated}\n  found:  {one.found}" for one in shown]
    if number > longest:
        said.append(f"… and {number - longest} more")
    show([*said, *written])
