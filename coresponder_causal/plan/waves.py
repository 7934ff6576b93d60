"""Survey waves and the employer: codes, groups, the join at the university, and the means that come back as a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from coresponder_causal import report
from coresponder_causal.data import dictionary, read_table
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
from coresponder_causal.privacy.wave_groups import waves_of
from coresponder_causal.privacy.wave_return import not_reported, step_of
from coresponder_causal.report.specs import Bullets, Column, Page, Section, Sentence, Spec, Table, of_nobody

rounded = "Rounded; bounds outwards. No interval is shown where it would tell how alike the answers are."
headings = {
    "all": "Everybody",
    "band": "Calls answered with the team",
    "squad": "Squad",
    "role": "Role",
    "sworn": "Sworn",
}
how_to_read = (
    "The university holds the answers and the key to the codes under which they are kept. The employer gets this page.",
    f"“{not_reported}” stands for a group of few, and for whatever would give one away, also together with "
    "earlier returns. It does not say which.",
    "The number of persons is a lower bound, so that nobody can tell who did not answer.",
    "A change is that of the same persons from wave to wave. Groups were not drawn by lot: officers who sought the team, "
    "for one, differ from others before they begin. What the team changed is for the evaluation to say.",
    "Answers were given voluntarily, and nothing here may be used about anybody.",
)


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
    table = means_table(returned, linked.person)
    policy = Policy(audience="public" if agreement is None else "partner", agreement=agreement)
    page = means_page(returned, linked.person, employer)
    record_return(returned, ledger, content=returned.frame.to_csv(index=False).encode(), name=f"for {employer}")
    leaving: dict[Path, Spec] = {out / "index.html": page, out / "means.csv": table}
    written = report.write_all(leaving, policy=policy)
    return returned, written


def means_table(returned: WaveReturn, person: str) -> Table:
    """Put mean changes into a table of numbers.

    Parameters
    ----------
    returned : WaveReturn
    person : {"officer", "staff"}
        Whose answers.
    """
    rows = returned.frame
    frame = pd.DataFrame(
        {
            "score": [_label(name, person) for name in rows["score"]],
            "group": [headings.get(name, name.replace("_", " ")) for name in rows["group"]],
            "label": rows["label"].where(rows["group"] != "all", ""),
            **{name: rows[name] for name in ("said", "persons", "change", "low", "high")},
        }
    )
    texts = {"score": "Score", "group": "By", "label": "Group", "said": "Mean of the group"}
    numbers = {"change": "Mean change", "low": "At least (95 %)", "high": "At most (95 %)"}
    columns = (
        *(Column(name, label) for name, label in texts.items()),
        Column("persons", "Persons", "said"),
        *(Column(name, label, "signed") for name, label in numbers.items()),
    )
    return Table(title=_title(returned), frame=frame, columns=columns, note=rounded, support=_persons(rows))


def means_section(returned: WaveReturn, score: str, person: str) -> Section:
    """Put the mean changes of one score into a section.

    Parameters
    ----------
    returned : WaveReturn
    score : str
    person : {"officer", "staff"}
    """
    rows = returned.frame[returned.frame["score"] == score].reset_index(drop=True)
    low, high = returned.scales[score]
    places = max(0, -math.floor(math.log10(step_of((low, high))) + 1e-9))
    said = [
        "" if pd.isna(row["low"]) else f"{_signed(row['low'], places)} to {_signed(row['high'], places)}"
        for row in rows.to_dict("records")
    ]
    frame = pd.DataFrame(
        {
            "by": [headings.get(name, name.replace("_", " ")) for name in rows["group"]],
            "group": rows["label"].where(rows["group"] != "all", ""),
            "persons": rows["persons"],
            "change": [not_reported if pd.isna(mean) else _signed(mean, places) for mean in rows["change"]],
            "interval": said,
        }
    )
    texts = {"by": "By", "group": "Group"}
    numbers = {"persons": "Persons", "change": "Mean change", "interval": "95 % interval"}
    columns = (
        *(Column(name, label) for name, label in texts.items()),
        *(Column(name, label, "said") for name, label in numbers.items()),
    )
    scale = Sentence(text=f"On a scale from {low:g} to {high:g}; {_direction(score, person)}.", support=of_nobody)
    table = Table(title=_title(returned), frame=frame, columns=columns, note=rounded, support=_persons(rows))
    return Section(title=_label(score, person), blocks=(scale, table))


def _signed(number: float, places: int) -> str:
    return f"{number:+.{places}f}".replace("-", "−")


def _title(returned: WaveReturn) -> str:
    return f"Mean change from wave {returned.between[0]} to wave {returned.between[1]}"


def _persons(rows: pd.DataFrame) -> pd.DataFrame:
    """Fewest persons that each reported mean is said to be of."""
    return pd.DataFrame({"persons": pd.to_numeric(rows["persons"].str.split(" ").str[0], errors="coerce")})


def _label(score: str, person: str) -> str:
    fields = dictionary.table(waves_of[person])
    return fields.field(score).label if score in fields.names else score


def _direction(score: str, person: str) -> str:
    """Say what a high score means, as the dictionary does."""
    fields = dictionary.table(waves_of[person])
    return fields.field(score).why.split("; ")[-1] if score in fields.names else "see its key"


def means_page(returned: WaveReturn, person: str, employer: str) -> Page:
    """Put mean changes on a page with how to read them.

    Parameters
    ----------
    returned : WaveReturn
    person : {"officer", "staff"}
    employer : str
    """
    hidden = int((returned.frame["said"] == not_reported).sum())
    many = f"{len(returned.frame) - hidden} of {len(returned.frame)} means are reported."
    lines = tuple(Sentence(text=text, support=of_nobody) for text in how_to_read)
    scores = list(dict.fromkeys(returned.frame["score"]))
    return Page(
        title=f"Answers of {'officers' if person == 'officer' else 'staff'}, wave by wave",
        subtitle=f"For {employer}",
        finding=(Sentence(text=many, support=of_nobody),),
        sections=(
            *(means_section(returned, score, person) for score in scores),
            Section(title="How to read this", blocks=(Bullets(items=lines),)),
        ),
    )
