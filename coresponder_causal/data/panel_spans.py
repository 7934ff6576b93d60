"""Which periods calls span, and which zeros and low counts may be gaps of an export instead."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coresponder_causal.core.notes import doubt, note
from coresponder_causal.data.panel_counts import PeriodName, freq_of

dozens = 24  # calls that make a silent period strange


def stamps_by_unit(calls: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Find the first and the last stamp of each unit's calls, and their number: ``min, max, count`` by unit."""
    return calls.groupby(unit)["received_at"].agg(["min", "max", "count"])


def whole_span(calls: pd.DataFrame, unit: str, freq: str) -> pd.DataFrame:
    """First and last period that each unit's calls span, ``first`` and ``last`` by unit.

    A period counts as spanned when the calls begin, or end, within a day of its edge, or within five mean gaps between
    the unit's calls.

    Parameters
    ----------
    calls : DataFrame
        With the unit and ``received_at``.
    unit : str
        Column of units.
    freq : str
        Kind of period, such as "M".

    Examples
    --------
    >>> stamps = pd.date_range("2020-01-01 06:00", "2020-06-05", freq="5h")
    >>> whole_span(pd.DataFrame({"city": "Davis", "received_at": stamps}), "city", "M").astype(str).values.tolist()
    [['2020-01', '2020-05']]
    """
    return _spanned(stamps_by_unit(calls, unit), freq)


def _spanned(stamps: pd.DataFrame, freq: str) -> pd.DataFrame:
    slack = 5 * (stamps["max"] - stamps["min"]) / stamps["count"]
    slack = slack.where(slack > pd.Timedelta(days=1), pd.Timedelta(days=1))
    first, last = ((stamps["min"] - slack).dt.to_period(freq) + 1, (stamps["max"] + slack).dt.to_period(freq) - 1)
    return pd.DataFrame({"first": first, "last": last})


def say_doubts(
    stamps: pd.DataFrame,
    counted: pd.DataFrame,
    missing: Mapping[str, int],
    period: PeriodName,
    cities: pd.DataFrame | None,
) -> None:
    """Say missing outcomes, cities without calls, and periods and ends of the span that look incomplete.

    Parameters
    ----------
    stamps : DataFrame
        As `stamps_by_unit` gives them.
    counted : DataFrame
        ``first_moment`` and ``calls`` of the units' periods that have calls.
    missing : mapping of str to int
        Calls in which each outcome is not known.
    period : {"month", "week", "hour_of_week"}
    cities : DataFrame, optional
        Indexed by the names of cities.
    """
    for name, calls in missing.items():
        if calls:
            note(f"{name} is missing in {calls} of {stamps['count'].sum()} calls, which the counts of {name} leave out")
    if cities is not None and (silent := sorted(set(cities.index) - set(stamps.index))):
        note(f"cities without calls, left out of the panel: {', '.join(silent)}")
    if period != "hour_of_week":
        _doubt_gaps(counted, period)
        _doubt_cut_periods(stamps, period)
    first, last = stamps["min"].min(), stamps["max"].max()
    start = first.to_period(freq_of[period]).start_time
    end = last.to_period(freq_of[period]).end_time
    if first.normalize() > start:
        note(f"the first period starts {start.date()} but the first call came on {first.date()}: it may be incomplete")
    if last.normalize() < end.normalize():
        note(f"the last period ends {end.date()} but the last call came on {last.date()}: it may be incomplete")


def _doubt_gaps(counted: pd.DataFrame, period: PeriodName) -> None:
    """Say which whole periods have no call in any unit, though dozens are usual."""
    by_period = counted.groupby("first_moment")["calls"].sum()
    found = pd.PeriodIndex(by_period.index, freq=freq_of[period])
    silent = [str(one) for one in pd.period_range(found.min(), found.max()) if one not in found]
    if silent and by_period.median() >= dozens:
        listed = ", ".join(silent[:4]) + (", …" if len(silent) > 4 else "")
        doubt(
            f"no call at all in {len(silent)} of {len(silent) + len(found)} {period}s ({listed}), about "
            f"{by_period.median():.0f} are usual: if the export has a gap there, these zeros are wrong"
        )


def _doubt_cut_periods(stamps: pd.DataFrame, period: PeriodName) -> None:
    """Say which first and last periods hold calls of a unit that do not span them."""
    often = stamps[stamps["count"] >= dozens]
    if often.empty:
        return
    freq = freq_of[period]
    span = _spanned(often, freq)
    ends = often[["min", "max"]].apply(lambda column: column.dt.to_period(freq))
    cut = [f"{one}: {ends.loc[one, 'min']}" for one in span.index[ends["min"] < span["first"]]]
    cut += [f"{one}: {ends.loc[one, 'max']}" for one in span.index[ends["max"] > span["last"]]]
    if cut:
        listed = "; ".join(cut[:8]) + ("; …" if len(cut) > 8 else "")
        doubt(
            f"calls begin or end inside a {period} that counts as a full one ({listed}): leave these {period}s out, or "
            "the cut is taken for a low count"
        )
