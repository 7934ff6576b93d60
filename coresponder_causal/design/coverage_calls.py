"""Calls of a coverage design one by one: chosen by what was known at receipt, with the clock of the team's hours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.data import dictionary
from coresponder_causal.data.demand import asked_for
from coresponder_causal.data.panel import local_stamps, panel
from coresponder_causal.data.populations import traits
from coresponder_causal.data.validate import validate
from coresponder_causal.design import columns
from coresponder_causal.design.call_timing import clock_of, received, within
from coresponder_causal.design.covariates import refuse_late, refuse_unusable
from coresponder_causal.design.coverage_shifts import took_place
from coresponder_causal.design.eligibility import (
    Eligible,
    eligible_rows,
    refuse_late_eligibility,
    refuse_of_the_team,
    with_time_zero,
)

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
dispatched, week_minutes, held_long, near = "dispatched_at", 10_080, 30.0, 60.0
even_shares = 0.05  # differences in what is not known that pass without a doubt
stamps, keys = (received, dispatched), ("call_id", "city", received)
made = (
    *("covered", "after", "hour_of_week", "weekday", "month", "week", "day", "planned", "delivered", "busy"),
    *("minutes_from_opening", "minutes_from_closing", "held_minutes"),
)
late_columns = ("delivered", "busy", "held_minutes")  # of these the team's own doings decide


def read_calls(
    given: pd.DataFrame,
    problems: Problems,
    outcome: str | None,
    covariates: Sequence[str],
    person: str | None,
    eligible: Eligible,
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Take counts by hour of the week as they are, or read calls and count them; see `eligible_calls`."""
    if "hour_of_week" not in given.columns:
        calls = eligible_calls(given, problems, outcome, covariates, person, eligible)
        return hourly_counts(calls, outcome), calls
    asked = {"covariates=": covariates, "person=": person, "eligible=": eligible}
    if any(asked.values()):
        problems.add(
            f"{', '.join(name for name, value in asked.items() if value)} cannot be used with counts by hour of the "
            "week",
            mend="give the table of calls",
        )
    return given, None


def eligible_calls(
    given: pd.DataFrame,
    problems: Problems,
    outcome: str | None,
    covariates: Sequence[str],
    person: str | None,
    eligible: Eligible,
) -> pd.DataFrame:
    """Read the calls and keep the eligible ones, in order of city and time.

    Parameters
    ----------
    given : DataFrame
        Table of calls.
    problems : Problems
        Gathers every broken rule but missing columns and unreadable cells, which are raised at once.
    outcome, covariates, person, eligible
        As in `CoverageDesign.from_tables`.

    Returns
    -------
    DataFrame
        Typed by the dictionary: ``call_id, city, received_at``, ``dispatched_at`` where it is there, every column of
        numbers or of yes and no, the covariates and the person.

    Raises
    ------
    DesignError
        Missing columns.
    DataError
        Cells that break the rules of the dictionary.
    """
    table = asked_for(columns.rectangular(given, [*keys, *covariates, person, *eligible], problems))
    kept = _kept(table, [outcome, *covariates, person])
    taken = [name for name in kept if name in made]
    if taken:
        problems.add(f"'{taken[0]}' is the name of a column that the design makes", mend="rename it in the calls")
    table = with_time_zero(table)
    zone = ["time_zone"] if "time_zone" in table else []
    typed = validate(table[list(dict.fromkeys([*kept, *eligible, *zone]))], table="calls")
    for name in stamps:
        if name in typed:
            typed[name] = local_stamps(typed, name, None)
    before = len(problems.found)
    refuse_late_eligibility(eligible, list(table.columns), problems)
    refuse_of_the_team(covariates, problems)
    refuse_late(covariates, problems)
    if len(problems.found) == before:
        typed = typed[eligible_rows(typed, eligible)]
        if typed.empty:
            raise DesignError("no call is eligible", mend="correct the values of eligible=")
    for name in covariates:
        refuse_unusable(typed, name, problems)
    if person is not None and typed[person].isna().any():
        note(f"{int(typed[person].isna().sum())} calls have no {person} and count as persons of their own")
    return typed.sort_values(["city", received, "call_id"], ignore_index=True)[kept]


def hourly_counts(calls: pd.DataFrame, outcome: str | None) -> pd.DataFrame:
    """Count calls by city, month and hour of the week; an outcome that is a number per call is summed.

    Parameters
    ----------
    calls : DataFrame
        As `eligible_calls` returns them.
    outcome : str or None
        Column that must be among the counts.
    """
    hourly = panel(calls, unit="city", period="hour_of_week")
    if outcome is None or outcome in hourly or outcome not in calls:
        return hourly
    times = pd.DatetimeIndex(calls[received])
    return with_sums(hourly, calls, outcome, hours=pd.Series(times.day_of_week * 24 + times.hour, name="hour_of_week"))


