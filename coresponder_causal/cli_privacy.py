"""Commands that look at files before they are handed on: scan, limited, expert, redact, sign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from coresponder_causal.cli_options import Force
from coresponder_causal.cli_screen import one_screen, show

if TYPE_CHECKING:
    from coresponder_causal.privacy import Census, Recognisers, Role

privacy = typer.Typer(no_args_is_help=True, help="What stands in a file before it is handed on.")
found_something = 1
TableFile = Annotated[Path, typer.Argument(help="A table: csv, tsv, parquet or xlsx.")]
TableName = Annotated[str | None, typer.Option("--table", help="Its name in the data dictionary, e.g. calls.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="What a column holds, e.g. site=geography; repeat.")]
Known = Annotated[Path | None, typer.Option(help="Text file of names of persons in the records, one a line.")]
Places = Annotated[list[str] | None, typer.Option("--place", help="Name of a place; repeat for several.")]


@privacy.command()
def scan(
    file: TableFile,
    table: TableName = None,
    role: Roles = None,
    census: Annotated[int, typer.Option(help="Whose counts tell small ZIP areas: 2000, 2010 or 2020.")] = 2020,
    known: Known = None,
    place: Places = None,
    statement: Annotated[
        Path | None, typer.Option(help="Write the statement to be signed, unless an identifier is found.")
    ] = None,
) -> None:
    """Scan a table for the identifiers of Safe Harbor (45 CFR 164.514(b)(2)); exit code 1 where one is found."""
    with one_screen():
        from coresponder_causal.core.files import write_whole
        from coresponder_causal.data import read_table
        from coresponder_causal.privacy import safe_harbor

        found = safe_harbor(
            read_table(file),
            roles=_roles(role),
            table=table,
            name=file.name,
            census=cast("Census", census),
            known=lines_of(known),
            places=place or (),
        )
        if statement is not None and found.violations.empty:
            write_whole(statement, found.statement().encode())
    show([str(found)])
    if len(found.violations):
        if statement is not None:
            show(["The statement is not written while violations stand: mend them, and scan again."])
        raise typer.Exit(found_something)


@privacy.command()
def limited(
    file: TableFile,
    purpose: Annotated[str, typer.Option(help="research, public health or health care operations.")],
    out: Annotated[Path, typer.Option(help="Folder for the table and the checklist of the agreement.")],
    table: TableName = None,
    role: Roles = None,
    force: Force = False,
) -> None:
    """Take the sixteen identifiers of 45 CFR 164.514(e)(2) out of a table, and write what must be agreed."""
    with one_screen():
        from coresponder_causal import plan
        from coresponder_causal.core.folders import write_together
        from coresponder_causal.data import read_table
        from coresponder_causal.privacy import limited_data_set

        plan.refuse_filled(out, force=force)
        made = limited_data_set(read_table(file), purpose=purpose, roles=_roles(role), table=table)
        rows = made.frame.to_csv(index=False, lineterminator="\n").encode()
        write_together(out, {f"{file.stem}.csv": rows, "agreement.txt": made.checklist().encode()})
    show([made.checklist()])


@privacy.command()
def expert(
    file: TableFile,
    quasi: Annotated[list[str], typer.Option("--quasi", help="Column that others may know of a person; repeat.")],
    sensitive: Annotated[list[str] | None, typer.Option(help="Column that nobody should learn; repeat.")] = None,
    population: Annotated[int | None, typer.Option(help="Persons in the population of the table.")] = None,
) -> None:
    """Measure how well the persons of a table are hidden among their likes."""
    with one_screen():
        from coresponder_causal.data import read_table
        from coresponder_causal.privacy import expert_report

        found = expert_report(
            read_table(file), quasi_identifiers=quasi, sensitive=sensitive or (), population=population
        )
    show([str(found)])


@privacy.command()
def redact(
    file: TableFile,
    column: Annotated[str, typer.Option(help="Column of the texts.")],
    out: Annotated[Path, typer.Option(help="Folder for the redacted texts and the report.")],
    known: Known = None,
    place: Places = None,
    recognisers: Annotated[str, typer.Option(help='"rules" or "rules and presidio".')] = "rules",
    force: Force = False,
) -> None:
    """Redact the texts of a column; a person reads them before anything is quoted."""
    with one_screen():
        from coresponder_causal import plan
        from coresponder_causal import privacy as room
        from coresponder_causal.core.errors import DataError
        from coresponder_causal.data import read_table

        plan.refuse_filled(out, force=force)
        texts = read_table(file)
        if column not in texts.columns:
            raise DataError(f"there is no column {column!r}", mend="correct --column")
        done = room.redact(
            texts[column], known=lines_of(known), places=place or (), recognisers=cast("Recognisers", recognisers)
        )
        room.write_redacted(done, out)
    show([done.report()])


@privacy.command()
def sign(
    folder: Annotated[Path, typer.Argument(help="Folder that `privacy redact` wrote.")],
    reader: Annotated[str, typer.Option(help="Who read the texts: name and office.")],
    date: Annotated[str, typer.Option(help="When, e.g. 2026-03-02.")],
    missed: Annotated[
        int, typer.Option(help="Identifiers that the reader still found in them; with any, no sign-off.")
    ],
    read: Annotated[str, typer.Option(help='Numbers of the documents read in full, such as "0,3,7"; or "all".')],
) -> None:
    """Record who read redacted texts in full, which, and that no identifier was left in them.

    Document 0 is the first row below the heading of the table that was redacted.
    """
    with one_screen():
        from coresponder_causal import privacy as room
        from coresponder_causal.core.errors import DataError

        done = room.read_redacted(folder)
        try:
            positions = range(len(done.texts)) if read == "all" else [int(part) for part in read.split(",")]
        except ValueError:
            raise DataError("--read is no list of numbers", mend='write "0,3,7", or "all"') from None
        word = room.sign_off(done, reader=reader, date=date, read=positions, missed=missed)
        room.write_sign_off(word, folder)
    show([str(word)])


def _roles(stated: list[str] | None) -> dict[str, Role]:
    """Roles as they were written on the command line."""
    from coresponder_causal.core.errors import DataError

    pairs = [entry.partition("=") for entry in stated or ()]
    if not all(equals for _, equals, _ in pairs):
        raise DataError("a --role is no column and role", mend="write column=role, such as site=geography")
    return {column: cast("Role", role) for column, _, role in pairs}


def lines_of(file: Path | None) -> tuple[str, ...]:
    """Lines of a text file."""
    from coresponder_causal.core.errors import DataError

    try:
        return () if file is None else tuple(file.read_text(encoding="utf-8-sig").splitlines())
    except UnicodeDecodeError:
        raise DataError(f"{file} is not written in UTF-8", mend="save it as UTF-8") from None
