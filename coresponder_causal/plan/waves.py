"""Survey waves and the employer: codes, groups, the join at the university, and the means that come back as a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coresponder_causal import report
from coresponder_causal.data import read_table
from coresponder_causal.plan.run import refuse_filled, refuse_present
from coresponder_causal.privacy import (
    Key,
    LinkedWaves,
    Policy,
    WaveGroups,
    WaveReturn,
    dose_groups,
    issue_codes,
    link_waves,
    read_codes,
    read_groups,
    record_return,
    role_groups,
    wave_return,
    write_codes,
    write_groups,
    write_linked,
)
from coresponder_causal.privacy.ledger import Ledger
from coresponder_causal.report.specs import Spec


def code_people(people: Path, out: Path, *, key: Key, person: str, force: bool = False) -> list[Path]:
    """Give codes to everybody on an employer's list, and write what goes to the employer and what is kept.

    Parameters
    ----------
    people : Path
        Table with a column of the employer's numbers.
    out : Path
        Folder; one that holds files is refused without ``force``.
    key : Key
        Of the university.
    person : str
        That column.
    force : bool

    Returns
    -------
    list of Path
    """
    refuse_filled(out, force=force)
    return write_codes(issue_codes(read_table(people), key=key, person=person), out, key=key)


def write_dose(
    rides: Path,
    officers: Path,
    codes: Path,
    out: Path,
    *,
    since: str,
    until: str,
    between: tuple[int, int],
    apart: Sequence[str],
    force: bool = False,
) -> WaveGroups:
    """Write the police's file of bands by code.

    Parameters
    ----------
    rides, officers, codes : Path
        Shared shifts, all officers who are asked, and the university's list.
    out : Path
        File; one that is there is refused without ``force``.
    since, until, between, apart
        As of `coresponder_causal.privacy.dose_groups`.
    force : bool

    Returns
    -------
    WaveGroups
    """
    refuse_present(out, force=force)
    made = dose_groups(
        read_table(rides),
        read_table(officers),
        codes=read_codes(codes),
        since=since,
        until=until,
        between=between,
        apart=apart,
    )
    write_groups(made, out)
    return made


def write_roles(
    staff: Path, codes: Path, out: Path, *, between: tuple[int, int], by: Sequence[str], force: bool = False
) -> WaveGroups:
    """Write an employer's file of roles of staff by code.

    Parameters
    ----------
    staff, codes : Path
        Everybody who is asked, and the university's list.
    out : Path
        File; one that is there is refused without ``force``.
    between, by
        As of `coresponder_causal.privacy.role_groups`.
    force : bool

    Returns
    -------
    WaveGroups
    """
    refuse_present(out, force=force)
    made = role_groups(read_table(staff), codes=read_codes(codes), between=between, by=by)
    write_groups(made, out)
    return made


def join_waves(groups: Path, answers: Path, out: Path, *, key: Key, force: bool = False) -> LinkedWaves:
    """Join answers with the employer's groups in a file that stays at the university.

    Parameters
    ----------
    groups, answers : Path
        The employer's file, and the answers of all waves.
    out : Path
        File; one that is there is refused without ``force``.
    key : Key
        Of the university.
    force : bool

    Returns
    -------
    LinkedWaves
    """
    refuse_present(out, force=force)
    linked = link_waves(read_table(answers), read_groups(groups), key=key)
    write_linked(linked, out)
    return linked


def return_waves(
    linked: LinkedWaves,
    out: Path,
    *,
    key: Key,
    ledger: Ledger,
    employer: str,
    scores: Sequence[str] | None = None,
    by: Sequence[str] | None = None,
    between: tuple[int, int] | None = None,
    agreement: str | None = None,
    force: bool = False,
) -> tuple[WaveReturn, list[Path]]:
    """Write the page and the table that the employer gets, after they are in the ledger.

    Parameters
    ----------
    linked : LinkedWaves
    out : Path
        Folder; one that holds files is refused without ``force``.
    key : Key
        Of the university.
    ledger : Ledger
        What left before; this is added first.
    employer : str
        Who gets it.
    scores, by, between
        As of `coresponder_causal.privacy.wave_return`.
    agreement : str, optional
        Name of the agreement with the employer; without one the page is as for the public.
    force : bool

    Returns
    -------
    returned : WaveReturn
    written : list of Path
        ``index.html`` and ``means.csv``.
    """
    refuse_filled(out, force=force)
    returned = wave_return(linked, key=key, ledger=ledger, scores=scores, by=by, between=between)
    table = report.means_table(returned, linked.person)
    policy = Policy(audience="public" if agreement is None else "partner", agreement=agreement)
    page = report.means_page(returned, linked.person, employer)
    record_return(returned, ledger, content=returned.frame.to_csv(index=False).encode(), name=f"for {employer}")
    leaving: dict[Path, Spec] = {out / "index.html": page, out / "means.csv": table}
    written = report.write_all(leaving, policy=policy, into=out)
    return returned, written
