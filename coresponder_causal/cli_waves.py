"""Commands for survey waves: `key`, `codes`, `dose`, `roles`, `join` and `return`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coresponder_causal.cli_options import Force
from coresponder_causal.cli_screen import one_screen, progress, tell

waves = typer.Typer(
    no_args_is_help=True,
    help="Join officers' or staff's answers with what the employer knows, without the employer seeing an answer.",
)
KeyFile = Annotated[Path, typer.Option("--key", help="Key of the university; nobody else holds it.")]
CodesFile = Annotated[Path, typer.Option("--codes", help="codes.csv from the university.")]
Between = Annotated[str, typer.Option("--between", help="Waves before and after, with a comma.")]


@waves.command("key")
def waves_key(
    path: Annotated[Path, typer.Argument(help="New file for the key; it never leaves the university.")],
    project: Annotated[str, typer.Option(help="Name of the project.")],
    period: Annotated[str, typer.Option(help="Period it is for, e.g. 2026 to 2028.")],
) -> None:
    """Draw the university's key: 32 random bytes in a file that its owner alone may read."""
    with one_screen():
        from coresponder_causal import privacy

        key = privacy.new_key(path, project=project, period=period, use="waves")
    tell([f"Key {key.id}. It stays at the university."], [path])


@waves.command("codes")
def waves_codes(
    people: Annotated[Path, typer.Argument(help="List of everybody who is asked, with the employer's numbers.")],
    key: KeyFile,
    person: Annotated[str, typer.Option(help="Column of these numbers.")] = "officer",
    out: Annotated[Path, typer.Option(help="Folder: what goes to the employer, what is kept.")] = Path("wave_codes"),
    force: Force = False,
) -> None:
    """University: make a code for the employer's file and another for the answers of everybody on a list."""
    with one_screen():
        from coresponder_causal import plan, privacy

        written = plan.code_people(people, out, key=privacy.read_key(key, use="waves"), person=person, force=force)
    tell([], written)


@waves.command("dose")
def waves_dose(
    rides: Annotated[Path, typer.Argument(help="Shared shifts.")],
    officers: Annotated[Path, typer.Argument(help="All officers who are asked.")],
    codes: CodesFile,
    since: Annotated[str, typer.Option(help="First day on which a shared shift counts.")],
    until: Annotated[str, typer.Option(help="Day after the last.")],
    out: Annotated[Path, typer.Option(help="File for the university.")] = Path("groups.csv"),
    between: Between = "0,1",
    apart: Annotated[str, typer.Option(help="Columns of officers to show apart, with commas; or nothing.")] = "squad",
    force: Force = False,
) -> None:
    """Police: write in which band of calls with the team each code is, no band of fewer than eleven officers."""
    with one_screen():
        from coresponder_causal import plan
        from coresponder_causal.core.notes import collecting

        with collecting() as remarks:
            made = plan.write_dose(
                rides,
                officers,
                codes,
                out,
                since=since,
                until=until,
                between=_two(between),
                apart=_names(apart),
                force=force,
            )
    counts = [made.frame[name].value_counts().sort_index().to_string() for name in made.columns]
    tell([*counts, *remarks], [out])


@waves.command("roles")
def waves_roles(
    staff: Annotated[Path, typer.Argument(help="Everybody who is asked: clinicians, dispatchers, others.")],
    codes: CodesFile,
    out: Annotated[Path, typer.Option(help="File for the university.")] = Path("groups.csv"),
    between: Between = "0,1",
    by: Annotated[str, typer.Option(help="Columns of staff, with commas.")] = "role",
    force: Force = False,
) -> None:
    """Employer of staff: write in which role each code is."""
    with one_screen():
        from coresponder_causal import plan
        from coresponder_causal.core.notes import collecting

        with collecting() as remarks:
            plan.write_roles(staff, codes, out, between=_two(between), by=_names(by), force=force)
    tell(remarks, [out])


@waves.command("join")
def waves_join(
    groups: Annotated[Path, typer.Argument(help="The employer's file.")],
    answers: Annotated[Path, typer.Argument(help="Answers of all waves, under the codes of the invitations.")],
    key: KeyFile,
    out: Annotated[Path, typer.Option(help="File, which stays at the university.")] = Path("joined.csv"),
    force: Force = False,
) -> None:
    """University: join answers with groups under codes that the employer does not have."""
    with one_screen():
        from coresponder_causal import plan, privacy
        from coresponder_causal.core.notes import collecting

        with collecting() as remarks:
            linked = plan.join_waves(groups, answers, out, key=privacy.read_key(key, use="waves"), force=force)
    tell([str(linked), *remarks], [out])


@waves.command("return")
def waves_return(
    joined: Annotated[Path, typer.Argument(help="The file that `join` wrote.")],
    key: KeyFile,
    employer: Annotated[str, typer.Option(help="Who gets it.")],
    ledger: Annotated[Path | None, typer.Option(help="What left before; by default beside the key.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page and the table.")] = Path("wave_return"),
    scores: Annotated[str | None, typer.Option(help="Scores, with commas; by default all.")] = None,
    by: Annotated[str | None, typer.Option(help="Groupings, with commas; by default all.")] = None,
    between: Annotated[
        str | None, typer.Option(help="Two waves, with a comma; by default those of the groups.")
    ] = None,
    agreement: Annotated[str | None, typer.Option(help="Name of the agreement with the employer.")] = None,
    force: Force = False,
) -> None:
    """University: write the mean changes that the employer may see, and note them in the ledger."""
    with one_screen(), progress() as say:
        from coresponder_causal import plan, privacy
        from coresponder_causal.core.notes import collecting

        say("Looking for what would tell of few")
        beside = key.with_name(f"{key.name}.returned")
        with collecting() as remarks:
            returned, written = plan.return_waves(
                privacy.read_linked(joined),
                out,
                key=privacy.read_key(key, use="waves"),
                ledger=privacy.Ledger(beside if ledger is None else ledger),
                employer=employer,
                scores=None if scores is None else _names(scores),
                by=None if by is None else _names(by),
                between=None if between is None else _two(between),
                agreement=agreement,
                force=force,
            )
    tell([str(returned), *remarks], written)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _two(text: str) -> tuple[int, int]:
    """Read two waves."""
    from coresponder_causal.core.errors import DataError

    try:
        first, last = (int(part) for part in text.split(","))
    except ValueError:
        raise DataError(f"--between {text!r} is no pair of waves", mend="write 0,1") from None
    return first, last
