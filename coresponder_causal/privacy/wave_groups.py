"""The employer's half of linked waves: in which group each code is, coarse enough that no group is of few.

Officers are in bands of the calls that they answered together with the team between two waves, and in squads; staff in
roles. No date, no number of calls and no employer's number leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coresponder_causal.core.errors import DisclosureError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.notes import note
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.metrics_rows import typed_columns
from coresponder_causal.privacy.dose_bands import banded, others, pooled
from coresponder_causal.privacy.policy import usual_threshold
from coresponder_causal.privacy.wave_codes import Codes, read_headed, with_head

groups_format = "wave-groups-1"
usual_bands = (1, 6, 21)
waves_of = {"officer": "officer_waves", "staff": "staff_waves"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveGroups:
    """Groups by code.

    Parameters
    ----------
    key : str
        Id of the key behind the codes.
    person : {"officer", "staff"}
        Whose codes.
    between : tuple of int
        The two waves between which the groups hold.
    frame : DataFrame
        ``code`` and a column for each grouping, in the order of the codes.
    """

    key: str
    person: str
    between: tuple[int, int]
    frame: pd.DataFrame

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the groupings."""
        return tuple(str(name) for name in self.frame if name != "code")


def dose_groups(
    rides: object,
    officers: object,
    *,
    codes: Codes,
    since: str,
    until: str,
    between: tuple[int, int] = (0, 1),
    bands: Sequence[int] = usual_bands,
    apart: Sequence[str] = ("squad",),
) -> WaveGroups:
    """Put officers into bands of calls answered together with the team.

    Parameters
    ----------
    rides : pandas, polars or pyarrow frame
        Shared shifts, as the dictionary has them.
    officers : pandas, polars or pyarrow frame
        All officers who are asked, those without a shared shift too.
    codes : Codes
        The university's list.
    since, until : str
        First day, and day after the last, on which a shared shift counts. They do not leave.
    between : tuple of int
        Waves before and after.
    bands : sequence of int
        Least number of calls of each band after "0".
    apart : sequence of str
        Columns of ``officers`` by which groups are shown too.

    Returns
    -------
    WaveGroups
        ``code, band`` and ``apart``. A band or other group of fewer than 11 officers is merged, which notes say.

    Raises
    ------
    DisclosureError
        Columns, dates, bands or waves that cannot be used, or fewer than 11 officers in all.

    Notes
    -----
    A shift that several members of the team shared with an officer counts once, with the most calls that one of them
    wrote down. A shift without a number of calls counts as none, and a note says how many there are.

    Examples
    --------
    >>> people = [str(number) for number in range(24)]
    >>> codes = Codes("ab12cd34", pd.DataFrame({"person": people, "code": [f"c{number}" for number in people]}))
    >>> rides = pd.DataFrame({"officer": people[:12], "shift_start": "2026-02-01 08:00", "calls_together": 7})
    >>> officers = pd.DataFrame({"officer": people})
    >>> made = dose_groups(rides, officers, codes=codes, since="2026-01-01", until="2026-07-01", apart=())
    >>> made.frame["band"].value_counts().to_dict()
    {'1 or more': 12, '0': 12}
    """
    roster, shifts = to_pandas(officers), to_pandas(rides)
    days = pd.to_datetime(pd.Series([since, until]), format="ISO8601", errors="coerce")
    problems = Problems("groups by dose")
    _refuse_columns(problems, "officers", roster, ("officer", *apart))
    _refuse_columns(problems, "rides", shifts, ("officer", "shift_start", "calls_together"))
    if days.isna().any() or days[0] >= days[1]:
        problems.add(
            f"since {since!r} and until {until!r} are no days in order", mend="write 2026-01-01 and a later day"
        )
    if list(bands) != sorted(set(bands)) or not bands or bands[0] != 1:
        problems.add(f"bands are {list(bands)}", mend="give rising numbers from 1 on, such as 1, 6, 21")
    _refuse_waves(problems, between)
    problems.raise_if_any(DisclosureError)
    coded = _coded(roster, codes, "officer")
    dose = _calls_together(shifts, days[0], days[1], coded["officer"])
    made = coded[["code"]].assign(band=banded(dose, bands))
    for name in apart:
        kept = pooled(coded[name].astype("string").str.strip().fillna(others), name)
        made = made if kept is None else made.assign(**{name: kept})
    return _sorted(made, codes, "officer", between)