def with_sums(cells: pd.DataFrame, calls: pd.DataFrame, outcome: str, *, hours: pd.Series) -> pd.DataFrame:
    """Add the sum of a number per call to cells of city, month and class of hours.

    Parameters
    ----------
    cells : DataFrame
        With ``city``, ``month`` and the name of ``hours``.
    calls : DataFrame
    outcome : str
        Column of ``calls``.
    hours : Series
        Class of hours of every call.
    """
    if not (pd.api.types.is_numeric_dtype(calls[outcome]) or pd.api.types.is_bool_dtype(calls[outcome])):
        raise DesignError(f"'{outcome}' is not a number per call", mend="choose one of numbers, or of yes and no")
    if missing := int(calls[outcome].isna().sum()):
        note(f"{outcome} is missing in {missing} of {len(calls)} calls, which the sums of {outcome} leave out")
    month = pd.DatetimeIndex(calls[received]).to_period("M")
    sums = calls[outcome].astype("float64").groupby([calls["city"], month, hours]).sum()
    at = pd.MultiIndex.from_frame(cells[["city", "month", str(hours.name)]])
    return cells.assign(**{outcome: sums.reindex(at, fill_value=0.0).to_numpy(float)})


def with_known(cells: pd.DataFrame, calls: pd.DataFrame, outcome: str, *, city: str) -> pd.DataFrame:
    """Count in ``calls`` of cells of city, month and class of hours only the calls whose outcome is known.

    How many are not known is said; as a doubt where their share moves in the city's classes of hours with the start.

    Parameters
    ----------
    cells : DataFrame
        With ``city``, ``month``, ``covered`` and ``calls``.
    calls : DataFrame
        As `timed_calls` returns them.
    outcome : str
        Column of ``calls``.
    city : str
        The treated city.
    """
    known = calls[outcome].notna()
    if known.all():
        return cells
    own = calls["city"].eq(city)
    shares = (~known[own]).groupby([calls["covered"], calls["after"]]).mean()
    uneven = float(shares.max() - shares.min()) > even_shares
    (doubt if uneven else note)(
        f"rates are per call whose {outcome} is known: of {int((~known).sum())} of {len(calls)} calls it is not, in "
        f"{city} {100 * shares.min():.1f} to {100 * shares.max():.1f} % of a class of hours before or after"
        + (": if it hangs on the outcome what is known, the comparison is wrong" if uneven else "")
    )
    return with_sums(cells, calls.assign(calls=known), "calls", hours=calls["covered"])


def timed_calls(
    calls: pd.DataFrame, *, roster: pd.DataFrame, city: str, covered: Booleans, begin: pd.Timestamp
) -> pd.DataFrame:
    """Put the clock of the team's hours beside every call; comparison cities and earlier years get the same clock.

    Parameters
    ----------
    calls : DataFrame
        As `eligible_calls` returns them.
    roster : DataFrame
        Shifts of the treated city.
    city : str
        The treated city.
    covered : ndarray of bool, shape (168,)
        Hours of the week that the team covers.
    begin : Timestamp
        The start.

    Returns
    -------
    DataFrame
        The calls with ``covered, after, hour_of_week, hour, weekday, month, week, day`` (see `clock_of`); ``planned``
        and ``delivered``, whether received inside a planned shift, and inside one that took place, of the treated city;
        ``busy``, where ``team_busy`` is there; ``minutes_from_opening`` and ``minutes_from_closing``, from the nearest
        clock time at which covered hours begin or end, negative before it; ``held_minutes`` from receipt to dispatch.

    Examples
    --------
    >>> calls = pd.DataFrame({"call_id": ["a", "b"], "city": ["Davis", "Folsom"], "arrest": [True, False]})
    >>> calls["received_at"] = pd.to_datetime(["2020-07-15 12:30", "2019-07-17 11:45"])
    >>> shift = pd.DataFrame({"shift_start": pd.to_datetime(["2020-07-15 12:00"]), "planned_hours": 10.0})
    >>> shift["shift_end"] = shift["shift_start"] + pd.Timedelta("10h")
    >>> hours = np.isin(np.arange(168), np.arange(60, 70))  # Wednesdays from 12:00 to 22:00
    >>> timed = timed_calls(calls, roster=shift, city="Davis", covered=hours, begin=pd.Timestamp("2020-07-15"))
    >>> timed[["covered", "after", "planned", "minutes_from_opening", "minutes_from_closing"]].values.tolist()
    [[True, True, True, 30.0, -570.0], [False, False, False, -15.0, -615.0]]
    """
    times = pd.DatetimeIndex(calls[received])
    own = (calls["city"] == city).to_numpy(bool)
    minute = _minute_of_week(times)
    openings, closings = (edges(covered, roster, begin, name) for name in ("shift_start", "shift_end"))
    held = (calls[dispatched] - calls[received]).dt.total_seconds() / 60 if dispatched in calls else np.nan
    timed = pd.DataFrame({"busy" if name == "team_busy" else name: _plain(calls[name]) for name in calls}).assign(
        **dict(clock_of(times, begin, covered)),
        planned=own & within(times, roster["shift_start"], roster["shift_end"]),
        delivered=own & within(times, *took_place(roster)),
        minutes_from_opening=_nearest(minute, openings),
        minutes_from_closing=_nearest(minute, closings),
        held_minutes=held,
    )
    return timed


