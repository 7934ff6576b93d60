"""Persons visited by the team against persons of the same calls before, who were not visited yet."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.data.demand import asked_for, self_initiated
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.design import columns
from coresponder_causal.design.panel import PanelDesign

Counts = NDArray[np.int64]
Days = NDArray[np.float64]
alike, most_alike = 3, 3  # periods matched one by one; calls of a period from which on they count as as many
most_lost = 0.2
unit, time, visited = "person_in_set", "period", "first_visited"


class Calls(NamedTuple):
    """Calls by person and in turn: the number of the person, and the day of each since the first call of all."""

    person: Counts
    day: Days

    def between(self, person: Counts, begin: Days, end: Days) -> Counts:
        """Count the calls of persons from one moment to just before another, shape (n,)."""
        apart = 4 * (np.ptp(self.day) + 1e5)
        clock = self.person * apart + self.day
        low, high = (np.searchsorted(clock, person * apart + edge, side="left") for edge in (begin, end))
        return np.asarray(high - low, np.int64)


def outreach_panel(
    calls: object,
    contacts: object,
    *,
    periods_before: int = 12,
    periods_after: int = 6,
    days: int = 30,
    controls: int = 3,
    seed: int = 1,
) -> PanelDesign:
    """Form persons in time around their first outreach visit, each beside persons with the same calls before it.

    Visits follow crises: in the weeks before them persons call more than they otherwise do, and so less afterwards,
    visited or not. A comparison of before and after, or with persons of other recent calls, takes this return to the
    mean for an effect. Here a person visited is compared with persons who had the same number of calls in each of the
    last three periods, and about the same in those before them, on the very day of the visit.

    Parameters
    ----------
    calls : frame
        Table of calls: ``person, received_at``; what police or team started themselves is left out.
    contacts : frame
        Table of contacts: ``person, contact_at, origin``. Those with the origin outreach or follow-up count.
    periods_before, periods_after, days : int
        Periods of so many days before and from the visit on. Visits without all of them in the table of calls are left
        out.
    controls : int
        Persons not visited before that day, at most, for each person visited.
    seed : int
        Of the order in which they are drawn among those alike.

    Returns
    -------
    PanelDesign
        ``calls`` by person and period, counted from the visit (period 0 begins with it); the cluster is the person, who
        may stand in several sets. ``visit_month`` says in which month the person of the set was visited first. Take it
        to `did_group_time` with ``base="universal"`` and to `aggregate`; periods −4 and before are the test of what was
        not matched.

    Raises
    ------
    DesignError
        Missing columns, no visit, or nobody alike.

    Notes
    -----
    Persons compared who are visited later stay in: the effect is that of a visit now against none yet, and how many
    were visited within the time followed is said. What a visit followed that no call shows, such as a referral, is not
    matched.

    References
    ----------
    Hernán & Robins (2016), doi:10.1093/aje/kwv254 (the same moment for both); Daw & Hatfield (2018),
    doi:10.1111/1475-6773.12993 (matching and regression to the mean in differences of differences).

    Examples
    --------
    >>> from coresponder_causal.core.notes import quietly
    >>> from coresponder_causal.simulate import world
    >>> from coresponder_causal.simulate.outreach import outreach
    >>> study = outreach(world(seed=1).treated_calls)
    >>> with quietly():
    ...     d = outreach_panel(study.calls, study.contacts)
    >>> int(d.source["period"].min()), int(d.source["period"].max()), len(d.treated_units) > 100
    (-12, 5, True)
    """
    problems = Problems("outreach")
    with collecting() as said:
        table = asked_for(columns.rectangular(to_pandas(calls), ["person", "received_at"], problems))
        visits = columns.rectangular(to_pandas(contacts), ["person", "contact_at", "origin"], problems)
        problems.raise_if_any(DesignError)
        table = table.dropna(subset=["person", "received_at"])
        first = _first_visits(visits)
        known = pd.Index(table["person"].unique()).union(first.index, sort=True)
        zero = table["received_at"].min()
        own = _in_turn(table, known, zero)
        visit = np.asarray(pd.Series(_day(first, zero), index=first.index).reindex(known), float)
        reach = (periods_before * days, _day(table["received_at"], zero).max() - periods_after * days)
        sets = _sets(own, visit, reach, days, controls, periods_before, seed)
        _say(sets, visit, periods_after * days)
        frame = _rows(own, sets, visit, zero, known, (periods_before, periods_after, days))
    made = PanelDesign.from_frame(
        frame, outcome="calls", unit=unit, time=time, cohort=visited, weights="weight", cluster="person", season=None
    )
    return replace(made, notes=(*said, *made.notes))


def _first_visits(visits: pd.DataFrame) -> pd.Series:
    """Moment of the first visit by person."""
    own = visits[self_initiated(visits) & visits["origin"].ne("officer_initiated").to_numpy(bool)]
    own = own.dropna(subset=["person", "contact_at"])
    if own.empty:
        raise DesignError("no contact is an outreach or follow-up visit to a known person", mend="fill origin, person")
    return own.groupby("person")["contact_at"].min()


def _day(times: pd.Series, zero: pd.Timestamp) -> Days:
    return np.asarray((times - zero) / pd.Timedelta(days=1), float)


def _in_turn(table: pd.DataFrame, known: pd.Index, zero: pd.Timestamp) -> Calls:
    person, day = known.get_indexer(pd.Index(table["person"])), _day(table["received_at"], zero)
    order = np.lexsort((day, person))
    return Calls(person[order], day[order])


def _sets(
    own: Calls, visit: Days, reach: tuple[float, float], days: int, controls: int, before: int, seed: int
) -> pd.DataFrame:
    """Pair each visit with persons not visited before it and alike in calls: ``set, person, treated, day, weight``."""
    rng = np.random.default_rng(seed)
    everyone = np.arange(len(visit))
    asked = np.flatnonzero((visit >= reach[0]) & (visit <= reach[1]))
    rows, lost = [], 0
    for person in asked[np.argsort(visit[asked], kind="stable")]:
        day = visit[person]
        history = _history(own, everyone, day, days, before)
        same = (history == history[person]).all(axis=1) & ~(visit <= day)
        same[person] = False
        found = np.flatnonzero(same)
        if not len(found):
            lost += 1
            continue
        chosen = rng.permutation(found)[:controls]
        rows += [(person, person, True, day, 1.0)] + [(person, one, False, day, 1 / len(chosen)) for one in chosen]
    if not rows:
        raise DesignError(f"none of {len(asked)} visits has anybody alike in calls before", mend="bring more calls")
    (doubt if lost > most_lost * len(asked) else note)(
        f"{lost} of {len(asked)} persons visited have nobody alike in calls before and are left out: the estimate "
        "speaks of the others"
    )
    note(f"{int((visit < np.inf).sum()) - len(asked)} visits without all periods in the table of calls are left out")
    return pd.DataFrame(rows, columns=["set", "person", "treated", "day", "weight"])


def _history(own: Calls, persons: Counts, day: float, days: int, before: int) -> Counts:
    """Count calls of persons in each of the last periods before a day, and in bins of those before, shape (n, 4)."""
    ago = np.arange(1, alike + 1) * days
    begins = day - np.append(ago, before * days)
    ends = day - np.append(ago - days, ago[-1])
    *recent, far = (
        own.between(persons, np.full(len(persons), begin), np.full(len(persons), end))
        for begin, end in zip(begins, ends, strict=True)
    )
    bins = np.searchsorted([1, 2, 3, 5, 8, 12], far, side="right")
    return np.column_stack([*(np.minimum(one, most_alike) for one in recent), bins])


def _say(sets: pd.DataFrame, visit: Days, followed: float) -> None:
    """Say that visits follow crises, and how many of those compared were visited later."""
    others = sets[~sets["treated"]]
    later = visit[others["person"].to_numpy()] < others["day"].to_numpy() + followed
    note(
        "visits follow crises: persons call less after them, visited or not (return to the mean); compared are persons "
        f"alike in each of the last {alike} periods, so that a difference there is nil by design, and tests nothing"
    )
    share = np.average(later, weights=others["weight"])
    note(f"{100 * share:.0f} % of the persons compared were visited themselves within the time followed")


def _rows(
    own: Calls,
    sets: pd.DataFrame,
    visit: Days,
    zero: pd.Timestamp,
    known: pd.Index,
    span: tuple[int, int, int],
) -> pd.DataFrame:
    """One row for each person of a set and period."""
    before, after, days = span
    periods = np.arange(-before, after)
    long = sets.loc[np.repeat(sets.index, len(periods))].reset_index(drop=True)
    long[time] = np.tile(periods, len(sets))
    begin = long["day"].to_numpy(float) + long[time].to_numpy(float) * days
    person, first = long["person"].to_numpy(), known.to_numpy()
    month = (zero + pd.to_timedelta(visit[long["set"].to_numpy()], unit="D")).to_period("M")
    return pd.DataFrame(
        {
            unit: [f"{first[a]}/{first[b]}" for a, b in zip(long["set"], person, strict=True)],
            "person": first[person],
            time: long[time],
            visited: np.where(long["treated"], 0.0, np.nan),
            "calls": own.between(person, begin, begin + days),
            "weight": long["weight"],
            "visit_month": month.astype(str),
        }
    )