def role_groups(
    staff: object, *, codes: Codes, between: tuple[int, int] = (0, 1), by: Sequence[str] = ("role",)
) -> WaveGroups:
    """Put staff into groups, such as roles.

    Parameters
    ----------
    staff : pandas, polars or pyarrow frame
        Everybody who is asked, as the dictionary has them.
    codes : Codes
        The university's list.
    between : tuple of int
        Waves before and after.
    by : sequence of str
        Columns of ``staff``, such as ``role`` or ``sworn``.

    Returns
    -------
    WaveGroups
        A role of few stays a group of its own: the return says of it that it is not reported.

    Raises
    ------
    DisclosureError
        Columns or waves that cannot be used.

    Examples
    --------
    >>> codes = Codes("ab12cd34", pd.DataFrame({"person": ["1", "2"], "code": ["c1", "c2"]}))
    >>> staff = pd.DataFrame({"staff": ["1", "2"], "role": ["clinician", "dispatcher"]})
    >>> role_groups(staff, codes=codes).frame["role"].tolist()
    ['clinician', 'dispatcher']
    """
    listed = to_pandas(staff)
    problems = Problems("groups of staff")
    _refuse_columns(problems, "staff", listed, ("staff", *by))
    if not by:
        problems.add("by names no column", mend="name role, sworn or another column of staff")
    _refuse_waves(problems, between)
    problems.raise_if_any(DisclosureError)
    coded = _coded(listed, codes, "staff")
    labels = {name: coded[name].astype("string").str.strip().fillna("not known").astype(object) for name in by}
    for name, column in labels.items():
        sizes = column.value_counts().sort_index()
        if few := [str(label) for label, size in sizes.items() if size < usual_threshold]:
            note(f"{name} of fewer than {usual_threshold} persons, not reported alone at this n: {', '.join(few)}")
    return _sorted(coded[["code"]].assign(**labels), codes, "staff", between)


def write_groups(groups: WaveGroups, path: Path | str) -> Path:
    """Write the file that the university gets; its owner alone may read it.

    Parameters
    ----------
    groups : WaveGroups
    path : Path or str
    """
    head = {"format": groups_format, "key": groups.key, "person": groups.person, "between": list(groups.between)}
    return write_whole(Path(path), with_head(head, groups.frame), private=True)


def read_groups(path: Path | str) -> WaveGroups:
    """Read the employer's file.

    Parameters
    ----------
    path : Path or str

    Raises
    ------
    DisclosureError
        The file is none of groups, or holds a code twice or empty cells.
    """
    again = "ask the employer for the file again, as `waves dose` or `waves roles` writes it"
    head, rows = read_headed(path, groups_format, ("code",), mend=again)
    waves = head.get("between")
    if (
        not isinstance(waves, list)
        or [type(wave) for wave in waves] != [int, int]
        or head.get("person") not in waves_of
        or rows["code"].duplicated().any()
        or (rows == "").any(axis=None)
    ):
        raise DisclosureError(f"{path} holds a code twice, an empty cell, or does not say its waves", mend=again)
    return WaveGroups(key=str(head["key"]), person=str(head["person"]), between=(waves[0], waves[1]), frame=rows)


def _refuse_columns(problems: Problems, what: str, table: pd.DataFrame, names: Sequence[str]) -> None:
    if missing := [name for name in names if name not in table]:
        problems.add(f"{what} has no column {', '.join(missing)}", mend="name the columns it has")


def _refuse_waves(problems: Problems, between: tuple[int, int]) -> None:
    if not 0 <= between[0] < between[1]:
        problems.add(
            f"between is {between[0]}, {between[1]}", mend="give the number of the wave before, then of that after"
        )


def _number(column: pd.Series) -> pd.Series:
    return column.astype("string").str.strip()


def _coded(people: pd.DataFrame, codes: Codes, person: str) -> pd.DataFrame:
    """Join the code of everybody on a list; say who has none, and which codes nobody on the list has."""
    named = people.assign(**{person: _number(people[person])}).drop_duplicates(person)
    if twice := len(people) - len(named):
        note(f"{twice} rows of the list of {person} repeat a person and are left out")
    coded = named.merge(codes.frame.rename(columns={"person": person}), on=person, how="left")
    without = coded["code"].isna()
    if without.any():
        note(f"{int(without.sum())} of {len(coded)} on the list have no code of the university and are left out")
    if gone := int((~codes.frame["person"].isin(named[person])).sum()):
        note(f"{gone} codes belong to nobody on the list")
    return coded[~without].reset_index(drop=True)


def _calls_together(rides: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp, officers: pd.Series) -> pd.Series:
    """Count the calls that each of the officers answered together with the team, in their order."""
    typed = typed_columns(rides, "rides", ["officer", "shift_start", "calls_together"])
    start = typed["shift_start"]
    counted = typed[(start >= since) & (start < until)].assign(officer=lambda rows: _number(rows["officer"]))
    if strange := counted.loc[~counted["officer"].isin(officers), "officer"].nunique():
        note(f"{strange} officers with shared shifts are not among those asked and are left out")
    shifts = counted[counted["officer"].isin(officers)].groupby(["officer", "shift_start"])["calls_together"].max()
    if unknown := int(shifts.isna().sum()):
        many = shifts[shifts.isna()].index.get_level_values("officer").nunique()
        note(f"{unknown} shared shifts of {many} officers have no number of calls and count as none")
    dose = shifts.fillna(0).groupby("officer").sum()
    return officers.map(dose.astype("int64")).fillna(0).astype("int64")


def _sorted(made: pd.DataFrame, codes: Codes, person: str, between: tuple[int, int]) -> WaveGroups:
    ordered = made.sort_values("code", ignore_index=True)
    return WaveGroups(key=codes.key, person=person, between=between, frame=ordered)