def known_at_receipt(calls: pd.DataFrame, covariates: Sequence[str], person: str | None) -> pd.DataFrame:
    """Columns of the calls on which neither the team's doings nor any outcome has a hold."""
    named = [*keys, *covariates, *([person] if person else []), *made, "hour"]
    return calls[[name for name in dict.fromkeys(named) if name in calls and name not in late_columns]]


def pretended(calls: pd.DataFrame, *, city: str, begin: pd.Timestamp) -> pd.DataFrame:
    """Return the same calls as if the team of a city had covered its hours from a made-up start on."""
    calls = calls.reset_index(drop=True)
    days = (calls[received] - begin) // pd.Timedelta(days=1)
    after = calls[received] >= begin
    on = after & calls["covered"] & calls["city"].eq(city)
    return calls.assign(after=after, week=days // 7, day=days, planned=on, delivered=on)


def edges(covered: Booleans, roster: pd.DataFrame, begin: pd.Timestamp, name: str) -> Array:
    """Minutes of the week at which covered hours begin (``shift_start``) or end (``shift_end``).

    A boundary lies where shifts from the start on most often begin or end within an hour of it; where none does, on
    the hour.

    Examples
    --------
    >>> hours = np.isin(np.arange(168), np.arange(60, 70))
    >>> shift = pd.DataFrame({"shift_start": pd.to_datetime(["2020-07-15 12:30", "2020-07-22 12:30"])})
    >>> edges(hours, shift, pd.Timestamp("2020-07-15"), "shift_start").tolist()
    [3630.0]
    """
    beside = np.roll(covered, 1) if name == "shift_start" else covered
    inside = covered if name == "shift_start" else np.roll(covered, 1)
    hours = 60.0 * np.flatnonzero(inside & ~beside)
    used = pd.DatetimeIndex(roster.loc[roster["shift_start"] >= begin, name] if "shift_start" in roster else [])
    minutes, often = np.unique(_minute_of_week(used), return_counts=True)
    found = []
    for hour in hours:
        close = np.abs(_apart(minutes, hour)) < 60
        found.append(minutes[close][np.argmax(often[close])] if close.any() else hour)
    return np.array(found, float)


def say_calls(calls: pd.DataFrame, city: str, *, between: bool) -> None:
    """Say from when on calls count as after the start, how often the team was taken, and whether calls were held."""
    if between:
        note("the start lies between two days: one by one, calls count as after it from the earlier day on")
    there = calls[calls["delivered"] & calls["after"]]
    if "busy" in calls and len(there):
        taken = int(there["busy"].fillna(0).astype(bool).sum())
        note(f"{taken} of {len(there)} calls received in delivered shifts of {city} came while the team was taken")
    if calls["held_minutes"].isna().all():
        return
    ahead = calls["city"].eq(city) & calls["minutes_from_opening"].between(-near, 0, inclusive="left")
    shares = []
    for side in (calls["after"], ~calls["after"]):
        held = calls.loc[ahead & side, "held_minutes"].dropna()
        shares.append(f"{int((held > held_long).sum())} of {len(held)}")
    note(
        f"of the calls of {city} received in the {near:g} minutes before covered hours begin, {shares[0]} waited more "
        f"than {held_long:g} minutes for a unit from the start on, and {shares[1]} before it"
    )


def _kept(table: pd.DataFrame, named: Sequence[str | None]) -> list[str]:
    """Columns that the design holds: keys, stamps, numbers, yes and no, who people are, and what was named."""
    known = {entry.name: entry.type for entry in dictionary.table("calls").fields}
    found = [name for name in (*keys, dispatched) if name in table]
    for name in map(str, table.columns):
        numeric = known.get(name, str(table[name].dtype)) in ("integer", "number", "boolean") or (
            name not in known and pd.api.types.is_numeric_dtype(table[name])
        )
        if numeric or name in (*named, *traits()):
            found.append(name)
    return list(dict.fromkeys(found))


def _plain(values: pd.Series) -> pd.Series:
    """Numbers and yes or no as numpy holds them: missing ones as NaN."""
    if not (pd.api.types.is_extension_array_dtype(values) and pd.api.types.is_numeric_dtype(values)):
        return values
    if values.isna().any():
        return values.astype("float64")
    return values.astype(bool if pd.api.types.is_bool_dtype(values) else np.int64)


def _minute_of_week(times: pd.DatetimeIndex) -> Array:
    """Minutes since Monday 00:00."""
    return (times.day_of_week * 1440 + times.hour * 60 + times.minute).to_numpy(float) + times.second.to_numpy() / 60


def _apart(minutes: Array, edge: Array | float) -> Array:
    """Signed minutes from an edge, the shorter way round the week."""
    return (minutes - edge + week_minutes / 2) % week_minutes - week_minutes / 2


def _nearest(minutes: Array, edge: Array) -> Array:
    """Signed minutes from the nearest of several edges."""
    later = np.searchsorted(edge, minutes, side="right") % len(edge)
    since, until = _apart(minutes, edge[later - 1]), _apart(minutes, edge[later])
    return np.where(np.abs(since) <= np.abs(until), since, until)
