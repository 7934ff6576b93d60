"""Commands for what people code or sign for: narratives drawn by lot, and quotes; forms written, or read back."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from coresponder_causal.cli_options import Force
from coresponder_causal.cli_privacy import Known, Places, lines_of
from coresponder_causal.cli_screen import one_screen, progress, tell_files

if TYPE_CHECKING:
    from coresponder_causal.core.allocation import Allocation
    from coresponder_causal.privacy import Recognisers
    from coresponder_causal.qualitative.code_sample import Cell


def code_sample(
    tables: Annotated[Path, typer.Argument(help="Folder of tables with narratives and calls, or STUDY.toml.")],
    out: Annotated[Path, typer.Option(help="Folder for the forms, or for what is read of them.")],
    number: Annotated[int, typer.Option(help="Calls whose narratives people can code.")] = 200,
    read: Annotated[Path | None, typer.Option(help="Folder with the filled forms: read them instead.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the lot; without it one is drawn, and stated.")] = None,
    field: Annotated[str, typer.Option(help="Column of the narratives that is coded.")] = "crisis_coded",
    code: Annotated[str, typer.Option(help="Code of the codebook of narratives that it stands for.")] = "Crisis",
    treatment: Annotated[str, typer.Option(help="Column of the calls that says the arm.")] = "attended",
    by: Annotated[
        list[str] | None,
        typer.Option(help="Cells of the lot: machine, arm, month, quarter, year; repeat. Default: as fine as can be."),
    ] = None,
    allocation: Annotated[str, typer.Option(help="proportional, or optimum for the difference of the arms.")] = (
        "proportional"
    ),
    wrong: Annotated[
        tuple[float, float], typer.Option(help="For the optimum: expected wrong of the machine's yes, and of its no.")
    ] = (0.5, 0.5),
    overlap: Annotated[float, typer.Option(help="Share of the calls that the second person codes too.")] = 1.0,
    city: Annotated[str | None, typer.Option(help="City of the programme, where the tables hold several.")] = None,
    known: Known = None,
    place: Places = None,
    recognisers: Annotated[str, typer.Option(help='"rules" or "rules and presidio".')] = "rules",
    force: Force = False,
) -> None:
    """Draw narratives by lot for two people to code; or, with --read, take in what they coded.

    The forms hold redacted texts, stay inside, and name neither call nor arm.
    """
    with one_screen(), progress() as say:
        from coresponder_causal import plan

        plan.refuse_filled(out, force=force)
        say("Reading the tables")
        found = plan.city_of(tables, city=city)
        if read is not None:
            say("Reading the forms")
            said, written = plan.read_coding(found, read, out)
        else:
            say("Drawing, and redacting what was drawn")
            said, written = plan.write_coding(
                found, out, number=number, seed=secrets.randbelow(10**9) if seed is None else seed, field=field,
                code=code, treatment=treatment, by=cast("list[Cell]", by or []),
                allocation=cast("Allocation", allocation), wrong=wrong, overlap=overlap, known=lines_of(known),
                places=place or (), recognisers=cast("Recognisers", recognisers),
            )  # fmt: skip
    tell_files(said, written, simulated=found.simulated)


def quotes(
    study: Annotated[Path, typer.Argument(help="STUDY.toml with the block “qualitative”.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the form.")] = None,
    read: Annotated[Path | None, typer.Option(help="Folder with the filled form: read it instead.")] = None,
    by: Annotated[str, typer.Option(help="Who read the quotes, by name and office.")] = "",
    on: Annotated[str, typer.Option(help="When they were read, e.g. 2026-03-02.")] = "",
    signed: Annotated[
        Path | None, typer.Option(help="File of sign-offs; by default the study's, or quotes_signed.csv beside it.")
    ] = None,
    force: Force = False,
) -> None:
    """Write a form on which a reader marks each quote yes or no; or, with --read, record that person's word.

    The form holds redacted words and stays inside. Only quotes marked yes are shown to others.
    """
    with one_screen(), progress() as say:
        from coresponder_causal import plan
        from coresponder_causal.core.errors import DataError

        if (out is None) == (read is None):
            raise DataError("one of --out and --read is needed", mend="give the folder of the form")
        say("Reading the interviews")
        if read is not None:
            said, written = plan.read_quotes(study, read, by=by, on=on, signed=signed)
        elif out is not None:
            plan.refuse_filled(out, force=force)
            said, written = plan.write_quotes(study, out)
    tell_files(said, written, simulated=False)
