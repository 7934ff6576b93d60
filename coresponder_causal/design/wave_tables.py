"""Rows of survey waves from the tables of the data dictionary: who was asked, what they scored, what they had met."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data import frames
from coresponder_causal.design.columns import counted

any_call, ten_calls = "work_beside_the_team", "ten_calls_beside_the_team"
"""Exposures of officers: 1 from the first call beside the team on, and tens of such calls."""


def asked_waves(
    waves: object,
    people: object | None,
    *,
    person: str,
    scores: Sequence[str],
    group: str | None = None,
    seen: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Make a row for everybody and each wave from the first at which they were there, also where no answer came.

    Parameters
    ----------
    waves : pandas, polars or pyarrow frame
        Answers: ``wave, date``, the person and scores; rows without consent have none.
    people : frame or None
        Everybody who is asked; without it whoever answered once.
    person : str
        Column of codes in both.
    scores : sequence of str
        Columns of the answers.
    group : str, optional
        Column of ``people``.
    seen : DataFrame, optional
        ``first, last``: when each person, its index, was at work. Who was there at no wave is left out; who has left
        keeps rows without answers, so that bounds speak of them too.

    Returns
    -------
    DataFrame
        ``person, wave, date``, the scores and the group; ``date`` is the person's own, else the middle one of the wave.

    Raises
    ------
    DesignError
        Listing columns that are missing, and answers of persons whom ``people`` does not hold.

    Examples
    --------
    >>> waves = pd.DataFrame({"staff": ["a", "b", "a"], "wave": [0, 0, 1], "trust": [3.0, 4.0, 2.0]})
    >>> waves["date"] = pd.to_datetime(["2021-01-05", "2021-01-07", "2021-06-01"])
    >>> asked_waves(waves, None, person="staff", scores=["trust"])["trust"].tolist()
    [3.0, 2.0, 4.0, nan]
    """
    given = frames.to_pandas(waves)
    everybody = given[[person]].drop_duplicates() if people is None else frames.to_pandas(people)
    _check(given, everybody, person, scores, group)
    dates = given.groupby("wave")["date"].median()
    rows = pd.MultiIndex.from_product([sorted(everybody[person].dropna().unique()), sorted(dates.index)])
    frame = pd.DataFrame(index=rows.set_names([person, "wave"])).reset_index()
    frame = frame.merge(given[[person, "wave", "date", *scores]], on=[person, "wave"], how="left")
    frame["date"] = pd.to_datetime(frame["date"]).fillna(frame["wave"].map(dates))
    if seen is not None:
        frame = _there(frame, person, scores, seen)
    if group is not None:
        frame[group] = frame[person].map(everybody.drop_duplicates(person).set_index(person)[group])
    return frame.reset_index(drop=True)


def with_calls_beside(frame: pd.DataFrame, rides: object, *, exposure: str) -> pd.DataFrame:
    """Add what officers had met by the day of each wave.

    Parameters
    ----------
    frame : DataFrame
        As of `asked_waves`, of officers.
    rides : frame
        Shifts shared with the team. Calls that were not counted are taken for one.
    exposure : {"any", "calls"}

    Returns
    -------
    DataFrame
        With the column `any_call` or `ten_calls`.

    Examples
    --------
    >>> frame = pd.DataFrame({"officer": ["a", "a"], "date": pd.to_datetime(["2021-01-01", "2021-03-01"])})
    >>> rides = pd.DataFrame({"officer": ["a"], "shift_start": pd.to_datetime(["2021-02-01"]), "calls_together": [5]})
    >>> with_calls_beside(frame, rides, exposure="calls")["ten_calls_beside_the_team"].tolist()
    [0.0, 0.5]
    """
    shared = frames.to_pandas(rides)[["officer", "shift_start", "calls_together"]]
    calls = pd.to_numeric(shared["calls_together"]).astype("Float64")
    if unknown := int(calls.isna().sum()):
        note(f"calls of {unknown} of {len(shared)} shared shifts were not counted: one is taken")
    shared = shared.assign(calls=calls.fillna(1.0).astype(float), at=pd.to_datetime(shared["shift_start"]))
    shared = shared.sort_values("at", kind="stable")
    shared["sum"] = shared.groupby("officer")["calls"].cumsum()
    asked = frame.assign(place=np.arange(len(frame)), at=pd.to_datetime(frame["date"]).astype(shared["at"].dtype))
    asked = asked.sort_values("at", kind="stable")[["officer", "at", "place"]]
    met = pd.merge_asof(asked, shared[["officer", "at", "sum"]], on="at", by="officer").sort_values("place")
    total = met["sum"].fillna(0.0).to_numpy(float)
    return frame.assign(**({ten_calls: total / 10} if exposure == "calls" else {any_call: (total > 0).astype(float)}))


def carried_on(frame: pd.DataFrame, person: str, exposure: str) -> pd.DataFrame:
    """Fill an exposure that stands in the answers alone with the person's last one before, else 0; it is said."""
    values = pd.to_numeric(frame[exposure]).astype(float)
    unknown = values.isna()
    filled = values.groupby(frame[person]).ffill().fillna(0.0)
    if unknown.any():
        note(f"'{exposure}' of {int(unknown.sum())} of {len(frame)} rows is taken from the wave before, or as 0")
    return frame.assign(**{exposure: filled})


def _there(frame: pd.DataFrame, person: str, scores: Sequence[str], seen: pd.DataFrame) -> pd.DataFrame:
    """Keep rows from the first wave on at which somebody was at work, or answered; say who left, or was never there."""
    first, last = (pd.to_datetime(frame[person].map(seen[name])) for name in ("first", "last"))
    answered = frame[list(scores)].notna().any(axis=1)
    begun = (first <= frame["date"]) | answered
    begun = begun.groupby(frame[person]).cummax()
    there = (begun & (last >= frame["date"])) | answered
    kept = begun & there.groupby(frame[person]).transform("any")
    if absent := frame[person].nunique() - frame.loc[kept, person].nunique():
        note(f"{counted(absent, 'person')} were at work on no wave and are left out")
    gone = frame[kept & ~there & (last < frame["date"])]
    if left := gone[person].nunique():
        note(f"{counted(left, 'person')} left before a wave: later answers are not known, and bounds include them")
    return frame[kept]


def _check(given: pd.DataFrame, people: pd.DataFrame, person: str, scores: Sequence[str], group: str | None) -> None:
    problems = Problems("waves")
    for name in (person, "wave", "date", *scores):
        if name not in given:
            problems.add(f"the answers have no column '{name}'", mend="add it")
    if person not in people:
        problems.add(f"the people asked have no column '{person}'", mend="add it")
    elif person in given and (strange := set(given[person].dropna()) - set(people[person])):
        problems.add(f"{counted(len(strange), 'person')} answered and are not on the list", mend="complete the list")
    if group is not None and group not in people:
        problems.add(f"the people asked have no column '{group}'", mend="name another group")
    problems.raise_if_any(DesignError)
