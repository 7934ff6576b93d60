"""What happened around the programme: programmes of other cities, changes of recording, and the team's shifts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.days import day_of
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import note
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.validate import validate

_HOUR = np.timedelta64(1, "h")


def contaminated(programmes: object, cities: object, start: str | dt.date, end: str | dt.date) -> pd.DataFrame:
    """List the comparison cities that had a programme of their own in a window of time.

    A city without an entry is not known to be clean: such cities are named in a note.

    Parameters
    ----------
    programmes : DataFrame or Table
        Table "programmes" of the dictionary.
    cities : sequence of str, or DataFrame or Table
        Names of the comparison cities, or a table with a column ``city``.
    start, end : date or ISO date
        First and last day of the window.

    Returns
    -------
    DataFrame
        One row per programme that was or may have been running: ``city``, ``programme``, ``model``, ``start_earliest``,
        ``start_latest``, ``end_date``, ``certainty``, and ``during``: "throughout the window", "begins inside the
        window", "begins before or inside the window", or "may have begun" where the latest start is open or after the
        window; of a programme that ended inside it, it goes on ", ends inside it" ("from before the window, ends inside
        it"). Programmes that ended before the window are left out.

    Raises
    ------
    DataError
        A register that breaks the dictionary's rules, or a window that ends before it starts: mend it as said.

    Examples
    --------
    >>> programmes = pd.DataFrame({
    ...     "city": ["Davis", "Folsom"], "programme": ["SB 82 team", "Wellness unit"],
    ...     "start_earliest": ["2014-10-01", "2023-01-01"], "start_latest": ["2014-12-31", None],
    ...     "source": "grant report", "certainty": "documented",
    ... })
    >>> contaminated(programmes, ["Davis", "Folsom"], "2018-01-01", "2022-12-31")[["city", "during"]].values.tolist()
    [['Davis', 'throughout the window']]
    """
    register = validate(programmes, table="programmes")
    for name in ("start_latest", "end_date"):
        if name not in register.columns:
            register[name] = pd.NaT
    first, last = day_of(start, "start"), day_of(end, "end")
    if last < first:
        raise DataError(f"the window ends {last.date()} but starts {first.date()}", mend="exchange start and end")
    names = _names(cities)
    register = register[register["city"].isin(names)]
    if unknown := sorted(names - set(register["city"])):
        note(
            f"{len(unknown)} of {len(names)} comparison cities have no entry in the register of programmes, "
            f"so nothing is known of programmes in {', '.join(unknown)}"
        )
    over = register["end_date"] < first
    running = register[(register["start_earliest"] <= last) & ~over].copy()
    earliest, latest = running["start_earliest"], running["start_latest"]
    running["during"] = np.select(
        [latest <= first, (earliest > first) & (latest <= last), latest <= last],
        ["throughout the window", "begins inside the window", "begins before or inside the window"],
        "may have begun",
    )
    ended = running["end_date"] <= last
    began = running["during"].mask(ended & (running["during"] == "throughout the window"), "from before the window")
    running["during"] = began + np.where(ended, ", ends inside it", "")
    wanted = ["city", "programme", "model", "start_earliest", "start_latest", "end_date", "certainty", "during"]
    return running.reindex(columns=wanted).sort_values(["city", "start_earliest"], ignore_index=True)


def breaks_for(breaks: object, city: str, fields: Sequence[str]) -> pd.DataFrame:
    """List the changes of recording that touch the fields of an analysis.

    Parameters
    ----------
    breaks : DataFrame or Table
        Table "breaks" of the dictionary.
    city : str
        The city.
    fields : sequence of str
        Fields that the analysis uses.

    Returns
    -------
    DataFrame
        The entries of the register, by date: ``city``, ``field``, ``date``, ``what``, ``source``, ``certainty``.

    Raises
    ------
    DataError
        A register that breaks the dictionary's rules, or one field's name in place of a list: mend it as said.

    Examples
    --------
    >>> breaks = pd.DataFrame({
    ...     "city": "Davis", "field": ["arrest", "hold"], "date": ["2021-01-01", "2022-07-16"],
    ...     "what": ["NIBRS", "new form"], "source": "agency", "certainty": "documented",
    ... })
    >>> breaks_for(breaks, "Davis", ["arrest"]).what.tolist()
    ['NIBRS']
    """
    if isinstance(fields, str):
        raise DataError(f"fields is the text {fields!r}", mend=f"give a list: [{fields!r}]")
    register = validate(breaks, table="breaks")
    touched = register[(register["city"] == city) & register["field"].isin(fields)]
    return touched.sort_values(["date", "field"], ignore_index=True)


def scheduled_hours(schedule: object, city: str) -> pd.DataFrame:
    """Spread the shifts of a city over the hours of the week, month by month.

    Planned and delivered hours of a shift are spread evenly over its length, so a shift from 12:00 to 22:00 fills ten
    hours of the week. Shifts that overlap add up: the sums are team hours, which a note says.

    Parameters
    ----------
    schedule : DataFrame or Table
        Table "schedule" of the dictionary.
    city : str
        The city.

    Returns
    -------
    DataFrame
        One row per month from the first to the last shift and hour of the week: ``month`` (period[M]),
        ``hour_of_week`` (0 is Monday 00:00), ``planned_hours``, ``delivered_hours`` (missing where a shift does not say
        what was delivered).

    Raises
    ------
    DataError
        A schedule that breaks the dictionary's rules, has no shift of the city, or has shifts that do not end after
        they start: mend it as said.

    Examples
    --------
    >>> shift = pd.DataFrame({
    ...     "city": ["Davis"], "shift_start": ["2020-07-15 12:00"], "shift_end": ["2020-07-15 22:00"],
    ...     "planned_hours": [10], "delivered_hours": [5],
    ... })
    >>> hours = scheduled_hours(shift, "Davis")
    >>> hours.loc[hours.planned_hours > 0, ["hour_of_week", "delivered_hours"]].values[[0, -1]].tolist()
    [[60.0, 0.5], [69.0, 0.5]]
    """
    clean = validate(schedule, table="schedule")
    backwards = np.flatnonzero(clean["shift_end"] <= clean["shift_start"])
    if backwards.size:
        rows = ", ".join(map(str, backwards[:5]))
        raise DataError(
            f"shifts that do not end after they start: {backwards.size} (rows {rows})",
            mend="write the end of a shift past midnight with the next day's date",
        )
    shifts = clean[clean["city"] == city].sort_values("shift_start", ignore_index=True)
    if shifts.empty:
        raise DataError(f"the schedule has no shift in {city!r}", mend="correct the name of the city")
    if "delivered_hours" not in shifts.columns:
        shifts["delivered_hours"] = np.nan
    _say_doubts(shifts, city)
    cells = _cells(shifts)
    months = pd.period_range(cells["month"].min(), cells["month"].max())
    full = pd.MultiIndex.from_product([months, np.arange(168)], names=["month", "hour_of_week"])
    summed = cells.groupby(["month", "hour_of_week"]).sum(skipna=False)
    return summed.reindex(full, fill_value=0.0).reset_index()


def _cells(shifts: pd.DataFrame) -> pd.DataFrame:
    """Cut every shift into clock hours, each with its share of the shift's hours."""
    start, end = (shifts[name].to_numpy("datetime64[us]") for name in ("shift_start", "shift_end"))
    first = start.astype("datetime64[h]")
    count = np.ceil((end - first) / _HOUR).astype(int)
    shift = np.repeat(np.arange(len(shifts)), count)
    step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    clock = first[shift] + step * _HOUR
    inside = np.minimum(end[shift], clock + _HOUR) - np.maximum(start[shift], clock)
    share = inside / (end - start)[shift]
    stamps = pd.DatetimeIndex(clock)
    return pd.DataFrame(
        {
            "month": stamps.to_period("M"),
            "hour_of_week": stamps.day_of_week * 24 + stamps.hour,
            "planned_hours": shifts["planned_hours"].to_numpy()[shift] * share,
            "delivered_hours": shifts["delivered_hours"].to_numpy()[shift] * share,
        }
    )


def _say_doubts(shifts: pd.DataFrame, city: str) -> None:
    """Note shifts that overlap and shifts whose delivered hours are not known."""
    overlapping = int((shifts["shift_start"].iloc[1:] < shifts["shift_end"].cummax().shift().iloc[1:]).sum())
    if overlapping:
        note(f"overlapping shifts in {city}: {overlapping}; their hours add up to team hours")
    if missing := int(shifts["delivered_hours"].isna().sum()):
        note(f"shifts in {city} without delivered hours: {missing} of {len(shifts)}")


def _names(cities: object) -> set[str]:
    """Names of cities, from a list or a table."""
    if isinstance(cities, str):
        raise DataError(f"cities is the text {cities!r}", mend=f"give a list: [{cities!r}]")
    if isinstance(cities, Sequence | pd.Series | pd.Index | set | frozenset | np.ndarray):
        return {str(name) for name in cities}
    table = to_pandas(cities)
    if "city" not in table.columns:
        raise DataError("the table of cities has no column 'city'", mend="rename or add it")
    return {str(name) for name in table["city"].dropna()}
