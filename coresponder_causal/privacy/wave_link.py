"""Answers of several waves joined with groups that the employer knows, at the university, under codes of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DisclosureError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.notes import note
from coresponder_causal.data import dictionary
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.metrics_rows import typed_columns
from coresponder_causal.privacy.county_return import Key
from coresponder_causal.privacy.wave_codes import answer_code, read_headed, with_head
from coresponder_causal.privacy.wave_groups import WaveGroups, waves_of

joined_format = "waves-joined-1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkedWaves:
    """Answers with groups: of the university alone.

    Parameters
    ----------
    key : str
        Id of the key behind the codes.
    person : {"officer", "staff"}
        Whose answers.
    between : tuple of int
        The two waves between which the groups hold.
    groups, scores : tuple of str
        Columns of groups and of scores.
    frame : DataFrame
        ``person`` (code of the answers), ``wave``, groups, scores, ``instrument`` where it is recorded. No dates, no
        code that the employer has.
    asked : DataFrame
        ``group, label, asked``: how many the employer counts in each group; empty where it knows no groups.
    linkage : DataFrame, optional
        How well waves were linked by codes that people made themselves.
    """

    key: str
    person: str
    between: tuple[int, int]
    groups: tuple[str, ...]
    scores: tuple[str, ...]
    frame: pd.DataFrame
    asked: pd.DataFrame
    linkage: pd.DataFrame | None = None

    def __repr__(self) -> str:
        people = self.frame["person"].nunique()
        return (
            f"LinkedWaves({people} persons, waves {self.between[0]} and {self.between[1]}, {len(self.frame)} answers)"
        )


def link_waves(answers: object, groups: WaveGroups, *, key: Key) -> LinkedWaves:
    """Join the answers of all waves with the employer's groups.

    Parameters
    ----------
    answers : pandas, polars or pyarrow frame
        ``officer_waves`` or ``staff_waves`` of the dictionary, their codes being those of the answers.
    groups : WaveGroups
        The employer's file.
    key : Key
        Of the university.

    Returns
    -------
    LinkedWaves
        Answers without consent and those of codes that are in no group are left out, which notes say.

    Raises
    ------
    DisclosureError
        Another key than that of the codes, columns that are missing, somebody who answers twice in a wave, or answers
        of which none belongs to a code.

    Examples
    --------
    >>> key = Key(bytes(32), "example", "2026")
    >>> frame = pd.DataFrame({"code": ["c1", "c2"], "band": ["0", "1 or more"]})
    >>> groups = WaveGroups(key=key.id, person="officer", between=(0, 1), frame=frame)
    >>> rows = {"officer": [answer_code("c1", key)] * 2, "wave": [0, 1], "stigma_score": [3.0, 2.5]}
    >>> link_waves(pd.DataFrame(rows), groups, key=key).frame[["wave", "band", "stigma_score"]].values.tolist()
    [[0, '0', 3.0], [1, '0', 2.5]]
    """
    if groups.key != key.id:
        raise DisclosureError(
            f"the groups were made with the key {groups.key}, and this one is {key.id}", mend="use the key of the codes"
        )
    said = consenting(answers, groups.person)
    to_answers = {answer_code(code, key): code for code in groups.frame["code"]}
    code = said[groups.person].map(to_answers)
    if code.isna().all():
        raise DisclosureError(
            f"none of {len(said)} answers belongs to one of {len(groups.frame)} codes",
            mend="give the answers under the codes of kept/invitations.csv, of the same key",
        )
    if strange := int(said.loc[code.isna(), groups.person].nunique()):
        note(f"answers of {strange} codes that are in no group are left out")
    if silent := int((~groups.frame["code"].isin(code)).sum()):
        note(f"{silent} of {len(groups.frame)} who were asked answered in no wave")
    frame = said.assign(code=code).dropna(subset="code").merge(groups.frame, on="code", how="left").drop(columns="code")
    sizes = [
        groups.frame[name].value_counts().rename_axis("label").reset_index(name="asked") for name in groups.columns
    ]
    asked = pd.concat([size.assign(group=name) for name, size in zip(groups.columns, sizes, strict=True)])
    everybody = pd.DataFrame({"group": ["all"], "label": ["all"], "asked": [len(groups.frame)]})
    return LinkedWaves(
        key=key.id,
        person=groups.person,
        between=groups.between,
        groups=groups.columns,
        scores=scores_of(frame, groups.person),
        frame=frame.rename(columns={groups.person: "person"}),
        asked=pd.concat([everybody, asked], ignore_index=True),
    )


def write_linked(linked: LinkedWaves, path: Path | str) -> Path:
    """Write linked waves into a file that its owner alone may read; it stays at the university.

    Parameters
    ----------
    linked : LinkedWaves
    path : Path or str
    """
    head = {
        "format": joined_format,
        "key": linked.key,
        "person": linked.person,
        "between": list(linked.between),
        "groups": list(linked.groups),
        "asked": linked.asked.to_dict("list"),
    }
    return write_whole(Path(path), with_head(head, linked.frame), private=True)


def read_linked(path: Path | str) -> LinkedWaves:
    """Read linked waves.

    Parameters
    ----------
    path : Path or str

    Raises
    ------
    DisclosureError
        The file is not one that `write_linked` wrote.
    """
    again = "join the waves again"
    head, rows = read_headed(path, joined_format, ("person", "wave"), mend=again)
    try:
        person, groups = str(head["person"]), tuple(map(str, head["groups"]))
        between, asked = (int(head["between"][0]), int(head["between"][1])), pd.DataFrame(head["asked"])
        scores = scores_of(rows, person)
        numbers = {name: pd.to_numeric(rows[name].replace("", None)) for name in ("wave", *scores)}
    except (KeyError, TypeError, ValueError, IndexError):
        raise DisclosureError(f"{path} does not hold linked waves", mend=again) from None
    return LinkedWaves(
        key=str(head["key"]),
        person=person,
        between=between,
        groups=groups,
        scores=scores,
        frame=rows.assign(**numbers),
        asked=asked,
    )


def consenting(answers: object, person: str, more: Sequence[str] = ()) -> pd.DataFrame:
    """Type the columns of a wave table that are used, and leave out answers that nobody agreed to give.

    Parameters
    ----------
    answers : pandas, polars or pyarrow frame
    person : {"officer", "staff"}
    more : sequence of str
        Columns that are kept as text beside those of the dictionary; the code of the person is not needed then.

    Raises
    ------
    DisclosureError
        Columns that are missing, or somebody who answers twice in a wave.
    """
    table, rows = dictionary.table(waves_of[person]), to_pandas(answers)
    needed = [*([] if more else [person]), "wave", *more]
    problems = Problems(f"table '{waves_of[person]}'")
    if missing := [name for name in needed if name not in rows]:
        problems.add(f"columns {', '.join(missing)} are missing", mend="name the columns it has")
    problems.raise_if_any(DisclosureError)
    used = [name for name in table.names if name in rows and name != "date" and name not in more]
    if more and person in used:
        used.remove(person)
    typed = typed_columns(rows, waves_of[person], used)
    typed = typed.assign(**{name: rows[name].astype("string").to_numpy() for name in more})
    if "consent" in typed:
        agreed = typed["consent"].fillna(False).astype(bool)
        if without := int((~agreed).sum()):
            note(f"{without} of {len(typed)} answers are left out: consent is not recorded as given")
        typed = typed[agreed].drop(columns="consent").reset_index(drop=True)
    twice = np.zeros(len(typed), bool) if more else typed.duplicated([person, "wave"]).to_numpy()
    if twice.any():
        problems.add(f"{int(twice.sum())} answers of somebody who answered in that wave before", mend="keep one")
    problems.raise_if_any(DisclosureError)
    return typed


def scores_of(frame: pd.DataFrame, person: str) -> tuple[str, ...]:
    """Columns of a wave table that are scores."""
    fields = dictionary.table(waves_of[person]).fields
    return tuple(field.name for field in fields if field.type == "number" and field.name in frame)
