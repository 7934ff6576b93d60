"""Dates and clock times of an export as local clock times: formats, zones, and the hours when clocks change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from coresponder_causal.data.column_readers import spelled
from coresponder_causal.data.ingest_source import SourceMap

swapped = "day and month exchanged"
moved = "moved out of the hour that the clocks skip"
two_ways = "date that can be read in two ways"
skipped = "local time that the clocks skip"
twice = "local time that occurs twice"
_clocks = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_offset = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
_iso = r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)? ?(?:Z|[+-]\d{2}:?\d{2})?)?"
_hour = pd.Timedelta(hours=1)


@dataclass(slots=True, eq=False)
class Stamps:
    """A column of stamps as read.

    Parameters
    ----------
    column : Series
        Local clock times; cells that could not be read stay as they are written.
    refused, changed : dict of str to Series of bool
        Rows by rule: to be quarantined, and repaired.
    twice : Series of bool
        Local times that occur twice when the clocks go back, and were kept.
    """

    column: pd.Series
    refused: dict[str, pd.Series] = field(default_factory=dict)
    changed: dict[str, pd.Series] = field(default_factory=dict)
    twice: pd.Series = field(default_factory=lambda: pd.Series(dtype=bool))


def read_stamps(values: pd.Series, source: SourceMap, *, zoned: bool) -> Stamps:
    """Read dates in the formats that a mapping states and bring clock times to the city's clocks.

    ISO dates are always read. Other formats are read only where the mapping names them; a date that two of them read
    differently is refused, and day and month are exchanged only where the mapping allows it.

    Parameters
    ----------
    values : Series
        Cells as written.
    source : SourceMap
    zoned : bool
        Whether the zones of the mapping apply: to clock times, not to calendar dates.

    Returns
    -------
    Stamps
    """
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        here = values.dt.tz_convert(source.local_time_zone or "UTC").dt.tz_localize(None)
        return Stamps(here, twice=pd.Series(False, index=values.index))
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return _on_local_clocks(Stamps(values.dt.as_unit("us")), source, zoned=zoned)
    text = spelled(values).str.strip()
    naive, found = _by_format(text, source)
    iso = text.str.fullmatch(_iso).fillna(value=False)
    offset = iso & text.str.contains(_offset).fillna(value=False)
    plain = pd.to_datetime(text.where(iso & ~offset), format="ISO8601", errors="coerce").dt.as_unit("us")
    stamps = _on_local_clocks(Stamps(naive.fillna(plain), found.refused, found.changed), source, zoned=zoned)
    if offset.any():
        moments = pd.to_datetime(text.where(offset), format="ISO8601", errors="coerce", utc=True)
        local = moments.dt.tz_convert(source.local_time_zone or "UTC").dt.tz_localize(None).dt.as_unit("us")
        stamps.column = stamps.column.fillna(local) if source.local_time_zone else stamps.column
    unread = text.notna() & stamps.column.isna()
    for mask in stamps.refused.values():
        unread &= ~mask
    if unread.any():
        stamps.column = stamps.column.astype(object).mask(unread, values)
    return stamps


def _by_format(text: pd.Series, source: SourceMap) -> tuple[pd.Series, Stamps]:
    """Read the stated formats; note dates that two of them read differently, and exchanges of day and month."""
    blank = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
    read, formats, several = blank, list(_formats(source)), pd.Series(False, index=text.index)
    for form in formats:
        one = _parsed(text, form)
        several |= read.notna() & one.notna() & (read != one)
        read = read.fillna(one)
    found = Stamps(read)
    if several.any():
        found.refused[two_ways] = several
        read = read.mask(several)
    if "swap_day_and_month" in source.repair:
        other = blank
        for form in formats:
            other = other.fillna(_parsed(text, form.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")))
        exchanged = read.isna() & other.notna() & ~several
        if exchanged.any():
            found.changed[swapped] = exchanged
            read = read.fillna(other.where(exchanged))
    return read, found


def _formats(source: SourceMap) -> Iterator[str]:
    """List formats of the mapping, then dates with slashes where it says what comes first."""
    yield from source.date_formats
    if source.day_first is not None:
        head = "%d/%m/%Y" if source.day_first else "%m/%d/%Y"
        yield from (f"{head}{clock}" for clock in _clocks)


def _parsed(text: pd.Series, form: str) -> pd.Series:
    """Read one format; whatever has another is missing."""
    return pd.to_datetime(text, format=form, errors="coerce").dt.as_unit("us")


def _on_local_clocks(stamps: Stamps, source: SourceMap, *, zoned: bool) -> Stamps:
    """Bring naive stamps from the zone of the export to the zone of the city."""
    column, theirs, ours = stamps.column, source.time_zone, source.local_time_zone
    stamps.twice = pd.Series(False, index=column.index)
    if not zoned or theirs is None or ours is None:
        return stamps
    first = pd.Series(True, index=column.index).to_numpy()
    never = column.notna() & column.dt.tz_localize(theirs, ambiguous=first, nonexistent="NaT").isna()
    again = column.notna() & column.dt.tz_localize(theirs, ambiguous="NaT", nonexistent=_hour).isna()
    if never.any() and source.nonexistent != "keep":
        (stamps.refused if source.nonexistent == "quarantine" else stamps.changed)[
            skipped if source.nonexistent == "quarantine" else moved
        ] = never
    if theirs == ours:
        stamps.column = column.mask(never, column + _hour) if source.nonexistent == "forward" else column
        stamps.twice = again
        return stamps
    if again.any() and source.ambiguous == "quarantine":
        stamps.refused[twice] = again
    summer = first if source.ambiguous != "later" else ~first
    chosen = column.dt.tz_localize(theirs, ambiguous=summer, nonexistent=_hour)
    stamps.column = chosen.dt.tz_convert(ours).dt.tz_localize(None).dt.as_unit("us")
    local = stamps.column
    stamps.twice = local.notna() & local.dt.tz_localize(ours, ambiguous="NaT", nonexistent=_hour).isna()
    return stamps
